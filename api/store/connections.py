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
SNAPSHOT_CACHE_KIB = 4 * 1024
"""Of each snapshot that a thread keeps open."""
SNAPSHOTS_KEPT = 4
"""Snapshots that a thread keeps open, which bounds descriptors and memory."""


class StoreRefused(Exception):
    """A database that must not be opened; `exit_code` tells a script why."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


FAILED, NOT_OURS, TOO_NEW, DAMAGED, TOO_OLD_SQLITE, MISSING = 1, 3, 4, 5, 6, 7


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


def open_writer(path: Path, any_thread: bool = False) -> sqlite.Connection:
    """A connection that may write, in WAL mode; transactions are begun by hand (`BEGIN IMMEDIATE`).

    With `any_thread` the caller sees to it that one thread at a time uses it.
    """
    _refuse_old_sqlite()
    connection = sqlite.connect(path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=not any_thread)
    try:
        to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL lost acknowledged commits in simulated power cuts
        connection.execute("PRAGMA foreign_keys = ON")
        _harden(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def version_of(connection: sqlite.Connection) -> Version:
    """The version of the data that a connection sees."""
    row = connection.execute(NEWEST).fetchone()
    return Version(*row)


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
            _check_length(path)
            _check_header(path, connection)
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite.OperationalError as error:  # a lock, no room, no right to write: the file itself may be sound
        raise StoreRefused(f"{path} cannot be opened: {error}", FAILED) from None
    except sqlite.DatabaseError as error:
        with path.open("rb") as file:
            is_sqlite = file.read(16) == b"SQLite format 3\0"
        if not is_sqlite:
            raise StoreRefused(f"{path} is not a SQLite database", NOT_OURS) from None
        raise StoreRefused(f"{path} is damaged: {error}", DAMAGED) from None
    if verdict != "ok":
        raise StoreRefused(f"{path} is damaged: {verdict.splitlines()[-1]}", DAMAGED)


def _check_length(path: Path) -> None:
    """A file may be cut inside a page that quick_check finds nothing wrong with; what a log holds may come after it."""
    log = path.with_name(f"{path.name}-wal")
    with path.open("rb") as file:
        header = file.read(100)
    page_bytes, pages = int.from_bytes(header[16:18]), int.from_bytes(header[28:32])
    is_sqlite = header.startswith(b"SQLite format 3\0")
    if is_sqlite and not (log.exists() and log.stat().st_size) and path.stat().st_size < page_bytes * pages:
        raise StoreRefused(f"{path} is damaged: it is cut short", DAMAGED)


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

    def __init__(self, path: Path, query_ms: int, is_immutable: bool = False) -> None:
        self.query_ms = query_ms
        self.seconds = 0.0
        self._deadline = 0.0
        self._seen: tuple[int, Version] | None = None
        address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_immutable else ''}"
        self._connection = sqlite.connect(address, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
        self._connection.execute("PRAGMA query_only = ON")
        _harden(self._connection)
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
            self._seen = (counter, Version(*self.rows(NEWEST)[0]))
        return self._seen[1]

    def schema_version(self) -> int:
        """The version of the schema that the file has."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

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
