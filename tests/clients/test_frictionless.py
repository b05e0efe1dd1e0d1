"""frictionless validates every CSV by its Data Package over HTTP, and reads typed rows that are those of SQL."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from live import Server

from clients.programs import read, run
from clients.truth import COLUMNS, Row, events, in_order, same, select

NOUNS = ("events", "statements", "actors", "locations", "sources")
ENTRIES = "SELECT start_date, id FROM events UNION ALL SELECT date, id FROM statements"


def row(record: dict[str, Any]) -> Row:
    return tuple(record[name] for name in COLUMNS)


@pytest.mark.parametrize("noun", NOUNS)
def test_a_table_is_valid_and_whole(seed_server: Server, client_python: Path, noun: str) -> None:
    is_valid_and_whole(seed_server, client_python, noun)


@pytest.mark.slow
@pytest.mark.parametrize("noun", NOUNS)
def test_a_large_table_is_valid_and_whole(ged_server: Server, client_python: Path, noun: str) -> None:
    is_valid_and_whole(ged_server, client_python, noun)


def is_valid_and_whole(server: Server, client_python: Path, noun: str) -> None:
    job = {noun: f"{server.address}/v1/{noun}.datapackage.json"}
    package = read(client_python, "datapackage_reader", job)[noun]
    assert package["faults"] == []
    assert package["licences"] == [each for (each,) in select(server.database, "SELECT DISTINCT licence FROM datasets")]
    rows = package["rows"][noun]
    ids = [each for (each,) in select(server.database, f"SELECT id FROM {noun} ORDER BY id")]
    assert sorted(each["id"] for each in rows) == ids
    if noun == "events":
        same(in_order(map(row, rows)), events(server.database, "true"), noun)


def test_one_package_has_all_tables(seed_server: Server, client_python: Path) -> None:
    job = {"all": f"{seed_server.address}/v1/datapackage.json"}
    package = read(client_python, "datapackage_reader", job)["all"]
    assert package["faults"] == []
    for noun in NOUNS:
        assert [(len(package["rows"][noun]),)] == select(seed_server.database, f"SELECT count(*) FROM {noun}")
    found = [(each["date"], each["id"]) for each in package["rows"]["timeline"]]
    assert sorted(found) == sorted(select(seed_server.database, ENTRIES))


def test_a_package_of_a_filter(server: Server, client_python: Path) -> None:
    query = "type=shelling,armed_clash&country=Syria&sort=title"
    job = {"some": f"{server.address}/v1/events.datapackage.json?{query}"}
    package = read(client_python, "datapackage_reader", job)["some"]
    assert package["faults"] == []
    expected = events(server.database, "e.type IN ('shelling', 'armed_clash') AND l.country = 'SY'")
    assert expected
    same(in_order(map(row, package["rows"]["events"])), expected, query)
    assert all(date.fromisoformat(each["start_date"]) for each in package["rows"]["events"])


def test_the_command_validates_an_address(server: Server, client_python: Path) -> None:
    """Keys, types and bounds; of the larger world a part, for it takes a millisecond a row."""
    path = "datapackage.json" if server.database.name != "ged.db" else "events.datapackage.json?country=SY&limit=1000"
    told = run(client_python.with_name("frictionless"), "validate", f"{server.address}/v1/{path}")
    assert told.count("VALID") == (6 if path == "datapackage.json" else 1)
    assert "INVALID" not in told
