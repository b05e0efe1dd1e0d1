"""A database of the first schema: brought up to date whole or not at all, by one process or by two at once.

The older file is made here as it was then: the first migration alone, with the records that a current one has now.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from faults.callers import assert_whole, calling, new_key, once, serving
from sqlite_utils import Database
from unit.samples import EVERYTHING, contents

from api.model.nouns import NOUNS
from api.store import sqlite
from api.store.connections import APPLICATION_ID, SCHEMA_VERSION, check, open_writer
from api.store.migrations import MIGRATIONS, open_migrated

pytestmark = pytest.mark.faults
FIRST = 1
LATER = (
    "pointers", "actors_events", "locations_events", "sources_doc", "locations_doc", "actors_doc", "events_doc",
    "statements_doc",
)  # fmt: skip
"""Tables that the first schema did not have."""
ADDED_LAST = (
    ("locations", "name"), ("actors", "name"), ("events", "title"), ("events", "fatalities_disputed"),
    ("statements", "title"),
)  # fmt: skip
"""Columns that the schema before this one did not have."""
MIGRATE = (
    "import sys; from pathlib import Path; from api.store.migrations import open_migrated; print('ready', flush=True);"
    " sys.stdin.readline(); open_migrated(Path(sys.argv[1])).close()"
)
"""A process that has imported all it needs waits for a line, then migrates."""
COPIES = 6
"""Of the whole seed under other ids: a migration long enough to be killed in the middle."""


@pytest.fixture(scope="module")
def current(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A current database whose records have a past: several versions of some."""
    path = tmp_path_factory.mktemp("schema") / "current.db"
    shutil.copyfile(database, path)
    key = new_key(path)
    with serving(path) as server, calling(server, key) as caller:
        assert caller.create("changed", description="0").status == 201
        for _ in range(3):
            caller.increment("changed")
        title = {"title": "Another title"}
        assert caller.send("PATCH", "/v1/events/highway-cut", title, if_match="*").status == 200
    with closing(open_writer(path)) as connection:  # nothing that the first schema could not hold
        connection.execute("UPDATE changes SET key = NULL")
        connection.execute("DELETE FROM keys")
    return path


@pytest.fixture(scope="module")
def older(current: Path) -> Path:
    """The same records in a database of the first schema."""
    path = current.with_name("older.db")
    with closing(open_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        MIGRATIONS.apply(Database(connection), stop_before="m002_writing")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FIRST}")
        connection.execute("COMMIT")
        connection.execute("ATTACH ? AS current", (str(current),))
        connection.execute("PRAGMA foreign_keys = OFF")
        for table in [each for each in EVERYTHING if each not in LATER]:
            columns = ", ".join(name for _, name, *_ in connection.execute(f"PRAGMA main.table_info({table})"))
            columns = f"rowid, {columns}" if table.endswith("_text") else columns
            doc = f"(SELECT doc FROM current.{table}_doc AS d WHERE d.seq = {table}.seq)"
            own = ", ".join(doc if each == "doc" else each for each in columns.split(", "))
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {own} FROM current.{table}")
        connection.execute("ANALYZE main")
    with closing(sqlite.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert {name for _, name, *_ in connection.execute("PRAGMA table_info(changes)")} == {
            "seq", "at", "collection", "id", "version", "change", "record",
        }  # fmt: skip
    return path


def schema(path: Path) -> list[tuple[str, ...]]:
    """What the file declares."""
    with closing(sqlite.connect(path)) as connection:
        return sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall(), key=repr)


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite.connect(path)) as connection:
        return contents(connection)


def version(path: Path) -> int:
    with closing(sqlite.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_older_database_is_brought_up_to_date(older: Path, current: Path, tmp_path: Path) -> None:
    path = tmp_path / "data" / "older.db"
    path.parent.mkdir()
    shutil.copyfile(older, path)
    wanted = everything(current)
    assert wanted["pointers"]
    with serving(path) as server:
        with calling(server) as caller:
            history = caller.get("/v1/actors/changed/history").json["data"]
            assert [each["record"]["description"] for each in history] == ["3", "2", "1", "0"]
            assert {each["by"] for each in history} == {None}
            assert caller.get("/v1/events/highway-cut").json["title"] == "Another title"
            feed = caller.get("/v1/changes?since=0&limit=1000").json["data"]
            assert [each["seq"] for each in feed] == list(range(1, len(feed) + 1))
        with calling(server, new_key(path)) as caller:
            used = caller.send("DELETE", "/v1/actors/hayat-tahrir-al-sham", if_match="*")
            assert used.status == 409, "what points to it is known"
    assert version(path) == SCHEMA_VERSION
    assert everything(path) == wanted
    assert schema(path) == schema(current)
    with serving(path) as server, calling(server, new_key(path)) as caller:
        assert caller.increment("changed") == [200]
        assert once(server, "GET", "/v1/actors/changed/history?version=5").json["data"][0]["by"]
    assert_whole(path)


def test_a_database_of_the_schema_before_this_one(current: Path, tmp_path: Path) -> None:
    path = tmp_path / "before.db"
    shutil.copyfile(current, path)
    with closing(open_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DROP INDEX locations_by_exact_name")
        for table, column in ADDED_LAST:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_titles'")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
        connection.execute("COMMIT")
    open_migrated(path).close()
    assert version(path) == SCHEMA_VERSION
    assert everything(path) == everything(current)
    assert schema(path) == schema(current)


def test_every_command_brings_an_older_database_up_to_date(older: Path, tmp_path: Path) -> None:
    for name, arguments in {
        "keys": ("keys", "create", "desk", "--scope", "write"),
        "snapshot": ("snapshot", "create", "first"),
        "seed": ("seed",),
    }.items():
        path = tmp_path / f"{name}.db"
        shutil.copyfile(older, path)
        command = [sys.executable, "-m", "api.cli", *arguments, "--db", str(path)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made
        assert version(path) == SCHEMA_VERSION
        check(path)
    assert version(tmp_path / "snapshot.db-snapshots" / "first.db") == SCHEMA_VERSION


def test_pointers_are_those_of_a_database_that_never_was_older(older: Path, current: Path, tmp_path: Path) -> None:
    """Record by record, by ids: which row numbers they have does not matter."""
    path = tmp_path / "older.db"
    shutil.copyfile(older, path)
    open_migrated(path).close()
    assert pointers(path) == pointers(current)


def pointers(path: Path) -> set[tuple[str, ...]]:
    with closing(sqlite.connect(path)) as connection:
        ids = {
            (noun.name, seq): record_id
            for noun in NOUNS
            for seq, record_id in connection.execute(f"SELECT seq, id FROM {noun.name}")
        }
        rows = connection.execute("SELECT to_collection, to_seq, collection, seq FROM pointers")
        return {(to, ids[to, to_seq], name, ids[name, seq]) for to, to_seq, name, seq in rows}


# Killed, and two at once


@pytest.fixture(scope="module")
def longer(older: Path) -> Path:
    """The older database with many more records, whose migration takes a while."""
    path = older.with_name("longer.db")
    shutil.copyfile(older, path)
    with closing(open_writer(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(statements)") if name != "seq"]
        copied = ", ".join(
            "statements.id || '-copy-' || ?1" if each == "id" else f"statements.{each}" for each in columns
        )
        for number in range(COPIES):
            connection.execute(
                "INSERT INTO changes (at, collection, id, version, change, record)"
                " SELECT at, collection, changes.id || '-copy-' || ?1, changes.version, changes.change,"
                " replace(record, '\"id\":\"' || changes.id || '\"', '\"id\":\"' || changes.id || '-copy-' || ?1 || '\"')"
                " FROM statements JOIN changes ON changes.seq = statements.change"
                " WHERE instr(statements.id, '-copy-') = 0",
                (number,),
            )
            connection.execute(
                f"INSERT INTO statements ({', '.join(columns)}) SELECT {copied} FROM statements"
                " WHERE instr(statements.id, '-copy-') = 0",
                (number,),
            )
        connection.execute(
            "UPDATE statements SET change = (SELECT max(seq) FROM changes WHERE collection = 'statements'"
            " AND changes.id = statements.id)"
        )
        connection.execute("COMMIT")
    return path


@contextmanager
def migrating(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that will migrate when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.parametrize("rounds", [pytest.param(6, id="short"), pytest.param(40, id="long", marks=pytest.mark.slow)])
def test_a_migration_that_is_killed_leaves_the_old_or_the_new(longer: Path, tmp_path: Path, rounds: int) -> None:
    chance, left = random.Random(rounds), {FIRST: 0, SCHEMA_VERSION: 0}
    whole = tmp_path / "whole.db"
    shutil.copyfile(longer, whole)
    with migrating(whole) as process:
        began = time.monotonic()
        tell(process)
        assert process.wait() == 0, process.communicate()
        takes = time.monotonic() - began
    wanted = {FIRST: (schema(longer), old_rows(longer)), SCHEMA_VERSION: (schema(whole), everything(whole))}
    for number in range(rounds):
        path = tmp_path / f"{number}.db"
        shutil.copyfile(longer, path)
        with migrating(path) as process:
            tell(process)
            time.sleep(takes * chance.uniform(0.05, 1.05))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        check(path)
        found = version(path)
        left[found] += 1
        assert (schema(path), old_rows(path) if found == FIRST else everything(path)) == wanted[found]
        open_migrated(path).close()
        assert everything(path) == wanted[SCHEMA_VERSION][1], "the next start goes on from there"
    assert left[FIRST] > 0, "some were killed before they had ended"


def old_rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite.connect(path)) as connection:
        return contents(connection, *(each for each in EVERYTHING if each not in LATER))


@pytest.mark.parametrize("rounds", [pytest.param(2, id="short"), pytest.param(20, id="long", marks=pytest.mark.slow)])
def test_two_processes_that_migrate_at_once(longer: Path, tmp_path: Path, rounds: int) -> None:
    for number in range(rounds):
        path = tmp_path / f"{number}.db"
        shutil.copyfile(longer, path)
        with migrating(path) as one, migrating(path) as other:
            for each in (one, other):
                tell(each)
            for each in (one, other):
                _, errors = each.communicate()
                assert (each.returncode, errors) == (0, "")
        assert version(path) == SCHEMA_VERSION
        with closing(sqlite.connect(path)) as connection:
            applied = connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
        assert applied == [("m001_schema",), ("m002_writing",), ("m003_scale",), ("m004_titles",)]
        assert old_names(path) == old_names(longer)
        check(path)


def old_names(path: Path) -> dict[str, int]:
    """How many rows each table of the first schema has, but for the texts, of which the copies had none."""
    return {name: len(rows) for name, rows in old_rows(path).items() if not name.endswith("_text")}
