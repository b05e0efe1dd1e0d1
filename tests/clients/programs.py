"""How other people's programs are found and run. None of them is in the environment that runs the tests."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / ".clients"
READERS = HERE / "readers"
TIMEOUT_SECONDS = 120


def missing(says: str) -> NoReturn:
    """Skip the test; in CI, where nobody would miss it, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(says)
    pytest.skip(says)


def installed(name: str) -> Path:
    """A folder that the script `install` makes."""
    if not (INSTALLED / name / "digest").exists():
        missing(f"there is no .clients/{name}; tests/clients/install makes it")
    return INSTALLED / name


def command(name: str) -> str:
    """The path of a command of the operating system."""
    return shutil.which(name) or missing(f"no {name} is installed")


def run(*command: str | Path, environment: Mapping[str, str] | None = None, given: str = "") -> str:
    """What a command says; an assertion with its complaint where it fails."""
    done = subprocess.run(
        [str(each) for each in command],
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, (command, done.stderr[-2000:])
    return done.stdout


def read(python: str | Path, reader: str, job: Any) -> Any:
    """What a script of the folder `readers` makes of a job; both are JSON."""
    return json.loads(run(python, READERS / f"{reader}.py", given=json.dumps(job)))
