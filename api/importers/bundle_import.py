"""Importing bundles of any size: every record of every file is checked first, then all are written in one transaction.

Nothing is locked while files are read, and a file with a fault in its last line has changed nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError

from api.importers.bundle_file import BundleFile, Item
from api.model import bundle
from api.model.bundle import SCHEMA, DatasetSchema, invalid
from api.model.changes import Author
from api.model.fields import MOST_FAULTY
from api.model.nouns import BY_NAME
from api.model.problem import Fault, Problem
from api.model.references import references
from api.store import sqlite
from api.store.feeding import Dataset, Feeder, NumberedBulk
from api.store.receiving import Rules
from api.store.spool import Place, Spool
from api.store.transaction import Undo, transaction

MOST_DATASETS = 200
"""As in a document."""
BETWEEN_TELLINGS = 500
"""Records that are read between two words about how far it is."""
_DATASET = DatasetSchema()


@dataclass
class Checked:
    """What the files hold, one bundle together. No record stands twice, and each is as its schema loads it."""

    spool: Spool
    datasets: list[Dataset] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.datasets) + sum(self.spool.counts.values())


@dataclass(frozen=True)
class Manner:
    """How records are written, by whom, and what is done when everything is and only the commit is left."""

    author: Author
    rules: Rules
    before_commit: Callable[[], None] = lambda: None


@contextmanager
def checked() -> Iterator[Checked]:
    """Room for what files hold."""
    spool = Spool()
    try:
        yield Checked(spool)
    finally:
        spool.close()


def read(file: BundleFile, into: Checked, progress: Callable[[int, int], None]) -> None:
    """Check every record of a file. `progress` is told the bytes and the records that were read.

    Raises `Problem` 400 where it is no JSON, 422 with the faults, each with file, line and JSON pointer.
    """
    has_form = False
    try:
        for number, item in enumerate(file.items()):
            has_form = has_form or item.name == "bundle"
            into.faults += _faults(item, file.name, into)
            if len(into.faults) >= MOST_FAULTY:
                into.faults.append(Fault(f"{MOST_FAULTY} faults; what follows was not looked at.", pointer=item.name))
                break
            if not number % BETWEEN_TELLINGS:
                progress(file.done, into.count)
    except Problem as problem:
        faults = [Fault(f"{file.name}: {each.detail}", pointer=each.pointer) for each in problem.faults]
        if faults:
            raise invalid([*into.faults, *faults]) from None
        raise Problem(problem.status, problem.kind, f"{file.name}: {problem.detail}") from None
    if not has_form and len(into.faults) < MOST_FAULTY:
        into.faults.append(Fault(f"{file.name}: Missing data for required field.", pointer="/bundle"))
    if into.faults:
        raise invalid(into.faults)
    progress(file.done, into.count)


def write(
    connection: sqlite.Connection, found: Checked, how: Manner, progress: Callable[[int], None]
) -> Counter[tuple[str, str]]:
    """Write what was read, all or nothing; how many records of each collection had each outcome.

    `progress` is told how many records are written. Raises `Problem` 409 for conflicts where the rules let them fail,
    422 where references lead nowhere or a record would lie inside itself.
    """
    with transaction(connection):
        bulk = NumberedBulk(connection, how.author, how.rules)
        Feeder(found.spool, bulk, progress).write(found.datasets)
        how.before_commit()
        if how.rules.dry_run:
            raise Undo
    return bulk.totals


def _faults(item: Item, file: str, into: Checked) -> list[Fault]:
    """Keep a record; what is wrong with it, where something is."""
    place = Place(file, item.index or 0, item.line)
    pointer = f"/{item.name}" if item.index is None else f"/{item.name}/{item.index}"
    try:
        if item.index is None:
            SCHEMA.fields[item.name].deserialize(item.value)
            return []
        record: dict[str, Any] = _schema(item.name).load(item.value)
    except ValidationError as error:
        return [_told(each, place) for each in bundle.faults(error.messages, pointer)]
    return [_told(Fault(each, pointer=f"{pointer}/id"), place) for each in _keep(item.name, record, place, into)]


def _schema(name: str) -> Schema:
    return _DATASET if name == "datasets" else BY_NAME[name].record_schema


def _keep(name: str, record: dict[str, Any], place: Place, into: Checked) -> Iterator[str]:
    if name == "datasets":
        if any(each["id"] == record["id"] for each, _ in into.datasets):
            yield "Stands twice."
        elif len(into.datasets) == MOST_DATASETS:
            yield f"There may be {MOST_DATASETS} datasets at the most."
        else:
            into.datasets.append((record, place))
        return
    if into.spool.has(name, record["id"]):
        yield "Stands twice."
        return
    own = {target for _, to, target in references(_schema(name), record) if to == name} - {record["id"]}
    into.spool.put(name, record, place, looks_ahead=any(not into.spool.has(name, each) for each in own))


def _told(fault: Fault, place: Place) -> Fault:
    return Fault(place.tell(fault.detail), pointer=fault.pointer)
