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
    clauses = select.clauses_of(noun, values)
    found = steps(connection, sizes_of(noun.name, clauses))
    assert scans(found, noun.name) == [], found
    assert MOST_COUNTED < MILLION / 100


LIKE_PARAMETERS: list[tuple[Resource, str, dict[str, Any]]] = [
    (EVENTS, "type = 'airstrike'", {"type": ("airstrike",)}),
    (EVENTS, "'airstrike' = type", {"type": ("airstrike",)}),
    (EVENTS, "type IN ('airstrike', 'shelling')", {"type": ("airstrike", "shelling")}),
    (EVENTS, "country = 'Syria'", {"country": ("SY",)}),
    (EVENTS, "country IN ('SY', 'lb')", {"country": ("SY", "LB")}),
    (EVENTS, "actor = 'HTS'", {"actor": (1,)}),
    (EVENTS, "actor IN ('HTS', 'SOHR')", {"actor": (1, 2)}),
    (EVENTS, "location = 'Aleppo'", {"location": (1,)}),
    (EVENTS, "source = 'Wire'", {"source": (1,)}),
    (EVENTS, "part_of = 'Offensive'", {"part_of": (1,)}),
    (EVENTS, "dataset = 'northern-syria-2024'", {"dataset": ("northern-syria-2024",)}),
    (EVENTS, "status = 'disputed'", {"status": ("disputed",)}),
    (EVENTS, "date_precision = 'day'", {"date_precision": ("day",)}),
    (EVENTS, "location_precision = 'exact'", {"location_precision": ("exact",)}),
    (EVENTS, "fatalities_best >= 5", {"min_fatalities": 5}),
    (EVENTS, "5 <= fatalities_best", {"min_fatalities": 5}),
    (EVENTS, "source_count >= 5", {"min_sources": 5}),
    (EVENTS, "independent_source_count >= 5", {"min_independent_sources": 5}),
    (EVENTS, "end_date >= DATE('2024-11-28')", {"from": "2024-11-28"}),
    (EVENTS, "T_INTERSECTS(INTERVAL(start_date, end_date), INTERVAL('2024-11-28', '2024-11-29'))",
     {"from": "2024-11-28", "to": "2024-11-29"}),
    (EVENTS, "S_INTERSECTS(geometry, BBOX(36, 35, 38, 37))", {"bbox": (36.0, 35.0, 38.0, 37.0)}),
    (EVENTS, "S_INTERSECTS(BBOX(170, -20, -170, 0), geometry)", {"bbox": (170.0, -20.0, -170.0, 0.0)}),
    (EVENTS, "type = 'airstrike' AND (country = 'SY' AND fatalities_best >= 5)",
     {"type": ("airstrike",), "country": ("SY",), "min_fatalities": 5}),
    (STATEMENTS, "type = 'report'", {"type": ("report",)}),
    (STATEMENTS, "kind = 'quote'", {"kind": ("quote",)}),
    (STATEMENTS, "country = 'SY'", {"country": ("SY",)}),
    (STATEMENTS, "actor = 'HTS'", {"actor": (1,)}),
    (STATEMENTS, "speaker = 'HTS'", {"speaker": (1,)}),
    (STATEMENTS, "on_behalf_of = 'HTS'", {"on_behalf_of": (1,)}),
    (STATEMENTS, "event = 'Offensive'", {"event": (1,)}),
    (STATEMENTS, "location = 'Aleppo'", {"location": (1,)}),
    (STATEMENTS, "source = 'Wire'", {"source": (1,)}),
    (STATEMENTS, "dataset = 'northern-syria-2024'", {"dataset": ("northern-syria-2024",)}),
    (STATEMENTS, "end_date >= DATE('2024-11-28')", {"from": "2024-11-28"}),
    (STATEMENTS, "S_INTERSECTS(geometry, BBOX(36, 35, 38, 37))", {"bbox": (36.0, 35.0, 38.0, 37.0)}),
]  # fmt: skip
"""Expressions, each with the parameters of the same meaning: the one that is named first is row 1, the other row 2."""

OTHER_WAYS = [
    (EVENTS, "id = 'displacement'"),
    (EVENTS, "id IN ('displacement', 'highway-cut')"),
    (EVENTS, "location_id = 'aleppo'"),
    (EVENTS, "location_name = 'Aleppo'"),
    (EVENTS, "location_name IN ('Aleppo', 'Saraqib')"),
    (EVENTS, "location_type = 'city'"),
    (EVENTS, "start_date >= DATE('2024-11-28')"),
    (EVENTS, "start_date < DATE('2000-01-01')"),
    (EVENTS, "start_date = DATE('2024-11-28')"),
    (EVENTS, "start_date BETWEEN DATE('2024-11-01') AND DATE('2024-11-28')"),
    (EVENTS, "T_DURING(start_date, INTERVAL('2024-11-01', '2024-11-28'))"),
    (EVENTS, "T_AFTER(start_date, DATE('2024-11-28'))"),
    (EVENTS, "S_WITHIN(geometry, POLYGON((36 35, 38 35, 37 37, 36 35)))"),
    (EVENTS, "S_INTERSECTS(geometry, MULTIPOINT(36 35, 38 35))"),
    (EVENTS, "S_TOUCHES(geometry, BBOX(36, 35, 38, 37))"),
    (EVENTS, "location_name = 'Aleppo' AND (title LIKE '%army%' OR NOT status = 'disputed')"),
    (STATEMENTS, "id = 'sohr-death-toll'"),
    (STATEMENTS, "date >= DATE('2024-11-28')"),
    (STATEMENTS, "date = DATE('2024-11-28') AND CASEI(text) LIKE '%a%'"),
    (STATEMENTS, "S_INTERSECTS(geometry, POLYGON((36 35, 38 35, 37 37, 36 35)))"),
]
"""Expressions that no parameter can say, but that have a way all the same, or bound the days."""


def asked(noun: Resource, text: str) -> Mapping[str, Any]:
    """The expression as a request has it once names are row numbers."""
    expression = noun.expressions.parse(text)
    named = sorted(expression.names, key=lambda each: text.index(each[1]))
    return {"filter": expression.naming({name: row for row, name in enumerate(named, 1)})}


def selected(noun: Resource, given: Mapping[str, Any], rows: int) -> list[Clause]:
    """All that is asked of the store for a list: pages in two orders, the number of all, and the sizes before."""
    found = [sizes_of(noun.name, select.clauses_of(noun, given))]
    for sort in ((noun.default_sort.removeprefix("-"), True), ("title", False)):
        selection = select.of_resource(noun, given, (sort,))
        known = few(selection, rows)
        found += [select.page(selection, 50, None, known), select.count(selection, known)]
    return found


@pytest.mark.parametrize(("noun", "text", "parameters"), LIKE_PARAMETERS, ids=[text for _, text, _ in LIKE_PARAMETERS])
def test_an_expression_goes_the_way_of_its_parameters(noun: Resource, text: str, parameters: dict[str, Any]) -> None:
    for rows in (40, MILLION // 3):
        assert [clause_bag(each) for each in selected(noun, asked(noun, text), rows)] == [
            clause_bag(each) for each in selected(noun, parameters, rows)
        ]


def clause_bag(clause: Clause) -> tuple[list[str], list[str]]:
    """The words and the values of a clause, whatever the order of its conditions."""
    return sorted(clause.sql.split()), sorted(map(repr, clause.values))


@pytest.mark.parametrize(("noun", "text"), OTHER_WAYS, ids=[text for _, text in OTHER_WAYS])
def test_an_expression_with_a_way_does_not_read_all(connection: sqlite.Connection, noun: Resource, text: str) -> None:
    for clause in selected(noun, asked(noun, text), 40):
        found = steps(connection, clause)
        assert scans(found, noun.name) == [], found


@pytest.mark.parametrize("text", ["NOT type = 'airstrike'", "type = 'airstrike' OR actor = 'HTS'", "title LIKE 'A%'"])
def test_an_expression_without_a_way_is_seen_to_read_all(connection: sqlite.Connection, text: str) -> None:
    """So that the tests above can fail."""
    selection = select.of_resource(EVENTS, asked(EVENTS, text), (("title", False),))
    for known in (few(selection, 40), [None]):
        found = scans(steps(connection, select.count(selection, known)), "events")
        assert found
        assert not any("events_by_start" in each for each in found), "rows in no order are read as they lie"
