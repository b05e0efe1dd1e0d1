"""Bundles in: what is new, what differs, what stands against it, and a report of each record."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.model.bundle import Bundle, Records, invalid
from api.model.changes import Author
from api.model.nouns import BY_NAME, NOUNS
from api.model.problem import Fault, Problem
from api.model.shape import shape_of
from api.model.text import to_json
from api.model.ways import IN_LIST, as_list
from api.store import sqlite
from api.store.making import Made, make
from api.store.readers import version_of
from api.store.resolving import Resolved, resolve, unknown_datasets
from api.store.tallying import tally
from api.store.transaction import Undo, transaction
from api.store.writing import Id, Writer

CONFLICT_RULES = ("fail", "skip", "replace")
MANY = 50
"""From so many changed records on, SQLite's statistics are made anew: without them rare values are looked for in the
whole table."""
MOST_DUPLICATES = 1000
DUPLICATES = (
    "SELECT DISTINCT mine.id, other.id FROM events AS mine JOIN event_actors AS side ON side.event = mine.seq"
    " JOIN events AS other ON other.location = mine.location AND other.type = mine.type AND other.seq <> mine.seq"
    " AND other.start_date <= mine.end_date AND other.end_date >= mine.start_date"
    " JOIN event_actors AS same ON same.event = other.seq AND same.actor = side.actor AND same.role = side.role"
    f" WHERE mine.id {IN_LIST} AND NOT EXISTS (SELECT 1 FROM tree WHERE collection = 'events'"
    " AND ((ancestor = mine.seq AND descendant = other.seq) OR (ancestor = other.seq AND descendant = mine.seq)))"
    " ORDER BY 1, 2 LIMIT ?"
)
"""Events of one type at one place whose days overlap and that share somebody in the same role, a longer one's parts left out."""


@dataclass(frozen=True)
class Rules:
    """How a bundle meets what is stored.

    A record is in conflict where another version of it is stored, or was before it was deleted or merged. With
    `based_on` only versions newer than that change are. `on_conflict` says what becomes of it.
    """

    on_conflict: str = "replace"
    based_on: int | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one record: created, updated, unchanged or skipped; and the version stored now."""

    collection: str
    id: str
    outcome: str
    version: int


@dataclass
class Report:
    """What a bundle did, or with `dry_run` would do."""

    outcomes: list[Outcome] = field(default_factory=list)
    resolved: list[Resolved] = field(default_factory=list)
    possible_duplicates: list[tuple[str, str]] = field(default_factory=list)
    dataset_version: int = 0

    def ids(self, outcome: str) -> dict[str, list[str]]:
        """The ids that had this outcome, by collection."""
        found: dict[str, list[str]] = defaultdict(list)
        for each in self.outcomes:
            if each.outcome == outcome:
                found[each.collection].append(each.id)
        return dict(found)

    def total(self, outcome: str) -> int:
        """How many had it."""
        return sum(each.outcome == outcome for each in self.outcomes)


def write(
    connection: sqlite.Connection, bundle: Bundle, rules: Rules | None = None, author: Author | None = None
) -> Report:
    """Store a bundle in a transaction of its own, all or nothing. The same bundle twice changes nothing.

    Raises `Problem` 409 for conflicts where the rules let them fail, 422 where references lead nowhere or a record
    would lie inside itself.
    """
    rules = rules or Rules()
    with transaction(connection):
        report = receive(Writer(connection, author or Author()), bundle, rules)
        if rules.dry_run:
            raise Undo
    return report


def receive(writer: Writer, bundle: Bundle, rules: Rules) -> Report:
    """The same within a transaction that somebody else began."""
    receiver = Receiver(writer, bundle, rules)
    changed = receiver.changed()
    if any(changed.values()):
        writer.apply(changed)
    receiver.finish(changed)
    return receiver.report


class Receiver:
    """Compares a bundle with what is stored."""

    def __init__(self, writer: Writer, bundle: Bundle, rules: Rules, made: Mapping[Id, Made] | None = None) -> None:
        self.writer, self.bundle, self.rules = writer, bundle, rules
        self.made: Mapping[Id, Made] = made or _made(bundle.records)
        """What was made of each record by itself, once `changed` is called of those with ids in place of names."""
        self.connection = writer.connection
        self.report = Report()
        self.conflicts: list[Fault] = []

    def changed(self) -> dict[str, list[dict[str, Any]]]:
        """The records that are new or different; datasets are written already. `Problem` for what stands against it."""
        writer, records = self.writer, self.bundle.records
        for noun in NOUNS:
            writer.find(noun.name, (each["id"] for each in records[noun.name]))
        skipped = self._meet_the_past()
        datasets = self._changed_datasets()
        targets = set[Id]().union(*(each.targets for each in self.made.values()))
        self.report.resolved, faults = resolve(self.connection, records, writer.seq_of, targets)
        if self.report.resolved:
            self.made = _made(records)
        faults += unknown_datasets(self.connection, records, (each["id"] for each in self.bundle.datasets))
        if faults:
            raise invalid(faults)
        changed = {
            noun.name: [
                record
                for index, record in enumerate(records[noun.name])
                if (noun.name, record["id"]) not in skipped and self._differs(noun.name, index, record)
            ]
            for noun in NOUNS
        }
        if self.conflicts:
            count = f"{len(self.conflicts)} records differ" if len(self.conflicts) > 1 else "One record differs"
            first = f"{self.conflicts[0].pointer}: {self.conflicts[0].detail}"
            raise Problem(409, "conflict", f"{count} from what is stored; the first is at {first}", self.conflicts)
        self._write_datasets(datasets)
        return changed

    def _meet_the_past(self) -> set[tuple[str, str]]:
        """Records that were deleted or merged are in conflict; the keys of those that stay so."""
        skipped = set()
        for noun in NOUNS:
            for index, record in enumerate(self.bundle.records[noun.name]):
                key = noun.name, record["id"]
                self.writer.places[key] = pointer = f"/{noun.name}/{index}"
                past = self.writer.past.get(key)
                if past is None:
                    continue
                if past.merged_into is None and (self.rules.on_conflict == "replace" or self._is_known(past.seq)):
                    continue
                if self.rules.on_conflict == "skip":
                    self.report.outcomes.append(Outcome(*key, "skipped", past.version))
                    skipped.add(key)
                    del self.writer.seq_of[key]
                elif past.merged_into:
                    self.conflicts.append(Fault(f"Was merged into {past.merged_into!r}.", pointer=pointer))
                else:
                    self.conflicts.append(Fault(f"Was deleted on {past.at}.", pointer=pointer))
        return skipped

    def _differs(self, name: str, index: int, record: dict[str, Any]) -> bool:
        """Is this record to be written? What becomes of it goes into the report."""
        key = name, record["id"]
        held = self.writer.held.get(key)
        if held is None:
            return self._report(key, "created", self.writer.version(key) + 1)
        if held.text == self.made[key].text or shape_of(BY_NAME[name].record)(held.record) == record:
            return self._report(key, "unchanged", held.version)
        return self._meet(key, f"/{name}/{index}", held.version, held.change)

    def _meet(self, key: tuple[str, str], pointer: str, version: int, change: int) -> bool:
        """Another version is stored: is it to be overwritten?"""
        if self._is_known(change) or self.rules.on_conflict == "replace":
            return self._report(key, "updated", version + 1)
        if self.rules.on_conflict == "fail":
            self.conflicts.append(Fault(f"Version {version} is stored, which differs.", pointer=pointer))
        return self._report(key, "skipped", version)

    def _is_known(self, change: int) -> bool:
        """Was the bundle made from data that had this change?"""
        return self.rules.based_on is not None and change <= self.rules.based_on

    def _report(self, key: tuple[str, str], outcome: str, version: int) -> bool:
        self.report.outcomes.append(Outcome(*key, outcome, version))
        return outcome in ("created", "updated")

    def _changed_datasets(self) -> list[tuple[dict[str, Any], int]]:
        """Datasets are no nouns but part of the data: a different one is a change, which the version shows."""
        changed = []
        columns = ("id", "title", "licence", "attribution", "url")
        rows = self.connection.execute(f"SELECT {', '.join(columns)} FROM datasets")
        stored = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
        for index, dataset in enumerate(self.bundle.datasets):
            key = "datasets", dataset["id"]
            version, change = self.connection.execute(
                "SELECT coalesce(max(version), 0), max(seq) FROM changes WHERE collection = ? AND id = ?", key
            ).fetchone()
            if dataset["id"] not in stored:
                is_new = self._report(key, "created", 1)
            elif stored[dataset["id"]] == dataset:
                is_new = self._report(key, "unchanged", version)
            else:
                is_new = self._meet(key, f"/datasets/{index}", version, change)
            if is_new:
                changed.append((dataset, version + 1))
        return changed

    def _write_datasets(self, datasets: list[tuple[dict[str, Any], int]]) -> None:
        for dataset, version in datasets:
            change = "updated" if version > 1 else "created"
            self.writer.keep("datasets", dataset["id"], version, change, to_json(dataset))
            self.writer.tables.database.table("datasets").upsert(dataset, pk="id")

    def finish(self, changed: Mapping[str, list[dict[str, Any]]]) -> None:
        """What there is to say once the records are written."""
        events = as_list(each["id"] for each in changed["events"])
        pairs = self.connection.execute(DUPLICATES, (events, MOST_DUPLICATES))
        self.report.possible_duplicates = sorted({(min(pair), max(pair)) for pair in pairs})
        self.report.dataset_version = version_of(self.connection).seq
        if sum(map(len, changed.values())) >= MANY:
            tally(self.connection)


def _made(records: Records) -> dict[Id, Made]:
    return {(noun.name, each["id"]): make(noun.name, each) for noun in NOUNS for each in records[noun.name]}
