"""Servers that break a promise about durability, to show that the tests would see it.

`python mutants.py NAME serve …` is the command with another transaction around its writes. It is put in place before the
workers are forked.
"""

import fcntl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from api import cli
from api.store import gate, sqlite

LATE_SECONDS = 0.3
Transaction = Callable[[sqlite.Connection], AbstractContextManager[None]]


@contextmanager
def late(connection: sqlite.Connection) -> Iterator[None]:
    """Answers first; what was written meanwhile is committed together, soon afterwards."""
    with LOCK:
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
            threading.Timer(LATE_SECONDS, _commit, (connection,)).start()
        connection.execute("SAVEPOINT one")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK TO one")
            raise
        finally:
            connection.execute("RELEASE one")


def _commit(connection: sqlite.Connection) -> None:
    with LOCK:
        connection.execute("COMMIT")


@contextmanager
def in_pieces(connection: sqlite.Connection) -> Iterator[None]:
    """Commits each statement by itself; a lock on a file beside the database keeps the writers apart."""
    (database,) = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()
    with open(f"{database}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


LOCK = threading.Lock()
MUTANTS: dict[str, Transaction] = {"late": late, "in_pieces": in_pieces}

if __name__ == "__main__":
    vars(gate)["transaction"] = MUTANTS[sys.argv.pop(1)]
    cli.main()
