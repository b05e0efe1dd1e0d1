"""From nothing, or from an older version, to the current schema: all in one transaction, or not at all."""

import secrets
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from sqlite_utils import Database, Migrations

from api.model.moments import now
from api.model.nouns import NOUNS
from api.model.ways import DAYS
from api.store import sqlite
from api.store.connections import APPLICATION_ID, SCHEMA_VERSION, check, open_writer
from api.store.links import parse
from api.store.rendering import DOCUMENTS, render_all
from api.store.rows import SeqOf
from api.store.tables import Tables

MIGRATIONS = Migrations("event-timeline")


@MIGRATIONS()
def m001_schema(db: Database) -> None:
    """The schema as an SQL file: sqlite-utils' own `create()` knows neither CHECK nor ON DELETE."""
    _run(db, "schema.sql")
    db.execute("INSERT INTO store VALUES (1, ?, ?, ?)", (secrets.token_hex(8), now(), DOCUMENTS))


@MIGRATIONS()
def m002_writing(db: Database) -> None:
    """Keys, answers to repeated requests, and who made a change and why."""
    _run(db, "m002_writing.sql")
    tables = Tables(db.conn, SeqOf())
    for noun in NOUNS:
        rows = db.execute(
            f"SELECT {noun.name}.seq, record FROM {noun.name} JOIN changes ON changes.seq = {noun.name}.change"
        )
        for seq, record in rows.fetchall():
            tables.seq_of[noun.name, parse(record)["id"]] = seq
            tables.point(noun.name, parse(record)["id"], None, parse(record))


@MIGRATIONS()
def m003_scale(db: Database) -> None:
    """Documents in tables of their own, events in the order of days; the tables are filled when all is rendered anew."""
    _run(db, "m003_scale.sql")
    tables = (f"UPDATE {name} SET days = julianday(end_date) - julianday({first})" for name, first in DAYS.items())
    for each in tables:
        db.execute(each)
    _render_anew(db)


@MIGRATIONS()
def m004_titles(db: Database) -> None:
    """What records are called in columns, which are filled when all is rendered anew."""
    _run(db, "m004_titles.sql")
    _render_anew(db)


def _render_anew(db: Database) -> None:
    db.execute("UPDATE store SET documents = 0 WHERE EXISTS (SELECT 1 FROM changes)")


def _run(db: Database, script: str) -> None:
    for statement in _statements(resources.files("api.store").joinpath(script).read_text("utf-8")):
        db.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: `executescript` would commit the transaction around it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite.is_complete(statement):
            yield statement
            statement = ""


def open_migrated(path: Path) -> sqlite.Connection:
    """A connection that may write to the database at the path, which is made or brought up to date first.

    Raises `StoreRefused` for a file that is not ours, is newer than the code, or is damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        check(path)
    connection = open_writer(path)
    try:
        is_old = connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION
        if is_old or _has_old_documents(connection):
            connection.execute("BEGIN IMMEDIATE")
            MIGRATIONS.apply(Database(connection))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            if _has_old_documents(connection):
                render_all(connection)
            connection.execute("COMMIT")
    except BaseException:
        connection.close()  # which rolls back
        raise
    return connection


def _has_old_documents(connection: sqlite.Connection) -> bool:
    return bool(connection.execute("SELECT documents FROM store").fetchone()[0] != DOCUMENTS)
