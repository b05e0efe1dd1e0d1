"""The gateway alone, between applications of a few lines and a connection that a test plays."""

import asyncio
import contextvars
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import pytest

from api.web import gateway
from api.web.gateway import BODY_BYTES, PIECE_BYTES, Gateway, Message
from api.web.problems import BY_NAME

LEFT: Message = {"type": "http.disconnect"}
NEVER = 30.0
"""Seconds after which a test that hangs is ended."""


@dataclass
class Connection:
    """What a server does: hands in messages, then waits until the client leaves; keeps what is sent."""

    arriving: list[Message] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    received: int = 0
    room: Callable[[], Awaitable[None]] | None = None
    """Awaited before a piece of the body is taken: how slow the client is."""
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        self.received += 1
        if self.arriving:
            return self.arriving.pop(0)
        await self.left.wait()
        return LEFT

    async def send(self, message: Message) -> None:
        body_follows = bool(self.sent) and self.sent[0]["type"] == "http.response.start"
        if message["type"] != ("http.response.body" if body_follows else "http.response.start"):
            raise RuntimeError("out of order")
        if self.room and body_follows:
            await self.room()
        self.sent.append(message)
        if not message.get("more_body", True):
            self.left.set()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def pieces(self) -> list[bytes]:
        return [message["body"] for message in self.sent[1:]]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def is_whole(self) -> bool:
        """Has the last piece been sent? If not, the server cuts the connection."""
        return not self.sent[-1].get("more_body", True)


def scope(method: str = "GET", raw_path: str = "/", query: str = "", **headers: str) -> dict[str, Any]:
    """A request as granian describes it; `content_length="5"` is the header `content-length: 5`."""
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {
        "type": "http", "method": method, "raw_path": raw_path.encode(), "path": raw_path, "query_string": query.encode(),
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", "8000"), "client": ("127.0.0.1", "50000"),
        "headers": [(b"host", b"example.org"), *pairs],
    }  # fmt: skip


def part(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def exchange(
    app: WSGIApplication,
    request: dict[str, Any] | None = None,
    *arriving: Message,
    connection: Connection | None = None,
) -> Connection:
    """One request and its answer."""
    used = connection or Connection()
    used.arriving.extend(arriving)

    async def run() -> None:
        await asyncio.wait_for(Gateway(app, 2)(request or scope(), used.receive, used.send), NEVER)

    asyncio.run(run())
    return used


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Mixed-Case", "é")])
    return [b"hello ", b"world"]


class Items:
    """An iterable of bytes that remembers in which threads it was read and closed; an exception among them is raised."""

    def __init__(self, *items: bytes | Exception) -> None:
        self.items = list(items)
        self.read_in: list[str] = []
        self.closed_in: list[str] = []
        self.close_error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        for item in self.items:
            self.read_in.append(threading.current_thread().name)
            if isinstance(item, Exception):
                raise item
            yield item

    def close(self) -> None:
        self.closed_in.append(threading.current_thread().name)
        if self.close_error:
            raise self.close_error

    def app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self


def seen_environ(request: dict[str, Any], *arriving: Message) -> tuple[WSGIEnvironment, bytes]:
    """What the application gets to see of a request: the environ and the body."""
    seen: list[tuple[WSGIEnvironment, bytes]] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append((environ, environ["wsgi.input"].read()))
        return hello(environ, start_response)

    assert exchange(app, request, *arriving).status == 200
    return seen[0]


def assert_problem(connection: Connection, kind: str) -> dict[str, Any]:
    """The answer is the problem of this name, whole, with an id, and closes the connection."""
    document: dict[str, Any] = json.loads(connection.body)
    assert connection.is_whole
    assert connection.status == document["status"] == BY_NAME[kind].status
    assert document["type"] == f"/docs/problems#{kind}"
    assert document["title"] == BY_NAME[kind].title
    assert document["detail"]
    assert len(document["request_id"]) == 32
    assert document["request_id"] == connection.headers["x-request-id"]
    assert connection.headers["content-type"] == "application/problem+json"
    assert connection.headers["connection"] == "close"
    assert connection.headers["content-length"] == str(len(connection.body))
    return document


# The answer


def test_a_small_answer_is_one_piece_and_nothing_is_received() -> None:
    connection = exchange(hello)
    assert connection.status == 200
    assert connection.sent[0]["headers"] == [(b"content-type", b"text/plain"), (b"x-mixed-case", b"\xe9")]
    assert connection.pieces == [b"hello world"]
    assert connection.is_whole
    assert connection.received == 0


def test_an_empty_answer_is_one_empty_piece() -> None:
    assert exchange(Items().app).pieces == [b""]


@pytest.mark.parametrize(
    ("items", "sizes"),
    [
        ([b"x" * 1000] * 200, [66_000, 66_000, 66_000, 2_000]),
        ([b"x" * PIECE_BYTES] * 3, [PIECE_BYTES] * 3),
        ([b"x" * 1_000_000, b"y"], [1_000_000, 1]),
        ([b"x", b"y" * 1_000_000], [1_000_001]),
        ([b"", b"x", b""], [1]),
    ],
)
def test_items_are_joined_to_pieces(items: list[bytes], sizes: list[int]) -> None:
    connection = exchange(Items(*items).app)
    assert [len(piece) for piece in connection.pieces] == sizes
    assert connection.body == b"".join(items)
    assert connection.is_whole


def test_head_has_the_headers_and_makes_no_body() -> None:
    items = Items(*[b"x" * PIECE_BYTES] * 10)
    connection = exchange(items.app, scope("HEAD"))
    assert connection.headers == {"content-type": "text/plain"}
    assert connection.pieces == [b""]
    assert len(items.read_in) <= 1
    assert len(items.closed_in) == 1


def test_a_generator_may_set_the_status_late() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("404 Not Found", [])
        yield b"nothing"

    connection = exchange(app)
    assert (connection.status, connection.body) == (404, b"nothing")


def test_what_is_given_to_write_comes_first() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])(b"first ")
        return [b"then"]

    assert exchange(app).body == b"first then"


def test_all_steps_share_one_context_and_none_runs_in_the_event_loop() -> None:
    variable = contextvars.ContextVar("variable", default=0)
    seen: list[tuple[int, bool]] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            for count in range(5):
                variable.set(variable.get() + 1)
                yield b"x" * PIECE_BYTES
                seen.append((variable.get() - count, threading.current_thread() is threading.main_thread()))
        finally:
            seen.append((variable.get() - 4, threading.current_thread() is threading.main_thread()))

    exchange(app)
    assert seen == [(1, False)] * 6


def test_the_python_library_finds_no_fault_with_the_gateway() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read(5)]

    connection = exchange(validator(app), scope("POST", "/a%20b", "c=d", content_length="5"), part(b"hello", False))
    assert connection.body == b"hello"


# Errors


def test_an_error_before_the_answer_is_a_500_that_hides_the_cause(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise ValueError("a secret cause")

    connection = exchange(app, scope(raw_path="/somewhere"))
    document = assert_problem(connection, "internal-error")
    assert b"secret" not in connection.body
    assert document["request_id"] in caplog.text
    assert "/somewhere" in caplog.text
    assert "a secret cause" in caplog.text


def test_an_error_in_the_first_item_is_a_500() -> None:
    items = Items(b"some", ValueError("a secret cause"))
    assert_problem(exchange(items.app), "internal-error")
    assert len(items.closed_in) == 1


def test_an_application_that_never_starts_an_answer_is_a_500() -> None:
    assert_problem(exchange(lambda environ, start_response: [b"body"]), "internal-error")


def test_an_error_later_leaves_the_answer_unfinished(caplog: pytest.LogCaptureFixture) -> None:
    items = Items(*[b"x" * PIECE_BYTES] * 4, ValueError("a secret cause"))
    connection = exchange(items.app)
    assert connection.status == 200
    assert 1 <= len(connection.pieces) <= 4
    assert not connection.is_whole
    assert b"secret" not in connection.body
    assert "a secret cause" in caplog.text


def test_an_answer_cannot_be_started_again_under_way() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"x" * PIECE_BYTES
        yield b"x" * PIECE_BYTES
        start_response("500 Too Late", [])
        yield b"x"

    connection = exchange(app)
    assert connection.status == 200
    assert not connection.is_whole


@pytest.mark.parametrize("error", [None, ValueError("in the middle")], ids=["whole", "broken"])
@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_close_is_called_once_in_a_thread(method: str, count: int, error: Exception | None) -> None:
    items = Items(*[b"x" * PIECE_BYTES] * count, *([error] if error else []))
    exchange(items.app, scope(method))
    assert len(items.closed_in) == 1
    assert "MainThread" not in items.read_in + items.closed_in


def test_a_failing_close_is_an_error_of_the_answer() -> None:
    items = Items(b"x")
    items.close_error = ValueError("a secret cause")
    assert_problem(exchange(items.app), "internal-error")
    assert len(items.closed_in) == 1


# Clients that are slow or leave


def test_a_client_that_leaves_ends_the_answer() -> None:
    items = Items(*[b"x" * PIECE_BYTES] * 1000)
    connection = Connection()

    async def leave_soon() -> None:
        if len(connection.sent) == 3:
            connection.left.set()
        await asyncio.sleep(0)

    connection.room = leave_soon
    exchange(items.app, connection=connection)
    assert len(items.read_in) < 20
    assert len(items.closed_in) == 1
    assert "MainThread" not in items.closed_in
    assert not connection.is_whole


def test_a_client_that_takes_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gateway, "STALL_SECONDS", 0.05)
    items = Items(*[b"x" * PIECE_BYTES] * 5)

    async def no_room() -> None:
        if len(connection.sent) == 3:
            await asyncio.Event().wait()

    connection = Connection(room=no_room)
    exchange(items.app, connection=connection)
    assert len(connection.pieces) == 2
    assert not connection.is_whole
    assert len(items.closed_in) == 1
    assert "MainThread" not in items.closed_in
    assert "took nothing" in caplog.text


def test_slow_readers_hold_no_thread() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        count = 9 if environ["PATH_INFO"] == "/big" else 1
        return Items(*[b"x" * PIECE_BYTES] * count).app(environ, start_response)

    async def run() -> None:
        served, may_read = Gateway(app, 1), asyncio.Event()

        async def until_read() -> None:
            await may_read.wait()

        readers = [Connection(room=until_read) for _ in range(10)]
        reading = [asyncio.create_task(served(scope(raw_path="/big"), each.receive, each.send)) for each in readers]
        for _ in range(10):
            other = Connection()
            await asyncio.wait_for(served(scope(), other.receive, other.send), NEVER)
            assert other.is_whole
        assert not any(task.done() for task in reading)
        may_read.set()
        await asyncio.wait_for(asyncio.gather(*reading), NEVER)
        assert all(len(reader.body) == 9 * PIECE_BYTES for reader in readers)

    asyncio.run(run())


def test_a_step_that_is_abandoned_ends_and_is_closed() -> None:
    may_go_on, is_closed = threading.Event(), threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            may_go_on.wait(NEVER)
            yield b"x"
        finally:
            is_closed.set()

    async def run() -> None:
        connection = Connection()
        task = asyncio.create_task(Gateway(app, 2)(scope(), connection.receive, connection.send))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task], timeout=NEVER)
        assert not connection.sent

    asyncio.run(run())
    may_go_on.set()
    assert is_closed.wait(NEVER)


# The request


def test_a_body_is_whole_before_the_application_starts() -> None:
    environ, body = seen_environ(scope("POST", content_length="11"), part(b"hello ", True), part(b"world", False))
    assert body == b"hello world"
    assert environ["CONTENT_LENGTH"] == "11"
    assert environ["wsgi.input_terminated"]


def test_a_chunked_body_gets_its_length() -> None:
    environ, body = seen_environ(scope("POST", transfer_encoding="chunked"), part(b"hello", True), part(b"", False))
    assert body == b"hello"
    assert environ["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_body_larger_than_the_memory_it_may_have_is_whole_too() -> None:
    parts = [bytes([number]) * 2**20 for number in range(5)]
    environ, body = seen_environ(
        scope("PUT", transfer_encoding="chunked"), *(part(each, True) for each in parts), part(b"", False)
    )
    assert body == b"".join(parts)
    assert environ["CONTENT_LENGTH"] == str(5 * 2**20)


def test_a_body_of_just_the_limit_is_taken() -> None:
    body = b"x" * BODY_BYTES
    assert seen_environ(scope("POST", content_length=str(BODY_BYTES)), part(body, False))[1] == body


@pytest.mark.parametrize(
    "arriving",
    [
        pytest.param([part(b"x" * (BODY_BYTES + 1), False)], id="at once"),
        pytest.param([part(b"x" * 2**20, True)] * 9 + [part(b"", False)], id="in parts"),
    ],
)
@pytest.mark.parametrize("announced", [{"content_length": str(BODY_BYTES + 1)}, {"transfer_encoding": "chunked"}])
def test_a_body_that_is_too_large_is_read_to_its_end_and_refused(
    announced: dict[str, str], arriving: list[Message]
) -> None:
    connection = exchange(_must_not_run, scope("POST", **announced), *arriving)
    assert_problem(connection, "body-too-large")
    assert not connection.arriving


def test_a_body_announced_as_too_large_is_refused_at_once() -> None:
    connection = Connection(arriving=[part(b"x", True)])
    left_at: list[int] = []

    async def note() -> None:
        left_at.append(connection.received)

    connection.room = note
    exchange(_must_not_run, scope("POST", content_length=str(BODY_BYTES + 1)), connection=connection)
    assert_problem(connection, "body-too-large")
    assert left_at == [0]


@pytest.mark.parametrize("announced", [{"content_length": "50"}, {"transfer_encoding": "chunked"}])
def test_a_body_that_is_cut_short_is_refused(announced: dict[str, str]) -> None:
    connection = exchange(_must_not_run, scope("POST", **announced), part(b"hello", True), LEFT)
    assert "5 bytes" in assert_problem(connection, "body-cut-short")["detail"]


def test_a_body_that_does_not_arrive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODY_SECONDS", 0.05)
    connection = exchange(_must_not_run, scope("POST", content_length="50"), part(b"hello", True))
    assert_problem(connection, "request-timeout")


def test_a_body_that_finds_no_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    connection = exchange(_must_not_run, scope("POST", content_length="2000000"), part(b"x" * 2_000_000, False))
    assert_problem(connection, "unavailable")
    assert connection.headers["retry-after"] == "5"


def _must_not_run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise AssertionError("the application must not see this request")


def test_the_environ_is_what_pep_3333_says() -> None:
    request = scope("DELETE", "/a%2Fb%20%C3%A9%FF%zz", "q=%zz&x=a+b", content_type="text/plain", accept="*/*")
    environ, _ = seen_environ(request)
    expected = {
        "REQUEST_METHOD": "DELETE",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/b \xc3\xa9\xff%zz",
        "QUERY_STRING": "q=%zz&x=a+b",
        "RAW_URI": "/a%2Fb%20%C3%A9%FF%zz?q=%zz&x=a+b",
        "REQUEST_URI": "/a%2Fb%20%C3%A9%FF%zz?q=%zz&x=a+b",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "text/plain",
        "HTTP_ACCEPT": "*/*",
        "HTTP_HOST": "example.org",
    }
    assert {name: value for name, value in environ.items() if not name.startswith("wsgi.")} == expected


def test_a_uri_without_a_query_has_no_question_mark() -> None:
    assert seen_environ(scope(raw_path="/a"))[0]["RAW_URI"] == "/a"


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        ([(b"accept", b"a/b"), (b"accept", b"c/d")], "HTTP_ACCEPT", "a/b, c/d"),
        ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], "HTTP_COOKIE", "a=1; b=2"),
        ([(b"x-forwarded-for", b"10.0.0.1"), (b"x_forwarded_for", b"6.6.6.6")], "HTTP_X_FORWARDED_FOR", "10.0.0.1"),
        ([(b"x_forwarded_for", b"6.6.6.6")], "HTTP_X_FORWARDED_FOR", None),
        ([(b"content_type", b"text/html")], "CONTENT_TYPE", None),
        ([(b"x-latin", b"\xe9")], "HTTP_X_LATIN", "\xe9"),
        ([(b"x-empty", b"")], "HTTP_X_EMPTY", ""),
        ([(b"host", b"")], "HTTP_HOST", None),
        ([(b"content-length", b"0"), (b"content-length", b"0")], "CONTENT_LENGTH", "0"),
    ],
)
def test_headers(headers: list[tuple[bytes, bytes]], name: str, value: str | None) -> None:
    request = scope() | {"headers": headers}
    assert seen_environ(request, part(b"", False))[0].get(name) == value


def test_old_protocol_and_new_address() -> None:
    environ, _ = seen_environ(scope() | {"http_version": "1", "server": ("::1", "80"), "client": ("::1", "50000")})
    assert (environ["SERVER_PROTOCOL"], environ["SERVER_NAME"], environ["REMOTE_ADDR"]) == ("HTTP/1.0", "::1", "::1")
