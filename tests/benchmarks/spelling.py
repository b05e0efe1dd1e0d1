"""Filters as each server spells them, and the rows of the table that they make."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from benchmarks.load import Address
from benchmarks.sample import Seen

SIZE = 100
"""Records of a list, wherever nothing else is said."""
OURS = f"/v1/events?limit={SIZE}"
LIMIT = (Address(f"/list?size={SIZE}"),)
DATASETTE = f"/events/events.json?_shape=objects&_nofacet=1&_size={SIZE}"
UNCOUNTED = f"{DATASETTE}&_nocount=1"
"""Datasette counts all rows unless it is told not to."""
NEWEST = "&_sort_desc=start_date"
PYGEOAPI = f"/collections/events/items?f=json&limit={SIZE}"
DEGREES, KILOMETRES = 0.5, 50


@dataclass(frozen=True)
class Row:
    """One row of the table: each server's addresses. A server that cannot do it has none."""

    name: str
    kind: str
    """list, filter or combination, which have floors; or other."""
    asked: Mapping[str, Sequence[Address]]


@dataclass(frozen=True)
class Spelling:
    """How to ask for what an event has; None where a server cannot be asked."""

    ours: Callable[[Seen], str]
    datasette: Callable[[Seen], str] | None = None
    pygeoapi: Callable[[Seen], str] | None = None


def _box(seen: Seen) -> tuple[float, float, float, float]:
    west, east = max(seen.longitude - DEGREES, -180.0), min(seen.longitude + DEGREES, 180.0)
    return west, max(seen.latitude - DEGREES, -90.0), east, min(seen.latitude + DEGREES, 90.0)


def _bbox(seen: Seen) -> str:
    return "bbox=" + ",".join(f"{each:.4f}" for each in _box(seen))


def _ranges(seen: Seen) -> str:
    west, south, east, north = _box(seen)
    return f"longitude__gte={west}&longitude__lte={east}&latitude__gte={south}&latitude__lte={north}"


def _through(seen: Seen) -> str:
    """A filter by a row of another table."""
    return "_through=" + quote(json.dumps({"table": "event_actors", "column": "actor", "value": seen.actor}))


def _year_later(day: str) -> str:
    return f"{int(day[:4]) + 1}{day[4:8]}01"


FILTERS: Mapping[str, Spelling] = {
    "country": Spelling(*[lambda e: f"country={e.country}"] * 3),
    "a year": Spelling(
        lambda e: f"from={e.start_date}&to={_year_later(e.start_date)}",
        lambda e: f"end_date__gte={e.start_date}&start_date__lte={_year_later(e.start_date)}",
    ),
    "actor": Spelling(lambda e: f"actor={e.actor}", _through, lambda e: f"{e.actor_column}={e.actor}"),
    "province": Spelling(lambda e: f"location={e.province}", *[lambda e: f"province={e.province}"] * 2),
    "place": Spelling(lambda e: f"location={e.place}", *[lambda e: f"place={e.place}"] * 2),
    "bbox": Spelling(_bbox, _ranges, _bbox),
    "near": Spelling(lambda e: f"near={e.latitude},{e.longitude}&radius={KILOMETRES}"),
    "type": Spelling(*[lambda e: f"type={e.type}"] * 3),
    "min_fatalities": Spelling(lambda e: f"min_fatalities={e.fatalities}", lambda e: f"fatalities__gte={e.fatalities}"),
}
"""pygeoapi's SQLite provider compares columns with values and geometries with boxes, and no more."""


def filtered(name: str, kind: str, parts: Sequence[str], seen: Sequence[Seen]) -> Row:
    """A list by all of these filters together, for each event that gives their values."""
    asked: dict[str, Sequence[Address]] = {"limit": LIMIT}
    for server, base in (("ours", OURS), ("datasette", UNCOUNTED + NEWEST), ("pygeoapi", PYGEOAPI)):
        ways = [getattr(FILTERS[part], server) for part in parts]
        if all(ways):
            asked[server] = [Address(f"{base}&{'&'.join(way(each) for way in ways)}") for each in seen]
    return Row(name, kind, asked)


def plain(name: str, kind: str, limit: str | None, *paths: str | None) -> Row:
    """One address for each server: ours, Datasette's, pygeoapi's."""
    given = zip(("limit", "ours", "datasette", "pygeoapi"), (limit, *paths), strict=False)
    return Row(name, kind, {server: [Address(path)] for server, path in given if path})
