"""`event-timeline snapshot`: make, list and check snapshots."""

from pathlib import Path
from typing import Any

import click

from api.cli.plain import db_option, fail, plain_errors
from api.config import Settings
from api.store import snapshots
from api.store.connections import MISSING, StoreRefused
from api.store.migrations import open_migrated


@click.group()
def snapshot() -> None:
    """Make, list and check snapshots: copies of all data under a name, which never change."""


@snapshot.command()
@click.argument("name")
@click.option("--note", help="What it is for, in words.")
@db_option
def create(name: str, note: str | None, **given: Any) -> None:
    """Copy the data as they are now. NAME is of small letters, digits, '.', '_' and '-'; servers need no restart."""
    with plain_errors():
        path = _database(given)
        open_migrated(path).close()
        made = snapshots.create(path, name, note)
        click.echo(f"{made.name}: dataset version {made.dataset_version}, {made.bytes} bytes, SHA-256 {made.sha256}")


@snapshot.command("list")
@db_option
def list_snapshots(**given: Any) -> None:
    """List all snapshots, the newest first."""
    with plain_errors():
        for each in snapshots.listed(_database(given)):
            parts = [each.name, each.created_at, f"dataset version {each.dataset_version}", each.sha256]
            click.echo("  ".join([*parts, each.note] if each.note else parts))


@snapshot.command()
@click.argument("name", required=False)
@db_option
def verify(name: str | None, **given: Any) -> None:
    """Check that the snapshot NAME, or every one, is byte for byte as it was made."""
    with plain_errors():
        path = _database(given)
        found = [snapshots.find(path, name)] if name is not None else snapshots.listed(path)
        differences = {each.name: snapshots.difference(path, each) for each in found}
        if name is None:
            differences |= dict.fromkeys(snapshots.unread(path), "its sidecar is missing or cannot be read")
        for each, difference in differences.items():
            click.echo(f"{each}: {difference or 'as it was made'}")
        if count := sum(map(bool, differences.values())):
            fail(f"{count} of {len(differences)} snapshots are not as they were made")


def _database(given: Any) -> Path:
    path = Settings.from_environment(**given).db
    if not path.exists():
        raise StoreRefused(f"{path} is not there", MISSING)
    return path
