"""feedparser reads the timeline as a feed: every entry once, in pages, with its place; and it is asked again for nothing."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from live import Server

from clients.programs import read
from clients.truth import select

ENTRIES = """
SELECT '/v1/events/' || e.id, e.updated_at, l.latitude, l.longitude, e.seq
FROM events AS e LEFT JOIN locations AS l ON l.seq = e.location WHERE {}
"""
STATEMENTS = "SELECT '/v1/statements/' || id, updated_at FROM statements"


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("&from=2022-01-01", "e.end_date >= '2022-01-01'"),
        ("&country=SY&type=shelling,armed_clash", "l.country = 'SY' AND e.type IN ('shelling', 'armed_clash')"),
    ],
)
def test_a_feed_of_events(server: Server, client_python: Path, query: str, where: str) -> None:
    found = read(client_python, "feedparser_reader", f"{server.address}/v1/timeline.atom?entry=event&limit=1000{query}")
    expected = select(server.database, ENTRIES.format(where) + " ORDER BY e.updated_at DESC, e.seq DESC")
    assert expected
    assert found["faults"] == []
    told = [
        (urlsplit(link).path, updated, *(point[::-1] if point else (None, None)))
        for _, link, _, updated, point in found["entries"]
    ]
    assert told == [each[:4] for each in expected]
    assert len({each[0] for each in found["entries"]}) == len(expected)
    assert (found["again"], found["kept"]) == (304, 0)


def test_a_feed_of_all(seed_server: Server, client_python: Path) -> None:
    found = read(client_python, "feedparser_reader", f"{seed_server.address}/v1/timeline.atom?limit=9")
    rows = select(seed_server.database, f"{STATEMENTS} UNION ALL SELECT '/v1/events/' || id, updated_at FROM events")
    assert found["faults"] == []
    assert sorted((urlsplit(link).path, updated) for _, link, _, updated, _ in found["entries"]) == sorted(rows)


def test_both_feeds_are_well_formed(seed_server: Server, client_python: Path) -> None:
    """That of changes has pages of its own kind, so only its first is read."""
    found = read(client_python, "feedparser_reader", f"{seed_server.address}/v1/changes.atom?limit=1000")
    assert found["faults"] == []
    assert found["entries"]
    assert found["again"] == 304
