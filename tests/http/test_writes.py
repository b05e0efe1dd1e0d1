"""Records written one at a time: each noun by each method, what is answered, what is stored, and what history tells of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import Json, ask, check_type
from unit.samples import cited, figure, quoted
from werkzeug.test import TestResponse
from writers import CALLED, NOUNS, OLD, PATCH_TYPE, Desk, desk, new, pointers

from api.model.merge_patch import merge_patch

ORIGIN = "http://localhost"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    """A desk over a database of its own."""
    with desk(tmp_path / "own.db") as found:
        yield found


def check_is_the_record(here: Desk, response: TestResponse, path: str) -> None:
    """What a write is answered is what a GET gives from now on."""
    read = here.client.get(path)
    assert read.status_code == 200
    assert response.data == read.data
    assert response.headers["ETag"] == read.headers["ETag"]
    assert response.content_type == read.content_type == "application/json"
    assert response.headers["Content-Location"] == ORIGIN + path
    assert response.headers["Cache-Control"] == "no-store"
    assert response.get_json()["links"]["self"] == ORIGIN + path
    unchanged = ask(here.client, path, If_None_Match=response.headers["ETag"])
    assert unchanged.status_code == 304


def without_stamps(record: Json) -> Json:
    return {
        name: value for name, value in record.items() if name not in ("version", "created_at", "updated_at", "links")
    }


def last_change(here: Desk) -> Json:
    """The newest entry of the feed."""
    change: Json = here.get(f"/v1/changes?since={here.version() - 1}")["data"][0]
    return change


# Creating


@pytest.mark.parametrize("noun", NOUNS)
def test_post_creates(here: Desk, noun: str) -> None:
    before = here.version()
    response = here.send("POST", f"/v1/{noun}?reason=A+first+look", new(noun))
    assert response.status_code == 201
    assert response.headers["Location"] == f"{ORIGIN}/v1/{noun}/new"
    check_is_the_record(here, response, f"/v1/{noun}/new")
    assert response.get_json()["version"] == 1
    assert here.version() == before + 1
    change = last_change(here)
    told = {name: change[name] for name in ("collection", "id", "version", "change", "by", "reason", "merged_into")}
    assert told == {
        "collection": noun, "id": "new", "version": 1, "change": "created", "by": "desk", "reason": "A first look",
        "merged_into": None,
    }  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("headers", [{}, {"If_None_Match": "*"}])
def test_put_creates(here: Desk, noun: str, headers: dict[str, str]) -> None:
    response = here.send("PUT", f"/v1/{noun}/new", new(noun), **headers)
    assert response.status_code == 201
    assert response.headers["Location"] == f"{ORIGIN}/v1/{noun}/new"
    check_is_the_record(here, response, f"/v1/{noun}/new")
    assert [(each["version"], each["change"], each["reason"]) for each in here.history(f"/v1/{noun}/new")] == [
        (1, "created", None)
    ]


@pytest.mark.parametrize("noun", NOUNS)
def test_post_refuses_an_id_that_is_there(here: Desk, noun: str) -> None:
    problem = here.refused(409, "conflict", "POST", f"/v1/{noun}", new(noun, OLD[noun]))
    assert pointers(problem) == ["/id"]
    assert f"/v1/{noun}/{OLD[noun]} is there already" in problem["detail"]
    check_type(here.client, problem)


IDS: list[tuple[str, list[str], list[str]]] = [
    ("actors", ["Example Brigade"], ["example-brigade"]),
    ("actors", ["Hay’at Tahrir al-Shām"], ["hayat-tahrir-al-sham"]),
    ("actors", ["Same", "same", "SAME!"], ["same", "same-2", "same-3"]),
    ("actors", ["حلب", "حلب", "Алеппо"], ["actor", "actor-2", "actor-3"]),
    ("locations", ["حلب Aleppo"], ["aleppo"]),
    ("locations", ["Town"], ["town-2"]),
    ("sources", ["阿勒颇"], ["source"]),
    ("events", ["Summary", "summary."], ["summary-2", "summary-3"]),
    ("events", ["summary.csv"], ["summary-csv"]),
    ("events", ["--- 27/11: Town struck ---"], ["27-11-town-struck"]),
    ("events", ["x" * 300], ["x" * 60]),
    ("events", [f"{'x' * 59} {'y' * 9}"] * 2, ["x" * 59, f"{'x' * 59}-2"]),
    ("statements", ["🕊", "Words of claim."], ["statement", "words-of-claim"]),
]


@pytest.mark.parametrize(("noun", "called", "ids"), IDS)
def test_an_id_is_made_of_what_a_record_is_called(here: Desk, noun: str, called: list[str], ids: list[str]) -> None:
    found = []
    for each in called:
        record = new(noun, called=each)
        del record["id"]
        response = here.send("POST", f"/v1/{noun}", record)
        assert response.status_code == 201, response.text
        found.append(response.get_json()["id"])
        check_is_the_record(here, response, f"/v1/{noun}/{found[-1]}")
    assert found == ids


def test_a_source_without_a_title_has_an_id_too(here: Desk) -> None:
    assert here.done("POST", "/v1/sources", {})["id"] == "source"
    assert here.done("POST", "/v1/sources", {"publisher": "The Paper"})["id"] == "source-2"


def test_an_id_that_was_taken_once_is_not_made_again(here: Desk) -> None:
    record = {name: value for name, value in new("actors").items() if name != "id"}
    assert here.done("POST", "/v1/actors", record)["id"] == "something-new"
    here.done("DELETE", "/v1/actors/something-new", If_Match='"1"')
    assert here.done("POST", "/v1/actors", record)["id"] == "something-new-2"
    here.done("POST", "/v1/actors/something-new-2/merge", {"into": "army"}, If_Match='"1"')
    assert here.done("POST", "/v1/actors", record)["id"] == "something-new-3"


def test_names_lead_to_records(here: Desk) -> None:
    event = new(
        "events", location="the TOWN", location_precision="exact",
        participants=[{"actor": "Army", "role": "initiator"}, {"actor": "LEADER", "role": "target"}],
    )  # fmt: skip
    made = here.done("POST", "/v1/events", event)
    assert made["location"]["id"] == "town"
    assert [each["actor"]["id"] for each in made["participants"]] == ["army", "leader"]
    # What was given by names is the record as it is, so it is no change.
    assert here.done("PUT", "/v1/events/new", event)["version"] == 1


OWN_NAMES: list[tuple[str, Json, str]] = [
    ("locations", {"parent": "something new"}, "/parent"),
    ("actors", {"relations": [{"actor": "Something new", "relation": "allied_with"}]}, "/relations/0/actor"),
    ("actors", {"relations": [{"actor": "Something new", "relation": "member_of"}]}, "/relations/0/actor"),
    ("actors", {"aliases": ["SN"], "relations": [{"actor": "SN", "relation": "leads"}]}, "/relations/0/actor"),
]


@pytest.mark.parametrize(("noun", "more", "pointer"), OWN_NAMES)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_record_does_not_point_to_itself_by_its_name(
    here: Desk, method: str, noun: str, more: Json, pointer: str
) -> None:
    path = f"/v1/{noun}" if method == "POST" else f"/v1/{noun}/new"
    problem = here.refused(422, "invalid-record", method, path, new(noun, **more))
    assert pointers(problem) == [pointer]


def test_a_record_does_not_point_to_itself_by_a_merged_id(here: Desk) -> None:
    for each in ("one", "two"):
        here.done("POST", "/v1/events", new("events", each))
    here.done("POST", "/v1/events/one/merge", {"into": "two"}, If_Match='"1"')
    for more, pointer in (({"related": ["strike", "one"]}, "/related/1"), ({"part_of": "one"}, "/part_of")):
        problem = here.refused(422, "invalid-record", "PATCH", "/v1/events/two", more, If_Match="*")
        assert pointers(problem) == [pointer]


# Replacing


@pytest.mark.parametrize("noun", NOUNS)
def test_put_replaces(here: Desk, noun: str) -> None:
    path = f"/v1/{noun}/{OLD[noun]}"
    record = new(noun, OLD[noun], "Called otherwise")
    response = here.send("PUT", f"{path}?reason=Spelling", record, If_Match='"1"')
    assert response.status_code == 200, response.text
    assert "Location" not in response.headers
    check_is_the_record(here, response, path)
    made = response.get_json()
    assert (made["version"], made[CALLED[noun]]) == (2, "Called otherwise")
    assert made["external_ids"] == {}
    assert [(each["version"], each["change"], each["by"], each["reason"]) for each in here.history(path)] == [
        (1, "created", None, None),
        (2, "updated", "desk", "Spelling"),
    ]


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("headers", [{}, {"If_Match": '"1"'}, {"If_Match": '"7"'}, {"If_Match": "*"}])
def test_a_put_of_the_same_changes_nothing(here: Desk, noun: str, headers: dict[str, str]) -> None:
    path = f"/v1/{noun}/{OLD[noun]}"
    (stored,) = here.history(path)
    before = here.state()
    for record in (stored["record"], dict(reversed(stored["record"].items()))):
        response = here.send("PUT", path, record, **headers)
        assert response.status_code == 200
        check_is_the_record(here, response, path)
        assert response.get_json()["version"] == 1
    assert here.state() == before
    assert len(here.history(path)) == 1


@pytest.mark.parametrize("noun", NOUNS)
def test_the_id_stands_in_the_path(here: Desk, noun: str) -> None:
    record = new(noun)
    del record["id"]
    assert here.done("PUT", f"/v1/{noun}/new", record)["id"] == "new"
    wrong: tuple[Any, ...] = ("other", "New", "new ", None, 5, [], "summary")
    for given in wrong:
        problem = here.refused(422, "invalid-record", "PUT", f"/v1/{noun}/new", {"id": given, **record})
        assert pointers(problem) == ["/id"]


@pytest.mark.parametrize(
    "record_id",
    ["summary", "summary.csv", "a b", "é", "-a", ".", "a" * 129, "a:b", "a%00b", "%ff", "a%2Fb", "%E2%80%AE", "null~0"],
)
def test_an_id_is_plain(here: Desk, record_id: str) -> None:
    response = here.send("PUT", f"/v1/events/{record_id}", new("events", "x") | {"id": record_id})
    assert response.status_code in (404, 422), response.text
    record = {name: value for name, value in new("events").items() if name != "id"}
    response = here.send("PUT", f"/v1/events/{record_id}", record)
    assert response.status_code in (404, 422), response.text


# Changing members


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("media_type", [PATCH_TYPE, "application/json", "application/merge-patch+json; charset=UTF-8"])
def test_patch_changes_members(here: Desk, noun: str, media_type: str) -> None:
    path = f"/v1/{noun}/{OLD[noun]}"
    before = here.get(path)
    change = {CALLED[noun]: "Called otherwise", "external_ids": {"wikidata": "Q5"}}
    response = here.send("PATCH", path, change, If_Match='"1"', Content_Type=media_type)
    assert response.status_code == 200, response.text
    check_is_the_record(here, response, path)
    after = without_stamps(response.get_json())
    derived = {"title", "name"} - {CALLED[noun]}  # made of other members
    expected = without_stamps(before) | change
    assert {name for name in after if after[name] != expected[name]} <= derived
    assert response.get_json()["version"] == 2
    (_, entry) = here.history(path)
    assert {each["path"] for each in entry["patch"]} <= {f"/{CALLED[noun]}", "/external_ids/wikidata", "/external_ids"}


RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    (
        {
            "title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"}, "tags": ["example", "sample"],
            "content": "This will be unchanged",
        },
        {"title": "Hello!", "phoneNumber": "+01-123-456-7890", "author": {"familyName": None}, "tags": ["example"]},
        {
            "title": "Hello!", "author": {"givenName": "John"}, "tags": ["example"],
            "content": "This will be unchanged", "phoneNumber": "+01-123-456-7890",
        },
    ),
]  # fmt: skip
"""The examples of RFC 7396, section 3 and appendix A: target, patch, result."""


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_merge_patch_is_that_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    before = repr((target, patch))
    assert merge_patch(target, patch) == result
    assert repr((target, patch)) == before


PATCHES: list[tuple[str, Json, Json]] = [
    ("events/strike", {"summary": None}, {"summary": None}),
    ("events/strike", {"related": []}, {"related": []}),
    ("events/strike", {"location": None, "location_precision": None}, {"location": None, "location_precision": None}),
    ("events/strike", {"coded_fatalities": {"best": 3}},
     {"coded_fatalities": {"low": None, "best": 3, "high": None, "civilians": None}}),
    ("actors/rebels", {"external_ids": {"wikidata": None}}, {"external_ids": {}}),
    ("actors/rebels", {"external_ids": {"osm": "n1"}}, {"external_ids": {"wikidata": "Q1", "osm": "n1"}}),
    ("actors/rebels", {"external_ids": None}, {"external_ids": {}}),
    ("locations/town", {"aliases": None}, {"aliases": []}),
    ("locations/town", {"latitude": 36}, {"latitude": 36.0, "longitude": 37.16}),
    ("sources/paper", {"derived_from": None}, {"derived_from": None}),
    ("statements/claim", {"speaker": "Army", "addressees": ["Rebels"]}, {"speaker": "army", "addressees": ["rebels"]}),
    ("statements/claim", {"figures": None}, {"figures": []}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "change", "expected"), PATCHES)
def test_patch_removes_and_merges(here: Desk, path: str, change: Json, expected: Json) -> None:
    here.done("PATCH", f"/v1/{path}", change, If_Match='"1"')
    (_, entry) = here.history(f"/v1/{path}")
    assert {name: entry["record"][name] for name in expected} == expected


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("change", [{}, {"external_ids": {"osm": None}}, {"nonsense": None}])
def test_a_patch_that_changes_nothing_is_no_change(here: Desk, noun: str, change: Json) -> None:
    path = f"/v1/{noun}/{OLD[noun]}"
    before = here.state()
    response = here.send("PATCH", path, change | {"id": OLD[noun]}, If_Match="*")
    assert response.status_code == 200
    check_is_the_record(here, response, path)
    assert here.state() == before


BAD_PATCHES: list[tuple[str, Any, list[str]]] = [
    ("events/strike", {"id": "other"}, ["/id"]),
    ("events/strike", {"id": None}, ["/id"]),
    ("events/strike", {"title": None}, ["/title"]),
    ("events/strike", {"title": 5, "type": "x"}, ["/title", "/type"]),
    ("events/strike", {"nonsense": 1}, ["/nonsense"]),
    ("events/strike", {"version": 9}, ["/version"]),
    ("events/strike", {"evidence": []}, ["/evidence"]),
    ("events/strike", {"related": ["strike"]}, ["/related/0"]),
    ("events/strike", {"part_of": "strike"}, ["/part_of"]),
    ("events/strike", {"end_date": "2024-11-26"}, ["/end_date"]),
    ("events/strike", {"end_date": "2024-11-28"}, ["/date_precision"]),
    ("events/strike", {"location": None}, ["/location_precision"]),
    ("events/strike", {"location": "nowhere"}, ["/location"]),
    ("events/strike", {"dataset": "nowhere"}, ["/dataset"]),
    ("events/strike", {"participants": [{"actor": "nobody", "role": "target"}]}, ["/participants/0/actor"]),
    ("events/offensive", {"part_of": "strike"}, [""]),
    ("locations/land", {"parent": "town"}, [""]),
    ("locations/town", {"latitude": None}, ["/latitude"]),
    ("actors/rebels", {"relations": [{"actor": "cell", "relation": "member_of"}]}, [""]),
    ("sources/wire", {"derived_from": "paper"}, [""]),
    ("statements/claim", {"events": ["strike"]}, ["/figures/2/event"]),
    ("statements/claim", [], [""]),
    ("statements/claim", "text", [""]),
    ("statements/claim", {"external_ids": []}, ["/external_ids"]),
    ("statements/claim", {"external_ids": {"a/b~c": "1"}}, ["/external_ids/a~1b~0c"]),
]


@pytest.mark.parametrize(("path", "change", "expected"), BAD_PATCHES)
def test_a_patch_that_makes_no_record_is_refused(here: Desk, path: str, change: Any, expected: list[str]) -> None:
    problem = here.refused(422, "invalid-record", "PATCH", f"/v1/{path}", change, If_Match='"1"')
    assert sorted(pointers(problem)) == sorted(expected)
    check_type(here.client, problem)


UNKNOWN: list[tuple[str, str, Json, str]] = [
    ("events", "participants", {"participants": [{"actor": "Armee", "role": "target"}]}, "/participants/0/actor"),
    ("events", "evidence", {"evidence": cited("papre")}, "/evidence/0/source"),
    ("events", "part_of", {"part_of": "offensiv"}, "/part_of"),
    ("statements", "figures", {"figures": [figure(best=1, evidence=cited("papr"))]}, "/figures/0/evidence/0/source"),
]


@pytest.mark.parametrize(("noun", "member", "more", "pointer"), UNKNOWN)
def test_a_wrong_reference_is_told_with_the_right_one(
    here: Desk, noun: str, member: str, more: Json, pointer: str
) -> None:
    problem = here.refused(422, "invalid-record", "POST", f"/v1/{noun}", new(noun, **more))
    (fault,) = problem["errors"]
    assert fault["pointer"] == pointer
    assert fault["did_you_mean"] in ("army", "paper", "offensive")
    assert pointer in problem["detail"]


def test_a_name_of_several_is_told_with_all_of_them(here: Desk) -> None:
    here.done("POST", "/v1/actors", new("actors", "army-2", "Army"))
    event = new("events", participants=[{"actor": "ARMY ", "role": "target"}])
    problem = here.refused(422, "invalid-record", "POST", "/v1/events", event)
    (fault,) = problem["errors"]
    assert fault["allowed"] == ["army", "army-2"]
    assert fault["pointer"] == "/participants/0/actor"


# Deleting


@pytest.mark.parametrize("noun", NOUNS)
def test_delete_takes_away_and_put_brings_back(here: Desk, noun: str) -> None:
    here.done("POST", f"/v1/{noun}", new(noun))
    path = f"/v1/{noun}/new"
    tag = here.client.get(path).headers["ETag"]
    response = here.send("DELETE", f"{path}?reason=It+was+wrong", If_Match=tag)
    assert response.status_code == 204
    assert response.data == b""
    assert "Content-Type" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    gone = here.client.get(path)
    assert gone.status_code == 410
    assert "It was wrong" in gone.get_json()["detail"]
    assert last_change(here)["record"] is None
    # Now nothing but a PUT that knows it to be gone is taken.
    body, made = new(noun), new(noun, called="Made again")
    assert "PUT" in here.refused(409, "conflict", "POST", f"/v1/{noun}", body)["detail"]
    for method, sent, headers in (
        ("PUT", body, {}),
        ("PUT", body, {"If_Match": '"2"'}),
        ("PUT", body, {"If_Match": "*"}),
        ("PATCH", {"external_ids": {}}, {"If_Match": "*"}),
        ("DELETE", None, {"If_Match": "*"}),
    ):
        problem = here.refused(410, "gone", method, path, sent, **headers)
        assert "If-None-Match: *" in problem["detail"]
        assert "It was wrong" in problem["detail"]
    here.refused(410, "gone", "POST", f"{path}/merge", {"into": OLD[noun]}, If_Match="*")
    response = here.send("PUT", path, made, If_None_Match="*")
    assert response.status_code == 201
    check_is_the_record(here, response, path)
    assert [(each["version"], each["change"], each["reason"]) for each in here.history(path)] == [
        (1, "created", None), (2, "deleted", "It was wrong"), (3, "created", None),
    ]  # fmt: skip
    here.refused(412, "precondition-failed", "PUT", path, body, If_Match=tag)


IN_USE = [
    ("sources/wire", ["sources/paper"]),
    ("locations/province", ["locations/town"]),
    ("locations/town", ["events/strike", "statements/claim"]),
    ("actors/rebels", ["actors/leader", "actors/cell", "statements/claim"]),
    ("actors/army", ["events/strike", "statements/claim"]),
    ("actors/leader", ["statements/claim"]),
    ("actors/cell", ["events/strike"]),
    ("events/offensive", ["events/strike", "statements/claim"]),
    ("events/strike", ["statements/claim", "statements/report"]),
    (
        "sources/paper",
        [
            *(f"locations/{each}" for each in ("land", "province", "town")),
            *(f"actors/{each}" for each in ("army", "rebels", "leader", "cell")),
            *(f"{each}" for each in ("events/offensive", "events/strike", "statements/claim", "statements/report")),
        ],
    ),
]


@pytest.mark.parametrize(("path", "users"), IN_USE)
def test_what_others_point_to_stays(here: Desk, path: str, users: list[str]) -> None:
    problem = here.refused(409, "in-use", "DELETE", f"/v1/{path}", If_Match="*")
    listed = {each["detail"].split()[0] for each in problem["errors"]}
    assert listed == {f"/v1/{each}" for each in users}
    count = "One record points" if len(users) == 1 else f"{len(users)} records point"
    assert problem["detail"].startswith(f"{count} to ")
    check_type(here.client, problem)


def test_very_many_users_are_counted(here: Desk) -> None:
    records = [new("actors", f"actor-{number}", evidence=cited("wire")) for number in range(60)]
    here.done("POST", "/v1/bundle", {"bundle": "event-timeline/1", "actors": records})
    problem = here.refused(409, "in-use", "DELETE", "/v1/sources/wire", If_Match="*")
    assert problem["detail"].startswith("61 records point to ")
    assert problem["detail"].endswith("and 11 more")
    assert len(problem["errors"]) == 50


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    ("method", "tail", "body"), [("PATCH", "", {}), ("DELETE", "", None), ("POST", "/merge", {"into": "x"})]
)
def test_what_never_was_is_not_found(here: Desk, noun: str, method: str, tail: str, body: Json | None) -> None:
    for headers in ({}, {"If_Match": "*"}, {"If_Match": '"1"'}):
        problem = here.refused(404, "not-found", method, f"/v1/{noun}/never{tail}", body, **headers)
        assert '"never"' in problem["detail"]


# Merging


@pytest.mark.parametrize("noun", NOUNS)
def test_merge_answers_the_record_that_stands_for_both(here: Desk, noun: str) -> None:
    here.done("POST", f"/v1/{noun}", new(noun))
    old = f"/v1/{noun}/new"
    response = here.send("POST", f"{old}/merge?reason=The+same", {"into": OLD[noun]}, If_Match='"1"')
    assert response.status_code == 200, response.text
    path = f"/v1/{noun}/{OLD[noun]}"
    check_is_the_record(here, response, path)
    assert "Location" not in response.headers
    moved = here.client.get(f"{old}?fields=id")
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{ORIGIN}{path}?fields=id")
    end = here.history(old)[-1]
    assert (end["change"], end["merged_into"], end["by"], end["reason"]) == ("merged", OLD[noun], "desk", "The same")
    assert here.history(path)[-1]["reason"] == "The same"
    # Whatever is written to the old id is sent to the new one.
    for method, tail, body, headers in (
        ("PUT", "", new(noun), {}),
        ("PUT", "", new(noun), {"If_None_Match": "*"}),
        ("PUT", "", new(noun), {"If_Match": "*"}),
        ("PATCH", "", {}, {"If_Match": "*"}),
        ("DELETE", "", None, {"If_Match": "*"}),
        ("POST", "/merge", {"into": OLD[noun]}, {"If_Match": "*"}),
    ):
        problem = here.refused(409, "conflict", method, old + tail, body, **headers)
        assert path in problem["detail"]
    assert path in here.refused(409, "conflict", "POST", f"/v1/{noun}", new(noun))["detail"]


def test_a_merge_into_a_merged_record_names_the_one_that_stands_for_it(here: Desk) -> None:
    for each in ("one", "two"):
        here.done("POST", "/v1/actors", new("actors", each))
    here.done("POST", "/v1/actors/one/merge", {"into": "army"}, If_Match='"1"')
    problem = here.refused(422, "invalid-record", "POST", "/v1/actors/two/merge", {"into": "one"}, If_Match='"1"')
    (fault,) = problem["errors"]
    assert fault["pointer"] == "/into"
    assert "army" in str(fault)


def ref(found: Any) -> Any:
    """A record as others show it, as its id."""
    return found["id"] if isinstance(found, dict) else found


MergeCase = tuple[str, str, str, Json, Callable[[Json], Any]]
REDIRECTED: list[MergeCase] = [
    # noun, kind of record that points to it, the member, and what is there after the merge of "old" into "now"
    ("sources", "actors", "evidence", {"evidence": cited("old")}, lambda it: it["evidence"][0]["source"]),
    ("sources", "locations", "evidence", {"evidence": cited("old")}, lambda it: it["evidence"][0]["source"]),
    ("sources", "events", "evidence", {"evidence": cited("old")}, lambda it: it["evidence"][0]["source"]),
    ("sources", "statements", "evidence", {"evidence": cited("old")}, lambda it: it["evidence"][0]["source"]),
    ("sources", "sources", "derived_from", {"derived_from": "old"}, lambda it: it["derived_from"]),
    ("sources", "statements", "evidence of a figure", {"figures": [figure(best=1, evidence=cited("old"))]},
     lambda it: it["figures"][0]["evidence"][0]["source"]),
    ("sources", "actors", "evidence of a relation",
     {"relations": [{"actor": "army", "relation": "leads", "evidence": cited("old")}]},
     lambda it: it["relations"][0]["evidence"][0]["source"]),
    ("locations", "locations", "parent", {"parent": "old"}, lambda it: it["parent"]),
    ("locations", "events", "location", {"location": "old", "location_precision": "near"}, lambda it: it["location"]),
    ("locations", "statements", "location", {"location": "old"}, lambda it: it["location"]),
    ("actors", "actors", "relations", {"relations": [{"actor": "old", "relation": "member_of"}]},
     lambda it: it["relations"][0]["actor"]),
    ("actors", "events", "participants", {"participants": [{"actor": "old", "role": "victim"}]},
     lambda it: it["participants"][0]["actor"]),
    ("actors", "statements", "speaker", {"speaker": "old"}, lambda it: it["speaker"]),
    ("actors", "statements", "on_behalf_of", {"on_behalf_of": "old"}, lambda it: it["on_behalf_of"]),
    ("actors", "statements", "addressees", {"addressees": ["old"]}, lambda it: it["addressees"][0]),
    ("events", "events", "part_of", {"part_of": "old"}, lambda it: it["part_of"]),
    ("events", "events", "related", {"related": ["old"]}, lambda it: it["related"][0]),
    ("events", "statements", "events", {"events": ["old"]}, lambda it: it["events"][0]),
    ("events", "statements", "event of a figure",
     {"events": ["strike", "old"], "figures": [figure(best=1, event="old")]}, lambda it: it["figures"][0]["event"]),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "other", "member", "more", "take"), REDIRECTED)
def test_merge_redirects(
    here: Desk, noun: str, other: str, member: str, more: Json, take: Callable[[Json], Any]
) -> None:
    for each in ("old", "now"):
        here.done("POST", f"/v1/{noun}", new(noun, each, each))
    made = here.done("POST", f"/v1/{other}", new(other, "pointing", **more))
    assert ref(take(made)) == "old"
    before = here.version()
    here.done("POST", f"/v1/{noun}/old/merge", {"into": "now"}, If_Match='"1"')
    found = here.get(f"/v1/{other}/pointing")
    assert ref(take(found)) == "now", member
    assert found["version"] == 2
    assert here.version() == before + 3  # the one that points, the one that stays, the one that ends
    assert b'"old"' not in here.client.get("/v1/bundle").data.replace(b'"aliases":["old"]', b"")
    here.done("DELETE", f"/v1/{other}/pointing", If_Match='"2"')
    here.done("DELETE", f"/v1/{noun}/now", If_Match='"2"')


@pytest.mark.parametrize(
    ("texts", "is_one_text"), [(("1", "1"), True), (("1", "2"), False), (("1", None), False), ((None, None), False)]
)
def test_phrases_go_along_only_within_one_text(
    here: Desk, texts: tuple[str | None, str | None], is_one_text: bool
) -> None:
    for each, digit in zip(("old", "now"), texts, strict=True):
        digest = digit and digit * 64
        here.done("PUT", f"/v1/sources/{each}", new("sources", each, sha256=digest, length=digit and 100))
    here.done("PUT", "/v1/actors/quoting", new("actors", "quoting", evidence=[quoted("four dead", 3, "old")]))
    merging = ("POST", "/v1/sources/old/merge", {"into": "now"})
    if is_one_text:
        here.done(*merging, If_Match="*")
        assert here.get("/v1/actors/quoting")["evidence"] == [quoted("four dead", 3, "now")]
    else:
        before = here.version()
        problem = here.refused(409, "conflict", *merging, If_Match="*")
        assert "/v1/actors/quoting quotes 'old'" in problem["detail"]
        assert here.version() == before
    here.done("DELETE", "/v1/actors/quoting", If_Match="*")
    for each in ("now",) if is_one_text else ("now", "old"):
        here.done("DELETE", f"/v1/sources/{each}", If_Match="*")


REPEATS: list[tuple[str, str, Json, Json]] = [
    ("actors", "statements", {"addressees": ["old", "army", "now"]}, {"addressees": ["now", "army"]}),
    (
        "actors", "events",
        {"participants": [{"actor": each, "role": "target"} for each in ("now", "old")] + [{"actor": "old", "role": "victim"}]},
        {"participants": [{"actor": "now", "role": each, "deaths": None} for each in ("target", "victim")]},
    ),
    ("events", "events", {"related": ["old", "strike", "now"]}, {"related": ["now", "strike"]}),
    (
        "events", "statements",
        {"events": ["old", "now"], "figures": [figure(best=1, event="old"), figure(best=1, event="now")]},
        {"events": ["now"], "figures": 1},
    ),
    ("sources", "events", {"evidence": cited("now", "old")}, {"evidence": 1}),
    ("sources", "statements", {"figures": [figure(best=1, evidence=cited("now", "old"))]}, {"figures": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "other", "more", "expected"), REPEATS)
def test_merge_leaves_no_repeats(here: Desk, noun: str, other: str, more: Json, expected: Json) -> None:
    for each in ("old", "now"):
        here.done("POST", f"/v1/{noun}", new(noun, each, each))
    here.done("POST", f"/v1/{other}", new(other, "pointing", **more))
    here.done("POST", f"/v1/{noun}/old/merge", {"into": "now"}, If_Match='"1"')
    record = here.history(f"/v1/{other}/pointing")[-1]["record"]
    for member, value in expected.items():
        assert (len(record[member]) if isinstance(value, int) else record[member]) == value
    if "figures" in record and noun == "sources":
        assert [each["source"] for each in record["figures"][0]["evidence"]] == ["now"]


def test_merge_of_a_place_takes_along_what_was_said_of_its_events(here: Desk) -> None:
    for each in ("old", "now"):
        here.done("POST", "/v1/locations", new("locations", each, each))
    here.done("POST", "/v1/events", new("events", location="old", location_precision="near"))
    here.done("POST", "/v1/statements", new("statements", events=["new"]))
    here.done("POST", "/v1/locations/old/merge", {"into": "now"}, If_Match='"1"')
    for noun in ("events", "statements"):
        assert [each["id"] for each in here.get(f"/v1/{noun}?location=now")["data"]] == ["new"]
    assert here.get("/v1/statements/new")["events"][0]["location"]["id"] == "now"
    counts = here.get("/v1/locations/now")
    assert (counts["events"], counts["statements"]) == (1, 1)


def test_merge_unites(here: Desk) -> None:
    old = new(
        "actors", "old", "The Old", aliases=["A", "B", "The Now"], external_ids={"wikidata": "Q8", "isni": "1"},
        description="Dropped.", evidence=[quoted("x", 1), quoted("y", 2)],
        relations=[
            {"actor": "rebels", "relation": "member_of"}, {"actor": "now", "relation": "allied_with"},
            {"actor": "army", "relation": "backed_by"},
        ],
    )  # fmt: skip
    now = new(
        "actors", "now", "The Now", aliases=["B", "C"], external_ids={"wikidata": "Q9"}, evidence=[quoted("y", 2)],
        relations=[{"actor": "old", "relation": "part_of"}, {"actor": "rebels", "relation": "member_of"}],
    )  # fmt: skip
    here.done("POST", "/v1/actors", {**old, "relations": []})
    here.done("POST", "/v1/actors", now)
    here.done("PUT", "/v1/actors/old", old, If_Match='"1"')
    here.done("POST", "/v1/actors/old/merge", {"into": "now"}, If_Match='"2"')
    record = here.history("/v1/actors/now")[-1]["record"]
    assert record["aliases"] == ["B", "C", "A", "The Old"]
    assert record["external_ids"] == {"wikidata": "Q9", "isni": "1"}
    assert record["description"] is None
    assert [(each["quote"], each["start"]) for each in record["evidence"]] == [("y", 2), ("x", 1)]
    assert [(each["actor"], each["relation"]) for each in record["relations"]] == [
        ("rebels", "member_of"), ("army", "backed_by"),
    ]  # fmt: skip
    for name in ("A", "b", "the old", "The Now"):
        assert [each["id"] for each in here.get(f"/v1/actors?name={name}")["data"]] == ["now"], name


@pytest.mark.parametrize(
    ("noun", "member"), [("sources", "derived_from"), ("locations", "parent"), ("events", "part_of")]
)
def test_merge_of_a_parent_into_its_child(here: Desk, noun: str, member: str) -> None:
    """The child goes up to where its parent was."""
    for record_id, parent in (("top", None), ("middle", "top"), ("low", "middle")):
        here.done("POST", f"/v1/{noun}", new(noun, record_id, record_id, **{member: parent}))
    assert here.done("POST", f"/v1/{noun}/middle/merge", {"into": "low"}, If_Match='"1"')[member] == "top"
    assert here.done("POST", f"/v1/{noun}/low/merge", {"into": "top"}, If_Match='"2"')[member] is None


CONTRADICTIONS: list[tuple[str, list[tuple[str, Json]], str]] = [
    ("locations", [("old", {}), ("mid", {"parent": "old"}), ("now", {"parent": "mid"})], "inside itself"),
    ("events", [("old", {}), ("mid", {"part_of": "old"}), ("now", {"part_of": "mid"})], "inside itself"),
    ("sources", [("old", {}), ("mid", {"derived_from": "old"}), ("now", {"derived_from": "mid"})], "inside itself"),
    (
        "actors",
        [
            ("old", {}), ("mid", {"relations": [{"actor": "old", "relation": "member_of"}]}),
            ("now", {"relations": [{"actor": "mid", "relation": "part_of"}]}),
        ],
        "inside itself",
    ),
    (
        "actors",
        [("old", {"aliases": [f"a{n}" for n in range(150)]}), ("now", {"aliases": [f"b{n}" for n in range(50)]})],
        "at most 200 members; has 201",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "records", "said"), CONTRADICTIONS)
def test_a_merge_that_contradicts_itself_is_refused(
    here: Desk, noun: str, records: list[tuple[str, Json]], said: str
) -> None:
    for record_id, more in records:
        here.done("POST", f"/v1/{noun}", new(noun, record_id, record_id, **more))
    problem = here.refused(409, "conflict", "POST", f"/v1/{noun}/old/merge", {"into": "now"}, If_Match='"1"')
    assert said in problem["detail"]
    assert problem["errors"]
    check_type(here.client, problem)


def test_merges_of_merges(here: Desk) -> None:
    for number in range(4):
        here.done("POST", "/v1/actors", new("actors", f"m{number}", f"Name {number}"))
    here.done("POST", "/v1/events", new("events", participants=[{"actor": "m0", "role": "target"}]))
    for number in range(3):
        version = here.get(f"/v1/actors/m{number}")["version"]
        here.done("POST", f"/v1/actors/m{number}/merge", {"into": f"m{number + 1}"}, If_Match=f'"{version}"')
    assert here.get("/v1/events/new")["participants"][0]["actor"]["id"] == "m3"
    assert here.get("/v1/events/new")["version"] == 4
    for number in range(3):
        moved = here.client.get(f"/v1/actors/m{number}")
        assert (moved.status_code, moved.headers["Location"]) == (308, f"{ORIGIN}/v1/actors/m3")
        assert (
            "/v1/actors/m3"
            in here.refused(409, "conflict", "PUT", f"/v1/actors/m{number}", new("actors", f"m{number}"))["detail"]
        )
        found = here.done(
            "PATCH", "/v1/events/new", {"participants": [{"actor": f"m{number}", "role": "victim"}]}, If_Match="*"
        )
        assert found["participants"][0]["actor"]["id"] == "m3"
    assert here.get("/v1/actors/m3")["aliases"] == ["Name 0", "Name 1", "Name 2"]
    # The record that stands for them all is deleted: nothing may be said to lead there any more.
    here.done("DELETE", "/v1/events/new", If_Match="*")
    here.done("DELETE", "/v1/actors/m3", If_Match="*")
    event = new("events", "late", participants=[{"actor": "m0", "role": "target"}])
    problem = here.refused(422, "invalid-record", "POST", "/v1/events", event)
    assert pointers(problem) == ["/participants/0/actor"]


BAD_MERGES: list[tuple[Any, list[str]]] = [
    ({}, ["/into"]),
    ({"into": None}, ["/into"]),
    ({"into": 5}, ["/into"]),
    ({"into": "never"}, ["/into"]),
    ({"into": "Army"}, ["/into"]),
    ({"into": "a b"}, ["/into"]),
    ({"into": "rebels"}, ["/into"]),
    ({"into": "army", "from": "x"}, ["/from"]),
    ([], [""]),
    ("army", [""]),
]


@pytest.mark.parametrize(("body", "expected"), BAD_MERGES)
def test_a_merge_names_another_record(here: Desk, body: Any, expected: list[str]) -> None:
    problem = here.refused(422, "invalid-record", "POST", "/v1/actors/rebels/merge", body, If_Match='"1"')
    assert pointers(problem) == expected


# Reasons


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("reason=", "is empty"), ("reason=+", "is empty"), ("reason=a&reason=b", "2 times"), ("reson=x", "reason"),
        (f"reason={'x' * 501}", "500"), ("reason=a%00b", "U+0000"), ("reason=%ff", "UTF-8"), ("limit=1", "not a parameter"),
    ],
)  # fmt: skip
def test_a_bad_query_is_refused(here: Desk, query: str, said: str) -> None:
    for method, path, body in (
        ("POST", "/v1/actors", new("actors")),
        ("DELETE", "/v1/statements/claim", None),
        ("POST", "/v1/bundle", {"bundle": "event-timeline/1"}),
    ):
        problem = here.refused(400, "invalid-parameter", method, f"{path}?{query}", body, If_Match="*")
        assert said in str(problem)


def test_history_tells_who_and_why(here: Desk) -> None:
    path = "/v1/actors/new"
    here.done("PUT", f"{path}?reason=%D9%84%D9%85%D8%A7%D8%B0%D8%A7", new("actors"))
    here.done("PATCH", path, {"country": "SY"}, by="colleague", If_Match='"1"')
    here.done("PATCH", f"{path}?reason={'x' * 500}", {"country": "TR"}, by="owner", If_Match='"2"')
    assert [(each["by"], each["reason"]) for each in here.history(path)] == [
        ("desk", "لماذا"), ("colleague", None), ("owner", "x" * 500),
    ]  # fmt: skip
