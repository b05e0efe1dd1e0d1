"""Bulk leaves what the usual way of writing leaves, however the records are cut into batches."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from contract.synthetic import make
from soundness import assert_sound, derived

from api.importers.bundle import load
from api.model import bundle
from api.model.nouns import NOUNS
from api.model.references import references
from api.store import sqlite
from api.store.bulk import Bulk, without_indexes
from api.store.migrations import open_migrated
from api.store.receiving import Rules
from api.store.transaction import transaction
from unit.samples import contents

Records = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def made() -> bundle.Bundle:
    """A bundle with all that records can be, as its schemas load it."""
    return bundle.read(json.loads(json.dumps(make(events=120, statements=160))))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite.Connection]:
    """The same written in the usual way."""
    with closing(open_migrated(tmp_path_factory.mktemp("usual") / "usual.db")) as connection:
        load(connection, json.dumps(make(events=120, statements=160)).encode())
        yield connection


def batches(made: bundle.Bundle, size: int) -> Iterator[Records]:
    """The records in their order, so many at a time."""
    for noun in NOUNS:
        records = made.records[noun.name]
        for start in range(0, len(records), size):
            yield {noun.name: records[start : start + size]}


def filled(path: Path, made: bundle.Bundle, parts: list[Records]) -> sqlite.Connection:
    connection = open_migrated(path)
    with transaction(connection):
        bulk = Bulk(connection)
        bulk.receive(made.datasets, {})
        for part in parts:
            bulk.receive([], part)
        bulk.finish()
    return connection


def assert_same(connection: sqlite.Connection, other: sqlite.Connection) -> None:
    ours, theirs = derived(connection), derived(other)
    assert {name for name in theirs if ours[name] != theirs[name]} == set()


def test_all_at_once(tmp_path: Path, made: bundle.Bundle, usual: sqlite.Connection) -> None:
    with closing(filled(tmp_path / "bulk.db", made, [dict(made.records)])) as connection:
        assert_same(connection, usual)
        assert_sound(connection, tmp_path / "scratch.db")


@pytest.mark.parametrize("size", [400, 90])
def test_in_batches(tmp_path: Path, made: bundle.Bundle, usual: sqlite.Connection, size: int) -> None:
    """Within a noun some refer to records further on, which the order of `closed` puts right."""
    with closing(filled(tmp_path / "bulk.db", closed(made), list(batches(closed(made), size)))) as connection:
        assert_same(connection, usual)
        assert_sound(connection, tmp_path / "scratch.db")


def closed(made: bundle.Bundle) -> bundle.Bundle:
    """The same, each record after those of its noun that it refers to."""
    ordered: Records = {}
    for noun in NOUNS:
        waiting, known = list(made.records[noun.name]), set[str]()
        ordered[noun.name] = []
        while waiting:
            left = []
            for record in waiting:
                own = {target for _, to, target in references(noun.record_schema, record) if to == noun.name}
                if own <= known:
                    known.add(record["id"])
                    ordered[noun.name].append(record)
                else:
                    left.append(record)
            assert len(left) < len(waiting), f"{noun.name} refer to each other in a ring"
            waiting = left
    return bundle.Bundle(made.datasets, ordered)


def test_the_same_again_changes_nothing(tmp_path: Path, made: bundle.Bundle) -> None:
    with closing(filled(tmp_path / "bulk.db", made, [dict(made.records)])) as connection:
        before = contents(connection)
        with transaction(connection):
            bulk = Bulk(connection)
            bulk.receive(made.datasets, made.records)
        assert bulk.total("unchanged") == sum(map(len, made.records.values())) + len(made.datasets)
        assert contents(connection) == before


def test_what_differs_is_a_new_version(tmp_path: Path, made: bundle.Bundle) -> None:
    random = Random(4)
    events = [each | {"title": each["title"] + "!"} for each in random.sample(made.records["events"], 20)]
    with closing(filled(tmp_path / "bulk.db", made, [dict(made.records)])) as connection:
        with transaction(connection):
            bulk = Bulk(connection, rules=Rules("replace"))
            bulk.receive([], {"events": events})
            bulk.finish()
        assert bulk.totals == {("events", "updated"): 20}
        assert_sound(connection, tmp_path / "scratch.db")


def test_indexes_are_made_again(tmp_path: Path, made: bundle.Bundle) -> None:
    select = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name"
    with closing(open_migrated(tmp_path / "bulk.db")) as connection:
        before = connection.execute(select).fetchall()
        with transaction(connection), without_indexes(connection):
            assert len(connection.execute(select).fetchall()) < len(before) / 2
            bulk = Bulk(connection)
            bulk.receive(made.datasets, made.records)
        assert connection.execute(select).fetchall() == before
        assert_sound(connection, tmp_path / "scratch.db")
