"""What repeated requests were answered: the same `Idempotency-Key` gives the same answer, and does nothing twice.

Kept in the transaction of the write itself, so an answer is there exactly when what it tells of is.
"""

from datetime import timedelta

from api.model.moments import later, now
from api.model.problem import Problem
from api.store import sqlite

KEPT = timedelta(days=2)
"""How long a request may be repeated: longer than a night's work that failed and a look at it in the morning."""


def recall(connection: sqlite.Connection, key: str, token: str, digest: str) -> str | None:
    """The answer to this request, if it was here before; `Problem` 422 where the token came with another one."""
    row = connection.execute(
        "SELECT digest, answer FROM answers WHERE key = ? AND token = ? AND at >= ?", (key, token, later(-KEPT))
    ).fetchone()
    if row is None:
        return None
    if row[0] != digest:
        detail = "This Idempotency-Key was sent before with another request; make a new one."
        raise Problem(422, "idempotency-key-reused", detail)
    return str(row[1])


def keep(connection: sqlite.Connection, key: str, token: str, digest: str, answer: str) -> None:
    """Keep an answer, and forget those that nobody will ask for again."""
    connection.execute("DELETE FROM answers WHERE at < ?", (later(-KEPT),))
    connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (key, token, digest, now(), answer))
