"""Feeding: what is spooled into the store, in batches that hold whatever they refer to or find it stored.

A noun's records come after those of the nouns that they refer to. One that refers to another of its own noun further on
takes that one, and what that one needs, along. What is referred to by name waits for the end of its noun, when all that
have names are known: nothing is guessed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from api.model.bundle import invalid
from api.model.fields import NAMED
from api.model.nouns import BY_NAME, NOUNS
from api.model.problem import Fault, Problem
from api.model.references import references
from api.store.bulk import Bulk
from api.store.readers import version_of
from api.store.spool import PUT_OFF, TAKEN, WAITING, Kept, Place, Spool

Record = dict[str, Any]
Dataset = tuple[Record, Place]

BATCH_RECORDS = 2000
BATCH_CHARACTERS = 4 * 2**20
MOST_TOGETHER = 10 * 2**20
"""Characters of records that have to be written at once, because they refer to each other further on or by name."""


class NumberedBulk(Bulk):
    """Into an empty store: each record's row number is its number in the spool, whenever its turn comes.

    So lists in the order of writing, and a bundle that is made of them, have the order of what was read.
    """

    def receive_numbered(self, name: str, batch: Sequence[Kept], records: list[Record]) -> None:
        """Store a batch of one noun under the numbers that it has."""
        numbers = ((name, record["id"]) for record in records)
        self._seqs.update(zip(numbers, (each.number for each in batch), strict=True))
        self.receive([], {name: records})


class Feeder:
    """Writes what is spooled; the transaction is somebody else's. `progress` is told how many records are written."""

    def __init__(self, spool: Spool, bulk: NumberedBulk, progress: Callable[[int], None]) -> None:
        self.spool, self.bulk, self.progress = spool, bulk, progress
        self._is_first = version_of(bulk.connection).seq == 0

    def write(self, datasets: Sequence[Dataset]) -> None:
        """Everything, or `Problem` 409 and 422 as for every bundle, with the places in the files."""
        written = len(datasets)
        _with_places([place for _, place in datasets], lambda: self.bulk.receive([each for each, _ in datasets], {}))
        for noun in NOUNS:
            for batch in self._batches(noun.name):
                self._write(noun.name, batch)
                written += len(batch)
                self.progress(written)
        self.bulk.finish()

    def _write(self, name: str, batch: list[Kept]) -> None:
        records = [each.record for each in batch]
        places = [each.place for each in batch]
        if self._is_first:
            _with_places(places, lambda: self.bulk.receive_numbered(name, batch, records))
        else:
            _with_places(places, lambda: self.bulk.receive([], {name: records}))

    def _batches(self, name: str) -> Iterator[list[Kept]]:
        batch: list[Kept] = []
        size, has_put_off = 0, False
        for kept in self.spool.waiting(name):
            group, state = [kept], TAKEN
            if kept.looks_ahead or has_put_off:
                group, state = self._group(name, kept)
            self.spool.mark(name, group, state)
            if state == PUT_OFF:
                has_put_off = True
                continue
            batch += group
            size += sum(len(each.text) for each in group)
            if len(batch) >= BATCH_RECORDS or size >= BATCH_CHARACTERS:
                yield sorted(batch, key=_number)
                batch, size = [], 0
        if batch:
            yield sorted(batch, key=_number)
        if has_put_off:
            yield self._put_off(name)

    def _group(self, name: str, first: Kept) -> tuple[list[Kept], int]:
        """A record with all of its noun that it needs and that wait; are they to be written, or put off?"""
        found = {first.number: first}
        following, size, state = [first], 0, TAKEN
        while following:
            kept = following.pop()
            size += len(kept.text)
            _check_size(name, size, first.place)
            for target in _own_targets(name, kept.record):
                other = self.spool.find(name, target)
                if other is None:
                    state = PUT_OFF if self._may_be_name(name, target) else state
                elif other.state == PUT_OFF:
                    state = PUT_OFF
                elif other.state == WAITING and other.number not in found:
                    found[other.number] = other
                    following.append(other)
        return list(found.values()), state

    def _may_be_name(self, name: str, target: str) -> bool:
        if name not in NAMED:
            return False
        stored = self.bulk.connection.execute(f"SELECT 1 FROM {name} WHERE id = ?", (target,))
        return stored.fetchone() is None

    def _put_off(self, name: str) -> list[Kept]:
        batch: list[Kept] = []
        size = 0
        for kept in self.spool.put_off(name):
            size += len(kept.text)
            _check_size(name, size, kept.place)
            batch.append(kept)
        return batch


def _own_targets(name: str, record: Record) -> Iterable[str]:
    return (target for _, to, target in references(BY_NAME[name].record_schema, record) if to == name)


def _number(kept: Kept) -> int:
    return kept.number


def _check_size(name: str, size: int, place: Place) -> None:
    if size > MOST_TOGETHER:
        detail = place.tell(
            f"So many {name} refer to each other further on, or by name, that they cannot be written at once. Put each"
            " after those that it refers to, and refer by ids."
        )
        raise invalid([Fault(detail, pointer=f"/{name}/{place.index}")])


def _with_places(places: Sequence[Place], act: Callable[[], None]) -> None:
    """Do it; a `Problem` of a batch is told with the places that its records have in their files."""
    try:
        act()
    except Problem as problem:
        faults = [_placed(fault, places) for fault in problem.faults]
        if not faults:
            raise
        if problem.status == 422:
            raise invalid(faults) from None
        count = "One record is" if len(faults) == 1 else f"{len(faults)} records are"
        first = f"{faults[0].pointer}: {faults[0].detail}"
        said = f"{count} in conflict with what is stored; the first is at {first}"
        raise Problem(problem.status, problem.kind, said, faults) from None


def _placed(fault: Fault, places: Sequence[Place]) -> Fault:
    _, name, index, *rest = (fault.pointer or "").split("/")
    place = places[int(index)]
    return replace(fault, detail=place.tell(fault.detail), pointer="/".join(("", name, str(place.index), *rest)))
