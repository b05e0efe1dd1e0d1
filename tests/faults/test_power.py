"""Loss of power, replayed: a writer's calls to the system are logged, and a disk is made as it may be at any moment.

Of a file everything before its last finished sync is safe. Of what was written or truncated since then anything may have
reached the disk or not, also a part of it, sector by sector, or rubbish in its place; whatever order the disk chose, that
is some of the writes in their own order, each in some sectors. A name in the folder is safe, there or gone, since the
last sync of the folder. What was acknowledged before the moment must be there, and nothing half.
"""

import json
import os
import platform
import random
import shutil
import struct
import subprocess
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from faults.steady_writer import ACKNOWLEDGED
from faults.stories import Order, compare, stories
from soundness import assert_sound, history

from api.store import sqlite
from api.store.connections import StoreRefused
from api.store.migrations import open_migrated

FOLDER = Path(__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        platform.libc_ver()[0] != "glibc" or platform.machine() not in ("x86_64", "aarch64"),
        reason="calls are logged through the dynamic linker of glibc on 64 bits",
    ),
    pytest.mark.skipif(not COMPILER, reason="there is no C compiler for write_log.c"),
]
DATABASE = "timeline.db"
HEAD = struct.Struct("=cIqq")
WRITER_SECONDS = 300
SECTORS = (512, 4096)
TORN, RUBBISH = 0.3, 0.1
"""Of the writes that are not safe, how many are torn; of the sectors of these that did not arrive, how many hold rubbish."""
ARRIVE = (0.0, 0.5, 0.9, 1.0)
"""The share of loose writes that reached the disk, one for each moment."""


@dataclass(frozen=True)
class Call:
    """One call of the writer: create, write, truncate, sync or unlink."""

    kind: str
    name: str
    offset: int
    data: memoryview


def calls(log: Path, folder: Path) -> Iterator[Call]:
    """The log's entries; the folder itself has an empty name."""
    data, at = memoryview(log.read_bytes()), 0
    while at < len(data):
        kind, path_bytes, offset, data_bytes = HEAD.unpack_from(data, at)
        at += HEAD.size
        path = bytes(data[at : at + path_bytes]).decode()
        at += path_bytes
        yield Call(kind.decode(), path.removeprefix(str(folder)).removeprefix("/"), offset, data[at : at + data_bytes])
        at += data_bytes


@dataclass
class Image:
    """A file: what is safe of it, and what was done to it since."""

    safe: bytearray = field(default_factory=bytearray)
    loose: list[Call] = field(default_factory=list)

    def sync(self) -> None:
        for each in self.loose:
            _apply(self.safe, each)
        self.loose.clear()

    def after_crash(self, chance: random.Random, share: float) -> bytes:
        """What may be found of it."""
        found = bytearray(self.safe)
        for each in self.loose:
            if each.kind == "w" and chance.random() < TORN:
                _tear(found, each, chance, share)
            elif chance.random() < share:
                _apply(found, each)
        return bytes(found)


def _apply(content: bytearray, call: Call) -> None:
    end = call.offset + len(call.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if call.kind == "w":
        content[call.offset : end] = call.data
    else:
        del content[call.offset :]


def _tear(content: bytearray, call: Call, chance: random.Random, share: float) -> None:
    """Some sectors of a write arrive; sectors are those of the file."""
    sector, at = chance.choice(SECTORS), 0
    while at < len(call.data):
        size = sector - (call.offset + at) % sector
        piece = call.data[at : at + size]
        if chance.random() < share:
            _apply(content, Call("w", call.name, call.offset + at, piece))
        elif chance.random() < RUBBISH:
            _apply(content, Call("w", call.name, call.offset + at, memoryview(chance.randbytes(len(piece)))))
        at += size


@dataclass
class Disk:
    """A folder: for each name what it may stand for after a loss of power, at last what it stands for now."""

    names: dict[str, list[Image | None]] = field(default_factory=dict)
    notes: bytearray = field(default_factory=bytearray)

    def play(self, call: Call) -> None:
        if call.name == ACKNOWLEDGED:
            self.notes += call.data
        elif call.name:
            self._play(self.names.setdefault(call.name, [None]), call)
        else:
            self.names = {name: found[-1:] for name, found in self.names.items()}

    def _play(self, found: list[Image | None], call: Call) -> None:
        image = found[-1]
        if call.kind == "u":
            found.append(None)
        elif image is None:
            assert call.kind == "c", call
            found.append(Image())
        elif call.kind == "s":
            image.sync()
        elif call.kind in "wt":
            image.loose.append(call)

    def crash(self, chance: random.Random, folder: Path) -> None:
        """Write down what may be left. The index of the log (-shm) is no file that must last: it is made anew."""
        share = chance.choice(ARRIVE)
        for name, found in self.names.items():
            image = chance.choice(found)
            if image is not None and not name.endswith("-shm"):
                (folder / name).write_bytes(image.after_crash(chance, share))


@dataclass(frozen=True)
class Recording:
    """What a writer did."""

    log: Sequence[Call]
    orders: Sequence[Order]
    seed_rows: int


def record(folder: Path, orders: int, seed: int, synchronous: str = "") -> Recording:
    """Run the writer with its calls logged."""
    shim, log, database = folder / "write_log.so", folder / "log", folder / "database" / DATABASE
    assert COMPILER
    source = str(FOLDER / "write_log.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", str(shim), source, "-ldl"], check=True, timeout=60)
    database.parent.mkdir()
    environment = {
        "LD_PRELOAD": str(shim), "WRITE_LOG_FOLDER": str(database.parent), "WRITE_LOG": str(log),
        "PYTHONPATH": os.pathsep.join((str(FOLDER.parent), *sys.path)),
    }  # fmt: skip
    weaker = [synchronous] if synchronous else []
    subprocess.run(
        [sys.executable, str(FOLDER / "steady_writer.py"), str(database), str(orders), str(seed), *weaker],
        env=os.environ | environment, check=True, timeout=WRITER_SECONDS,
    )  # fmt: skip
    with closing(open_migrated(database)) as connection:
        rows = sum(each.key is None for each in history(connection))
    found = Recording(list(calls(log, database.parent)), list(islice(stories("w", random.Random(seed)), orders)), rows)
    log.unlink()
    seen = Counter((each.kind, each.name.removeprefix(DATABASE)) for each in found.log)
    assert seen["w", ACKNOWLEDGED] == orders + 1
    assert seen["w", "-wal"] > 10 * orders, seen
    assert seen["w", ""] > 100, seen  # checkpoints
    assert synchronous or seen["s", "-wal"] >= orders, seen
    assert synchronous == "OFF" or seen["s", ""] > 0, seen
    return found


def moments(recording: Recording, count: int, chance: random.Random) -> list[int]:
    """Numbers of calls before which power is lost, a fifth of them each: while the file is made, right after an
    acknowledgement, in a checkpoint, when the log is made or removed, and at any time."""
    log = recording.log
    noted = [number + 1 for number, each in enumerate(log) if each.name == ACKNOWLEDGED and each.kind == "w"]
    written = [number + 1 for number, each in enumerate(log) if each.name == DATABASE and each.kind in "wts"]
    named = [number + 1 for number, each in enumerate(log) if each.name == f"{DATABASE}-wal" and each.kind in "cu"]
    since = noted[0]
    kinds = (range(since), noted, _after(written, since), _after(named, since), range(since, len(log) + 1))
    return sorted(chance.choice(kinds[number % len(kinds)]) for number in range(count))


def _after(numbers: list[int], first: int) -> list[int]:
    return numbers[bisect_left(numbers, first) :]


def losses(recording: Recording, folder: Path, notes: bytes, is_thorough: bool) -> list[str]:
    """What is wrong with what is left, opened as a start opens it."""
    key, *numbers = notes.decode().splitlines() or [""]
    if not key and not (folder / DATABASE).exists():
        return []
    done = len(numbers)
    try:
        with closing(open_migrated(folder / DATABASE)) as connection:
            changes = history(connection)
            seed_rows, keys, tokens = (
                [row for (row,) in connection.execute(sql)]
                for sql in (
                    "SELECT 1 FROM changes WHERE key IS NULL",
                    "SELECT id FROM keys",
                    "SELECT token FROM answers",
                )
            )
            if key:
                if len(seed_rows) != recording.seed_rows or not (keys and key.startswith(keys[0])):
                    return [f"lost: {len(seed_rows)} rows of the seed, {len(keys)} keys"]
            elif len(seed_rows) not in (0, recording.seed_rows):
                return [f"half: {len(seed_rows)} rows of the seed"]
            orders = recording.orders
            pending = orders[done : done + 1] if key else []
            own = changes[len(seed_rows) :]
            if faults := compare(own, set(tokens), key, orders[:done], pending).faults:
                return faults
            _assert_healthy(connection)
            if is_thorough:
                assert_sound(connection, folder / "scratch.db")
    except (StoreRefused, sqlite.DatabaseError, AssertionError) as error:
        return [f"damaged: {error!r}"]
    return []


def _assert_healthy(connection: sqlite.Connection) -> None:
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def replay(
    recording: Recording, folder: Path, count: int, seed: int, is_thorough: Callable[[int], bool]
) -> tuple[Counter[str], list[str]]:
    """Lose power at so many moments: how many of each outcome there were, and the first fault of each."""
    chance, disk, played = random.Random(seed), Disk(), 0
    outcomes: Counter[str] = Counter(moments=0, fine=0)
    first = []
    for number, moment in enumerate(moments(recording, count, chance)):
        for call in recording.log[played:moment]:
            disk.play(call)
        played = moment
        left = folder / f"moment-{number}"
        left.mkdir()
        disk.crash(chance, left)
        faults = losses(recording, left, bytes(disk.notes), is_thorough(number))
        outcomes["moments"] += 1
        outcomes[faults[0].partition(":")[0] if faults else "fine"] += 1
        first += [f"call {moment}: {each}" for each in faults[:1]]
        shutil.rmtree(left)
    sys.stdout.write(f"{json.dumps(outcomes)}\n")
    return outcomes, first


def test_power_cuts_lose_nothing(tmp_path: Path) -> None:
    recording = record(tmp_path, orders=120, seed=1)
    _, faults = replay(recording, tmp_path, 40, 1, lambda number: number % 4 == 0)
    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [100, 101])
def test_many_more_power_cuts_lose_nothing(tmp_path: Path, seed: int) -> None:
    recording = record(tmp_path, orders=400, seed=seed)
    _, faults = replay(recording, tmp_path, 400, seed, lambda _: True)
    assert faults == []


def assert_caught(folder: Path, synchronous: str, orders: int, count: int) -> Counter[str]:
    """The weaker setting loses something; what it does at so many moments."""
    recording = record(folder, orders, 2, synchronous)
    outcomes, _ = replay(recording, folder, count, 2, lambda _: False)
    assert outcomes["lost"] > 0, outcomes
    return outcomes


WEAKER = pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])


@WEAKER
def test_weaker_settings_are_caught(tmp_path: Path, synchronous: str) -> None:
    assert_caught(tmp_path, synchronous, orders=40, count=25)


@pytest.mark.slow
@WEAKER
def test_weaker_settings_lose_what_they_are_known_to_lose(tmp_path: Path, synchronous: str) -> None:
    """NORMAL loses what came last, but nothing by half; OFF destroys files."""
    outcomes = assert_caught(tmp_path, synchronous, orders=200, count=200)
    assert (outcomes["damaged"] > 0) == (synchronous == "OFF"), outcomes
