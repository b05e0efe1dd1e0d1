"""Writes stories to a new database through the application, and notes in a file beside it what was acknowledged.

`python steady_writer.py DATABASE ORDERS SEED [SYNCHRONOUS]`: first the seed and a key, as the commands make them, then so
many orders, with checkpoints and restarts now and then. With SYNCHRONOUS it breaks a promise: the writer's setting is
replaced by it.
"""

import os
import random
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

from faults.stories import Order, stories
from flask.testing import FlaskClient

from api import create_app
from api.config import Settings
from api.importers.bundle import load_seed
from api.store import connections, gate, keys, migrations, sqlite

ACKNOWLEDGED = "acknowledged"
CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")


def main(database: Path, orders: int, seed: int, synchronous: str = "") -> None:
    """Write; each line of the notes is the key at first, then the number of an order."""
    if synchronous:
        _weaken(synchronous)
    chance = random.Random(seed)
    notes = os.open(database.with_name(ACKNOWLEDGED), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with closing(migrations.open_migrated(database)) as connection:
        load_seed(connection)
        key = keys.create(connection, "writer", "write", None)
    os.write(notes, f"{key}\n".encode())
    following = enumerate(stories("w", random.Random(seed)))
    while left := list(islice(following, min(orders, chance.randrange(20, 60)))):
        orders -= len(left)
        _serve(database, key, left, notes, chance)
    os.close(notes)


def _serve(database: Path, key: str, orders: list[tuple[int, Order]], notes: int, chance: random.Random) -> None:
    """One life of a server, which ends in order: the last to close the file makes a checkpoint and removes the log."""
    migrations.open_migrated(database).close()
    app = create_app(Settings(db=database))
    client = app.test_client()
    try:
        for number, order in orders:
            _send(client, key, order)
            os.write(notes, f"{number}\n".encode())
            if chance.random() < 0.05:
                with closing(connections.open_writer(database)) as connection:
                    connection.execute(f"PRAGMA wal_checkpoint({chance.choice(CHECKPOINTS)})")
    finally:
        app.config["STORE"].close()
        app.config["GATE"].close()


def _send(client: FlaskClient, key: str, order: Order) -> None:
    headers = {"Authorization": f"Bearer {key}", **order.headers}
    body = {} if order.body is None else {"json": order.body}
    answer = client.open(order.path, method=order.method, headers=headers, **body)
    assert 200 <= answer.status_code < 300, (order, answer.text)


def _weaken(synchronous: str) -> None:
    def open_writer(path: Path, any_thread: bool = False) -> sqlite.Connection:
        connection = strong(path, any_thread)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        return connection

    strong = connections.open_writer
    for module in (connections, gate, migrations):
        vars(module)["open_writer"] = open_writer


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
