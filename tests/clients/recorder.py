"""A reverse proxy that writes down what a client asks for: standard library alone."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "date", "server"})
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Asked:
    """One request as the client sent it, and the status and size of its answer."""

    method: str
    target: str
    headers: dict[str, str]
    status: int
    size: int

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters, decoded."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


@dataclass
class Recorder:
    """A running proxy: its own address, under which clients reach the server, and all that they asked for."""

    address: str
    asked: list[Asked] = field(default_factory=list)

    def taken(self) -> list[Asked]:
        """What was asked since the last call."""
        taken, self.asked = self.asked, []
        return taken


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on with the host that the client named, as a server that sees the world through a proxy needs."""

    protocol_version = "HTTP/1.1"
    upstream: str
    prefix: str
    recorder: Recorder

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        if self.prefix:  # as a gateway that serves others too: the server learns neither name nor prefix
            headers["Host"] = self.upstream
        connection = HTTPConnection(self.upstream, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            connection.request(self.command, self.path.removeprefix(self.prefix), body or None, headers)
            response = connection.getresponse()
            answer = response.read()
            self.recorder.asked.append(
                Asked(self.command, self.path, dict(self.headers.items()), response.status, len(answer))
            )
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            # A HEAD tells the length of what a GET would bring; an export of unknown length tells none.
            length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(answer))
            if length is not None and response.status not in (204, 304):
                self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(answer)

    do_GET = do_HEAD = do_POST = do_OPTIONS = _forward  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextlib.contextmanager
def recording(server: str, prefix: str = "", port: int = 0) -> Iterator[Recorder]:
    """A proxy before the server at that address, perhaps under a path of its own."""
    upstream = urlsplit(server).netloc
    with ThreadingHTTPServer(("127.0.0.1", port), _Handler) as proxy:
        recorder = Recorder(f"http://127.0.0.1:{proxy.server_address[1]}{prefix}")
        proxy.RequestHandlerClass = type(
            "Handler", (_Handler,), {"upstream": upstream, "prefix": prefix, "recorder": recorder}
        )
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            proxy.shutdown()
            thread.join()
