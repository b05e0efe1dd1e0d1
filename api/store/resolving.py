"""References on their way in: each must lead to a record, by its id, or for actors and locations by a name or alias.

Ids of merged records lead to the record that stands for them now. Nothing is guessed: a name that fits no record, or
several, is a fault that names the candidates.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.model.bundle import Records, all_references
from api.model.fields import NAMED
from api.model.nouns import NOUNS
from api.model.problem import Fault
from api.model.references import targets_of
from api.model.text import fold, nearest, shown
from api.model.ways import IN_LIST, as_list
from api.store import sqlite
from api.store.past import rows_of, successor
from api.store.rows import SeqOf
from api.store.tables import folded_names

MOST_CANDIDATES = 10
MOST_COMPARED = 1000
"""Ids with which a wrong one is compared."""
MOST_SUGGESTED = 5
"""Wrong references for which the right one is looked for: it takes a twentieth of a second, in which nobody else can write."""
MOST_FAULTS = 100
"""Wrong references that are told."""


@dataclass(frozen=True)
class Resolved:
    """A reference that was given by a name, or by the id of a merged record, and the id that it leads to."""

    pointer: str
    given: str
    id: str


def resolve(
    connection: sqlite.Connection, records: Records, seq_of: SeqOf, targets: set[tuple[str, str]] | None = None
) -> tuple[list[Resolved], list[Fault]]:
    """Put ids in place of names, and the row numbers of all that is referred to into `seq_of`.

    `seq_of` knows the records themselves already, `targets` what all of them refer to, if that is known. What leads
    nowhere comes back as faults.
    """
    resolved: list[Resolved] = []
    faults: list[Fault] = []
    missed: dict[tuple[str, str], str | None] = {}
    targets = {
        each for noun in NOUNS for record in records.get(noun.name, ()) for each in targets_of(noun.record)(record)
    }
    _find(connection, targets, seq_of)
    if targets <= seq_of.keys():
        return resolved, faults
    wanted = list(all_references(records))
    own_names = _names_of(records, seq_of)
    for pointer, name, given in wanted:
        if (name, given) in seq_of:
            continue
        if len(faults) == MOST_FAULTS:
            detail = f"{MOST_FAULTS} references before this one are wrong; those after them were not looked at."
            faults.append(Fault(detail, pointer=pointer))
            break
        candidates = _candidates(connection, name, given, own_names)
        _find(connection, [(name, each) for each in candidates], seq_of)
        if len(candidates) == 1 and (name, candidates[0]) not in seq_of:
            detail = f"{shown(given)} was merged into {candidates[0]!r}, which was deleted."
            faults.append(Fault(detail, pointer=pointer))
        elif len(candidates) == 1 and (name, candidates[0]) == _owner(records, pointer):
            faults.append(Fault(f"{shown(given)} is the record itself.", pointer=pointer))
        elif len(candidates) == 1:
            put(records, pointer, candidates[0])
            resolved.append(Resolved(pointer, given, candidates[0]))
        elif candidates:
            detail = f"{shown(given)} is the name of several records; give an id."
            faults.append(Fault(detail, pointer=pointer, allowed=candidates))
        else:
            if (name, given) not in missed and len(missed) < MOST_SUGGESTED:
                missed[name, given] = _nearest(connection, name, given, records)
            near = missed.get((name, given))
            faults.append(Fault(f"There is no record {given!r} in {name}.", pointer=pointer, did_you_mean=near))
    return resolved, faults


def _owner(records: Records, pointer: str) -> tuple[str, str]:
    """Collection and id of the record in which the pointer's place is."""
    _, name, index, *_ = pointer.split("/")
    return name, records[name][int(index)]["id"]


def put(records: Mapping[str, Any], pointer: str, value: str) -> None:
    """Set what a JSON pointer names."""
    *path, last = pointer.split("/")[1:]
    within: Any = records
    for part in path:
        within = within[int(part)] if isinstance(within, list) else within[part]
    within[int(last) if isinstance(within, list) else last] = value


def unknown_datasets(connection: sqlite.Connection, records: Records, more: Iterable[str] = ()) -> list[Fault]:
    """A fault for each record of a dataset that is neither stored nor among these."""
    known = {row[0] for row in connection.execute("SELECT id FROM datasets")}.union(more)
    return [
        Fault(f"There is no dataset {record['dataset']!r}.", pointer=f"/{name}/{index}/dataset")
        for name in ("events", "statements")
        for index, record in enumerate(records.get(name, ()))
        if record["dataset"] is not None and record["dataset"] not in known
    ]


def _find(connection: sqlite.Connection, wanted: Iterable[tuple[str, str]], seq_of: SeqOf) -> None:
    outside = {each for each in wanted if each not in seq_of}
    for noun in NOUNS:
        ids = [record_id for name, record_id in outside if name == noun.name]
        if ids:
            rows = connection.execute(f"SELECT id, seq FROM {noun.name} WHERE id {IN_LIST}", (as_list(ids),))
            seq_of.update(((noun.name, record_id), seq) for record_id, seq in rows)


def _names_of(records: Records, seq_of: SeqOf) -> Mapping[tuple[str, str], list[str]]:
    """The ids that each folded name of these records stands for, those left out that will not be stored."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in NAMED:
        for record in (each for each in records.get(name, ()) if (name, each["id"]) in seq_of):
            for folded in folded_names(record):
                found[name, folded].append(record["id"])
    return found


def _candidates(
    connection: sqlite.Connection, name: str, given: str, own_names: Mapping[tuple[str, str], list[str]]
) -> list[str]:
    if (merged := successor(rows_of(connection), name, given)) is not None:
        return [merged]
    if name not in NAMED:
        return []
    stored = connection.execute(
        f"SELECT DISTINCT id FROM names JOIN {name} USING (seq) WHERE collection = ? AND folded = ? LIMIT ?",
        (name, fold(given), MOST_CANDIDATES),
    )
    ids = {*own_names.get((name, fold(given)), ()), *(record_id for (record_id,) in stored)}
    return sorted(ids)[:MOST_CANDIDATES]


def _nearest(connection: sqlite.Connection, name: str, given: str, records: Records) -> str | None:
    like = connection.execute(f"SELECT id FROM {name} WHERE id >= ? LIMIT ?", (given[:1], MOST_COMPARED))
    return nearest(
        given, [*(row[0] for row in like), *(record["id"] for record in records.get(name, ()))][:MOST_COMPARED]
    )
