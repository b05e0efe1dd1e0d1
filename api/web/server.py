"""The server: granian with several worker processes, each of which runs the application behind the gateway."""

import ctypes
import errno
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from api import create_app
from api.config import Settings
from api.store import sqlite
from api.store.readers import Store
from api.web import keys
from api.web.cache import Cache
from api.web.gateway import Gateway
from api.web.table import FORMS

BACKLOG = 1024
"""Connections of one worker that may wait to be accepted."""
CONNECTIONS = 4096
"""Connections of one worker. By default the workers share the backlog's number, which slow and idle clients use up."""
HEADER_MILLISECONDS = 5000
"""How long the headers of a request may take, and how long a connection may be idle."""
HEADER_BYTES = 16 * 1024
"""Request line and headers together; also what is read of a body at a time."""
LOOK_SECONDS = 0.02
"""Between two looks whether all workers listen."""
PR_SET_PDEATHSIG, TCP_LISTEN = 1, "0A"
"""From <linux/prctl.h>, and as in /proc/net/tcp."""
LOGGING: dict[str, Any] = {
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {name: {"handlers": ["stderr"], "level": "WARNING", "propagate": False} for name in ("_granian", "api")},
}
"""In place of granian's own, which goes to stdout."""


class PortInUse(Exception):
    """The address is another program's."""


def serve(settings: Settings, announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then let requests under way end for `shutdown_seconds`.

    `announce` is called once, when every worker listens. `PortInUse`, or for another reason `OSError`, says that the
    address cannot be had. Exits with 1 when workers cannot start, or crash one after the other.
    """
    address = _free_address(settings.host, settings.port)
    os.environ.update(settings.as_environment())
    server = Granian(
        "api.web.server:application", address[0], settings.port, interface=Interfaces.ASGINL, http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES),
        workers=settings.workers, respawn_failed_workers=True, workers_kill_timeout=settings.shutdown_seconds,
        backlog=BACKLOG, backpressure=CONNECTIONS, websockets=False, log_level=LogLevels.warning, log_dictconfig=LOGGING,
    )  # fmt: skip
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_worker)
    # Once here, so that the thread imports nothing: a worker forked meanwhile would wait for ever for an import's lock.
    is_listening(address, settings.workers)
    watch = threading.Thread(target=_announce_when_listening, args=(announce, address, settings.workers), daemon=True)
    server.on_startup(watch.start)
    # As a function, not by its name: granian would put the current directory before all others to import from.
    server.serve(target_loader=application, wrap_loader=False)


def application() -> Gateway:
    """What each worker runs, with the settings that `serve` has left in the environment."""
    settings = Settings.from_environment()
    app = create_app(settings)
    store: Store = app.config["STORE"]
    # SQLite gives all connections of a process the rights that its first one had. If that were opened while the disk
    # cannot be written, no write would work again, so one is opened now and kept.
    with suppress(sqlite.Error), store.reader().snapshot():
        store.reader().version()
    return Gateway(
        app, settings.threads, keys.admission(store, FORMS, bool(settings.reads_need_key)), _cache(settings, store)
    )


def _cache(settings: Settings, store: Store) -> Cache | None:
    """None where reads are counted or closed, for each then has to be looked at."""
    if settings.rate_limit or settings.reads_need_key or not settings.cache_mb:
        return None
    return Cache(settings.cache_mb * 2**20, lambda: store.reader().generation())


def in_worker() -> None:
    """First thing in a forked worker: a SIGTERM so early must end it, and so must the end of the parent (on Linux)."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_address(host: str, port: int) -> tuple[Any, ...]:
    """The host as a numeric socket address; refuses one in use, which granian would share (SO_REUSEPORT)."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for closed connections of a server before
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"{shown} is in use by another program; choose another port") from None
        raise OSError(error.errno, error.strerror, shown) from None
    return address


def _announce_when_listening(announce: Callable[[], None], address: tuple[Any, ...], workers: int) -> None:
    while not is_listening(address, workers):
        time.sleep(LOOK_SECONDS)
    announce()


def is_listening(address: tuple[Any, ...], workers: int) -> bool:
    """Has each worker its listening socket, as on Linux? Elsewhere they share one: does it take a connection?"""
    family, table = (socket.AF_INET6, "tcp6") if ":" in address[0] else (socket.AF_INET, "tcp")
    with suppress(FileNotFoundError):
        words = struct.iter_unpack("=I", socket.inet_pton(family, address[0]))
        local = "".join(f"{word:08X}" for (word,) in words) + f":{address[1]:04X}"
        sockets = [line.split() for line in Path("/proc/net", table).read_text("ascii").splitlines()]
        return sum(fields[1] == local and fields[3] == TCP_LISTEN for fields in sockets) >= workers
    with suppress(OSError), socket.create_connection(address[:2], timeout=1):
        return True
    return False
