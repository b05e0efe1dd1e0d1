"""Filters of features: each queryable as a parameter, `filter`, `filter-lang`, `filter-crs` (Part 3, 7 to 9; CQL2's classes)."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from answers import Json, ask, faults_of, problem_of
from flask.testing import FlaskClient
from ogc import CRS84, NAMES, get, ids, lies_in, matching, point, records, refused, target

from api.web.ogc.documents import CQL2
from api.web.ogc.layers import COLLECTIONS, Collection

Test = Callable[[Json], bool]
SPELLED = {
    "fatalities": ("low", "best", "high", "civilians", "disputed"), "injured": ("best",), "displaced": ("best",),
    "location": ("id", "name", "type"),
}  # fmt: skip
AT = {f"{outer}_{inner}": (outer, inner) for outer, names in SPELLED.items() for inner in names} | {
    each: ("location", each) for each in ("country", "latitude", "longitude")
}
"""Where in an event a property stands that is no member of its own."""
BY_NAME = {
    "events": {
        "actor": "HTS",
        "location": "Syria",
        "source": "ssbcrack-half-of-aleppo",
        "part_of": "northern-syria-offensive",
    },
    "locations": {"within": "Syria"},
}
"""Queryables with several values: a value that `/v1` takes as a parameter of the same name."""


def value_of(noun: str, record: Json, name: str) -> Any:
    if noun == "events" and name in AT:
        outer, inner = AT[name]
        return record[outer] and record[outer][inner]
    return record[name]


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


SCALARS = [
    pytest.param(collection, each.name, id=f"{collection.noun.name}-{each.name}")
    for collection in COLLECTIONS
    for each in collection.queryables
    if each.name not in BY_NAME[collection.noun.name]
]


@pytest.mark.parametrize(("collection", "name"), SCALARS)
def test_a_queryable_is_a_parameter(client: FlaskClient, collection: Collection, name: str) -> None:
    noun = collection.noun.name
    values = {each["id"]: value_of(noun, each, name) for each in records(client, noun)}
    known = sorted({as_text(each) for each in values.values() if each is not None})
    if name not in ("injured_best", "displaced_best"):
        assert known, "the seed has no value to ask for"
    for text in known:
        expected = {record_id for record_id, value in values.items() if value is not None and as_text(value) == text}
        assert matching(client, noun, **{name: text}) == expected


@pytest.mark.parametrize(("noun", "name"), [(noun, name) for noun, names in BY_NAME.items() for name in names])
def test_a_queryable_of_several_values_means_what_it_means_elsewhere(client: FlaskClient, noun: str, name: str) -> None:
    text = BY_NAME[noun][name]
    expected = ask(client, f"/v1/{noun}?limit=1000&{name}={quote(text)}").get_json()["data"]
    assert matching(client, noun, **{name: text}) == {each["id"] for each in expected}
    assert 0 < len(expected) < len(records(client, noun))
    refused(client, target(noun, **{name: "Nobody's Land"}), name)


def test_every_queryable_but_the_geometry_is_a_parameter() -> None:
    for each in COLLECTIONS:
        named = {one.name for one in each.noun.queryables} - {"geometry"}
        assert named <= {one.name for one in each.parameters}
        assert {param.values[1] for param in SCALARS if param.values[0] is each} | set(BY_NAME[each.noun.name]) == named


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("type=airstrik", 'did you mean "airstrike"'), ("type=Airstrike", '"airstrike"'), ("type=airstrike,shelling", "not one"),
        ("status=x", "not one"), ("country=Syriaa", "Syria"), ("country=XX", "XX"), ("fatalities_best=four", "number"),
        ("fatalities_best=4.5", "whole number"), ("fatalities_best=1e99", "number"), ("fatalities_best=04", "number"),
        ("latitude=36%C2%B0", "number"), ("latitude=NaN", "number"), ("fatalities_disputed=yes", "true"),
        ("fatalities_disputed=1", "true"), ("start_date=2024-02-30", "calendar day"), ("start_date=2024", "calendar day"),
        ("created_at=today", "moment"), ("version=one", "number"), ("actor=Nobody", "Nobody"), ("dataset=nope", "nope"),
        ("title=%00", "character"), ("title=", "is empty"), ("summary=%20", "is empty"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_refused(client: FlaskClient, query: str, said: str) -> None:
    name = query.partition("=")[0]
    fault = refused(client, f"{target('events')}?{query}", name)
    assert said in problem_of(ask(client, f"{target('events')}?{query}"))["detail"] or said == fault.get("did_you_mean")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("typ", "type"), ("countrry", "country"), ("BBOX", "bbox"), ("date_time", "datetime"), ("limt", "limit"),
        ("resulttype", "resultType"), ("filter_lang", "filter-lang"), ("offset", "cursor"),
        ("fatalities-best", "fatalities_best"),
        ("geometry", None), ("sortby", None), ("crs", None), ("bbox-crs", None), ("f", None), ("q", None), ("properties", None),
        ("from", None), ("fields", None), ("min_fatalities", None),
    ],
)  # fmt: skip
def test_an_unknown_parameter_is_refused(client: FlaskClient, name: str, meant: str | None) -> None:
    fault = refused(client, f"{target('events')}?{name}=1", name)
    assert "is not a parameter here" in fault["detail"]
    assert meant is None or fault["did_you_mean"] == meant
    assert "bbox" in fault["allowed"]


def test_a_parameter_is_given_once(client: FlaskClient) -> None:
    for name, text in (("type", "airstrike"), ("bbox", "1,2,3,4"), ("filter", "true"), ("limit", "5")):
        assert "2 times" in refused(client, f"{target('events')}?{name}={text}&{name}={text}", name)["detail"]


# filter=


def title_is_like(pattern: str, flags: int = 0) -> Test:
    return lambda each: bool(re.search(pattern, each["title"], flags))


BOX, TRIANGLE = "BBOX(36.5,36,38,37)", "POLYGON((37 36,38 36,37.5 37,37 36))"
EXAMPLES: dict[str, tuple[str, Test]] = {
    "basic-cql2": (
        "NOT (type = 'airstrike' OR fatalities_best IS NULL) AND fatalities_best >= 4 AND start_date < DATE('2024-12-01')",
        lambda each: each["type"] != "airstrike" and (each["fatalities"]["best"] or 0) >= 4,
    ),
    "cql2-text": ("\"type\" = 'shelling'", lambda each: each["type"] == "shelling"),
    "cql2-json": (
        '{"op":"or","args":[{"op":"=","args":[{"property":"type"},"shelling"]},{"op":"isNull","args":[{"property":"geometry"}]}]}',
        lambda each: each["type"] == "shelling" or point(each) is None,
    ),
    "advanced-comparison-operators": (
        "title LIKE '%Aleppo%' AND type NOT IN ('talks', 'shelling') AND source_count BETWEEN 1 AND 2",
        lambda each: "Aleppo" in each["title"] and each["type"] not in ("talks", "shelling") and each["source_count"] <= 2,
    ),
    "case-insensitive-comparison": ("CASEI(title) LIKE CASEI('%ALEPPO%')", title_is_like("aleppo", re.IGNORECASE)),
    "accent-insensitive-comparison": ("ACCENTI(title) LIKE ACCENTI('%Àléppö%')", title_is_like("Aleppo")),
    "basic-spatial-functions": (
        f"S_INTERSECTS(geometry, {BOX})", lambda each: lies_in((36.5, 36, 38, 37), point(each)),
    ),
    "basic-spatial-functions-plus": (
        f"S_INTERSECTS(geometry, {TRIANGLE})", lambda each: point(each) == (37.1612, 36.2012),
    ),
    "spatial-functions": (
        f"S_WITHIN(geometry, {TRIANGLE}) OR S_DISJOINT(geometry, {BOX})", lambda each: point(each) is not None,
    ),
    "temporal-functions": (
        "T_AFTER(start_date, DATE('2024-11-27')) AND T_DURING(end_date, INTERVAL('2024-11-01', '2024-12-01'))",
        lambda each: each["start_date"] > "2024-11-27" and each["end_date"] < "2024-12-01",
    ),
}  # fmt: skip
"""An expression for each class that is declared, and what it says of an event."""


def language_of(expression: str) -> str:
    return "cql2-json" if expression.startswith("{") else "cql2-text"


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_declared_works(client: FlaskClient, name: str) -> None:
    declared = get(client, "/ogc/conformance")["conformsTo"]
    assert {each.rpartition("/")[2] for each in declared if each.startswith(CQL2)} == set(EXAMPLES)
    text, holds = EXAMPLES[name]
    expected = {each["id"] for each in records(client, "events") if holds(each)}
    assert matching(client, "events", **{"filter": text, "filter-lang": language_of(text)}) == expected
    assert expected


def test_a_filter_must_hold_beside_all_else(client: FlaskClient) -> None:
    parts: list[dict[str, str]] = [
        {"filter": "fatalities_best IS NULL OR fatalities_best < 5"}, {"bbox": "36.5,36,38,37"},
        {"datetime": "2024-11-28/.."}, {"location_precision": "exact"},
    ]  # fmt: skip
    alone = [matching(client, "events", **each) for each in parts]
    together: dict[str, str] = {name: text for each in parts for name, text in each.items()}
    assert matching(client, "events", **together) == set.intersection(*alone)
    assert set.intersection(*alone) not in alone


def test_queryables_must_hold_together(client: FlaskClient) -> None:
    one, other = matching(client, "events", type="airstrike"), matching(client, "events", country="SY")
    assert matching(client, "events", type="airstrike", country="SY") == one & other


@pytest.mark.parametrize("language", [None, "cql2-text", "cql-text"])
def test_text_is_read_in_its_languages(client: FlaskClient, language: str | None) -> None:
    query = {"filter": "type = 'airstrike'"} | ({"filter-lang": language} if language else {})
    assert matching(client, "events", **query) == matching(client, "events", type="airstrike")


def test_what_gdal_writes_is_understood(client: FlaskClient) -> None:
    query = {"filter": "((start_date >= '2024-11-28T') AND (title ILIKE '%aleppo%'))", "filter-lang": "cql-text"}
    expected = {
        each["id"]
        for each in records(client, "events")
        if each["start_date"] >= "2024-11-28" and "aleppo" in each["title"].lower()
    }
    assert matching(client, "events", **query) == expected != set()


def test_geometries_are_in_crs84(client: FlaskClient) -> None:
    text = f"S_INTERSECTS(geometry, {BOX})"
    plain = matching(client, "events", filter=text)
    assert plain
    assert matching(client, "events", **{"filter": text, "filter-crs": CRS84}) == plain
    for other in ("http://www.opengis.net/def/crs/EPSG/0/4326", "CRS84", f"{CRS84}h", ""):
        fault = refused(client, target("events", **{"filter": text, "filter-crs": other}), "filter-crs")
        assert other == "" or fault["allowed"] == [CRS84]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"filter": "type = "}, "filter"), ({"filter": ""}, "filter"), ({"filter": "type"}, "filter"),
        ({"filter": "types = 'airstrike'"}, "filter"), ({"filter": "type = 'x'"}, "filter"), ({"filter": "type = 5"}, "filter"),
        ({"filter": "NEAR(geometry, 5)"}, "filter"), ({"filter": "S_INTERSECTS(title, POINT(1 2))"}, "filter"),
        ({"filter": '{"op":"=","args":[{"property":"type"},"airstrike"]}'}, "filter"),
        ({"filter": "true", "filter-lang": "cql2-json"}, "filter"), ({"filter": "true", "filter-lang": "sql"}, "filter-lang"),
        ({"filter-lang": "CQL2-TEXT"}, "filter-lang"), ({"filter": "{", "filter-lang": "cql2-json"}, "filter"),
    ],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(client: FlaskClient, query: dict[str, str], parameter: str) -> None:
    for name in NAMES:
        answer = ask(client, target(name, **query))
        assert answer.status_code == 400
        assert list(faults_of(problem_of(answer))) == [parameter]


def test_only_queryables_may_be_named(client: FlaskClient) -> None:
    for noun in NAMES:
        named = get(client, f"/ogc/collections/{noun}/queryables")["properties"]
        fault = refused(client, target(noun, filter="colour = 'red'"), "filter")
        assert set(fault["allowed"]) == set(named)
        for name in named.keys() - {"geometry"} - BY_NAME[noun].keys():
            known = matching(client, noun, filter=f"NOT {name} IS NULL")
            unknown = matching(client, noun, filter=f"{name} IS NULL")
            assert known | unknown == set(ids(get(client, target(noun))))
            assert not known & unknown
