"""`event-timeline import ucdp`: the UCDP Georeferenced Event Dataset."""

import csv
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click

from api.cli.imports import summarize
from api.cli.plain import db_option, fail, interruptible, plain_errors
from api.cli.progress import Progress
from api.config import Settings
from api.formats.csv_list import cell
from api.importers.ucdp_batches import Batch
from api.importers.ucdp_load import Loaded, Manner, Strict, load
from api.model.problem import Refusal
from api.store import connections
from api.store.migrations import open_migrated

REPORT = Path("ucdp-import-report.csv")


@click.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Store nothing if a row is refused.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), default=REPORT, show_default=True,
    help="Where rows that were refused, records that people changed and events that vanished are listed, if there are any.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="Show no progress.")
@db_option
def ucdp(files: tuple[Path, ...], dry_run: bool, strict: bool, report: Path, quiet: bool, **given: Any) -> None:
    """Import UCDP GED: .csv as published, also .gz and .zip. Several files are one release together.

    All rows that can be read are stored, or none at all if the import is interrupted. The same file again changes nothing;
    a newer release makes new versions of what changed in it, and tells what it no longer has.
    """
    with plain_errors(), interruptible(), ExitStack() as stack:
        path = Settings.from_environment(**given).db
        if dry_run and not path.exists():
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "empty.db"
        elif path.exists():
            connections.check(path)
        started = time.monotonic()
        connection = stack.enter_context(closing(open_migrated(path)))
        progress = stack.enter_context(Progress("Importing", None, quiet=quiet))
        rows = 0

        def tell(batch: Batch) -> None:
            nonlocal rows
            rows += batch.rows
            progress.total = batch.size
            progress.update(batch.read, rows)

        manner = Manner(strict, dry_run, lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        try:
            loaded = load(connection, files, tell, manner)
        except (Refusal, Strict) as error:
            fail(str(error))
            return
        click.echo(f"{loaded.rows} rows read, {len(loaded.refused)} refused.")
        summarize(loaded.totals, time.monotonic() - started, dry_run)
        if loaded.total("created") + loaded.total("updated") == 0:
            click.echo("Everything was stored already; nothing changed.")
        try:
            _report(loaded, report)
        except OSError as error:
            fail(f"{report}: {error.strerror}; nothing but this report is missing: give another --report, once more")


def _report(loaded: Loaded, path: Path) -> None:
    """Write the report, if there is anything to say, and say how much of what."""
    found = list(_lines(loaded))
    if not found:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("what", "file", "line", "id", "why"))
        writer.writerows([cell(each) for each in line] for line in found)
    for what, said in (
        ("refused", "rows were refused"),
        ("kept", "records that people changed, merged or deleted here were left as they are"),
        ("vanished", "events of an earlier import are no longer in these files; they stay until somebody deletes them"),
    ):
        if count := sum(line[0] == what for line in found):
            click.echo(f"{count} {said}: {path}")


def _lines(loaded: Loaded) -> Iterator[tuple[str, str, int | str, str, str]]:
    for file, row in loaded.refused:
        yield "refused", file, row.line, row.id or "", row.reason
    for each in loaded.kept:
        yield "kept", "", "", each, "changed, merged or deleted here since it was imported"
    for each in loaded.vanished:
        yield "vanished", "", "", f"/v1/events/{each}", "not in these files, which have others of its country and year"
