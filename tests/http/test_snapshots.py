"""Reading a snapshot: every read route gives the same bytes for ever, whatever becomes of the data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from answers import Json, ask, check_type, event, faults_of, problem_of, serving, write
from conftest import seeded
from flask.testing import FlaskClient
from writers import Desk, desk, pointers

from api.config import Settings
from api.store import history, reading, snapshots, sqlite
from api.store.readers import snapshot_file
from api.web.table import OF_DATA, ROUTES

YEAR = "public, max-age=31536000, immutable"
BAD_NAMES = (
    ".", "..", "../first", "a/b", "a\\b", "/etc/passwd", "%2e%2e", "first.", "FIRST", "x" * 65, "first\0", "first\n",
    "first/../first", ".making", "first.db", "first,first", "é", "'; DROP TABLE events; --", "first?mode=rwc",
)  # fmt: skip


def of(target: str, name: str = "first") -> str:
    """The target, asked of a snapshot."""
    return f"{target}{'&' if '?' in target else '?'}snapshot={name}"


TARGETS = sorted({route.example for route in OF_DATA} | {"/v1/events.ndjson", "/v1/bundle", "/v1/changes?since=0"})


@dataclass(frozen=True)
class World:
    """A database with the seed and a snapshot of it, changed since; and what was answered before it was."""

    database: Path
    client: FlaskClient
    live: dict[str, bytes]
    before: dict[str, bytes]
    tags: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = seeded(tmp_path_factory.mktemp("snapshots") / "own.db")
    snapshots.create(path, "first", "Before.")
    with serving(Settings(db=path)) as client:
        live = {target: ask(client, target).data for target in TARGETS}
        found = {target: ask(client, of(target)) for target in TARGETS}
        assert {answer.status_code for answer in found.values()} == {200}
        write(path, events=[event("added-later", "Added later")])
        tags = {target: answer.headers["ETag"] for target, answer in found.items()}
        yield World(path, client, live, {target: answer.data for target, answer in found.items()}, tags)


@pytest.mark.parametrize("target", TARGETS)
def test_a_snapshot_answers_the_same_for_ever(world: World, target: str) -> None:
    answer = ask(world.client, of(target))
    assert answer.data == world.before[target]
    assert answer.headers["ETag"] == world.tags[target]
    assert answer.headers["Cache-Control"] == YEAR
    with serving(Settings(db=world.database)) as fresh:
        assert ask(fresh, of(target)).data == world.before[target]


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_client_has_of_a_snapshot_stays_good(world: World, target: str) -> None:
    answer = ask(world.client, of(target), If_None_Match=world.tags[target])
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["Cache-Control"] == YEAR


@pytest.mark.parametrize("target", TARGETS)
def test_the_data_as_they_are_now_are_kept_as_briefly_as_ever(world: World, target: str) -> None:
    answer = ask(world.client, target)
    assert "immutable" not in answer.headers["Cache-Control"]
    assert answer.headers["ETag"] != world.tags[target]


def test_a_snapshot_has_what_the_data_were(world: World) -> None:
    for target in ("/v1/bundle", "/v1/events.ndjson", "/v1/events.csv?actor=HTS&location=Aleppo"):
        assert world.before[target] == world.live[target]
    assert b"added-later" in ask(world.client, "/v1/events.ndjson").data
    assert ask(world.client, of("/v1/events/added-later")).status_code == 404
    assert ask(world.client, "/v1/events/added-later").status_code == 200


def test_every_read_route_but_the_list_itself_takes_a_snapshot() -> None:
    taking = {route.path for route in ROUTES if "snapshot" in {each.name for each in route.parameters}}
    assert {route.path for route in ROUTES} - taking == {"/v1/snapshots"}
    for route in ROUTES:
        for variant in route.variants:
            assert ("snapshot" in {each.name for each in variant.parameters}) == (route.path in taking)


def test_a_bundle_may_be_filtered_too(world: World) -> None:
    assert len(ask(world.client, of("/v1/bundle?location=Saraqib")).data) < len(world.before["/v1/bundle"])


# Names


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_none_is_refused(world: World, name: str) -> None:
    answer = ask(world.client, of("/v1/events", quote(name, safe="")))
    problem = problem_of(answer)
    check_type(world.client, problem)
    assert answer.status_code == 400
    assert list(faults_of(problem)) == ["snapshot"]


@pytest.mark.parametrize(
    "target", ["/v1/events", "/v1/meta", "/v1/bundle", "/v1/events/saraqib-captured", "/v1/changes"]
)
def test_an_unknown_name_is_told_the_right_one(world: World, target: str) -> None:
    fault = faults_of(problem_of(ask(world.client, of(target, "frist"))))["snapshot"]
    assert fault["allowed"] == ["first"]
    assert fault["did_you_mean"] == "first"


def test_without_snapshots_none_is_named(client: FlaskClient) -> None:
    fault = faults_of(problem_of(ask(client, of("/v1/events"))))["snapshot"]
    assert fault["allowed"] == []
    assert ask(client, "/v1/snapshots").get_json()["data"] == []


def test_a_snapshot_that_was_taken_away_is_unknown(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    snapshots.create(path, "first")
    with serving(Settings(db=path)) as client:
        assert ask(client, of("/v1/events")).status_code == 200
        snapshot_file(path, "first").unlink()
        assert ask(client, of("/v1/events")).status_code == 400
        assert ask(client, "/v1/snapshots").get_json()["data"] == []


def test_a_snapshot_of_another_version_of_the_program_is_unavailable(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    snapshots.create(path, "old")
    file = snapshot_file(path, "old")
    file.chmod(0o644)
    connection = sqlite.connect(file, isolation_level=None)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with serving(Settings(db=path)) as client:
        problem = problem_of(ask(client, of("/v1/events", "old")))
        assert problem["status"] == 503
        assert "another version of this program" in problem["detail"]
        assert ask(client, "/v1/events").status_code == 200
        assert [each["name"] for each in ask(client, "/v1/snapshots").get_json()["data"]] == ["old"]


# Pages and whole sets


def walk(client: FlaskClient, target: str) -> list[Json]:
    """All records of a list, page by page."""
    found: list[Json] = []
    next_page: str | None = target
    while next_page:
        page = ask(client, next_page.removeprefix("http://localhost")).get_json()
        found += page["data"]
        assert all("snapshot=first" in link for link in page["links"].values() if link)
        next_page = page["links"]["next"]
    return found


@pytest.mark.parametrize("target", ["/v1/events?limit=7", "/v1/timeline?limit=30", "/v1/actors?sort=-events&limit=9"])
def test_pages_stay_in_the_snapshot(world: World, target: str) -> None:
    path = target.partition("?")[0]
    found = walk(world.client, of(target))
    assert len(found) == ask(world.client, of(f"{path}?total=true")).get_json()["meta"]["total"]
    assert "added-later" not in {each["id"] for each in found}


def test_a_cursor_belongs_to_its_snapshot(world: World) -> None:
    snapshots.create(world.database, "second")
    cursors = [
        re.findall("cursor=([^&]+)", ask(world.client, target).get_json()["links"]["next"])[0]
        for target in ("/v1/events?limit=2", of("/v1/events?limit=2"), of("/v1/events?limit=2", "second"))
    ]
    assert len(set(cursors)) == 3
    targets = ["/v1/events?limit=2", of("/v1/events?limit=2"), of("/v1/events?limit=2", "second")]
    for number, target in enumerate(targets):
        for other, cursor in enumerate(cursors):
            answer = ask(world.client, f"{target}&cursor={cursor}")
            if number == other:
                assert answer.status_code == 200
            else:
                assert list(faults_of(problem_of(answer))) == ["cursor"]


@pytest.mark.parametrize("target", ["/v1/events.ndjson", "/v1/statements.csv", "/v1/changes.ndjson?since=0"])
def test_a_whole_set_stays_in_the_snapshot_while_the_data_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(reading, "EXPORT_PAGE", 3)
    monkeypatch.setattr(history, "EXPORT_PAGE", 3)
    path = seeded(tmp_path / "own.db")
    snapshots.create(path, "first")
    with serving(Settings(db=path)) as client:
        whole = ask(client, of(target)).data
        answer = client.get(of(target))
        pieces = answer.iter_encoded()
        got = [next(pieces)]
        connection = sqlite.connect(path)
        connection.execute("DELETE FROM events_text")
        connection.execute("UPDATE events SET start_date = '1999-01-01'")
        connection.execute("UPDATE statements SET date = '1999-01-01'")
        connection.execute("UPDATE statements_doc SET doc = '{}'")
        connection.execute("UPDATE changes SET record = 'null'")
        connection.commit()
        connection.close()
        got += pieces
        answer.close()
        assert b"".join(got) == whole
        assert len(whole.splitlines()) > 10


# The list of snapshots, and how to cite one


def test_the_list(world: World) -> None:
    made = snapshots.find(world.database, "first")
    answer = ask(world.client, "/v1/snapshots")
    body = answer.get_json()
    assert body["links"] == {"self": "http://localhost/v1/snapshots", "next": None, "prev": None}
    assert body["meta"]["count"] == body["meta"]["limit"] == len(body["data"])
    found = next(each for each in body["data"] if each["name"] == "first")
    assert {name: found[name] for name in ("note", "sha256", "bytes", "counts", "dataset_version", "licences")} == {
        "note": "Before.", "sha256": made.sha256, "bytes": made.bytes, "counts": dict(made.counts),
        "dataset_version": made.dataset_version, "licences": ["CC-BY-4.0"],
    }  # fmt: skip
    meta = ask(world.client, found["links"]["self"].removeprefix("http://localhost")).get_json()
    assert meta["citation"] == found["citation"]
    assert meta["counts"] == found["counts"]
    assert meta["snapshot"]["sha256"] == made.sha256
    assert ask(world.client, found["links"]["events"].removeprefix("http://localhost")).status_code == 200


def test_the_list_changes_with_each_snapshot_and_not_only_with_the_data(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    with serving(Settings(db=path)) as client:
        answer = ask(client, "/v1/snapshots")
        assert "Last-Modified" not in answer.headers
        assert "immutable" not in answer.headers["Cache-Control"]
        tags = [answer.headers["ETag"]]
        for name in ("first", "second"):
            assert ask(client, "/v1/snapshots", If_None_Match=tags[-1]).status_code == 304
            snapshots.create(path, name)
            answer = ask(client, "/v1/snapshots", If_None_Match=tags[-1])
            assert answer.status_code == 200
            tags.append(answer.headers["ETag"])
        data = ask(client, "/v1/events").headers["ETag"]
        snapshots.create(path, "third")
        assert ask(client, "/v1/events").headers["ETag"] == data
    assert len(set(tags)) == 3


def test_a_citation_names_the_data(world: World) -> None:
    made = snapshots.find(world.database, "first")
    live = ask(world.client, "/v1/meta").get_json()
    assert live["snapshot"] is None
    assert f"dataset version {live['dataset_version']} " in live["citation"]
    assert live["citation"].endswith("licence CC-BY-4.0, http://localhost/v1/meta")
    cited = ask(world.client, of("/v1/meta")).get_json()["citation"]
    for part in ("snapshot first", made.sha256, f"dataset version {made.dataset_version}", made.epoch, "CC-BY-4.0"):
        assert part in cited
    assert cited.endswith("http://localhost/v1/meta?snapshot=first")
    assert "\n" not in cited


# Making one


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "own.db") as found:
        yield found


def test_a_snapshot_is_made_and_found(own: Desk) -> None:
    answer = own.send("POST", "/v1/snapshots", {"name": "first", "note": "For the report."}, by="owner")
    assert answer.status_code == 201
    assert answer.headers["Location"] == "http://localhost/v1/meta?snapshot=first"
    assert answer.headers["Cache-Control"] == "no-store"
    assert own.get("/v1/meta?snapshot=first")["snapshot"]["note"] == "For the report."
    assert own.get("/v1/snapshots")["data"] == [answer.get_json()]
    for key in own.keys.values():
        assert key.encode() not in snapshot_file(own.database, "first").read_bytes()
    own.refused(409, "conflict", "POST", "/v1/snapshots", {"name": "first"}, by="owner")


@pytest.mark.parametrize(("by", "status", "kind"), [(None, 401, "key-required"), ("desk", 403, "scope-too-narrow")])
def test_only_an_admin_makes_one(own: Desk, by: str | None, status: int, kind: str) -> None:
    own.refused(status, kind, "POST", "/v1/snapshots", {"name": "first"}, by=by)
    assert own.get("/v1/snapshots")["data"] == []


def test_others_write_and_read_on(own: Desk) -> None:
    own.done("POST", "/v1/snapshots", {"name": "first"}, by="owner")
    before = own.client.get("/v1/events/strike?snapshot=first")
    record = own.client.get("/v1/events/strike")
    own.done("PATCH", "/v1/events/strike", {"title": "Another"}, If_Match=record.headers["ETag"])
    own.done("DELETE", "/v1/statements/report", If_Match="*")
    assert own.client.get("/v1/events/strike?snapshot=first").data == before.data == record.data
    assert own.client.get("/v1/statements/report").status_code == 410
    assert own.client.get("/v1/statements/report?snapshot=first").status_code == 200


def test_a_merged_record_leads_on_within_the_snapshot(own: Desk) -> None:
    own.done("POST", "/v1/actors/cell/merge", {"into": "rebels"}, If_Match="*")
    own.done("POST", "/v1/snapshots", {"name": "first"}, by="owner")
    answer = own.client.get("/v1/actors/cell?snapshot=first")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "http://localhost/v1/actors/rebels?snapshot=first"


BAD_BODIES: list[tuple[Any, list[str]]] = [
    ({}, ["/name"]),
    ({"name": None}, ["/name"]),
    ({"name": 1}, ["/name"]),
    ({"name": ["first"]}, ["/name"]),
    ({"name": "../first"}, ["/name"]),
    ({"name": "first\0"}, ["/name"]),
    ({"name": "first", "note": ""}, ["/note"]),
    ({"name": "first", "note": 1}, ["/note"]),
    ({"name": "first", "notes": "x"}, ["/notes"]),
    ({"name": "A", "note": "\0", "x/y": 1}, ["/name", "/note", "/x~1y"]),
    ([], [""]),
    ("first", [""]),
]


@pytest.mark.parametrize(("body", "where"), BAD_BODIES, ids=lambda value: repr(value)[:40])
def test_a_body_that_is_none_is_refused(own: Desk, body: Any, where: list[str]) -> None:
    problem = own.refused(422, "invalid-record", "POST", "/v1/snapshots", body, by="owner")
    assert sorted(pointers(problem)) == where
    assert own.get("/v1/snapshots")["data"] == []
