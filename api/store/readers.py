"""Reading: one connection per thread that cannot write, and the versions of what it sees.

A reader is kept per thread (opening one costs ten times what keeping it does) and stops a query that runs longer than the
deadline. Snapshots are read in the same way, from files that never change.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.model.parameters import SqlValue
from api.model.problem import Problem
from api.store import sqlite
from api.store.connections import BUSY_MS, SCHEMA_VERSION, harden, quick_check

STEPS_BETWEEN_LOOKS = 1000
"""How many steps of SQLite's machine pass between two looks at the clock; costs nothing that can be measured."""
SNAPSHOT_CACHE_KIB = 4 * 1024
"""Of each snapshot that a thread keeps open."""
SNAPSHOTS_KEPT = 4
"""Snapshots that a thread keeps open, which bounds descriptors and memory."""

NEWEST = (
    "SELECT epoch, coalesce((SELECT max(seq) FROM changes), 0),"
    " coalesce((SELECT at FROM changes ORDER BY seq DESC LIMIT 1), created_at) FROM store"
)


@dataclass(frozen=True)
class Version:
    """Which state of the data an answer is from: `seq` of the newest change, within the `epoch` of this database."""

    epoch: str
    seq: int
    changed_at: str


def snapshot_file(db: Path, name: str) -> Path:
    """Where the copy of that name lies: in a folder beside the database."""
    return db.with_name(f"{db.name}-snapshots") / f"{name}.db"


def version_of(connection: sqlite.Connection) -> Version:
    """The version of the data that a connection sees."""
    row = connection.execute(NEWEST).fetchone()
    return Version(*row)


class Reader:
    """One thread's read-only view of the database."""

    def __init__(self, path: Path, query_ms: int, is_immutable: bool = False) -> None:
        self.query_ms = query_ms
        self.seconds = 0.0
        self._deadline = 0.0
        self._seen: tuple[int, Version] | None = None
        address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_immutable else ''}"
        self._connection = sqlite.connect(address, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
        self._connection.execute("PRAGMA query_only = ON")
        harden(self._connection)
        if is_immutable:
            self._connection.execute(f"PRAGMA cache_size = -{SNAPSHOT_CACHE_KIB}")
        self._connection.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One state of the data for all reads within, which together have one deadline."""
        self._deadline = time.monotonic() + self.query_ms / 1000
        self.seconds = 0.0
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:  # a failing disk has ended it already
                self._connection.execute("ROLLBACK")

    def rows(self, sql: str, values: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT; 503 where it takes longer than the deadline."""
        started = time.monotonic()
        try:
            return self._connection.execute(sql, values).fetchall()  # type: ignore[no-any-return]
        except sqlite.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise self._too_long() from None
        finally:
            self.seconds += time.monotonic() - started

    def check(self) -> None:
        """503 where the deadline has passed, for work between two reads."""
        if self._is_late():
            raise self._too_long()

    def _too_long(self) -> Problem:
        return Problem(
            503,
            "query-too-long",
            f"This query was stopped after {self.query_ms} ms. Narrow it: a country, a location, an actor or a"
            " shorter span of days.",
            headers={"Retry-After": "1"},
        )

    def version(self) -> Version:
        """The version of the data, within `snapshot()`. Reads no table unless another connection has committed since."""
        counter = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if self._seen is None or self._seen[0] != counter:
            self._seen = (counter, Version(*self.rows(NEWEST)[0]))
        return self._seen[1]

    def generation(self) -> int:
        """A number that is another one whenever another connection has committed since."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def schema_version(self) -> int:
        """The version of the schema that the file has."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def damage(self) -> str:
        """What a moment's look finds wrong with the file; empty where it seems whole."""
        try:
            verdict = quick_check(self._connection)
        finally:
            self._connection.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)
        return "" if verdict == "ok" else verdict

    def close(self) -> None:
        self._connection.close()


class Store:
    """The database and its snapshots as requests use them: a reader of each per thread, opened where it is used."""

    def __init__(self, path: Path, query_ms: int) -> None:
        self.path, self.query_ms = path, query_ms
        self._local = threading.local()

    def reader(self, snapshot: str | None = None) -> Reader:
        """This thread's reader of the data as it is now, or as a snapshot that is there has it.

        `Problem` 503 for a snapshot that another version of this program made.
        """
        kept: dict[str | None, Reader] = self._local.__dict__.setdefault("readers", {})
        reader = kept.pop(snapshot, None)
        if reader is None:
            reader = Reader(self.path, self.query_ms) if snapshot is None else self._of_snapshot(snapshot)
        kept[snapshot] = reader  # the one used last stands last
        for name in [each for each in kept if each is not None][:-SNAPSHOTS_KEPT]:
            kept.pop(name).close()
        return reader

    def damage(self) -> str:
        """What a moment's look finds wrong with the database as it is now; empty where it seems whole.

        Through SQLite alone: to open and close the file beside it would end the locks that this process holds on it.
        """
        try:
            return self.reader().damage()
        except sqlite.DatabaseError as error:
            return str(error)

    def _of_snapshot(self, name: str) -> Reader:
        reader = Reader(snapshot_file(self.path, name), self.query_ms, is_immutable=True)
        if (schema := reader.schema_version()) != SCHEMA_VERSION:
            reader.close()
            raise Problem(
                503,
                "unavailable",
                f"The snapshot {name} was made by another version of this program"
                f" (schema {schema}; this one reads {SCHEMA_VERSION}).",
            )
        return reader

    def close(self) -> None:
        """Close this thread's readers."""
        for reader in self._local.__dict__.pop("readers", {}).values():
            reader.close()
