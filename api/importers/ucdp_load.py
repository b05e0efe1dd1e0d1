"""UCDP GED into the store: all of it or nothing, the same file twice without a change, a newer release over an older.

What the import wrote before may be overwritten by what a newer file says; what people wrote since stays. Actors, places
and sources that are there are only completed where they had nothing.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.importers.ged_file import Refused
from api.importers.ucdp_batches import Batch, batches
from api.importers.ucdp_sources import DATASET
from api.model.changes import Author
from api.model.text import to_json
from api.model.ways import IN_LIST, as_list
from api.store import sqlite
from api.store.bulk import Bulk, without_indexes
from api.store.connections import alone, to_wal
from api.store.links import parse
from api.store.making import make
from api.store.receiving import Rules
from api.store.transaction import Undo, transaction

Record = dict[str, Any]
REASON = "UCDP GED import"
SHARED = ("sources", "locations", "actors")
MOST_VANISHED = 100_000
"""Events that are listed as gone; more are another file, not another release."""
EVER = "SELECT 1 FROM changes WHERE collection = 'events' AND id > ? AND id < ? LIMIT 1"
"""Was there ever an event with such an id? One that was deleted counts: it is not to come back."""
NOTHING: tuple[object, ...] = (None, "", [], {})
"""What a newer file may complete: 0 is something, such as the equator."""
COLLECT_EVERY = 10
"""Batches between two runs of Python's garbage collector, which otherwise takes a fifth of the time."""
Told = Callable[[Batch], None]
"""Called with each batch once it is stored."""


@dataclass
class Loaded:
    """What an import did, or with `dry_run` would have done."""

    rows: int = 0
    refused: list[tuple[str, Refused]] = field(default_factory=list)
    totals: Counter[tuple[str, str]] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)
    """Events and statements that people changed, deleted or merged since, and that stay so."""
    vanished: list[str] = field(default_factory=list)
    """Events of the countries and years of these files that an earlier import brought and these files lack."""

    def total(self, outcome: str) -> int:
        """How many records had this outcome."""
        return sum(count for (_, each), count in self.totals.items() if each == outcome)


class Strict(Exception):
    """A row was refused where none may be; nothing is stored."""

    def __init__(self, file: str, refused: Refused) -> None:
        super().__init__(f"{file}, line {refused.line}: {refused.reason}; with --strict nothing was stored")


@dataclass(frozen=True)
class Manner:
    """How files are loaded: is one refused row too many, is all undone at the end; `before_commit` is called last."""

    strict: bool = False
    dry_run: bool = False
    before_commit: Callable[[], object] = lambda: None


def load(connection: sqlite.Connection, paths: Sequence[Path], tell: Told, manner: Manner | None = None) -> Loaded:
    """Store the rows of GED files in one transaction.

    Raises `Refusal` for a file that is none, `Strict` for a refused row, `Problem` for what the store does not take.
    """
    manner = manner or Manner()
    loaded = Loaded()
    is_first = not connection.execute(EVER, (f"{DATASET['id']}-", f"{DATASET['id']}.")).fetchone()
    with _fast(connection) if is_first else nullcontext(), transaction(connection):
        with without_indexes(connection) if is_first else nullcontext():
            loading = _Loading(connection, loaded, ", ".join(path.name for path in paths), is_first)
            for number, batch in enumerate(batches(paths)):
                if manner.strict and batch.refused:
                    raise Strict(batch.file, batch.refused[0])
                loading.store(batch)
                tell(batch)
                if number % COLLECT_EVERY == 0:
                    gc.collect()
        loading.finish()
        if manner.dry_run:
            raise Undo
        manner.before_commit()
    return loaded


@contextmanager
def _fast(connection: sqlite.Connection) -> Iterator[None]:
    """Without the log of writes, if nobody else has the file open: it would be written twice, and grow slow to read."""
    gc.collect()
    gc.disable()
    is_alone = alone(connection)
    try:
        yield
    finally:
        gc.enable()
        if is_alone:
            with suppress(sqlite.OperationalError):  # somebody reads: the next that opens it will do it
                to_wal(connection)


class _Loading:
    def __init__(self, connection: sqlite.Connection, loaded: Loaded, files: str, is_first: bool) -> None:
        self.connection, self.loaded, self.is_first = connection, loaded, is_first
        self.reason = f"{REASON}: {files}"[:500]
        self.bulk = Bulk(connection, Author(reason=self.reason), Rules(on_conflict="replace"))
        self.bulk.receive([dict(DATASET)], {})
        self.seen = bytearray()
        """For each row number of an event whether the files have it."""

    def store(self, batch: Batch) -> None:
        """One batch: shared records completed, what people changed left alone."""
        self.loaded.rows += batch.rows
        self.loaded.refused += ((batch.file, each) for each in batch.refused)
        if not self.is_first:
            self._see(f"{DATASET['id']}-{each.id}" for each in batch.refused if each.id)  # wrong, but not gone
        if not batch.rows:
            return
        records = dict(batch.records)
        changed: set[tuple[str, str]] = set()
        for name in SHARED:
            records[name] = self._completed(name, records[name], changed)
        if not self.is_first:
            records["events"], ended = self._apart("events", records["events"])
            about = [each for each in records["statements"] if each["events"][0] not in ended]
            records["statements"], _ = self._apart("statements", about)
        made = {
            (name, each["id"]): batch.made[name, each["id"]] if (name, each["id"]) not in changed else make(name, each)
            for name, listed in records.items()
            for each in listed
        }
        self.bulk.receive([], records, made)
        if not self.is_first:
            self._see(each["id"] for each in batch.records["events"])

    def finish(self) -> None:
        """What is left to do when all is stored, but for the indexes."""
        self.bulk.finish()
        self.loaded.totals = self.bulk.totals
        if not self.is_first:
            self.loaded.vanished = self._vanished()

    def _completed(self, name: str, records: list[Record], changed: set[tuple[str, str]]) -> list[Record]:
        """Records that are new, or have something that was null or empty before: those are `changed`."""
        stored = {each: parse(text) for each, text, *_ in self._stored(name, records)}
        merged = self._ended(name, [each for each in records if each["id"] not in stored], "merged")
        found = []
        for record in records:
            old = stored.get(record["id"], {})
            whole = {member: value if old.get(member) in NOTHING else old[member] for member, value in record.items()}
            if record["id"] not in merged and whole != old:
                found.append(whole)
                changed.update([(name, record["id"])] if old else ())
            else:
                self.bulk.totals[name, "unchanged"] += 1
        return found

    def _apart(self, name: str, records: list[Record]) -> tuple[list[Record], set[str]]:
        """The records that the import may write, and the ids of those that somebody deleted or merged."""
        stored = {each: rest for each, *rest in self._stored(name, records)}
        ended = self._ended(name, [each for each in records if each["id"] not in stored], "merged", "deleted")
        found = []
        for record in records:
            text, reason = stored.get(record["id"], (None, REASON))
            is_ours = reason is not None and reason.startswith(REASON)
            if record["id"] in ended or (not is_ours and text != to_json(record)):
                self.loaded.kept.append(f"/v1/{name}/{record['id']}")
            else:
                found.append(record)
        return found, ended

    def _stored(self, name: str, records: list[Record]) -> list[tuple[str, str, str | None]]:
        """Of those that are there: id, text, and why their newest version was written."""
        rows: list[tuple[str, str, str | None]] = self.connection.execute(
            f"SELECT {name}.id, record, reason FROM {name} JOIN changes ON changes.seq = {name}.change"
            f" WHERE {name}.id {IN_LIST}",
            (as_list(each["id"] for each in records),),
        ).fetchall()
        return rows

    def _ended(self, name: str, records: list[Record], *ends: str) -> set[str]:
        """The ids of those that were merged or deleted."""
        if not self.connection.execute("SELECT 1 FROM removed WHERE collection = ?", (name,)).fetchone():
            return set()
        rows = self.connection.execute(
            f"SELECT id FROM changes WHERE collection = ? AND change {IN_LIST} AND id {IN_LIST}",
            (name, as_list(ends), as_list(each["id"] for each in records)),
        )
        return {row[0] for row in rows}

    def _see(self, ids: Iterable[str]) -> None:
        for (seq,) in self.connection.execute(f"SELECT seq FROM events WHERE id {IN_LIST}", (as_list(ids),)):
            if seq >= len(self.seen):
                self.seen.extend(bytes(seq + 1 - len(self.seen)))
            self.seen[seq] = 1

    def _vanished(self) -> list[str]:
        missing: list[tuple[str, str | None, str]] = []
        countries: set[str | None] = set()
        years: set[str] = set()
        for seq, record_id, country, day in self.connection.execute(
            "SELECT seq, id, country, start_date FROM events WHERE dataset = ? ORDER BY seq", (DATASET["id"],)
        ):
            if seq < len(self.seen) and self.seen[seq]:
                countries.add(country)
                years.add(day[:4])
            elif len(missing) < MOST_VANISHED:
                missing.append((record_id, country, day[:4]))
        return [each for each, country, year in missing if country in countries and year in years]
