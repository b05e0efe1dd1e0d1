"""Opening the database: what is refused, and how a connection is set up; SQLite's settings have their reason beside them."""

import time
from pathlib import Path

from api.model.filters import great_circle_km
from api.store import sqlite

APPLICATION_ID = 0x45544C31
"""“ETL1” in the file's header says that it is ours."""
SCHEMA_VERSION = 2
BUSY_MS = 2000
CACHE_KIB = 32 * 1024


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


def _refuse_old_sqlite() -> None:
    if sqlite.version_tuple() < sqlite.OLDEST:
        wanted = ".".join(map(str, sqlite.OLDEST))
        raise StoreRefused(f"SQLite {sqlite.VERSION} is too old: {wanted} or newer is needed", TOO_OLD_SQLITE)


def harden(connection: sqlite.Connection) -> None:
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
