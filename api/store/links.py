"""How records hang together: the join tables of each noun, the trees, and which records a change reaches."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.model.filters import IN_LIST, as_list
from api.model.taxonomy import MEMBERSHIP
from api.store import sqlite

Record = Mapping[str, Any]
SeqOf = Mapping[tuple[str, str], int]
"""From collection and id to row number."""
Touched = dict[str, set[int]]

JOIN_TABLES = {
    "sources": {},
    "locations": {},
    "actors": {"actor_relations": "actor"},
    "events": {"event_actors": "event", "event_sources": "event"},
    "statements": {
        "statement_actors": "statement",
        "statement_events": "statement",
        "statement_sources": "statement",
    },
}
"""For each noun its join tables, each with the column that holds its own row number."""

PARENTS = {
    "sources": "SELECT seq, derived_from FROM sources WHERE derived_from IS NOT NULL",
    "locations": "SELECT seq, parent FROM locations WHERE parent IS NOT NULL",
    "actors": "SELECT actor, other FROM actor_relations"
    f" WHERE relation IN ({', '.join(repr(each) for each in MEMBERSHIP)})",
    "events": "SELECT seq, part_of FROM events WHERE part_of IS NOT NULL",
}
"""For each tree, the SELECT of its steps: (child, parent)."""

STATEMENT_PLACES = (
    "INSERT OR IGNORE INTO statement_locations SELECT statement, location FROM statement_events"
    f" JOIN events ON events.seq = event WHERE location IS NOT NULL AND statement {IN_LIST}"
)


@dataclass(frozen=True)
class Reach:
    """A change of a record of `origin` reaches what the SELECT finds in `to`."""

    origin: str
    to: str
    select: str


REACHES = (
    Reach("sources", "events", "SELECT event FROM event_sources WHERE source"),
    Reach("sources", "statements", "SELECT statement FROM statement_sources WHERE source"),
    Reach("locations", "events", "SELECT seq FROM events WHERE location"),
    Reach("locations", "statements", "SELECT statement FROM statement_locations WHERE location"),
    Reach("actors", "events", "SELECT event FROM event_actors WHERE actor"),
    Reach("actors", "statements", "SELECT statement FROM statement_actors WHERE actor"),
    Reach("actors", "actors", "SELECT actor FROM actor_relations WHERE other"),
    Reach("events", "statements", "SELECT statement FROM statement_events WHERE event"),
    Reach("events", "actors", "SELECT actor FROM event_actors WHERE event"),
    Reach("events", "locations", "SELECT location FROM events WHERE location IS NOT NULL AND seq"),
    Reach("events", "sources", "SELECT source FROM event_sources WHERE event"),
    Reach("statements", "events", "SELECT event FROM statement_events WHERE statement"),
    Reach("statements", "actors", "SELECT actor FROM statement_actors WHERE statement"),
    Reach("statements", "locations", "SELECT location FROM statement_locations WHERE statement"),
    Reach("statements", "sources", "SELECT source FROM statement_sources WHERE statement"),
)


def reached(connection: sqlite.Connection, touched: Touched) -> Touched:
    """The touched records and all whose document shows or counts something of them."""
    inner = {name: seqs | _in_tree(connection, name, "descendant", "ancestor", seqs) for name, seqs in touched.items()}
    found: Touched = {name: set(seqs) for name, seqs in inner.items()}
    for reach in REACHES:
        if inner[reach.origin]:
            rows = connection.execute(f"{reach.select} {IN_LIST}", (as_list(inner[reach.origin]),))
            found[reach.to].update(seq for (seq,) in rows)
    return {name: seqs | _in_tree(connection, name, "ancestor", "descendant", seqs) for name, seqs in found.items()}


def _in_tree(connection: sqlite.Connection, name: str, end: str, start: str, seqs: set[int]) -> set[int]:
    rows = connection.execute(
        f"SELECT {end} FROM tree WHERE collection = ? AND {start} {IN_LIST}", (name, as_list(seqs))
    )
    return {seq for (seq,) in rows}


def join_rows(collection: str, seq: int, record: Record, seq_of: SeqOf) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows that a record puts into join tables, each with its table."""
    if collection == "actors":
        for each in record["relations"]:
            other = seq_of["actors", each["actor"]]
            yield "actor_relations", {"actor": seq, "relation": each["relation"], "other": other}
    elif collection == "events":
        for each in record["participants"]:
            yield "event_actors", {"event": seq, "actor": seq_of["actors", each["actor"]], "role": each["role"]}
        for source in _cited(record):
            yield "event_sources", {"event": seq, "source": seq_of["sources", source]}
    elif collection == "statements":
        for part in ("speaker", "on_behalf_of"):
            if record[part]:
                actor = seq_of["actors", record[part]]
                yield "statement_actors", {"statement": seq, "actor": actor, "part": part}
        for each in record["addressees"]:
            actor = seq_of["actors", each]
            yield "statement_actors", {"statement": seq, "actor": actor, "part": "addressee"}
        for each in record["events"]:
            yield "statement_events", {"statement": seq, "event": seq_of["events", each]}
        for source in _cited(record):
            yield "statement_sources", {"statement": seq, "source": seq_of["sources", source]}


def _cited(record: Record) -> Iterable[str]:
    return dict.fromkeys(each["source"] for each in record["evidence"])


def place_statements(connection: sqlite.Connection, seqs: Iterable[int]) -> None:
    """Write anew where statements belong: where they were said, and where their events took place."""
    chosen = as_list(seqs)
    connection.execute(f"DELETE FROM statement_locations WHERE statement {IN_LIST}", (chosen,))
    connection.execute(STATEMENT_PLACES, (chosen,))
    connection.execute(
        "INSERT OR IGNORE INTO statement_locations SELECT statements.seq, locations.seq FROM statements"
        " JOIN changes ON changes.seq = statements.change JOIN locations ON locations.id = record ->> '$.location'"
        f" WHERE statements.seq {IN_LIST}",
        (chosen,),
    )


def plant(connection: sqlite.Connection, collection: str) -> str | None:
    """Write the tree of a collection anew; the id of a record that would lie inside itself, if any."""
    connection.execute("DELETE FROM tree WHERE collection = ?", (collection,))
    connection.execute(
        f"INSERT INTO tree WITH RECURSIVE step (child, parent) AS ({PARENTS[collection]}),"
        " walk (ancestor, descendant) AS (SELECT parent, child FROM step"
        " UNION SELECT step.parent, walk.descendant FROM walk JOIN step ON step.child = walk.ancestor)"
        " SELECT ?, ancestor, descendant FROM walk",
        (collection,),
    )
    looped = connection.execute(
        f"SELECT id FROM tree JOIN {collection} ON seq = ancestor"
        " WHERE tree.collection = ? AND ancestor = descendant LIMIT 1",
        (collection,),
    ).fetchone()
    return looped[0] if looped else None


def parse(record: str) -> dict[str, Any]:
    """A stored record."""
    return json.loads(record)  # type: ignore[no-any-return]
