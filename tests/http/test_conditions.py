"""Conditions: which `If-Match` and `If-None-Match` each method takes, what each is answered, and that nobody's change is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import Json, ask, check_type
from writers import NOUNS, OLD, Desk, desk, new

METHODS = ("PUT", "PATCH", "DELETE", "merge")
DIGEST = "0123456789abcdef" * 2


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    """A desk over a database of its own."""
    with desk(tmp_path / "own.db") as found:
        yield found


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk at which everything is refused."""
    with desk(tmp_path_factory.mktemp("still") / "own.db") as found:
        found.done("POST", "/v1/actors", new("actors"))
        found.done("PATCH", "/v1/actors/new", {"country": "SY"}, If_Match='"1"')
        yield found


def order(method: str, noun: str = "actors", record_id: str = "new") -> tuple[str, str, Json | None]:
    """A request that changes the record, as method, path and body."""
    path = f"/v1/{noun}/{record_id}"
    bodies = {"PUT": new(noun, record_id, "Changed"), "PATCH": {"external_ids": {"osm": "n1"}}, "DELETE": None}
    if method == "merge":
        return "POST", f"{path}/merge", {"into": OLD[noun]}
    return method, path, bodies[method]


MATCHES = [
    '"2"', '"1", "2"', '"2", "3"', '"2","9"', ' "2" ', 'W/"2", "2"', '"nonsense", "2"', "*", " * ", f'"2.{DIGEST}"',
    f'"2.{DIGEST}:gzip"', f'"2.{DIGEST}:zstd"', f'"1.{DIGEST}", "2.{DIGEST}:br"', '"2", *',
]  # fmt: skip
MISMATCHES = [
    '"1"', '"3"', '"1", "3"', 'W/"2"', f'W/"2.{DIGEST}"', 'W/"2", W/"1"', "W/*", '"*"', '"1", *', "*, *", "", " ", ",",
    '"', '""', '"02"', '"+2"', '"2 "', '" 2"', '"2."', '"2.x"', f'"2.{DIGEST}0"', f'"2.{DIGEST.upper()}"', f'"2.{DIGEST}:"',
    f'"{DIGEST}"', f'"{DIGEST}:gzip"', '"20"', '"22222222222222222222222"', '"-2"', '"2.0"', '"2e0"', '"٢"', "nonsense",
    '"1"' + ', "3"' * 2000,
]  # fmt: skip


@pytest.mark.parametrize("tag", MATCHES)
@pytest.mark.parametrize("method", METHODS)
def test_a_version_that_is_stored_matches(here: Desk, method: str, tag: str) -> None:
    here.done("POST", "/v1/actors", new("actors"))
    here.done("PATCH", "/v1/actors/new", {"country": "SY"}, If_Match='"1"')
    response = here.send(*order(method), If_Match=tag)
    assert response.status_code == (204 if method == "DELETE" else 200), response.text


@pytest.mark.parametrize("tag", MISMATCHES)
@pytest.mark.parametrize("method", METHODS)
def test_any_other_does_not(still: Desk, method: str, tag: str) -> None:
    problem = still.refused(412, "precondition-failed", *order(method), If_Match=tag.encode().decode("latin-1"))
    assert problem["detail"] == "The newest version is 2, which If-Match does not name."


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("noun", NOUNS)
def test_to_overwrite_a_version_must_be_named(still: Desk, noun: str, method: str) -> None:
    verb, path, body = order(method, noun, OLD[noun])
    if method == "merge":
        body = {"into": "never"}
    problem = still.refused(428, "precondition-required", verb, path, body)
    assert 'If-Match: "1"' in problem["detail"]
    check_type(still.client, problem)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
@pytest.mark.parametrize("host", ["localhost", "api.example.org:8080"])
@pytest.mark.parametrize("query", ["", "?fields=id,name"])
def test_the_tag_of_a_get_is_taken(here: Desk, method: str, encoding: str, host: str, query: str) -> None:
    """However it was asked for: with other members, in another encoding, under another name of the host."""
    big = {"description": "An actor with a long description. " * 30}
    here.done("POST", "/v1/actors", new("actors", **big))
    read = ask(here.client, f"/v1/actors/new{query}", Accept_Encoding=encoding, Host=host)
    tag = read.headers["ETag"]
    if encoding != "identity" and not query:
        assert tag.endswith(f':{encoding}"')
    # A change elsewhere that its representation shows is not a change of the record itself.
    here.done("POST", "/v1/statements", new("statements", speaker="new"))
    here.done("DELETE", "/v1/statements/new", If_Match='"1"')
    assert ask(here.client, f"/v1/actors/new{query}", If_None_Match=tag, Host=host).status_code == 200
    assert here.send(*order(method), If_Match=tag).status_code in (200, 204)


NEW_ONLY = [
    # method and path, If-None-Match, status, kind of problem
    ("PUT", "/v1/actors/other", "*", 201, ""),
    ("PUT", "/v1/actors/other", " * ", 201, ""),
    ("POST", "/v1/actors", "*", 201, ""),
    ("PUT", "/v1/actors/army", "*", 412, "precondition-failed"),
    ("PATCH", "/v1/actors/army", "*", 412, "precondition-failed"),
    ("DELETE", "/v1/actors/army", "*", 412, "precondition-failed"),
    ("PUT", "/v1/actors/other", '"1"', 400, "bad-request"),
    ("PUT", "/v1/actors/other", '"*"', 400, "bad-request"),
    ("PUT", "/v1/actors/other", "W/*", 400, "bad-request"),
    ("PUT", "/v1/actors/other", "", 400, "bad-request"),
    ("PUT", "/v1/actors/army", '"9"', 400, "bad-request"),
    ("POST", "/v1/actors", "*, *", 400, "bad-request"),
]


@pytest.mark.parametrize(("method", "path", "tag", "status", "kind"), NEW_ONLY)
def test_only_what_is_new(here: Desk, method: str, path: str, tag: str, status: int, kind: str) -> None:
    record_id = path.rpartition("/")[2] if path.count("/") == 3 else "other"
    body = {"PATCH": {"country": "SY"}, "DELETE": None}.get(method, new("actors", record_id))
    if kind:
        problem = here.refused(status, kind, method, path, body, If_None_Match=tag)
        check_type(here.client, problem)
        assert "If-None-Match" in problem["detail"]
    else:
        assert here.send(method, path, body, If_None_Match=tag).status_code == status


@pytest.mark.parametrize("method", [*METHODS, "POST"])
@pytest.mark.parametrize("match", ["*", '"2"', '"9"', "nonsense"])
def test_both_contradict_each_other(still: Desk, method: str, match: str) -> None:
    asked = ("POST", "/v1/actors", new("actors", "other")) if method == "POST" else order(method)
    problem = still.refused(400, "bad-request", *asked, If_Match=match, If_None_Match="*")
    assert problem["detail"] == "If-None-Match: contradicts If-Match; send one of them."


@pytest.mark.parametrize("tag", ["*", '"1"', '"2"', "nonsense"])
def test_what_is_not_there_matches_nothing(still: Desk, tag: str) -> None:
    for method, path in (("PUT", "/v1/actors/other"), ("POST", "/v1/actors")):
        problem = still.refused(412, "precondition-failed", method, path, new("actors", "other"), If_Match=tag)
        assert problem["detail"] == "There is nothing here yet that If-Match could name."


def test_nothing_is_overwritten_that_was_not_read(here: Desk) -> None:
    """Two read the same version; whoever writes second is told, by every method, and after a deletion and a return too."""
    first = here.client.get("/v1/actors/rebels").headers["ETag"]
    second = here.send("PATCH", "/v1/actors/rebels", {"country": "SY"}, If_Match=first).headers["ETag"]
    for method in METHODS:
        verb, path, body = order(method, "actors", "rebels")
        body = {"into": "army"} if method == "merge" else body
        here.refused(412, "precondition-failed", verb, path, body, by="colleague", If_Match=first)
    merged = here.done(
        "PATCH", "/v1/actors/rebels", {"description": "By a colleague."}, by="colleague", If_Match=second
    )
    assert (merged["country"], merged["description"], merged["version"]) == ("SY", "By a colleague.", 3)

    here.done("POST", "/v1/actors", new("actors"))
    tag = here.client.get("/v1/actors/new").headers["ETag"]
    here.done("DELETE", "/v1/actors/new", If_Match=tag)
    here.done("PUT", "/v1/actors/new", new("actors"), If_None_Match="*")
    for method in METHODS:
        problem = here.refused(412, "precondition-failed", *order(method), If_Match=tag)
        assert "newest version is 3" in problem["detail"]


def test_a_write_elsewhere_is_no_conflict(here: Desk) -> None:
    """The tag of a representation changes with what it counts; the version does not."""
    tag = here.client.get("/v1/locations/town").headers["ETag"]
    here.done("POST", "/v1/events", new("events", location="town", location_precision="exact"))
    assert here.client.get("/v1/locations/town").headers["ETag"] != tag
    assert here.done("PATCH", "/v1/locations/town", {"country": "TR"}, If_Match=tag)["version"] == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({"If_Match": "@"}, 200), ({"If_Match": "*"}, 200), ({"If_Match": '"1"'}, 412), ({"If_Match": "W/@"}, 412),
        ({"If_Match": '"0"'}, 412), ({"If_None_Match": "*"}, 412), ({"If_None_Match": "@"}, 400),
        ({"If_None_Match": "*", "If_Match": "*"}, 400),
    ],
)  # fmt: skip
def test_a_bundle_is_conditional_on_the_dataset(here: Desk, headers: dict[str, str], status: int) -> None:
    bundle = {"bundle": "event-timeline/1", "actors": [new("actors")]}
    for tag in (here.client.get("/v1/bundle").headers["ETag"], f'"{here.version()}"'):
        sent = {name: value.replace("@", tag) for name, value in headers.items()}
        before = here.state()
        dry = here.send("POST", "/v1/bundle?dry_run=true", bundle, **sent)
        assert dry.status_code == status, dry.text
        assert here.state() == before
    response = here.send("POST", "/v1/bundle", bundle, **sent)
    assert response.status_code == status
    if status == 200 and "@" in str(headers):
        here.refused(412, "precondition-failed", "POST", "/v1/bundle", bundle, **sent)


def test_an_empty_dataset_is_new(tmp_path: Path) -> None:
    bundle = {"bundle": "event-timeline/1", "sources": [{"id": "paper"}]}
    with desk(tmp_path / "empty.db", is_empty=True) as here:
        here.refused(412, "precondition-failed", "POST", "/v1/bundle", bundle, If_Match="*")
        here.done("POST", "/v1/bundle", bundle, If_None_Match="*")
        here.refused(412, "precondition-failed", "POST", "/v1/bundle", bundle, If_None_Match="*")
