"""What a server's database says, by SQL that is written here by hand and shares nothing with the API's own."""

import math
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]
COLUMNS = (
    "id", "type", "title", "start_date", "end_date", "country", "location_id", "latitude", "longitude", "fatalities_low",
    "fatalities_best", "fatalities_high", "source_count", "participants",
)  # fmt: skip
"""What is compared of an event, by the names that its tables and features have."""

EVENTS = """
SELECT e.id, e.type, json_extract(c.record, '$.title'), e.start_date, e.end_date, l.country, l.id, l.latitude, l.longitude,
    e.fatalities_low, e.fatalities, e.fatalities_high, e.source_count,
    (SELECT group_concat(shown, '; ') FROM (
        SELECT json_extract(ac.record, '$.name') || ' (' || json_extract(p.value, '$.role') || ')' AS shown
        FROM json_each(c.record, '$.participants') AS p
        JOIN actors AS a ON a.id = json_extract(p.value, '$.actor') JOIN changes AS ac ON ac.seq = a.change
        ORDER BY p.key))
FROM events AS e JOIN changes AS c ON c.seq = e.change LEFT JOIN locations AS l ON l.seq = e.location
"""
PLACE_COLUMNS = ("id", "name", "type", "country", "latitude", "longitude", "events")
PLACES = """
SELECT l.id, json_extract(c.record, '$.name'), l.type, l.country, l.latitude, l.longitude, l.events
FROM locations AS l JOIN changes AS c ON c.seq = l.change
"""
EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Case:
    """A filter as a client says it, and as SQL says it; `worlds` are those in which something matches."""

    name: str
    asked: str
    where: str
    worlds: tuple[str, ...] = ("seed", "ged")


def events(database: Path, where: str) -> list[Row]:
    """The events for which that holds, in order of ids."""
    return select(database, f"{EVENTS} WHERE {where} ORDER BY e.id")


def places(database: Path, where: str) -> list[Row]:
    """The places for which that holds, in order of ids."""
    return select(database, f"{PLACES} WHERE {where} ORDER BY l.id")


def select(database: Path, sql: str) -> list[Row]:
    """The rows of a question. SQLite has no great circles, so `km(latitude, longitude, latitude, longitude)` is added."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.create_function("km", 4, _km, deterministic=True)
        return connection.execute(sql).fetchall()


def _km(south: float | None, west: float | None, north: float, east: float) -> float | None:
    """By the haversine formula."""
    if south is None or west is None:
        return None
    up, across = math.radians(north - south), math.radians(east - west)
    root = (
        math.sin(up / 2) ** 2
        + math.cos(math.radians(south)) * math.cos(math.radians(north)) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(root))


def in_order(rows: Iterable[Sequence[Any]]) -> list[Row]:
    """Rows that came from elsewhere, in order of ids."""
    return sorted((tuple(row) for row in rows), key=lambda row: str(row[0]))


def same(found: list[Row], expected: list[Row], name: str) -> None:
    """A short difference, as thousands of rows would drown it."""
    assert len(found) == len(expected), name
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]][:2] == [], name
