"""Keys over HTTP: each way to be wrong is told, a right one changes no answer, closed reads are closed, nothing leaks."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from answers import EVERY_PATH, Json, ask, check_type, problem_of, serving
from conftest import seeded
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.config import Settings
from api.model.problem import Problem
from api.store.keys import SCOPES, Caller, create, revoke
from api.store.migrations import open_migrated
from api.web import keys

DOCUMENT = "/v1/openapi.json"
CLOSED = [path for path in EVERY_PATH if path.startswith(("/v1/", "/ogc")) and path != DOCUMENT]
OPEN = [path for path in EVERY_PATH if path not in CLOSED]
CHALLENGE = re.compile(r'Bearer realm="event-timeline"(, (error|error_description|scope)="[ !#-\[\]-~]+")*')
"""RFC 6750, 3: in a value neither quotes nor backslashes."""
UNKNOWN = f"et_00000000_{'x' * 43}"


@dataclass(frozen=True)
class Keys:
    """The keys of a database, whole, by what is the matter with them."""

    read: str
    write: str
    admin: str
    expired: str
    revoked: str


def make_keys(database: Path) -> Keys:
    connection = open_migrated(database)
    try:
        made = {scope: create(connection, scope, scope, timedelta(days=1)) for scope in SCOPES}
        expired, revoked = (create(connection, each, "admin", None) for each in ("expired", "revoked"))
        connection.execute("UPDATE keys SET expires_at = '2020-01-31T12:00:00Z' WHERE name = 'expired'")
        revoke(connection, "revoked")
    finally:
        connection.close()
    return Keys(**made, expired=expired, revoked=revoked)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Keys]:
    """A database with keys, and these."""
    path = seeded(tmp_path_factory.mktemp("keys") / "keys.db")
    return path, make_keys(path)


@pytest.fixture(scope="module")
def known(locked: tuple[Path, Keys]) -> Keys:
    return locked[1]


@pytest.fixture(scope="module")
def open_reads(locked: tuple[Path, Keys]) -> Iterator[FlaskClient]:
    with serving(Settings(db=locked[0])) as client:
        yield client


@pytest.fixture(scope="module")
def closed_reads(locked: tuple[Path, Keys]) -> Iterator[FlaskClient]:
    with serving(Settings(db=locked[0], reads_need_key=1)) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def challenge_of(response: TestResponse) -> str:
    challenge = response.headers["WWW-Authenticate"]
    assert CHALLENGE.fullmatch(challenge), challenge
    return challenge


def refused(response: TestResponse) -> str:
    """What is said of a key that does not count."""
    assert response.status_code == 401
    problem = problem_of(response)
    assert problem["type"].endswith("#key-refused")
    challenge = challenge_of(response)
    assert f'error="invalid_token", error_description="{problem["detail"]}"' in challenge
    return str(problem["detail"])


# Wrong keys


def wrong_ways(known: Keys) -> dict[str, tuple[dict[str, str], str]]:
    """Headers, and what is said of them."""
    unknown = "The key is unknown here."
    two = "Authorization and X-API-Key hold different keys; send one of them."
    return {
        "unknown id": (bearer(UNKNOWN), unknown),
        "right id, wrong secret": (bearer(f"{known.write[:12]}{'x' * 43}"), unknown),
        "the id alone": (bearer(known.write[:11]), unknown),
        "upper case": (bearer(known.write.upper()), unknown),
        "expired": (bearer(known.expired), f"The key {known.expired[:11]} expired on 2020-01-31T12:00:00Z."),
        "revoked": (bearer(known.revoked), f"The key {known.revoked[:11]} was revoked on "),
        "not ASCII": (bearer(f"{known.write[:-1]}é"), unknown),
        "not Latin": ({"X-API-Key": "ключ".encode().decode("latin-1")}, unknown),
        "very long": (bearer("x" * 200_000), unknown),
        "a very long tail": (bearer(known.write + "x" * 200_000), unknown),
        "nothing": ({"Authorization": "Bearer"}, unknown),
        "spaces": ({"Authorization": "Bearer   "}, unknown),
        "nothing in its own header": ({"X-API-Key": ""}, unknown),
        "two in one header": (bearer(f"{known.write}, {known.write}"), unknown),
        "a token of others": (bearer("eyJhbGciOiJIUzI1NiJ9.e30.x"), unknown),
        "two keys": ({**bearer(known.write), "X-API-Key": known.read}, two),
        "a key and a mistake": ({**bearer(known.write), "X-API-Key": ""}, two),
        "two mistakes": ({**bearer("x"), "X-API-Key": "x"}, unknown),
        "SQL": ({"X-API-Key": "' OR '1'='1"}, unknown),
    }  # fmt: skip


@pytest.mark.parametrize("way", wrong_ways(Keys("", "", "", "", "")))
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_wrong_key_is_told_and_never_ignored(
    open_reads: FlaskClient, closed_reads: FlaskClient, known: Keys, way: str, method: str
) -> None:
    headers, said = wrong_ways(known)[way]
    for client in (open_reads, closed_reads):
        response = client.open("/v1/events?limit=1", method=method, headers=headers, buffered=True)
        if method == "HEAD":
            assert response.status_code == 401
            challenge_of(response)
        else:
            assert refused(response).startswith(said)
            check_type(open_reads, problem_of(response))


@pytest.mark.parametrize("path", [*CLOSED, "/v1/nothing", "/v1/events/nope", "/v1/events?limt=1"])
def test_a_wrong_key_goes_before_all_else(open_reads: FlaskClient, path: str) -> None:
    refused(ask(open_reads, path, Authorization=f"Bearer {UNKNOWN}", If_None_Match="*"))


@pytest.mark.parametrize("path", OPEN)
def test_pages_and_health_look_at_no_key(closed_reads: FlaskClient, path: str) -> None:
    response = ask(closed_reads, path, Authorization=f"Bearer {UNKNOWN}")
    assert response.status_code == 200
    assert "private" not in response.headers["Cache-Control"]
    assert "Authorization" not in response.headers.get("Vary", "")


# Right keys


def same(response: TestResponse, other: TestResponse) -> bool:
    names = ("ETag", "Content-Type", "Link")
    return response.data == other.data and all(response.headers.get(each) == other.headers.get(each) for each in names)


@pytest.mark.parametrize("path", CLOSED)
def test_a_right_key_changes_no_answer(open_reads: FlaskClient, known: Keys, path: str) -> None:
    plain, keyed = ask(open_reads, path), ask(open_reads, path, **bearer(known.read))
    assert plain.status_code == keyed.status_code == 200
    assert same(plain, keyed)
    assert keyed.headers["Cache-Control"] == plain.headers["Cache-Control"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer @"}, {"Authorization": "bearer @"}, {"Authorization": "BEARER   @ "}, {"X-API-Key": "@"},
        {"X-API-Key": " @ "}, {"Authorization": "Bearer @", "X-API-Key": "@"},
        {"Authorization": "Basic dXNlcjpwYXNz", "X-API-Key": "@"},
    ],
)  # fmt: skip
def test_the_ways_to_send_a_key(closed_reads: FlaskClient, known: Keys, headers: dict[str, str]) -> None:
    sent = {name: value.replace("@", known.read) for name, value in headers.items()}
    assert closed_reads.get("/v1/events", headers=sent).status_code == 200


def test_a_key_is_the_password_of_basic(closed_reads: FlaskClient, known: Keys) -> None:
    for path in ("/v1/events", "/ogc", "/ogc/collections/events/items"):
        assert closed_reads.get(path).status_code == 401, path
        assert closed_reads.get(path, auth=("anybody", known.read)).status_code == 200, path
        assert closed_reads.get(path, auth=("anybody", known.expired)).status_code == 401, path


@pytest.mark.parametrize("authorization", ["Basic dXNlcjpwYXNz", "Digest username=x", "", "Negotiate", "Bearerx y"])
def test_the_passwords_of_others_are_not_ours(
    open_reads: FlaskClient, closed_reads: FlaskClient, authorization: str
) -> None:
    assert ask(open_reads, "/v1/events", Authorization=authorization).status_code == 200
    response = ask(closed_reads, "/v1/events", Authorization=authorization)
    assert problem_of(response)["type"].endswith("#key-required")


def test_views_know_the_caller(locked: tuple[Path, Keys], known: Keys) -> None:
    with serving(Settings(db=locked[0])) as client:
        for path, headers, expected in (
            ("/v1/events", {}, None),
            ("/v1/events", bearer(known.write), Caller(known.write[:11], "write", "write")),
            (DOCUMENT, bearer(known.write), None),
            ("/healthz", {}, None),
        ):
            with client:
                client.get(path, headers=headers)
                assert g.caller == expected


def test_without_a_key_nothing_is_looked_up(open_reads: FlaskClient) -> None:
    ask(open_reads, "/v1/events")
    seen: list[str] = []
    connection = open_reads.application.config["STORE"].reader()._connection
    connection.set_trace_callback(seen.append)
    ask(open_reads, "/v1/events")
    ask(open_reads, "/v1/events?limit=1", Authorization="Bearer not-even-alike")
    assert not [each for each in seen if "FROM keys" in each]
    ask(open_reads, "/v1/events", Authorization=f"Bearer {UNKNOWN}")
    connection.set_trace_callback(None)
    assert len([each for each in seen if "FROM keys" in each]) == 1


def test_a_key_counts_until_it_is_revoked(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    made = make_keys(path)
    with serving(Settings(db=path, reads_need_key=1)) as client:
        etag = ask(client, "/v1/events", **bearer(made.read)).headers["ETag"]
        connection = open_migrated(path)
        revoke(connection, "read")
        connection.close()
        assert "was revoked on" in refused(ask(client, "/v1/events", **bearer(made.read)))
        assert "was revoked on" in refused(ask(client, "/v1/events", **bearer(made.read), If_None_Match=etag))
        assert ask(client, "/v1/events", **bearer(made.write), If_None_Match=etag).status_code == 304


# Closed reads


@pytest.mark.parametrize("path", [*CLOSED, "/v1/nothing", "/v1/events/nope", "/v1/events?limt=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_closed_reads_need_a_key(closed_reads: FlaskClient, path: str, method: str) -> None:
    response = ask(closed_reads, path, method, If_None_Match="*")
    assert response.status_code == 401
    assert challenge_of(response) == 'Bearer realm="event-timeline", scope="read"'
    if method == "GET":
        problem = problem_of(response)
        assert problem["type"].endswith("#key-required")
        assert problem["detail"] == "This needs a key with scope read, as Authorization: Bearer … or X-API-Key: …."
        check_type(closed_reads, problem)


@pytest.mark.parametrize("path", CLOSED)
def test_closed_reads_are_kept_by_nobody_else(
    open_reads: FlaskClient, closed_reads: FlaskClient, known: Keys, path: str
) -> None:
    response = ask(closed_reads, path, **bearer(known.read))
    assert same(response, ask(open_reads, path))
    unchanged = ask(closed_reads, path, **bearer(known.read), If_None_Match=response.headers["ETag"])
    assert (response.status_code, unchanged.status_code) == (200, 304)
    refusal = ask(closed_reads, path)
    for each in (response, unchanged):
        assert each.headers["Cache-Control"] == "private, max-age=10, stale-while-revalidate=60"
    assert refusal.headers["Cache-Control"] == "no-store"
    for each in (response, unchanged, refusal):
        assert {"Authorization", "X-API-Key"} <= {name.strip() for name in each.headers["Vary"].split(",")}


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_reads(closed_reads: FlaskClient, known: Keys, scope: str) -> None:
    assert ask(closed_reads, "/v1/events", **bearer(getattr(known, scope))).status_code == 200


@pytest.mark.parametrize("path", EVERY_PATH)
def test_a_preflight_needs_no_key(closed_reads: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": f"Bearer {UNKNOWN}"}):
        response = ask(closed_reads, path, "OPTIONS", Origin="https://app.example", **headers)
        assert response.status_code in (200, 204)
        allowed = response.headers["Access-Control-Allow-Headers"].lower()
        assert "authorization" in allowed
        assert "x-api-key" in allowed


# Scopes


@pytest.mark.parametrize("needed", SCOPES)
@pytest.mark.parametrize("has", [None, *SCOPES])
def test_what_a_scope_allows(app: Flask, has: str | None, needed: str) -> None:
    caller = Caller("et_00000000", "Newsroom", has) if has else None
    if has and SCOPES.index(has) >= SCOPES.index(needed):
        assert keys.require(caller, needed) is caller
        return
    with pytest.raises(Problem) as caught:
        keys.require(caller, needed)
    problem = caught.value
    challenge = problem.headers["WWW-Authenticate"]
    assert CHALLENGE.fullmatch(challenge)
    assert f'scope="{needed}"' in challenge
    if has:
        assert (problem.status, problem.kind) == (403, "scope-too-narrow")
        assert problem.detail == f"The key et_00000000 has scope {has}; this needs {needed}."
        assert 'error="insufficient_scope"' in challenge
    else:
        assert (problem.status, problem.kind) == (401, "key-required")
        assert "error" not in challenge


# Secrets


def test_no_answer_and_no_log_holds_a_secret(
    open_reads: FlaskClient, closed_reads: FlaskClient, known: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = [*vars(known).values(), UNKNOWN, f"{known.write}x", f"{known.write[:-1]}é"]
    for key in sent:
        for client in (open_reads, closed_reads):
            for path in ("/v1/events", "/v1/nothing", "/v1/events?limt=1", "/v1/events.csv", "/", "/readyz"):
                for method in ("GET", "POST", "OPTIONS"):
                    for headers in (bearer(key), {"X-API-Key": key}, {**bearer(key), "X-API-Key": known.read}):
                        response = client.open(path, method=method, headers=headers, buffered=True)
                        told = response.get_data(as_text=True) + str(response.headers)
                        assert key[12:] not in told
                        assert known.read[12:] not in told
        assert key[12:] not in caplog.text


def test_no_file_of_the_database_holds_a_secret(locked: tuple[Path, Keys]) -> None:
    path, known = locked
    for file in path.parent.iterdir():
        held = file.read_bytes()
        assert not [name for name, key in vars(known).items() if key[12:].encode() in held]


def test_the_document_says_how_to_send_a_key(closed_reads: FlaskClient) -> None:
    document: Json = ask(closed_reads, DOCUMENT).get_json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"] | {"description": ""} == {"type": "http", "scheme": "bearer", "description": ""}
    assert schemes["api_key"]["name"] == "X-API-Key"
    assert all("401" in item["get"]["responses"] for item in document["paths"].values() if "get" in item)
