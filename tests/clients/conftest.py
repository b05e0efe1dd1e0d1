"""What tests of other people's programs share: those programs, and real servers over the seed and over 17,000 events."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchmarks import world
from live import Server, running

from clients.programs import installed

HERE = Path(__file__).parent
REAL = HERE.parents[2] / "shared" / "data" / "ged-mixed.csv"
EVENTS = 17_000
"""More than any page, and about as long as a real country's file; importing them takes some 15 s."""
IMPORT_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is here is marked."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("clients")


@pytest.fixture(scope="session")
def client_python() -> Path:
    """The Python that has the packages of requirements.txt."""
    return installed("venv") / "bin" / "python"


@pytest.fixture(scope="session")
def client_node() -> Path:
    """The folder of the packages of package.json; their commands are in its `.bin`."""
    return installed("node") / "node_modules"


@pytest.fixture(scope="session")
def patience() -> Iterator[None]:
    """Servers that start meanwhile stop no question early: other tests keep the machine busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENT_TIMELINE_QUERY_MS", "20000")
        yield


@pytest.fixture(scope="session")
def seed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over the seed, which no test may change."""
    with running(tmp_path_factory.mktemp("seed") / "seed.db") as server:
        yield server


@pytest.fixture(scope="session")
def ged_server(tmp_path_factory: pytest.TempPathFactory, patience: None) -> Iterator[Server]:
    """A server over 17,000 made-up events as UCDP publishes them, which no test may change."""
    with running(_made_up(tmp_path_factory)) as server:
        yield server


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over a slice of the real dataset, where that lies beside the checkout."""
    if not REAL.exists():
        pytest.skip(f"there is no {REAL.name} beside the checkout")
    made = tmp_path_factory.mktemp("real") / "real.db"
    _import(REAL, made)
    with running(made) as server:
        yield server


@pytest.fixture(scope="session", params=["seed", "ged"])
def server(request: pytest.FixtureRequest) -> Server:
    """One after the other."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


def _made_up(factory: pytest.TempPathFactory) -> Path:
    """The database of those events; made once a run, by whoever of its processes comes first."""
    own = factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = folder / "ged.db"
    with _alone(folder / "ged.lock"):
        if not made.exists():
            part, csv = folder / "part.db", folder / "ged.csv"
            world.write(csv, EVENTS)
            _import(csv, part)
            part.rename(made)
    return made


def _import(csv: Path, database: Path) -> None:
    """By the command, as users do it."""
    command = [sys.executable, "-m", "api.cli", "import", "ucdp", str(csv), "--db", str(database)]
    subprocess.run(command, check=True, capture_output=True, timeout=IMPORT_SECONDS)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """While nobody else is in here."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
