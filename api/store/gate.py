"""The gate before the one writer of a process: one thread at a time, and nobody waits long.

SQLite has one writer anyway. Without the gate sixteen blocked writers kept every thread, and readers waited ten seconds;
with it they wait a tenth of one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.model.problem import Problem
from api.store import sqlite
from api.store.connections import open_writer
from api.store.transaction import transaction

WAIT_SECONDS = 0.1
"""How long a thread waits for the writes of others before its request is sent away."""
RETRY_SECONDS = "1"


class Gate:
    """The writer of this process, opened when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._connection: sqlite.Connection | None = None
        self._under_way: set[object] = set()
        self._looking = threading.Lock()

    @contextmanager
    def writing(self, token: object = None) -> Iterator[sqlite.Connection]:
        """A connection within a transaction, which is committed at the end, or rolled back by an exception.

        Raises `Problem` 503 where others write for longer than anybody should wait, 409 while another request with the
        same token is under way.
        """
        with self._alone(token):
            if not self._turn.acquire(timeout=WAIT_SECONDS):
                raise Problem(503, "unavailable", "Others are writing.", headers={"Retry-After": RETRY_SECONDS})
            try:
                if self._connection is None:
                    self._connection = open_writer(self._path, any_thread=True)
                with transaction(self._connection):
                    yield self._connection
            except sqlite.DatabaseError:
                self.close()  # whatever the file has become, the next one opens it anew
                raise
            finally:
                self._turn.release()

    @contextmanager
    def _alone(self, token: object) -> Iterator[None]:
        if token is None:
            yield
            return
        with self._looking:
            if token in self._under_way:
                detail = "Another request with this Idempotency-Key is being answered."
                raise Problem(409, "request-under-way", detail, headers={"Retry-After": RETRY_SECONDS})
            self._under_way.add(token)
        try:
            yield
        finally:
            self._under_way.discard(token)

    def close(self) -> None:
        """Close the writer, if it is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
