"""No filter of a dated noun reads its whole table: how SQLite goes about each, in a database where each has few rows.

`api/query/plan.py` decides by how many rows the filters have; here it is told that there are a million records.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api.model import kinds
from api.model.event import EVENTS
from api.model.parameters import Clause, Filter
from api.model.resource import Resource
from api.model.statement import STATEMENTS
from api.model.ways import DAYS, MOST_COUNTED
from api.query import select
from api.query.cursor import Position
from api.query.plan import Sizes, sizes_of
from api.query.select import Selection
from api.store import sqlite
from api.store.connections import open_writer

MILLION = 1_000_000
NO_WAY = {"max_fatalities", "to", "certain", "role", "radius"}
"""What most events pass (`max_fatalities`), what bounds the days by which every list can be walked, and what only
changes another filter."""
DATED = (EVENTS, STATEMENTS)


@pytest.fixture(scope="module")
def connection(database: Path) -> Iterator[sqlite.Connection]:
    with closing(open_writer(database)) as connection:
        yield connection


def given(each: Filter, many: bool = False) -> Mapping[str, Any]:
    """The filter with the value of its example, as a request has it once names are row numbers; or with several."""
    value: Any = each.kind.parse(each.example) if not isinstance(each.kind, kinds.Named) else 1
    if each.takes_many:
        value = (value, 2 if value == 1 else value) if many else (value,)
    found = {each.name: value}
    if each.name == "near":
        found["radius"] = 25.0
    for needed in each.needs[:1]:
        found |= given(next(one for one in EVENTS.filters if one.name == needed))
    return found


def few(selection: Selection, rows: int) -> list[Sizes | None]:
    """A million records, of which each filter lets so many through."""
    known: list[Sizes | None] = []
    for branch in selection.branches:
        ways = [rows for each in branch.clauses if each.way]
        bounded = any(each.days for each in branch.clauses)
        known.append(Sizes(MILLION, 400, (*ways, rows if bounded else MILLION)))
    return known


def steps(connection: sqlite.Connection, clause: Clause) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {clause.sql}", clause.values)]


def scans(found: list[str], table: str) -> list[str]:
    """The steps that read all rows of the table itself, or all entries of an index that holds every row."""
    return [each for each in found if f"{each} ".startswith(f"SCAN {table} ") and f"INDEX {table}_with" not in each]


CASES = [
    pytest.param(noun, each, many, id=f"{noun.name} {each.name}{' twice' if many else ''}")
    for noun in DATED
    for each in noun.filters
    for many in (False, True)
    if each.name not in NO_WAY and (each.takes_many or not many)
]


def test_every_other_filter_has_a_way() -> None:
    for noun in DATED:
        for each in noun.filters:
            if each.name not in NO_WAY:
                values = given(each)
                if each.name.startswith("min_"):
                    values = {each.name: 5}
                assert each.clause is not None
                assert each.clause(values[each.name], values).way is not None, (noun.name, each.name)


@pytest.mark.parametrize(("noun", "each", "many"), CASES)
def test_few_rows_are_found_without_reading_all(
    connection: sqlite.Connection, noun: Resource, each: Filter, many: bool
) -> None:
    values = {each.name: 5} if each.name.startswith("min_") else given(each, many)
    for sort in ((noun.default_sort.removeprefix("-"), True), ("title", False)):
        selection = select.of_resource(noun, values, (sort,))
        known = few(selection, 40)
        for clause in (select.page(selection, 50, None, known), select.count(selection, known)):
            found = steps(connection, clause)
            assert scans(found, noun.name) == [], found


@pytest.mark.parametrize(("noun", "each", "many"), [case for case in CASES if not case.values[2]])
def test_a_page_of_many_rows_is_not_sorted(
    connection: sqlite.Connection, noun: Resource, each: Filter, many: bool
) -> None:
    """By days, a filter that lets very many through is walked in their order, so that a page ends after its rows."""
    values = {each.name: 5} if each.name.startswith("min_") else given(each)
    selection = select.of_resource(noun, values, ((DAYS[noun.name] if noun is EVENTS else "date", True),))
    position = Position(("2024-11-28", 9))
    for begin in (None, position):
        found = steps(connection, select.page(selection, 50, begin, few(selection, MILLION // 3)))
        assert not any("TEMP B-TREE FOR ORDER BY" in one for one in found), found


@pytest.mark.parametrize("noun", DATED, ids=lambda noun: noun.name)
@pytest.mark.parametrize("days", [("from", "2024-11-27"), ("to", "2024-11-29")])
def test_days_are_a_range_of_an_index(connection: sqlite.Connection, noun: Resource, days: tuple[str, str]) -> None:
    selection = select.of_resource(noun, dict([days]), (("title", False),))
    found = steps(connection, select.page(selection, 50, None, few(selection, 40)))
    assert scans(found, noun.name) == [], found


@pytest.mark.parametrize("noun", DATED, ids=lambda noun: noun.name)
def test_every_sort_has_an_index(connection: sqlite.Connection, noun: Resource) -> None:
    for key in noun.sorts:
        for falls in (False, True):
            selection = select.of_resource(noun, {}, ((key, falls),))
            found = steps(connection, select.page(selection, 50, None, [None]))
            assert not any("TEMP B-TREE FOR ORDER BY" in one for one in found), (key, found)


@pytest.mark.parametrize(("noun", "each", "many"), CASES)
def test_asking_for_sizes_reads_little(connection: sqlite.Connection, noun: Resource, each: Filter, many: bool) -> None:
    values = {each.name: 5} if each.name.startswith("min_") else given(each, many)
    clauses = select.clauses_of(noun.filters, values)
    found = steps(connection, sizes_of(noun.name, clauses))
    assert scans(found, noun.name) == [], found
    assert MOST_COUNTED < MILLION / 100
