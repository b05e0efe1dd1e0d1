"""CQL2's spatial functions, of the point where a record is and a geometry (OGC Simple Features)."""

from collections.abc import Mapping
from typing import Any

from api.model import areas, ways
from api.model.areas import Area
from api.model.parameters import Clause
from api.model.problem import Refusal
from api.model.shapes import Lies, Shape, bounds, checked
from api.model.text import to_json

NEVER = f"< {Lies.OUTSIDE:d}"
PREDICATES: Mapping[str, str] = {
    "s_intersects": f"> {Lies.OUTSIDE:d}",
    "s_within": f"= {Lies.INSIDE:d}",
    "s_touches": f"= {Lies.ON_BOUNDARY:d}",
    "s_disjoint": f"= {Lies.OUTSIDE:d}",
    "s_equals": f"= {Lies.INSIDE:d}",
    "s_contains": f"= {Lies.INSIDE:d}",
    "s_crosses": NEVER,
    "s_overlaps": NEVER,
}
"""Each with how the point must lie to the geometry. A point crosses and overlaps nothing, and equals and contains a point."""
CONVERSES = {"s_within": "s_contains", "s_contains": "s_within"}
"""What a function is called when its arguments change sides."""
OF_POINTS = ("s_equals", "s_contains")
MOST_BOXES = 16
"""Round the parts of one geometry: SQLite joins 500 SELECTs at the most. One round all of them finds the same rows, later."""


def clause(op: str, table: str, tree: Any) -> Clause:
    """Rows of the table whose point lies so to a geometry: GeoJSON, or `{"bbox": […]}`; `Refusal` for what is neither."""
    box = _box(tree)
    if box is not None and op == "s_intersects":
        return _placed(table, areas.box(box))
    if table == "statements" and op != "s_intersects":
        raise Refusal("statements may have several places: S_INTERSECTS alone goes with them")
    shape = checked(tree) if box is None else _polygons(box)
    where = NEVER if op in OF_POINTS and not _is_one_point(shape) else PREDICATES[op]
    area = Area(_bounds(shape), shape=to_json(shape), where=where)
    if op == "s_disjoint" or where == NEVER:
        return Clause(f"lies(?, {table}.longitude, {table}.latitude) {where}", (area.shape,))
    return _placed(table, area)


def _placed(table: str, area: Area) -> Clause:
    """What lies there; of a location without coordinates that is unknown, which the way of `bbox` does not tell."""
    return area.holds(table) if table == "locations" else ways.placed(table, area)


def _box(tree: Any) -> areas.Box | None:
    if not isinstance(tree, dict) or tree.keys() != {"bbox"}:  # a geometry may have one beside its coordinates
        return None
    numbers = tree["bbox"]
    if not isinstance(numbers, list) or len(numbers) not in (4, 6):
        raise Refusal("BBOX takes west, south, east, north")
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in numbers):
        raise Refusal("BBOX takes numbers")
    half = len(numbers) // 2
    west, south, east, north = map(float, (*numbers[:2], *numbers[half : half + 2]))  # heights do not count
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Refusal("BBOX takes west, south, east, north in degrees, and its south is not north of its north")
    return west, south, east, north


def _bounds(shape: Shape) -> tuple[areas.Box, ...]:
    boxes = tuple(dict.fromkeys(bounds(shape)))
    if len(boxes) <= MOST_BOXES:
        return boxes
    west, south, east, north = zip(*boxes, strict=True)
    return ((min(west), min(south), max(east), max(north)),)


def _polygons(box: areas.Box) -> Shape:
    """The box, and again a turn of the globe to the west and to the east: what crosses the antimeridian has no edge there."""
    west, south, east, north = box
    east += 360 if west > east else 0
    return {
        "type": "MultiPolygon",
        "coordinates": [
            [[[w, south], [e, south], [e, north], [w, north], [w, south]]]
            for w, e in ((west + turn, east + turn) for turn in (-360, 0, 360))
            if w <= 180 and e >= -180
        ],
    }


def _is_one_point(shape: Shape) -> bool:
    if shape["type"] == "GeometryCollection":
        return all(_is_one_point(each) for each in shape["geometries"]) and len(set(bounds(shape))) == 1
    return shape["type"] in ("Point", "MultiPoint") and len(set(bounds(shape))) == 1
