"""Geometries for hypothesis: all that CQL2 writes, anywhere, and with corners and edges on points of the data."""

from collections.abc import Sequence
from typing import Any

import shapely
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from shapely.geometry import mapping
from shapely.geometry import shape as as_shape

Geometry = dict[str, Any]
Position = tuple[float, float]


def positions(at: Sequence[Position]) -> SearchStrategy[Position]:
    """(Longitude, latitude): of the data (which has them the other way round), or of a grid of half degrees."""
    grid = st.tuples(st.integers(-360, 360), st.integers(-180, 180)).map(lambda each: (each[0] / 2, each[1] / 2))
    corners = st.sampled_from(((180.0, 12.5), (-180.0, 12.5), (0.0, 90.0), (0.0, 0.0), (-180.0, -90.0), (180.0, 90.0)))
    if not at:
        return st.one_of(grid, corners)
    known = st.integers(0, len(at) - 1).map(lambda number: (at[number][1], at[number][0]))
    mixed = st.tuples(known, grid).map(lambda each: (each[0][0], each[1][1]))  # due north or south of one
    return st.one_of(known, known, grid, mixed, corners)


@st.composite
def boxes(draw: DrawFn, at: Sequence[Position], may_be_thin: bool) -> Geometry:
    """Of which some cross the antimeridian."""
    place = positions(at)
    (west, south), (east, north) = draw(place), draw(place)
    south, north = sorted((south, north))
    if not may_be_thin and (west == east or south == north):
        west, east, south, north = 170.0, -170.0, -20.0, 70.0
    return {"bbox": [west, south, east, north]}


@st.composite
def rings(draw: DrawFn, place: SearchStrategy[Position]) -> Any:
    """Polygons without holes: rectangles, hulls and stars."""
    kind = draw(st.sampled_from(("rectangle", "hull", "star")))
    found = draw(st.lists(place, min_size=3, max_size=7, unique=True))
    if kind == "rectangle":
        longitudes, latitudes = zip(*found, strict=True)
        return shapely.box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))
    if kind == "hull":
        return shapely.MultiPoint(found).convex_hull
    return shapely.Polygon(found)


@st.composite
def polygons(draw: DrawFn, place: SearchStrategy[Position]) -> Any:
    """Polygons, of which some have a hole."""
    outer = draw(rings(place))
    if not (isinstance(outer, shapely.Polygon) and outer.is_valid and outer.area):
        outer = shapely.box(-170.0, -80.0, 170.0, 80.0)
    inner = draw(st.none() | rings(place))
    if isinstance(inner, shapely.Polygon) and inner.is_valid and inner.area:
        pierced = shapely.Polygon(outer.exterior, [inner.exterior])
        if pierced.is_valid and outer.contains(inner):
            return pierced
    return outer


@st.composite
def simple(draw: DrawFn, place: SearchStrategy[Position]) -> Any:
    """Any geometry but collections."""
    kind = draw(st.sampled_from(("point", "points", "line", "lines", "polygon", "polygon", "polygons")))
    lines = st.lists(place, min_size=2, max_size=5, unique=True)
    match kind:
        case "point":
            return shapely.Point(draw(place))
        case "points":
            return shapely.MultiPoint(draw(st.lists(place, min_size=1, max_size=5)))
        case "line":
            line = draw(lines)
            return shapely.LineString([*line, line[0]] if len(line) > 2 and draw(st.booleans()) else line)
        case "lines":
            return shapely.MultiLineString(draw(st.lists(lines, min_size=1, max_size=3)))
        case "polygon":
            return draw(polygons(place))
    found = shapely.MultiPolygon(draw(st.lists(polygons(place), min_size=1, max_size=3)))
    return found if found.is_valid else found.geoms[0]


@st.composite
def geometries(draw: DrawFn, at: Sequence[Position], may_be_thin: bool) -> Geometry:
    """Boxes and geometries as GeoJSON; `may_be_thin` lets a box be a line or a point."""
    kind = draw(st.sampled_from(("box", "simple", "simple", "simple", "collection")))
    if kind == "box":
        return draw(boxes(at, may_be_thin))
    place = positions(at)
    if kind == "simple":
        return as_json(draw(simple(place)))
    parts = draw(st.lists(simple(place), min_size=1, max_size=3))
    if any(one.intersects(other) for number, one in enumerate(parts) for other in parts[:number]):
        parts = parts[:1]  # what is edge and what is inside where parts touch, the standard leaves open
    return {"type": "GeometryCollection", "geometries": [as_json(each) for each in parts]}


def as_json(shape: Any) -> Geometry:
    found = mapping(shape)
    return {"type": found["type"], "coordinates": _lists(found["coordinates"])}


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, tuple | list) else value


def as_wkt(geometry: Geometry) -> str:
    """The geometry as CQL2 text writes it."""
    return str(as_shape(geometry).wkt) if "bbox" not in geometry else f"BBOX({', '.join(map(repr, geometry['bbox']))})"
