"""The spool: checked records on disk, in the order in which they came, found again by their ids.

A file may refer to what stands further on in it, and may be larger than memory: what was read waits here until it can be
written. It is a database without a name, which its end takes with it, however it ends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from api.model.nouns import NOUNS
from api.model.text import from_json, to_json
from api.store import sqlite

CACHE_KIB = 16 * 1024
WAITING, TAKEN, PUT_OFF = 0, 1, 2
"""What has become of a record."""


@dataclass(frozen=True)
class Place:
    """Where a record stands: its file, its number in its list, its line."""

    file: str
    index: int
    line: int

    def tell(self, detail: str) -> str:
        """What is wrong with the record, and where it stands."""
        return f"{self.file}, line {self.line}: {detail}"


@dataclass(frozen=True)
class Kept:
    """A record. `number` counts those of its noun from 1; `looks_ahead`: it refers to one of them further on, or to none."""

    number: int
    place: Place
    state: int
    looks_ahead: bool
    text: str

    @property
    def record(self) -> dict[str, Any]:
        return from_json(self.text)  # type: ignore[no-any-return]


_COLUMNS = "number, file, place, line, state, looks_ahead, text"


class Spool:
    """Records of all nouns, each noun's in their order."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys((noun.name for noun in NOUNS), 0)
        self._connection = sqlite.connect("", isolation_level=None)
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        for noun in NOUNS:
            self._connection.execute(
                f"CREATE TABLE {noun.name} (number INTEGER PRIMARY KEY, file TEXT, place INTEGER, line INTEGER,"
                f" id TEXT UNIQUE, state INTEGER DEFAULT {WAITING}, looks_ahead INTEGER, text TEXT)"
            )
        self._connection.execute("BEGIN")

    def put(self, name: str, record: dict[str, Any], place: Place, looks_ahead: bool) -> None:
        """Keep a record, whose id is new."""
        self.counts[name] += 1
        self._connection.execute(
            f"INSERT INTO {name} (number, file, place, line, id, looks_ahead, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.counts[name], place.file, place.index, place.line, record["id"], looks_ahead, to_json(record)),
        )

    def has(self, name: str, record_id: str) -> bool:
        """Is there a record of that id?"""
        found = self._connection.execute(f"SELECT 1 FROM {name} WHERE id = ?", (record_id,))
        return found.fetchone() is not None

    def find(self, name: str, record_id: str) -> Kept | None:
        """The record of that id."""
        return self._one(name, "id = ?", record_id)

    def waiting(self, name: str) -> Iterator[Kept]:
        """All records that wait; what is marked meanwhile does not come any more."""
        kept = self._one(name, f"number > ? AND state = {WAITING} ORDER BY number LIMIT 1", 0)
        while kept:
            yield kept
            kept = self._one(name, f"number > ? AND state = {WAITING} ORDER BY number LIMIT 1", kept.number)

    def put_off(self, name: str) -> Iterator[Kept]:
        """All records that were put off."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM {name} WHERE state = {PUT_OFF} ORDER BY number")
        return map(_kept, rows)

    def mark(self, name: str, records: Iterable[Kept], state: int) -> None:
        """What has become of these."""
        numbers = [(state, each.number) for each in records]
        self._connection.executemany(f"UPDATE {name} SET state = ? WHERE number = ?", numbers)

    def close(self) -> None:
        self._connection.close()

    def _one(self, name: str, where: str, value: str | int) -> Kept | None:
        row = self._connection.execute(f"SELECT {_COLUMNS} FROM {name} WHERE {where}", (value,)).fetchone()
        return row and _kept(row)


def _kept(row: tuple[Any, ...]) -> Kept:
    number, file, index, line, state, looks_ahead, text = row
    return Kept(number, Place(file, index, line), state, bool(looks_ahead), text)
