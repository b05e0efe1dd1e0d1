"""Writing in tests: a database that a test may change, a client with a key over it, and one body for each noun."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from answers import Json, check_headers, problem_of, strict_json
from flask import Flask
from flask.testing import FlaskClient
from unit.samples import actor, as_bytes, event, location, sample, statement, store
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from api.store.gate import Gate
from api.store.keys import create
from api.store.migrations import open_migrated
from api.store.readers import Store

JSON, LINES, PATCH_TYPE = "application/json", "application/x-ndjson", "application/merge-patch+json"
SCOPES = {"desk": "write", "colleague": "write", "reader": "read", "owner": "admin"}
"""Names of the keys in every database here, with their scopes."""
NOUNS = ("sources", "locations", "actors", "events", "statements")
OLD = {"sources": "paper", "locations": "town", "actors": "rebels", "events": "strike", "statements": "claim"}
"""A record of each noun that is stored."""
CALLED = {"sources": "title", "locations": "name", "actors": "name", "events": "title", "statements": "text"}
"""The member by which a record of each noun is known."""


def new(noun: str, record_id: str = "new", called: str = "Something new", **more: Any) -> Json:
    """A record that is right in everything and points to nothing but its evidence."""
    makers = {"locations": location, "actors": actor, "events": event, "statements": statement}
    record: Json = {"id": record_id, "type": "article"} if noun == "sources" else makers[noun](record_id)
    return {**record, CALLED[noun]: called, **more}


@dataclass(frozen=True)
class Desk:
    """Who writes: a client, the keys by their names, and the database."""

    client: FlaskClient
    keys: Mapping[str, str]
    database: Path

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        by: str | None = "desk",
        data: Any = None,
        **headers: str,
    ) -> TestResponse:
        """The answer to a request with a key; `body` goes as JSON. Headers are given with underscores: `If_Match="*"`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if by:
            named["Authorization"] = f"Bearer {self.keys[by]}"
        if body is not None:
            data = as_bytes(body)
            named.setdefault("Content-Type", PATCH_TYPE if method == "PATCH" else JSON)
        length = {} if data is None else {"CONTENT_LENGTH": str(len(data))}  # Werkzeug sends none for an empty body
        response = self.client.open(
            path, method=method, data=data, headers=named, environ_overrides=length, buffered=True
        )
        check_headers(response)
        return response

    def done(self, method: str, path: str, body: Any = None, **options: Any) -> Json:
        """The record, or the report, that a request which must succeed is answered with; empty for 204."""
        response = self.send(method, path, body, **options)
        assert response.status_code in (200, 201, 204), response.text
        return strict_json(response.text) if response.text else {}

    def refused(self, status: int, kind: str, method: str, path: str, body: Any = None, **options: Any) -> Json:
        """The problem that a request is refused with; nothing may have changed by it."""
        before = self.state()
        response = self.send(method, path, body, **options)
        assert response.status_code == status, (response.status, response.text)
        problem = problem_of(response)
        assert problem["type"].endswith(f"#{kind}"), problem
        assert self.state() == before
        return problem

    def get(self, path: str) -> Json:
        """The JSON of a GET that must succeed."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return strict_json(response.text)  # type: ignore[no-any-return]

    def version(self) -> int:
        """The dataset version."""
        return int(self.get("/v1/meta")["dataset_version"])

    def history(self, path: str) -> list[Json]:
        """Every version of a record, the oldest first."""
        return sorted(self.get(f"{path}/history")["data"], key=lambda each: int(each["version"]))

    def state(self) -> tuple[int, bytes]:
        """All that a reader could see of a change."""
        return self.version(), self.client.get("/v1/bundle").data


@cache
def _template(is_empty: bool) -> tuple[Path, dict[str, str], TemporaryDirectory[str]]:
    folder = TemporaryDirectory()
    path = Path(folder.name) / "template.db"
    with closing(open_migrated(path)) as connection:
        if not is_empty:
            store(connection, sample())
        keys = {name: create(connection, name, scope, None) for name, scope in SCOPES.items()}
    return path, keys, folder


def written(path: Path, is_empty: bool = False) -> dict[str, str]:
    """A new database at the path, with the sample or with nothing in it, and keys: these by their names."""
    template, keys, _ = _template(is_empty)
    shutil.copy(template, path)
    return keys


IDLE: list[Flask] = []
"""Applications that no desk uses at the moment: to make one takes longer than most tests."""


@contextmanager
def desk(path: Path, is_empty: bool = False) -> Iterator[Desk]:
    """A desk over a new database at the path."""
    keys = written(path, is_empty)
    app = IDLE.pop() if IDLE else create_app(Settings(db=path))
    app.config["STORE"], app.config["GATE"] = Store(path, app.config["SETTINGS"].query_ms), Gate(path)
    try:
        yield Desk(app.test_client(), keys, path)
    finally:
        app.config["STORE"].close()
        app.config["GATE"].close()
        IDLE.append(app)


def pointers(problem: Json) -> list[str]:
    """Where the faults of a problem stand."""
    return [each["pointer"] for each in problem.get("errors", ())]


def lines_of(document: Json) -> bytes:
    """A bundle as NDJSON."""
    found = [{"bundle": document["bundle"]}]
    found += [{name: each} for name, records in document.items() if name != "bundle" for each in records]
    return "\n".join(map(json.dumps, found)).encode()
