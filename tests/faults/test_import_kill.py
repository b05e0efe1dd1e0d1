"""An import of UCDP GED that is ended at any moment has changed nothing, leaves nothing running, and can be begun again.

With the file to itself the import leaves WAL mode, and what it had half done is undone by the next start; with others it
stays in WAL mode. SQLite's cache is made small here, so that an import writes all the time and not only at its end.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchmarks import world
from conftest import seeded
from faults.test_kill import GONE_SECONDS, kill
from soundness import assert_sound, derived
from unit.ged_rows import MADE_UP
from unit.samples import contents

from api.importers import ucdp_load
from api.store import connections
from api.store.migrations import open_migrated
from api.store.readers import Reader

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="what runs, and what it waits for, is read from /proc"),
]
ROWS, MANY_ROWS = 300, 3000
SMALL_CACHE = "from api.store import connections; connections.CACHE_KIB = 256; from api.cli import main; main()"
PATIENCE_SECONDS = 120
STILL_SECONDS = 0.4
"""A process that has used no time of the processor for so long waits for another."""


@dataclass(frozen=True)
class Trial:
    """A database, a file to import into it, and what an import leaves that nobody disturbs."""

    db: Path
    file: Path
    wanted: dict[str, Any]
    seconds: float
    """How long that took."""

    @contextmanager
    def importing(self) -> Iterator[subprocess.Popen[str]]:
        """The command in a group of its own, its output in pipes; whatever is left of it is killed at the end."""
        process = begun(self.db, self.file)
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    kill(process)

    def contents(self) -> dict[str, Any]:
        """Every row, and the schema, whose indexes an import does without for a time."""
        connections.check(self.db)
        with closing(open_migrated(self.db)) as connection:
            schema = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            return {**contents(connection), "schema": schema}

    def assert_sound(self) -> None:
        checked = subprocess.run(
            [sys.executable, "-m", "api.cli", "check", "--db", str(self.db)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"{self.db} is sound.\n", "")
        scratch = self.db.with_name("scratch.db")
        with closing(open_migrated(self.db)) as connection:
            assert_sound(connection, scratch)
        scratch.unlink()

    def assert_can_be_done(self) -> None:
        """The import runs to its end, and leaves what one leaves that was never interrupted."""
        with self.importing() as process:
            said, faults = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, faults
        assert " rows read, 0 refused.\n" in said
        self.assert_done()

    def assert_done(self) -> None:
        with closing(open_migrated(self.db)) as connection:
            assert_same(derived(connection), self.wanted)


def begun(db: Path, file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SMALL_CACHE, "import", "ucdp", str(file), "--db", str(db), "--quiet"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=db.parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip


def assert_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert {name for name in wanted if found[name] != wanted[name]} == set()


def empty(path: Path) -> Path:
    open_migrated(path).close()
    return path


FILLED = {"empty": empty, "seeded": seeded}


@dataclass(frozen=True)
class Templates:
    """Databases that are not imported into yet, and the files for them."""

    folder: Path

    def trial(self, folder: Path, filled: str = "empty", rows: int = ROWS) -> Trial:
        """A trial in a folder. What is wanted was imported by a process that nobody disturbed."""
        file, template = self.folder / f"world-{rows}.csv", self.folder / f"{filled}.db"
        if not file.exists():
            world.write(file, rows)
        if not template.exists():
            FILLED[filled](template)
        done, took = self.folder / f"{filled}-{rows}.db", self.folder / f"{filled}-{rows}.seconds"
        if not done.exists():
            shutil.copy(template, done)
            started = time.monotonic()
            process = begun(done, file)
            assert process.communicate(timeout=PATIENCE_SECONDS)[1] == ""
            took.write_text(str(time.monotonic() - started))
        shutil.copy(template, folder / "own.db")
        with closing(open_migrated(done)) as connection:
            return Trial(folder / "own.db", file, derived(connection), float(took.read_text()))


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@contextmanager
def another_reader(db: Path) -> Iterator[Reader]:
    """Somebody who has the file open and reads now and then, such as a server."""
    reader = Reader(db, 10_000)
    try:
        with reader.snapshot():
            reader.version()
        yield reader
    finally:
        reader.close()


# What runs


def reading_process(process: subprocess.Popen[str]) -> int:
    """The process that reads the files, as soon as it is there."""
    last = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < last and process.poll() is None:
        for child in children(process.pid):
            if b"spawn_main" in bytes_of(child, "cmdline"):
                return child
        time.sleep(0.01)
    raise AssertionError(f"no process reads the files: {process.poll()}")


def children(parent: int) -> list[int]:
    return [int(each) for each in bytes_of(parent, f"task/{parent}/children").split()]


def bytes_of(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


def state(process: int) -> tuple[bytes, ...]:
    """The state of a process and how much of the processor it has used; nothing where there is none."""
    fields = bytes_of(process, "stat").rpartition(b")")[2].split()
    return (fields[0], *fields[11:13]) if fields else ()


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS, pause: float = 0.02) -> None:
    last = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < last
        time.sleep(pause)


def is_gone(process: int) -> bool:
    return not state(process) or state(process)[0] in (b"Z", b"X")


def has_open(process: int, file: Path) -> bool:
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            if each.readlink() == file:
                return True
    return False


def stop_until_stuck(process: subprocess.Popen[str], worker: int, file: Path) -> None:
    """Stop the one that stores, until the one that reads has made a batch and cannot get rid of it."""
    wait_until(lambda: has_open(worker, file), pause=0)
    process.send_signal(signal.SIGSTOP)
    known, since = state(worker), time.monotonic()
    last = since + PATIENCE_SECONDS
    while time.monotonic() - since < STILL_SECONDS:
        assert time.monotonic() < last
        time.sleep(0.02)
        if state(worker) != known:
            known, since = state(worker), time.monotonic()
    assert known
    assert known[0] == b"S"


# Killed


def assert_survives_kills(one: Trial, chance: random.Random, is_alone: bool, rounds: int) -> None:
    """Each at another moment of the import, and nothing of it is left, neither stored nor running.

    Where it had stored everything already, and only its end was missing, everything is there.
    """
    before = one.contents()
    copy = Path(shutil.copy(one.db, one.db.with_name("before.db")))
    counts = {"killed": 0, "all was stored": 0, "undone by the next start": 0}
    while counts["killed"] < rounds:
        with nullcontext() if is_alone else another_reader(one.db), one.importing() as process:
            try:
                process.wait(chance.uniform(0.3, 1) * one.seconds)
            except subprocess.TimeoutExpired:
                kill(process)
            has_journal = is_not_empty(one.db.with_name(f"{one.db.name}-journal"))
            counts["undone by the next start"] += has_journal
            assert is_alone or not has_journal
        if one.contents() == before:
            counts["killed"] += 1
        else:
            one.assert_done()
            counts["all was stored"] += 1
            for each in one.db.parent.glob(f"{one.db.name}*"):
                each.unlink()
            shutil.copy(copy, one.db)
    sys.stdout.write(f"{counts}\n")
    one.assert_sound()
    assert_same(one.contents(), before)
    one.assert_can_be_done()


def is_not_empty(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


WAYS = [(filled, is_alone) for filled in FILLED for is_alone in (True, False)]
IDS = [f"{filled}-{'alone' if is_alone else 'wal'}" for filled, is_alone in WAYS]


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "wal"])
def test_a_kill_changes_nothing(tmp_path: Path, templates: Templates, is_alone: bool) -> None:
    one = templates.trial(tmp_path, "seeded")
    assert_survives_kills(one, random.Random(f"seeded {is_alone}"), is_alone, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("filled", "is_alone"), WAYS, ids=IDS)
def test_many_kills_change_nothing(tmp_path: Path, templates: Templates, filled: str, is_alone: bool) -> None:
    one = templates.trial(tmp_path, filled, MANY_ROWS)
    assert_survives_kills(one, random.Random(f"many {filled}{is_alone}"), is_alone, 10)


def test_a_kill_in_the_middle_is_undone_by_the_next_start(tmp_path: Path, templates: Templates) -> None:
    """Outside WAL mode, when pages have been written over already."""
    one = templates.trial(tmp_path, "seeded")
    before, size = one.contents(), one.db.stat().st_size
    with one.importing() as process:
        wait_until(lambda: one.db.stat().st_size > size)
        kill(process)
    assert is_not_empty(one.db.with_name(f"{one.db.name}-journal"))
    assert_same(one.contents(), before)
    one.assert_sound()


def test_the_process_that_reads_ends_when_the_other_is_killed(tmp_path: Path, templates: Templates) -> None:
    """As by an operating system that is out of memory; here while it waits with a batch that nobody takes."""
    one = templates.trial(tmp_path)
    before = one.contents()
    with one.importing() as process:
        worker = reading_process(process)
        stop_until_stuck(process, worker, one.file)
        process.kill()
        process.wait()
        try:
            wait_until(lambda: is_gone(worker), GONE_SECONDS)
        finally:
            if not is_gone(worker):
                os.kill(worker, signal.SIGKILL)
        assert process.communicate(timeout=GONE_SECONDS) == ("", "")
    assert_same(one.contents(), before)


@pytest.mark.parametrize("is_stuck", [False, True], ids=["at once", "in the middle of a batch"])
def test_the_import_ends_when_the_process_that_reads_is_killed(
    tmp_path: Path, templates: Templates, is_stuck: bool
) -> None:
    one = templates.trial(tmp_path)
    before = one.contents()
    with one.importing() as process:
        worker = reading_process(process)
        if is_stuck:
            stop_until_stuck(process, worker, one.file)
        os.kill(worker, signal.SIGKILL)
        process.send_signal(signal.SIGCONT)
        said, faults = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, said) == (1, "")
    assert faults == "event-timeline: the process that reads the files has ended\n"
    assert_same(one.contents(), before)


# Interrupted


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.4])
def test_ctrl_c_changes_nothing(tmp_path: Path, templates: Templates, moment: float) -> None:
    """A terminal tells it to both processes. `moment` is a share of the time once the second is there."""
    one = templates.trial(tmp_path)
    before = one.contents()
    with one.importing() as process:
        worker = reading_process(process)
        time.sleep(moment * one.seconds)
        os.killpg(process.pid, signal.SIGINT)
        said, faults = process.communicate(timeout=PATIENCE_SECONDS)
        assert is_gone(worker)
    if " rows read, 0 refused.\n" in said:  # too late, as only the commit was left, or not even that
        assert process.returncode in (0, -signal.SIGINT)
        assert moment > 0.3
        return
    assert (process.returncode, said) == (130, "")
    assert faults == "event-timeline: interrupted; nothing was changed\n"
    assert_same(one.contents(), before)


def test_ctrl_c_before_the_commit_is_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ignored, so that nobody is told that nothing was changed when it was."""
    ended: list[bool] = []

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGINT)
        ended.append(True)

    before = signal.getsignal(signal.SIGINT)
    try:
        with closing(open_migrated(tmp_path / "own.db")) as connection:
            loaded = ucdp_load.load(connection, [MADE_UP], lambda _: None, ucdp_load.Manner(before_commit=ignore))
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (5,)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [True]
    assert loaded.rows == 5


# Beside others


def test_a_server_reads_the_old_state_until_all_is_stored(tmp_path: Path, templates: Templates) -> None:
    one = templates.trial(tmp_path, "seeded")
    with another_reader(one.db) as reader:
        seen: list[tuple[int, int]] = []
        during = 0
        with one.importing() as process:
            while process.poll() is None:
                with reader.snapshot():
                    ((events,),) = reader.rows("SELECT count(*) FROM events")
                    seen.append((reader.version().seq, events))
                during += 1
                time.sleep(0.01)
            assert process.returncode == 0, process.communicate()
        with reader.snapshot():
            ((events,),) = reader.rows("SELECT count(*) FROM events")
            last = (reader.version().seq, events)
    assert during > 20
    assert last[1] == seen[0][1] + ROWS
    assert set(seen) <= {seen[0], last}
    assert seen[during // 2] == seen[0]


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "wal"])
def test_a_second_import_is_told_that_one_is_under_way(tmp_path: Path, templates: Templates, is_alone: bool) -> None:
    """Which goes on, and is as if nobody had tried."""
    one = templates.trial(tmp_path)
    with nullcontext() if is_alone else another_reader(one.db), one.importing() as first:
        reading_process(first)
        first.send_signal(signal.SIGSTOP)
        with one.importing() as second:
            said, faults = second.communicate(timeout=PATIENCE_SECONDS)
        assert (second.returncode, said) == (1, "")
        assert faults.startswith("event-timeline: ")
        assert faults.endswith("database is locked\n")
        assert faults.count("\n") == 1
        first.send_signal(signal.SIGCONT)
        said, faults = first.communicate(timeout=PATIENCE_SECONDS)
        assert (first.returncode, faults) == (0, ""), faults
    with closing(open_migrated(one.db)) as connection:
        assert_same(derived(connection), one.wanted)
