"""A real server for tests: the command as a user starts it, on a free port of this machine, ended by its process id."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 20
STOP_SECONDS = 40


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    process: subprocess.Popen[str]
    database: Path = Path()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a GET."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(database: Path, port: int, *options: str) -> subprocess.Popen[str]:
    """The server's process, its output in pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--db", str(database), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def running(database: Path, *options: str) -> Iterator[Server]:
    """A server that is ready, over the database (made if it is not there)."""
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", start(database, port, *options), database)
    try:
        _wait(server)
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.communicate()


def _wait(server: Server) -> None:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last:
        assert server.process.poll() is None, server.process.communicate()
        with contextlib.suppress(OSError):
            if server.get("/readyz")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server was not ready in {START_SECONDS} s")
