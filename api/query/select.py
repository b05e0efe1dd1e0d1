"""A list as one SELECT: the clauses of its filters, the keys of its sort, and where its page begins.

Paging is by key: every sort ends in the row number, so a page begins right after the last row of the one before, and
page 10,000 costs what page 1 costs. Rows that do not change are seen exactly once, whatever is written meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.model.parameters import Clause, Filter, SqlValue
from api.model.problem import Fault, bad_parameters
from api.model.resource import Resource
from api.model.timeline import Timeline
from api.query.cursor import Position

Sort = tuple[tuple[str, bool], ...]
"""Sort keys, each with whether it descends."""
RANK = "found.rank"
"""How well a row fits `q`, by BM25: the best is the least."""


@dataclass(frozen=True)
class Branch:
    """One noun's part of a list: where its rows come from, what narrows them, what they are ordered by."""

    entry: str
    origin: Clause
    document: str
    clauses: tuple[Clause, ...]
    keys: tuple[str, ...]

    @property
    def constant(self) -> str:
        """The entry as SQL: the timeline's key between the day and the row number."""
        return f"'{self.entry}'"

    def where(self, *more: Clause) -> Clause:
        """All clauses joined by AND."""
        return conjunction((*self.clauses, *more))


@dataclass(frozen=True)
class Selection:
    """What a list gives: one branch for a noun, two for the timeline; all have their keys in the same order."""

    branches: tuple[Branch, ...]
    descending: tuple[bool, ...]


def conjunction(clauses: Sequence[Clause]) -> Clause:
    """The clauses joined by AND; true where there are none."""
    return Clause(
        " AND ".join(f"({each.sql})" for each in clauses) or "true",
        tuple(value for each in clauses for value in each.values),
    )


def clauses_of(filters: Sequence[Filter], given: Mapping[str, Any]) -> tuple[Clause, ...]:
    """The clauses of all filters that were given."""
    return tuple(
        each.clause(given[each.name], given) for each in filters if each.clause is not None and each.name in given
    )


def of_resource(resource: Resource, given: Mapping[str, Any], sort: Sort) -> Selection:
    """The selection that a noun's filters and sort make."""
    table = resource.name
    columns = {**resource.sorts, "relevance": RANK}
    keys = (*(columns[key] for key, _ in sort), f"{table}.seq")
    origin = _origin(table, given, sort)
    narrowing = given if origin.sql == table else {name: value for name, value in given.items() if name != "q"}
    branch = Branch(resource.singular, origin, f"{table}.doc", clauses_of(resource.filters, narrowing), keys)
    return Selection((branch,), _directions(sort, 1))


def _origin(table: str, given: Mapping[str, Any], sort: Sort) -> Clause:
    """Where a noun's rows come from: its table, and for `relevance` how well each fits `q`."""
    if all(key != "relevance" for key, _ in sort):
        return Clause(table)
    if "q" not in given:
        raise bad_parameters([Fault("relevance needs q", "sort")])
    return Clause(
        f"{table} JOIN (SELECT rowid AS row, rank FROM {table}_text WHERE {table}_text MATCH ?) AS found"
        f" ON found.row = {table}.seq",
        (given["q"],),
    )


def of_timeline(timeline: Timeline, given: Mapping[str, Any], sort: Sort) -> Selection:
    """The selection that the timeline's filters make; a day's events come before its statements."""
    branches = []
    for entry, resource in timeline.branches.items():
        if entry not in given.get("entry", timeline.branches):
            continue
        clauses = clauses_of(resource.filters, given)
        columns = {name: column[entry] for name, column in timeline.sorts.items()} | {"relevance": RANK}
        keys = (*(columns[key] for key, _ in sort), f"'{entry}'", f"{resource.name}.seq")
        origin = _origin(resource.name, given, sort)
        branches.append(Branch(entry, origin, f"{resource.name}.doc", clauses, keys))
    return Selection(tuple(branches), _directions(sort, 2))


def _directions(sort: Sort, added_keys: int) -> tuple[bool, ...]:
    """The keys that make an order unique go the way of the last key asked for, so that one index serves them all."""
    return (*(descending for _, descending in sort), *([sort[-1][1]] * added_keys))


def page(selection: Selection, limit: int, position: Position | None) -> Clause:
    """The SELECT of `limit` + 1 rows (entry, document, keys…) from the position on, in the direction it looks."""
    backward = position is not None and position.is_backward
    descending = tuple(each != backward for each in selection.descending)
    parts = [_part(branch, descending, limit, position) for branch in selection.branches]
    if len(parts) == 1:
        return parts[0]
    numbers = ", ".join(f"{n}{' DESC' if d else ''}" for n, d in enumerate(descending, 3))
    union = " UNION ALL ".join(f"SELECT * FROM ({each.sql})" for each in parts)
    values = tuple(value for each in parts for value in each.values)
    return Clause(f"{union} ORDER BY {numbers} LIMIT ?", (*values, limit + 1))


def _part(branch: Branch, descending: Sequence[bool], limit: int, position: Position | None) -> Clause:
    where = branch.where(*([after(branch.keys, descending, position.keys)] if position else []))
    order = ", ".join(
        f"{key}{' DESC' if falls else ''}"
        for key, falls in zip(branch.keys, descending, strict=True)
        if key != branch.constant  # among the keys it would keep SQLite from using the index
    )
    return Clause(
        f"SELECT {branch.constant}, {branch.document}, {', '.join(branch.keys)} FROM {branch.origin.sql}"
        f" WHERE {where.sql} ORDER BY {order} LIMIT ?",
        (*branch.origin.values, *where.values, limit + 1),
    )


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


def count(selection: Selection) -> Clause:
    """The SELECT of how many rows there are in all."""
    parts = []
    values: list[SqlValue] = []
    for branch in selection.branches:
        where = branch.where()
        parts.append(f"(SELECT count(*) FROM {branch.origin.sql} WHERE {where.sql})")
        values += (*branch.origin.values, *where.values)
    return Clause(f"SELECT {' + '.join(parts)}", tuple(values))
