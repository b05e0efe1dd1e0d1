"""A list as one SELECT: the clauses of its filters, the keys of its sort, and where its page begins.

Paging is by key: every sort ends in the row number, so a page begins right after the last row of the one before, and
page 10,000 costs what page 1 costs. Rows that do not change are seen exactly once, whatever is written meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.model.parameters import Clause, SqlValue, Way
from api.model.problem import Fault, bad_parameters
from api.model.resource import Resource
from api.model.timeline import Timeline
from api.model.ways import DAYS, ROW_BITS, text_row
from api.query.cursor import Position
from api.query.plan import Plan, Sizes, first_rows, is_dated, narrowest, sizes_of, unasked

Sort = tuple[tuple[str, bool], ...]
"""Sort keys, each with whether it descends."""
RANK = "found.rank"
"""How well a row fits `q`, by BM25: the best is the least."""


@dataclass(frozen=True)
class Branch:
    """One noun's part of a list: what it is called there, what narrows it, what it is ordered by.

    `found` is a FROM of its own where rows come with how well they fit a search.
    """

    entry: str
    table: str
    clauses: tuple[Clause, ...]
    keys: tuple[str, ...]
    found: Clause | None = None

    @property
    def constant(self) -> str:
        """The entry as SQL: the timeline's key between the day and the row number."""
        return f"'{self.entry}'"

    @property
    def is_by_days(self) -> bool:
        """Are its rows wanted in the order of their first days?"""
        keys = [each for each in self.keys if each != self.constant]
        return is_dated(self.table) and keys == [f"{self.table}.{DAYS[self.table]}", f"{self.table}.seq"]

    def sizes(self) -> Clause | None:
        """What must be known before it is planned; nothing where there is one way to go."""
        if self.found or not is_dated(self.table) or not self.clauses:
            return None
        first, *others = self.clauses
        is_plain = self.is_by_days and not others and not first.days
        if is_plain and (first.way is None or first.way.day or first.way.text_row):
            return None
        return sizes_of(self.table, self.clauses)


@dataclass(frozen=True)
class Selection:
    """What a list gives: one branch for a noun, two for the timeline; all have their keys in the same order."""

    branches: tuple[Branch, ...]
    descending: tuple[bool, ...]


Known = Sequence[Sizes | None]
"""For each branch the sizes that it asked for."""


def conjunction(clauses: Sequence[Clause]) -> Clause:
    """The clauses joined by AND; true where there are none."""
    return Clause(
        " AND ".join(f"({each.sql})" for each in clauses) or "true",
        tuple(value for each in clauses for value in each.values),
    )


def clauses_of(noun: Resource, given: Mapping[str, Any]) -> tuple[Clause, ...]:
    """The clauses of all filters that were given, and of the parts of a CQL2 expression."""
    filters = (each for each in noun.filters if each.clause is not None and each.name in given)
    expression = given["filter"].clauses() if "filter" in given else ()
    return (*(each.clause(given[each.name], given) for each in filters if each.clause), *expression)


def of_resource(resource: Resource, given: Mapping[str, Any], sort: Sort) -> Selection:
    """The selection that a noun's filters and sort make."""
    columns = {**resource.sorts, "relevance": RANK}
    keys = (*(columns[key] for key, _ in sort), f"{resource.name}.seq")
    return Selection((_branch(resource.singular, resource, given, sort, keys),), _directions(sort, 1))


def of_timeline(timeline: Timeline, given: Mapping[str, Any], sort: Sort) -> Selection:
    """The selection that the timeline's filters make; a day's events come before its statements."""
    branches = []
    for entry, resource in timeline.branches.items():
        if entry not in given.get("entry", timeline.branches):
            continue
        columns = {name: column[entry] for name, column in timeline.sorts.items()} | {"relevance": RANK}
        keys = (*(columns[key] for key, _ in sort), f"'{entry}'", f"{resource.name}.seq")
        branches.append(_branch(entry, resource, given, sort, keys))
    return Selection(tuple(branches), _directions(sort, 2))


def _branch(entry: str, resource: Resource, given: Mapping[str, Any], sort: Sort, keys: tuple[str, ...]) -> Branch:
    found = _ranked(resource.name, given, sort)
    narrowing = given if found is None else {name: value for name, value in given.items() if name != "q"}
    return Branch(entry, resource.name, clauses_of(resource, narrowing), keys, found)


def _ranked(table: str, given: Mapping[str, Any], sort: Sort) -> Clause | None:
    """Where a noun's rows come from for `relevance`: each with how well it fits `q`."""
    if all(key != "relevance" for key, _ in sort):
        return None
    if "q" not in given:
        raise bad_parameters([Fault("relevance needs q", "sort")])
    row = f"found.row & {2**ROW_BITS - 1}" if is_dated(table) else "found.row"
    return Clause(
        f"(SELECT rowid AS row, rank FROM {table}_text WHERE {table}_text MATCH ?) AS found"
        f" CROSS JOIN {table} ON {table}.seq = {row}",
        (given["q"],),
    )


def _directions(sort: Sort, added_keys: int) -> tuple[bool, ...]:
    """The keys that make an order unique go the way of the last key asked for, so that one index serves them all."""
    return (*(descending for _, descending in sort), *([sort[-1][1]] * added_keys))


def page(selection: Selection, limit: int, position: Position | None, known: Known) -> Clause:
    """The SELECT of `limit` + 1 rows (entry, document, keys…) from the position on, in the direction it looks.

    Documents are fetched last, for the rows of the page alone.
    """
    backward = position is not None and position.is_backward
    descending = tuple(each != backward for each in selection.descending)
    parts = [
        _part(branch, descending, limit, position, sizes)
        for branch, sizes in zip(selection.branches, known, strict=True)
    ]
    names = [f"k{n}" for n in range(len(descending))]
    numbers = ", ".join(f"{name}{' DESC' if falls else ''}" for name, falls in zip(names, descending, strict=True))
    rows = parts[0].sql
    if len(parts) > 1:
        union = " UNION ALL ".join(f"SELECT * FROM ({each.sql})" for each in parts)
        rows = f"{union} ORDER BY {numbers} LIMIT {limit + 1}"
    document = _document(selection.branches[0])
    if len(parts) > 1:
        cases = (f"WHEN {each.constant} THEN {_document(each)}" for each in selection.branches)
        document = f"CASE entry {' '.join(cases)} END"
    return Clause(
        f"WITH chosen AS MATERIALIZED ({rows}) SELECT entry, {document}, {', '.join(names)} FROM chosen",
        tuple(value for each in parts for value in each.values),
    )


def _document(branch: Branch) -> str:
    """The document of a row as bytes: they are sent as they are, and to make text of them would cost more than to read them."""
    return f"(SELECT CAST(doc AS BLOB) FROM {branch.table}_doc WHERE seq = row)"


def _part(
    branch: Branch, descending: Sequence[bool], limit: int, position: Position | None, sizes: Sizes | None
) -> Clause:
    plan = _planned(branch, limit + 1, sizes)
    keys, order = branch.keys, branch.keys
    more: list[Clause] = []
    if position:
        more.append(after(keys, descending, position.keys))
    if plan.in_order:
        order = tuple(each for each in (plan.in_order.day, plan.in_order.row, plan.in_order.text_row) if each)
        descending = (descending[-1],) * len(order)
        if position:
            more.append(_beginning(plan.in_order, descending[0], position))
    where = conjunction((*plan.clauses, *more))
    by = ", ".join(
        f"{'+' if plan.is_sorted else ''}{key}{' DESC' if falls else ''}"
        for key, falls in zip(order, descending, strict=True)
        if key != branch.constant  # among the keys it would keep SQLite from using the index
    )
    columns = ", ".join(f"{key} AS k{n}" for n, key in enumerate(keys))
    return Clause(
        f"SELECT {branch.constant} AS entry, {branch.table}.seq AS row, {columns} FROM {plan.tables.sql}"
        f" WHERE {where.sql} ORDER BY {by} LIMIT {limit + 1}",
        (*plan.tables.values, *where.values),
    )


def _planned(branch: Branch, wanted: int | None, sizes: Sizes | None) -> Plan:
    if branch.found:
        return Plan(branch.found, branch.clauses)
    if not is_dated(branch.table):
        return Plan(Clause(branch.table), branch.clauses)
    sizes = sizes or unasked(branch.clauses)
    if wanted is None:
        return narrowest(branch.table, branch.clauses, sizes)
    return first_rows(branch.table, branch.clauses, sizes, wanted, branch.is_by_days)


def _beginning(way: Way, falls: bool, position: Position) -> Clause:
    """From which day on a way in order has rows for the page, so that those before it are not looked at."""
    day, *between, row = position.keys
    if way.text_row:
        return Clause(f"{way.text_row} {'<=' if falls else '>='} ?", (_text_row(day, falls),))
    if not between:
        return Clause(f"({way.day}, {way.row}) {'<' if falls else '>'} (?, ?)", (day, row))
    return Clause(f"{way.day} {'<=' if falls else '>='} ?", (day,))


def _text_row(day: SqlValue, falls: bool) -> int:
    try:
        return text_row(str(day), 2**ROW_BITS - 1 if falls else 0)
    except ValueError:  # in a cursor that nobody was given
        return 0


def after(keys: Sequence[str], descending: Sequence[bool], values: Sequence[SqlValue]) -> Clause:
    """Rows that come after the one with these key values, in an order in which each key has its own direction."""
    if len(set(descending)) == 1:
        comparison = "<" if descending[0] else ">"
        return Clause(f"({', '.join(keys)}) {comparison} ({', '.join('?' * len(keys))})", tuple(values))
    alternatives = []
    bound: list[SqlValue] = []
    for index, (key, falls) in enumerate(zip(keys, descending, strict=True)):
        equal = [f"{each} = ?" for each in keys[:index]]
        alternatives.append(" AND ".join([*equal, f"{key} {'<' if falls else '>'} ?"]))
        bound += values[: index + 1]
    first = f"{keys[0]} {'<=' if descending[0] else '>='} ?"
    return Clause(f"{first} AND ({' OR '.join(alternatives)})", (values[0], *bound))


def count(selection: Selection, known: Known) -> Clause:
    """The SELECT of how many rows there are in all."""
    parts = [_all(branch, sizes) for branch, sizes in zip(selection.branches, known, strict=True)]
    sql = " + ".join(f"(SELECT count(*) FROM {each.sql})" for each in parts)
    return Clause(f"SELECT {sql}", tuple(value for each in parts for value in each.values))


def ids(branch: Branch, sizes: Sizes | None, limit: int) -> Clause:
    """The SELECT of the ids of all rows, at most so many."""
    rows = _all(branch, sizes)
    return Clause(f"SELECT {branch.table}.id FROM {rows.sql} LIMIT {limit}", rows.values)


def _all(branch: Branch, sizes: Sizes | None) -> Clause:
    plan = _planned(branch, None, sizes)
    where = conjunction(plan.clauses)
    return Clause(f"{plan.tables.sql} WHERE {where.sql}", (*plan.tables.values, *where.values))
