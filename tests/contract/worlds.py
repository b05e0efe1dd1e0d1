"""Worlds: a database, the application over it, and the same records as plain values for the oracle."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from api.importers.bundle import load
from api.store.migrations import open_migrated
from contract.oracle import NOUNS, Question, Records

Json = dict[str, Any]


def load_into(path: Path, bundle: Mapping[str, Any], at: str | None = None) -> None:
    """Load a bundle into the database at the path, which is made if it is not there; `at` is what its clock says."""
    connection = open_migrated(path)
    try:
        with mock.patch("api.store.transaction.now", return_value=at) if at else nullcontext():
            load(connection, json.dumps(bundle).encode())
    finally:
        connection.close()


def as_query(question: Question, repeats: bool = False) -> str:
    """A question as a query string; lists with commas, or with `repeats` by naming the parameter again."""
    pairs: list[tuple[str, str]] = []
    for name, value in question.items():
        values = [value] if isinstance(value, str) else list(value) if repeats else [",".join(value)]
        pairs += [(name, each) for each in values]
    return urlencode(pairs)


@dataclass(frozen=True)
class World:
    """An application over a database, and what is in it."""

    name: str
    path: Path
    app: Flask
    records: Records = field(repr=False)

    def get(self, target: str, **headers: str) -> TestResponse:
        return self.app.test_client().get(target, headers=headers)

    def json(self, target: str) -> Json:
        """The JSON of a 200."""
        response = self.get(target)
        assert response.status_code == 200, f"{target}: {response.get_data(as_text=True)}"
        return json.loads(response.data)  # type: ignore[no-any-return]

    def lines(self, target: str) -> list[Json]:
        """The lines of a 200 with newline-delimited JSON."""
        response = self.get(target)
        assert response.status_code == 200, f"{target}: {response.get_data(as_text=True)}"
        return [json.loads(each) for each in response.data.splitlines()]

    def fetched(self) -> Records:
        """All records as documents, in the order in which a bundle lists them: that in which they were stored."""
        bundle = self.json("/v1/bundle")
        documents = {noun: {each["id"]: each for each in self.lines(f"/v1/{noun}.ndjson")} for noun in NOUNS}
        return Records({noun: [documents[noun].pop(each["id"]) for each in bundle[noun]] for noun in NOUNS})


def open_world(name: str, path: Path, records: Records | None = None) -> World:
    """A world over a database that is there, with the records in it if they are known. Whoever opens it closes its store."""
    app = create_app(Settings(db=path, query_ms=60_000))
    world = World(name, path, app, records or Records(dict.fromkeys(NOUNS, ())))
    return world if records else World(name, path, app, world.fetched())


def close_world(world: World) -> None:
    world.app.config["STORE"].close()
