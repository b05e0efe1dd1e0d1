"""CQL2 as it is read: what a text means, what is refused and where, and that nothing hostile does more than be refused."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.model import predicates
from api.model.actor import ACTORS
from api.model.cql2 import DEEPEST, LONGEST, Expression
from api.model.event import EVENTS
from api.model.location import LOCATIONS
from api.model.predicates import LONGEST_PATTERN, MOST_PREDICATES
from api.model.problem import Refusal
from api.model.resource import Resource
from api.model.statement import STATEMENTS

READ = EVENTS.expressions.parse


def op(name: str, *arguments: Any) -> dict[str, Any]:
    return {"op": name, "args": list(arguments)}


def of(name: str) -> dict[str, str]:
    return {"property": name}


TITLE, TYPE, START = of("title"), of("type"), of("start_date")
TREES: list[tuple[str, Any]] = [
    ("type = 'airstrike'", op("=", TYPE, "airstrike")),
    ('"type" = \'airstrike\'', op("=", TYPE, "airstrike")),
    ("'airstrike' = type", op("=", "airstrike", TYPE)),
    ("title = 'it''s'", op("=", TITLE, "it's")),
    (r"title = 'it\'s'", op("=", TITLE, "it's")),
    (r"title = 'x\'", op("=", TITLE, "x\\")),
    (r"title = 'it\'s' AND title = 'x'", op("and", op("=", TITLE, "it's"), op("=", TITLE, "x"))),
    ("title = ''", op("=", TITLE, "")),
    ("version=-1.5e1", op("=", of("version"), -15)),
    ("fatalities_disputed", of("fatalities_disputed")),
    ("true", True),
    ("NOT version < 2 AND version > 0 OR false",
     op("or", op("and", op("not", op("<", of("version"), 2)), op(">", of("version"), 0)), False)),
    ("(version = 1 OR version = 2) AND version = 3",
     op("and", op("or", op("=", of("version"), 1), op("=", of("version"), 2)), op("=", of("version"), 3))),
    ("title NOT LIKE 'a\\%_%'", op("not", op("like", TITLE, "a\\%_%"))),
    ("title IS NOT NULL", op("not", op("isNull", TITLE))),
    ("version NOT BETWEEN 1 AND 2", op("not", op("between", of("version"), 1, 2))),
    ("version NOT IN (1, 2)", op("not", op("in", of("version"), [1, 2]))),
    ("casei(title) = Casei('X')", op("=", op("casei", TITLE), op("casei", "X"))),
    ("start_date = DATE('2024-11-27')", op("=", START, {"date": "2024-11-27"})),
    ("start_date = '2024-11-27T'", op("=", START, "2024-11-27T")),
    ("updated_at < TIMESTAMP('2024-11-27T08:00:00.5Z')",
     op("<", of("updated_at"), {"timestamp": "2024-11-27T08:00:00.5Z"})),
    ("t_FINISHEDBY(start_date, INTERVAL('..', '2024-11-27'))",
     op("t_finishedBy", START, {"interval": ["..", "2024-11-27"]})),
    ("S_INTERSECTS(geometry, BBOX(1, 2, 3, 4))", op("s_intersects", of("geometry"), {"bbox": [1, 2, 3, 4]})),
    ("S_WITHIN(geometry, MULTIPOINT((1 2), (3 4)))",
     op("s_within", of("geometry"), {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]})),
    ("title ILIKE 'Half%'", op("like", op("casei", TITLE), op("casei", "Half%"))),
    ("title NOT ilike 'it''s%'", op("not", op("like", op("casei", TITLE), op("casei", "it's%")))),
    ('NOT "title" ILIKE \'x\'', op("not", op("like", op("casei", TITLE), op("casei", "x")))),
    ("title = 'a ILIKE ''x'' b'", op("=", TITLE, "a ILIKE 'x' b")),
    ("title = 'NOT NOT (((('", op("=", TITLE, "NOT NOT ((((")),
    ("title = dataset", op("=", TITLE, of("dataset"))),
    ("((version) = ((1)))", op("=", of("version"), 1)),
    ("NOT(version IN((1), 2))", op("not", op("in", of("version"), [1, 2]))),
    ("(version BETWEEN (1) AND (2)) AND ((title) IS NULL)",
     op("and", op("between", of("version"), 1, 2), op("isNull", TITLE))),
    ("title LIKE ('(%')AND(version=1)", op("and", op("like", TITLE, "(%"), op("=", of("version"), 1))),
    ("(S_WITHIN((geometry), GEOMETRYCOLLECTION Z (MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1))))))",
     op("s_within", of("geometry"), {"type": "GeometryCollection", "geometries": [
         {"type": "MultiPolygon", "coordinates": [[[[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]]]]}]})),
    ("T_AFTER(INTERVAL((start_date), end_date), (DATE('2024-11-27')))",
     op("t_after", {"interval": [START, of("end_date")]}, {"date": "2024-11-27"})),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), TREES)
def test_a_text_is_read(text: str, tree: Any) -> None:
    found = READ(text)
    assert found.tree == tree
    assert not found.is_json
    assert found.clauses()


@pytest.mark.parametrize("tree", [tree for _, tree in TREES if isinstance(tree, dict)], ids=json.dumps)
def test_its_json_is_read_as_the_same(tree: Any) -> None:
    found = READ(f" {json.dumps(tree)}")
    assert found.tree == tree
    assert found.is_json
    assert found.clauses() == EVENTS.expressions.reading(tree).clauses()


REFUSED: list[tuple[Resource, str, str, str | None]] = [
    (EVENTS, "typ = 'airstrike'", 'at character 1: "typ" is not a property here', "type"),
    (EVENTS, "location_type = 'x' AND TYP = 'x'", 'at character 25: "TYP" is not a property here', "type"),
    (EVENTS, "location_type = 'x' AND type = 'airstrik'", 'at character 33: type: "airstrik" is not one of', "airstrike"),
    (EVENTS, "version = 1 AND type > 3", "at character 17: type: takes a text between single quotes", None),
    (EVENTS, "country = 'Syira'", 'at character 12: country: "Syira" is not', "Syria"),
    (EVENTS, "title =", "at line 1, character 8, it ends, and something is missing", None),
    (EVENTS, "title = 'a'\nAND ]", 'at line 2, character 5, "]" cannot be read', None),
    (EVENTS, "title = 'a\u2028b'\nAND ]", 'at line 2, character 5, "]" cannot be read', None),
    (EVENTS, "(type = 'a'\n AND (version = 1 version))", 'at line 2, character 19, "version))" cannot be read', None),
    (EVENTS, "(version = 1) (version = 2)", 'at line 1, character 15, "(version = 2)" cannot be read', None),
    (EVENTS, "version = 1) AND true", 'at line 1, character 12, ") AND true" cannot be read', None),
    (EVENTS, "NOT (version = 1", "at line 1, character 17, it ends, and something is missing", None),
    (EVENTS, "NOT ()", 'at line 1, character 6, ")" cannot be read', None),
    (EVENTS, "title = 'a' -- all of them", 'character 20, "of them" cannot be read', None),
    (EVENTS, "title = NULL", "title: nothing equals NULL; write IS NULL", None),
    (EVENTS, "title IN ('a', NULL)", "nothing equals NULL", None),
    (EVENTS, "title LIKE 3", "title: takes a text", None),
    (EVENTS, "version LIKE '1%'", "at character 1: version: is no text; LIKE goes with texts", None),
    (EVENTS, "CASEI(version) = '1'", "version: is no text; CASEI goes with texts", None),
    (EVENTS, "ACCENTI(actor) = 'x'", "actor: is no text; ACCENTI goes with texts", None),
    (EVENTS, "title = start_date", "at character 9: start_date: is of another type than title", None),
    (EVENTS, "title = actor", "actor: cannot be compared with another property", None),
    (EVENTS, "geometry = geometry", "geometry: cannot be compared", None),
    (EVENTS, "1 = 2", "neither side is a property", None),
    (EVENTS, "fatalities_disputed > false", "fatalities_disputed: has no order", None),
    (EVENTS, "actor < 'HTS'", "actor: has no order; < does not go with it", None),
    (EVENTS, "actor BETWEEN 'A' AND 'B'", "actor: has no order", None),
    (EVENTS, "actor LIKE 'H%'", "actor: is no text", None),
    (EVENTS, "actor IS NULL", "actor: IS NULL does not go with it: it may have several values", None),
    (STATEMENTS, "country > 'SY'", "country: has no order", None),
    (STATEMENTS, "country BETWEEN 'SY' AND 'TR'", "country: has no order", None),
    (STATEMENTS, "country LIKE 'S%'", "country: LIKE does not go with it: it may have several values", None),
    (STATEMENTS, "CASEI(country) = 'sy'", "country: is no text", None),
    (STATEMENTS, "country IS NULL", "country: IS NULL does not go with it", None),
    (STATEMENTS, "geometry IS NULL", "geometry: IS NULL does not go with it", None),
    (STATEMENTS, "S_WITHIN(geometry, POINT(1 2))", "S_INTERSECTS alone goes with them", None),
    (EVENTS, "latitude = 'x'", "latitude: takes a number", None),
    (EVENTS, "latitude = true", "latitude: takes a number", None),
    (EVENTS, "latitude = 1e400", "latitude: takes a number within ±2^53", None),
    (EVENTS, "version = 9007199254740994", "within ±2^53", None),
    (EVENTS, "version + 1 = 2", '"+" is not a function here', None),
    (EVENTS, "lower(title) = 'x'", '"lower" is not a function here', None),
    (EVENTS, "A_CONTAINS(actor, ('HTS'))", '"a_contains" is not an operator here', "t_contains"),
    (EVENTS, "title", "title: takes a text", None),
    (EVENTS, "start_date > '27.11.2024'", 'start_date: "27.11.2024" is not a calendar day', None),
    (EVENTS, "start_date > DATE('2024-02-30')", '"2024-02-30" is not a calendar day', None),
    (EVENTS, "updated_at > '2024-11-27T08:00:00+02:00'", "is not a moment", None),
    (EVENTS, "start_date > updated_at", "updated_at: is of another type than start_date", None),
    (EVENTS, "T_AFTER(title, DATE('2024-11-27'))", "title: is no day and no moment", None),
    (EVENTS, "T_AFTER(DATE('2024-11-27'), DATE('2024-11-26'))", "T_AFTER needs a property", None),
    (EVENTS, "T_AFTER(start_date, INTERVAL('2024-11-27', '2024-11-26'))", "must not end before it begins", None),
    (EVENTS, "T_AFTER(INTERVAL(start_date, 'soon'), DATE('2024-11-27'))", 'start_date: "soon" is not', None),
    (EVENTS, "T_AFTER(start_date, INTERVAL(2024-12-01, '..'))", "start_date: takes DATE(", None),
    (EVENTS, "T_AFTER(start_date, '..')", '".." is not a', None),
    (EVENTS, "geometry = POINT(1 2)", "geometry: is a geometry: it stands in a spatial function", None),
    (EVENTS, "S_INTERSECTS(title, POINT(1 2))", "title: is no geometry", None),
    (EVENTS, "S_INTERSECTS(geometry, geometry)", "needs a geometry", None),
    (EVENTS, "S_INTERSECTS(geometry, 'POINT(1 2)')", "needs a geometry", None),
    (EVENTS, "S_INTERSECTS(POINT(1 2), POINT(1 2))", "takes the property geometry and a geometry", None),
    (EVENTS, "S_INTERSECTS(geometry, POINT(36 95))", "the position 36 95 is not a longitude and a latitude", None),
    (EVENTS, "S_INTERSECTS(geometry, POINT EMPTY)", "is no CQL2", None),
    (EVENTS, "S_INTERSECTS(geometry, POLYGON EMPTY)", "a geometry needs coordinates", None),
    (EVENTS, "S_INTERSECTS(geometry, BBOX(1, 5, 3, 4))", "its south is not north of its north", None),
    (EVENTS, "S_INTERSECTS(geometry, BBOX(1, 2, 1e400, 4))", "in degrees", None),
    (ACTORS, "geometry IS NULL", '"geometry" is not a property here', None),
    (LOCATIONS, "near = 1", '"near" is not a property here', None),
    (EVENTS, r"title IN ('x\', 'y')", "\"y')\" cannot be read. A quotation mark after a backslash is part of the text", None),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "text", "detail", "meant"), REFUSED, ids=[text for _, text, *_ in REFUSED])
def test_what_does_not_fit_is_refused_with_its_place(noun: Resource, text: str, detail: str, meant: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        noun.expressions.parse(text)
    assert detail in refused.value.detail
    assert refused.value.did_you_mean == meant


NO_CQL2_JSON = [
    ('{"op":"=","args":[{"property":"version"},1]', "is no CQL2 JSON"),
    ('{"op":"=","op":"<","args":[{"property":"version"},1]}', 'The member "op" stands twice'),
    ('{"op":"=","args":[{"property":"version","property":"type"},1]}', "stands twice"),
    ('{"op":"=","args":[{"property":"version"},1e400]}', "is too large"),
    ('{"op":"=","args":[{"property":"version"},NaN]}', "NaN is not JSON"),
    ('{"op":"=","args":[{"property":"version"},9007199254740993]}', "outside ±2^53"),
    ('{"op":"=","args":[{"property":"title"},"\\u0000"]}', "U+0000"),
    ('{"op":"=","args":[{"property":"title"},"\\ud800"]}', "U+D800"),
    ("{}", "needs predicates"),
    ('{"op":"and"}', "needs predicates"),
    ('{"op":"and","args":[]}', "needs predicates"),
    ('{"op":"and","args":[1]}', "needs predicates"),
    ('{"op":"and","args":{"property":"title"}}', "needs predicates"),
    ('{"op":"isNull","args":[{"property":"title"}],"note":1}', "needs predicates"),
    ('{"op":"not","args":[true,false]}', "NOT takes 1 arguments; has 2"),
    ('{"op":"=","args":[{"property":"title"}]}', "= takes 2 arguments; has 1"),
    ('{"op":["="],"args":[{"property":"title"},"x"]}', "needs predicates"),
    ('{"op":"=","args":[{"op":["casei"],"args":[1]},1]}', "neither side is a property"),
    ('{"op":"=","args":[{"property":["title"]},"x"]}', "begins with the name of a property"),
    ('{"op":"=","args":[{"property":"title","collation":"x"},"x"]}', "begins with the name of a property"),
    ('{"op":"in","args":[{"property":"title"},"x"]}', "IN takes a list"),
    ('{"op":"in","args":[{"property":"title"},[]]}', "IN takes a list"),
    ('{"op":"in","args":[{"property":"title"},[["x"]]]}', "takes a text"),
    ('{"op":"=","args":[{"property":"fatalities_disputed"},[]]}', "takes true or false"),
    ('{"op":"=","args":[{"property":"start_date"},{"date":"2024-11-27","timestamp":"2024-11-28T00:00:00Z"}]}', "takes DATE("),
    ('{"op":"t_after","args":[{"property":"start_date"},{"interval":["2024-11-27"]}]}', "INTERVAL takes two ends"),
    ('{"op":"t_after","args":[{"property":"start_date"},{"interval":["..",".."],"step":1}]}', "takes DATE("),
    ('{"op":"t_after","args":[{"property":"start_date"},{"interval":[["x"],".."]}]}', "takes DATE("),
    ('{"op":"s_intersects","args":[{"property":"geometry"},{"type":["Point"],"coordinates":[1,2]}]}', "needs a geometry"),
    ('{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Circle","coordinates":[1,2]}]}', '"Circle" is not a type'),
    ('{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":["1",2]}]}', "a position is"),
    ('{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2,3]}]}', "BBOX takes west"),
    ('{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2,3,true]}]}', "BBOX takes numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "detail"), NO_CQL2_JSON)
def test_what_json_does_not_fit_is_refused(text: str, detail: str) -> None:
    with pytest.raises(Refusal) as refused:
        READ(text)
    assert detail in refused.value.detail


def test_a_geometry_may_have_a_box_beside_its_coordinates() -> None:
    """RFC 7946 allows it; the box is not what is asked for."""
    point = {"type": "Point", "coordinates": [1, 2]}
    trees = [op("s_intersects", of("geometry"), each) for each in (point, point | {"bbox": [0, 0, 50, 50]})]
    assert READ(json.dumps(trees[0])).clauses() == READ(json.dumps(trees[1])).clauses()


def test_a_word_that_is_nowhere_in_the_text_has_no_place() -> None:
    with pytest.raises(Refusal, match=r"^type: \"it's\" is not one of its values$"):
        READ("type = 'it''s'")


def nested(levels: int) -> str:
    return "(" * levels + "version = 1" + ")" * levels


def in_calls(levels: int) -> str:
    return "CASEI(" * levels + "title" + ")" * levels + " = 'x'"


LIMITS: list[tuple[str, str, str]] = [
    ("title = '" + "x" * (LONGEST - 10) + "'", "title = '" + "x" * (LONGEST - 9) + "'", f"at most {LONGEST} characters"),
    (nested(DEEPEST - 1), nested(DEEPEST), "nested more than"),
    ("NOT " * (DEEPEST - 1) + "version = 1", "NOT " * DEEPEST + "version = 1", "nested more than"),
    ("NOT (" * 15 + "version = 1" + ")" * 15, "NOT (" * 16 + "version = 1" + ")" * 16, "nested more than"),
    (json.dumps(eval("op('not', " * 30 + "op('=', of('version'), 1)" + ")" * 30)),
     json.dumps(eval("op('not', " * 31 + "op('=', of('version'), 1)" + ")" * 31)), "levels deep"),
    (in_calls(6), in_calls(7), "more than 6 functions"),
    ("version IN (1, (2))", "version IN (1, version IN (2))", "a list must not hold a list"),
    (" AND ".join(["version=1"] * MOST_PREDICATES), " AND ".join(["version=1"] * (MOST_PREDICATES + 1)), "more than 100"),
    (" OR ".join(["version=1"] * MOST_PREDICATES), " OR ".join(["version=1"] * (MOST_PREDICATES + 1)), "more than 100"),
    ("title LIKE '" + "%" * LONGEST_PATTERN + "'", "title LIKE '" + "%" * (LONGEST_PATTERN + 1) + "'", "at most 256"),
]  # fmt: skip


@pytest.mark.parametrize(("most", "more", "detail"), LIMITS, ids=[each[2] + each[0][:9] for each in LIMITS])
def test_a_limit_is_what_it_says(most: str, more: str, detail: str) -> None:
    assert READ(most).clauses()
    with pytest.raises(Refusal, match=detail):
        READ(more)


def test_what_stands_side_by_side_is_not_deep() -> None:
    assert READ(" AND ".join(["NOT (version IS NULL OR (version = -1))"] * 40)).clauses()
    corners = ", ".join(f"-{n}.5 -{n}.5" for n in range(60))
    assert READ(f"S_INTERSECTS(geometry, MULTIPOINT({corners}))").clauses()


BOMBS = {
    "brackets": "(" * 7000,
    "closed brackets": "(" * 3500 + "true" + ")" * 3500,
    "calls": "f(" * 3000,
    "arrays": "title IN " + "(" * 5000,
    "brackets behind an escaped quote": "title = '\\'' or '" + "(" * 4000,
    "brackets behind a quote in quotes": '"\'"' + "(" * 4000 + '"\'"',
    "not": "NOT " * 1900 + "true",
    "not, by lines": "not\n" * 1900 + "true",
    "not, by spaces that do not break": "not\u00a0" * 1900 + "true",
    "not and quotes": 'not""' * 1500 + "true",
    "not and brackets": ("NOT " * 32 + "(") * 32 + "true" + ")" * 32,
    "minus": "-" * 7000 + "1 = version",
    "not and minus": "not - " * 1300 + "version",
    "comparisons": "=".join(["a"] * 3999),
    "orders": "<".join(["a"] * 3999),
    "comparisons in brackets": ("=".join("a" * 100) + "=(") * 30 + "a" + ")" * 30,
    "sums": "+".join(["a"] * 3999),
    "products": "*".join(["a"] * 3999),
    "powers": "^".join(["a"] * 3999),
    "moduli": "%".join(["a"] * 3999),
    "quotients": " div ".join(["a"] * 1300),
    "likes": " like ".join(["a"] * 1100),
    "ilikes": "a ILIKE 'x' " * 600,
    "lists": "a=a in (1)" + "=a in (1)" * 800,
    "is null": "a" + " is null" * 800,
    "between": "a between 1 and " * 450 + "2",
    "a between in between": "a between 1 and b between 1 and " * 240 + "2",
    "geometries": "S_WITHIN(geometry, " + "GEOMETRYCOLLECTION(" * 400,
    "strings": "'a' " * 1900,
    "open strings": "a = '" + "(" * 7000,
    "open names": 'a = "' + "(" * 7000,
    "an open bracket, read twice in each": "(" * 31 + "a",
    "a wrong word in brackets": "(" * 31 + "a b" + ")" * 31,
    "open brackets behind words": "(a=1 and " * 31 + "a",
    "pairs in pairs": "(" * 31 + "1" + ",2)" * 31,
    "lists in lists": "a in (" * 15 + "1" + ",2)" * 15,
    "lists in calls in lists": "a in (f(" * 12 + "1 2" + "))" * 12,
    "geometries in geometries": "polygon((" * 14 + "a" + "))" * 14,
    "geometries in lists": "in (multipolygon(((" * 7 + "a" + "))))" * 7,
    "calls in geometries": "f(a,point z (point(" * 10 + "a",
    "json": '{"op":"not","args":[' * 390,
    "json arrays": '{"op":' + "[" * 7000,
    "json objects": '{"op":' * 1300,
}
"""Texts of less than the longest length that would take the parser deep down, or again and again to where it was."""

CHILD = """
import json, sys, threading
from api.model.event import EVENTS
from api.model.problem import Refusal
def read(text):
    try:
        EVENTS.expressions.parse(text)
    except Refusal:
        refused.append(text)
refused = []
threading.stack_size(512 * 1024)
for text in json.load(sys.stdin):
    thread = threading.Thread(target=read, args=(text,))
    thread.start()
    thread.join()
print(len(refused))
"""


def test_no_text_ends_the_process_or_keeps_it_busy() -> None:
    """The parser ends the process where the stack ends; a quarter of the stack that threads of a server have is enough.

    Nor does any keep it busy: what is read 2^31 times takes days.
    """
    assert all(len(each) <= LONGEST for each in BOMBS.values())
    found = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(list(BOMBS.values())),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=300,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{len(BOMBS)}\n", "")


QUICK = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
TOKENS = (
    *(each.name for each in EVENTS.queryables), *predicates.OPERATORS, "'airstrike'", "'2024-11-27'", "DATE('2024-11-27')",
    "INTERVAL('..', '..')", "INTERVAL(", "POINT(1 2)", "BBOX(1,2,3,4)", "BBOX(", "POLYGON((0 0, 1 0, 1 1, 0 0))", "POINT",
    "NULL", "IS", "TRUE", "1", "-1", "1e400", "(", ")", ",", "'", '"', "''", "[", "]", "{", "}", "\\", "\n", "--", "/*", ";",
    "é", "\u0000", "\ud800", "ILIKE", "%", "_", "..", "🜁", "{\"op\":", "x", ".",
)  # fmt: skip


def is_answered(text: str) -> bool:
    """Is it read or refused? Any other exception is a bug."""
    try:
        expression = READ(text)
    except Refusal as refusal:
        return bool(refusal.detail)
    return isinstance(expression, Expression) and bool(expression.clauses())


@QUICK
@given(st.lists(st.sampled_from(TOKENS), max_size=25), st.sampled_from((" ", "", ", ")))
def test_a_soup_of_tokens_is_read_or_refused(tokens: list[str], between: str) -> None:
    assert is_answered(between.join(tokens))


@QUICK
@given(st.text(st.characters(), max_size=60), st.sampled_from(("", "title = '", "title LIKE '")))
def test_any_text_is_read_or_refused(text: str, begin: str) -> None:
    assert is_answered(begin + text + ("'" if begin else ""))


MEMBERS = ("op", "args", "property", "date", "timestamp", "interval", "bbox", "type", "coordinates", "geometries", "x")
WORDS = (
    *predicates.OPERATORS,
    *(each.name for each in EVENTS.queryables),
    "Point",
    "Polygon",
    "GeometryCollection",
    "..",
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
        st.builds(
            lambda name, arguments: {"op": name, "args": arguments}, st.sampled_from(WORDS), st.lists(inner, max_size=3)
        ),
        st.sampled_from(WORDS).map(of),
    ),
    max_leaves=12,
)


@QUICK
@given(st.dictionaries(st.sampled_from(("op", "args", "property", "x")), VALUES, max_size=3))
def test_a_soup_of_json_is_read_or_refused(value: Any) -> None:
    assert is_answered(json.dumps(value))


@QUICK
@given(st.sampled_from(predicates.OPERATORS), st.lists(VALUES, min_size=1, max_size=3))
def test_any_arguments_are_read_or_refused(name: str, arguments: list[Any]) -> None:
    assert is_answered(json.dumps({"op": name, "args": arguments}))
