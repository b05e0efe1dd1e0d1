"""`filter=` over HTTP: what is refused and the way out, pages, conditions, snapshots, formats, summaries, features."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from answers import Json, ask, check_type, event, faults_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient

from api.config import Settings
from api.store import snapshots

STRIKES = "type = 'airstrike'"
STRIKES_JSON = json.dumps({"op": "=", "args": [{"property": "type"}, "airstrike"]})
STRIKE_IDS = {"airstrikes-on-idlib", "russian-airstrikes-kill-civilians"}
AS_JSON = {"filter-lang": "cql2-json"}
LISTS = ("/v1/events", "/v1/statements", "/v1/actors", "/v1/locations", "/v1/events/summary", "/v1/statements/summary")
FEATURES = ("/ogc/collections/events/items", "/ogc/collections/locations/items")


def of(path: str, expression: str, **more: Any) -> str:
    return f"{path}?{urlencode({'filter': expression, **more})}"


def found_at(client: FlaskClient, target: str) -> Json:
    answer = ask(client, target)
    assert answer.status_code == 200, answer.text
    found: Json = strict_json(answer.text)
    return found


def listed(answer: Json) -> list[Json]:
    """The records or features of an answer."""
    found: list[Json] = answer["data"] if "data" in answer else answer["features"]
    return found


def data_of(client: FlaskClient, target: str) -> list[Json]:
    data: list[Json] = found_at(client, target)["data"]
    return data


def refused(client: FlaskClient, target: str, parameter: str = "filter") -> Json:
    answer = ask(client, target)
    assert answer.status_code == 400, f"{target}: {answer.status}"
    problem = problem_of(answer)
    check_type(client, problem)
    found = faults_of(problem)
    assert list(found) == [parameter]
    assert f"{parameter}: {found[parameter]['detail']}" in problem["detail"]
    return found[parameter]


@pytest.mark.parametrize("path", [*LISTS, *FEATURES])
def test_what_is_wrong_names_the_parameter_and_the_way_out(client: FlaskClient, path: str) -> None:
    more = {"group_by": "type"} if path.endswith("summary") else {}
    fault = refused(client, of(path, "verson = 1", **more))
    assert fault["detail"] == 'at character 1: "verson" is not a property here'
    assert fault["did_you_mean"] == "version"
    assert "updated_at" in fault["allowed"]


@pytest.mark.parametrize(
    ("expression", "detail", "meant"),
    [
        ("type = 'airstrik'", 'at character 9: type: "airstrik" is not one of its values', "airstrike"),
        ("actor = 'Hezbolla'", '"Hezbolla" is no id, name or alias in actors', "hezbollah"),
        (
            "NOT (location IN ('Aleppo', 'Nowhere at all'))",
            '"Nowhere at all" is no id, name or alias in locations',
            None,
        ),
        ("part_of <> 'nothing-of-that-name'", '"nothing-of-that-name" is no id, name or alias in events', None),
        ("dataset = 'northern-syria'", '"northern-syria" is not a dataset here', "northern-syria-2024"),
        ("type = 'airstrike' AND", "is no CQL2 text: at line 1, character 23, it ends, and something is missing", None),
        ("", "is empty; leave it out or give a value", None),
        ("  ", "is empty; leave it out or give a value", None),
        ("title = 'a\0b'", "must not hold the character U+0000", None),
        ("x" * 8001, "must have at most 8000 characters; has 8001", None),
        ("=".join("a" * 3999), "is nested more than 32 deep", None),
    ],
)
def test_a_wrong_expression_is_refused(client: FlaskClient, expression: str, detail: str, meant: str | None) -> None:
    fault = refused(client, of("/v1/events", expression))
    assert fault["detail"] == detail
    assert fault.get("did_you_mean") == meant


def test_what_is_not_utf8_is_refused(client: FlaskClient) -> None:
    assert "is not UTF-8" in refused(client, "/v1/events?filter=title%20%3D%20'%ed%a0%80'")["detail"]


def test_a_name_of_several_records_is_refused_with_their_ids(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    town = {"name": "Newtown", "type": "town", "evidence": [{"source": "ssbcrack-half-of-aleppo"}]}
    write(path, locations=[town | {"id": "newtown-1"}, town | {"id": "newtown-2"}])
    with serving(Settings(db=path)) as client:
        fault = refused(client, of("/v1/events", "NOT location = 'NEWTOWN'"))
        assert fault["detail"] == '"NEWTOWN" is the name of several records; give an id'
        assert fault["allowed"] == ["newtown-1", "newtown-2"]
        assert data_of(client, of("/v1/events", "location = 'newtown-2'")) == []


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ({"filter": STRIKES, "filter-lang": "cql3"}, "filter-lang", '"cql3" is not one of its values'),
        ({"filter-lang": "cql2-json"}, "filter-lang", "means something only with filter"),
        ({"filter": STRIKES, "filter-lang": "cql2-json"}, "filter", "is no JSON; say filter-lang=cql2-text"),
        ({"filter": STRIKES_JSON}, "filter", "is JSON; say filter-lang=cql2-json"),
        ({"filter": STRIKES_JSON, "filter-lang": "cql-text"}, "filter", "is JSON; say filter-lang=cql2-json"),
        ([("filter", STRIKES), ("filter", STRIKES)], "filter", "is given 2 times; it takes one value"),
    ],
)
def test_the_language_must_fit(client: FlaskClient, query: Any, parameter: str, detail: str) -> None:
    fault = refused(client, f"/v1/events?{urlencode(query)}", parameter)
    assert fault["detail"] == detail
    if "cql3" in detail:
        assert fault["allowed"] == ["cql2-text", "cql2-json", "cql-text"]


@pytest.mark.parametrize("path", ["/v1/sources", "/v1/timeline", "/v1/bundle", "/v1/events/displacement"])
def test_what_has_no_queryables_takes_no_expression(client: FlaskClient, path: str) -> None:
    assert refused(client, of(path, "true"))["detail"] == '"filter" is not a parameter here'


@pytest.mark.parametrize("language", ["cql2-text", "cql-text"])
def test_every_language_finds_the_same(client: FlaskClient, language: str) -> None:
    for target in (of("/v1/events", STRIKES, **{"filter-lang": language}), of("/v1/events", STRIKES_JSON, **AS_JSON)):
        assert {each["id"] for each in data_of(client, target)} == STRIKE_IDS


def test_spelled_texts_are_looked_for_in_lists(client: FlaskClient) -> None:
    """With CASEI round it a name is no longer found by the way that it has without."""
    for listed_ones, ids in (("CASEI('SARAQIB'), 'x'", {"saraqib-captured"}), ("'Saraqib'", set())):
        found = data_of(client, of("/v1/events", f"CASEI(location_name) IN ({listed_ones})"))
        assert {each["id"] for each in found} == ids


def test_what_gdal_and_older_clients_write_is_understood(client: FlaskClient) -> None:
    """GDAL 3.6 asks in `cql-text`, with days that end in T, numbers for booleans and ILIKE."""
    language = {"filter-lang": "cql-text"}
    for expression in ("start_date >= '2024-11-29T'", "\"start_date\" >= TIMESTAMP('2024-11-29T23:59:59Z')"):
        days = {each["start_date"] for each in data_of(client, of("/v1/events", expression, **language))}
        assert days == {"2024-11-29"}
    assert data_of(client, of("/v1/events", "fatalities_disputed = 1", **language)) == []
    found = data_of(client, of("/v1/events", "title ILIKE '%HALF OF ALEPPO%'", **language))
    assert [each["id"] for each in found] == ["half-of-aleppo-captured"]
    others = data_of(client, of("/v1/events", "title NOT ILIKE '%HALF OF ALEPPO%'", **language))
    assert len(found) + len(others) == len(data_of(client, "/v1/events"))


PAGED = [
    ("start_date >= DATE('2024-11-01') AND NOT type = 'airstrike'", {}),
    (json.dumps({"op": "not", "args": [json.loads(STRIKES_JSON)]}), AS_JSON),
]


@pytest.mark.parametrize(("expression", "language"), PAGED, ids=["text", "json"])
@pytest.mark.parametrize("sort", ["-start_date", "title,type"])
def test_pages_keep_the_expression(client: FlaskClient, expression: str, language: Json, sort: str) -> None:
    target: str | None = of("/v1/events", expression, **language, sort=sort, limit=4, total="true")
    found: list[str] = []
    while target:
        page = found_at(client, target)
        found += [each["id"] for each in page["data"]]
        after = page["links"]["next"]
        target = after and "{0.path}?{0.query}".format(urlsplit(after))
    whole = data_of(client, of("/v1/events", expression, **language, sort=sort))
    assert found == [each["id"] for each in whole]
    assert len(found) == page["meta"]["total"] > 8
    assert not STRIKE_IDS & set(found)


@pytest.mark.parametrize(("expression", "language"), PAGED, ids=["text", "json"])
def test_a_cursor_is_bound_to_its_expression(client: FlaskClient, expression: str, language: Json) -> None:
    page = found_at(client, of("/v1/events", expression, **language, limit=4))
    query = urlsplit(page["links"]["next"]).query
    cursor = query.rpartition("cursor=")[2]
    assert ask(client, of("/v1/events", expression, **language, limit=4, cursor=cursor)).status_code == 200
    for other in (of("/v1/events", STRIKES, limit=4, cursor=cursor), f"/v1/events?limit=4&cursor={cursor}"):
        assert refused(client, other, "cursor")


def test_a_filtered_list_has_a_tag_of_its_own(client: FlaskClient) -> None:
    target = of("/v1/events", STRIKES)
    tag = ask(client, target).headers["ETag"]
    assert tag != ask(client, of("/v1/events", "type = 'shelling'")).headers["ETag"]
    again = ask(client, target, If_None_Match=tag)
    assert (again.status_code, again.data) == (304, b"")
    assert ask(client, of("/v1/events", "typ = 'shelling'"), If_None_Match=tag).status_code == 400


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of a database that has changed since its snapshot `first`."""
    path = seeded(tmp_path_factory.mktemp("filter") / "own.db")
    snapshots.create(path, "first", "Before.")
    write(path, events=[event("one-more", "One more", type="airstrike")])
    with serving(Settings(db=path)) as client:
        yield client


@pytest.mark.parametrize(("expression", "language"), [(STRIKES, {}), (STRIKES_JSON, AS_JSON)], ids=["text", "json"])
def test_a_snapshot_is_filtered_as_it_was(changed: FlaskClient, expression: str, language: Json) -> None:
    before = data_of(changed, of("/v1/events", expression, **language, snapshot="first"))
    assert {each["id"] for each in before} == STRIKE_IDS
    now = data_of(changed, of("/v1/events", expression, **language))
    assert {each["id"] for each in now} == {*STRIKE_IDS, "one-more"}


SPECIAL = (
    "CASEI(title) LIKE CASEI('%AIR%') AND ACCENTI(summary) LIKE '%a%'"
    " OR S_WITHIN(geometry, POLYGON((36 35, 38 35, 38 37, 36 37, 36 35)))"
)
"""What needs functions of ours in SQL."""


@pytest.mark.parametrize("snapshot", [{}, {"snapshot": "first"}], ids=["now", "snapshot"])
@pytest.mark.parametrize("form", ["csv", "geojson", "ndjson", "hxl.csv"])
@pytest.mark.parametrize("expression", [STRIKES, SPECIAL])
def test_every_format_is_filtered_alike(changed: FlaskClient, expression: str, form: str, snapshot: Json) -> None:
    wanted = [each["id"] for each in data_of(changed, of("/v1/events", expression, **snapshot))]
    answer = ask(changed, of(f"/v1/events.{form}", expression, **snapshot))
    assert answer.status_code == 200, answer.text
    if form == "geojson":
        found = [each["id"] for each in strict_json(answer.text)["features"]]
    elif form == "ndjson":
        found = [json.loads(each)["id"] for each in answer.text.splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        found = [each["id"] for each in rows[form == "hxl.csv" :]]
    assert found == wanted
    assert 0 < len(found) < 20


@pytest.mark.parametrize(("expression", "language"), [(STRIKES, {}), (STRIKES_JSON, AS_JSON)], ids=["text", "json"])
def test_a_summary_counts_what_the_list_gives(client: FlaskClient, expression: str, language: Json) -> None:
    groups = data_of(client, of("/v1/events/summary", expression, **language, group_by="type"))
    assert [(each["type"], each["events"]) for each in groups] == [("airstrike", 2)]
    by_day = data_of(client, of("/v1/events/summary", SPECIAL, group_by="day"))
    assert sum(each["events"] for each in by_day) == len(data_of(client, of("/v1/events", SPECIAL)))


def test_a_summary_of_statements_is_filtered(client: FlaskClient) -> None:
    groups = data_of(client, of("/v1/statements/summary", "speaker = 'SOHR' OR text LIKE '%convoy%'", group_by="type"))
    found = data_of(client, of("/v1/statements", "speaker = 'SOHR' OR text LIKE '%convoy%'"))
    assert sum(each["statements"] for each in groups) == len(found) > 4


@pytest.mark.parametrize(
    ("path", "beside", "ids"),
    [
        ("/v1/events", {"country": "LB"}, {"lebanon-ceasefire"}),
        ("/v1/events", {"bbox": "36.8,35.8,36.9,35.9"}, {"saraqib-captured"}),
        ("/v1/events", {"q": "highway"}, {"highway-cut"}),
        ("/ogc/collections/events/items", {"bbox": "36.8,35.8,36.9,35.9"}, {"saraqib-captured"}),
        ("/ogc/collections/events/items", {"type": "ceasefire", "country": "LB"}, {"lebanon-ceasefire"}),
    ],
)
def test_other_parameters_must_hold_too(client: FlaskClient, path: str, beside: Json, ids: set[str]) -> None:
    both = "type IN ('ceasefire', 'territory_captured') OR title LIKE '%ighway%'"
    answer = found_at(client, of(path, both, **beside))
    assert {each["id"] for each in listed(answer)} == ids
    none = found_at(client, of(path, f"NOT ({both})", **beside))
    assert not ids & {each["id"] for each in listed(none)}


@pytest.mark.parametrize("path", FEATURES)
def test_features_are_those_of_the_list(client: FlaskClient, path: str) -> None:
    noun = path.split("/")[3]
    expression = "S_INTERSECTS(geometry, BBOX(36, 35, 38, 37)) OR country = 'Lebanon'"
    features = found_at(client, of(path, expression, limit=1000))["features"]
    wanted = data_of(client, of(f"/v1/{noun}", expression, limit=1000))
    assert {each["id"] for each in features} == {each["id"] for each in wanted}
    assert len(features) > 3


def test_a_geometry_of_very_many_parts_is_looked_for(client: FlaskClient) -> None:
    """SQLite joins 500 SELECTs and 1000 conditions at the most."""
    points = ",".join(["36.8006 35.8636", *(f"{n % 90} {n // 90}" for n in range(1300))])
    expression = f"S_INTERSECTS(geometry,MULTIPOINT({points}))"
    assert [each["id"] for each in data_of(client, of("/v1/events", expression))] == ["saraqib-captured"]
    assert [each["id"] for each in data_of(client, of("/v1/locations", expression))] == ["saraqib"]
    found = data_of(client, of("/v1/statements", expression))
    assert {each["id"] for each in found} == {"report-saraqib", "assessment-readiness"}


@pytest.mark.parametrize("sort", ["-start_date", "title"])
def test_conditions_with_ways_of_their_own_go_together(client: FlaskClient, sort: str) -> None:
    """Each of them may be the one that finds the rows, in tables that have columns of the same names."""
    conditions = [
        "actor = 'Jihadists'", "source = 'wire-report-aleppo-2024-11'", "end_date >= DATE('2024-11-28')",
        "updated_at >= DATE('2001-01-01')", "part_of = 'northern-syria-offensive'", "country = 'SY'",
        "type IN ('armed_clash', 'territory_captured')", "independent_source_count >= 1", "location = 'syria'",
    ]  # fmt: skip
    found = [{each["id"] for each in data_of(client, of("/v1/events", one, sort=sort))} for one in conditions]
    for number, one in enumerate(conditions):
        for place, other in enumerate(conditions[:number]):
            both = data_of(client, of("/v1/events", f"{one} AND {other}", sort=sort))
            assert {each["id"] for each in both} == found[number] & found[place], (one, other)
