"""Answering: pages of documents, whole lists, single records."""

from collections.abc import Iterator
from typing import Any

from api.model.parameters import Clause
from api.model.problem import Problem
from api.model.text import shown
from api.query import select
from api.query.cursor import Position
from api.query.rows import Page, Row, edges
from api.query.select import Selection
from api.store.connections import Reader, Store
from api.store.naming import closest, named

EXPORT_PAGE = 1000


def page(reader: Reader, selection: Selection, limit: int, position: Position | None) -> Page:
    """The page of at most `limit` rows from the position on; a backward position gives the page that ends there."""
    found = [_row(each) for each in _rows(reader, select.page(selection, limit, position))]
    has_more, rows = len(found) > limit, found[:limit]
    if position is not None and position.is_backward:
        rows.reverse()
    before, after = edges([row.keys for row in rows], position, has_more)
    return Page(rows, before, after)


def _rows(reader: Reader, clause: Clause) -> list[tuple[Any, ...]]:
    return reader.rows(clause.sql, clause.values)


def _row(values: tuple[Any, ...]) -> Row:
    return Row(values[0], values[1], tuple(values[2:]))


def every_row(store: Store, reader: Reader, selection: Selection, position: Position | None) -> Iterator[Row]:
    """All rows from the position on, a page at a time, each page its own short transaction.

    The first is read at once, so that a query that fails is answered with its problem and not with half a file.
    Between two pages nothing is held, so a slow reader costs nothing; rows that do not change meanwhile are seen once.
    """
    return _rows_from(store, selection, page(reader, selection, EXPORT_PAGE, position))


def _rows_from(store: Store, selection: Selection, found: Page) -> Iterator[Row]:
    while True:
        yield from found.rows
        if found.after is None:
            return
        reader = store.reader()
        with reader.snapshot():
            found = page(reader, selection, EXPORT_PAGE, found.after)


def total(reader: Reader, selection: Selection) -> int:
    """How many rows a list has in all."""
    return int(_rows(reader, select.count(selection))[0][0])


def document(reader: Reader, collection: str, record_id: str) -> str:
    """One record as JSON text; `Problem` 404 where there is none, with the id that was probably meant."""
    rows = reader.rows(f"SELECT doc FROM {collection} WHERE id = ?", (record_id,))
    if not rows:
        meant = next(iter(named(reader, collection, record_id)), None) or closest(reader, collection, record_id)
        hint = f"Did you mean {shown(meant)}?" if meant else f"GET /v1/{collection} lists what there is."
        raise Problem(404, "not-found", f"There is no record {shown(record_id)} in {collection}. {hint}")
    return str(rows[0][0])
