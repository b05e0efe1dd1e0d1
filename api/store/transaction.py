"""One transaction: everything within it is stored, or nothing is."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.model.moments import now
from api.store import sqlite


class Undo(Exception):
    """Ends a transaction without storing anything, and without an error."""


@contextmanager
def transaction(connection: sqlite.Connection) -> Iterator[None]:
    """`BEGIN IMMEDIATE` … `COMMIT`. A deferred BEGIN that reads first and writes then would fail at once beside others."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        if not isinstance(error, Undo):
            raise


def moment(connection: sqlite.Connection) -> str:
    """The time of a change: now, and never before the newest change, for a clock may be set back.

    Times that went back would hide changes from `updated_since` and `If-Modified-Since`.
    """
    (newest,) = connection.execute("SELECT at FROM changes ORDER BY seq DESC LIMIT 1").fetchone() or ("",)
    return max(now(), newest)
