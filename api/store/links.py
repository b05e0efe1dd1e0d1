"""How records hang together: the join tables of each noun, the trees, and which records a change reaches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.model.taxonomy import MEMBERSHIP
from api.model.text import from_json
from api.model.ways import IN_LIST, as_list
from api.store import sqlite

Record = Mapping[str, Any]
Touched = dict[str, set[int]]

PARENTS = {
    "sources": "SELECT seq, derived_from FROM sources WHERE derived_from IS NOT NULL",
    "locations": "SELECT seq, parent FROM locations WHERE parent IS NOT NULL",
    "actors": "SELECT actor, other FROM actor_relations"
    f" WHERE relation IN ({', '.join(repr(each) for each in MEMBERSHIP)})",
    "events": "SELECT seq, part_of FROM events WHERE part_of IS NOT NULL",
}
"""For each tree, the SELECT of its steps: (child, parent)."""
PARENT_MEMBERS = {"sources": "derived_from", "locations": "parent", "actors": "relations", "events": "part_of"}
"""For each tree, the member of a record that says where it hangs."""

STATEMENT_PLACES = (
    "INSERT OR IGNORE INTO statement_locations SELECT statement, location FROM statement_events"
    f" JOIN events ON events.seq = event WHERE location IS NOT NULL AND statement {IN_LIST}"
)


EVENT_OWNERS = {
    "locations": "SELECT seq AS event, location AS owner FROM events WHERE location IS NOT NULL AND seq",
    "actors": "SELECT event, actor AS owner FROM event_actors WHERE event",
}
"""For each noun whose events are kept in the order of days, the SELECT of an event and what it belongs to by itself."""


@dataclass(frozen=True)
class Reach:
    """A change of a record of `origin` reaches what the SELECT finds in `to`."""

    origin: str
    to: str
    select: str


REACHES = (
    Reach("sources", "events", "SELECT event FROM event_sources WHERE source"),
    Reach("sources", "statements", "SELECT statement FROM statement_sources WHERE source"),
    # Two sources that rewrite one report are one claimant, which an event's tolls depend on.
    Reach(
        "sources", "events", "SELECT event FROM statement_sources JOIN statement_events USING (statement) WHERE source"
    ),
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


def place_events(connection: sqlite.Connection, seqs: Iterable[int]) -> None:
    """Write anew to which actors and places events belong, those that hold the ones named included."""
    chosen = as_list(seqs)
    for name, select in EVENT_OWNERS.items():
        connection.execute(f"DELETE FROM {name}_events WHERE event {IN_LIST}", (chosen,))
        connection.execute(
            f"INSERT INTO {name}_events (owner, start_date, event, end_date) WITH own AS ({select} {IN_LIST})"
            f" SELECT owner, start_date, event, end_date FROM (SELECT event, owner FROM own UNION SELECT event, ancestor"
            f" FROM own JOIN tree ON collection = '{name}' AND descendant = owner) JOIN events ON seq = event",
            (chosen,),
        )


def plant(connection: sqlite.Connection, collection: str, seqs: set[int]) -> set[str]:
    """Write the branches of a tree anew that hang on these records; the ids of those that would lie inside themselves."""
    moved = as_list(seqs | _in_tree(connection, collection, "descendant", "ancestor", seqs))
    connection.execute(f"DELETE FROM tree WHERE collection = ? AND descendant {IN_LIST}", (collection, moved))
    connection.execute(
        f"INSERT INTO tree WITH RECURSIVE step (child, parent) AS ({PARENTS[collection]}),"
        f" walk (ancestor, descendant) AS (SELECT parent, child FROM step WHERE child {IN_LIST}"
        " UNION SELECT step.parent, walk.descendant FROM walk JOIN step ON step.child = walk.ancestor)"
        " SELECT ?, ancestor, descendant FROM walk",
        (moved, collection),
    )
    looped = connection.execute(
        f"SELECT id FROM tree JOIN {collection} ON seq = ancestor"
        f" WHERE tree.collection = ? AND ancestor = descendant AND descendant {IN_LIST}",
        (collection, moved),
    )
    return {record_id for (record_id,) in looped}


def parse(record: str) -> dict[str, Any]:
    """A stored record."""
    return from_json(record)  # type: ignore[no-any-return]
