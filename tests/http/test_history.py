"""Histories: every version of a record, what became of records that are gone, and patches that say what changed."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import jsonpatch
import pytest
from answers import Json, ask, check_type, event, faults_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient
from histories import end, with_a_past
from hypothesis import given, settings
from hypothesis import strategies as st

from api.config import Settings
from api.model.json_patch import patch
from api.store.migrations import open_migrated
from api.web.singles import EXAMPLES

VERSIONS = 9
EXAMPLE_RECORDS = [f"/v1/{noun}/{record_id}" for noun, record_id in EXAMPLES.items()]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of records that were changed, deleted, made again and merged."""
    path = with_a_past(tmp_path_factory.mktemp("history") / "past.db")
    for number in range(VERSIONS):
        title = f"Title {number // 2}"
        write(path, events=[event("often", title, summary=f"Summary {number}", related=["changed"][: number % 2])])
    write(path, events=[event("phoenix", "Before")])
    connection = open_migrated(path)
    end(connection, "events", "phoenix", reason="Too early")
    connection.execute(
        "INSERT INTO changes (at, collection, id, version, change, record)"
        " SELECT at, collection, id, 3, 'created', record FROM changes WHERE id = 'phoenix' AND version = 1"
    )
    connection.close()
    with serving(Settings(db=path)) as client:
        yield client


def page(client: FlaskClient, target: str) -> Json:
    response = ask(client, target.removeprefix("http://localhost"))
    assert response.status_code == 200, response.text
    found: Json = strict_json(response.text)
    return found


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_pages_forward_and_back_are_all_versions(past: FlaskClient, limit: int) -> None:
    found = [page(past, f"/v1/events/often/history?limit={limit}")]
    while found[-1]["links"]["next"]:
        found.append(page(past, found[-1]["links"]["next"]))
    versions = [[each["version"] for each in one["data"]] for one in found]
    assert [each for one in versions for each in one] == list(range(VERSIONS, 0, -1))
    back = [found[-1]]
    while back[-1]["links"]["prev"]:
        back.append(page(past, back[-1]["links"]["prev"]))
    assert [[each["version"] for each in one["data"]] for one in back] == versions[::-1]
    assert found[0]["links"]["prev"] is None
    for one in found:
        assert one["meta"] == {
            "limit": limit,
            "count": len(one["data"]),
            "dataset_version": one["meta"]["dataset_version"],
        }


def test_every_patch_makes_the_version_out_of_the_one_before(past: FlaskClient) -> None:
    entries = page(past, "/v1/events/often/history")["data"]
    for new, old in pairwise(entries):
        assert new["patch"]
        assert jsonpatch.JsonPatch(new["patch"]).apply(old["record"]) == new["record"]
    assert entries[-1]["patch"] is None
    assert entries[-1]["change"] == "created"


def test_a_version_is_the_change_of_the_feed_with_a_patch(past: FlaskClient) -> None:
    feed = {(each["id"], each["version"]): each for each in page(past, "/v1/changes?limit=1000&since=100")["data"]}
    for path in ("events/often", "events/ended", "events/changed", "actors/merged-1", "events/phoenix"):
        for each in page(past, f"/v1/{path}/history")["data"]:
            assert list(each)[-2:] == ["record", "patch"]
            assert {name: value for name, value in each.items() if name != "patch"} == feed[each["id"], each["version"]]


def test_what_ended_and_began_again_has_no_patch(past: FlaskClient) -> None:
    entries = page(past, "/v1/events/phoenix/history")["data"]
    assert [(each["change"], each["patch"]) for each in entries] == [
        ("created", None), ("deleted", None), ("created", None)
    ]  # fmt: skip
    assert [each["change"] for each in page(past, "/v1/actors/merged-2/history")["data"]] == ["merged", "created"]


@pytest.mark.parametrize("number", range(1, VERSIONS + 1))
def test_one_version(past: FlaskClient, number: int) -> None:
    found = page(past, f"/v1/events/often/history?version={number}")
    every = page(past, "/v1/events/often/history")["data"]
    assert found["data"] == [each for each in every if each["version"] == number]
    assert found["links"]["next"] is found["links"]["prev"] is None
    assert found["meta"]["count"] == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/v1/events/often/history?version=10", "there are versions 1 to 9"),
        ("/v1/events/ended/history?version=3", "there are versions 1 to 2"),
        ("/v1/events/saraqib-captured/history?version=2", "there is only version 1"),
        ("/v1/events/oftn/history", 'Did you mean "often"?'),
        ("/v1/events/oftn/history?version=1", 'Did you mean "often"?'),
        ("/v1/actors/often/history", "GET /v1/actors lists what there is."),
        ("/v1/sources/Often/history", "There is no record"),
    ],
)
def test_what_never_was_is_not_found(past: FlaskClient, target: str, said: str) -> None:
    response = ask(past, target)
    assert response.status_code == 404
    problem = problem_of(response)
    assert said in problem["detail"]
    if "often" not in target and "ended" not in target and "version=2" not in target:
        assert problem["detail"] == problem_of(ask(past, target.split("/history")[0]))["detail"]


WRONG = (
    ("version=0", "version"), ("version=-1", "version"), ("version=x", "version"), ("version=", "version"),
    ("version=1.0", "version"), ("version=1&version=2", "version"), ("limit=0", "limit"), ("limit=1001", "limit"),
    ("cursor=x", "cursor"), ("cursor=", "cursor"), ("fields=id", "fields"), ("since=1", "since"), ("sort=version", "sort"),
    ("total=true", "total"), ("versions=1", "versions"),
)  # fmt: skip


@pytest.mark.parametrize("record", EXAMPLE_RECORDS)
@pytest.mark.parametrize(("query", "parameter"), WRONG)
def test_wrong_parameters_are_refused(client: FlaskClient, record: str, query: str, parameter: str) -> None:
    response = ask(client, f"{record}/history?{query}")
    assert response.status_code == 400
    assert parameter in faults_of(problem_of(response))


def test_a_cursor_belongs_to_its_record(past: FlaskClient) -> None:
    cursor = page(past, "/v1/events/often/history?limit=1")["links"]["next"].partition("cursor=")[2]
    assert ask(past, f"/v1/events/often/history?limit=5&cursor={cursor}").status_code == 200
    for other in ("/v1/events/changed/history?", "/v1/events?", "/v1/events/often/history?version=3&"):
        response = ask(past, f"{other}cursor={cursor}")
        assert response.status_code == 400
        assert "belongs to another list" in faults_of(problem_of(response))["cursor"]["detail"]


@pytest.mark.parametrize("record", EXAMPLE_RECORDS)
def test_every_noun_has_histories(client: FlaskClient, record: str) -> None:
    (entry,) = page(client, f"{record}/history")["data"]
    assert f"/v1/{entry['collection']}/{entry['id']}" == record
    assert (entry["version"], entry["change"], entry["patch"]) == (1, "created", None)
    response = ask(client, f"{record}/history")
    assert ask(client, f"{record}/history", If_None_Match=response.headers["ETag"]).status_code == 304


# Records that are gone


def test_a_deleted_record_is_gone(past: FlaskClient) -> None:
    for target, why in (
        ("/v1/events/ended", ": It never happened"),
        ("/v1/events/ended?fields=id", ": It never happened"),
    ):
        response = ask(past, target)
        assert response.status_code == 410
        problem = problem_of(response)
        check_type(past, problem)
        assert problem["type"].endswith("#gone")
        assert re.fullmatch(rf'"ended" in events was deleted on \d{{4}}-\d\d-\d\dT[0-9:]+Z{why}', problem["detail"])


@pytest.mark.parametrize("query", ["", "?fields=id,name", "?fields=id&fields=name", "?fields=%69d"])
@pytest.mark.parametrize("record_id", ["merged-1", "merged-2"])
def test_a_merged_record_leads_to_the_one_that_stands_for_it(past: FlaskClient, record_id: str, query: str) -> None:
    response = ask(past, f"/v1/actors/{record_id}{query}")
    assert response.status_code == 308
    assert response.headers["Location"] == f"http://localhost/v1/actors/merged-3{query}"
    problem = problem_of(response)
    check_type(past, problem)
    assert '"merged-3" stands for it now' in problem["detail"]
    assert page(past, response.headers["Location"])["id"] == "merged-3"


def test_the_redirect_has_the_public_address(past: FlaskClient) -> None:
    path = past.application.config["STORE"].path
    with serving(Settings(db=path, public_url="https://data.example.org/conflict/")) as client:
        response = ask(client, "/v1/actors/merged-1?fields=id")
        assert response.headers["Location"] == "https://data.example.org/conflict/v1/actors/merged-3?fields=id"


def test_wrong_parameters_come_before_the_redirect(past: FlaskClient) -> None:
    assert ask(past, "/v1/actors/merged-1?field=id").status_code == 400
    assert ask(past, "/v1/events/ended?field=id").status_code == 400


def test_merged_into_what_was_deleted_later(tmp_path: Path) -> None:
    path = with_a_past(tmp_path / "own.db")
    connection = open_migrated(path)
    end(connection, "actors", "merged-3", reason="Never was")
    connection.close()
    with serving(Settings(db=path)) as client:
        assert ask(client, "/v1/actors/merged-1").headers["Location"] == "http://localhost/v1/actors/merged-3"
        assert ask(client, "/v1/actors/merged-3").status_code == 410
        assert ask(client, "/v1/events?actor=merged-1").status_code == 400


def test_a_filter_finds_a_merged_record_by_its_old_id(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    actors = [
        {"id": each, "name": name, "type": "other", "evidence": [{"source": "ssbcrack-half-of-aleppo"}]}
        for each, name in (("old-id", "Old"), ("new-id", "New"), ("odd", "old id"))
    ]
    write(path, actors=actors)
    part = {"participants": [{"actor": "new-id", "role": "side_a"}]}
    write(path, events=[event("theirs", "Theirs", **part), event("odd", "Odd")])
    connection = open_migrated(path)
    end(connection, "actors", "old-id", into="new-id")
    connection.close()
    with serving(Settings(db=path)) as client:
        for name in ("old-id", "new-id", "New"):
            found = page(client, f"/v1/events?actor={name}")["data"]
            assert [each["id"] for each in found] == ["theirs"], name
        assert page(client, "/v1/events?actor=old%20id")["data"] == []  # by name another one is meant
        assert ask(client, "/v1/events?actor=Old").status_code == 400  # its name went with it


# Patches


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from((0.5, 1.0, -1.5)) | st.text('a/~é"\\', max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=4),
    max_leaves=15,
)
RECORDS = st.dictionaries(
    st.sampled_from(("id", "title", "aliases", "evidence", "a/b", "~", "")), JSON_VALUES, max_size=5
)


def same(one: object, other: object) -> bool:
    """Equal as JSON, in which 1 is not true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@settings(max_examples=150, deadline=None)
@given(before=RECORDS, after=RECORDS)
def test_a_patch_makes_the_one_record_the_other(before: Json, after: Json) -> None:
    operations = patch(json.dumps(before), json.dumps(after))
    assert same(jsonpatch.JsonPatch(operations).apply(before), after)
    assert bool(operations) == (not same(before, after))
