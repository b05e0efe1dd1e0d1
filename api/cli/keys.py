"""`event-timeline keys`: make, list and revoke API keys."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click

from api.cli.plain import db_option, plain_errors
from api.config import Settings
from api.store import keys as stored
from api.store import sqlite
from api.store.connections import MISSING, StoreRefused
from api.store.migrations import open_migrated

HOURS = {"h": 1, "d": 24, "y": 365 * 24}
SPAN = re.compile("([1-9][0-9]{0,3})([hdy])")
LONGEST = timedelta(days=100 * 365)
TITLES = ("id", "name", "scope", "created", "expires", "state")


class Span(click.ParamType[timedelta]):
    """`12h`, `90d` or `1y` as a `timedelta`, of 100 years at the most."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        match = SPAN.fullmatch(value)
        span = timedelta(hours=int(match[1]) * HOURS[match[2]]) if match else LONGEST * 2
        if span > LONGEST:
            self.fail(f"{value!r} is not a span such as 12h, 90d or 1y (100y at the most)", param, ctx)
        return span


@click.group()
def keys() -> None:
    """Make, list and revoke the keys with which clients write."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope", required=True, type=click.Choice(stored.SCOPES),
    help="What the key may do; write includes read, and admin both.",
)  # fmt: skip
@click.option("--expires", type=Span(), help="For how long it counts: 12h, 90d, 1y. Without it, until it is revoked.")
@db_option
def create(name: str, scope: str, expires: timedelta | None, **given: Any) -> None:
    """Make a key and print it. NAME tells whose it is; the key itself is shown only this once."""
    with plain_errors(), _opened(given) as connection:
        key = stored.create(connection, name, scope, expires)
    click.echo(key)
    click.echo("This key is shown only this once: only its digest is stored.", err=True)


@keys.command("list")
@db_option
def list_keys(**given: Any) -> None:
    """List all keys: whose, for what, until when. Their secrets are not stored."""
    with plain_errors(), _opened(given) as connection:
        found = stored.listed(connection)
    rows = [TITLES, *((each.id, each.name, each.scope, each.created_at, each.expires_at or "never", each.fault or "active")
                      for each in found)]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@keys.command()
@click.argument("id_or_name")
@db_option
def revoke(id_or_name: str, **given: Any) -> None:
    """Refuse a key from now on. ID_OR_NAME is what `list` shows; running servers need no restart."""
    with plain_errors(), _opened(given) as connection:
        key = stored.revoke(connection, id_or_name)
    click.echo(f"{key.id} ({key.name}) is revoked.")


@contextmanager
def _opened(given: Mapping[str, Any]) -> Iterator[sqlite.Connection]:
    """A writer on the database, which must be there: a key in a new file beside the one that is served helps nobody."""
    path = Settings.from_environment(**given).db
    if not path.exists():
        raise StoreRefused(f"{path} is not there", MISSING)
    connection = open_migrated(path)
    try:
        yield connection
    finally:
        connection.close()
