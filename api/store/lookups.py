"""What rendering a record needs to know of others: their names, counts, origins, and what was said of an event."""

from typing import Any

from api.model.tolls import Claim
from api.store import sqlite
from api.store.links import parse

Record = dict[str, Any]

SELF_AND_INNER = "IN (SELECT ? UNION ALL SELECT descendant FROM tree WHERE collection = ? AND ancestor = ?)"
EVENT_COUNTS = {
    "sources": "events WHERE seq IN (SELECT event FROM event_sources WHERE source {inner})",
    "locations": "locations_events WHERE owner = ?",
    "actors": "actors_events WHERE owner = ?",
}
STATEMENT_COUNTS = {
    "sources": "SELECT statement FROM statement_sources WHERE source",
    "locations": "SELECT statement FROM statement_locations WHERE location",
    "actors": "SELECT statement FROM statement_actors WHERE actor",
}


class Lookups:
    """Reads each record once; lives as long as one rendering."""

    def __init__(self, connection: sqlite.Connection) -> None:
        self.connection = connection
        self._records: dict[tuple[str, str], Record] = {}
        self._roots: dict[str, str] = {}

    def record(self, collection: str, record_id: str) -> Record:
        """A record as it was written."""
        key = collection, record_id
        if key not in self._records:
            (text,) = self.connection.execute(
                f"SELECT record FROM {collection} JOIN changes ON changes.seq = {collection}.change WHERE {collection}.id = ?",
                (record_id,),
            ).fetchone()
            self._records[key] = parse(text)
        return self._records[key]

    def brief(self, collection: str, record_id: str | None, *members: str) -> Record | None:
        """Some members of a record, for showing it inside another."""
        if record_id is None:
            return None
        record = self.record(collection, record_id)
        return {name: record[name] for name in ("id", *members)}

    def actor(self, record_id: str | None) -> Record | None:
        return self.brief("actors", record_id, "name", "type")

    def location(self, record_id: str | None) -> Record | None:
        return self.brief("locations", record_id, "name", "type", "country", "latitude", "longitude")

    def event(self, record_id: str) -> Record:
        record = self.record("events", record_id)
        return {"id": record_id, "title": record["title"], "location": self.location(record["location"])}

    def path(self, record_id: str) -> list[Record]:
        """The ancestors of a location, nearest first."""
        steps: list[Record] = []
        parent = self.record("locations", record_id)["parent"]
        while parent is not None:
            record = self.record("locations", parent)
            steps.append({name: record[name] for name in ("id", "name", "type")})
            parent = record["parent"]
        return steps

    def names(self, collection: str, record_id: str | None) -> list[str]:
        """All names of a record, for the search text of those that mention it."""
        if record_id is None:
            return []
        record = self.record(collection, record_id)
        return [record["name"], *record["aliases"]]

    def root(self, source_id: str) -> str:
        """The source that this one goes back to: sources with one root are one report."""
        if source_id not in self._roots:
            root = source_id
            while origin := self.record("sources", root)["derived_from"]:
                root = origin
            self._roots[source_id] = root
        return self._roots[source_id]

    def source_counts(self, evidence: list[Record]) -> Record:
        """How many sources the evidence cites, and how many of them are independent of each other."""
        cited = {each["source"] for each in evidence}
        return {
            "source_count": len(cited),
            "independent_source_count": len({self.root(each) for each in cited}),
        }

    def counts(self, collection: str, seq: int) -> Record:
        """Events and statements that a filter by this record finds, and the span of days of the events."""
        inner = (seq, collection, seq)
        rows = EVENT_COUNTS[collection].format(inner=SELF_AND_INNER)
        events, first, last = self.connection.execute(
            f"SELECT count(*), min(start_date), max(end_date) FROM {rows}", inner if "tree" in rows else (seq,)
        ).fetchone()
        (statements,) = self.connection.execute(
            f"SELECT count(DISTINCT statement) FROM ({STATEMENT_COUNTS[collection]} {SELF_AND_INNER})", inner
        ).fetchone()
        return {"events": events, "statements": statements, "first_event_date": first, "last_event_date": last}

    def claims(self, seq: int, event_id: str) -> list[Claim]:
        """What statements say of an event in figures, oldest first."""
        rows = self.connection.execute(
            "SELECT record FROM statement_events JOIN statements ON statements.seq = statement"
            " JOIN changes ON changes.seq = statements.change WHERE event = ? ORDER BY end_date, statements.seq",
            (seq,),
        )
        return [self._claim(parse(text), event_id) for (text,) in rows]

    def _claim(self, statement: Record, event_id: str) -> Claim:
        claimant = statement["speaker"] or f"source {self.root(statement['evidence'][0]['source'])}"
        figures = [each for each in statement["figures"] if each["event"] in (None, event_id)]
        return Claim(claimant, statement["end_date"] or statement["date"], figures)
