"""Nothing leaks: whatever is asked, however wrongly, no answer and no log holds a key, its digest, a file, SQL or a trace.

And where reads are closed, no stranger learns from an error whether a record is there, what it is called or what became
of it: without a key every answer is the same 401, and the database is not even asked.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from answers import LEAKS, ask, problem_of, serving
from flask import Flask
from flask.testing import FlaskClient
from test_hostile import EVERY_HOSTILE
from unit.samples import bundle
from werkzeug.test import TestResponse
from writers import JSON, LINES, NOUNS, OLD, PATCH_TYPE, Desk, desk, new

from api import create_app
from api.config import Settings
from api.store import editing, sqlite
from api.store.keys import create, revoke
from api.store.migrations import open_migrated
from api.web import routes

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "QUERY")
PLACE = re.compile("<(?:[a-z]+:)?([a-z_]+)>")
UNKNOWN = f"et_00000000_{'x' * 43}"
TYPES = (
    JSON,
    PATCH_TYPE,
    LINES,
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "é",
)
DEEP: Any = {"relations": [{"actor": "x' OR 1=1 --", "relation": "../../etc/passwd"}]}
BODIES = (
    b"", b"{", b"null", b"[]", b'{"id": "' + b"x" * 3000 + b'"}', b'{"id": 1e999}', b'{"a": 1, "a": 2}', b"[" * 5000, b"\xff\xfe",
    b'{"id": "summary"}', b'{"into": "nobody"}', b'{"id": "\\ud800"}', b'{"name": "events/../file.db"}',
    json.dumps(DEEP).encode(), json.dumps(new("events", "x'); DROP TABLE events; --")).encode(),
    json.dumps(bundle(actors=[new("actors", "a"), new("actors", "a")])).encode(), b'{"bundle": "event-timeline/1"}\n{',
    json.dumps({"name": "../../x", "note": "x"}).encode(), json.dumps(new("actors", "x", evidence=[{"source": "no"}])).encode(),
)  # fmt: skip
QUERIES = (
    "", "limt=1", "q=%22%00", "sort=nothing", "cursor=AAAA", "since=99999999", "since=1&mark=0000000000000000", "snapshot=../x",
    "snapshot=x", "reason=%00", "fields=doc", "dry_run=maybe", "actor=rebel&location=twon", "group_by=x", "version=99",
)  # fmt: skip
CONDITIONS: tuple[Mapping[str, str], ...] = (
    {}, {"If_Match": "*"}, {"If_Match": '"9"'}, {"If_None_Match": "*"}, {"If_Match": "x", "If_None_Match": "*"},
    {"Idempotency_Key": "é"}, {"Idempotency_Key": "a b"}, {"Content_Encoding": "gzip"}, {"Accept": "image/png"},
    {"Host": "a b"}, {"If_Modified_Since": "Fri, 31 Dec 99999 23:59:59 GMT"}, {"Range": "bytes=0-1"},
)  # fmt: skip


@dataclass(frozen=True)
class Secrets:
    """What nobody may be told: the keys of a database, their digests, and where the file is."""

    keys: Mapping[str, str]
    folder: Path

    def check(self, told: str, what: object) -> None:
        """None of it is in a text. The public id of a key may be: a refusal names it to who has the key."""
        for name, key in self.keys.items():
            assert key[12:] not in told, (name, what)
            assert hashlib.sha256(key.encode()).hexdigest() not in told, (name, what)
        assert str(self.folder) not in told, what
        assert "Traceback" not in told, what


def whole(response: TestResponse) -> str:
    """All that is sent back."""
    return f"{response.status}\n{response.headers}\n{response.get_data(as_text=True)}"


def rules(app: Flask) -> list[str]:
    return sorted({rule.rule for rule in app.url_map.iter_rules()})


RULES = rules(create_app(Settings(db=Path("there-is-none.db"))))  # opened only by the first request, which never comes


def address(rule: str, record_id: str | None = None) -> str:
    """A path of that rule: of a record that is stored, or of the one that is named."""
    noun = next((each for each in NOUNS if f"/{each}/" in rule), "")
    return PLACE.sub(OLD.get(noun, "x") if record_id is None else quote(record_id, safe=""), rule)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with records that were merged and deleted, and keys that do not count any more."""
    with desk(tmp_path_factory.mktemp("leaks") / "own.db") as found:
        found.done("POST", "/v1/actors/leader/merge", {"into": "rebels"}, If_Match="*")
        found.done("POST", "/v1/actors", new("actors", "gone", "Gone Brigade"))
        found.done("DELETE", "/v1/actors/gone?reason=Never+was", If_Match="*")
        found.done("POST", "/v1/snapshots", {"name": "first", "note": "Kept quiet"}, by="owner")
        with closing(open_migrated(found.database)) as connection:
            made = {each: create(connection, each, "admin", timedelta(days=1)) for each in ("expired", "revoked")}
            connection.execute("UPDATE keys SET expires_at = '2020-01-31T12:00:00Z' WHERE name = 'expired'")
            revoke(connection, "revoked")
        yield Desk(found.client, {**found.keys, **made, "unknown": UNKNOWN}, found.database)


@pytest.fixture(scope="module")
def closed(here: Desk) -> Iterator[FlaskClient]:
    """A client of the same database where reads need a key."""
    with serving(Settings(db=here.database, reads_need_key=1)) as client:
        yield client


@pytest.fixture(scope="module")
def secrets(here: Desk) -> Secrets:
    return Secrets(here.keys, here.database.parent)


# Open doors


def requests(rule: str, more: int) -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    """Method, target, headers and body of hostile requests to a rule: every method with every key, the rest in turn."""
    ids = cycle([None, "never", *EVERY_HOSTILE.values()])
    queries, bodies, types, conditions = cycle(QUERIES), cycle(BODIES), cycle(TYPES), cycle(CONDITIONS)
    for method in METHODS:
        for _ in range(more):
            record_id = next(ids)
            path = address(rule) if record_id is None else PLACE.sub(quote(record_id[:300], safe=""), rule)
            yield method, f"{path}?{next(queries)}", {"Content_Type": next(types), **next(conditions)}, next(bodies)


def send(client: FlaskClient, method: str, target: str, data: bytes = b"", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(target, method=method, headers=named, data=data, buffered=True)


def tell(
    clients: tuple[FlaskClient, ...], rule: str, more: int, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    """Ask it all of a rule, and look through what is answered and logged."""
    caplog.set_level(logging.DEBUG)
    by, client = cycle([None, *secrets.keys.values()]), cycle(clients)
    for method, target, headers, body in requests(rule, more):
        key = next(by)
        brought = {} if key is None else {"Authorization": f"Bearer {key}"}
        response = send(next(client), method, target, body, **headers, **brought)
        what = (method, target, headers, body[:100], response.status)
        assert response.status_code < 500, what
        secrets.check(whole(response), what)
        if response.status_code >= 300 and response.data:
            assert not LEAKS.search(response.data), (what, response.text)
        if response.status_code >= 400 and method != "HEAD":
            problem_of(response)
    logged = caplog.text
    secrets.check(logged, "the log")
    assert not LEAKS.search(logged.encode("utf-8", "replace")), logged


@pytest.mark.parametrize("rule", RULES)
def test_nothing_leaks(
    here: Desk, closed: FlaskClient, secrets: Secrets, caplog: pytest.LogCaptureFixture, rule: str
) -> None:
    tell((here.client, closed), rule, 3, secrets, caplog)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_nothing_leaks_at_length(
    here: Desk, closed: FlaskClient, secrets: Secrets, caplog: pytest.LogCaptureFixture, rule: str
) -> None:
    tell((here.client, closed), rule, 120, secrets, caplog)


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("SECRET"),
        sqlite.OperationalError("no such column: SECRET"),
        sqlite.OperationalError("unable to open database file SECRET"),
        sqlite.DatabaseError("database disk image is malformed: SECRET"),
        OSError(5, "SECRET", "/home/SECRET"),
        UnicodeEncodeError("utf-8", "SECRET", 0, 1, "SECRET"),
    ],
    ids=lambda each: f"{type(each).__name__} {each}",
)
def test_a_fault_of_ours_is_for_the_log_alone(
    here: Desk,
    secrets: Secrets,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    """The log has the cause, but no key: neither the one that came nor those that are stored."""

    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(routes, "resolve", fail)
    monkeypatch.setattr(editing, "create", fail)
    for method, path, body in (("GET", "/v1/events", None), ("POST", "/v1/actors", new("actors"))):
        for headers in ({}, {"X_API_Key": here.keys["desk"]}):
            response = here.send(method, path, body, **headers)
            assert response.status_code in (500, 503)
            problem_of(response)
            assert "SECRET" not in whole(response)
            secrets.check(whole(response), fault)
    assert "SECRET" in caplog.text
    for key in here.keys.values():
        assert key[12:] not in caplog.text
        assert hashlib.sha256(key.encode()).hexdigest() not in caplog.text


def test_no_copy_of_the_data_holds_a_key(here: Desk, secrets: Secrets) -> None:
    """Snapshots are for anybody; not even the digests are in them, only the names by which changes were made."""
    files = [each for each in here.database.parent.rglob("*") if each.is_file() and each != here.database]
    copies = [each for each in files if "first" in each.name]
    assert copies
    for file in copies:
        held = file.read_bytes().decode("latin-1")
        for key in here.keys.values():
            assert key[12:] not in held
            assert hashlib.sha256(key.encode()).hexdigest() not in held


# Closed doors

TWINS = {
    "a record, and none": ("/v1/actors/rebels", "/v1/actors/never"),
    "a misspelt one": ("/v1/actors/rebelz", "/v1/actors/zzzz"),
    "a merged one": ("/v1/actors/leader", "/v1/actors/never"),
    "a deleted one": ("/v1/actors/gone", "/v1/actors/never"),
    "its history": ("/v1/actors/gone/history", "/v1/actors/never/history"),
    "a version": ("/v1/events/strike/history?version=1", "/v1/events/strike/history?version=99"),
    "a name": ("/v1/events?actor=rebels", "/v1/events?actor=nobody"),
    "a misspelt name": ("/v1/events?actor=rebel", "/v1/events?actor=zzzz"),
    "a merged name": ("/v1/events?actor=leader", "/v1/events?actor=never"),
    "a dataset": ("/v1/events?dataset=made-up", "/v1/events?dataset=made-down"),
    "a snapshot": ("/v1/events?snapshot=first", "/v1/events?snapshot=second"),
    "a place in the feed": ("/v1/changes?since=1", "/v1/changes?since=999999"),
    "a mark": ("/v1/changes?since=1&mark=0000000000000000", "/v1/changes?since=0"),
    "a wrong parameter": ("/v1/events?limt=1", "/v1/events"),
    "a path": ("/v1/evnts", "/v1/zzzz"),
    "a cursor": ("/v1/events?cursor=AAAA", "/v1/events?q=%00"),
}
STRANGERS = {
    "no key": {},
    "an unknown key": {"Authorization": f"Bearer {UNKNOWN}"},
    "an unknown key in its own header": {"X_API_Key": UNKNOWN},
    "no key at all": {"Authorization": "Bearer x"},
    "another scheme": {"Authorization": "Basic eDp4"},
}
VARYING = re.compile(
    r'"(instance|request_id)":"[^"]*"|X-Request-ID: \S+|total;dur=[0-9.]+|db;dur=[0-9.]+|Content-Length: \d+'
)
VISITS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def alike(response: TestResponse) -> str:
    """An answer without what is different in every one, or only repeats what was asked."""
    return VARYING.sub("", whole(response))


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("pair", TWINS)
def test_a_stranger_cannot_tell_what_is_stored(closed: FlaskClient, here: Desk, pair: str, who: str) -> None:
    there, nowhere = TWINS[pair]
    tag = ask(here.client, "/v1/actors/rebels").headers["ETag"]
    for method in ("GET", "HEAD"):
        for more in (
            {},
            {"If_None_Match": tag},
            {"If_None_Match": "*"},
            {"Accept": "text/csv"},
            {"Range": "bytes=0-9"},
        ):
            answers = [ask(closed, path, method, **STRANGERS[who], **more) for path in (there, nowhere)]
            assert [each.status_code for each in answers] == [401, 401]
            assert alike(answers[0]) == alike(answers[1])


@pytest.mark.parametrize("method", VISITS)
@pytest.mark.parametrize("rule", [each for each in RULES if each.startswith("/v1/") and each != "/v1/openapi.json"])
def test_the_database_is_not_asked_for_a_stranger(closed: FlaskClient, rule: str, method: str) -> None:
    """The refusal comes before any look-up, and says the same of all that a rule leads to."""
    seen: list[str] = []
    connection = closed.application.config["STORE"].reader()._connection
    connection.set_trace_callback(seen.append)
    try:
        for query in ("", "?limt=1", "?actor=rebel", "?snapshot=first"):
            answers = [ask(closed, address(rule, each) + query, method) for each in (None, "never", "gone", "leader")]
            assert {each.status_code for each in answers} <= {401, 405}
            assert len({alike(each) for each in answers}) == 1 or answers[0].status_code == 405
    finally:
        connection.set_trace_callback(None)
    assert seen == []


@pytest.mark.parametrize("noun", NOUNS)
def test_a_key_for_less_tells_its_owner_nothing_of_a_write(here: Desk, noun: str) -> None:
    """Whether a record is there is not told by a refusal to write it."""
    for method, end in (("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/merge")):
        for body in (b"", b"{}", b"no JSON"):
            answers = [
                send(
                    here.client, method, f"/v1/{noun}/{each}{end}", body, Authorization=f"Bearer {here.keys['reader']}"
                )
                for each in (OLD[noun], "never")
            ]
            assert [each.status_code for each in answers] == [403, 403]
            assert alike(answers[0]) == alike(answers[1])


OPEN = [each for each in RULES if not each.startswith("/v1/") or each == "/v1/openapi.json"]
STORED = ("Rebels", "Gone Brigade", "Town struck", "Jets struck", "made-up", "Kept quiet", "jets struck the town")


@pytest.mark.parametrize("rule", OPEN)
def test_what_stays_open_shows_no_record(closed: FlaskClient, rule: str) -> None:
    """Pages, assets and health are there for anybody, whatever is stored."""
    for accept in ("text/html", "application/json"):
        for query in ("", "?" + urlencode({"actor": "rebel"})):
            told = whole(ask(closed, address(rule) + query, Accept=accept))
            assert not [each for each in STORED if each in told]
