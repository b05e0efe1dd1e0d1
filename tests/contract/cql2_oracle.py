"""What a CQL2 expression means, told by plain Python over plain records: written from OGC 21-065r2 and `/docs/filter`.

An expression is a tree of the JSON encoding. Logic has three values, of which None is the unknown one: a comparison with a
missing member, and NOT of it. What may have several values (`actor`, `source`) is always known.
"""

import json
import operator
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import shapely
from shapely.geometry import shape as as_shape

from contract.oracle import COUNTRY_NAMES, MATCHERS, Document, Records, fold, in_box, points

Tree = Any
Truth = bool | None

STORED = {"id": "text", "version": "number", "created_at": "moment", "updated_at": "moment"}
KINDS: Mapping[str, Mapping[str, str]] = {
    "events": {
        "geometry": "geometry", "type": "text", "title": "text", "summary": "text", "start_date": "day", "end_date": "day",
        "date_precision": "text", "actor": "named", "location": "named", "location_id": "text", "location_name": "text",
        "location_type": "text", "location_precision": "text", "country": "country", "latitude": "number",
        "longitude": "number", "fatalities_low": "number", "fatalities_best": "number", "fatalities_high": "number",
        "fatalities_civilians": "number", "fatalities_disputed": "truth", "injured_best": "number",
        "displaced_best": "number", "part_of": "named", "source": "named", "status": "text", "dataset": "dataset",
        "source_count": "number", "independent_source_count": "number", **STORED,
    },
    "statements": {
        "geometry": "geometry", "type": "text", "kind": "text", "title": "text", "text": "text", "note": "text",
        "date": "day", "end_date": "day", "actor": "named", "speaker": "named", "on_behalf_of": "named", "event": "named",
        "location": "named", "country": "named", "source": "named", "dataset": "dataset", **STORED,
    },
    "actors": {
        "name": "text", "type": "text", "country": "country", "description": "text", "events": "number",
        "statements": "number", **STORED,
    },
    "locations": {
        "geometry": "geometry", "name": "text", "type": "text", "within": "named", "parent": "text", "country": "country",
        "latitude": "number", "longitude": "number", "description": "text", "events": "number", "statements": "number",
        **STORED,
    },
}  # fmt: skip
"""For each noun its queryables, and what each is."""

OF_LOCATION = ("location_id", "location_name", "location_type", "country", "latitude", "longitude")
FIGURES = ("fatalities", "injured", "displaced")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip

End = Any
"""The end of a span: a kind with a value, infinity where it is open."""
RELATIONS: Mapping[str, Callable[..., bool]] = {
    "t_after": lambda c, a, z, b, y: c(a, y) > 0,
    "t_before": lambda c, a, z, b, y: c(z, b) < 0,
    "t_contains": lambda c, a, z, b, y: c(a, b) < 0 < c(z, y),
    "t_disjoint": lambda c, a, z, b, y: c(a, y) > 0 or c(z, b) < 0,
    "t_during": lambda c, a, z, b, y: c(z, y) < 0 < c(a, b),
    "t_equals": lambda c, a, z, b, y: c(a, b) == 0 == c(z, y),
    "t_finishedBy": lambda c, a, z, b, y: c(a, b) < 0 == c(z, y),
    "t_finishes": lambda c, a, z, b, y: c(a, b) > 0 == c(z, y),
    "t_intersects": lambda c, a, z, b, y: not (c(a, y) > 0 or c(z, b) < 0),
    "t_meets": lambda c, a, z, b, y: c(z, b) == 0,
    "t_metBy": lambda c, a, z, b, y: c(a, y) == 0,
    "t_overlappedBy": lambda c, a, z, b, y: c(a, b) > 0 and c(a, y) < 0 and c(z, y) > 0,
    "t_overlaps": lambda c, a, z, b, y: c(a, b) < 0 and c(z, b) > 0 and c(z, y) < 0,
    "t_startedBy": lambda c, a, z, b, y: c(a, b) == 0 < c(z, y),
    "t_starts": lambda c, a, z, b, y: c(a, b) == 0 > c(z, y),
}
"""Allen's relations of the spans a–z and b–y; `c` compares two ends."""

SPATIAL: Mapping[str, Callable[[Any, Any], bool]] = {
    "s_contains": shapely.contains, "s_crosses": shapely.crosses, "s_disjoint": shapely.disjoint,
    "s_equals": shapely.equals, "s_intersects": shapely.intersects, "s_overlaps": shapely.overlaps,
    "s_touches": shapely.touches, "s_within": shapely.within,
}  # fmt: skip


def holds(tree: Tree, records: Records, noun: str, document: Document) -> Truth:
    """Does the expression hold for the record?"""

    def of(part: Tree) -> Truth:
        return holds(part, records, noun, document)

    if isinstance(tree, bool):
        return tree
    if "property" in tree:
        value: Truth = _value(tree, noun, document)
        return value
    op, arguments = tree["op"], tree["args"]
    if op in ("and", "or"):
        found = {of(each) for each in arguments}
        decisive = op == "or"
        return decisive if decisive in found else None if None in found else not decisive
    if op == "not":
        inner = of(arguments[0])
        return None if inner is None else not inner
    if op == "isNull":
        if _kind(arguments[0], noun) == "geometry":
            return not points(records, noun, document)
        return _value(arguments[0], noun, document) is None
    if op == "in":
        found = {of({"op": "=", "args": [arguments[0], each]}) for each in arguments[1]}
        return True if True in found else None if None in found else False
    if op == "between":
        subject, low, high = arguments
        parts = [{"op": ">=", "args": [subject, low]}, {"op": "<=", "args": [subject, high]}]
        return of({"op": "and", "args": parts})
    if op in RELATIONS:
        ends = [each for part in arguments for each in _span(part, noun, document)]
        return RELATIONS[op](_order, *ends)
    if op in SPATIAL:
        return _lies(op, arguments, points(records, noun, document), noun)
    return _compared(op, arguments, records, noun, document)


def _kind(tree: Tree, noun: str) -> str:
    """What a side is by itself; empty for a value."""
    if not isinstance(tree, dict):
        return ""
    if tree.get("op") in ("casei", "accenti"):
        return "text" if _kind(tree["args"][0], noun) else ""
    return KINDS[noun][tree["property"]] if "property" in tree else ""


def _compared(op: str, arguments: list[Tree], records: Records, noun: str, document: Document) -> Truth:
    kinds = [_kind(each, noun) for each in arguments]
    kind = "text" if op == "like" else kinds[0] or kinds[1]
    if kind == "named":
        subject, name = arguments if kinds[0] else reversed(arguments)
        matches = MATCHERS[noun][subject["property"]](records, noun, document, (name,), {})
        return matches if op == "=" else not matches
    one, other = (_value(each, noun, document, kind) for each in arguments)
    if one is None or other is None:
        return None
    return _is_like(one, other) if op == "like" else COMPARISONS[op](one, other)


def _value(tree: Tree, noun: str, document: Document, kind: str = "") -> Any:
    """The value of a side, None where it is unknown; literals as what they are compared with."""
    if isinstance(tree, dict) and tree.get("op") in ("casei", "accenti"):
        inner = _value(tree["args"][0], noun, document)
        return inner if inner is None else inner.casefold() if tree["op"] == "casei" else _unaccented(inner)
    if isinstance(tree, dict) and "property" in tree:
        value = member(noun, document, tree["property"])
        return _as_kind(value, KINDS[noun][tree["property"]])
    return _as_kind(tree, kind)


def _as_kind(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        (value,) = value.values()
    if value is None or kind not in ("country", "day", "moment", "truth"):
        return value
    if kind == "country":
        return COUNTRY_NAMES.get(fold(value), value.upper() if len(value) == 2 else value)
    if kind == "truth":
        return bool(value)
    return value[:10] if kind == "day" else _moment(value)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def member(noun: str, document: Document, name: str) -> Any:
    if noun == "events":
        if name in OF_LOCATION:
            return (document["location"] or {}).get(name.removeprefix("location_"))
        whole, _, part = name.partition("_")
        if whole in FIGURES:
            return (document[whole] or {}).get(part)
    return document[name]


def _unaccented(text: str) -> str:
    marked = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in marked if unicodedata.combining(each) == 0))


def _is_like(text: str, pattern: str) -> bool:
    """By following all places at once at which the pattern may stand."""
    tokens = _tokens(pattern)
    places = _beyond({0}, tokens)
    for character in text:
        after = {at for at in places if at < len(tokens) and tokens[at] == "%"}
        after |= {at + 1 for at in places if at < len(tokens) and tokens[at] in ("_", ("=", character))}
        places = _beyond(after, tokens)
    return len(tokens) in places


def _beyond(places: set[int], tokens: tuple[Any, ...]) -> set[int]:
    """The places, and those behind each `%` that stands for nothing."""
    found = set(places)
    for at in range(len(tokens)):
        if at in found and tokens[at] == "%":
            found.add(at + 1)
    return found


@cache
def _tokens(pattern: str) -> tuple[Any, ...]:
    tokens: list[Any] = []
    rest = iter(pattern)
    for each in rest:
        if each in ("%", "_"):
            tokens.append(each)
        else:
            tokens.append(("=", next(rest, each) if each == "\\" else each))
    return tuple(tokens)


def _span(tree: Tree, noun: str, document: Document) -> tuple[End, End]:
    ends = tree["interval"] if isinstance(tree, dict) and "interval" in tree else [tree, tree]
    first, last = (
        (None, (-1, 1)[place]) if each == ".." else (_kind(each, noun), _value(each, noun, document))
        for place, each in enumerate(ends)
    )
    return first, last


def _order(one: End, other: End) -> int:
    """Below 0, 0 or above 0 as the one is before, at or after the other: by the day where one of them is a day of a record."""
    kinds = {one[0], other[0]}
    if None in kinds:
        places = [each[1] if each[0] is None else 0 for each in (one, other)]
    elif "day" in kinds:
        days = sorted({str(each[1])[:10] for each in (one, other)})
        places = [days.index(str(each[1])[:10]) for each in (one, other)]
    else:
        moments = [each[1] if isinstance(each[1], datetime) else _moment(each[1]) for each in (one, other)]
        places = [sorted(set(moments)).index(each) for each in moments]
    return int(places[0] - places[1])


def _lies(op: str, arguments: list[Tree], at: list[tuple[float, float]], noun: str) -> Truth:
    if not at:
        return False if noun == "statements" else None
    left, right = arguments
    is_left = "property" in left
    literal = right if is_left else left
    if op == "s_intersects" and "bbox" in literal:  # which may be a line or a point
        return any(in_box(each, ",".join(map(repr, literal["bbox"]))) for each in at)
    other, is_box = _geometry(json.dumps(literal))

    def relate(latitude: float, longitude: float) -> bool:
        turns = [longitude + turn for turn in (-360, 0, 360)] if is_box else [longitude]
        mine = [shapely.Point(each, latitude) for each in turns]
        if op == "s_disjoint":
            return all(shapely.disjoint(each, other) for each in mine)
        return any(SPATIAL[op](each, other) if is_left else SPATIAL[op](other, each) for each in mine)

    return any(relate(*each) for each in at)


@cache
def _geometry(text: str) -> tuple[Any, bool]:
    """The shape of a literal, and whether it is a box, which takes 180 and -180 degrees for one meridian."""
    tree = json.loads(text)
    if "bbox" not in tree:
        return as_shape(tree), False
    west, south, east, north = tree["bbox"]
    found = shapely.box(west, south, east + 360 if west > east else east, north)
    shapely.prepare(found)
    return found, True
