"""Snapshots in the store and on the command line: whole or not there, never changed, with nothing in them that gives access."""

import errno
import fcntl
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import seeded

from api.cli import main
from api.model.problem import Problem
from api.store import keys, snapshots, sqlite
from api.store.connections import MISSING
from api.store.readers import SNAPSHOTS_KEPT, Store, snapshot_file
from unit.samples import bundle, event, opened, refusal, sample, store

GOOD_NAMES = ("a", "0", "2026-01", "v1.0_rc-2", "a..b", "x" * 64, "con", "a.db", "a.json", "a-")
BAD_NAMES = (
    "", " ", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", "%2e", "%2e%2e%2fx", "a\0b", "a\n", "a b", "x" * 65, "A",
    "a.", "a..", ".a", ".making", "-a", "_a", "é", "a:b", "~", "~root", "a*", "\udcff", "a\u202e",
)  # fmt: skip
BAD_NOTES = ("", "  ", "x" * 1001, "a\0b", "\udcff")
SECRET = "cafe" * 16
ANSWERED = "what-a-request-was-answered"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    with opened(tmp_path / "own.db", sample()):
        pass
    return tmp_path / "own.db"


def folder(db: Path) -> Path:
    return snapshot_file(db, "").parent


def files(db: Path) -> list[str]:
    """All that is in the folder of the snapshots."""
    return sorted(path.name for path in folder(db).glob("**/*")) if folder(db).exists() else []


def is_sound(db: Path) -> bool:
    """Is everything that is listed whole, and nothing there by half?"""
    return not snapshots.unread(db) and not any(snapshots.difference(db, each) for each in snapshots.listed(db))


def problem(act: object, status: int, kind: str) -> Problem:
    found = refusal(act)  # type: ignore[arg-type]
    assert (found.status, found.kind) == (status, kind)
    return found


# What is made


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_name_becomes_two_files(db: Path, name: str) -> None:
    made = snapshots.create(db, name, "A note.")
    assert files(db) == sorted([f"{name}.db", f"{name}.json"])
    assert snapshots.listed(db) == [made]
    assert snapshots.find(db, name) == made


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_be_a_path_is_refused(db: Path, name: str) -> None:
    found = problem(lambda: snapshots.create(db, name), 422, "invalid-record")
    assert [fault.pointer for fault in found.faults] == ["/name"]
    assert "\n" not in found.detail
    assert not folder(db).exists()
    problem(lambda: snapshots.find(db, name), 400, "invalid-parameter")


@pytest.mark.parametrize("note", BAD_NOTES)
def test_a_note_that_cannot_be_stored_is_refused(db: Path, note: str) -> None:
    found = problem(lambda: snapshots.create(db, "a", note), 422, "invalid-record")
    assert [fault.pointer for fault in found.faults] == ["/note"]
    assert not folder(db).exists()


def test_the_sidecar_says_what_the_copy_is(db: Path) -> None:
    made = snapshots.create(db, "first", "For the report.")
    file = snapshot_file(db, "first")
    assert json.loads(file.with_suffix(".json").read_text()) == {**vars(made)}
    assert (made.name, made.note) == ("first", "For the report.")
    assert made.bytes == file.stat().st_size
    assert made.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert made.licences == ["CC0-1.0"]
    assert made.counts == {name: len(sample()[name]) for name in made.counts}
    connection = sqlite.connect(db)
    row = connection.execute("SELECT epoch, max(seq), max(at) FROM store, changes").fetchone()
    connection.close()
    assert (made.epoch, made.dataset_version, made.changed_at) == row


def test_the_files_are_for_reading_only(db: Path) -> None:
    snapshots.create(db, "first")
    for path in folder(db).iterdir():
        assert path.stat().st_mode & 0o777 == 0o444


def test_the_copy_needs_no_files_beside_it(db: Path) -> None:
    snapshots.create(db, "first")
    connection = sqlite.connect(f"{snapshot_file(db, 'first').as_uri()}?mode=ro", uri=True)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert files(db) == ["first.db", "first.json"]


def test_a_name_is_given_once(db: Path) -> None:
    made = snapshots.create(db, "first")
    data = snapshot_file(db, "first").read_bytes()
    with opened(db, bundle(events=[event("later", evidence=[{"source": "paper"}])])):
        pass
    found = problem(lambda: snapshots.create(db, "first", "Another."), 409, "conflict")
    assert '"first"' in found.detail
    assert snapshots.listed(db) == [made]
    assert snapshot_file(db, "first").read_bytes() == data
    assert files(db) == ["first.db", "first.json"]


def test_a_file_that_comes_in_between_is_not_overwritten(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(sidecar: Path, copy: Path, file: Path) -> None:
        file.write_bytes(b"somebody's")
        original(sidecar, copy, file)

    original = snapshots._publish
    monkeypatch.setattr(snapshots, "_publish", publish)
    problem(lambda: snapshots.create(db, "first"), 409, "conflict")
    assert snapshot_file(db, "first").read_bytes() == b"somebody's"
    assert files(db) == ["first.db"]


def test_the_newest_comes_first(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day, name in enumerate(("b", "c", "a"), 1):
        monkeypatch.setattr(snapshots, "now", lambda day=day: f"2030-01-0{day}T00:00:00Z")
        snapshots.create(db, name)
    assert [each.name for each in snapshots.listed(db)] == ["a", "c", "b"]


def test_nothing_of_access_is_in_the_copy(db: Path) -> None:
    with opened(db) as connection:
        for number in range(50):
            key = keys.create(connection, f"key {number}", "write", None)
        connection.execute("UPDATE keys SET digest = ?", (SECRET,))
        connection.execute("UPDATE changes SET key = ?", (key[:11],))
        for number in range(200):
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?)",
                (key[:11], f"token {number}", SECRET, "2026-01-01T00:00:00Z", ANSWERED * 50),
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert SECRET.encode() in db.read_bytes()
        snapshots.create(db, "first")
        assert connection.execute("SELECT min(length(digest)), count(*) FROM keys").fetchone() == (64, 50)
    for path in folder(db).iterdir():
        data = path.read_bytes()
        assert SECRET.encode() not in data
        assert ANSWERED.encode() not in data
        assert b"token 1" not in data
    copy = sqlite.connect(f"{snapshot_file(db, 'first').as_uri()}?mode=ro", uri=True)
    assert copy.execute("SELECT count(*), max(digest) FROM keys").fetchone() == (50, "")
    assert copy.execute("SELECT count(*) FROM answers").fetchone() == (0,)
    copy.close()


def test_a_copy_made_while_others_write_is_of_one_moment(db: Path) -> None:
    """Each bundle brings two events, so that a copy with an odd number of these has half a transaction."""
    stop, failures = threading.Event(), []

    def write() -> None:
        try:
            with opened(db) as connection:
                for number in range(10_000):
                    if stop.is_set():
                        return
                    store(connection, bundle(events=[event(f"e-{number}-{side}") for side in "ab"]))
        except Exception as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    made: list[snapshots.Snapshot] = []
    try:
        made += [snapshots.create(db, f"s{number}") for number in range(5)]
    finally:
        stop.set()
        writer.join()
    assert not failures
    assert len({each.dataset_version for each in made}) > 1
    for each in made:
        copy = sqlite.connect(f"{snapshot_file(db, each.name).as_uri()}?mode=ro&immutable=1", uri=True)
        count, odd = copy.execute("SELECT count(*), count(*) % 2 FROM events WHERE id LIKE 'e-%'").fetchone()
        newest = copy.execute("SELECT max(seq) FROM changes").fetchone()[0]
        copy.close()
        assert odd == 0
        assert newest == each.dataset_version
        assert count + 2 == each.counts["events"]
    assert is_sound(db)


# What goes wrong


def test_one_snapshot_is_made_at_a_time(db: Path) -> None:
    folder(db).mkdir()
    handle = os.open(folder(db), os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    found = problem(lambda: snapshots.create(db, "first"), 503, "unavailable")
    assert "Another snapshot is being made" in found.detail
    os.close(handle)
    snapshots.create(db, "first")


def test_what_a_crash_left_is_not_listed_and_goes(db: Path) -> None:
    snapshots.create(db, "first")
    sidecar = folder(db) / "first.json"
    (folder(db) / snapshots.MAKING).mkdir()
    (folder(db) / snapshots.MAKING / "second.db").write_bytes(b"half")
    (folder(db) / "second.json").write_bytes(sidecar.read_bytes())
    assert [each.name for each in snapshots.listed(db)] == ["first"]
    assert is_sound(db)
    snapshots.create(db, "second")
    assert [each.name for each in snapshots.listed(db)] == ["second", "first"]
    assert files(db) == ["first.db", "first.json", "second.db", "second.json"]
    assert is_sound(db)


@pytest.mark.parametrize("step", ["_copied", "_described", "_to_disk", "Path.hardlink_to"])
def test_a_full_disk_leaves_nothing(db: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")

    with monkeypatch.context() as patch:
        patch.setattr(f"api.store.snapshots.{step}", fail)
        found = problem(lambda: snapshots.create(db, "first"), 503, "unavailable")
        assert found.detail == "The snapshot cannot be stored: No space left on device."
        assert files(db) == []
    snapshots.create(db, "first")


@pytest.mark.parametrize("most_bytes", [40_000, 150_000])
def test_a_copy_that_does_not_fit_leaves_nothing(db: Path, most_bytes: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "snapshot", "create", "first", "--db", str(db)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("event-timeline: ")
    assert done.stderr.count("\n") == 1
    assert files(db) == []


KILLED_AT = """
import os, signal, sys
from itertools import count
from pathlib import Path
from api.store import snapshots

steps, last, to_disk = count(1), int(sys.argv[2]), snapshots._to_disk

def step(path):
    if next(steps) == last:
        os.kill(os.getpid(), signal.SIGKILL)
    to_disk(path)

snapshots._to_disk = step
snapshots.create(Path(sys.argv[1]), "first")
"""


@pytest.mark.parametrize(("step", "is_there"), [(1, False), (2, False), (3, False), (4, False), (5, True)])
def test_a_kill_between_two_steps_leaves_all_or_nothing(db: Path, step: int, is_there: bool) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_AT, str(db), str(step)], timeout=60, check=False)
    assert done.returncode == -9
    assert bool(snapshots.listed(db)) == is_there
    assert is_sound(db)
    if not is_there:
        snapshots.create(db, "first")
    snapshots.create(db, "second")
    assert files(db) == ["first.db", "first.json", "second.db", "second.json"]
    assert is_sound(db)


def kill_rounds(db: Path, rounds: int) -> None:
    """Kill the command at moments of its work, so many times; whatever is listed is whole."""
    for number in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "snapshot", "create", f"s{number}", "--db", str(db)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        last = time.monotonic() + 30
        while process.poll() is None and not (folder(db) / snapshots.MAKING).exists():
            assert time.monotonic() < last
            time.sleep(0.0005)
        time.sleep(random.uniform(0, 0.08))
        process.kill()
        _, said = process.communicate()
        assert not said
        assert is_sound(db)
        assert not any(each.name > f"s{number}" for each in snapshots.listed(db) if len(each.name) == 2)
    snapshots.create(db, "last")
    assert not (folder(db) / snapshots.MAKING).exists()
    assert is_sound(db)


def test_a_kill_at_any_moment_leaves_all_or_nothing(tmp_path: Path) -> None:
    kill_rounds(seeded(tmp_path / "own.db"), 5)


@pytest.mark.slow
def test_a_hundred_kills_leave_all_or_nothing(tmp_path: Path) -> None:
    kill_rounds(seeded(tmp_path / "own.db"), 100)


# Readers


@pytest.fixture
def readers(db: Path) -> Iterator[Store]:
    found = Store(db, 2000)
    yield found
    found.close()


def open_copies(db: Path) -> list[str]:
    """The copies that this process has open."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.append(path.readlink())
        except FileNotFoundError:
            continue
    return sorted(path.stem for path in found if path.parent == folder(db))


def test_a_thread_keeps_the_snapshots_used_last(db: Path, readers: Store) -> None:
    names = [f"s{number}" for number in range(SNAPSHOTS_KEPT + 2)]
    for name in names:
        snapshots.create(db, name)
    live = readers.reader()
    for name in names[:-1]:
        assert readers.reader(name) is readers.reader(name)
    assert open_copies(db) == names[1:-1]
    readers.reader(names[1])
    readers.reader(names[-1])
    assert open_copies(db) == sorted({*names[1:], names[1]} - {names[2]})
    assert readers.reader() is live
    readers.close()
    assert open_copies(db) == []


def test_a_reader_of_a_snapshot_cannot_write(db: Path, readers: Store) -> None:
    snapshots.create(db, "first")
    reader = readers.reader("first")
    with reader.snapshot(), pytest.raises(sqlite.OperationalError):
        reader.rows("DELETE FROM events")


def test_a_snapshot_of_another_version_of_the_program_is_not_read(db: Path, readers: Store) -> None:
    snapshots.create(db, "first")
    set_schema_version(snapshot_file(db, "first"), 1)
    for _ in range(2):
        found = problem(lambda: readers.reader("first"), 503, "unavailable")
        assert "another version of this program (schema 1" in found.detail
    assert open_copies(db) == []


def set_schema_version(file: Path, version: int) -> None:
    file.chmod(0o644)
    connection = sqlite.connect(file, isolation_level=None)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


# The command line


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["snapshot", *map(str, arguments)])


def said(result: Result) -> str:
    """The one line of a command that failed."""
    assert result.exit_code != 0
    assert result.stderr.startswith("event-timeline: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("event-timeline: ").rstrip("\n")


def test_the_commands(db: Path) -> None:
    made = run("create", "first", "--note", "For the report.", "--db", db)
    (snapshot,) = snapshots.listed(db)
    assert made.exit_code == 0
    told = f"dataset version {snapshot.dataset_version}, {snapshot.bytes} bytes, SHA-256 {snapshot.sha256}"
    assert made.stdout == f"first: {told}\n"
    assert run("create", "second", "--db", db).exit_code == 0
    lines = run("list", "--db", db).stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"first", "second"}
    assert any(line.endswith(f"{snapshot.sha256}  For the report.") for line in lines)
    assert sorted(run("verify", "--db", db).stdout.splitlines()) == ["first: as it was made", "second: as it was made"]
    assert run("verify", "first", "--db", db).stdout == "first: as it was made\n"


def test_a_command_that_fails_says_why_in_a_line(db: Path, tmp_path: Path) -> None:
    run("create", "first", "--db", db)
    assert said(run("create", "first", "--db", db)).startswith('There is a snapshot named "first" already')
    assert said(run("create", "../x", "--db", db)).startswith("name: Must be a name of small letters")
    assert said(run("create", "x", "--note", "", "--db", db)) == "note: Must not be empty."
    assert said(run("verify", "frist", "--db", db)).endswith('did you mean "first"?')
    for command in (["create", "x"], ["list"], ["verify"]):
        result = run(*command, "--db", tmp_path / "absent.db")
        assert result.exit_code == MISSING
        assert said(result).endswith("is not there")
    assert not folder(tmp_path / "absent.db").exists()


def longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def other(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def without_sidecar(file: Path) -> None:
    file.with_suffix(".json").unlink()


def unreadable_sidecar(file: Path) -> None:
    file.with_suffix(".json").chmod(0o644)
    file.with_suffix(".json").write_text("{}")


@pytest.mark.parametrize("change", [longer, other, without_sidecar, unreadable_sidecar])
def test_verify_finds_a_snapshot_that_was_changed(db: Path, change: object) -> None:
    for name in ("first", "second"):
        run("create", name, "--db", db)
    snapshot_file(db, "first").chmod(0o644)
    change(snapshot_file(db, "first"))  # type: ignore[operator]
    result = run("verify", "--db", db)
    assert result.exit_code == 1
    assert "second: as it was made\n" in result.stdout
    assert said(result) == "1 of 2 snapshots are not as they were made"
    assert run("verify", "second", "--db", db).exit_code == 0
    assert run("verify", "first", "--db", db).exit_code == 1
