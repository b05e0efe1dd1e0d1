"""All names of a noun in memory, so that a hundred spellings are compared with each in a moment.

What is in memory was read of one version of the data and answers for that version alone: who asks for another gets
another. Nothing has to be kept in step, so nothing can go stale.
"""

import heapq
import threading
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from api.model.likeness import grams, likeness, sound
from api.store.readers import Reader, Version

KEPT = 4
"""In memory at once: both nouns as they are now, and as one snapshot has them."""
MOST_COMPARED = 60
"""Names that share most with the one looked for, which are then compared letter by letter."""
MOST_LOOKED_AT = 3000
"""Names that are found by the pairs of letters looked for, the rarest first; common pairs tell little and cost most."""
MOST_WEIGHED = 300
"""Names that share most, about, of which those are compared that have least beside."""
NAMES = "SELECT folded, seq FROM names WHERE collection = ? ORDER BY folded, seq"
RECORDS = "SELECT seq, type, country, events FROM {collection}"
Names = list[tuple[str, int]]
"""Folded names, each with the row number of a record that has it."""


class NamesIndex:
    """Names, found exactly or by the pairs of letters that alike names share."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.exact: dict[str, list[int]] = {}
        self._sizes: list[int] = []
        self._having: dict[str, list[int]] = {}
        for number, (folded, seq) in enumerate(names):
            self.exact.setdefault(folded, []).append(seq)
            own = grams(folded)
            self._sizes.append(len(own))
            for gram in own:
                self._having.setdefault(gram, []).append(number)

    def alike(self, folded: str, seqs: Collection[int]) -> dict[int, float]:
        """Those of the records that have a name like this one, each with its best likeness (`model/likeness.py`)."""
        wanted, found = sound(folded), dict[int, float]()
        for number in self._near(folded, seqs):
            name, seq = self.names[number]
            if name != folded:
                found[seq] = max(likeness(wanted, sound(name)), found.get(seq, 0.0))
        return found

    def beginning(self, prefix: str) -> set[int]:
        """The records with a name that begins so; none for what has no letters."""
        start, found = bisect_left(self.names, (prefix, 0)), set[int]()
        while prefix and start < len(self.names) and self.names[start][0].startswith(prefix):
            found.add(self.names[start][1])
            start += 1
        return found

    def _near(self, folded: str, seqs: Collection[int]) -> list[int]:
        """The names worth comparing: those that share most of their pairs of letters, by the rarest pairs looked for."""
        own = grams(folded)
        shared: Counter[int] = Counter()
        looked_at = 0
        for numbers in sorted((self._having.get(each, ()) for each in own), key=len):
            if looked_at >= MOST_LOOKED_AT:
                break
            shared.update(numbers)
            looked_at += len(numbers)
        fewest = _least_of_best(shared, MOST_WEIGHED)
        likely = [
            (count / (len(own) + self._sizes[number]), number)
            for number, count in shared.items()
            if count >= fewest and self.names[number][1] in seqs
        ]
        return [number for _, number in heapq.nlargest(MOST_COMPARED, likely)]


def _least_of_best(shared: Counter[int], most: int) -> int:
    """The count that about so many, the best of all, have at the least."""
    having = 0
    for count, names in sorted(Counter(shared.values()).items(), reverse=True):
        having += names
        if having >= most:
            return count
    return 0


@dataclass(frozen=True)
class Known:
    """A noun as one version of the data has it: its names, and what each record is, by row number."""

    index: NamesIndex
    types: dict[int, str]
    countries: dict[int, str | None]
    events: dict[int, int]

    def of_types(self, types: Collection[str]) -> Collection[int]:
        """The records of these types; all of them where none are given."""
        return {seq for seq, each in self.types.items() if each in types} if types else self.types


Key = tuple[str, str]


class Memory:
    """What was read last of each noun, now and in snapshots. Who wants the same meanwhile waits until it is there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[Version, Known]] = OrderedDict()

    def known(self, reader: Reader, version: Version, collection: str, snapshot: str = "") -> Known:
        """The noun in the data that the reader sees, whose version this is."""
        key = collection, snapshot
        with self._lock:
            kept = self._kept.pop(key, None)
            if kept is None or kept[0] != version:
                kept = version, self._read(reader, collection, kept and kept[1].index)
            self._kept[key] = kept
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return kept[1]

    def _read(self, reader: Reader, collection: str, old: NamesIndex | None) -> Known:
        """Most changes leave the names as they are; then the old index is as good as a new one."""
        names: Names = reader.rows(NAMES, (collection,))
        index = old if old is not None and old.names == names else NamesIndex(names)
        rows = reader.rows(RECORDS.format(collection=collection))
        return Known(
            index,
            {seq: kind for seq, kind, _, _ in rows},
            {seq: country for seq, _, country, _ in rows},
            {seq: events for seq, _, _, events in rows},
        )
