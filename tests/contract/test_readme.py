"""What the README shows is what happens: every command of the tour is run against a real server, its output compared."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from live import Server, running

from api.config import PREFIX, Settings
from api.store.connections import open_writer
from api.store.keys import create

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
TOUR = re.findall(r"```console\n\$ (.+)\n((?:.*\n)*?)```", README)
ADDRESS = "http://127.0.0.1:8000"
MASKS = (
    (r'"request_id":"[0-9a-f]{32}"', '"request_id":"6f1c…"'),
    (r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "2026-11-22T18:00:00Z"),
    (r"mark=[0-9a-f]{16}", "mark=90d1…"),
    (r'"epoch":"[0-9a-f]{16}"', '"epoch":"c41e…"'),
)
"""What differs from run to run, and what the README has in its place."""


def masked(output: str) -> str:
    for pattern, shown in MASKS:
        output = re.sub(pattern, shown, output)
    return output


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    database = tmp_path_factory.mktemp("readme") / "timeline.db"
    with running(database) as server:
        yield server


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """A key of the server's, as the README has it in KEY."""
    connection = open_writer(server.database)
    try:
        return create(connection, "newsdesk", "write", None)
    finally:
        connection.close()


def test_the_tour_has_ten_steps() -> None:
    assert len(TOUR) >= 10


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize(("command", "shown"), TOUR, ids=[command for command, _ in TOUR])
def test_a_step_of_the_tour_gives_what_is_shown(server: Server, key: str, command: str, shown: str) -> None:
    given = subprocess.run(
        command.replace(ADDRESS, server.address), shell=True, capture_output=True, text=True, timeout=20, check=True,
        env=os.environ | {"KEY": key},
    )  # fmt: skip
    assert masked(given.stdout.replace(server.address, ADDRESS)).rstrip() == shown.rstrip()


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_stands_in_the_table(setting: object) -> None:
    name, default, says = setting.name, setting.default, setting.metadata["says"]  # type: ignore[attr-defined]
    shown = f"`{default}`" if str(default) else ""
    assert f"| `{PREFIX}{name.upper()}` | {shown} | {says} |" in README


def test_every_path_that_is_named_is_there(server: Server) -> None:
    for path in set(re.findall(r"`(/(?:v1|docs)[a-z0-9/._-]*)`", README)):
        assert server.get(path)[0] == 200, path


def test_every_file_that_is_named_is_there() -> None:
    root = Path(__file__).parents[2]
    for name in set(re.findall(r"`((?:api|tests|seed|openapi|\.ci)/[A-Za-z0-9_./-]*)`", README)):
        assert (root / name).exists(), name
