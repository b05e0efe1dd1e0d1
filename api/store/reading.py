"""Answering: names to records, pages of documents, single records, summaries. Everything that a GET reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from api.model import kinds
from api.model.parameters import Clause, Parameter
from api.model.problem import Fault, Problem, Refusal, bad_parameters
from api.model.text import fold, nearest, shown
from api.query import select
from api.query.cursor import Position
from api.query.rows import Page, Row, edges
from api.query.select import Selection
from api.store.connections import Reader, Store

MOST_CANDIDATES = 10
MOST_COMPARED = 2000
"""How many names a misspelt one is compared with: those with the same first letters."""
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
    """One record as JSON text; `Problem` 404 where there is none."""
    rows = reader.rows(f"SELECT doc FROM {collection} WHERE id = ?", (record_id,))
    if not rows:
        near = nearest(record_id, _ids_like(reader, collection, record_id))
        hint = f" Did you mean {shown(near)}?" if near else f" GET /v1/{collection} lists what there is."
        raise Problem(404, "not-found", f"There is no record {shown(record_id)} in {collection}.{hint}")
    return str(rows[0][0])


def _ids_like(reader: Reader, collection: str, record_id: str) -> list[str]:
    start = record_id[:2]
    rows = reader.rows(
        f"SELECT id FROM {collection} WHERE id >= ? AND id < ? LIMIT ?", (start, start + "\U0010ffff", MOST_COMPARED)
    )
    return [row[0] for row in rows]


def resolve(reader: Reader, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, with names of records turned into row numbers; `Problem` 400 names every one that fits none or several."""
    resolved = dict(given)
    faults: list[Fault] = []
    for parameter in parameters:
        if parameter.name not in given:
            continue
        try:
            if isinstance(parameter.kind, kinds.Named):
                collection = parameter.kind.collection
                resolved[parameter.name] = tuple(_find(reader, collection, each) for each in given[parameter.name])
            elif isinstance(parameter.kind, kinds.Dataset):
                _check_datasets(reader, given[parameter.name])
        except Refusal as refusal:
            faults.append(refusal.of(parameter.name))
    if faults:
        raise bad_parameters(faults)
    return resolved


def _find(reader: Reader, collection: str, name: str) -> int:
    """The row number of the record that has this id, or alone has this name or alias."""
    rows = reader.rows(f"SELECT seq FROM {collection} WHERE id = ?", (name,))
    if rows:
        return int(rows[0][0])
    rows = reader.rows(
        f"SELECT DISTINCT {collection}.seq, id FROM names JOIN {collection} ON {collection}.seq = names.seq"
        " WHERE collection = ? AND folded = ? ORDER BY id LIMIT ?",
        (collection, fold(name), MOST_CANDIDATES),
    )
    if len(rows) > 1:
        raise Refusal(f"{shown(name)} is the name of several records; give an id", [row[1] for row in rows])
    if not rows:
        close = nearest(name, (*_ids_like(reader, collection, fold(name)), *_names_like(reader, collection, name)))
        raise Refusal(f"{shown(name)} is no id, name or alias in {collection}", did_you_mean=close)
    return int(rows[0][0])


def _names_like(reader: Reader, collection: str, name: str) -> list[str]:
    start = fold(name)[:1]
    rows = reader.rows(
        "SELECT folded FROM names WHERE collection = ? AND folded >= ? AND folded < ? LIMIT ?",
        (collection, start, start + "\U0010ffff", MOST_COMPARED),
    )
    return [row[0] for row in rows]


def _check_datasets(reader: Reader, wanted: Iterable[str]) -> None:
    known = [row[0] for row in reader.rows("SELECT id FROM datasets ORDER BY id")]
    for each in wanted:
        if each not in known:
            raise Refusal(f"{shown(each)} is not a dataset here", known, nearest(each, known))
