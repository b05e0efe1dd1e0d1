"""Nothing is written without a key that may: every path and method that the application has, whatever it is for."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from answers import ask, check_type, problem_of, serving
from flask import Flask
from flask.testing import FlaskClient
from test_keys import CHALLENGE, UNKNOWN
from writers import NOUNS, OLD, Desk, desk

from api import create_app
from api.config import Settings
from api.model.problem import Problem
from api.store.keys import create, revoke
from api.store.migrations import open_migrated
from api.web import table
from api.web.keys import admission

READING = {"GET", "HEAD", "OPTIONS"}
PLACE = re.compile("<(?:[a-z]+:)?([a-z_]+)>")


def rules(app: Flask) -> dict[str, set[str]]:
    """Every path of the application, with the methods that it takes."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.rule, set()).update(rule.methods or ())
    return found


RULES = rules(create_app(Settings(db=Path("there-is-none.db"))))  # opened only by the first request, which never comes
FORMS = ("/v1/reconcile/actors", "/v1/reconcile/locations")
"""Paths whose POST is a read, which `tests/http/test_reconcile.py` holds to that."""
WRITES = sorted(
    (path, method)
    for path, methods in RULES.items()
    for method in methods - READING
    if not (path in FORMS and method == "POST")
)
WRITE_PATHS = sorted({path for path, _ in WRITES})


def address(path: str) -> str:
    """A path of that rule which leads to a record."""
    noun = next((each for each in NOUNS if f"/{each}/" in path), "")
    return PLACE.sub(OLD.get(noun, "x"), path)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk at which everything is refused, with keys that do not count any more."""
    with desk(tmp_path_factory.mktemp("still") / "own.db") as found:
        with closing(open_migrated(found.database)) as connection:
            expired, revoked = (create(connection, each, "admin", timedelta(days=1)) for each in ("expired", "revoked"))
            connection.execute("UPDATE keys SET expires_at = '2020-01-31T12:00:00Z' WHERE name = 'expired'")
            revoke(connection, "revoked")
        wrong = {"expired": expired, "revoked": revoked, "unknown": UNKNOWN, "nonsense": "x"}
        wrong["another secret"] = f"{found.keys['desk'][:12]}{'x' * 43}"
        before = found.state()
        yield Desk(found.client, {**found.keys, **wrong}, found.database)
        assert found.state() == before
        assert not list(found.database.parent.glob("*-snapshots/*"))


def test_there_is_something_to_write() -> None:
    assert {("/v1/bundle", "POST"), ("/v1/events", "POST"), ("/v1/events/<record_id>", "DELETE")} <= set(WRITES)
    assert len(WRITES) >= 26
    assert {method for _, method in WRITES} == {"POST", "PUT", "PATCH", "DELETE"}
    assert all(path.startswith("/v1/") for path in WRITE_PATHS)


def test_only_these_read_by_post() -> None:
    """Whatever else takes a POST writes, and needs a key."""
    assert sorted(table.FORMS) == sorted(FORMS)
    assert all(RULES[path] == READING | {"POST"} for path in FORMS)


BODIES = [None, b"", b"{}", b"not JSON", b"\xff", b"[" * 100_000]


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_without_a_key(still: Desk, path: str, method: str) -> None:
    """Nothing but the key is spoken of: not the body, nor the query, nor whether there is such a record."""
    for target in (address(path), address(path) + "?nonsense=1", PLACE.sub("never", path)):
        for body in BODIES:
            for headers in ({}, {"If_Match": "*", "Idempotency_Key": "é", "Content_Encoding": "gzip"}):
                response = still.send(method, target, by=None, data=body, **headers)
                assert response.status_code == 401
                problem = problem_of(response)
                assert problem["type"].endswith("#key-required")
                challenge = response.headers["WWW-Authenticate"]
                assert CHALLENGE.fullmatch(challenge)
                assert 'scope="' in challenge
    check_type(still.client, problem)


@pytest.mark.parametrize(("path", "method"), WRITES)
@pytest.mark.parametrize("by", ["expired", "revoked", "unknown", "nonsense", "another secret"])
def test_with_a_key_that_does_not_count(still: Desk, path: str, method: str, by: str) -> None:
    for headers in ({"Authorization": f"Bearer {still.keys[by]}"}, {"X_API_Key": still.keys[by]}):
        response = ask(still.client, address(path), method, If_Match="*", **headers)
        assert response.status_code == 401
        assert problem_of(response)["type"].endswith("#key-refused")
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
        assert still.keys[by] not in response.text or by == "nonsense"


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_with_a_key_for_less(still: Desk, path: str, method: str) -> None:
    for body in BODIES:
        response = still.send(method, address(path), by="reader", data=body, If_Match="*")
        assert response.status_code == 403
        problem = problem_of(response)
        assert problem["type"].endswith("#scope-too-narrow")
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
    check_type(still.client, problem)


@pytest.mark.parametrize("body", [b"{}", b'{"name": "x"}', b"nonsense"])
def test_a_snapshot_is_for_owners(still: Desk, body: bytes) -> None:
    """A key that may write may not make what can never be changed again."""
    response = still.send("POST", "/v1/snapshots", by="desk", data=body, Content_Type="application/json")
    assert response.status_code == 403
    assert 'scope="admin"' in response.headers["WWW-Authenticate"]
    assert "this needs admin" in problem_of(response)["detail"]


@pytest.mark.parametrize("method", ["get", "TRACE", "PROPFIND", "LINK", "MERGE", "COPY"])
@pytest.mark.parametrize("path", WRITE_PATHS)
def test_other_methods_do_nothing(still: Desk, path: str, method: str) -> None:
    for by in (None, "desk"):
        response = still.send(method, address(path), by=by, data=b"{}", If_Match="*", X_HTTP_Method_Override="DELETE")
        assert response.status_code in (200, 308, 405), response.status
        if response.status_code != 405:
            assert method == "get"


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_a_method_in_lower_case_is_the_same(still: Desk, path: str, method: str) -> None:
    for each in (method.lower(), method.title()):
        assert still.send(each, address(path), by=None, data=b"{}").status_code == 401
        with pytest.raises(Problem) as caught:
            admission(still.client.application.config["STORE"])(each, address(path), {})
        assert caught.value.status == 401


@pytest.mark.parametrize("path", WRITE_PATHS)
def test_the_method_cannot_be_told_in_another_way(still: Desk, path: str) -> None:
    for headers in ({"X_HTTP_Method_Override": "DELETE"}, {"X_Method_Override": "PUT"}, {"X_HTTP_Method": "PATCH"}):
        for tail in ("", "?_method=DELETE"):
            response = ask(still.client, address(path) + tail, "GET", If_Match="*", **headers)
            assert response.status_code in (200, 400, 405)


NEEDED = {"authorization", "x-api-key", "content-type", "if-match", "if-none-match", "idempotency-key", "accept"}


@pytest.mark.parametrize("path", WRITE_PATHS)
@pytest.mark.parametrize("by", [None, "desk", "unknown"])
def test_a_preflight_allows_what_is_needed(still: Desk, path: str, by: str | None) -> None:
    methods = set().union(*(methods for rule, methods in RULES.items() if rule == path))
    for method in methods - READING:
        asked = {"Origin": "https://app.example", "Access_Control_Request_Method": method}
        asked["Access_Control_Request_Headers"] = ", ".join(sorted(NEEDED))
        response = still.send("OPTIONS", address(path), by=by, **asked)
        assert response.status_code in (200, 204)
        assert response.data == b""
        allowed = {each.strip() for each in response.headers["Access-Control-Allow-Methods"].split(",")}
        assert methods <= allowed
        assert {each.strip() for each in response.headers["Allow"].split(",")} == allowed
        headers = {each.strip().lower() for each in response.headers["Access-Control-Allow-Headers"].split(",")}
        assert headers >= NEEDED
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_closed_reads_change_nothing_of_this(closed: FlaskClient, path: str, method: str) -> None:
    response = ask(closed, address(path), method)
    assert response.status_code == 401
    assert "private" not in response.headers["Cache-Control"]
    assert 'scope="read"' not in response.headers["WWW-Authenticate"]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with (
        desk(tmp_path_factory.mktemp("closed") / "own.db") as found,
        serving(Settings(db=found.database, reads_need_key=1)) as client,
    ):
        yield client
