"""The one place that chooses a SQLite: pysqlite3, whose wheels carry a current one, or else Python's own.

Two SQLite libraries in one process break each other's file locks, so every other module imports this one.
`sqlite_utils` makes the same choice.
"""

from typing import Any

try:
    import pysqlite3 as sqlite3
except ImportError:  # no wheel for this platform
    import sqlite3

Connection = sqlite3.Connection
Error = sqlite3.Error
DatabaseError = sqlite3.DatabaseError
OperationalError = sqlite3.OperationalError
connect: Any = sqlite3.connect
is_complete = sqlite3.complete_statement
VERSION: str = sqlite3.sqlite_version

OLDEST = (3, 38, 0)
"""STRICT tables came with 3.37, `->` with 3.38."""


WAL_WARNING = f"SQLite {VERSION} can corrupt a database when several connections write (fixed in 3.51.3)."


def version_tuple(version: str = VERSION) -> tuple[int, ...]:
    """`3.51.2` as numbers."""
    return tuple(int(part) for part in version.split("."))


def may_corrupt_wal(version: str = VERSION) -> bool:
    """Has this SQLite the WAL-reset bug (fixed in 3.51.3, 3.50.7 and 3.44.6), by which concurrent writers corrupt a file?"""
    number = version_tuple(version)
    return number < (3, 51, 3) and not (3, 50, 7) <= number < (3, 51) and not (3, 44, 6) <= number < (3, 45)
