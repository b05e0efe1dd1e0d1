"""Opening the database: what is refused, how a connection is set up, and the readers that answer requests.

A reader is kept per thread (opening one costs ten times what keeping it does), cannot write, and stops a query that
runs longer than the deadline. SQLite's own settings have their reason beside them.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.model.filters import great_circle_km
from api.model.parameters import SqlValue
from api.model.problem import Problem
from api.store import sqlite

APPLICATION_ID = 0x45544C31
"""“ETL1” in the file's header says that it is ours."""
SCHEMA_VERSION = 2
BUSY_MS = 2000
STEPS_BETWEEN_LOOKS = 1000
"""How many steps of SQLite's machine pass between two looks at the clock; costs nothing that can be measured."""
CACHE_KIB = 32 * 1024


class StoreRefused(Exception):
    """A database that must not be opened; `exit_code` tells a script why."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


NOT_OURS, TOO_NEW, DAMAGED, TOO_OLD_SQLITE, MISSING = 3, 4, 5, 6, 7


@dataclass(frozen=True)
class Version:
    """Which state of the data an answer is from: `seq` of the newest change, within the `epoch` of this database."""

    epoch: str
    seq: int
    changed_at: str


def open_writer(path: Path) -> sqlite.Connection:
    """A connection that may write, in WAL mode; transactions are begun by hand (`BEGIN IMMEDIATE`)."""
    _refuse_old_sqlite()
    connection = sqlite.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL lost acknowledged commits in simulated power cuts
        connection.execute("PRAGMA foreign_keys = ON")
        _harden(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def to_wal(connection: sqlite.Connection) -> None:
    """Put the file into WAL mode. SQLite does not wait for a lock here, so two processes that begin at once need this."""
    last = time.monotonic() + BUSY_MS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(0.01)


def _refuse_old_sqlite() -> None:
    if sqlite.version_tuple() < sqlite.OLDEST:
        wanted = ".".join(map(str, sqlite.OLDEST))
        raise StoreRefused(f"SQLite {sqlite.VERSION} is too old: {wanted} or newer is needed", TOO_OLD_SQLITE)


def _harden(connection: sqlite.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA mmap_size = 0")  # a file cut short under mmap kills the process
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.create_function("great_circle_km", 4, great_circle_km, deterministic=True)


def check(path: Path) -> None:
    """Raise `StoreRefused` unless the file is a sound database of ours that this program understands."""
    _refuse_old_sqlite()
    if not path.is_file():
        raise StoreRefused(f"{path} is {'not a file' if path.exists() else 'not there'}", MISSING)
    try:
        connection = sqlite.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
        try:
            _check_header(path, connection)
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite.OperationalError as error:
        raise StoreRefused(f"{path} cannot be opened: {error}", DAMAGED) from None
    except sqlite.DatabaseError as error:
        with path.open("rb") as file:
            is_sqlite = file.read(16) == b"SQLite format 3\0"
        if not is_sqlite:
            raise StoreRefused(f"{path} is not a SQLite database", NOT_OURS) from None
        raise StoreRefused(f"{path} is damaged: {error}", DAMAGED) from None
    if verdict != "ok":
        raise StoreRefused(f"{path} is damaged: {verdict.splitlines()[-1]}", DAMAGED)


def _check_header(path: Path, connection: sqlite.Connection) -> None:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id != APPLICATION_ID and (application_id or tables):
        raise StoreRefused(f"{path} is a database of another program", NOT_OURS)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreRefused(
            f"{path} was written by a newer version of this program (schema {version}, known up to {SCHEMA_VERSION})",
            TOO_NEW,
        )


class Reader:
    """One thread's read-only view of the database."""

    def __init__(self, path: Path, query_ms: int) -> None:
        self.query_ms = query_ms
        self.seconds = 0.0
        self._deadline = 0.0
        self._seen: tuple[int, Version] | None = None
        self._connection = sqlite.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_MS / 1000
        )
        self._connection.execute("PRAGMA query_only = ON")
        _harden(self._connection)
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
            raise Problem(
                503,
                "query-too-long",
                f"This query was stopped after {self.query_ms} ms. Narrow it: a country, a location, an actor or a"
                " shorter span of days.",
                headers={"Retry-After": "1"},
            ) from None
        finally:
            self.seconds += time.monotonic() - started

    def version(self) -> Version:
        """The version of the data, within `snapshot()`. Reads no table unless another connection has committed since."""
        counter = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if self._seen is None or self._seen[0] != counter:
            row = self.rows(
                "SELECT epoch, coalesce((SELECT max(seq) FROM changes), 0),"
                " coalesce((SELECT at FROM changes ORDER BY seq DESC LIMIT 1), created_at) FROM store"
            )[0]
            self._seen = (counter, Version(*row))
        return self._seen[1]

    def close(self) -> None:
        self._connection.close()


class Store:
    """The database as requests use it: one reader per thread, opened in the process and thread that uses it."""

    def __init__(self, path: Path, query_ms: int) -> None:
        self.path, self.query_ms = path, query_ms
        self._local = threading.local()

    def reader(self) -> Reader:
        """This thread's reader."""
        reader: Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = Reader(self.path, self.query_ms)
        return reader

    def close(self) -> None:
        """Close this thread's reader."""
        if (reader := getattr(self._local, "reader", None)) is not None:
            reader.close()
            del self._local.reader
