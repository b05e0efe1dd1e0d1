"""Opening the database: what is refused, and how a connection is set up; SQLite's settings have their reason beside them."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from api.model.areas import great_circle_km
from api.model.patterns import accentless, caseless, is_like
from api.model.shapes import lies
from api.store import sqlite

APPLICATION_ID = 0x45544C31
"""“ETL1” in the file's header says that it is ours."""
SCHEMA_VERSION = 4
BUSY_MS = 2000
CACHE_KIB = 16 * 1024
CHECK_SECONDS = 0.1
"""How long a start looks for damage: some hundred megabytes; a million events are ten gigabytes."""
FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "great_circle_km": (4, great_circle_km),
    "lies": (3, lies),
    "is_like": (2, is_like),
    "caseless": (1, caseless),
    "accentless": (1, accentless),
}
"""What the clauses of the model ask for beside SQLite's own functions: how many arguments, and the function."""
PAGE_BYTES = 8192
"""Of a new file. A document of an imported event has some 2 KB: of SQLite's usual pages it would leave the half empty."""


class StoreRefused(Exception):
    """A database that must not be opened; `exit_code` tells a script why."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


FAILED, NOT_OURS, TOO_NEW, DAMAGED, TOO_OLD_SQLITE, MISSING = 1, 3, 4, 5, 6, 7


def open_writer(path: Path, any_thread: bool = False) -> sqlite.Connection:
    """A connection that may write, in WAL mode; transactions are begun by hand (`BEGIN IMMEDIATE`).

    With `any_thread` the caller sees to it that one thread at a time uses it.
    """
    _refuse_old_sqlite()
    connection = sqlite.connect(path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=not any_thread)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL lost acknowledged commits in simulated power cuts
        connection.execute("PRAGMA fullfsync = ON")  # without it macOS leaves what is synced in the disk's cache
        connection.execute("PRAGMA foreign_keys = ON")
        harden(connection)
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


def alone(connection: sqlite.Connection) -> bool:
    """Leave WAL mode, which works only where no other connection has the file open; `to_wal` goes back to it."""
    try:
        return bool(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete")
    except sqlite.OperationalError:
        return False


def _refuse_old_sqlite() -> None:
    if sqlite.version_tuple() < sqlite.OLDEST:
        wanted = ".".join(map(str, sqlite.OLDEST))
        raise StoreRefused(f"SQLite {sqlite.VERSION} is too old: {wanted} or newer is needed", TOO_OLD_SQLITE)


def harden(connection: sqlite.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA mmap_size = 0")  # a file cut short under mmap kills the process
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    for name, (arguments, function) in FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)


def check(path: Path) -> None:
    """Raise `StoreRefused` unless the file is a sound database of ours that this program understands."""
    _refuse_old_sqlite()
    if not path.is_file():
        raise StoreRefused(f"{path} is {'not a file' if path.exists() else 'not there'}", MISSING)
    try:
        connection = sqlite.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
        try:
            _roll_back(connection)
            _check_length(path)
            _check_header(path, connection)
            verdict = quick_check(connection)
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


def quick_check(connection: sqlite.Connection) -> str:
    """What `quick_check` says within a moment. Of a large file it sees a part; `event-timeline check` sees all of it."""
    last = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > last, 1000)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return "ok"
    finally:
        connection.set_progress_handler(None, 0)


def _roll_back(connection: sqlite.Connection) -> None:
    """The first read undoes what a process that was killed outside WAL mode left half done."""
    with suppress(sqlite.DatabaseError):  # which the checks that follow tell better
        connection.execute("SELECT 1 FROM sqlite_schema")


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
