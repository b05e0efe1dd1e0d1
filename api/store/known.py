"""What a batch of new records knows by itself: each other, what they add to counts, what they say of events."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.model.tolls import Claim
from api.store import sqlite
from api.store.lookups import Lookups
from api.store.rows import SeqOf

Record = dict[str, Any]
Key = tuple[str, str]
MOST_KEPT = 10_000
"""Actors, places and sources that are kept from one batch to the next."""


@dataclass
class Count:
    """What a batch adds to the counts of one record."""

    events: int = 0
    statements: int = 0
    first_event_date: str | None = None
    last_event_date: str | None = None

    def add_event(self, event: Record) -> None:
        self.events += 1
        first, last = event["start_date"], event["end_date"]
        self.first_event_date = min(self.first_event_date or first, first)
        self.last_event_date = max(self.last_event_date or last, last)

    def added_to(self, document: Record) -> Record:
        """The members of a document that counts change."""
        counts: Record = {name: document[name] + getattr(self, name) for name in ("events", "statements")}
        if "first_event_date" in document:
            for name, best in (("first_event_date", min), ("last_event_date", max)):
                days = [each for each in (document[name], getattr(self, name)) if each is not None]
                counts[name] = best(days, default=None)
        return counts


class Known(Lookups):
    """What rendering needs to know, most of it from the batch itself."""

    def __init__(self, connection: sqlite.Connection) -> None:
        super().__init__(connection)
        self.added: dict[tuple[str, int], Count] = {}
        self.said: dict[str, list[Record]] = {}
        self._owners: dict[Key, set[int]] = {}

    def take(self, name: str, records: Iterable[Record]) -> None:
        """Records that are being written."""
        for record in records:
            self._records[name, record["id"]] = record

    def drop(self) -> None:
        """Forget what is not shared by many, and everything when it is much."""
        self.added, self.said = {}, {}
        if len(self._records) > MOST_KEPT:
            self._records, self._owners, self._roots = {}, {}, {}
        self._records = {key: record for key, record in self._records.items() if key[0] in ("locations", "actors")}

    def owners(self, name: str, record_id: str | None, seq_of: SeqOf) -> set[int]:
        """The row numbers of a record and of all that hold it: places, organisations, sources that it rewrites."""
        if record_id is None:
            return set()
        key = name, record_id
        if key not in self._owners:
            seq = self.seq(name, record_id, seq_of)
            rows = self.connection.execute(
                "SELECT ancestor FROM tree WHERE collection = ? AND descendant = ?", (name, seq)
            )
            self._owners[key] = {seq, *(row[0] for row in rows)}
        return self._owners[key]

    def seq(self, name: str, record_id: str, seq_of: SeqOf) -> int:
        """The row number of a record."""
        if (name, record_id) in seq_of:
            return seq_of[name, record_id]
        (seq,) = self.connection.execute(f"SELECT seq FROM {name} WHERE id = ?", (record_id,)).fetchone()
        return int(seq)

    def counts(self, collection: str, seq: int) -> Record:
        """The counts of a new record: what the batch adds."""
        return vars(self.added.get((collection, seq)) or Count())

    def claims(self, _: int, event_id: str) -> list[Claim]:
        """What the batch says of a new event."""
        listed = sorted(self.said.get(event_id, ()), key=lambda each: each["end_date"] or each["date"])
        return [self._claim(each, event_id) for each in listed]
