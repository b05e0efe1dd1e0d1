"""Statistics: what SQLite plans by, and how many rows have a value, by which lists are planned (`api/query/plan.py`)."""

from api.model.ways import DAYS, STEPS, TALLIED
from api.store import sqlite

STALE = 2
"""Statistics of a table half as large as it is now are counted anew."""


def tally(connection: sqlite.Connection) -> None:
    """Count everything anew, within a transaction that somebody else began."""
    connection.execute("DELETE FROM tallies")
    for table, columns in TALLIED.items():
        counts = {column: column for column in columns} | {"month": f"substr({DAYS[table]}, 1, 7)"}
        for name, value in counts.items():
            connection.execute(
                f"INSERT INTO tallies SELECT ?, ?, {value}, count(*) FROM {table} WHERE {value} IS NOT NULL GROUP BY 3",
                (table, name),
            )
        connection.execute(f"INSERT INTO tallies SELECT ?, 'all', '', coalesce(max(seq), 0) FROM {table}", (table,))
    for column, steps in STEPS.items():
        table, _, name = column.partition(".")
        for step in steps:
            connection.execute(
                f"INSERT INTO tallies SELECT ?, ?, ?, count(*) FROM {table} WHERE {name} >= {step}",
                (table, name, f">={step}"),
            )
    connection.execute("PRAGMA analysis_limit = 1000")
    connection.execute("ANALYZE")


def is_stale(connection: sqlite.Connection) -> bool:
    """Has a table grown much since it was counted?"""
    for table in TALLIED:
        (rows,) = connection.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()
        counted = connection.execute(
            "SELECT size FROM tallies WHERE collection = ? AND name = 'all'", (table,)
        ).fetchone() or (0,)
        if rows > STALE * counted[0]:
            return True
    return False
