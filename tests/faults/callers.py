"""Clients for fault tests: each has one connection, sends what writes with a key, and asks again where it is told to.

What a database must be after any fault is here too: `assert_whole`.
"""

import contextlib
import http.client
import itertools
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live import START_SECONDS, STOP_SECONDS, Server, free_port
from unit.samples import contents

from api.config import Settings
from api.model.nouns import NOUNS
from api.store import sqlite
from api.store.connections import check, open_writer
from api.store.keys import create
from api.store.migrations import open_migrated
from api.store.rendering import render_all
from api.web.server import is_listening

PATIENCE_SECONDS = 30
"""Much longer than any request takes; whoever waits so long has been forgotten."""
SERVE = (sys.executable, "-m", "api.cli", "serve")
WORKERS = Settings().workers
PASSING = (412, 503)
"""What a client that increments meets beside others, and tries again."""


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One client with one connection, which is opened again when the server has closed it."""

    def __init__(self, server: Server, key: str = "") -> None:
        self.host = server.address.removeprefix("http://")
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.connection = http.client.HTTPConnection(self.host, timeout=PATIENCE_SECONDS)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request and its answer; `if_match="3"` is the header `If-Match: 3`."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        if self.connection.sock is not None and _is_closed(self.connection):
            self.connection.close()
        self.connection.request(method, path, data, given)
        response = self.connection.getresponse()
        content = response.read()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def create(self, record_id: str, **more: str) -> Answer:
        """Create an actor under this id."""
        return self.send("POST", "/v1/actors", actor(record_id, **more))

    def increment(self, record_id: str) -> list[int]:
        """Add one to the number in an actor's description; the statuses that were met, the last of which is 200."""
        statuses = []
        while True:
            read = self.get(f"/v1/actors/{record_id}")
            assert read.status == 200, read
            number = int(read.json["description"]) + 1
            written = self.send(
                "PATCH", f"/v1/actors/{record_id}", {"description": str(number)}, if_match=f'"{read.json["version"]}"'
            )
            statuses.append(written.status)
            if written.status == 200:
                return statuses
            assert written.status in PASSING, written
            if written.status == 503:
                assert_unavailable(written)
            time.sleep(random.uniform(0.005, 0.04))

    def close(self) -> None:
        self.connection.close()


def _is_closed(connection: http.client.HTTPConnection) -> bool:
    """Has the server closed the connection while nothing was under way?"""
    connection.sock.setblocking(False)
    try:
        return connection.sock.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.sock.settimeout(PATIENCE_SECONDS)


@contextmanager
def calling(server: Server, key: str = "") -> Iterator[Caller]:
    """A caller for a while."""
    with closing(Caller(server, key)) as caller:
        yield caller


def once(server: Server, method: str, path: str, body: Any = None, key: str = "", **headers: str) -> Answer:
    """One request over a connection of its own: the kernel chooses the worker anew."""
    with calling(server, key) as caller:
        return caller.send(method, path, body, **headers)


def actor(record_id: str, **more: str) -> dict[str, Any]:
    return {"id": record_id, "name": f"Name of {record_id}", "type": "other", "evidence": _cited(), **more}


def _cited() -> list[dict[str, str]]:
    return [{"source": "ssbcrack-half-of-aleppo"}]


@contextmanager
def serving(database: Path, *options: str, command: Sequence[str] = SERVE, **popen: Any) -> Iterator[Server]:
    """A server that is ready. What it says goes into a file, so that it never waits for a reader; no traceback is there."""
    port, log = free_port(), log_of(database)
    with log.open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--db", str(database), *options],
            stdout=subprocess.DEVNULL, stderr=file, text=True, **popen,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", process, database)
    try:
        _until_ready(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text("utf-8")


def log_of(database: Path) -> Path:
    """Where the servers of a database say what they have to say: beside the folder that a test may fill or close."""
    return database.parent.parent / f"{database.parent.name}-{database.name}.log"


def _until_ready(server: Server) -> None:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last:
        assert server.process.poll() is None, log_of(server.database).read_text("utf-8")
        with contextlib.suppress(OSError):
            address = ("127.0.0.1", int(server.address.rpartition(":")[2]))
            if is_listening(address, WORKERS) and server.get("/readyz")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server was not ready in {START_SECONDS} s")


def with_key(seed: Path, path: Path) -> str:
    """Copy the seed's database to the path; a key that writes to it."""
    shutil.copyfile(seed, path)
    return new_key(path)


def new_key(path: Path, scope: str = "admin") -> str:
    """A key for the database at the path."""
    with closing(open_migrated(path)) as connection:
        return create(connection, f"tests-{time.monotonic_ns()}", scope, None)


def assert_unavailable(answer: Answer) -> None:
    """A 503 that says when to come again, and nothing of the inside."""
    assert answer.status == 503, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json["type"].endswith("#unavailable")
    assert b"Traceback" not in answer.body
    assert b".db" not in answer.body
    assert b"sqlite" not in answer.body.lower()


def assert_whole(path: Path) -> None:
    """The file is sound, every record is of its newest change, and all that is derived is as it would be made anew.

    Makes the derived anew: call it when nobody else uses the file.
    """
    check(path)
    with closing(open_writer(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for noun in NOUNS:
            _assert_agrees(connection, noun.name)
        before = contents(connection)
        connection.execute("BEGIN IMMEDIATE")
        render_all(connection)
        assert contents(connection) == before
        connection.execute("ROLLBACK")


def _assert_agrees(connection: sqlite.Connection, name: str) -> None:
    versions: dict[str, list[tuple[int, int, str, str]]] = {}
    for record_id, *rest in connection.execute(
        "SELECT id, version, seq, at, change FROM changes WHERE collection = ? ORDER BY seq", (name,)
    ):
        versions.setdefault(record_id, []).append(tuple(rest))
    for record_id, found in versions.items():
        assert [each[0] for each in found] == list(range(1, len(found) + 1)), record_id
    wanted = {
        record_id: found[-1][:3] for record_id, found in versions.items() if found[-1][3] not in ("deleted", "merged")
    }
    rows = connection.execute(f"SELECT id, version, change, updated_at FROM {name}").fetchall()
    assert {record_id: tuple(rest) for record_id, *rest in rows} == wanted
    (texts,) = connection.execute(f"SELECT count(*) FROM {name}_text").fetchone()
    assert texts == len(rows)


def stored(path: Path, prefix: str) -> set[str]:
    """The ids of actors that begin so."""
    with closing(sqlite.connect(path)) as connection:
        rows = connection.execute("SELECT id FROM actors WHERE id GLOB ?", (f"{prefix}*",)).fetchall()
    return {record_id for (record_id,) in rows}


def at_once(*acts: Callable[[], None]) -> None:
    """Run all in threads and wait for them; the first failure is raised."""
    failures: list[BaseException] = []

    def guarded(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failures:
        raise failures[0]


def follow(caller: Caller, is_over: threading.Event, seen: list[int]) -> None:
    """Read the feed until nothing more comes after `is_over`; every change once, in order, without a gap.

    Asks `links.resume` as a keeper of a copy does, with the entity tag, so that 304s are part of it.
    """
    place, tag = "/v1/changes?since=0&limit=100", ""
    while True:
        was_over = is_over.is_set()
        answer = caller.get(place, **({"if_none_match": tag} if tag else {}))
        if answer.status == 304:
            if was_over:
                return
            time.sleep(0.005)
            continue
        assert answer.status == 200, answer
        page = answer.json
        numbers = [each["seq"] for each in page["data"]]
        first = seen[-1] + 1 if seen else 1
        assert numbers == list(range(first, first + len(numbers))), (first, numbers)
        assert page["meta"]["dataset_version"] >= (numbers[-1] if numbers else first - 1)
        seen.extend(numbers)
        resumed = page["links"]["resume"].partition(caller.host)[2]
        tag = answer.headers["etag"] if resumed == place else ""
        place = resumed


def in_order(values: Sequence[Any]) -> bool:
    """Does each value come no earlier than the one before it?"""
    return all(one <= other for one, other in itertools.pairwise(values))
