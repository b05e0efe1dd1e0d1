"""`event-timeline import`: bundles and datasets of any size into the database, all or nothing."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import click

from api.cli.plain import db_option, ignore_interrupts, interruptible, plain_errors
from api.cli.progress import Progress
from api.config import Settings
from api.importers import bundle_import
from api.importers.bundle_file import BundleFile, opened
from api.importers.bundle_import import Checked, Manner
from api.model.changes import COLLECTIONS, LONGEST_REASON, Author
from api.model.problem import Problem
from api.model.text import unstorable
from api.store import connections
from api.store.migrations import open_migrated
from api.store.receiving import CONFLICT_RULES, Rules

OUTCOMES = ("created", "updated", "unchanged", "skipped")


@click.group("import")
def import_group() -> None:
    """Import files into the database: everything in them, or nothing where something is wrong."""


class Reason(click.ParamType[str]):
    """A sentence that a record's history can keep."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.strip() or len(value) > LONGEST_REASON or unstorable(value):
            self.fail(f"takes 1 to {LONGEST_REASON} characters, none of them a control character", param, ctx)
        return str(value)


@import_group.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@click.option(
    "--on-conflict", type=click.Choice(CONFLICT_RULES), default="fail", show_default=True,
    help="What becomes of a record of which another version is stored: everything fails, it is skipped, it replaces that.",
)  # fmt: skip
@click.option("--reason", type=Reason(), help="Why, in a sentence: kept in the records' history.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@db_option
def bundle(
    files: tuple[Path, ...], dry_run: bool, on_conflict: str, reason: str | None, quiet: bool, **given: Any
) -> None:
    """Import bundles: JSON or NDJSON, also gzipped; - is standard input. Several files are one bundle together."""
    with plain_errors(), interruptible(), ExitStack() as stack:
        path = Settings.from_environment(**given).db
        if path.exists():
            connections.check(path)
        started = time.monotonic()
        found = stack.enter_context(bundle_import.checked())
        with _told_whole():
            for each in files:
                _read(stack.enter_context(opened(each)), found, quiet)
            manner = Manner(Author(reason=reason), Rules(on_conflict, dry_run=dry_run), ignore_interrupts)
            totals = _write(path, found, manner, quiet)
        summarize(totals, time.monotonic() - started, dry_run)


def _read(file: BundleFile, found: Checked, quiet: bool) -> None:
    with Progress(f"Reading {file.name}", file.size, quiet=quiet) as progress:
        bundle_import.read(file, found, progress.update)


def _write(path: Path, found: Checked, manner: Manner, quiet: bool) -> Counter[tuple[str, str]]:
    """Write to the database at the path. A dry run makes none where there is none."""
    with ExitStack() as stack:
        if manner.rules.dry_run and not path.exists():
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "empty.db"
        connection = stack.enter_context(closing(open_migrated(path)))
        progress = stack.enter_context(Progress("Writing", found.count, quiet=quiet))
        return bundle_import.write(connection, found, manner, lambda count: progress.update(count, count))


@contextmanager
def _told_whole() -> Iterator[None]:
    """Several faults are told line by line before the one line that sums them up."""
    try:
        yield
    except Problem as problem:
        if len(problem.faults) > 1:
            for each in problem.faults:
                click.echo(f"{each.pointer or '/'}: {each.detail}")
        raise


def summarize(totals: Mapping[tuple[str, str], int], seconds: float, dry_run: bool) -> None:
    """Say what became of the records of each collection, how many there were in all, and how fast that was."""
    for name in ("datasets", *(each for each in COLLECTIONS if each != "datasets")):
        counts = {outcome: totals.get((name, outcome), 0) for outcome in OUTCOMES}
        if any(counts.values()):
            click.echo(f"{name}: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}")
    count = sum(totals.values())
    click.echo(f"{count} records in {seconds:.1f} s, {count / max(seconds, 0.001):.0f} records/s.")
    if dry_run:
        click.echo("This was a dry run: nothing was changed.")
