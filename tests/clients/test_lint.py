"""Linters of OpenAPI documents find nothing in ours. They use what their packages ship, and need no network."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from live import Server

RULES = Path(__file__).with_name("spectral.yaml")
SECONDS = 120
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


@pytest.fixture(scope="module")
def folder(seed_server: Server, client_node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as the server sends it, with the rules and the linters beside it."""
    folder = tmp_path_factory.mktemp("lint")
    status, document = seed_server.get("/v1/openapi.json")
    assert status == 200
    (folder / "openapi.json").write_text(document, "utf-8")
    (folder / "node_modules").symlink_to(client_node)
    shutil.copy(RULES, folder)
    return folder


def lint(folder: Path, *command: str, document: str = "openapi.json") -> subprocess.CompletedProcess[str]:
    """What a linter says of a document in the folder."""
    program, *arguments = command
    called = [str(folder / "node_modules" / ".bin" / program), *arguments, document]
    return subprocess.run(
        called, cwd=folder, env=os.environ | QUIET, capture_output=True, text=True, timeout=SECONDS, check=False
    )


SPECTRAL = ("spectral", "lint", "--fail-severity=warn", f"--ruleset={RULES.name}")
REDOCLY = ("redocly", "lint", "--extends=recommended-strict", "--format=stylish")


def test_redocly_finds_nothing(folder: Path) -> None:
    done = lint(folder, *REDOCLY)
    assert done.returncode == 0, done.stdout + done.stderr


def test_spectral_finds_nothing(folder: Path) -> None:
    done = lint(folder, *SPECTRAL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No results with a severity of 'warn' or higher found!" in done.stdout


FAULTY = """{
 "openapi": "3.1.0", "info": {"title": "Faulty", "version": "1"},
 "paths": {"/things": {"get": {"operationId": "list", "summary": "Things", "description": "Things", "responses": {
  "200": {"description": "Things.", "content": {"application/json": {"schema": {"type": "array", "items": {}}}}}
 }}}}
}"""


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (REDOCLY, ["operation-4xx-response"]),
        (SPECTRAL, ["owasp:api4:2023-array-limit", "owasp:api4:2023-rate-limit", "oas3-api-servers"]),
    ],
)
def test_they_do_look(folder: Path, command: tuple[str, ...], found: list[str]) -> None:
    (folder / "faulty.json").write_text(FAULTY, "utf-8")
    done = lint(folder, *command, document="faulty.json")
    assert done.returncode == 1, done.stderr
    for each in found:
        assert each in done.stdout + done.stderr
