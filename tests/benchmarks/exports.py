"""Whole exports: how fast one client gets everything, what that costs in memory, and what slow readers cost the others."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.processes import Peak, Served

PIECE = 256 * 1024
TIMEOUT_SECONDS = 120
SLOW_READERS = 10
SLOW_BYTES, SLOW_PAUSE = 100, 0.1
"""What a slow reader takes at a time, and the seconds between: 1 KB a second."""
SLOW_BUFFER = 4096
"""The receive buffer of a slow reader, so that the kernel does not read ahead for it."""
ROUNDS = 3


@dataclass(frozen=True)
class Export:
    """One export: bytes, seconds, and how much more memory the workers had meanwhile than before."""

    size: int
    seconds: float
    grown_bytes: int = 0

    @property
    def rate(self) -> float:
        """Megabytes (10⁶) a second."""
        return self.size / self.seconds / 1e6


def _asked(server: str, path: str, buffer: int | None = None) -> socket.socket:
    address = urlsplit(server)
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(TIMEOUT_SECONDS)
    connection.connect((address.hostname, address.port))
    request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    return connection


def fetched(server: str, path: str) -> Export:
    """Get all of it; `RuntimeError` where it is refused or cut short."""
    started = time.perf_counter()
    with _asked(server, path) as connection:
        room, size, first, last = bytearray(PIECE), 0, b"", b""
        while count := connection.recv_into(room):
            first = first or bytes(room[:count])
            last = (last + room[max(0, count - 8) : count])[-8:]
            size += count
    if not first.startswith(b"HTTP/1.1 200 ") or not last.endswith(b"0\r\n\r\n"):
        raise RuntimeError(f"{path}: {first[:100]!r} … {last!r}")
    return Export(size, time.perf_counter() - started)


def compared(ours: Served, limit: Served, paths: tuple[str, str]) -> tuple[Export, Export]:
    """Our export and the limit's, the faster of some that take turns; ours with what the workers' memory grew by."""
    found: tuple[list[Export], list[Export]] = ([], [])
    workers = ours.workers()
    fetched(ours.address, paths[0])  # what a worker needs once is not counted
    with Peak(workers) as before:
        pass
    with Peak(workers) as during:
        for _ in range(ROUNDS):
            for kept, served, path in zip(found, (ours, limit), paths, strict=True):
                kept.append(fetched(served.address, path))
    mine, bare = (min(each, key=lambda export: export.seconds) for each in found)
    return Export(mine.size, mine.seconds, during.bytes - before.bytes), bare


@contextlib.contextmanager
def slow_readers(server: str, path: str) -> Iterator[Callable[[], int]]:
    """Clients that read an export at 1 KB a second meanwhile; gives what tells how many of them are still being served."""
    connections = [_asked(server, path, SLOW_BUFFER) for _ in range(SLOW_READERS)]
    lost: set[int] = set()
    over = threading.Event()
    reader = threading.Thread(target=_sip, args=(connections, over, lost), daemon=True)
    reader.start()
    try:
        yield lambda: len(connections) - len(lost)
    finally:
        over.set()
        reader.join()
        for each in connections:
            each.close()


def _sip(connections: Sequence[socket.socket], over: threading.Event, lost: set[int]) -> None:
    while not over.wait(SLOW_PAUSE):
        for number, each in enumerate(connections):
            try:
                if number not in lost and not each.recv(SLOW_BYTES):
                    lost.add(number)
            except OSError:
                lost.add(number)
