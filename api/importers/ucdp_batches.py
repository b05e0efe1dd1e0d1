"""GED files as batches of records, made in a process of its own: reading and mapping take as long as storing.

Files are read twice. A province or a district has coordinates if any row was coded to its middle, and that row may be
the last one; so the first reading looks for those alone.
"""

import gc
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from api.importers.ged_file import GedFile, Refused
from api.importers.ucdp import Mapped, mapped
from api.importers.ucdp_places import centre
from api.model.problem import Refusal
from api.store.making import Made, make

Record = dict[str, Any]

BATCH = 1000
"""Rows that are stored at once: enough for each country's counts to be written seldom, and some 20 MB of records."""
FIRST_SHARE = 20
"""The first reading takes a twentieth of the time of the second."""
MOST_TOLD_APART = 40_000
"""Shared records of which it is remembered that they were given already; giving one twice changes nothing."""


@dataclass
class Batch:
    """What some rows say, each shared record given once; `read` of `size` bytes of all files are gone through.

    While files are read for the first time batches are empty.
    """

    file: str
    read: int
    size: int
    rows: int = 0
    refused: list[Refused] = field(default_factory=list)
    records: dict[str, list[Record]] = field(default_factory=dict)
    made: dict[tuple[str, str], Made] = field(default_factory=dict)


Message = Batch | Exception | None
"""What is handed over: batches, then None; or what went wrong."""


def batches(paths: Sequence[Path]) -> Iterator[Batch]:
    """All rows of the files in their order. `Refusal` for what is no GED file, `OSError` for what cannot be read."""
    context = get_context("spawn")  # a fork would share the database's file with this process
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_produce, args=(list(paths), sender), daemon=True)
    with receiver:
        try:
            with sender, _deaf():
                process.start()
            while (batch := _next(receiver)) is not None:
                if isinstance(batch, Exception):
                    raise batch
                yield batch
        finally:
            if process.pid is not None:
                process.kill()
                process.join()


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started within never hears of Ctrl-C, which a terminal tells to all; this one does afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or the start would do it, and let the signal through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next(receiver: "Connection[Any, Message]") -> "Message":
    """The next message. Each process has one end of the pipe alone, so that either notes when the other has ended."""
    try:
        return receiver.recv()
    except (EOFError, OSError):  # between two messages, or within one
        raise ChildProcessError("the process that reads the files has ended") from None


def _produce(paths: list[Path], sender: "Connection[Message, Any]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # nothing here refers to itself, and there is much of it
    with suppress(BrokenPipeError):  # the other process has ended
        try:
            for batch in made(paths):
                sender.send(batch)
        except (Refusal, OSError) as error:
            sender.send(error)
        sender.send(None)


def made(paths: Sequence[Path]) -> Iterator[Batch]:
    """The same within this process."""
    whole = sum(path.stat().st_size for path in paths)
    size = whole + whole // FIRST_SHARE
    centres: dict[str, Record] = {}
    done = 0
    for path in paths:
        with GedFile(path) as rows:
            for number, row in enumerate(rows):
                if not isinstance(row, Refused) and (found := centre(row.cells)):
                    centres.setdefault(*found)
                if number % BATCH == BATCH - 1:
                    yield Batch(path.name, (done + rows.position) // FIRST_SHARE, size)
            done += rows.size
    done //= FIRST_SHARE
    maker = _Maker(centres)
    for path in paths:
        with GedFile(path) as rows:
            batch = maker.begin(Batch(path.name, done, size))
            for row in rows:
                maker.add(batch, mapped(row) if not isinstance(row, Refused) else row)
                if batch.rows + len(batch.refused) == BATCH:
                    batch.read = done + rows.position
                    yield batch
                    batch = maker.begin(Batch(path.name, done, size))
            done += rows.size
            batch.read = done
            yield batch


class _Maker:
    """Puts rows' records into batches, those that rows share once."""

    def __init__(self, centres: dict[str, Record]) -> None:
        self.centres = centres
        self.given: set[tuple[str, str]] = set()
        self.numbers = _Numbers()

    def begin(self, batch: Batch) -> Batch:
        if len(self.given) > MOST_TOLD_APART:
            self.given.clear()
        batch.records = {name: [] for name in ("sources", "locations", "actors", "events", "statements")}
        return batch

    def add(self, batch: Batch, row: Mapped | Refused) -> None:
        if isinstance(row, Refused):
            batch.refused.append(row)
            return
        number = row.event["external_ids"]["ucdp"]
        if not self.numbers.add(int(number)):
            batch.refused.append(Refused(row.line, f"id {number} stands in an earlier row too", number))
            return
        batch.rows += 1
        for name, records in (("sources", row.sources), ("locations", row.locations), ("actors", row.actors)):
            for record in records:
                key = name, record["id"]
                if key not in self.given:
                    self.given.add(key)
                    self._put(batch, name, record | self.centres.get(record["id"], {}))
        for name, record in chain(
            (("events", row.event),), (("statements", each) for each in (row.statement,) if each)
        ):
            self._put(batch, name, record)

    def _put(self, batch: Batch, name: str, record: Record) -> None:
        batch.records[name].append(record)
        batch.made[name, record["id"]] = make(name, record)


class _Numbers:
    """A set of numbers, most of which are dense: a bit for each of these, so that a million take little room."""

    DENSE = 2**27

    def __init__(self) -> None:
        self.bits = bytearray()
        self.others: set[int] = set()

    def add(self, number: int) -> bool:
        """Add one; was it new?"""
        if number >= self.DENSE:
            is_new = number not in self.others
            self.others.add(number)
            return is_new
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits)))
        is_new = not self.bits[place] & bit
        self.bits[place] |= bit
        return is_new
