"""What surrounds the server fails: no room, a file system that cannot be written, a lock, a file that rots.

Reads go on where they can, writes answer 503 and take effect again without a restart, and nothing that was acknowledged
is lost. A start that cannot be says why in one line.
"""

import contextlib
import http.client
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from faults.callers import (
    SERVE,
    Answer,
    actor,
    assert_unavailable,
    assert_whole,
    at_once,
    calling,
    log_of,
    once,
    serving,
    stored,
    with_key,
)
from flask.testing import FlaskClient
from live import Server, free_port

from api import create_app
from api.config import Settings
from api.store import reading, sqlite
from api.store.connections import DAMAGED, MISSING, check

pytestmark = pytest.mark.faults
COMMAND_SECONDS = 30
READS = ("/v1/actors", "/v1/events?location=Syria", "/v1/changes?since=100", "/v1/statements?q=Aleppo", "/readyz")
ROUNDS = 8
"""Requests over connections of their own, so that every worker gets some."""
Run = subprocess.CompletedProcess[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the database alone: its log lies beside it."""
    made = tmp_path / "data"
    made.mkdir()
    return made


def command(*arguments: object, files_of: int | None = None, prefix: Sequence[str] = ()) -> Run:
    """A command that ends, whose files may grow to so many bytes."""

    def limit() -> None:
        if files_of is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (files_of, resource.RLIM_INFINITY))

    return subprocess.run(
        [*prefix, sys.executable, "-m", "api.cli", *map(str, arguments)],
        capture_output=True, text=True, timeout=COMMAND_SECONDS, preexec_fn=limit, check=False,
    )  # fmt: skip


def assert_refused(run: Run, code: int = 1) -> str:
    """One line that says what is wrong, and an exit code."""
    assert run.returncode == code, run
    assert run.stdout == ""
    assert run.stderr.startswith("event-timeline: "), run.stderr
    assert run.stderr.count("\n") == 1, run.stderr
    return run.stderr


def refused_start(path: Path, prefix: Sequence[str] = ()) -> str:
    """The one line of a server that cannot start, and must not call its database damaged."""
    line = assert_refused(command("serve", "--port", free_port(), "--db", path, prefix=prefix))
    assert "damaged" not in line
    return line


def assert_starts(path: Path) -> None:
    """A server starts on it, and has the whole seed."""
    with serving(path) as server:
        assert once(server, "GET", "/v1/meta").json["counts"]["events"] > 10
    assert_whole(path)


def assert_reads(server: Server) -> None:
    """Every worker goes on reading."""
    for path in READS * 2:
        assert once(server, "GET", path).status == 200, path


def writes(server: Server, key: str, prefix: str, count: int = ROUNDS) -> dict[str, Answer]:
    """Writes over connections of their own, and what each was answered."""
    answers = {}
    for number in range(count):
        record_id = f"{prefix}-{number}"
        answers[record_id] = once(server, "POST", "/v1/actors", actor(record_id), key)
    return answers


def acknowledged(answers: dict[str, Answer]) -> set[str]:
    """The ids that were answered 201; all others must be clear refusals."""
    for each in answers.values():
        if each.status != 201:
            assert_unavailable(each)
    return {record_id for record_id, each in answers.items() if each.status == 201}


def bundle(prefix: str, count: int, padding: str = "") -> dict[str, Any]:
    records = [actor(f"{prefix}-{number}", **({"description": padding} if padding else {})) for number in range(count)]
    return {"bundle": "event-timeline/1", "actors": records}


# No room


Limit = Callable[[bool], None]


def workers(server: Server) -> list[int]:
    """The server's process and its children."""
    pid = server.process.pid
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())]


def file_limit(server: Server) -> Limit:
    """Lets no file of the server's processes be written, or again: as a quota that is used up."""

    def fill(is_full: bool) -> None:
        for pid in workers(server):
            soft = 0 if is_full else resource.RLIM_INFINITY
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))

    return fill


@contextmanager
def small_disk(path: Path, mebibytes: int = 16) -> Iterator[Path]:
    """A small file system at the path; skips the test where none can be mounted."""
    path.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "tmpfs", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {made.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def ballast(folder: Path) -> Limit:
    """Fills the disk to its last byte, or makes room again."""
    file = folder / "ballast"

    def fill(is_full: bool) -> None:
        if not is_full:
            file.unlink()
            return
        with file.open("wb", buffering=0) as out, contextlib.suppress(OSError):
            while True:
                out.write(bytes(4096))

    return fill


@contextmanager
def bounded(kind: str, folder: Path, seed: Path) -> Iterator[tuple[Server, str, Limit]]:
    """A server whose room can be taken away, by a limit of its processes or by a disk that is full."""
    with contextlib.ExitStack() as stack:
        if kind == "disk":
            stack.enter_context(small_disk(folder))
        path = folder / "full.db"
        key = with_key(seed, path)
        server = stack.enter_context(serving(path))
        yield server, key, ballast(folder) if kind == "disk" else file_limit(server)


@pytest.mark.parametrize("kind", ["limit", "disk"])
def test_no_room(database: Path, folder: Path, kind: str) -> None:
    with bounded(kind, folder, database) as (server, key, fill):
        kept = acknowledged(writes(server, key, "before"))
        assert len(kept) == ROUNDS
        before = once(server, "GET", "/v1/bundle").body
        fill(True)
        for _ in range(50):  # a log that has been reused has some room in it
            answers = writes(server, key, f"full{len(kept)}")
            found = acknowledged(answers)
            kept |= found
            if not found:
                break
        else:
            raise AssertionError("the room does not end")
        large = once(server, "POST", "/v1/bundle", bundle("large", 200, "x" * 2000), key)
        larger = once(server, "POST", "/v1/bundle", bundle("larger", 1000, "x" * 2000), key)  # waits in a file
        snapshot = once(server, "POST", "/v1/snapshots", {"name": "full"}, key)
        for each in (large, larger, snapshot):
            assert_unavailable(each)
        assert_reads(server)
        if len(kept) == ROUNDS:
            assert once(server, "GET", "/v1/bundle").body == before
        processes = workers(server)
        fill(False)
        after = writes(server, key, "after")
        assert acknowledged(after) == after.keys(), "room is used without a restart"
        kept |= after.keys()
        assert once(server, "POST", "/v1/bundle", bundle("large", 200, "x" * 2000), key).json["created"] == 200
        assert once(server, "POST", "/v1/snapshots", {"name": "room"}, key).status == 201
        assert workers(server) == processes
        path = folder / "full.db"
        with closing(sqlite.connect(path)) as connection:
            actors = {each for (each,) in connection.execute("SELECT id FROM actors WHERE seq > 0")}
        assert {each for each in actors if each.startswith(("before", "full", "after"))} == kept
        assert not {each for each in actors if each.startswith("larger")}
        assert [each["name"] for each in once(server, "GET", "/v1/snapshots").json["data"]] == ["room"]
        copy = folder.parent / "copy.db"
        with closing(sqlite.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert_whole(copy)


@pytest.mark.parametrize(
    ("name", "bytes_of_a_file"), [("serve", 0), ("serve", 700_000), ("seed", 0), ("seed", 100_000)]
)
def test_no_room_at_the_first_start(folder: Path, name: str, bytes_of_a_file: int) -> None:
    path = folder / "first.db"
    options = ("--port", free_port()) if name == "serve" else ()
    line = assert_refused(command(name, *options, "--db", path, files_of=bytes_of_a_file))
    assert "disk" in line
    check(path)
    assert ", 0 unchanged" in command("seed", "--db", path).stdout, "nothing was stored of what has no room"
    assert_whole(path)


def test_a_full_disk_at_the_first_start(folder: Path) -> None:
    with small_disk(folder, 1):
        path = folder / "first.db"
        fill = ballast(folder)
        fill(True)
        refused_start(path)
        fill(False)
        line = refused_start(path)  # half of what the seed needs
        assert "full" in line
        subprocess.run(["mount", "-o", "remount,size=32m", str(folder)], check=True)
        assert_starts(path)


@pytest.mark.parametrize("share", [0.0, 0.99])
def test_no_room_for_a_snapshot(database: Path, folder: Path, share: float) -> None:
    path = folder / "snapped.db"
    with_key(database, path)
    limit = int(path.stat().st_size * share)
    before = path.read_bytes()
    assert_refused(command("snapshot", "create", "never", "--db", path, files_of=limit))
    beside = path.with_name(f"{path.name}-snapshots")
    assert not beside.exists() or list(beside.iterdir()) == []
    assert path.read_bytes() == before
    made = command("snapshot", "create", "never", "--db", path)
    assert made.returncode == 0, made
    assert command("snapshot", "verify", "--db", path).returncode == 0


# A file system that cannot be written


def test_a_read_only_disk_at_the_start(database: Path, folder: Path) -> None:
    with small_disk(folder):
        path = folder / "fixed.db"
        shutil.copyfile(database, path)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        refused_start(path)
        refused_start(folder / "new.db")
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        assert_starts(path)


def without_rights() -> list[str]:
    """Put before a command, it takes root's rights away, who otherwise writes to whatever it likes."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root's rights cannot be taken away here")
    return prefix


def permit(folder: Path, writing: bool) -> None:
    """May its owner write to the folder and what is in it?"""
    folder.chmod(0o755 if writing else 0o555)
    for each in folder.iterdir():
        each.chmod(0o644 if writing else 0o444)


def test_a_file_that_may_not_be_written_at_the_start(database: Path, folder: Path) -> None:
    path, prefix = folder / "fixed.db", without_rights()
    shutil.copyfile(database, path)
    permit(folder, writing=False)
    try:
        for each in (path, folder / "new.db", folder / "deeper" / "new.db"):
            refused_start(each, prefix)
    finally:
        permit(folder, writing=True)
    assert_starts(path)


def test_a_file_that_may_not_be_written_while_running(database: Path, folder: Path) -> None:
    """No writer has been opened yet, and no reader of most threads."""
    path, prefix = folder / "fixed.db", without_rights()
    key = with_key(database, path)
    with serving(path, command=[*prefix, *SERVE]) as server:
        permit(folder, writing=False)
        try:
            assert acknowledged(writes(server, key, "never")) == set()
            assert_reads(server)
        finally:
            permit(folder, writing=True)
        assert len(acknowledged(writes(server, key, "after"))) == ROUNDS
        assert_reads(server)
    assert stored(path, "never") == set()
    assert_whole(path)


@contextmanager
def immutable(path: Path, *suffixes: str) -> Iterator[None]:
    """Files that no process can write, whether it has them open or not, as on a disk that was made read-only by a fault."""
    files = [f"{path}{each}" for each in suffixes]
    made = subprocess.run(["chattr", "+i", *files], capture_output=True, text=True, check=False)
    try:
        if made.returncode != 0:
            pytest.skip(f"files cannot be made immutable here: {made.stderr.strip()}")
        yield
    finally:
        subprocess.run(["chattr", "-i", *files], check=made.returncode == 0)


def test_a_disk_that_turns_read_only_while_running(database: Path, folder: Path) -> None:
    if not shutil.which("chattr"):
        pytest.skip("there is no chattr here")
    path = folder / "fixed.db"
    key = with_key(database, path)
    with serving(path) as server:
        kept = acknowledged(writes(server, key, "before"))
        with immutable(path, "", "-wal"):
            assert acknowledged(writes(server, key, "never")) == set()
            assert_reads(server)
            assert once(server, "GET", "/v1/actors/before-0").status == 200
        kept |= acknowledged(writes(server, key, "after"))
        assert_reads(server)
    assert len(kept) == 2 * ROUNDS
    assert stored(path, "before") | stored(path, "never") | stored(path, "after") == kept
    assert_whole(path)


def test_a_disk_that_takes_the_shared_memory_along(database: Path, folder: Path) -> None:
    """SQLite's shared memory is a file too. The kernel ends a worker that writes to it then, and others take its place.

    These begin without the right to write, which SQLite keeps to for as long as a process has the file open: they read,
    and write again after a restart at the latest.
    """
    if not shutil.which("chattr"):
        pytest.skip("there is no chattr here")
    path = folder / "fixed.db"
    key = with_key(database, path)
    with serving(path) as server:
        kept = acknowledged(writes(server, key, "before"))
        with immutable(path, "", "-wal", "-shm"):
            for number in range(ROUNDS):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer = once(server, "POST", "/v1/actors", actor(f"never-{number}"), key)
                    assert_unavailable(answer)
            until(lambda: reads_go_on(server))
        until(lambda: reads_go_on(server))
        kept |= acknowledged(writes(server, key, "after"))
        assert server.process.poll() is None
    assert stored(path, "before") | stored(path, "never") | stored(path, "after") == kept
    assert_whole(path)
    with serving(path) as server:
        assert len(acknowledged(writes(server, key, "restarted"))) == ROUNDS


def reads_go_on(server: Server) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return all(once(server, "GET", path).status == 200 for path in READS * 2)
    return False


def until(happens: Callable[[], bool]) -> None:
    last = time.monotonic() + COMMAND_SECONDS
    while not happens():
        assert time.monotonic() < last
        time.sleep(0.1)


# A lock


@contextmanager
def locked(path: Path, is_exclusive: bool = False) -> Iterator[sqlite.Connection]:
    """Another process's transaction that does not end; an exclusive one keeps readers out too."""
    with closing(sqlite.connect(path, isolation_level=None)) as connection:
        if is_exclusive:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE store SET documents = documents")
        yield connection
        connection.execute("ROLLBACK")


def test_a_lock_that_does_not_end(database: Path, folder: Path) -> None:
    """Twice as many writers as there are threads wait for it or for each other; four readers do not."""
    path = folder / "locked.db"
    key = with_key(database, path)
    reads = [0] * 4
    refused: Counter[int] = Counter()
    with serving(path) as server:
        is_over = threading.Event()

        def read(index: int) -> None:
            with calling(server) as caller:
                while not is_over.is_set():
                    assert caller.get(READS[reads[index] % len(READS)]).status == 200
                    reads[index] += 1

        def write(index: int) -> None:
            with calling(server, key) as caller:
                for number in range(2):
                    assert_unavailable(caller.create(f"never-{index}-{number}"))
                    refused[index] += 1

        def write_all() -> None:
            try:
                at_once(*(lambda index=index: write(index) for index in range(16)))
            finally:
                is_over.set()

        with locked(path):
            at_once(write_all, *(lambda index=index: read(index) for index in range(4)))
        after = writes(server, key, "after")
    assert acknowledged(after) == after.keys()
    assert sum(refused.values()) == 32
    # One writer of each process waits for two seconds, the others a moment. If all waited, they would have every thread,
    # and a reader its turn only after one of them.
    assert sum(reads) > 2 * 32, reads
    assert min(reads) > max(reads) / 10, reads
    assert stored(path, "never") == set()
    assert_whole(path)


def test_a_lock_at_the_start(database: Path, folder: Path) -> None:
    path = folder / "locked.db"
    shutil.copyfile(database, path)
    with locked(path), serving(path) as server:  # nothing need be written
        assert_reads(server)
    with locked(path, is_exclusive=True):
        assert "locked" in refused_start(path)
    check(path)


def test_a_lock_at_the_first_start(folder: Path) -> None:
    path = folder / "new.db"
    with closing(sqlite.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        assert "locked" in refused_start(path)
        with ThreadPoolExecutor(1) as thread:
            seeding = thread.submit(command, "seed", "--db", path)
            time.sleep(1)
            other.execute("ROLLBACK")
            assert "created" in seeding.result().stdout
    assert_whole(path)


# Files that are not as they should be


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)


def cut_inside_a_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 100)


def header_alone(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(100)


def folder_in_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(cut, DAMAGED), (cut_inside_a_page, DAMAGED), (header_alone, DAMAGED), (folder_in_place, MISSING)],
)
def test_a_spoilt_file_is_not_served(database: Path, folder: Path, spoil: Callable[[Path], None], code: int) -> None:
    path = folder / "spoilt.db"
    shutil.copyfile(database, path)
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    line = assert_refused(command("serve", "--port", free_port(), "--db", path), code)
    assert str(path) in line
    assert (path.read_bytes() if path.is_file() else None) == before
    assert [each.name for each in folder.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"", b"noise" * 10_000, bytes(40_000)], ids=["empty", "noise", "zeros"])
@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_log_that_is_none_is_passed_over(database: Path, folder: Path, suffix: str, content: bytes) -> None:
    """What is not a log of this file holds nothing that was acknowledged."""
    path = folder / "beside.db"
    key = with_key(database, path)
    path.with_name(path.name + suffix).write_bytes(content)
    check(path)
    with application(path) as client:
        statuses = ask_all(client, key)
    assert statuses.keys() <= {200, 201, 204, 404, 409}, statuses
    assert_whole(path)


def overwrite(path: Path, pages: range, noise: bytes) -> None:
    """Noise in place of these pages, under the eyes of whoever has the file open."""
    with path.open("r+b") as file:
        for number in pages:
            file.seek(number * 4096)
            file.write((noise * 4096)[:4096])


def test_a_file_that_rots_while_it_is_served(database: Path, folder: Path) -> None:
    path = folder / "rotten.db"
    key = with_key(database, path)
    statuses: Counter[int] = Counter()
    with serving(path) as server:
        assert_reads(server)
        processes = workers(server)
        overwrite(path, range(1, path.stat().st_size // 4096), b"\xa5")
        for number in range(6 * ROUNDS):
            answers = [once(server, "GET", each) for each in READS[:-1]]
            answers.append(once(server, "POST", "/v1/actors", actor(f"rotten-{number}"), key))
            for each in answers:
                statuses[each.status] += 1
                if each.status not in (200, 201):
                    assert_unavailable(each)
        assert once(server, "GET", "/healthz").status == 200
        assert workers(server) == processes
    assert statuses[503] > 0, statuses
    line = assert_refused(command("serve", "--port", free_port(), "--db", path), DAMAGED)
    assert "damaged" in line
    assert "Traceback" not in log_of(path).read_text("utf-8")


QUESTIONS = (
    "/readyz", "/v1/actors?sort=name", "/v1/events?sort=-fatalities&limit=5", "/v1/events?near=36.2,37.16&radius=50",
    "/v1/statements?q=Aleppo", "/v1/timeline?location=Aleppo", "/v1/sources?sort=-published_at", "/v1/locations?within=Syria",
    "/v1/changes?since=0", "/v1/bundle", "/v1/events/summary?group_by=type", "/v1/actors/hayat-tahrir-al-sham/history",
    "/v1/meta", "/v1/events.csv", "/v1/events.geojson", "/v1/events/highway-cut", "/v1/changes.atom", "/v1/events/nowhere",
)  # fmt: skip


@contextmanager
def application(path: Path) -> Iterator[FlaskClient]:
    """A client of the application over the file."""
    app = create_app(Settings(db=path))
    try:
        yield app.test_client()
    finally:
        app.config["STORE"].close()
        app.config["GATE"].close()


def ask_all(client: FlaskClient, key: str) -> Counter[int]:
    """The statuses of many questions and of some writes."""
    statuses: Counter[int] = Counter()
    authorization = {"Authorization": f"Bearer {key}"}
    for each in QUESTIONS:
        statuses[client.get(each).status_code] += 1
    statuses[client.post("/v1/actors", json=actor("written"), headers=authorization).status_code] += 1
    tag = {"If-Match": "*", **authorization}
    statuses[client.patch("/v1/events/highway-cut", json={"title": "Other"}, headers=tag).status_code] += 1
    statuses[client.delete("/v1/statements/sohr-death-toll", headers=tag).status_code] += 1
    return statuses


@pytest.mark.parametrize("step", [pytest.param(40, id="short"), pytest.param(1, id="long", marks=pytest.mark.slow)])
@pytest.mark.parametrize("noise", [b"\x00", b"\xa5"], ids=["zeros", "noise"])
def test_no_page_that_rots_makes_a_fault_of_ours(database: Path, folder: Path, step: int, noise: bytes) -> None:
    """Whichever page it is: 503 from whoever needs it, an answer from the others, and never a 500."""
    whole = folder / "whole.db"
    key = with_key(database, whole)
    found: dict[int, Counter[int]] = {}
    for page in range(1, whole.stat().st_size // 4096, step):
        path = folder / "rotten.db"
        for each in folder.glob("rotten.db*"):
            each.unlink()
        shutil.copyfile(whole, path)
        overwrite(path, range(page, page + 1), noise)
        with application(path) as client:
            found[page] = ask_all(client, key)
    total = sum(found.values(), Counter())
    assert {page: each for page, each in found.items() if each[500]} == {}
    assert total[503] > 0


def locks(path: Path) -> list[str]:
    """The locks on a file, as the kernel knows them; each without its number."""
    listed = Path("/proc/locks")
    lines = listed.read_text("ascii").splitlines() if listed.exists() else []
    return sorted(line.partition(":")[2] for line in lines if f":{path.stat().st_ino} " in line)


def test_a_fault_of_ours_leaves_the_locks_on_the_file(
    database: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them another process that closes the database takes itself for the last one, and takes the log away."""
    path = folder / "locked.db"
    with_key(database, path)
    with application(path) as client:
        assert client.get("/v1/events").status_code == 200
        held = locks(path)
        if not held:
            pytest.skip("the kernel tells of no locks here")
        monkeypatch.setattr(reading, "page", Mock(side_effect=KeyError))
        assert client.get("/v1/events?limit=1").status_code == 500
        assert locks(path) == held
