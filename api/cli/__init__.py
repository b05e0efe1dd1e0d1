"""The command line. Each command is thin: it opens what it needs, calls a room, and says in a line what came of it."""

import json
from pathlib import Path
from typing import Any

import click

from api.cli.exports import export
from api.cli.imports import import_group
from api.cli.keys import keys
from api.cli.plain import db_option, fail, plain_errors
from api.cli.snapshots import snapshot
from api.cli.ucdp import ucdp
from api.config import Settings
from api.importers.bundle import load_seed
from api.importers.verify import verify_articles
from api.store import connections, sqlite
from api.store.migrations import open_migrated
from api.store.readers import Reader
from api.store.tallying import is_stale, tally
from api.store.transaction import transaction

NO_DEADLINE_MS = 24 * 60 * 60 * 1000
"""For a command that nobody waits for."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="event-timeline")
def main() -> None:
    """Conflict events from news articles, as a JSON API over SQLite."""


main.add_command(export)
main.add_command(import_group)
import_group.add_command(ucdp)
main.add_command(keys)
main.add_command(snapshot)


@main.command()
@db_option
@click.option("--host", help="The address to listen on. [EVENT_TIMELINE_HOST]")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. [EVENT_TIMELINE_PORT]")
@click.option("--workers", type=click.IntRange(1), help="Server processes. [EVENT_TIMELINE_WORKERS]")
def serve(**given: Any) -> None:
    """Serve the API. On first start the database is made and the seed loaded into it."""
    from api.web.server import PortInUse  # granian takes long to import
    from api.web.server import serve as run

    with plain_errors():
        settings = Settings.from_environment(**given)
        _prepare(settings.db)
        if sqlite.may_corrupt_wal():
            click.echo(f"Warning: {sqlite.WAL_WARNING}", err=True)
        try:
            run(settings, lambda: _announce(settings))
        except PortInUse as error:
            fail(str(error))


def _prepare(db: Path) -> None:
    connection = open_migrated(db)
    try:
        if connection.execute("SELECT NOT EXISTS (SELECT 1 FROM changes)").fetchone()[0]:
            load_seed(connection)
        if is_stale(connection):
            with transaction(connection):
                tally(connection)
    finally:
        connection.close()


def _announce(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = settings.public_url or f"http://{host}:{settings.port}"
    click.echo(f"Event Timeline listens on {address} with {settings.db} (SQLite {sqlite.VERSION}); Ctrl-C stops it.")
    click.echo(f"Try: curl '{address}/v1/events?actor=HTS'   or open {address}/docs")


@main.command()
@db_option
def seed(**given: Any) -> None:
    """Load the sample articles' records; what is there already stays as it is."""
    with plain_errors():
        connection = open_migrated(Settings.from_environment(**given).db)
        try:
            for report in load_seed(connection):
                counts = (f"{report.total(each)} {each}" for each in ("created", "updated", "unchanged"))
                click.echo(f"Seed: {', '.join(counts)}.")
        finally:
            connection.close()


@main.command()
@db_option
def check(**given: Any) -> None:
    """Check the database: is it ours, is it whole, do all references lead somewhere?"""
    with plain_errors():
        path = Settings.from_environment(**given).db
        connections.check(path)
        connection = sqlite.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)  # a check changes nothing
        try:
            faults = connection.execute("PRAGMA foreign_key_check").fetchall()
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        finally:
            connection.close()
        if faults or verdict != "ok":
            fail(f"{path} is damaged: {verdict}, {len(faults)} dangling references", connections.DAMAGED)
        click.echo(f"{path} is sound.")


@main.command()
@db_option
@click.option(
    "--articles", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the articles' texts.",
)  # fmt: skip
def verify(articles: Path, **given: Any) -> None:
    """Check every quote against the articles' texts, and every source's digest."""
    with plain_errors():
        settings = Settings.from_environment(**given)
        connections.check(settings.db)
        reader = Reader(settings.db, NO_DEADLINE_MS)
        try:
            report = verify_articles(reader, articles)
        finally:
            reader.close()
        for line in report.lines:
            click.echo(line)
        if report.differences:
            fail(f"{report.differences} difference{'s' if report.differences > 1 else ''}")


@main.command()
@click.option("--check", "against", type=click.Path(path_type=Path), help="Compare with this file instead of printing.")
def openapi(against: Path | None) -> None:
    """Print the OpenAPI document, or check that a file holds it."""
    from api.web.openapi import document  # Flask is not needed by other commands

    text = json.dumps(document("http://127.0.0.1:8000"), indent=1, ensure_ascii=False) + "\n"
    if against is None:
        click.echo(text, nl=False)
        return
    with plain_errors():
        is_same = against.is_file() and against.read_text("utf-8", errors="replace") == text
    if not is_same:
        fail(f"{against} is not the document of this version; write it with: event-timeline openapi > {against}")
