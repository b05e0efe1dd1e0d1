"""The filters, each made by one function: what it is called, what it takes, and the clause it puts into the WHERE.

Clauses name the noun's table, bind every value, and take lists as one JSON parameter. A place stands for all inside
it and an organisation for its members by way of the closure table `tree`.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

from api.model import kinds
from api.model.parameters import Clause, ClauseMaker, Filter, Given
from api.model.text import fold

IN_LIST = "IN (SELECT value FROM json_each(?))"
EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the Earth (IUGG)."""
DEFAULT_RADIUS_KM = "25"


def as_list(values: Iterable[Any]) -> str:
    """The values of an `IN_LIST`, as the one parameter it binds."""
    return json.dumps(list(values))


def one_of(name: str, allowed: tuple[str, ...], column: str, example: str, description: str) -> Filter:
    """A column that has one of the words."""
    return Filter(name, kinds.Word(allowed), description, example, takes_many=True, clause=in_column(column))


def at_least(name: str, column: str, example: str, description: str) -> Filter:
    """A column with at least this number; an unknown one (NULL) never has."""
    return Filter(
        name, kinds.Count(), description, example,
        clause=lambda number, _: Clause(f"{column} >= ?", (number,)),
    )  # fmt: skip


def at_most(name: str, column: str, example: str, description: str) -> Filter:
    """A column with at most this number; an unknown one (NULL) never has."""
    return Filter(
        name, kinds.Count(), description, example,
        clause=lambda number, _: Clause(f"{column} <= ?", (number,)),
    )  # fmt: skip


def span(first: str, last: str, example: tuple[str, str], of: str = "span of days") -> tuple[Filter, Filter, Filter]:
    """`from`, `to` and `certain` over the columns of the earliest and the latest possible day."""

    def since(day: str, given: Given) -> Clause:
        return Clause(f"{first if given.get('certain') else last} >= ?", (day,))

    def until(day: str, given: Given) -> Clause:
        return Clause(f"{last if given.get('certain') else first} <= ?", (day,))

    return (
        Filter(
            "from", kinds.Date(), f"The earliest day: its {of} ends on it or later.",
            example[0], clause=since,
        ),
        Filter(
            "to", kinds.Date(), f"The latest day: its {of} begins on it or earlier.",
            example[1], clause=until,
        ),
        Filter(
            "certain", kinds.Truth(),
            f"With `from` or `to`: true asks that the whole {of} lies inside the range.", "true",
            needs=("from", "to"),
        ),
    )  # fmt: skip


def country(clause: ClauseMaker) -> Filter:
    """ISO codes or English names of countries."""
    return Filter(
        "country", kinds.Country(), "ISO 3166-1 alpha-2 code or English name of a country.", "SY", takes_many=True,
        clause=clause,
    )  # fmt: skip


def in_column(column: str) -> ClauseMaker:
    """A column that holds one of the values, each bound by itself: into a JSON list the query planner cannot see."""
    return lambda values, _: Clause(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


def inside(collection: str, sql: str, including_itself: bool = True) -> ClauseMaker:
    """Records of a tree with what lies inside them: `sql` says `{inside}` where their row numbers go.

    >>> inside("locations", "events.location {inside}")
    """
    below = f"SELECT descendant FROM tree WHERE collection = '{collection}' AND ancestor {IN_LIST}"
    if not including_itself:
        return lambda records, _: Clause(sql.format(inside=f"IN ({below})"), (as_list(records),))
    both = sql.format(inside=f"IN (SELECT value FROM json_each(?) UNION ALL {below})")
    return lambda records, _: Clause(both, (as_list(records),) * 2)


def acting(sql: str, role_column: str) -> ClauseMaker:
    """Somebody of the given trees of actors, in one of the given roles if any are: `sql` says `{inside}` and `{role}`."""

    def clause(actors: Any, given: Given) -> Clause:
        roles = (as_list(given["role"]),) if "role" in given else ()
        of_role = f" AND {role_column} {IN_LIST}" if roles else ""
        found = inside("actors", sql.replace("{role}", of_role))(actors, given)
        return Clause(found.sql, (*found.values, *roles))

    return clause


def named(name: str, collection: str, example: str, description: str, clause: ClauseMaker) -> Filter:
    """Records of a collection, by id, name or alias."""
    return Filter(name, kinds.Named(collection=collection), description, example, takes_many=True, clause=clause)


def text(table: str, example: str) -> Filter:
    """Full text over a noun's folded texts."""
    return Filter(
        "q", kinds.Search(),
        "Full text, any case, with or without accents: every word must occur; `\"a phrase\"` as it stands; `prefix*`.",
        example,
        clause=lambda words, _: Clause(
            f"{table}.seq IN (SELECT rowid FROM {table}_text WHERE {table}_text MATCH ?)", (words,)
        ),
    )  # fmt: skip


def dataset(table: str) -> Filter:
    """The dataset that a record belongs to."""
    return Filter(
        "dataset", kinds.Dataset(), "The dataset it belongs to; `/v1/meta` lists them.", "northern-syria-2024",
        takes_many=True, clause=in_column(f"{table}.dataset"),
    )  # fmt: skip


def exact_name(collection: str, example: str) -> Filter:
    """Exact names and aliases, folded: how a partner resolves its own spelling."""
    return Filter(
        "name", kinds.Plain(), "The whole name or alias, any case, with or without accents and punctuation.", example,
        takes_many=True,
        clause=lambda spellings, _: Clause(
            f"{collection}.seq IN (SELECT seq FROM names WHERE collection = '{collection}' AND folded {IN_LIST})",
            (as_list(fold(each) for each in spellings),),
        ),
    )  # fmt: skip


def updated_since(table: str) -> Filter:
    """Records written at this moment or later."""
    return Filter(
        "updated_since", kinds.Moment(), "Records created or changed at this moment or later.",
        "2024-01-01T00:00:00Z",
        clause=lambda moment, _: Clause(f"{table}.updated_at >= ?", (_whole_second(moment),)),
    )  # fmt: skip


def _whole_second(moment: str) -> str:
    """Stored moments have whole seconds; cutting the fraction off may repeat a record but never loses one."""
    return moment if "." not in moment else moment.split(".")[0] + "Z"


def area(sql: str) -> tuple[Filter, Filter, Filter]:
    """`bbox`, `near` and `radius`; `sql` says `{places}` where the SELECT of the locations goes."""

    def at(places: Clause) -> Clause:
        return Clause(sql.format(places=f"(SELECT locations.seq FROM locations WHERE {places.sql})"), places.values)

    return (
        Filter(
            "bbox", kinds.Box(),
            "`west,south,east,north` in WGS 84 degrees, edges included; a west beyond its east crosses the antimeridian."
            " Places without coordinates are never inside.",
            "36,35,38,37", clause=lambda box, _: at(_in_boxes(_split(box))),
        ),
        Filter(
            "near", kinds.POINT, "`latitude,longitude` in WGS 84 degrees, edge included, with `radius`."
            " Places without coordinates are never near.", "36.2,37.16",
            clause=lambda point, given: at(_in_circle(point, given["radius"])),
        ),
        Filter(
            "radius", kinds.Kilometres(), f"Great-circle kilometres round `near`, {DEFAULT_RADIUS_KM} if left out.", "50",
            needs=("near",), default=DEFAULT_RADIUS_KM,
        ),
    )  # fmt: skip


def _split(box: tuple[float, float, float, float]) -> list[tuple[float, float, float, float]]:
    """The box as ranges of longitude from west to east; the antimeridian is both 180 and -180."""
    west, south, east, north = box
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    edge = -180.0 if east == 180.0 else 180.0 if west == -180.0 else None
    return [box] if edge is None else [box, (edge, south, edge, north)]


def _in_boxes(boxes: list[tuple[float, float, float, float]]) -> Clause:
    """Points in any of the boxes: the R*Tree, whose 32-bit floats lie 3 m about, proposes; the columns decide."""
    one = (
        "(locations.seq IN (SELECT seq FROM locations_box WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?)"
        " AND longitude BETWEEN ? AND ? AND latitude BETWEEN ? AND ?)"
    )
    values: list[float] = []
    for west, south, east, north in boxes:
        values += (west, east, south, north, west, east, south, north)
    return Clause(f"({' OR '.join([one] * len(boxes))})", tuple(values))


def _in_circle(point: tuple[float, float], radius: float) -> Clause:
    latitude, longitude = point
    inside = _in_boxes(_around(latitude, longitude, radius))
    return Clause(
        f"{inside.sql} AND great_circle_km(?, ?, latitude, longitude) <= ?",
        (*inside.values, latitude, longitude, radius),
    )


def _around(latitude: float, longitude: float, radius: float) -> list[tuple[float, float, float, float]]:
    """Boxes that hold the whole circle, a little more rather than less; round a pole they take every longitude."""
    angle = radius / EARTH_RADIUS_KM * 1.000001
    degrees = math.degrees(angle)
    south, north = latitude - degrees, latitude + degrees
    if south <= -90 or north >= 90:
        return [(-180.0, max(south, -90.0), 180.0, min(north, 90.0))]
    reach = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude)))))
    west, east = longitude - reach, longitude + reach
    return _split((west + 360 if west < -180 else west, south, east - 360 if east > 180 else east, north))


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The distance of two points on a sphere of the Earth's mean radius, by the haversine formula."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half_chord = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half_chord)))
