"""Real servers, treated badly: what must go on, what must be refused, and how a server ends.

`live` is the command as a user starts it; `toy` is the same server with an application that can be slow or break off.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from live import Server, free_port, running, start

from api.config import Settings
from api.store import connections, sqlite
from api.web.gateway import Gateway
from api.web.server import PortInUse, in_worker, serve

pytestmark = pytest.mark.faults
TOY = Path(__file__).with_name("toy.py")
START_SECONDS = 20
STOP_SECONDS = 40
"""A little more than the time that a stop gives to requests under way."""
PATIENCE_SECONDS = 5
"""A request that takes longer is held up by the others."""
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
"""To a path that asks for no key, so that the body is waited for."""
HALF_OF_THE_HEADERS = b"GET /v1/events HTTP/1.1\r\nHost: x\r\nX-Unfinished: "


def get(port: int, path: str = "/healthz", host: str = "127.0.0.1", seconds: float = PATIENCE_SECONDS) -> bytes:
    """The body of a 200, over a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        return body
    finally:
        connection.close()


def raw(port: int, *parts: bytes, ends: bool = False, seconds: float = START_SECONDS) -> bytes:
    """All that comes back for these bytes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        for each in parts:
            client.sendall(each)
        if ends:
            client.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while received := client.recv(65536):
            answer += received
        return bytes(answer)


def assert_others_are_served(port: int, count: int = 20) -> None:
    """More requests than there are threads are answered, each without waiting for a slow client."""
    for _ in range(count):
        get(port)


def until(happens: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Wait for it; fail where it does not happen in time."""
    last = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < last, f"not within {seconds} s"
        time.sleep(0.05)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return bool(get(port))
    return False


@contextlib.contextmanager
def toy(*options: str) -> Iterator[Server]:
    """A running toy, in a process group of its own; its stderr goes to ours."""
    port = free_port()
    command = [sys.executable, str(TOY), str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
    try:
        until(lambda: answers(port))
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def port_of(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def worker_pids(port: int, count: int = 2) -> set[int]:
    """The processes that answer; the kernel spreads connections over them."""
    pids: set[int] = set()

    def has_all() -> bool:
        pids.add(int(get(port, "/pid")))
        return len(pids) >= count

    until(has_all)
    return pids


@contextlib.contextmanager
def half_sent(port: int, data: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many connections on which a request has begun and does not go on."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for client in clients:
            client.settimeout(START_SECONDS)
            client.sendall(data)
        time.sleep(0.2)
        yield clients


@contextlib.contextmanager
def slow_readers(port: int, count: int) -> Iterator[list[int]]:
    """So many clients that take a few hundred bytes of 200 MB at a time; tells what each has got so far."""
    got = [0] * count
    is_over = threading.Event()

    def read(index: int) -> None:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(START_SECONDS)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /big?pieces=3200 HTTP/1.1\r\nHost: x\r\n\r\n")
            while not is_over.wait(0.1):
                got[index] += len(client.recv(512))

    with ThreadPoolExecutor(count) as threads:
        reading = [threads.submit(read, index) for index in range(count)]
        try:
            until(lambda: all(got))
            yield got
        finally:
            is_over.set()
        for each in reading:
            each.result()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server that all tests share which leave it as it was."""
    with running(tmp_path_factory.mktemp("live") / "live.db") as server:
        yield port_of(server)


@pytest.fixture(scope="module")
def hasty_toy() -> Iterator[int]:
    """The port of a toy that waits for a request's body for a second only."""
    with toy("1") as server:
        yield port_of(server)


# Clients that are slow, break off, or send too much


def test_ten_slow_readers_stop_nobody(hasty_toy: int) -> None:
    with slow_readers(hasty_toy, 10) as got:
        assert_others_are_served(hasty_toy)
        before = sum(got)
        until(lambda: sum(got) > before)
    assert_others_are_served(hasty_toy)


@pytest.mark.slow
def test_a_hundred_slow_readers_stop_nobody_for_long(hasty_toy: int) -> None:
    with slow_readers(hasty_toy, 100):
        for _ in range(200):
            assert_others_are_served(hasty_toy, 1)
            time.sleep(0.05)


def test_ten_fast_readers_share_with_others(hasty_toy: int) -> None:
    with ThreadPoolExecutor(10) as threads:
        reading = [threads.submit(get, hasty_toy, "/big?pieces=100") for _ in range(10)]
        assert_others_are_served(hasty_toy)
        one = len(get(hasty_toy, "/big?pieces=1"))
        assert {len(each.result()) for each in reading} == {100 * one}


@pytest.mark.parametrize("count", [8, 24])
def test_half_sent_bodies_stop_nobody(live: int, count: int) -> None:
    with half_sent(live, HALF_A_BODY, count):
        assert_others_are_served(live)


def test_half_sent_headers_stop_nobody(live: int) -> None:
    with half_sent(live, HALF_OF_THE_HEADERS, 200):
        assert_others_are_served(live)


@pytest.mark.slow
def test_half_sent_requests_end(live: int) -> None:
    with half_sent(live, HALF_OF_THE_HEADERS, 200) as headers, half_sent(live, HALF_A_BODY, 24) as bodies:
        for client in headers:
            while client.recv(4096):
                pass
        for client in bodies:
            client.settimeout(60)
            assert client.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_does_not_arrive_is_a_408(hasty_toy: int) -> None:
    head, _, body = raw(hasty_toy, HALF_A_BODY).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["type"] == "/docs/problems#request-timeout"


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 50\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"]
)
def test_a_body_that_is_cut_short_is_a_400(live: int, framing: bytes) -> None:
    head, _, body = raw(live, b"POST / HTTP/1.1\r\nHost: x\r\n" + framing, ends=True).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["type"] == "/docs/problems#body-cut-short"


@pytest.mark.parametrize("mebibytes", [9, 40])
def test_a_client_that_sends_too_much_gets_to_read_why(live: int, mebibytes: int) -> None:
    request = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {mebibytes * 2**20}\r\n\r\n".encode()
    head, _, body = raw(live, request, *[b"x" * 2**20] * mebibytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body)["type"] == "/docs/problems#body-too-large"


@pytest.mark.parametrize("sign", [b">", b"<", b" "])
def test_what_is_no_url_is_refused_before_it_is_read(live: int, sign: bytes) -> None:
    """As `/docs/filter` says; percent-encoded it is an expression."""
    asked = b"GET /v1/events?filter=source_count%s2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    head, _, body = raw(live, asked % sign).partition(b"\r\n\r\n")
    assert (head.split()[1], body) == (b"400", b"")
    head, _, body = raw(live, asked % b"%%%02X" % ord(sign)).partition(b"\r\n\r\n")
    assert head.split()[1] == (b"400" if sign == b" " else b"200")
    assert body


def test_an_answer_that_breaks_off_does_not_look_whole(hasty_toy: int) -> None:
    with pytest.raises(http.client.IncompleteRead):
        get(hasty_toy, "/breaks")


def test_a_failing_application_is_a_500_that_hides_the_cause(hasty_toy: int) -> None:
    head, _, body = raw(hasty_toy, b"GET /raises HTTP/1.1\r\nHost: x\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert json.loads(body)["type"] == "/docs/problems#internal-error"
    assert b"secret" not in body


def test_head_of_a_large_answer_ends_at_once(hasty_toy: int) -> None:
    answer = raw(hasty_toy, b"HEAD /big?pieces=3200 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")
    assert b"content-length: 0" not in answer


# Processes that end


def test_a_killed_worker_is_replaced_and_the_others_go_on() -> None:
    with toy() as server:
        port = port_of(server)
        before = worker_pids(port)
        killed, other = sorted(before)
        os.kill(killed, signal.SIGKILL)
        tries = [answers(port) for _ in range(50)]
        assert tries.count(False) <= 2, "only requests that the killed worker had may fail"
        after = worker_pids(port)
        assert other in after
        assert killed not in after
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(STOP_SECONDS) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent ended")
def test_no_worker_outlives_the_server() -> None:
    with toy() as server:
        port = port_of(server)
        worker_pids(port)
        server.process.kill()
        server.process.wait(STOP_SECONDS)
        until(lambda: not answers(port))


def stop_under_load(stop: Callable[[Server], None]) -> None:
    """More slow requests than there are threads, a stop, and all are answered."""
    with toy() as server, ThreadPoolExecutor(16) as threads:
        under_way = [
            threads.submit(get, port_of(server), "/sleep?seconds=0.5", seconds=STOP_SECONDS) for _ in range(16)
        ]
        time.sleep(0.3)
        stop(server)
        assert all(each.result() for each in under_way)
        assert server.process.wait(STOP_SECONDS) == 0


def test_sigterm_loses_no_request() -> None:
    stop_under_load(lambda server: server.process.send_signal(signal.SIGTERM))


def test_ctrl_c_loses_no_request() -> None:
    stop_under_load(lambda server: os.killpg(server.process.pid, signal.SIGINT))


@pytest.mark.slow
def test_sigterm_loses_no_request_in_twenty_rounds() -> None:
    for _ in range(20):
        test_sigterm_loses_no_request()


@pytest.mark.slow
def test_a_server_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    for tenths in range(30):
        process = start(tmp_path / "new.db", free_port())
        time.sleep(tenths / 20)
        process.send_signal(signal.SIGTERM)
        try:
            _, errors = process.communicate(timeout=STOP_SECONDS)
        finally:
            process.kill()
        assert process.returncode in (0, -signal.SIGTERM), errors
        assert "Traceback" not in errors


# Starts that are refused


def refused(database: Path, port: int, *options: str) -> tuple[int, str]:
    """Exit code and the one line on stderr of a server that must not start."""
    process = start(database, port, *options)
    try:
        output, errors = process.communicate(timeout=START_SECONDS)
    finally:
        process.kill()
    assert output == ""
    assert errors.startswith("event-timeline: ")
    assert errors.count("\n") == 1, errors
    return process.returncode, errors


def test_a_second_server_on_the_port_is_refused(live: int, tmp_path: Path) -> None:
    code, line = refused(tmp_path / "second.db", live)
    assert code == 1
    assert f"127.0.0.1:{live} is in use" in line
    assert_others_are_served(live)


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    code, line = refused(tmp_path / "elsewhere.db", free_port(), "--host", "192.0.2.1")
    assert code == 1
    assert "192.0.2.1" in line


def text_file(path: Path) -> None:
    path.write_text("This is not a database.\n" * 1000)


def another_programs(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite.connect(path)) as connection:
        connection.execute("CREATE TABLE contacts (name TEXT)")
        connection.commit()


def newer(path: Path) -> None:
    with contextlib.closing(sqlite.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def damaged(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xaa" * 16384)


@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (text_file, connections.NOT_OURS, "not a SQLite database"),
        (another_programs, connections.NOT_OURS, "another program"),
        (newer, connections.TOO_NEW, "newer version"),
        (damaged, connections.DAMAGED, "damaged"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(
    database: Path, tmp_path: Path, spoil: Callable[[Path], None], code: int, says: str
) -> None:
    path = tmp_path / "spoilt.db"
    shutil.copyfile(database, path)
    spoil(path)
    content = path.read_bytes()
    found, line = refused(path, free_port())
    assert found == code
    assert str(path) in line
    assert says in line
    assert path.read_bytes() == content, "a file that is refused stays as it is"


# Starts that are not


def test_the_address_is_announced_once_and_without_noise(tmp_path: Path) -> None:
    port = free_port()
    process = start(tmp_path / "new.db", port)
    try:
        until(lambda: answers(port))
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0
    assert output.count(f"http://127.0.0.1:{port} ") == 1
    # Two of granian's threads wait for each worker: now and then one thinks that it has to kill what has just ended.
    assert [line for line in errors.splitlines() if "refused to gracefully stop" not in line] == []


class Workers:
    """In granian's place: two sockets that begin to listen one after the other."""

    announced: ClassVar[list[str]] = []

    def __init__(self, *arguments: object, **options: object) -> None:
        self.arguments, self.options = arguments, options
        self.hooks: list[Callable[[], None]] = []
        self.on_startup = self.hooks.append

    def serve(self, target_loader: Callable[[], object], wrap_loader: bool) -> None:
        assert isinstance(target_loader(), Gateway)
        for hook in self.hooks:
            hook()
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                time.sleep(0.1)
                assert not self.announced
                listener = stack.enter_context(socket.socket())
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                listener.bind(self.arguments[1:])
                listener.listen()
            until(lambda: bool(self.announced))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the workers share one socket")
def test_nothing_is_announced_before_every_worker_listens(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(db=database, port=free_port(), shutdown_seconds=7)
    for name in settings.as_environment():
        monkeypatch.setenv(name, "something else")
    forked: list[Callable[[], None]] = []
    monkeypatch.setattr(os, "register_at_fork", lambda after_in_child: forked.append(after_in_child))
    monkeypatch.setattr("api.web.server.Granian", Workers)
    Workers.announced.clear()
    serve(settings, lambda: Workers.announced.append("listening"))
    assert Workers.announced == ["listening"]
    assert forked == [in_worker]
    assert os.environ["EVENT_TIMELINE_SHUTDOWN_SECONDS"] == "7"


def test_a_port_in_use_is_refused_before_anything_starts(database: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = Settings(db=database, port=other.getsockname()[1])
        with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{settings.port} is in use"):
            serve(settings, lambda: None)


@pytest.mark.parametrize(
    "host", ["::1", pytest.param("localhost", marks=pytest.mark.slow), pytest.param("::", marks=pytest.mark.slow)]
)
def test_other_addresses_of_this_machine(tmp_path: Path, host: str) -> None:
    port = free_port()
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    process = start(tmp_path / "new.db", port, "--host", host)
    try:
        assert process.stdout is not None
        assert "listens on" in process.stdout.readline()
        assert get(port, host="::1" if ":" in host else host)
        assert refused(tmp_path / "second.db", port, "--host", host)[0] == 1
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOP_SECONDS)
