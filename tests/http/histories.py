"""A database with a past: records that were changed, deleted, made again and merged, by keys and by nobody."""

from pathlib import Path

from answers import event, write
from conftest import seeded

from api.store import sqlite
from api.store.migrations import open_migrated

AT = "2026-01-02T03:04:05Z"
HOSTILE = 'A <b>&amp;]]></title> "\ufffe\uffff\u0085\u2028" \t end'


def with_a_past(path: Path) -> Path:
    """The seed, and what happened to some more records."""
    seeded(path)
    write(path, events=[event("changed", "First"), event("ended", "Ended"), event("hostile", HOSTILE)])
    write(path, events=[event("changed", "Second", summary="More.")])
    connection = open_migrated(path)
    connection.execute(
        "INSERT INTO keys (id, name, scope, digest, created_at) VALUES ('k1', 'The <desk>', 'write', 'x', ?)", (AT,)
    )
    connection.execute("UPDATE changes SET key = 'k1', reason = 'A better title' WHERE id = 'changed' AND version = 2")
    end(connection, "events", "ended", reason="It never happened")
    connection.close()
    write(path, actors=[_actor(each) for each in ("merged-1", "merged-2", "merged-3")])
    connection = open_migrated(path)
    end(connection, "actors", "merged-1", into="merged-2")
    end(connection, "actors", "merged-2", into="merged-3", reason="The same")
    connection.close()
    return path


def _actor(record_id: str) -> dict[str, object]:
    evidence = [{"source": "ssbcrack-half-of-aleppo"}]
    return {"id": record_id, "name": f"Name of {record_id}", "type": "other", "evidence": evidence}


def end(
    connection: sqlite.Connection, noun: str, record_id: str, into: str | None = None, reason: str | None = None
) -> None:
    """Delete a record to which no other points, or merge it into another."""
    own = f"(SELECT seq FROM {noun} WHERE id = ?)"
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO changes (at, collection, id, version, change, record, reason, merged_into)"
        f" SELECT (SELECT max(at) FROM changes), '{noun}', id, version + 1, ?, 'null', ?, ? FROM {noun} WHERE id = ?",
        ("merged" if into else "deleted", reason, into, record_id),
    )
    connection.execute(f"DELETE FROM {noun}_text WHERE rowid = {own}", (record_id,))
    connection.execute(f"DELETE FROM names WHERE collection = '{noun}' AND seq = {own}", (record_id,))
    connection.execute(f"DELETE FROM {noun} WHERE id = ?", (record_id,))
    connection.execute("COMMIT")
