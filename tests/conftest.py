"""What the tests share: a database with the seed in it, and the application over it."""

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import create_app
from api.config import Settings
from api.importers.bundle import load_seed
from api.store.migrations import open_migrated

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells start what runs behind them; tests of Ctrl-C need it
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each server and command would compile the package anew


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, for many a test waits for a server or a browser: a tenth less time on two."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Take the many tests themselves out of what is looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def seeded(path: Path) -> Path:
    """A new database with the seed at the path."""
    connection = open_migrated(path)
    load_seed(connection)
    connection.close()
    return path


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the seed, which no test may change."""
    return seeded(tmp_path_factory.mktemp("database") / "seed.db")


@pytest.fixture(scope="session")
def app(database: Path) -> Iterator[Flask]:
    """The application over the seed."""
    app = create_app(Settings(db=database))
    yield app
    app.config["STORE"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application over the seed."""
    return app.test_client()
