"""icalendar reads the events as a calendar, whole and filtered, and has of each what SQL has."""

from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from live import Server

from clients.programs import read
from clients.truth import select

EVENTS = """
SELECT '/v1/events/' || e.id, e.start_date, e.end_date, e.updated_at, json_extract(c.record, '$.title'), e.version - 1,
    e.status, l.latitude, l.longitude
FROM events AS e JOIN changes AS c ON c.seq = e.change LEFT JOIN locations AS l ON l.seq = e.location
"""
CASES = {
    "?from=2020-01-01": "e.end_date >= '2020-01-01'",
    "?type=shelling,armed_clash&country=SY": "e.type IN ('shelling', 'armed_clash') AND l.country = 'SY'",
}
STATUSES = {"corroborated": "CONFIRMED", "disputed": "TENTATIVE", "retracted": "CANCELLED", "reported": ""}


def test_every_event_is_an_entry(server: Server, client_python: Path) -> None:
    job = {query: f"{server.address}/v1/events.ics{query}" for query in CASES}
    found = read(client_python, "icalendar_reader", job)
    for query, where in CASES.items():
        expected = select(server.database, f"{EVENTS} WHERE {where} ORDER BY e.start_date DESC, e.seq DESC")
        assert expected
        assert len({each["uid"] for each in found[query]}) == len(found[query]) == len(expected)
        for each, row in zip(found[query], expected, strict=True):
            path, first, last, updated, title, sequence, status, latitude, longitude = row
            assert each["faults"] == []
            assert (urlsplit(each["url"]).path, each["first"], each["title"]) == (path, first, title)
            assert each["end"] == (date.fromisoformat(last) + timedelta(1)).isoformat()
            assert each["stamp"] == updated.replace("Z", "+00:00")
            assert (each["sequence"], each["status"]) == (sequence, STATUSES[status])
            assert each["place"] == (None if latitude is None else [round(latitude, 6), round(longitude, 6)])


def test_a_calendar_of_nothing(seed_server: Server, client_python: Path) -> None:
    address = f"{seed_server.address}/v1/events.ics?q=nowhere"
    assert read(client_python, "icalendar_reader", {"none": address}) == {"none": []}
