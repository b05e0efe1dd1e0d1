"""What a database must be after any fault: whole, with a history without gaps, and with everything that is derived from
the records as it would be if they had been written into a new database.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from unit.samples import EVERYTHING, bundle, store

from api.model.nouns import NOUNS
from api.model.ways import DAYS, ROW_BITS
from api.store import sqlite
from api.store.migrations import open_migrated

HISTORY = ("store", "datasets", "changes")
"""Tables that are not derived."""
STAMPS = ("version", "created_at", "updated_at", "change")
"""What a new database has otherwise."""
POINTS_TO = {
    "event": "events", "part_of": "events", "actor": "actors", "other": "actors", "source": "sources",
    "derived_from": "sources", "location": "locations", "parent": "locations", "statement": "statements",
}  # fmt: skip
"""Columns that hold a row number, and of which table."""
POINTS_BY = {"seq": "collection", "ancestor": "collection", "descendant": "collection", "to_seq": "to_collection"}
"""The same, where another column of the row says of which."""

Rows = list[tuple[Any, ...]]


class Change(NamedTuple):
    """A row of the history."""

    seq: int
    at: str
    collection: str
    id: str
    version: int
    change: str
    record: str
    key: str | None
    merged_into: str | None


def history(connection: sqlite.Connection) -> list[Change]:
    """All changes, in their order."""
    columns = ", ".join(Change._fields)
    return [Change(*row) for row in connection.execute(f"SELECT {columns} FROM changes ORDER BY seq")]


def assert_sound(connection: sqlite.Connection, scratch: Path) -> None:
    """No damage, no dangling reference, no gap in the history; records and all that is derived agree with it.

    `scratch` is a path for a new database, which is left there.
    """
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT rtreecheck('locations_box')").fetchall() == [("ok",)]
    for noun in NOUNS:
        connection.execute(f"INSERT INTO {noun.name}_text ({noun.name}_text, rank) VALUES ('integrity-check', 1)")
    _assert_history(connection, history(connection))
    with closing(open_migrated(scratch)) as fresh:
        fresh.execute("PRAGMA synchronous = OFF")
        store(fresh, _bundle(connection))
        ours, theirs = derived(connection), derived(fresh)
        assert {name for name in theirs if ours[name] != theirs[name]} == set()


def _assert_history(connection: sqlite.Connection, changes: list[Change]) -> None:
    assert [each.seq for each in changes] == list(range(1, len(changes) + 1))
    versions: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for each in changes:
        versions[each.collection, each.id].append(each)
    for found in versions.values():
        assert [each.version for each in found] == list(range(1, len(found) + 1)), found[0]
    newest = [found[-1] for found in versions.values()]
    for noun in NOUNS:
        wanted = {
            (each.id, each.version, each.seq, each.at)
            for each in newest
            if each.collection == noun.name and each.change in ("created", "updated")
        }
        rows = connection.execute(f"SELECT id, version, change, updated_at FROM {noun.name}").fetchall()
        assert set(rows) == wanted
        assert len(rows) == len(wanted)


def _bundle(connection: sqlite.Connection) -> dict[str, Any]:
    """All records as they were written."""
    cursor = connection.execute("SELECT * FROM datasets")
    names = [each[0] for each in cursor.description]
    records = {
        noun.name: [
            json.loads(record)
            for (record,) in connection.execute(
                f"SELECT record FROM {noun.name} JOIN changes ON changes.seq = {noun.name}.change"
                f" ORDER BY {noun.name}.seq"
            )
        ]
        for noun in NOUNS
    }
    return bundle(datasets=[dict(zip(names, row, strict=True)) for row in cursor.fetchall()], **records)


def derived(connection: sqlite.Connection) -> dict[str, Rows]:
    """The rows of every table but the history, with ids in place of row numbers, without versions and times."""
    ids = {noun.name: dict(connection.execute(f"SELECT seq, id FROM {noun.name}").fetchall()) for noun in NOUNS}
    return {
        table: sorted(_named(connection, table, ids), key=repr)
        for table in EVERYTHING
        if table not in HISTORY
    }  # fmt: skip


def _named(connection: sqlite.Connection, table: str, ids: Mapping[str, dict[int, str]]) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(f"SELECT {'rowid AS seq, *' if table.endswith('_text') else '*'} FROM {table}")
    columns = [each[0] for each in cursor.description]
    own, _, kind = table.partition("_")
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        if kind == "text" and own in DAYS:
            row["seq"] &= 2**ROW_BITS - 1
        row.pop("text_row", None)  # which the rows of the text show
        for column, value in row.items():
            name = POINTS_TO.get(column) or row.get(POINTS_BY.get(column, ""), own)
            if value is not None and (column in POINTS_TO or column in POINTS_BY or column == "owner"):
                row[column] = ids[name].get(value, value)  # a row of nobody stays a number, which no new one has
        if "doc" in row:
            document = json.loads(row["doc"])
            row["doc"] = repr({name: value for name, value in document.items() if name not in STAMPS})
        yield tuple(value for column, value in row.items() if column not in STAMPS)
