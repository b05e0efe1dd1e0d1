"""Stories for fault tests: requests that write, each the same whenever it is sent, and what they leave in the history.

A story makes some records, changes, merges and deletes them, each request under a condition or an Idempotency-Key. So the
history must be exactly what was acknowledged, and of requests that were cut off each is there whole or not at all.
"""

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from soundness import Change

CITED = [{"source": "ssbcrack-half-of-aleppo"}]

Id = tuple[str, str]
"""Collection and id."""


@dataclass(frozen=True)
class Row:
    """One row that a request leaves in the history; `word` is in its record."""

    collection: str
    id: str
    version: int
    change: str
    word: str = ""


@dataclass(frozen=True)
class Order:
    """A request, the same whenever it is sent, and what it leaves behind."""

    kind: str
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]
    rows: tuple[Row, ...]

    @property
    def token(self) -> str | None:
        return self.headers.get("Idempotency-Key")


class Story:
    """A few records from their making to their end, in requests of which each builds on those before."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self.name, self.chance = name, chance
        self.versions: dict[Id, int] = {}
        self.there: list[Id] = []
        """Events at the place that is merged."""
        self.words = (f"{name}-w{number}" for number in itertools.count())

    def orders(self) -> Iterator[Order]:
        """The requests, in their order."""
        yield self.bundle()
        steps = [self.post(), self.patch("actors", "a"), self.patch("events", "e"), self.put("statements", "s")]
        self.chance.shuffle(steps)
        yield from steps
        yield self.put("sources", "r")
        yield self.merge()
        yield self.delete("statements", "s")
        if self.chance.random() < 0.5:
            yield self.put("statements", "s", is_new=True)
        yield self.delete(*self.there[-1])

    def _row(self, collection: str, record_id: str, change: str, word: str = "") -> Row:
        version = self.versions.get((collection, record_id), 0) + 1
        self.versions[collection, record_id] = version
        return Row(collection, record_id, version, change, word)

    def _token(self, always: bool = False) -> dict[str, str]:
        return {"Idempotency-Key": f"key-{next(self.words)}"} if always or self.chance.random() < 0.5 else {}

    def _matching(self, collection: str, record_id: str) -> dict[str, str]:
        version = self.versions.get((collection, record_id))
        return {"If-Match": f'"{version}"'} if version else {"If-None-Match": "*"}

    def bundle(self) -> Order:
        """A record of each kind, which point to each other."""
        name, word = self.name, next(self.words)
        self.there = [("events", f"{name}-e")]
        ids = [("locations", "old"), ("locations", "new"), ("actors", "a"), ("events", "e"), ("statements", "s")]
        rows = tuple(self._row(collection, f"{name}-{each}", "created", word) for collection, each in ids)
        body = {
            "bundle": "event-timeline/1",
            "locations": [
                _location(f"{name}-{each}", word, self.chance.uniform(35, 37), self.chance.uniform(36, 38))
                for each in ("old", "new")
            ],
            "actors": [_actor(f"{name}-a", word)],
            "events": [
                _event(word, f"{name}-old") | {"id": f"{name}-e", "participants": [{"actor": f"{name}-a", "role": "target"}]}
            ],
            "statements": [_statement(f"{name}-s", word, [f"{name}-e"])],
        }  # fmt: skip
        return Order("bundle", "POST", "/v1/bundle", body, self._token(), rows)

    def post(self) -> Order:
        """An event without an id: a second one would be given another."""
        word = next(self.words)
        self.there.append(("events", word))
        row = self._row("events", word, "created", word)
        return Order("post", "POST", "/v1/events", _event(word, f"{self.name}-old"), self._token(always=True), (row,))

    def patch(self, collection: str, last: str) -> Order:
        record_id, word = f"{self.name}-{last}", next(self.words)
        headers = self._matching(collection, record_id) | self._token()
        row = self._row(collection, record_id, "updated", word)
        body = {"description" if collection == "actors" else "summary": word}
        return Order("patch", "PATCH", f"/v1/{collection}/{record_id}", body, headers, (row,))

    def put(self, collection: str, last: str, is_new: bool = False) -> Order:
        record_id, word = f"{self.name}-{last}", next(self.words)
        is_new = is_new or (collection, record_id) not in self.versions
        headers = ({"If-None-Match": "*"} if is_new else self._matching(collection, record_id)) | self._token()
        row = self._row(collection, record_id, "created" if is_new else "updated", word)
        body = (
            {"type": "article", "title": word}
            if collection == "sources"
            else _statement(record_id, word, [f"{self.name}-e"])
        )
        return Order("put", "PUT", f"/v1/{collection}/{record_id}", body, headers, (row,))

    def merge(self) -> Order:
        """The old place into the new one, where its events will be."""
        old, new = f"{self.name}-old", f"{self.name}-new"
        headers = self._matching("locations", old) | self._token()
        rows = [self._row("locations", new, "updated", old), self._row("locations", old, "merged", "null")]
        rows += [self._row(*each, "updated", new) for each in self.there]
        return Order("merge", "POST", f"/v1/locations/{old}/merge", {"into": new}, headers, tuple(rows))

    def delete(self, collection: str, last: str) -> Order:
        record_id = last if collection == "events" else f"{self.name}-{last}"
        headers = self._matching(collection, record_id) | self._token()
        row = self._row(collection, record_id, "deleted", "null")
        return Order("delete", "DELETE", f"/v1/{collection}/{record_id}", None, headers, (row,))


def _location(record_id: str, word: str, latitude: float, longitude: float) -> dict[str, Any]:
    called = {"name": f"Place {record_id}", "aliases": [word], "latitude": latitude, "longitude": longitude}
    return {"id": record_id, "type": "city", "parent": "idlib-governorate", "evidence": CITED, **called}


def _actor(record_id: str, word: str) -> dict[str, Any]:
    return {"id": record_id, "name": f"Actor {record_id}", "type": "other", "description": word, "evidence": CITED}


def _event(word: str, location: str) -> dict[str, Any]:
    dates = {"start_date": "2024-11-27", "end_date": "2024-11-27", "date_precision": "day"}
    place = {"location": location, "location_precision": "exact"}
    return {"type": "airstrike", "title": word, "evidence": CITED, **dates, **place}


def _statement(record_id: str, word: str, events: Sequence[str]) -> dict[str, Any]:
    said = {
        "kind": "paraphrase",
        "type": "report",
        "text": f"Said {word}.",
        "date": "2024-11-27",
        "date_precision": "day",
    }
    return {"id": record_id, "events": list(events), "evidence": CITED, **said}


def stories(name: str, chance: random.Random) -> Iterator[Order]:
    """One story after the other; the same for the same name and chance."""
    for number in itertools.count():
        yield from Story(f"{name}-{number}", chance).orders()


@dataclass
class Findings:
    """What the history says against what clients know, in sentences; and which of the cut off orders it holds."""

    faults: list[str] = field(default_factory=list)
    done: list[Order] = field(default_factory=list)


def compare(
    changes: Iterable[Change], tokens: set[str], key: str, acknowledged: Iterable[Order], pending: Iterable[Order]
) -> Findings:
    """`changes` are those since the stories began, `tokens` those whose answers are stored, `pending` was cut off."""
    found = {(each.collection, each.id, each.version): each for each in changes}
    findings = Findings()
    for order in acknowledged:
        findings.faults += _against(order, _taken(order, found), tokens, key)
    for order in pending:
        if rows := _taken(order, found):
            findings.faults += _against(order, rows, tokens, key)
            findings.done.append(order)
        elif order.token in tokens:
            findings.faults.append(f"half: {order} left only an answer")
    findings.faults += [f"nobody's: {each}" for each in found.values()]
    return findings


def _taken(order: Order, found: dict[tuple[str, str, int], Change]) -> list[Change]:
    """The rows that the order left; each belongs to one order only."""
    keys = [(each.collection, each.id, each.version) for each in order.rows]
    return [found.pop(key) for key in keys if key in found]


def _against(order: Order, rows: list[Change], tokens: set[str], key: str) -> list[str]:
    """What is wrong with the rows of an order that was done."""
    if not rows:
        return [f"lost: {order}"]
    if len(rows) < len(order.rows) or (order.token and order.token not in tokens):
        return [f"half: {order} left {len(rows)} rows"]
    numbers = [each.seq for each in rows]
    is_one = max(numbers) - min(numbers) + 1 == len(numbers) and {each.at for each in rows} == {rows[0].at}
    is_right = all(
        wanted.change == row.change and wanted.word in row.record and row.key and key.startswith(row.key)
        for wanted, row in zip(order.rows, rows, strict=True)
    )
    return [] if is_one and is_right else [f"wrong: {order} left {rows}"]
