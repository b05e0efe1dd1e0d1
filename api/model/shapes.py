"""Shapes: GeoJSON geometries (RFC 7946) in WGS 84 degrees on a flat map, and how a point lies to one.

A point lies inside a shape, on its boundary or outside, as OGC Simple Features means these words: the boundary of an area
are its rings, that of a line its two ends, that of points nothing. From this every spatial predicate about a point follows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

from api.model.areas import Box
from api.model.problem import Refusal
from api.model.text import from_json, shown

Point = Sequence[float]
Line = Sequence[Point]
Shape = Mapping[str, Any]


class Lies(IntEnum):
    """Where a point lies."""

    OUTSIDE = 0
    ON_BOUNDARY = 1
    INSIDE = 2


DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""In how many lists the positions of each type of geometry stand."""


def checked(shape: Any) -> Shape:
    """The geometry, if it is one with sound coordinates; `Refusal` says what is wrong with it."""
    kind = shape.get("type") if isinstance(shape, Mapping) else None
    if kind == "GeometryCollection":
        parts = shape.get("geometries")
        if not isinstance(parts, list) or not parts:
            raise Refusal("a GEOMETRYCOLLECTION needs geometries")
        return {"type": kind, "geometries": [checked(each) for each in parts]}
    if not isinstance(kind, str):
        raise Refusal("needs a geometry")
    if kind not in DEPTHS:
        raise Refusal(f"{shown(kind)} is not a type of geometry", (*DEPTHS, "GeometryCollection"))
    coordinates = _checked_positions(shape.get("coordinates"), DEPTHS[kind])
    for line in _lines({"type": kind, "coordinates": coordinates}):
        if len(line) < 2:
            raise Refusal("a line needs two positions at least")
    for ring in chain.from_iterable(_polygons({"type": kind, "coordinates": coordinates})):
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise Refusal("a ring of a polygon needs four positions at least, of which the last is the first again")
    return {"type": kind, "coordinates": coordinates}


def _checked_positions(value: Any, depth: int) -> Any:
    if not isinstance(value, list) or not value:
        raise Refusal("a geometry needs coordinates")
    if depth:
        return [_checked_positions(each, depth - 1) for each in value]
    if len(value) not in (2, 3) or any(isinstance(each, bool) or not isinstance(each, int | float) for each in value):
        raise Refusal("a position is longitude and latitude")
    longitude, latitude = map(float, value[:2])  # a height says nothing about places on a map
    if not -180 <= longitude <= 180 or not -90 <= latitude <= 90:
        raise Refusal(f"the position {longitude:g} {latitude:g} is not a longitude and a latitude in degrees")
    return [longitude, latitude]


def bounds(shape: Shape) -> tuple[Box, ...]:
    """A box round each part of the shape."""
    if shape["type"] == "GeometryCollection":
        return tuple(each for part in shape["geometries"] for each in bounds(part))
    points, lines, polygons = _points(shape), _lines(shape), _polygons(shape)
    parts = [*([each] for each in points), *lines, *(polygon[0] for polygon in polygons)]
    return tuple(_round(part) for part in parts)


def _round(positions: Line) -> Box:
    longitudes, latitudes = [each[0] for each in positions], [each[1] for each in positions]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def lies(text: str, longitude: float | None, latitude: float | None) -> int | None:
    """For SQL: how a point lies to a shape, which is given as GeoJSON text; NULL for no point."""
    if longitude is None or latitude is None:
        return None
    return place_of((longitude, latitude), _shape(text))


@lru_cache(64)
def _shape(text: str) -> Shape:
    return from_json(text)  # type: ignore[no-any-return]


def place_of(point: Point, shape: Shape) -> Lies:
    """How the point lies to the shape."""
    if shape["type"] == "GeometryCollection":
        return max(place_of(point, each) for each in shape["geometries"])
    found = Lies.OUTSIDE
    for polygon in _polygons(shape):
        found = max(found, _in_polygon(point, polygon))
    lines = _lines(shape)
    if any(_is_on(point, line) for line in lines):
        found = Lies.ON_BOUNDARY if _is_end(point, lines) else Lies.INSIDE
    if any(tuple(each) == tuple(point) for each in _points(shape)):
        found = Lies.INSIDE
    return found


def _points(shape: Shape) -> list[Point]:
    return _parts(shape, "Point")


def _lines(shape: Shape) -> list[Line]:
    return _parts(shape, "LineString")


def _polygons(shape: Shape) -> list[list[Line]]:
    return _parts(shape, "Polygon")


def _parts(shape: Shape, of: str) -> list[Any]:
    """What a shape has of a type of geometry, be it one or several."""
    coordinates = shape["coordinates"]
    return [coordinates] if shape["type"] == of else list(coordinates) if shape["type"] == f"Multi{of}" else []


def _is_end(point: Point, lines: Sequence[Line]) -> bool:
    """Is it the end of an odd number of lines? Where two end, they are one that goes on."""
    ends = Counter(tuple(end) for line in lines for end in (line[0], line[-1]))
    return ends[tuple(point)] % 2 == 1


def _is_on(point: Point, line: Line) -> bool:
    return any(_is_between(point, a, b) for a, b in pairwise(line))


def _is_between(point: Point, a: Point, b: Point) -> bool:
    x, y = point
    is_near = min(a[0], b[0]) <= x <= max(a[0], b[0]) and min(a[1], b[1]) <= y <= max(a[1], b[1])
    return is_near and _turn(point, a, b) == 0


def _turn(point: Point, a: Point, b: Point) -> float:
    """Above 0 where the point lies to the left of the way from a to b, 0 on it."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def _in_polygon(point: Point, rings: Sequence[Line]) -> Lies:
    if any(_is_on(point, ring) for ring in rings):
        return Lies.ON_BOUNDARY
    crossings = sum(map(int, chain.from_iterable(_crossings(point, ring) for ring in rings)))
    return Lies.INSIDE if crossings % 2 else Lies.OUTSIDE  # a hole is left by a second crossing


def _crossings(point: Point, ring: Line) -> Iterator[bool]:
    """For each side of the ring whether it crosses the way from the point to the east."""
    for a, b in pairwise(ring):
        if (a[1] > point[1]) != (b[1] > point[1]):
            yield (_turn(point, a, b) > 0) == (b[1] > a[1])
