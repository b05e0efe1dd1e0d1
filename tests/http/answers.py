"""What the HTTP tests share: asking as a raw request line does, and what holds for every answer and every problem."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from api.importers.bundle import load
from api.store.migrations import open_migrated
from api.web.ogc import table as ogc
from api.web.routes import Route
from api.web.table import ROUTES as OWN_ROUTES

Json = dict[str, Any]

PAGES = ("/", "/v1/openapi.json", "/docs", "/docs/guide", "/docs/filter", "/docs/ucdp", "/docs/problems")
HEALTH = ("/healthz", "/readyz")
ASSET = "/docs/assets/icon.svg"
ROUTES: tuple[Route, ...] = (*OWN_ROUTES, *ogc.ROUTES)
"""All that is read, under `/v1` and under `/ogc`."""


def path_of(route: Route) -> str:
    """The route's path, with its example in place of what it names."""
    path = route.path
    for name, example in route.path_parameters.items():
        path = path.replace(f"<{name}>", example)
    return path


EVERY_PATH = (*map(path_of, ROUTES), *PAGES, *HEALTH, ASSET)
"""A path of each route."""

LEAKS = re.compile(
    rb"Traceback|File \"|\.py\b|site-packages|sqlite3|OperationalError|DatabaseError|syntax error|fts5|no such (table|column)"
    rb"|json_each|\bFROM (events|actors|locations|sources|statements|names)\b|/(work|home|usr|tmp|root|var)/"
)
"""What an answer to a stranger must not tell: traces, files, SQL."""
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}


def ask(client: FlaskClient, target: str | bytes, method: str = "GET", **headers: str) -> TestResponse:
    """The answer to a request target as a server hands it on: nothing is normalised, escaped or tidied on the way.

    Headers are given with underscores: `If_None_Match="*"`.
    """
    path, _, query = (target.encode() if isinstance(target, str) else target).partition(b"?")
    environ = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query.decode("latin-1")}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open("/", method=method, headers=named, environ_overrides=environ, buffered=True)


def strict_json(text: str) -> Any:
    """The value of a JSON text without NaN, infinities or repeated names."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    def unique(pairs: list[tuple[str, Any]]) -> Json:
        assert len({name for name, _ in pairs}) == len(pairs), pairs
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


def check_headers(response: TestResponse) -> None:
    """What every answer carries, in characters that HTTP can send."""
    for name, value in response.headers:
        assert value.isascii(), f"{name}: {value!r}"
        assert value.isprintable(), f"{name}: {value!r}"
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", response.headers["X-Request-ID"])
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r"db;dur=\d+\.\d, total;dur=\d+\.\d", response.headers["Server-Timing"])


def problem_of(response: TestResponse) -> Json:
    """The problem that an answer is, as RFC 9457 and the contract have it, with nothing in it that strangers must not see."""
    check_headers(response)
    assert response.content_type == "application/problem+json", response.data[:300]
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    found = LEAKS.search(response.data)
    assert not found, response.data[:1000]
    problem: Json = strict_json(response.text)
    assert PROBLEM_MEMBERS <= problem.keys() <= {*PROBLEM_MEMBERS, "errors"}
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"].isascii()
    for fault in problem.get("errors", ()):
        assert {"detail"} <= fault.keys() <= {"parameter", "pointer", "detail", "allowed", "did_you_mean"}
        assert len(fault) > 1 or problem["status"] == 409  # what others have stored has no place in the request
        assert fault.get("did_you_mean", "-")
    return problem


def check_type(client: FlaskClient, problem: Mapping[str, Any]) -> None:
    """The problem's `type` leads to a section of a page that is there."""
    page, fragment = problem["type"].split("#")
    assert f'id="{fragment}"' in _page(client, page)


@cache
def _page(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.text


def faults_of(problem: Mapping[str, Any]) -> dict[str, Json]:
    """The problem's faults by the name of their parameter."""
    return {fault["parameter"]: fault for fault in problem.get("errors", ())}


@contextmanager
def serving(settings: Settings) -> Iterator[FlaskClient]:
    """A client of an application of its own."""
    app = create_app(settings)
    try:
        yield app.test_client()
    finally:
        app.config["STORE"].close()


EVIDENCE = [{"source": "ssbcrack-half-of-aleppo"}]


def event(record_id: str, title: str, **members: Any) -> Json:
    """A small event that a bundle may hold."""
    days = {"start_date": "2000-01-01", "end_date": "2000-01-01", "date_precision": "day"}
    return {"id": record_id, "type": "other", "title": title, **days, "evidence": EVIDENCE, **members}


def write(database: Path, **records: Sequence[Json]) -> None:
    """Store records in a database that holds the seed."""
    connection = open_migrated(database)
    try:
        load(connection, json.dumps({"bundle": "event-timeline/1", **records}).encode())
    finally:
        connection.close()
