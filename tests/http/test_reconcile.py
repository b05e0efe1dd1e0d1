"""Reconciliation over HTTP: matches held against the names that are stored, strict reading, forms that read and never write."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from answers import Json, ask, check_headers, faults_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient
from unit.samples import actor, location
from werkzeug.test import TestResponse
from writers import desk

from api.config import Settings
from api.model.json_parameter import LONGEST_JSON, LONGEST_TEXT
from api.model.reconcilable import SUBJECTS
from api.model.reconciliation import MOST_CANDIDATES, MOST_QUERIES
from api.model.text import fold
from api.store import sqlite

NOUNS = ("actors", "locations")
FORM = "application/x-www-form-urlencoded"


def post(client: FlaskClient, noun: str, **form: Any) -> TestResponse:
    """The answer to a form, as OpenRefine sends it."""
    return client.post(f"/v1/reconcile/{noun}", data={name: json.dumps(value) for name, value in form.items()})


def answer(client: FlaskClient, noun: str, **form: Any) -> Json:
    response = post(client, noun, **form)
    assert response.status_code == 200, response.text
    check_headers(response)
    found: Json = strict_json(response.text)
    return found


def match(client: FlaskClient, noun: str, query: str | None = None, **more: Any) -> list[Json]:
    """The candidates for one name."""
    asked = {**({} if query is None else {"query": query}), **more}
    result: list[Json] = answer(client, noun, queries={"q": asked})["q"]["result"]
    return result


def ids(candidates: list[Json]) -> list[str]:
    return [each["id"] for each in candidates]


# Names


SPELT = [
    ("locations", "Sarakeb", "saraqib"),
    ("locations", "SARĀQIB", "saraqib"),
    ("locations", "Saraqib city", "saraqib"),
    ("locations", "Halab", "aleppo"),
    ("locations", "Alepo", "aleppo"),
    ("locations", "Türkiye", "turkey"),
    ("locations", "Halab Jadida", "new-aleppo"),
    ("actors", "Hayat Tahrir al Sham", "hayat-tahrir-al-sham"),
    ("actors", "Hayaat Tahrir ash-Shaam", "hayat-tahrir-al-sham"),
    ("actors", "Hizb Allah", "hezbollah"),
    ("actors", "Hizbollah", "hezbollah"),
    ("actors", "Rami Abdel-Rahmane", "rami-abdel-rahman"),
    ("actors", "Peskov, Dmitri", "dmitry-peskov"),
    ("actors", "Al Qa'ida", "al-qaeda"),
]


@pytest.mark.parametrize(("noun", "spelling", "expected"), SPELT)
def test_a_spelling_leads_to_the_record(client: FlaskClient, noun: str, spelling: str, expected: str) -> None:
    assert match(client, noun, spelling)[0]["id"] == expected


def stored_names(database: Path, noun: str) -> dict[str, set[str]]:
    """For each folded name the ids of the records that have it, by SQL."""
    connection = sqlite.connect(str(database))
    rows = connection.execute(
        f"SELECT folded, id FROM names JOIN {noun} USING (seq) WHERE collection = ? ORDER BY folded", (noun,)
    ).fetchall()
    connection.close()
    found: dict[str, set[str]] = {}
    for folded, record_id in rows:
        found.setdefault(folded, set()).add(record_id)
    return found


@pytest.mark.parametrize("noun", NOUNS)
def test_every_stored_name_matches_its_record_and_no_other(client: FlaskClient, database: Path, noun: str) -> None:
    """Row by row with SQL: 100 for all that have the name, and a match where that is one record."""
    names = stored_names(database, noun)
    ids_of = {each["id"] for each in client.get(f"/v1/{noun}?limit=1000").get_json()["data"]}
    keys = list(names)
    for at in range(0, len(keys), MOST_QUERIES):
        part = keys[at : at + MOST_QUERIES]
        found = answer(client, noun, queries={name: {"query": name, "limit": MOST_CANDIDATES} for name in part})
        assert list(found) == part
        for name in part:
            wanted = names[name] | ({name} & ids_of)
            result = found[name]["result"]
            assert {each["id"] for each in result if each["score"] == 100} == wanted
            assert {each["id"] for each in result if each["match"]} == (wanted if len(wanted) == 1 else set())
            assert [each["score"] for each in result] == sorted((each["score"] for each in result), reverse=True)
            assert len(set(ids(result))) == len(result)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_id_matches_its_record(client: FlaskClient, noun: str) -> None:
    for record in client.get(f"/v1/{noun}?limit=1000").get_json()["data"]:
        first = match(client, noun, record["id"])[0]
        assert (first["id"], first["score"]) == (record["id"], 100)


def test_a_spelling_alone_is_never_a_match(client: FlaskClient) -> None:
    for noun, spelling, _ in SPELT:
        for each in match(client, noun, spelling):
            assert each["match"] is (each["score"] == 100)


@pytest.mark.parametrize(
    "text", ["—", "…", "!", "😀", "xyzzyx", "x7" * (LONGEST_TEXT // 2), "%", "\x00", "'; DROP TABLE names", "<b>"]
)
def test_what_is_called_like_nothing_finds_nothing(client: FlaskClient, text: str) -> None:
    assert match(client, "actors", text) == []


def test_candidates_tell_who_they_are_and_why(client: FlaskClient) -> None:
    (first, *_) = match(client, "locations", "Sarakeb", properties=[{"pid": "country", "v": "Syria"}])
    assert first == {
        "id": "saraqib",
        "name": "Saraqib",
        "description": "town, in Idlib Governorate, Northern Syria, Syria; 1 event",
        "type": [{"id": "town", "name": "town"}, {"id": "location", "name": "location"}],
        "score": 98.0,
        "match": False,
        "features": [
            {"id": "events", "value": 1},
            {"id": "name_likeness", "value": 98.0},
            {"id": "country_match", "value": True},
        ],
    }


# Namesakes, types and properties


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, Path]]:
    """The seed, and places and groups of one name."""
    database = seeded(tmp_path_factory.mktemp("namesakes") / "own.db")
    place = {"evidence": [{"source": "ssbcrack-half-of-aleppo"}]}
    write(
        database,
        locations=[
            {**location("zahra-idlib"), **place, "name": "Al-Zahra", "type": "village", "parent": "idlib-governorate"}
            | {"country": "SY", "external_ids": {"geonames": "111"}},
            {**location("zahra-aleppo"), **place, "name": "Zahra", "aliases": ["Al Zahra"], "type": "town"}
            | {"parent": "aleppo-governorate", "country": "SY", "latitude": 36.4, "longitude": 37.0},
            {
                **location("zahra-nowhere"),
                **place,
                "name": "Al-Zahra",
                "type": "village",
                "country": None,
                "parent": None,
            },
            {**location("zahra-beirut"), **place, "name": "Al Zahra", "type": "neighbourhood", "parent": "lebanon"}
            | {"country": "LB"},
        ],
        actors=[
            {**actor("brigade"), **place, "name": "Sham Brigade", "type": "militia", "country": "SY"}
            | {"relations": [{"actor": "hayat-tahrir-al-sham", "relation": "member_of"}]},
            {**actor("brigade-media"), **place, "name": "Sham Brigade", "type": "media", "country": "SY"},
        ],
    )
    with serving(Settings(db=database)) as client:
        yield client, database


def matched(candidates: list[Json]) -> list[str]:
    return [each["id"] for each in candidates if each["match"]]


ZAHRAS = {"zahra-idlib", "zahra-aleppo", "zahra-nowhere", "zahra-beirut"}


def test_an_ambiguous_name_is_never_a_match(namesakes: tuple[FlaskClient, Path]) -> None:
    found = match(namesakes[0], "locations", "al-zahra")
    assert {each["id"] for each in found if each["score"] == 100} == ZAHRAS
    assert matched(found) == []
    assert matched(match(namesakes[0], "actors", "Sham Brigade")) == []


def property_(pid: str, value: Any) -> Json:
    return {"properties": [{"pid": pid, "v": value}]}


DECIDED: list[tuple[Json, list[str]]] = [
    ({"type": "neighbourhood"}, ["zahra-beirut"]),
    ({"type": ["town"]}, ["zahra-aleppo"]),
    ({"type": ["town", "location"]}, []),
    ({"type": ["town", "location"], "type_strict": "all"}, ["zahra-aleppo"]),
    ({"type": ["town", "village"], "type_strict": "all"}, []),
    ({"type": "village"}, []),
    ({"type": "town", "type_strict": "should"}, ["zahra-aleppo"]),
    ({"type": "location"}, []),
    # One place does not tell its country, so it may be meant as well.
    (property_("country", "Lebanon"), []),
    ({"type": "neighbourhood"} | property_("country", "Lebanon"), ["zahra-beirut"]),
    ({"type": "neighbourhood"} | property_("country", "Syria"), []),
    ({"type": "village"} | property_("within", "Idlib"), []),
    ({"type": "town"} | property_("within", "Muhafazat Halab"), ["zahra-aleppo"]),
    ({"type": "town"} | property_("within", {"id": "aleppo-governorate", "name": "whatever"}), ["zahra-aleppo"]),
    ({"type": "town"} | property_("within", ["Lebanon", "Syria"]), ["zahra-aleppo"]),
    ({"type": "town"} | property_("latitude", 36.41), ["zahra-aleppo"]),
    ({"type": "town"} | property_("latitude", "36.41"), ["zahra-aleppo"]),
    ({"type": "town"} | property_("latitude", 33), []),
    (property_("geonames", "111"), []),
    ({"type": "town"} | property_("aliases", "AL ZAHRA"), ["zahra-aleppo"]),
    ({"type": "town"} | property_("country", True), []),
]


@pytest.mark.parametrize(("more", "expected"), DECIDED, ids=lambda each: json.dumps(each))
def test_types_and_properties_decide_between_namesakes(
    namesakes: tuple[FlaskClient, Path], more: Json, expected: list[str]
) -> None:
    assert matched(match(namesakes[0], "locations", "Al Zahra", **more)) == expected


def test_without_should_no_other_type_is_given(namesakes: tuple[FlaskClient, Path]) -> None:
    client = namesakes[0]
    strict = match(client, "locations", "Al Zahra", type="village", limit=50)
    assert {each["type"][0]["id"] for each in strict} == {"village"}
    wished = match(client, "locations", "Al Zahra", type="village", type_strict="should", limit=50)
    scores = {each["id"]: each["score"] for each in wished}
    assert scores["zahra-idlib"] == scores["zahra-nowhere"] == 100
    assert scores["zahra-aleppo"] == scores["zahra-beirut"] == 75


def test_members_are_told_by_their_organisation(namesakes: tuple[FlaskClient, Path]) -> None:
    found = match(namesakes[0], "actors", "Sham Brigade", type="militia", **property_("member_of", "HTS"))
    assert matched(found) == ["brigade"]


@pytest.mark.parametrize(
    ("noun", "more", "expected"),
    [
        ("actors", property_("wikidata", "Q41053"), ["hezbollah"]),
        ("actors", property_("wikidata", " Q41053 "), ["hezbollah"]),
        ("actors", property_("wikidata", "Q0"), []),
        ("locations", property_("geonames", 111), ["zahra-idlib"]),
        ("locations", {"query": "Al-Zahra", "type": "village"} | property_("geonames", "111"), []),
        ("locations", property_("geonames", "111") | {"type": "town"}, []),
    ],
)
def test_an_id_of_another_scheme_is_as_good_as_a_name(
    namesakes: tuple[FlaskClient, Path], noun: str, more: Json, expected: list[str]
) -> None:
    assert matched(match(namesakes[0], noun, **more)) == expected


def test_properties_alone_find_the_records_with_most_events(client: FlaskClient) -> None:
    found = match(client, "actors", limit=3, type="country", properties=[{"pid": "country", "v": "Russian Federation"}])
    assert [(each["id"], each["score"], each["match"]) for each in found] == [("russia", 100, False)]
    listed = client.get("/v1/actors?country=SY&sort=-events&limit=1").get_json()["data"]
    assert (
        match(client, "actors", limit=1, **property_("country", "SY"))[0]["features"][0]["value"] == listed[0]["events"]
    )


def test_a_merged_record_is_found_by_its_old_id(tmp_path: Path) -> None:
    with desk(tmp_path / "own.db") as own:
        own.done("POST", "/v1/actors", actor("twin") | {"name": "The very same rebels"})
        assert matched(match(own.client, "actors", "twin")) == ["twin"]
        own.done("POST", "/v1/actors/twin/merge", {"into": "rebels"}, If_Match="*")
        assert matched(match(own.client, "actors", "twin")) == ["rebels"]
        extended = answer(own.client, "actors", extend={"ids": ["twin"], "properties": [{"id": "type"}]})
        assert extended["rows"]["twin"]["type"] == [{"str": own.get("/v1/actors/rebels")["type"]}]


def test_a_new_name_is_found_at_once(tmp_path: Path) -> None:
    database = seeded(tmp_path / "own.db")
    with serving(Settings(db=database)) as client:
        assert match(client, "actors", "Quill Company") == []
        write(
            database,
            actors=[{**actor("quill"), "evidence": [{"source": "ssbcrack-half-of-aleppo"}], "name": "Quill Company"}],
        )
        assert matched(match(client, "actors", "Quill Company")) == ["quill"]


# Strictness

Q = "queries"
WRONG: list[tuple[Any, str, str | None]] = [
    ([], "", None),
    ("x", "", None),
    ({"a": 1}, "/a", None),
    ({"a": {}}, "/a", None),
    ({"a": {"limit": 3}}, "/a", None),
    ({"a": {"query": ""}}, "/a/query", None),
    ({"a": {"query": "  "}}, "/a/query", None),
    ({"a": {"query": None}}, "/a/query", None),
    ({"a": {"query": 5}}, "/a/query", None),
    ({"a": {"query": "x" * (LONGEST_TEXT + 1)}}, "/a/query", None),
    ({"a": {"properties": []}}, "/a", None),
    ({"a": {"query": "x", "limt": 3}}, "/a/limt", "limit"),
    ({"a/b~": {"query": "x", "limit": 0}}, "/a~1b~0/limit", None),
    ({"a": {"query": "x", "limit": MOST_CANDIDATES + 1}}, "/a/limit", None),
    ({"a": {"query": "x", "limit": True}}, "/a/limit", None),
    ({"a": {"query": "x", "limit": "3"}}, "/a/limit", None),
    ({"a": {"query": "x", "limit": 1.5}}, "/a/limit", None),
    ({"a": {"query": "x", "type": "persn"}}, "/a/type", "person"),
    ({"a": {"query": "x", "type": ["person", 3]}}, "/a/type", None),
    ({"a": {"query": "x", "type": None}}, "/a/type", None),
    ({"a": {"query": "x", "type_strict": "must"}}, "/a/type_strict", None),
    ({"a": {"query": "x", "type_strict": "al"}}, "/a/type_strict", "all"),
    ({"a": {"query": "x", "properties": {}}}, "/a/properties", None),
    ({"a": {"query": "x", "properties": [{"pid": "contry", "v": "SY"}]}}, "/a/properties/0/pid", "country"),
    ({"a": {"query": "x", "properties": [{"pid": "country"}]}}, "/a/properties/0/v", None),
    ({"a": {"query": "x", "properties": [{"pid": "country", "v": None}]}}, "/a/properties/0/v", None),
    ({"a": {"query": "x", "properties": [{"pid": "country", "v": []}]}}, "/a/properties/0/v", None),
    ({"a": {"query": "x", "properties": [{"pid": "country", "v": {"name": "Syria"}}]}}, "/a/properties/0/v", None),
    ({"a": {"query": "x", "properties": [{"pid": "country", "v": "S" * 501}]}}, "/a/properties/0/v", None),
    ({"a": {"query": "x", "properties": [{"pid": "country", "v": "SY", "x": 1}]}}, "/a/properties/0/x", None),
    ({"a" * 101: {"query": "x"}}, "", None),
    ({f"q{number}": {"query": "x"} for number in range(MOST_QUERIES + 1)}, "", None),
]


@pytest.mark.parametrize(("value", "pointer", "meant"), WRONG, ids=lambda each: str(each)[:60])
def test_what_is_wrong_is_refused_with_its_place(
    client: FlaskClient, value: Any, pointer: str, meant: str | None
) -> None:
    for response in (
        post(client, "actors", queries=value),
        client.get("/v1/reconcile/actors", query_string={Q: json.dumps(value)}),
    ):
        assert response.status_code == 400, response.text
        problem = problem_of(response)
        assert problem["type"].endswith("#invalid-parameter")
        (fault,) = (each for each in problem["errors"] if each["pointer"] == pointer)
        assert fault["parameter"] == Q
        assert fault.get("did_you_mean") == meant


WRONG_EXTENSIONS: list[tuple[Any, str]] = [
    ([], ""),
    ({}, "/ids"),
    ({"ids": [], "properties": None}, "/properties"),
    ({"ids": "a", "properties": []}, "/ids"),
    ({"ids": [1], "properties": []}, "/ids"),
    ({"ids": ["a"] * 1001, "properties": []}, "/ids"),
    ({"ids": [], "properties": [{"id": "contry"}]}, "/properties/0/id"),
    ({"ids": [], "properties": ["country"]}, "/properties/0"),
    ({"ids": [], "properties": [{"id": "country", "settings": {"limit": 1}}]}, "/properties/0/settings"),
    ({"ids": [], "properties": [], "more": 1}, "/more"),
]


@pytest.mark.parametrize(("value", "pointer"), WRONG_EXTENSIONS, ids=lambda each: str(each)[:60])
def test_a_wrong_extension_is_refused_with_its_place(client: FlaskClient, value: Any, pointer: str) -> None:
    problem = problem_of(post(client, "locations", extend=value))
    assert problem["status"] == 400
    assert pointer in [each["pointer"] for each in problem["errors"]]


NO_JSON = [
    "{",
    "",
    "{'a': 1}",
    '{"a": {"query": "x"}, "a": {"query": "y"}}',
    '{"a": NaN}',
    '{"a": 1e999}',
    "[" * 5000,
    "\ufeff{}",
]


@pytest.mark.parametrize("name", ["queries", "extend"])
@pytest.mark.parametrize("text", NO_JSON, ids=lambda each: each[:20])
def test_what_is_no_json_is_refused(client: FlaskClient, name: str, text: str) -> None:
    problem = problem_of(client.post("/v1/reconcile/actors", data={name: text}))
    assert problem["status"] == 400
    assert name in faults_of(problem)


def test_a_form_is_read_strictly(client: FlaskClient) -> None:
    path, fine = "/v1/reconcile/actors", '{"q": {"query": "x"}}'
    forms: list[tuple[Mapping[str, Any], str]] = [
        ({}, "queries"),
        ({"query": "x"}, "query"),
        ({"queries": [fine, fine]}, "queries"),
        ({"queries": fine, "extend": '{"ids": [], "properties": []}'}, "extend"),
        ({"queries": fine, "callback": "alert"}, "callback"),
        ({"queries": " " * (LONGEST_JSON + 1)}, "queries"),
    ]
    for form, blamed in forms:
        response = client.post(path, data=form, content_type=FORM)
        assert response.status_code == 400, form
        assert blamed in faults_of(problem_of(response))
    response = client.post(f"{path}?queries=%7B%7D", data={"queries": fine})
    assert "is given 2 times" in problem_of(response)["detail"]


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", f"{FORM}; charset=latin-1", ""]
)
def test_only_forms_are_taken(client: FlaskClient, media_type: str) -> None:
    response = client.post("/v1/reconcile/actors", data=b"queries=%7B%7D", content_type=media_type)
    assert response.status_code == 415
    assert FORM in problem_of(response)["detail"]


def test_jsonp_is_refused(client: FlaskClient) -> None:
    """It is optional in 0.2, and would run what we answer in any page."""
    for path in ("", "/suggest/entity", "/properties"):
        problem = problem_of(client.get(f"/v1/reconcile/actors{path}?callback=alert"))
        assert "callback" in faults_of(problem)


# Reads by POST


def test_a_form_reads_the_same_as_a_query_string(client: FlaskClient) -> None:
    queries = json.dumps({"q": {"query": "Sarakeb"}, "é/~": {"query": "حلب", "limit": 1}})
    by_get = client.get("/v1/reconcile/locations", query_string={"queries": queries})
    by_post = client.post("/v1/reconcile/locations", data={"queries": queries})
    assert by_get.status_code == by_post.status_code == 200
    assert by_get.data == by_post.data
    assert by_get.headers["ETag"]
    assert "ETag" not in by_post.headers
    assert by_post.headers["Cache-Control"] == "no-store"


def test_a_form_changes_nothing(tmp_path: Path) -> None:
    with desk(tmp_path / "own.db") as own:
        before, file = own.state(), own.database.read_bytes()
        for body in (b"", b"queries=%7B%7D", b"queries=", b"\xff", b"[" * 1000):
            for headers in ({}, {"If_Match": "*", "Idempotency_Key": "x", "X_HTTP_Method_Override": "DELETE"}):
                for noun in NOUNS:
                    own.send("POST", f"/v1/reconcile/{noun}", by=None, data=body, Content_Type=FORM, **headers)
        assert own.state() == before
        assert own.database.read_bytes() == file


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("noun", NOUNS)
def test_no_other_method_is_taken(client: FlaskClient, noun: str, method: str) -> None:
    response = ask(client, f"/v1/reconcile/{noun}", method)
    assert response.status_code == 405
    assert {each.strip() for each in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}


def test_where_reads_are_closed_a_form_needs_a_key(tmp_path: Path) -> None:
    with desk(tmp_path / "own.db") as own, serving(Settings(db=own.database, reads_need_key=1)) as closed:
        assert problem_of(post(closed, "actors", queries={}))["type"].endswith("#key-required")
        key = {"Authorization": f"Bearer {own.keys['reader']}"}
        response = closed.post("/v1/reconcile/actors", data={"queries": "{}"}, headers=key)
        assert (response.status_code, response.get_json()) == (200, {})


# Manifest, suggestions, extension, preview


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda each: each.noun.name)
def test_all_that_the_manifest_leads_to_is_there(client: FlaskClient, subject: Any) -> None:
    manifest = client.get(f"/v1/reconcile/{subject.noun.name}").get_json()
    first = client.get(f"/v1/{subject.noun.name}?limit=1").get_json()["data"][0]
    assert {"0.1", "0.2"} == set(manifest["versions"])
    assert manifest["batchSize"] == MOST_QUERIES
    assert first["links"]["self"] == manifest["identifierSpace"] + first["id"]
    addresses = [manifest[each]["url"].replace("{{id}}", first["id"]) for each in ("view", "preview")]
    addresses += [f"{each['service_url']}{each['service_path']}?prefix=a" for each in manifest["suggest"].values()]
    proposed = manifest["extend"]["propose_properties"]
    addresses += [
        f"{proposed['service_url']}{proposed['service_path']}?type={each['id']}" for each in manifest["defaultTypes"]
    ]
    addresses += [manifest["documentation"], manifest["logo"], manifest["schemaSpace"]]
    for address in addresses:
        assert client.get(address.partition("#")[0]).status_code == 200, address
    page = client.get(manifest["documentation"]).text
    assert f'id="{manifest["documentation"].partition("#")[2]}"' in page


def test_all_of_a_snapshot_leads_to_the_snapshot(tmp_path: Path) -> None:

    with desk(tmp_path / "own.db") as own:
        own.done("POST", "/v1/snapshots", {"name": "then"}, by="owner")
        own.done("PATCH", "/v1/actors/rebels", {"name": "Quill Company"}, If_Match="*")
        assert matched(match(own.client, "actors", "Quill Company")) == ["rebels"]
        manifest = own.get("/v1/reconcile/actors?snapshot=then")
        path = "/v1/reconcile/actors?snapshot=then"
        for name, expected in (("Quill Company", False), (own.get("/v1/actors/rebels?snapshot=then")["name"], True)):
            form = {"queries": json.dumps({"q": {"query": name}})}
            result = own.client.post(path, data=form).get_json()["q"]["result"]
            assert bool(matched(result)) is expected
        entity = manifest["suggest"]["entity"]
        suggest = f"{entity['service_url']}{entity['service_path']}&prefix=quill"
        assert own.client.get(suggest).get_json()["result"] == []
        preview = own.client.get(manifest["preview"]["url"].replace("{{id}}", "rebels"))
        assert "Quill Company" not in preview.text


OPENREFINE = "spell=always&exact=false&prefixed=true"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("locations/suggest/entity?prefix=sar", "saraqib"),
        ("locations/suggest/entity?prefix=Halab", "aleppo"),
        ("locations/suggest/entity?prefix=Sarakeb", "saraqib"),
        ("locations/suggest/entity?prefix=idlib-c", "idlib-city"),
        (f"locations/suggest/entity?prefix=al&{OPENREFINE}", "aleppo"),
        ("actors/suggest/entity?prefix=hay", "hayat-tahrir-al-sham"),
        ("actors/suggest/type?prefix=rebel", "rebel_group"),
        ("actors/suggest/type?prefix=group", "rebel_group"),
        (f"actors/suggest/type?prefix=rebel_g&{OPENREFINE}&scoring=schema", "rebel_group"),
        ("locations/suggest/property?prefix=coun", "country"),
        ("locations/suggest/property?prefix=first_e", "first_event_date"),
        ("locations/suggest/property?prefix=EVENT", "events"),
    ],
)
def test_suggestions(client: FlaskClient, path: str, expected: str) -> None:
    found = client.get(f"/v1/reconcile/{path}").get_json()["result"]
    assert expected in ids(found)[:3]


@pytest.mark.parametrize("noun", NOUNS)
def test_every_name_is_suggested_for_its_beginning(client: FlaskClient, database: Path, noun: str) -> None:
    for folded, records in list(stored_names(database, noun).items())[::5]:
        assert records <= set(
            ids(client.get(f"/v1/reconcile/{noun}/suggest/entity?prefix={folded}").get_json()["result"])
        )


def test_a_cursor_leads_on(client: FlaskClient) -> None:
    pages = [
        ids(client.get(f"/v1/reconcile/actors/suggest/entity?prefix=s&cursor={skipped}").get_json()["result"])
        for skipped in (0, 3, 19, 40)
    ]
    assert pages[1][: len(pages[0]) - 3] == pages[0][3:]
    assert pages[3] == []
    shown = [
        client.get(f"/v1/reconcile/actors/suggest/type?prefix=c{more}").get_json()["result"]
        for more in ("", "&cursor=1")
    ]
    assert shown[1] == shown[0][1:]


def test_with_nothing_typed_all_are_suggested(client: FlaskClient) -> None:
    """The records with most events, and every type and property in its order."""
    listed = client.get("/v1/actors?sort=-events&limit=3").get_json()["data"]
    for query in ("", "?prefix="):
        found = client.get(f"/v1/reconcile/actors/suggest/entity{query}").get_json()["result"]
        assert len(found) == 20
        assert {found[0]["id"], found[1]["id"]} <= {each["id"] for each in listed}
        types = ids(client.get(f"/v1/reconcile/actors/suggest/type{query}").get_json()["result"])
        assert types == list(SUBJECTS[0].every_type)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda each: each.noun.name)
def test_every_property_can_be_fetched_and_compared(client: FlaskClient, subject: Any) -> None:
    """Held against the records as the API gives them; and what is fetched of a record holds for it."""
    noun = subject.noun.name
    proposed = client.get(f"/v1/reconcile/{noun}/properties?type=").get_json()["properties"]
    assert [each["id"] for each in proposed] == [each.id for each in subject.properties]
    records = {each["id"]: each for each in client.get(f"/v1/{noun}?limit=1000").get_json()["data"]}
    found = answer(client, noun, extend={"ids": [*records, "nobody"], "properties": proposed_ids(proposed)})
    assert [each["id"] for each in found["meta"]] == [each["id"] for each in proposed]
    assert list(found["rows"]) == [*records, "nobody"]
    assert set(map(len, found["rows"]["nobody"].values())) == {0}
    for record_id, record in records.items():
        row = found["rows"][record_id]
        assert [each["str"] for each in row["aliases"]] == record["aliases"]
        assert row["country"] == ([{"str": record["country"]}] if record["country"] else [])
        assert row["events"] == [{"int": record["events"]}]
        assert [each["date"][:10] for each in row["first_event_date"]] == [*filter(None, [record["first_event_date"]])]
        assert [each["str"] for each in row["wikidata"]] == [*filter(None, [record["external_ids"].get("wikidata")])]
        if noun == "locations":
            assert [each["id"] for each in row["within"]] == [each["id"] for each in record["path"]]
            assert [each["float"] for each in row["latitude"]] == [x for x in [record["latitude"]] if x is not None]
        given = [{"pid": pid, "v": _value(cells[0])} for pid, cells in row.items() if cells]
        (first, *_) = match(client, noun, record_id, properties=given[:20])
        assert (first["id"], first["score"]) == (record_id, 100)


def _value(cell: Json) -> Any:
    """A cell as the value of a property of a query."""
    return cell if "id" in cell else next(iter(cell.values()))


def proposed_ids(proposed: list[Json]) -> list[Json]:
    return [{"id": each["id"], "name": each["name"]} for each in proposed]


def test_proposals_can_be_fewer(client: FlaskClient) -> None:
    found = client.get("/v1/reconcile/locations/properties?type=town&limit=2").get_json()
    assert (len(found["properties"]), found["type"], found["limit"]) == (2, "town", 2)
    assert problem_of(client.get("/v1/reconcile/locations/properties?type=twn"))["status"] == 400


def test_a_preview_may_be_framed_and_no_other_page(client: FlaskClient) -> None:
    preview = client.get("/v1/reconcile/locations/preview/saraqib")
    policy = preview.headers["Content-Security-Policy"]
    assert preview.mimetype == "text/html"
    assert "frame-ancestors" not in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in preview.headers
    assert "Saraqeb" in preview.text
    assert "frame-ancestors 'none'" in client.get("/docs/guide").headers["Content-Security-Policy"]


HOSTILE = """<script>alert("1")</script><img src=x onerror='alert(2)'>&lt;{{7*7}}"""


def test_a_preview_escapes_everything(tmp_path: Path) -> None:
    database = seeded(tmp_path / "own.db")
    place = {**location("hostile"), "name": HOSTILE, "aliases": [f"{HOSTILE} too"], "description": HOSTILE}
    write(
        database,
        locations=[
            place | {"evidence": [{"source": "ssbcrack-half-of-aleppo"}], "external_ids": {"osm": HOSTILE[:100]}}
        ],
    )
    with serving(Settings(db=database)) as client:
        page = client.get("/v1/reconcile/locations/preview/hostile").text
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "49" not in page


@pytest.mark.parametrize(("record_id", "status"), [("nobody", 404), ("Aleppo City", 404)])
def test_a_preview_of_nothing_is_not_there(client: FlaskClient, record_id: str, status: int) -> None:
    assert problem_of(client.get(f"/v1/reconcile/locations/preview/{record_id}"))["status"] == status


def test_folding_is_that_of_the_filters(client: FlaskClient) -> None:
    """What `name=` finds and what is certain here are the same."""
    for noun, spelling, _ in SPELT:
        by_name = client.get(f"/v1/{noun}", query_string={"name": spelling.replace(",", " ")}).get_json()
        listed = {each["id"] for each in by_name["data"]}
        found = {each["id"] for each in match(client, noun, spelling) if each["score"] == 100}
        assert found == listed, fold(spelling)
