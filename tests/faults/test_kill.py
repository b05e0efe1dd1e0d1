"""Kill -9 under write load: what was acknowledged is stored, once and whole, and the file needs no repair.

Writers send stories of their own: records that are made, changed, merged and deleted, each request under a condition or
an Idempotency-Key and sent again until it is answered. So the history must be exactly what was acknowledged, and of the
requests that were cut off each is there whole or not at all.
"""

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import seeded
from faults.callers import SERVE, Answer, Caller, calling, serving
from faults.stories import Order, compare, stories
from live import Server
from soundness import assert_sound, history

from api.store import sqlite
from api.store.migrations import open_migrated

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="whether a whole process group is gone is read from /proc"),
]
WRITERS = 6
ROUND_SECONDS = (0.25, 0.9)
PAUSE_SECONDS = 0.02
"""Before a request is sent again that others were in the way of. Less than is asked for: load is wanted here."""
LEAST = 20
"""Acknowledged requests of a round."""
PATIENCE_SECONDS = 20
GONE_SECONDS = 10
REPEATED = 40
"""Acknowledged requests of a round that are sent again after it."""
ROUNDS_OF_A_MUTANT = 8
SAME_HEADERS = ("etag", "location", "content-location", "cache-control", "content-type")
MUTANTS = Path(__file__).with_name("mutants.py")


@dataclass
class Writer:
    """A client that sends one order after the other, each until it is answered."""

    name: str
    chance: random.Random
    pending: Order | None = None
    """Sent, and not answered when the server was killed."""
    acknowledged: list[tuple[Order, Answer]] = field(default_factory=list)
    found: list[Order] = field(default_factory=list)
    """Cut off, and found in the file."""
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self.orders = stories(self.name, self.chance)

    def run(self, server: Server, key: str, is_over: threading.Event) -> None:
        """Send until the server is killed."""
        try:
            with calling(server, key) as caller:
                while True:
                    self.pending = self.pending or next(self.orders)
                    self.acknowledged.append((self.pending, deliver(caller, self.pending)))
                    self.pending = None
        except (OSError, http.client.HTTPException) as error:
            self.failure = None if is_over.is_set() else error
        except BaseException as error:
            self.failure = error


def deliver(caller: Caller, order: Order) -> Answer:
    """Send it until it is done."""
    while True:
        answer = caller.send(order.method, order.path, order.body, **order.headers)
        if 200 <= answer.status < 300:
            return answer
        under_way = answer.status == 409 and answer.json["type"].endswith("#request-under-way")
        assert answer.status == 503 or under_way, (order, answer)
        time.sleep(PAUSE_SECONDS)


@dataclass
class Trial:
    """One database through many rounds of load and kill, and what its clients know."""

    database: Path
    key: str
    chance: random.Random
    command: Sequence[str] = SERVE
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        with closing(open_migrated(self.database)) as connection:
            self.base = len(history(connection))
        self.writers = [Writer(f"w{number}", random.Random(self.chance.random())) for number in range(WRITERS)]
        self.latest: list[tuple[Order, Answer]] = []

    def round(self) -> None:
        """Start, repeat what was acknowledged in the round before, write, and kill."""
        with self._serving() as server:
            self._repeat(server)
            marks = [len(each.acknowledged) for each in self.writers]
            is_over = threading.Event()
            threads = [threading.Thread(target=each.run, args=(server, self.key, is_over)) for each in self.writers]
            for each in threads:
                each.start()
            self._wait(sum(marks))
            is_over.set()
            kill(server.process)
            for each in threads:
                each.join()
            for writer in self.writers:
                if writer.failure:
                    raise writer.failure
        self.latest = [
            each for writer, mark in zip(self.writers, marks, strict=True) for each in writer.acknowledged[mark:]
        ]
        self.counts["rounds"] += 1
        self.counts["acknowledged"] += len(self.latest)
        self.counts.update(order.kind for order, _ in self.latest)
        self.counts["cut off"] += sum(each.pending is not None for each in self.writers)

    def _wait(self, before: int) -> None:
        """A time by chance; on a slow machine longer, until something was written that could be lost."""
        time.sleep(self.chance.uniform(*ROUND_SECONDS))
        last = time.monotonic() + PATIENCE_SECONDS
        while sum(len(each.acknowledged) for each in self.writers) < before + LEAST and time.monotonic() < last:
            time.sleep(0.01)

    def _serving(self) -> Any:
        return serving(self.database, "--workers", "2", command=self.command, start_new_session=True)

    def repeat(self) -> None:
        """Start once more and ask again."""
        with self._serving() as server:
            self._repeat(server)

    def _repeat(self, server: Server) -> None:
        """The same request under the same Idempotency-Key has the same answer, now and for those that were cut off."""
        with calling(server, self.key) as caller:
            known = [each for each in self.latest if each[0].token]
            for order, before in self.chance.sample(known, min(len(known), REPEATED)):
                assert_same(order, before, deliver(caller, order))
                self.counts["repeated"] += 1
            for writer in self.writers:
                if writer.pending and writer.pending.token:
                    order, writer.pending = writer.pending, None
                    writer.acknowledged.append((order, deliver(caller, order)))
                    assert_same(order, writer.acknowledged[-1][1], deliver(caller, order))
                    self.counts["taken up again"] += 1

    def faults(self, connection: sqlite.Connection) -> list[str]:
        """What the file says against what the clients know. A cut off request that was done is not sent again."""
        tokens = {token for (token,) in connection.execute("SELECT token FROM answers")}
        known = [order for each in self.writers for order in (*(order for order, _ in each.acknowledged), *each.found)]
        pending = [each.pending for each in self.writers if each.pending]
        found = compare(history(connection)[self.base :], tokens, self.key, known, pending)
        self.counts["done but not answered"] += len(found.done)
        for writer in self.writers:
            if writer.pending and writer.pending in found.done and not writer.pending.token:
                writer.found.append(writer.pending)
                writer.pending = None
        return found.faults

    def check(self, is_copy: bool) -> list[str]:
        """Open the file as a start does, or a copy, which leaves the log to the next start."""
        path = self.database
        if is_copy:
            path = self.database.with_name("copy.db")
            for end in ("", "-wal"):
                shutil.copyfile(f"{self.database}{end}", f"{path}{end}")
        scratch = self.database.with_name("scratch.db")
        try:
            with closing(open_migrated(path)) as connection:
                if faults := self.faults(connection):
                    return faults
                assert_sound(connection, scratch)
            return []
        except AssertionError as error:
            return [f"damaged: {error}"]
        finally:
            for each in (scratch, *([path] if is_copy else [])):
                each.unlink(missing_ok=True)


def assert_same(order: Order, before: Answer, after: Answer) -> None:
    """Is it the same answer?"""
    assert (after.status, after.body) == (before.status, before.body), order
    for each in SAME_HEADERS:
        assert after.headers.get(each) == before.headers.get(each), order


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL for the process and its whole group, which is the test's own, and wait until nobody of it is left."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    last = time.monotonic() + GONE_SECONDS
    while any(_is_of(each, process.pid) for each in Path("/proc").glob("[0-9]*/stat")):
        assert time.monotonic() < last
        time.sleep(0.005)


def _is_of(stat: Path, group: int) -> bool:
    """Does the process live and belong to the group?"""
    try:
        state, _, its_group, *_ = stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return int(its_group) == group and state not in "ZX"


def trial(folder: Path, seed: int, command: Sequence[str] = SERVE) -> Trial:
    """A seeded database in a folder of its own, with a key made by the command."""
    folder.mkdir()
    database = seeded(folder / "timeline.db")
    made = subprocess.run(
        [sys.executable, "-m", "api.cli", "keys", "create", "writers", "--scope", "write", "--db", str(database)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return Trial(database, made.stdout.strip(), random.Random(seed), command)


def assert_survives(folder: Path, seed: int, rounds: int) -> Counter[str]:
    """So many rounds on one database, of which nothing may be lost; what happened in them."""
    one = trial(folder, seed)
    for number in range(rounds):
        one.round()
        assert one.check(is_copy=bool(number % 2)) == [], f"seed {seed}, round {number}"
    one.repeat()
    assert one.check(is_copy=False) == []
    return one.counts


def assert_busy(counts: Counter[str], rounds: int) -> None:
    """Was so much written that something could have been lost?"""
    sys.stdout.write(f"{json.dumps(counts)}\n")
    assert counts["rounds"] == rounds
    assert counts["acknowledged"] >= LEAST * rounds
    for kind in ("bundle", "post", "patch", "put", "merge", "delete", "repeated", "taken up again"):
        assert counts[kind] >= rounds, kind
    assert counts["cut off"] >= rounds


def test_killed_servers_lose_nothing(tmp_path: Path) -> None:
    rounds = 4
    assert_busy(assert_survives(tmp_path / "short", 1, rounds), rounds)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_more_killed_servers_lose_nothing(tmp_path: Path, seed: int) -> None:
    rounds = 10
    assert_busy(assert_survives(tmp_path / "long", seed, rounds), rounds)


@pytest.mark.parametrize(("mutant", "faults"), [("late", ("lost",)), ("in_pieces", ("half", "damaged"))])
def test_a_server_that_breaks_the_promise_is_caught(tmp_path: Path, mutant: str, faults: tuple[str, ...]) -> None:
    one = trial(tmp_path / mutant, 2, (sys.executable, str(MUTANTS), mutant, "serve"))
    for _ in range(ROUNDS_OF_A_MUTANT):
        one.latest.clear()  # a repetition would only find it sooner
        one.round()
        found = [each for each in one.check(is_copy=False) if each.startswith(faults)]
        if found:
            sys.stdout.write(f"{mutant}: {len(found)} found; {json.dumps(one.counts)}\n")
            return
    raise AssertionError(f"not caught in {ROUNDS_OF_A_MUTANT} rounds: {one.counts}")
