"""Answering: pages of documents, whole lists, single records."""

from collections.abc import Callable, Iterator
from typing import Any

from api.model.parameters import Clause
from api.model.problem import Problem
from api.model.text import shown
from api.query import select
from api.query.cursor import Position
from api.query.plan import Sizes
from api.query.rows import Page, Row, edges
from api.query.select import Selection
from api.store import sqlite
from api.store.naming import closest, named
from api.store.past import ending, successor
from api.store.readers import Reader

EXPORT_PAGE = 1000


def page(reader: Reader, selection: Selection, limit: int, position: Position | None) -> Page:
    """The page of at most `limit` rows from the position on; a backward position gives the page that ends there."""
    found = [_row(each) for each in _rows(reader, select.page(selection, limit, position, known(reader, selection)))]
    has_more, rows = len(found) > limit, found[:limit]
    if position is not None and position.is_backward:
        rows.reverse()
    before, after = edges([row.keys for row in rows], position, has_more)
    return Page(rows, before, after)


def known(reader: Reader, selection: Selection) -> list[Sizes | None]:
    """For each branch the sizes by which it is planned."""
    asked = [branch.sizes() for branch in selection.branches]
    return [sizes(reader, each) if each else None for each in asked]


def sizes(reader: Reader, asked: Clause) -> Sizes:
    """What a plan needs to know (`api/query/plan.py`)."""
    total, longest, *rows = _rows(reader, asked)[0]
    return Sizes(total, longest, tuple(rows))


def _rows(reader: Reader, clause: Clause) -> list[tuple[Any, ...]]:
    return reader.rows(clause.sql, clause.values)


def _row(values: tuple[Any, ...]) -> Row:
    if values[1] is None:
        raise sqlite.DatabaseError("malformed: a row has lost its document")
    return Row(values[0], values[1], tuple(values[2:]))


def every_row(
    reopen: Callable[[], Reader], reader: Reader, selection: Selection, position: Position | None
) -> Iterator[Row]:
    """All rows from the position on, a page at a time, each page its own short transaction.

    `reopen` gives a reader of the same data to the thread that later pages are read in.

    The first is read at once, so that a query that fails is answered with its problem and not with half a file.
    Between two pages nothing is held, so a slow reader costs nothing; rows that do not change meanwhile are seen once.
    """
    return _rows_from(reopen, selection, page(reader, selection, EXPORT_PAGE, position))


def _rows_from(reopen: Callable[[], Reader], selection: Selection, found: Page) -> Iterator[Row]:
    while True:
        yield from found.rows
        if found.after is None:
            return
        reader = reopen()
        with reader.snapshot():
            found = page(reader, selection, EXPORT_PAGE, found.after)


def total(reader: Reader, selection: Selection) -> int:
    """How many rows a list has in all."""
    return int(_rows(reader, select.count(selection, known(reader, selection)))[0][0])


def document(reader: Reader, collection: str, record_id: str) -> tuple[int, bytes]:
    """One record as version and JSON in UTF-8; where there is none, the `Problem` that says what became of it."""
    rows = reader.rows(
        f"SELECT version, CAST(doc AS BLOB) FROM {collection} JOIN {collection}_doc USING (seq) WHERE id = ?",
        (record_id,),
    )
    if not rows:
        raise missing(reader, collection, record_id)
    return rows[0][0], rows[0][1]


def missing(reader: Reader, collection: str, record_id: str) -> Problem:
    """308 to the record that a merged one became, 410 for a deleted one, and else 404."""
    if (target := successor(reader.rows, collection, record_id)) is not None:
        said = f"{shown(record_id)} in {collection} was merged; {shown(target)} stands for it now."
        return Problem(308, "merged", said, headers={"Location": f"/v1/{collection}/{target}"})
    if (end := ending(reader.rows, collection, record_id)) is not None:
        why = f": {end.reason}" if end.reason else "."
        return Problem(410, "gone", f"{shown(record_id)} in {collection} was deleted on {end.at}{why}")
    return unknown(reader, collection, record_id)


def unknown(reader: Reader, collection: str, record_id: str) -> Problem:
    """The 404 for an id that no record ever had, with the one that was probably meant."""
    meant = next(iter(named(reader, collection, record_id)), None) or closest(reader, collection, record_id)
    hint = f"Did you mean {shown(meant)}?" if meant else f"GET /v1/{collection} lists what there is."
    return Problem(404, "not-found", f"There is no record {shown(record_id)} in {collection}. {hint}")
