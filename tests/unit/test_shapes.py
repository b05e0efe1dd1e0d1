"""Shapes: which geometries are sound, and how a point lies to one."""

import math
from typing import Any

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape as as_shape

from api.model.problem import Refusal
from api.model.shapes import Lies, bounds, checked, lies, place_of
from api.model.text import to_json

OUT, EDGE, IN = Lies.OUTSIDE, Lies.ON_BOUNDARY, Lies.INSIDE
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]]
HOLED = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
ARROW = {"type": "Polygon", "coordinates": [[[0, 0], [4, 2], [0, 4], [2, 2], [0, 0]]]}
BENT = {"type": "LineString", "coordinates": [[0, 0], [2, 2], [4, 0]]}
CROSS = {"type": "MultiLineString", "coordinates": [[[0, 0], [2, 2]], [[2, 2], [4, 0]], [[2, 2], [2, 4]]]}
JOINED = {"type": "MultiLineString", "coordinates": [[[0, 0], [2, 2]], [[2, 2], [4, 0]]]}
LOOP = {"type": "LineString", "coordinates": SQUARE}
TWO = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [[[1.5, 1.5], [2.5, 1.5], [2.5, 2.5], [1.5, 1.5]]]]}
AWAY = {"type": "LineString", "coordinates": [[5, 0], [5, 4]]}
ALL = {"type": "GeometryCollection", "geometries": [HOLED, {"type": "Point", "coordinates": [2, 2]}, AWAY]}

CASES: list[tuple[dict[str, Any], tuple[float, float], Lies]] = [
    (HOLED, (0.5, 0.5), IN),
    (HOLED, (2, 2), OUT),
    (HOLED, (1, 2), EDGE),
    (HOLED, (1, 1), EDGE),
    (HOLED, (0, 0), EDGE),
    (HOLED, (4, 4), EDGE),
    (HOLED, (2, 0), EDGE),
    (HOLED, (4.000001, 4), OUT),
    (HOLED, (0.5, 1), IN),  # at the height of a corner of the hole
    (HOLED, (-1, 0), OUT),  # at the height of an edge
    (HOLED, (-1, 4), OUT),
    (HOLED, (5, 1), OUT),
    (ARROW, (1, 2), OUT),  # between its barbs
    (ARROW, (2, 2), EDGE),
    (ARROW, (3, 2), IN),
    (ARROW, (-1, 2), OUT),
    (ARROW, (2, 1), EDGE),
    (BENT, (0, 0), EDGE),
    (BENT, (4, 0), EDGE),
    (BENT, (2, 2), IN),
    (BENT, (1, 1), IN),
    (BENT, (1, 1.000001), OUT),
    (BENT, (5, 5), OUT),
    (LOOP, (0, 0), IN),  # no ends
    (JOINED, (2, 2), IN),  # two ends make one line
    (CROSS, (2, 2), EDGE),  # three do not
    (TWO, (2.25, 1.75), IN),
    (TWO, (1.5, 1.5), EDGE),
    (TWO, (1.25, 2), OUT),
    (ALL, (2, 2), IN),
    (ALL, (3, 2), EDGE),
    (ALL, (1.5, 2.5), OUT),
    ({"type": "MultiPoint", "coordinates": [[1, 1], [2, 2, 99]]}, (2, 2), IN),
    ({"type": "Point", "coordinates": [1, 1]}, (1, 1.0000001), OUT),
]


@pytest.mark.parametrize(("shape", "point", "place"), CASES)
def test_how_a_point_lies(shape: dict[str, Any], point: tuple[float, float], place: Lies) -> None:
    assert place_of(point, checked(shape)) == place
    assert lies(to_json(checked(shape)), *point) == place


@pytest.mark.parametrize("point", [(None, None), (None, 1.0), (1.0, None)])
def test_no_point_lies_nowhere(point: tuple[float | None, float | None]) -> None:
    assert lies(to_json(checked(HOLED)), *point) is None


SOUND = [HOLED, ARROW, BENT, CROSS, JOINED, LOOP, TWO, ALL]


@pytest.mark.parametrize("shape", SOUND, ids=lambda each: each["type"])
def test_every_point_of_a_grid_lies_as_geos_says(shape: dict[str, Any]) -> None:
    """Quarters, so that many points are corners and on edges, exactly."""
    other = as_shape(shape)
    seen = set()
    for x in range(-4, 24):
        for y in range(-4, 24):
            point = shapely.Point(x / 4, y / 4)
            expected = IN if shapely.within(point, other) else EDGE if shapely.intersects(point, other) else OUT
            assert place_of((x / 4, y / 4), checked(shape)) == expected, point
            seen.add(expected)
    assert seen == {IN, EDGE, OUT} or shape is LOOP


SIXTHS = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda each: (each[0] / 2, each[1] / 2))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(SIXTHS, min_size=3, max_size=8, unique=True), st.lists(SIXTHS, min_size=10, max_size=10))
def test_any_polygon_is_as_geos_has_it(corners: list[tuple[float, float]], points: list[tuple[float, float]]) -> None:
    other = shapely.Polygon(corners)
    assume(other.is_valid)
    shape = checked({"type": "Polygon", "coordinates": [[list(each) for each in (*corners, corners[0])]]})
    for point in (*points, *corners):
        expected = (
            IN
            if shapely.within(shapely.Point(point), other)
            else EDGE
            if other.intersects(shapely.Point(point))
            else OUT
        )
        assert place_of(point, shape) == expected, (corners, point)


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


UNSOUND: list[tuple[Any, str]] = [
    (None, "needs a geometry"),
    ("POINT(1 2)", "needs a geometry"),
    ([1, 2], "needs a geometry"),
    ({}, "needs a geometry"),
    ({"type": None}, "needs a geometry"),
    ({"type": ["Point"], "coordinates": [1, 2]}, "needs a geometry"),
    ({"type": "point", "coordinates": [1, 2]}, "is not a type of geometry"),
    ({"type": "Feature", "geometry": None}, "is not a type of geometry"),
    ({"type": "Point"}, "needs coordinates"),
    ({"type": "Point", "coordinates": []}, "needs coordinates"),
    ({"type": "Point", "coordinates": {"x": 1}}, "needs coordinates"),
    ({"type": "MultiPoint", "coordinates": [[]]}, "needs coordinates"),
    ({"type": "Point", "coordinates": [1]}, "a position is longitude and latitude"),
    ({"type": "Point", "coordinates": [1, 2, 3, 4]}, "a position is"),
    ({"type": "Point", "coordinates": [1, "2"]}, "a position is"),
    ({"type": "Point", "coordinates": [1, True]}, "a position is"),
    ({"type": "Point", "coordinates": [[1, 2]]}, "a position is"),
    ({"type": "MultiPoint", "coordinates": [1, 2]}, "needs coordinates"),
    ({"type": "Point", "coordinates": [180.1, 0]}, "180.1 0 is not a longitude and a latitude"),
    ({"type": "Point", "coordinates": [0, -90.1]}, "is not a longitude and a latitude"),
    ({"type": "Point", "coordinates": [0, math.inf]}, "is not a longitude and a latitude"),
    ({"type": "Point", "coordinates": [math.nan, 0]}, "is not a longitude and a latitude"),
    ({"type": "LineString", "coordinates": [[0, 0]]}, "a line needs two positions"),
    ({"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[0, 0]]]}, "a line needs two positions"),
    (polygon([[0, 0], [1, 0], [0, 0]]), "a ring of a polygon needs four"),
    (polygon([[0, 0], [1, 0], [1, 1], [0, 1]]), "of which the last is the first"),
    (polygon(SQUARE, [[1, 1], [2, 2], [1, 1]]), "a ring of a polygon needs four"),
    ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE[:-1]]]}, "a ring of a polygon needs four"),
    ({"type": "GeometryCollection"}, "needs geometries"),
    ({"type": "GeometryCollection", "geometries": []}, "needs geometries"),
    ({"type": "GeometryCollection", "geometries": [{"type": "Point"}]}, "needs coordinates"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "detail"), UNSOUND)
def test_what_is_no_geometry_is_refused(shape: Any, detail: str) -> None:
    with pytest.raises(Refusal, match=detail):
        checked(shape)


@pytest.mark.parametrize("shape", SOUND, ids=lambda each: each["type"])
def test_bounds_hold_all_that_does_not_lie_outside(shape: dict[str, Any]) -> None:
    boxes = bounds(checked(shape))
    west, south, east, north = zip(*boxes, strict=True)
    assert (min(west), min(south), max(east), max(north)) == as_shape(shape).bounds
    for x in range(-4, 24):
        for y in range(-4, 24):
            if place_of((x / 4, y / 4), checked(shape)) != OUT:
                assert any(w <= x / 4 <= e and s <= y / 4 <= n for w, s, e, n in boxes)
