"""`filter=`: any expression finds what plain Python finds, as text and as JSON, alone and beside other parameters."""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from api.model.actor import ACTORS
from api.model.cql2 import LONGEST
from api.model.event import EVENTS
from api.model.location import LOCATIONS
from api.model.predicates import OPERATORS
from api.model.resource import Resource
from api.model.statement import STATEMENTS
from contract import expressions, questions
from contract.cql2_oracle import KINDS, RELATIONS, SPATIAL, Tree, holds
from contract.cql2_text import as_text
from contract.oracle import Question, select
from contract.worlds import World, as_query

NOUNS = {each.name: each for each in (EVENTS, STATEMENTS, ACTORS, LOCATIONS)}


def expected(world: World, noun: str, tree: Tree, question: Question) -> set[str]:
    found = select(world.records, noun, question)
    return {each["id"] for _, each in found if holds(tree, world.records, noun, each)}


def pages(world: World, noun: str, query: Mapping[str, object], beside: str) -> Iterator[list[str]]:
    """The ids of each page to the end; every one tells the `total`, which must be their number."""
    target: str | None = f"/v1/{noun}?{beside}&{urlencode({'fields': 'id', 'total': 'true', **query})}"
    seen = 0
    while target:
        answer = world.json(target)
        ids = [each["id"] for each in answer["data"]]
        seen += len(ids)
        yield ids
        target = answer["links"]["next"]
    assert seen == answer["meta"]["total"]


def ids_of(world: World, noun: str, query: Mapping[str, object], beside: str) -> list[str]:
    return [each for page in pages(world, noun, query, beside) for each in page]


def ask_at_random(world: World, noun: Resource, examples: int, is_repeatable: bool) -> None:
    """Ask so many random expressions in both encodings, and compare each answer with the oracle's."""
    one = expressions.conditions(world.records, noun)
    sorts = st.sampled_from([sign + key for key in noun.sorts for sign in ("", "-")])

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=is_repeatable,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(
        expressions.expressions(one),
        st.one_of(st.just({}), st.just({}), questions.questions(world.records, noun.name, 1, 2)),
        sorts,
        st.sampled_from((7, 100, 1000)),
        st.booleans(),
    )
    def ask(tree: Tree, question: Question, sort: str, limit: int, is_terse: bool) -> None:
        text, as_json = as_text(tree, is_terse), json.dumps(tree, ensure_ascii=False)
        assume(len(text) <= LONGEST and (len(as_json) <= LONGEST or not isinstance(tree, dict)))
        beside = as_query(question)
        wanted = expected(world, noun.name, tree, question)
        query = {"sort": sort, "limit": limit if len(wanted) < 10 * limit else 100}
        ways: list[dict[str, object]] = []
        if "\\'" not in text:  # where CQL2 text has no way to end with a backslash
            ways.append({"filter": text})
        if isinstance(tree, dict):  # `true` is not told from text
            ways.append({"filter": as_json, "filter-lang": "cql2-json", "limit": 1000})
        found = [ids_of(world, noun.name, query | way, beside) for way in ways]
        assert all(sorted(each) == sorted(wanted) for each in found), (text, as_json)
        assert all(each == found[0] for each in found), (text, as_json)

    ask()


@pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)
def test_any_expression_finds_what_plain_python_finds(world: World, noun: Resource) -> None:
    ask_at_random(world, noun, 40, is_repeatable=True)


@pytest.mark.slow
@pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)
def test_any_expression_finds_what_plain_python_finds_at_length(world: World, noun: Resource) -> None:
    ask_at_random(world, noun, 2000, is_repeatable=False)


@pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)
def test_every_queryable_has_an_oracle(noun: Resource) -> None:
    assert {each.name for each in noun.queryables} == set(KINDS[noun.name])


def test_every_operator_is_asked() -> None:
    asked = {*expressions.ORDERED, *RELATIONS, *SPATIAL, "and", "or", "not", "like", "in", "between", "isNull"}
    assert asked | {"casei", "accenti"} == set(OPERATORS)


SPANS: tuple[Tree, ...] = (
    {"date": "2020-06-01"},
    {"timestamp": "2020-06-01T23:00:00Z"},
    {"interval": ["2020-05-03", "2020-10-31"]},
    {"interval": ["..", "2020-06-01"]},
    {"interval": ["2020-06-01", ".."]},
    {"interval": ["..", ".."]},
    {"interval": [{"property": "start_date"}, {"property": "end_date"}]},
    {"interval": [{"property": "start_date"}, ".."]},
    {"property": "end_date"},
)
OWN_SPANS: tuple[Tree, ...] = (
    {"property": "start_date"},
    {"interval": [{"property": "start_date"}, {"property": "end_date"}]},
)


@pytest.mark.parametrize("name", RELATIONS)
def test_every_temporal_function_of_every_pair_of_spans(made_up_world: World, name: str) -> None:
    """Spans of the data itself are among them, so that those relations hold that ask for the same day."""
    events = made_up_world.records.nouns["events"]
    known = [{"interval": [each["start_date"], each["end_date"]]} for each in events[20:40:10]]
    numbers = set()
    pairs = [(own, other) for own in OWN_SPANS for other in (*SPANS, *known)]
    for one, other in (*pairs, *((other, own) for own, other in pairs[-len(known) :])):
        tree = expressions.op(name, one, other)
        wanted = expected(made_up_world, "events", tree, {})
        found = made_up_world.lines(f"/v1/events.ndjson?{urlencode({'fields': 'id', 'filter': as_text(tree)})}")
        assert {each["id"] for each in found} == wanted, as_text(tree)
        numbers.add(len(wanted))
    assert numbers - {0, len(events)}, "it told nothing from anything"


def shapes_about(longitude: float, latitude: float) -> Iterator[Tree]:
    """Geometries to which a point lies in each of the ways there are: inside, on an edge, at a corner, in a hole, off."""
    x, y = longitude, latitude

    def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
        return [[west, south], [east, south], [east, north], [west, north], [west, south]]

    around, beside = ring(x - 2, y - 2, x + 2, y + 2), ring(x, y - 2, x + 2, y + 2)
    yield {"type": "Point", "coordinates": [x, y]}
    yield {"type": "MultiPoint", "coordinates": [[x, y], [x + 1, y]]}
    yield {"type": "MultiPoint", "coordinates": [[x, y], [x, y]]}
    yield {"type": "LineString", "coordinates": [[x, y], [x + 1, y]]}
    yield {"type": "LineString", "coordinates": [[x - 1, y], [x + 1, y]]}
    yield {"type": "LineString", "coordinates": [[x, y], [x + 1, y], [x + 1, y + 1], [x, y]]}
    yield {"type": "MultiLineString", "coordinates": [[[x, y], [x + 1, y]], [[x, y], [x, y + 1]]]}
    yield {"type": "MultiLineString", "coordinates": [[[x, y], [x + 1, y]], [[x, y - 1], [x, y + 1]]]}
    yield {"type": "Polygon", "coordinates": [around]}
    yield {"type": "Polygon", "coordinates": [beside]}
    yield {"type": "Polygon", "coordinates": [ring(x, y, x + 2, y + 2)]}
    yield {"type": "Polygon", "coordinates": [[[x, y], [x + 2, y - 1], [x + 2, y + 1], [x, y]]]}
    yield {"type": "Polygon", "coordinates": [ring(x - 3, y - 3, x + 3, y + 3), around]}
    yield {"type": "Polygon", "coordinates": [ring(x - 3, y - 3, x + 3, y + 3), ring(x, y, x + 2, y + 2)]}
    yield {"type": "Polygon", "coordinates": [ring(x - 3, y - 3, x + 3, y + 3), ring(x + 1, y + 1, x + 2, y + 2)]}
    yield {"type": "MultiPolygon", "coordinates": [[ring(x + 1, y, x + 2, y + 1)], [ring(x - 1, y - 1, x, y)]]}
    point, far = {"type": "Point", "coordinates": [x, y]}, {"type": "Point", "coordinates": [x + 9, y]}
    yield {"type": "GeometryCollection", "geometries": [point, point]}
    yield {"type": "GeometryCollection", "geometries": [point, far]}
    yield {"type": "GeometryCollection", "geometries": [far, {"type": "Polygon", "coordinates": [beside]}]}
    yield {"bbox": [x - 1, y - 1, x + 1, y + 1]}
    yield {"bbox": [x, y - 1, x + 1, y + 1]}
    yield {"bbox": [x + 3, y - 1, x - 3, y + 1]}
    yield {"bbox": [x, y - 1, x - 3, y + 1]}


@pytest.mark.parametrize("name", SPATIAL)
@pytest.mark.parametrize("noun", ["events", "locations"])
def test_every_spatial_function_of_every_way_to_lie(made_up_world: World, noun: str, name: str) -> None:
    """Round the origin, where lines that slant go exactly through a place; for events the geometry stands first."""
    hits = 0
    for shape in shapes_about(0.0, 0.0):
        own: Tree = {"property": "geometry"}
        tree = expressions.op(name, shape, own) if noun == "events" else expressions.op(name, own, shape)
        wanted = expected(made_up_world, noun, tree, {})
        found = made_up_world.lines(f"/v1/{noun}.ndjson?{urlencode({'fields': 'id', 'filter': as_text(tree)})}")
        assert {each["id"] for each in found} == wanted, as_text(tree)
        hits += bool(wanted)
    assert bool(hits) is (name not in ("s_crosses", "s_overlaps"))


DATE_LINE: tuple[tuple[str, str], ...] = (
    ("S_WITHIN(geometry, BBOX(170, 10, -170, 15))", "date-line-east date-line-west"),
    ("S_TOUCHES(geometry, BBOX(170, 10, -170, 15))", ""),
    ("S_INTERSECTS(geometry, BBOX(170, 10, -170, 15))", "date-line-east date-line-west"),
    ("S_TOUCHES(geometry, BBOX(170, 10, 180, 15))", "date-line-east date-line-west"),
    ("S_TOUCHES(geometry, BBOX(-180, 10, -170, 15))", "date-line-east date-line-west"),
    ("S_WITHIN(geometry, BBOX(-180, 10, -170, 15))", ""),
    ("S_TOUCHES(geometry, BBOX(179.5, 12.5, -179.5, 15))", "date-line-east date-line-west"),
    ("S_EQUALS(geometry, POINT(180 12.5))", "date-line-east"),
    ("S_INTERSECTS(geometry, POLYGON((179 -18, 180 -18, 180 -16, 179 -16, 179 -18)))", "almost-date-line"),
)


@pytest.mark.parametrize(("text", "ids"), DATE_LINE)
def test_boxes_may_cross_the_date_line(made_up_world: World, text: str, ids: str) -> None:
    """For a box 180 and -180 degrees are one meridian; the corners of other geometries are taken as they are."""
    query = urlencode({"fields": "id", "filter": f"type = 'site' AND {text}"})
    assert {each["id"] for each in made_up_world.lines(f"/v1/locations.ndjson?{query}")} == set(ids.split())
