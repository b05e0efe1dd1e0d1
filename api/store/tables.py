"""Putting records into the tables and taking them out: a noun's own row and every row beside it but the derived ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from api.model.nouns import BY_NAME
from api.model.references import targets_of
from api.model.text import fold
from api.model.ways import DAYS, IN_LIST, as_list
from api.store import sqlite
from api.store.rows import JOIN_TABLES, JOINS, ROWS, Row, SeqOf

Record = Mapping[str, Any]
CALLED = ("name", "title", "publisher")
"""The members by which a record is known, beside its aliases."""


class Tables:
    """Writes rows within a transaction that somebody else began."""

    def __init__(self, connection: sqlite.Connection, seq_of: SeqOf) -> None:
        self.connection, self.seq_of = connection, seq_of
        self.database = Database(connection)

    def put_row(self, name: str, record: Record, stamps: Row, is_new: bool) -> None:
        """The noun's own row, with `version`, `updated_at` and `change` from the stamps."""
        row = ROWS[name](record, self.seq_of) | stamps
        seq = self.seq_of[name, record["id"]]
        if is_new:
            row |= {"seq": seq, "id": record["id"], "created_at": stamps["updated_at"]}
            self.database.table(name).insert(row, pk="seq")
        else:
            self.database.table(name).update(seq, row)

    def put_beside(self, name: str, records: Sequence[Record]) -> None:
        """Joins, names and places, in place of those that were there."""
        tables = JOIN_TABLES.get(name, {})
        rows: dict[str, list[Row]] = {table: [] for table in tables}
        seqs = [self.seq_of[name, record["id"]] for record in records]
        for seq, record in zip(seqs, records, strict=True):
            for table, row in JOINS[name](seq, record, self.seq_of) if tables else ():
                rows[table].append(row)
        for table, own in tables.items():
            self.connection.execute(f"DELETE FROM {table} WHERE {own} {IN_LIST}", (as_list(seqs),))
            self.database.table(table).insert_all(rows[table], ignore=True)
        self._put_names(name, records)
        if name == "locations":
            self._put_boxes(records)

    def point(self, name: str, record_id: str, before: Record | None, after: Record | None) -> None:
        """Keep which records this one points to: those that it pointed to before give way to those it does now."""
        own = name, self.seq_of[name, record_id]
        old, new = _targets(name, before), _targets(name, after)
        self.connection.executemany(
            "DELETE FROM pointers WHERE to_collection = ? AND to_seq = ? AND collection = ? AND seq = ?",
            [(to, self._seq(to, target), *own) for to, target in old - new],
        )
        self.connection.executemany(
            "INSERT INTO pointers (to_collection, to_seq, collection, seq) VALUES (?, ?, ?, ?)",
            [(to, self._seq(to, target), *own) for to, target in new - old],
        )

    def _seq(self, name: str, record_id: str) -> int:
        key = name, record_id
        if key not in self.seq_of:
            (seq,) = self.connection.execute(f"SELECT seq FROM {name} WHERE id = ?", (record_id,)).fetchone()
            self.seq_of[key] = seq
        return self.seq_of[key]

    def remove(self, name: str, record_id: str) -> None:
        """Everything of a record, to which no other points any more, but its history."""
        seq = self.seq_of[name, record_id]
        text_row = f"(SELECT text_row FROM {name} WHERE seq = ?)" if name in DAYS else "?"
        for sql in (
            f"DELETE FROM {name}_text WHERE rowid = {text_row}",
            f"DELETE FROM {name} WHERE seq = ?",  # its joins and its document go with it
            f"DELETE FROM names WHERE collection = '{name}' AND seq = ?",
            *(["DELETE FROM locations_box WHERE seq = ?"] if name == "locations" else []),
        ):
            self.connection.execute(sql, (seq,))
        self.connection.execute(
            "INSERT INTO removed VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", (name, seq)
        )

    def _put_names(self, name: str, records: Iterable[Record]) -> None:
        rows: list[Row] = []
        for record in records:
            seq = self.seq_of[name, record["id"]]
            self.connection.execute("DELETE FROM names WHERE collection = ? AND seq = ?", (name, seq))
            rows += ({"collection": name, "folded": each, "seq": seq} for each in folded_names(record))
        self.database.table("names").insert_all(rows)

    def _put_boxes(self, records: Iterable[Record]) -> None:
        for record in records:
            seq, x, y = self.seq_of["locations", record["id"]], record["longitude"], record["latitude"]
            self.connection.execute("DELETE FROM locations_box WHERE seq = ?", (seq,))
            if x is not None:
                self.connection.execute("INSERT INTO locations_box VALUES (?, ?, ?, ?, ?)", (seq, x, x, y, y))


def _targets(name: str, record: Record | None) -> set[tuple[str, str]]:
    return set(targets_of(BY_NAME[name].record)(record)) if record else set()


def folded_names(record: Record) -> list[str]:
    """What a record is called, folded, without repeats."""
    called = [*(record.get(each) for each in CALLED), *record.get("aliases", ())]
    return list(dict.fromkeys(folded for each in called if each and (folded := fold(each))))
