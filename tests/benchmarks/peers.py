"""The peers: Datasette and pygeoapi, each in an environment of its own, serving the same events.

Both are given what our server has: two processes on this machine, the same SQLite, an index for each filter. pygeoapi runs on
granian; its SQLite provider needs SpatiaLite (Debian's `libsqlite3-mod-spatialite`). Datasette is made to be served by one
process of uvicorn; here uvicorn runs two.
"""

import contextlib
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from api.store import sqlite
from benchmarks import processes
from benchmarks.databases import remove
from benchmarks.limit import DOCUMENTS
from benchmarks.processes import Served

HERE = Path(__file__).parent
NAMES = ("datasette", "pygeoapi")


class Missing(Exception):
    """A peer cannot be had on this machine."""


def environment(name: str, cache: Path) -> Path:
    """The folder of the peer's commands; made from its pinned requirements when they are new."""
    requirements = HERE / f"requirements-{name}.txt"
    folder = cache / f"{name}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    if not (folder / "whole").exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(folder / "bin" / "pip"), "install", "--quiet", "--requirement", str(requirements)],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise Missing(f"{name} could not be installed: {done.stderr[-500:]}")
        (folder / "whole").touch()
    return folder / "bin"


def flat(db: Path) -> Path:
    """The events of our database as one table in a file of its own, made when the database is newer."""
    path = db.with_suffix(".peers") / "events.db"
    if not path.exists() or path.stat().st_mtime < db.stat().st_mtime:
        path.parent.mkdir(exist_ok=True)
        remove(path)
        part = path.with_suffix(".part")
        remove(part)
        connection = sqlite.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True)
        connection.execute("ATTACH ? AS peer", (f"{part.absolute().as_uri()}?mode=rwc",))
        connection.executescript(
            f"PRAGMA peer.journal_mode = OFF; {(HERE / 'peers.sql').read_text().replace('DOCUMENTS', DOCUMENTS)}"
        )
        connection.close()
        part.rename(path)
    return path


def spatial(events: Path) -> Path:
    """The same with a point for each event, in SpatiaLite's form."""
    path = events.with_name("spatial.db")
    if path.exists() and path.stat().st_mtime >= events.stat().st_mtime:
        return path
    remove(path)
    part = path.with_suffix(".part")
    remove(part)
    connection = sqlite.connect(f"{part.absolute().as_uri()}?mode=rwc", uri=True, isolation_level=None)
    try:
        connection.enable_load_extension(True)
        connection.execute("SELECT load_extension('mod_spatialite')")
    except (AttributeError, sqlite.OperationalError) as error:
        raise Missing(f"pygeoapi needs SpatiaLite: {error}") from None
    connection.execute("ATTACH ? AS flat", (f"{events.absolute().as_uri()}?mode=ro",))
    statements = [text for (text,) in connection.execute(
        "SELECT sql FROM flat.sqlite_schema WHERE tbl_name = 'events' AND sql IS NOT NULL ORDER BY type DESC"
    )]  # fmt: skip
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("SELECT InitSpatialMetaDataFull(1)")
    connection.execute(statements[0])
    connection.execute("SELECT AddGeometryColumn('events', 'point', 4326, 'POINT', 'XY')")
    connection.execute("INSERT INTO main.events SELECT *, MakePoint(longitude, latitude, 4326) FROM flat.events")
    for statement in statements[1:]:
        connection.execute(statement)
    connection.execute("SELECT CreateSpatialIndex('events', 'point')")
    connection.execute("ANALYZE main")
    connection.close()
    part.rename(path)
    return path


@contextlib.contextmanager
def serving(name: str, cache: Path, db: Path) -> Iterator[Served]:
    """The peer over the same events; `Missing` where it cannot be had."""
    commands = environment(name, cache)
    events = flat(db)
    log = cache / f"{name}.log"
    workers = ["--port", "{port}", "--workers", "2"]
    if name == "datasette":
        command = [str(commands / "uvicorn"), "datasette_app:app", "--factory", "--log-level", "warning", *workers]
        with processes.serving(
            [*command, "--app-dir", str(HERE)], "/-/versions.json", log, {"PEER_DB": str(events)}
        ) as served:
            yield served
        return
    config, description = cache / "pygeoapi.json", cache / "pygeoapi-openapi.json"
    text = (HERE / "pygeoapi.json").read_text().replace("DATABASE", str(spatial(events)))
    config.write_text(text)
    known = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(description), "PYTHONPATH": str(HERE)}
    _describe(commands, config, description)
    command = [
        str(commands / "granian"),
        "pygeoapi_app:APP",
        "--interface",
        "wsgi",
        "--no-ws",
        "--blocking-threads",
        "4",
    ]
    with processes.serving([*command, *workers], "/conformance?f=json", log, known) as served:
        yield served


def _describe(commands: Path, config: Path, description: Path) -> None:
    """Write the OpenAPI document that pygeoapi does not start without."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import pysqlite3; sys.modules['sqlite3'] = pysqlite3;"
        "from pygeoapi.openapi import generate_openapi_document as made; from pathlib import Path;"
        "Path(sys.argv[3]).write_text(made(Path(sys.argv[2]), 'json'))"
    )
    done = subprocess.run(
        [str(commands / "python"), "-c", script, str(HERE), str(config), str(description)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Missing(f"pygeoapi does not describe itself: {done.stderr[-500:]}")
