"""What became of records that are no longer there: deleted, or merged into others."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from api.model.parameters import SqlValue
from api.store import sqlite

Rows = Callable[[str, Sequence[SqlValue]], list[tuple[Any, ...]]]
"""What reads: a reader's `rows`, or `rows_of` a connection that writes."""


def rows_of(connection: sqlite.Connection) -> Rows:
    """All rows of a SELECT, within the connection's transaction."""
    return lambda sql, values: connection.execute(sql, values).fetchall()


class Ending(NamedTuple):
    """How a record ended. `merged_into` is None where it was deleted."""

    at: str
    reason: str | None
    merged_into: str | None


def ending(rows: Rows, collection: str, record_id: str) -> Ending | None:
    """How a record ended; None where it did not, or never was."""
    found = rows(
        "SELECT change, at, reason, merged_into FROM changes WHERE collection = ? AND id = ?"
        " ORDER BY version DESC LIMIT 1",
        (collection, record_id),
    )
    if not found or found[0][0] not in ("deleted", "merged"):
        return None
    return Ending(*found[0][1:])


def successor(rows: Rows, collection: str, record_id: str) -> str | None:
    """The id of the record that stands for a merged one, over any number of merges; None for what was not merged.

    It ends, for a record is merged only into one that is there, and so into one that ended later if at all.
    """
    found = None
    while (end := ending(rows, collection, found or record_id)) is not None and end.merged_into is not None:
        found = end.merged_into
    return found
