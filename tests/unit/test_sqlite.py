"""The one SQLite of the process: which it is, whether it is old enough to worry about, and that all use the same."""

import re

import pytest
import sqlite_utils.db
import sqlite_utils.utils

from api.store import sqlite
from unit.samples import ROOT

VERSIONS = [
    # Version, has it the WAL-reset bug? It came with WAL in 3.7.0 and is fixed in 3.51.3, 3.50.7 and 3.44.6.
    ("3.7.0", True),
    ("3.31.1", True),
    ("3.38.0", True),
    ("3.40.1", True),
    ("3.43.2", True),
    ("3.44.0", True),
    ("3.44.5", True),
    ("3.44.6", False),
    ("3.44.7", False),
    ("3.44.10", False),
    ("3.45.0", True),
    ("3.45.1", True),
    ("3.46.1", True),
    ("3.49.2", True),
    ("3.50.0", True),
    ("3.50.6", True),
    ("3.50.7", False),
    ("3.50.12", False),
    ("3.51.0", True),
    ("3.51.2", True),
    ("3.51.3", False),
    ("3.51.10", False),
    ("3.52.0", False),
    ("3.53.4", False),
    ("3.100.0", False),
    ("4.0.0", False),
]


@pytest.mark.parametrize(("version", "may"), VERSIONS)
def test_may_corrupt_wal(version: str, may: bool) -> None:
    assert sqlite.may_corrupt_wal(version) is may


def test_versions_are_compared_as_numbers() -> None:
    assert sqlite.version_tuple("3.51.2") == (3, 51, 2)
    assert sqlite.version_tuple("3.9.10") < sqlite.version_tuple("3.10.0")
    assert sqlite.version_tuple() >= sqlite.OLDEST


def test_the_version_is_that_of_the_library() -> None:
    connection = sqlite.connect(":memory:")
    try:
        assert connection.execute("SELECT sqlite_version()").fetchone() == (sqlite.VERSION,)
        assert f"SQLite {sqlite.VERSION} " in sqlite.WAL_WARNING
    finally:
        connection.close()


def test_sqlite_utils_uses_the_same_library() -> None:
    """Two libraries in one process break each other's locks on a file."""
    modules = [vars(each)["sqlite3"] for each in (sqlite, sqlite_utils.utils, sqlite_utils.db)]
    assert modules == [modules[0]] * 3
    database = sqlite_utils.Database(memory=True)
    try:
        assert type(database.conn) is sqlite.Connection
    finally:
        database.close()


def test_the_exceptions_are_those_of_the_library() -> None:
    assert issubclass(sqlite.OperationalError, sqlite.DatabaseError)
    assert issubclass(sqlite.DatabaseError, sqlite.Error)
    connection = sqlite.connect(":memory:")
    try:
        with pytest.raises(sqlite.OperationalError):
            connection.execute("nonsense")
    finally:
        connection.close()


def test_the_schema_calls_only_functions_that_every_version_trusts() -> None:
    """With `trusted_schema` off, SQLite 3.40, which Debian 12 has, calls JSON functions in a schema unsafe."""
    script = (ROOT / "api" / "store" / "schema.sql").read_text("utf-8")
    code = "\n".join(line.split("--")[0] for line in script.splitlines())
    called = {name.lower() for name in re.findall(r"\b([a-z_]+)\(", code)}
    called |= set(re.findall(r"\bCHECK \(([a-z_]+) ?\(", code))
    assert called <= {"length"}


@pytest.mark.parametrize("feature", ["ENABLE_FTS5", "ENABLE_RTREE"])
def test_what_the_schema_needs_is_there(feature: str) -> None:
    connection = sqlite.connect(":memory:")
    try:
        assert connection.execute("SELECT sqlite_compileoption_used(?)", (feature,)).fetchone() == (1,)
    finally:
        connection.close()
