"""What the commands share: the option that names the file, and one clear line where something goes wrong."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from api.config import BadSetting
from api.model.problem import Problem
from api.store import sqlite
from api.store.connections import FAILED, StoreRefused

INTERRUPTED = 130
"""As shells tell of a program that Ctrl-C ended."""


def fail(sentence: str, code: int = FAILED) -> None:
    click.echo(f"event-timeline: {sentence}", err=True)
    sys.exit(code)


@contextmanager
def plain_errors() -> Iterator[None]:
    """One clear line and an exit code in place of a traceback, for what a user can run into."""
    try:
        yield
    except StoreRefused as refusal:
        fail(str(refusal), refusal.exit_code)
    except (BadSetting, Problem) as error:
        fail(str(error))
    except sqlite.Error as error:
        fail(f"the database cannot be used: {error}")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))


@contextmanager
def interruptible(what_is_left: str = "nothing was changed") -> Iterator[None]:
    """Ctrl-C ends the command with one line, which tells what it leaves behind."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except KeyboardInterrupt:
        fail(f"interrupted; {what_is_left}", INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, before)


def ignore_interrupts() -> None:
    """From here on Ctrl-C comes too late, to the end of what is `interruptible`: such as when only a commit is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def db_option(command: Any) -> Any:
    return click.option("--db", type=click.Path(path_type=Path), help="The SQLite file. [EVENT_TIMELINE_DB]")(command)
