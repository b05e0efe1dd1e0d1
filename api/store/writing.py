"""Writing: records in, one transaction, one row in `changes` for each record that is new or different.

A record's row, its joins, its names and its place in the trees are written first; then every document that shows or
counts something of it is rendered again, in the same transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from api.model.bundle import Bundle, all_references, invalid
from api.model.filters import IN_LIST, as_list
from api.model.moments import now
from api.model.nouns import NOUNS
from api.model.problem import Fault
from api.model.text import fold, to_json
from api.store import links, sqlite
from api.store.rendering import render
from api.store.rows import JOIN_TABLES, JOINS, ROWS, Row, SeqOf

Record = Mapping[str, Any]


@dataclass
class Report:
    """What a write did: ids of each collection that were created, updated or found unchanged."""

    created: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    updated: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unchanged: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def total(self, outcome: str) -> int:
        """How many records had that outcome."""
        return sum(len(ids) for ids in getattr(self, outcome).values())


@dataclass(frozen=True)
class _Stored:
    seq: int
    version: int
    record: str


def write(connection: sqlite.Connection, bundle: Bundle) -> Report:
    """Store a bundle, all or nothing. The same bundle twice changes nothing.

    Raises `Problem` 422 where references lead nowhere or a record would lie inside itself.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        report = _Writer(connection, now()).write(bundle)
        if report.total("created") + report.total("updated"):
            connection.execute("ANALYZE")  # without statistics rare values are looked for in the whole table
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    return report


class _Writer:
    def __init__(self, connection: sqlite.Connection, at: str) -> None:
        self.connection, self.at = connection, at
        self.database = Database(connection)
        self.report = Report()
        self.seq_of = SeqOf()

    def write(self, bundle: Bundle) -> Report:
        self._write_datasets(bundle)
        stored = self._find(bundle)
        self._refuse(self._unknown_datasets(bundle) + self._dangling(bundle))
        changed: dict[str, list[Record]] = {}
        for noun in NOUNS:
            changed[noun.name] = [
                record for record in bundle.records[noun.name] if self._differs(noun.name, record, stored)
            ]
        touched = {name: {self.seq_of[name, each["id"]] for each in records} for name, records in changed.items()}
        if not any(touched.values()):
            return self.report
        before = links.reached(self.connection, touched)
        for name, records in changed.items():
            self._write_rows(name, records, stored)
            self._write_joins(name, records)
        self._plant_trees(bundle)
        after = links.reached(self.connection, touched)
        links.place_statements(self.connection, before["statements"] | after["statements"])
        after = links.reached(self.connection, touched)
        render(self.connection, {name: before[name] | after[name] for name in after})
        return self.report

    def _write_datasets(self, bundle: Bundle) -> None:
        """Datasets are no nouns but part of the data: a different one is a change, which the version shows."""
        stored = {row["id"]: row for row in self.database.table("datasets").rows}
        for dataset in bundle.datasets:
            old = stored.get(dataset["id"])
            if old != dataset:
                version = self.connection.execute(
                    "SELECT count(*) + 1 FROM changes WHERE collection = 'datasets' AND id = ?", (dataset["id"],)
                ).fetchone()[0]
                self._change("datasets", dataset, version)
                self.database.table("datasets").upsert(dataset, pk="id")

    def _refuse(self, faults: list[Fault]) -> None:
        if faults:
            raise invalid(faults)

    def _unknown_datasets(self, bundle: Bundle) -> list[Fault]:
        known = {row[0] for row in self.connection.execute("SELECT id FROM datasets")}
        return [
            Fault(f"There is no dataset {record['dataset']!r}.", pointer=f"/{name}/{index}/dataset")
            for name in ("events", "statements")
            for index, record in enumerate(bundle.records[name])
            if record["dataset"] is not None and record["dataset"] not in known
        ]

    def _find(self, bundle: Bundle) -> dict[tuple[str, str], _Stored]:
        """What is stored under the bundle's ids; new ids are given row numbers, old and new go to `seq_of`."""
        stored: dict[tuple[str, str], _Stored] = {}
        for noun in NOUNS:
            name = noun.name
            ids = [each["id"] for each in bundle.records[name]]
            for row_id, seq, version, record in self.connection.execute(
                f"SELECT {name}.id, {name}.seq, {name}.version, record FROM {name}"
                f" JOIN changes ON changes.seq = {name}.change WHERE {name}.id {IN_LIST}",
                (as_list(ids),),
            ):
                stored[name, row_id] = _Stored(seq, version, record)
                self.seq_of[name, row_id] = seq
            (free,) = self.connection.execute(f"SELECT coalesce(max(seq), 0) + 1 FROM {name}").fetchone()
            for new in (each for each in ids if (name, each) not in stored):
                self.seq_of[name, new] = free
                free += 1
        return stored

    def _dangling(self, bundle: Bundle) -> list[Fault]:
        wanted = list(all_references(bundle.records))
        outside = {(name, row_id) for _, name, row_id in wanted if (name, row_id) not in self.seq_of}
        for noun in NOUNS:
            ids = [row_id for name, row_id in outside if name == noun.name]
            for row_id, seq in self.connection.execute(
                f"SELECT id, seq FROM {noun.name} WHERE id {IN_LIST}", (as_list(ids),)
            ):
                self.seq_of[noun.name, row_id] = seq
        return [
            Fault(f"There is no record {row_id!r} in {name}.", pointer=pointer)
            for pointer, name, row_id in wanted
            if (name, row_id) not in self.seq_of
        ]

    def _differs(self, name: str, record: Record, stored: Mapping[tuple[str, str], _Stored]) -> bool:
        old = stored.get((name, record["id"]))
        if old is None:
            self.report.created[name].append(record["id"])
        elif links.parse(old.record) == record:
            self.report.unchanged[name].append(record["id"])
            return False
        else:
            self.report.updated[name].append(record["id"])
        return True

    def _change(self, name: str, record: Record, version: int) -> int:
        """Keep a record's new version as it was written; the number of the change."""
        change: int = self.connection.execute(
            "INSERT INTO changes (at, collection, id, version, change, record) VALUES (?, ?, ?, ?, ?, ?)",
            (self.at, name, record["id"], version, "updated" if version > 1 else "created", to_json(record)),
        ).lastrowid
        return change

    def _write_rows(self, name: str, records: Iterable[Record], stored: Mapping[tuple[str, str], _Stored]) -> None:
        for record in records:
            old = stored.get((name, record["id"]))
            version = old.version + 1 if old else 1
            change = self._change(name, record, version)
            row = ROWS[name](record, self.seq_of)
            row |= {"version": version, "updated_at": self.at, "change": change}
            table = self.database.table(name)
            if old:
                table.update(old.seq, row)
            else:
                row |= {"seq": self.seq_of[name, record["id"]], "created_at": self.at, "doc": "{}"}
                table.insert(row | {"id": record["id"]}, pk="seq")

    def _write_joins(self, name: str, records: Sequence[Record]) -> None:
        tables = JOIN_TABLES.get(name, {})
        rows: dict[str, list[Row]] = {table: [] for table in tables}
        seqs = [self.seq_of[name, record["id"]] for record in records]
        for seq, record in zip(seqs, records, strict=True):
            for table, row in JOINS[name](seq, record, self.seq_of) if tables else ():
                rows[table].append(row)
        for table, own in tables.items():
            self.connection.execute(f"DELETE FROM {table} WHERE {own} {IN_LIST}", (as_list(seqs),))
            self.database.table(table).insert_all(rows[table], ignore=True)
        self._write_names(name, records)
        if name == "locations":
            self._write_boxes(records)

    def _write_names(self, name: str, records: Iterable[Record]) -> None:
        rows: list[dict[str, Any]] = []
        for record in records:
            seq = self.seq_of[name, record["id"]]
            self.connection.execute("DELETE FROM names WHERE collection = ? AND seq = ?", (name, seq))
            called = [*(record.get(each) for each in ("name", "title", "publisher")), *record.get("aliases", ())]
            folded = dict.fromkeys(fold(each) for each in called if each)
            rows += ({"collection": name, "folded": each, "seq": seq} for each in folded if each)
        self.database.table("names").insert_all(rows)

    def _write_boxes(self, records: Iterable[Record]) -> None:
        for record in records:
            seq, x, y = self.seq_of["locations", record["id"]], record["longitude"], record["latitude"]
            self.connection.execute("DELETE FROM locations_box WHERE seq = ?", (seq,))
            if x is not None:
                self.connection.execute("INSERT INTO locations_box VALUES (?, ?, ?, ?, ?)", (seq, x, x, y, y))

    def _plant_trees(self, bundle: Bundle) -> None:
        looped = {name: links.plant(self.connection, name) for name in links.PARENTS}
        # What is stored has no loop, so each new one goes through a record of the bundle.
        self._refuse(
            [
                Fault(f"{record['id']!r} would lie inside itself.", pointer=f"/{name}/{index}")
                for name, ids in looped.items()
                for index, record in enumerate(bundle.records[name])
                if record["id"] in ids
            ]
        )
