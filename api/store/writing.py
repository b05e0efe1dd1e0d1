"""Writing: records in, one transaction, one row in `changes` for each record that is new, different or gone.

A record's row, its joins, its names and its place in the trees are written first; then every document that shows or
counts something of it is rendered again, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.model.bundle import invalid
from api.model.changes import Author
from api.model.nouns import NOUNS
from api.model.problem import Fault
from api.model.text import to_json
from api.model.ways import IN_LIST, as_list
from api.store import links, sqlite
from api.store.rendering import render
from api.store.rows import SeqOf
from api.store.tables import Tables
from api.store.transaction import moment

Record = Mapping[str, Any]
Changed = Mapping[str, list[dict[str, Any]]]
Id = tuple[str, str]
"""Collection and id."""


@dataclass(frozen=True)
class Held:
    """A record as it is stored: its row, its version, the change that wrote it, and its text."""

    seq: int
    version: int
    change: int
    text: str

    @property
    def record(self) -> dict[str, Any]:
        """The record as it was written."""
        return links.parse(self.text)


@dataclass(frozen=True)
class Past:
    """The last that is known of a record which is no more."""

    version: int
    change: str
    at: str
    reason: str | None
    merged_into: str | None
    seq: int


@dataclass
class Writer:
    """The changes of one transaction, which somebody else began. `seq_of` must know every record that is referred to."""

    connection: sqlite.Connection
    author: Author = field(default_factory=Author)
    seq_of: SeqOf = field(default_factory=SeqOf)
    held: dict[Id, Held] = field(default_factory=dict)
    past: dict[Id, Past] = field(default_factory=dict)
    places: dict[Id, str] = field(default_factory=dict)
    """Where a record stands in what was sent, as a JSON pointer."""

    def __post_init__(self) -> None:
        self.at = moment(self.connection)
        self.tables = Tables(self.connection, self.seq_of)
        self._last: dict[str, int] = {}

    def find(self, name: str, ids: Iterable[str]) -> None:
        """Learn what is stored under these ids, or was; ids without a record are given row numbers that were never used."""
        wanted = list(ids)
        for record_id, *rest in self.connection.execute(
            f"SELECT {name}.id, {name}.seq, {name}.version, changes.seq, record FROM {name}"
            f" JOIN changes ON changes.seq = {name}.change WHERE {name}.id {IN_LIST}",
            (as_list(wanted),),
        ):
            self.held[name, record_id] = Held(*rest)
            self.seq_of[name, record_id] = rest[0]
        new = [each for each in wanted if (name, each) not in self.held and (name, each) not in self.seq_of]
        if self.connection.execute("SELECT 1 FROM removed WHERE collection = ?", (name,)).fetchone():
            self._find_past(name, new)
        for each in new:
            self.seq_of[name, each] = self._free_number(name)

    def _find_past(self, name: str, ids: Iterable[str]) -> None:
        for record_id, *rest in self.connection.execute(
            f"SELECT id, version, change, at, reason, merged_into, seq FROM changes WHERE collection = ? AND id {IN_LIST}"
            " ORDER BY version",
            (name, as_list(ids)),
        ):
            self.past[name, record_id] = Past(*rest)

    def _free_number(self, name: str) -> int:
        if name not in self._last:
            (self._last[name],) = self.connection.execute(
                f"SELECT max((SELECT coalesce(max(seq), 0) FROM {name}),"
                " (SELECT coalesce(max(seq), 0) FROM removed WHERE collection = ?))",
                (name,),
            ).fetchone()
        self._last[name] += 1
        return self._last[name]

    def apply(self, changed: Changed, removed: Mapping[Id, str | None] | None = None) -> None:
        """Write records that are new or different, and take others away, or into the record that stands for them now.

        Raises `Problem` 422 where a record would lie inside itself.
        """
        gone = removed or {}
        touched = {
            noun.name: {self.seq_of[noun.name, record["id"]] for record in changed.get(noun.name, ())}
            | {self.seq_of[key] for key in gone if key[0] == noun.name}
            for noun in NOUNS
        }
        before = links.reached(self.connection, touched)
        moved = {name: self._moved(name, changed.get(name, ()), gone) for name in links.PARENTS}
        for noun in NOUNS:
            self._put(noun.name, changed.get(noun.name, ()))
        if gone:  # statements still belong to places that are taken away
            links.place_statements(self.connection, before["statements"])
        for (name, record_id), into in gone.items():
            self._remove(name, record_id, into)
        self._plant(moved, changed)
        after = links.reached(self.connection, touched)
        links.place_statements(self.connection, before["statements"] | after["statements"])
        links.place_events(self.connection, before["events"] | after["events"])
        after = links.reached(self.connection, touched)
        render(self.connection, {name: before[name] | after[name] for name in after})

    def _put(self, name: str, records: Iterable[dict[str, Any]]) -> None:
        listed = list(records)
        for record in listed:
            key = name, record["id"]
            old = self.held.get(key)
            version = self.version(key) + 1
            change = self.keep(name, record["id"], version, "updated" if old else "created", to_json(record))
            stamps = {"version": version, "updated_at": self.at, "change": change}
            self.tables.put_row(name, record, stamps, is_new=old is None)
            self.tables.point(name, record["id"], old.record if old else None, record)
        self.tables.put_beside(name, listed)

    def version(self, key: Id) -> int:
        """The newest version that a record has or had; 0 for what never was."""
        known = self.held.get(key) or self.past.get(key)
        return known.version if known else 0

    def keep(self, name: str, record_id: str, version: int, change: str, text: str, into: str | None = None) -> int:
        """Write one row of history; its number."""
        number: int = self.connection.execute(
            "INSERT INTO changes (at, collection, id, version, change, record, key, reason, merged_into)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self.at, name, record_id, version, change, text, self.author.key, self.author.reason, into),
        ).lastrowid
        return number

    def _remove(self, name: str, record_id: str, into: str | None) -> None:
        old = self.held[name, record_id]
        self.keep(name, record_id, old.version + 1, "merged" if into else "deleted", "null", into)
        self.tables.point(name, record_id, old.record, None)
        self.tables.remove(name, record_id)

    def _moved(self, name: str, records: Iterable[Record], gone: Mapping[Id, str | None]) -> set[int]:
        """The rows of a tree that are new in it, hang elsewhere, or leave it."""
        member = links.PARENT_MEMBERS[name]
        seqs = {self.seq_of[key] for key in gone if key[0] == name}
        for record in records:
            old = self.held.get((name, record["id"]))
            if (old.record[member] if old else None) != record[member]:
                seqs.add(self.seq_of[name, record["id"]])
        return seqs

    def _plant(self, moved: Mapping[str, set[int]], changed: Changed) -> None:
        looped = {name: links.plant(self.connection, name, seqs) for name, seqs in moved.items() if seqs}
        # What is stored has no loop, so each new one goes through a record that is written now.
        written = self.places or {(name, record["id"]): "" for name, records in changed.items() for record in records}
        faults = [
            Fault(f"{record_id!r} would lie inside itself.", pointer=pointer)
            for (name, record_id), pointer in written.items()
            if record_id in looped.get(name, ())
        ]
        if faults:
            raise invalid(faults)
