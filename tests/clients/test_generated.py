"""Clients made from the OpenAPI document read and write what is there, without a hand laid on them.

Each is made from what a running server sends, and then used by a script of `generated/`, as somebody would who has nothing
but the client: it filters with several values (which two of the three send by repeating the parameter, and one between
commas), follows the cursors to the end, and tells what it got; all of it is compared with the database, row by row.
"""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from contract.worlds import Json
from live import Server, running

from api.importers.bundle import load_seed
from api.store import keys
from api.store.migrations import open_migrated

HERE = Path(__file__).parent / "generated"
SECONDS = 240
REPEATED, BETWEEN_COMMAS = "type={0}&type={1}&country={2}&country={3}", "type={0},{1}&country={2},{3}"


@dataclass(frozen=True)
class Generator:
    """What makes a client in a folder, what runs the script that uses it there, and how it sends lists."""

    make: Callable[[Path, Path, Path], None]
    script: str
    lists: str


def run(folder: Path, *command: object, **environment: str) -> str:
    """What a command writes, which must end well."""
    done = subprocess.run(
        [str(each) for each in command], cwd=folder, env=os.environ | environment, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def by_openapi_generator(folder: Path, python: Path, _: Path) -> None:
    no_texts = "models,apis,supportingFiles,modelDocs=false,apiDocs=false,modelTests=false,apiTests=false"
    called = "generate", "-i", "openapi.json", "-g", "python", "-o", ".", "--package-name", "ogc_client"
    run(folder, python.with_name("openapi-generator-cli"), *called, "--global-property", no_texts)


def by_openapi_python_client(folder: Path, python: Path, _: Path) -> None:
    called = "generate", "--path", "openapi.json", "--output-path", "opc_client", "--meta", "none"
    # What it has no type for is read as bytes.
    (folder / "config.json").write_text(
        '{"post_hooks": [], "content_type_overrides":'
        ' {"application/x-ndjson": "application/octet-stream", "application/atom+xml": "application/octet-stream"}}'
    )
    told = run(folder, python.with_name("openapi-python-client"), *called, "--config", "config.json")
    assert "Unable to process schema" not in told


def by_openapi_typescript(folder: Path, _: Path, node: Path) -> None:
    (folder / "node_modules").symlink_to(node)
    for name in ("openapi_fetch.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / name, folder)
    run(folder, node / ".bin" / "openapi-typescript", "openapi.json", "--output", "types.d.ts")
    run(folder, node / ".bin" / "tsc")  # checks types too, and writes nothing where they do not fit


GENERATORS = {
    "openapi-generator": Generator(by_openapi_generator, "openapi_generator.py", BETWEEN_COMMAS),
    "openapi-python-client": Generator(by_openapi_python_client, "openapi_python_client.py", REPEATED),
    "openapi-typescript": Generator(by_openapi_typescript, "openapi_fetch.js", REPEATED),
}


@pytest.fixture(scope="module", params=GENERATORS)
def use(
    request: pytest.FixtureRequest, ged_server: Server, client_python: Path, client_node: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Mapping[str, Any]], Json]:  # fmt: skip
    """What the script of one client tells of a job."""
    generator = GENERATORS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "openapi.json").write_text(ged_server.get("/v1/openapi.json")[1], "utf-8")
    generator.make(folder, client_python, client_node)

    def ask(job: Mapping[str, Any]) -> Json:
        if generator.script.endswith(".js"):
            told = run(folder, "node", generator.script, json.dumps(job))
        else:
            told = run(folder, client_python, HERE / generator.script, json.dumps(job), PYTHONPATH=str(folder))
        found: Json = json.loads(told)
        query = found.pop("sent")
        assert query.replace("%2C", ",").startswith(generator.lists.format(*job["type"], *job["country"])), query
        return found

    return ask


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server over a copy of the seed that may be written to, and a key for it."""
    path = tmp_path_factory.mktemp("own") / "own.db"
    with closing(open_migrated(path)) as connection:
        load_seed(connection)
        key = keys.create(connection, "a client", "write", None)
    with running(path) as server:
        yield server, key


EVENTS = (
    "SELECT events.id, events.type, record ->> '$.title', start_date, locations.id, fatalities, events.version FROM events"
    " JOIN changes ON changes.seq = events.change LEFT JOIN locations ON locations.seq = events.location"
    " WHERE events.type IN (?, ?) AND events.country IN (?, ?) ORDER BY start_date DESC, events.seq DESC"
)
TIMELINE = (
    "SELECT * FROM (SELECT 'event', id, start_date AS day, 'Event' FROM events"
    " UNION ALL SELECT 'statement', id, date, 'Statement' FROM statements)"
)
SUMMARY = "SELECT type, country, count(*) FROM events GROUP BY type, country ORDER BY type, coalesce(country, '')"


def rows(server: Server, select: str, *values: str) -> list[list[Any]]:
    with closing(sqlite3.connect(server.database)) as connection:
        return [list(row) for row in connection.execute(select, values)]


def check_reads(server: Server, job: Mapping[str, Any], found: Json) -> None:
    """Everything that was read is what the database holds."""
    expected = rows(server, EVENTS, *job["type"], *job["country"])
    assert len(expected) >= 4
    assert found["events"] == expected
    raw = json.loads(server.get(f"/v1/events/{job['id']}")[1])
    assert as_sent(found["event"]) == as_sent(raw)
    every = {tuple(row) for row in rows(server, TIMELINE)}
    days = [day for *_, day, _ in found["timeline"]]
    assert len(days) == min(200, len(every))
    assert days == sorted(row[2] for row in every)[:200]
    assert {tuple(row) for row in found["timeline"]} <= every
    assert [row[:3] for row in found["summary"]] == rows(server, SUMMARY)
    assert found["not_found"] == [404, f"{server.address}/docs/problems#not-found", []]
    status, kind, ((parameter, detail),) = found["wrong"]
    assert (status, kind, parameter) == (400, f"{server.address}/docs/problems#invalid-parameter", "cursor")
    assert "is not a cursor" in detail


def as_sent(value: Any) -> Any:
    """A record with moments as the API writes them, whichever way a client does."""
    if isinstance(value, dict):
        return {name: as_sent(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_sent(each) for each in value]
    return value.removesuffix("+00:00") + "Z" if isinstance(value, str) and value.endswith("+00:00") else value


def test_it_reads_seventeen_thousand_events(use: Callable[[Mapping[str, Any]], Json], ged_server: Server) -> None:
    job = {
        "address": ged_server.address, "key": None, "source": "", "id": "ucdp-ged-16976",
        "type": ["armed_clash", "attack_on_civilians"], "country": ["SO", "SY"],
    }  # fmt: skip
    found = use(job)
    assert len(found["events"]) > 1500, "several pages"
    check_reads(ged_server, job, found)


def test_it_reads_and_writes(use: Callable[[Mapping[str, Any]], Json], own_server: tuple[Server, str]) -> None:
    """An actor is made, changed on condition, refused a change on top of what has gone by, and deleted."""
    server, key = own_server
    job = {
        "address": server.address, "key": key, "source": "ssbcrack-half-of-aleppo", "id": "shelling-of-student-residence",
        "type": ["airstrike", "shelling"], "country": ["SY", "Lebanon"],
    }  # fmt: skip
    found = use(job)
    check_reads(server, job | {"country": ["SY", "LB"]}, found)
    name, *told = found["written"]
    assert told == [1, 2, "Changed.", 412]
    history = "SELECT version, change, reason, record ->> '$.description', record ->> '$.aliases[0]' FROM changes WHERE id = ?"
    assert rows(server, history, name) == [
        [1, "created", None, None, "MUF"],
        [2, "updated", "To see that it works.", "Changed.", "MUF"],
        [3, "deleted", None, None, None],
    ]
    assert rows(server, "SELECT * FROM actors WHERE id = ?", name) == []
    assert server.get(f"/v1/actors/{name}")[0] == 410
