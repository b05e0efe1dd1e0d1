"""`event-timeline export`: all data as it is at one moment, in constant memory."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import click

from api.cli.plain import db_option, interruptible, plain_errors
from api.cli.progress import Progress
from api.config import Settings
from api.formats.csv_list import CsvList
from api.formats.sheet import Sheet
from api.model.nouns import BY_NAME
from api.model.resource import STORED_COLUMNS
from api.store import bundling, connections
from api.store.connections import FAILED, SCHEMA_VERSION, StoreRefused
from api.store.readers import Reader

NO_DEADLINE_MS = 7 * 24 * 60 * 60 * 1000
"""A slow disk may take long, and nobody waits."""
PIECES_TOLD = 500
"""Pieces of text between two words about how far it is."""


@click.command()
@click.option(
    "--format", "form", type=click.Choice(("bundle", "ndjson", "csv")), default="bundle", show_default=True,
    help="bundle and ndjson are what `import bundle` takes; csv is one noun's flat columns.",
)  # fmt: skip
@click.option("--noun", type=click.Choice(tuple(BY_NAME)), help="Which table csv gives.")
@click.option(
    "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-",
    help="A file, whole or not at all; without it, standard output.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="Show no progress.")
@db_option
def export(form: str, noun: str | None, output: Path, quiet: bool, **given: Any) -> None:
    """Write all records, as they are at one moment, in the order in which they were stored first."""
    if (noun is None) == (form == "csv"):
        raise click.UsageError("--noun goes with --format csv, which needs it.")
    with ExitStack() as stack:
        stack.enter_context(plain_errors())
        stack.enter_context(interruptible("no file was written"))
        reader = stack.enter_context(_opened(Settings.from_environment(**given).db))
        file = stack.enter_context(_written(output))
        total = sum(bundling.count(reader, each) for each in ([noun] if noun else BY_NAME))
        is_seen = file is sys.stdout.buffer and sys.stdout.isatty()
        with Progress("Writing", total, quiet=quiet or is_seen) as progress:
            for number, piece in enumerate(_pieces(reader, form, noun)):
                file.write(piece)
                if not number % PIECES_TOLD:
                    progress.update(number, number)


def _pieces(reader: Reader, form: str, noun: str | None) -> Iterator[bytes]:
    if noun:
        columns = tuple(each for each in BY_NAME[noun].columns if each not in STORED_COLUMNS)
        documents = (each.encode() for each in bundling.documents(reader, noun))
        return CsvList().encode(documents, Sheet(columns, None, {}, {}))
    texts = bundling.lines(reader) if form == "ndjson" else bundling.everything(reader, most=None)
    return (each.encode() for each in texts)


@contextmanager
def _opened(path: Path) -> Iterator[Reader]:
    """A reader that sees one state of the data."""
    connections.check(path)
    reader = Reader(path, NO_DEADLINE_MS)
    try:
        if reader.schema_version() < SCHEMA_VERSION:
            raise StoreRefused(
                f"{path} was written by an older version; `event-timeline serve` brings it up to date", FAILED
            )
        with reader.snapshot():
            yield reader
    finally:
        reader.close()


@contextmanager
def _written(output: Path) -> Iterator[IO[bytes]]:
    """Standard output, or a file that takes its name when it is whole; what is no regular file is written as it is."""
    if output == Path("-"):
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # whoever reads has enough; nor is what remains to be written at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        return
    path = output.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("xb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink()
            raise
