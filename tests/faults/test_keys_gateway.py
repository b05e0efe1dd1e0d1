"""Keys before bodies: who may not write cannot make a server take in what they send, nor wait for it."""

import asyncio
import http.client
import json
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from live import Server, running

from api.model.problem import Problem
from api.store.keys import create, revoke
from api.store.migrations import open_migrated
from api.store.readers import Store
from api.web.forms import FORM_BYTES
from api.web.gateway import Gateway, Message
from api.web.keys import admission

pytestmark = pytest.mark.faults
AT_ONCE_SECONDS = 2.0
"""Much less than the time for which the server would wait for a body."""
UNKNOWN = f"et_00000000_{'x' * 43}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway") / "keys.db"


@pytest.fixture(scope="module")
def server(database: Path) -> Iterator[Server]:
    with running(database) as server:
        yield server


@pytest.fixture(scope="module")
def keys(server: Server, database: Path) -> dict[str, str]:
    """A key of each scope and one that was revoked, made while the server runs."""
    connection = open_migrated(database)
    try:
        made = {name: create(connection, name, name, None) for name in ("read", "write")}
        made["revoked"] = create(connection, "revoked", "write", None)
        revoke(connection, "revoked")
    finally:
        connection.close()
    return made


def connected(server: Server) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=AT_ONCE_SECONDS)


def request(method: str = "POST", *headers: str, path: str = "/v1/events", body: bytes = b"") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode("latin-1") + body


def answer(client: socket.socket) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and problem of the answer, which must come while the request is still under way."""
    response = http.client.HTTPResponse(client)
    try:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, json.loads(response.read())
    finally:
        response.close()


HALF = ("Content-Length: 1000",)
CHUNKED = ("Transfer-Encoding: chunked",)
REFUSED = [
    ([], "key-required", 401),
    ([f"Authorization: Bearer {UNKNOWN}"], "key-refused", 401),
    (["X-API-Key: ключ".encode().decode("latin-1")], "key-refused", 401),
    (["Authorization: Basic dXNlcjpwYXNz"], "key-required", 401),
    (["Authorization: Bearer @revoked"], "key-refused", 401),
    (["Authorization: Bearer @write", "X-API-Key: @read"], "key-refused", 401),
    (["Authorization: Bearer @read"], "scope-too-narrow", 403),
    (["X_API_Key: @write"], "key-required", 401),
    (["X-API-Key: @write", "Content-Encoding: gzip"], "unsupported-media-type", 415),
    (["X-API-Key: @write", "Content-Encoding: br, identity"], "unsupported-media-type", 415),
    (["Content-Encoding: gzip"], "unsupported-media-type", 415),
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "kind", "status"), REFUSED, ids=[f"{kind} {each}"[:60] for each, kind, _ in REFUSED]
)
def test_a_half_sent_body_is_refused_at_once(
    server: Server, keys: dict[str, str], method: str, headers: list[str], kind: str, status: int
) -> None:
    for name, key in keys.items():
        headers = [each.replace(f"@{name}", key) for each in headers]
    for framing, part in ((HALF, b'{"id":'), (CHUNKED, b"5\r\nhello\r\n")):
        with connected(server) as client:
            client.sendall(request(method, *framing, *headers, body=part))
            found, answered, problem = answer(client)
        assert (found, problem["status"], problem["type"]) == (status, status, f"/docs/problems#{kind}")
        assert answered["cache-control"] == "no-store"
        assert answered["connection"] == "close"
        if status in (401, 403):
            assert answered["www-authenticate"].startswith('Bearer realm="event-timeline"')
        else:
            assert answered["accept-encoding"] == "identity"
        assert not any(key[12:] in str((answered, problem)) for key in keys.values())


@pytest.mark.parametrize("path", ["/%76%31/events", "/v1/nothing", "/v1/events?x=1", "/v1/"])
def test_every_way_to_write_a_path_is_looked_at(server: Server, path: str) -> None:
    with connected(server) as client:
        client.sendall(request("POST", *HALF, path=path))
        assert answer(client)[0] == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_without_a_length_is_refused(server: Server, keys: dict[str, str], method: str) -> None:
    with connected(server) as client:
        client.sendall(request(method, f"X-API-Key: {keys['write']}", body=b'{"id": "x"}'))
        status, headers, problem = answer(client)
        assert (status, problem["type"]) == (411, "/docs/problems#length-required")
        assert headers["connection"] == "close"
        assert client.recv(1) == b""  # what followed is never taken for another request


def test_a_whole_body_is_read_with_a_key_that_may_write(server: Server, keys: dict[str, str]) -> None:
    with connected(server) as client:
        key = f"Authorization: Bearer {keys['write']}"
        client.sendall(
            request("POST", "Content-Length: 2", key, "Content-Encoding: identity", path="/v1/nothing", body=b"{}")
        )
        status, headers, _ = answer(client)
    assert status in (404, 405)
    assert "server-timing" in headers, "the application has answered"


def test_a_connection_ends_after_a_refusal(server: Server) -> None:
    """With a body that is whole, there is nothing to wait for."""
    with connected(server) as client:
        client.sendall(request("POST", "Content-Length: 2", body=b"{}"))
        assert answer(client)[0] == 401
        assert client.recv(1) == b""


@pytest.mark.parametrize("mebibytes", [1, 9])
def test_a_client_without_a_key_gets_to_read_why(server: Server, mebibytes: int) -> None:
    with connected(server) as client:
        client.sendall(request("POST", f"Content-Length: {mebibytes * 2**20}"))
        for _ in range(mebibytes):
            client.sendall(b"x" * 2**20)
        assert answer(client)[0] == 401


@pytest.mark.parametrize("headers", [[], [f"X-API-Key: {UNKNOWN}"]])
def test_half_sent_bodies_without_keys_keep_nobody_waiting(
    server: Server, keys: dict[str, str], headers: list[str]
) -> None:
    clients = [connected(server) for _ in range(16)]
    try:
        for client in clients:
            client.sendall(request("POST", *HALF, *headers, body=b"{"))
        for _ in range(20):
            started = time.monotonic()
            assert server.get("/v1/events?limit=1")[0] == 200
            assert time.monotonic() - started < AT_ONCE_SECONDS
        for client in clients:
            assert answer(client)[0] == 401
    finally:
        for client in clients:
            client.close()


# The gateway alone


def exchange(
    admit: Any, *pairs: tuple[str, str], method: str = "POST", path: str = "/a"
) -> tuple[list[Message], int, list[bytes]]:
    """What a gateway sends, how often it asked for more of the request, and the bodies that the application saw."""
    arriving: list[Message] = [{"type": "http.request", "body": b"hello", "more_body": False}]
    sent: list[Message] = []
    bodies: list[bytes] = []
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += not sent
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    scope = {
        "type": "http", "method": method, "raw_path": path.encode(), "query_string": b"", "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", "8000"), "client": ("127.0.0.1", "50000"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs],
    }  # fmt: skip
    asyncio.run(Gateway(app, 1, admit)(scope, receive, send))
    return sent, asked, bodies


def test_who_is_not_admitted_is_not_read() -> None:
    def refuse(*_: Any) -> None:
        raise Problem(401, "key-required", "A key, please.", headers={"WWW-Authenticate": "Bearer"})

    sent, asked, bodies = exchange(refuse, ("content-length", "5"))
    assert sent[0]["status"] == 401
    assert (b"www-authenticate", b"Bearer") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["detail"] == "A key, please."
    assert (asked, bodies) == (0, [])


def test_who_is_admitted_is_read() -> None:
    seen: list[tuple[str, str, Mapping[str, str]]] = []

    def admit(method: str, path: str, headers: Mapping[str, str]) -> None:
        seen.append((method, path, headers))

    pairs = [("content-length", "5"), ("x-a", "1"), ("x-a", "é"), ("x_b", "2")]
    sent, _, bodies = exchange(admit, *pairs, path="/a%20b")
    assert sent[0]["status"] == 200
    assert bodies == [b"hello"]
    assert seen == [("POST", "/a b", {"content-length": "5", "x-a": "1, é"})]


@pytest.mark.parametrize(("most", "status"), [(None, 200), (5, 200), (4, 413)])
def test_who_admits_may_bound_the_body(most: int | None, status: int) -> None:
    """With and without a length that was told before."""
    for pair in (("content-length", "5"), ("transfer-encoding", "chunked")):
        sent, _, bodies = exchange(lambda *_: most, pair)
        assert sent[0]["status"] == status
        assert bodies == ([b"hello"] if status == 200 else [])


def test_a_form_that_reads_is_admitted_to_nothing_else(tmp_path: Path) -> None:
    store, form = Store(tmp_path / "there-is-none.db", 100), "/v1/reconcile/actors"
    admit = admission(store, (form,))
    for method in ("POST", "post"):
        assert admit(method, form, {}) == FORM_BYTES
    for method, path in (
        ("PUT", form),
        ("DELETE", form),
        ("POST", f"{form}/"),
        ("POST", "/v1/actors"),
        ("PATCH", form),
    ):
        with pytest.raises(Problem, match="scope write"):
            admit(method, path, {})
    with pytest.raises(Problem, match="scope read"):
        admission(store, (form,), reads_need_key=True)("POST", form, {})


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_without_a_body_nobody_is_asked(method: str) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("there is nothing to admit")

    sent, asked, _ = exchange(refuse, method=method)
    assert (sent[0]["status"], asked) == (200, 0)


@pytest.mark.parametrize(
    ("encoding", "status"),
    [("identity", 200), ("Identity", 200), (" identity ", 200), ("gzip", 415), ("", 415), ("identity, gzip", 415), ("é", 415)],
)  # fmt: skip
def test_a_body_is_taken_as_it_is(encoding: str, status: int) -> None:
    sent, *_ = exchange(None, ("content-length", "5"), ("content-encoding", encoding))
    assert sent[0]["status"] == status
