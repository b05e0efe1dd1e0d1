"""Which way a list goes: the filter that finds its rows, while the others look at each row found.

SQLite plans by averages: it does not know that one country has a fifth of all events and another ten of them, nor that a
page needs only the first fifty rows. Here the filters of a request are asked how many rows each has, which costs a few
look-ups, and of all ways the cheapest is taken:

- *in order*: rows come in the order of days until the page is full; good where the other filters let many through;
- *all*: every row of one filter, sorted afterwards; good where it has few.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from api.model import ways
from api.model.parameters import Clause, Way

SORTED = 2.0
"""What a row costs that has to be fetched and sorted, where one that is looked at in order costs 1."""
DOUBT = 1 / 50
"""Filters may have fewer rows in common than chance would give them; then a way in order goes on to its end."""
USUAL_DAYS = 10_000
"""Over how many days records are thought to be spread: some thirty years."""
MANY = 1 / 4
"""The part of all rows that a filter is thought to let through when its rows were too many to count."""


@dataclass(frozen=True)
class Sizes:
    """What is known before a request is planned: the number of rows in all, the longest span, the rows of each way."""

    total: int
    longest: int
    counted: tuple[int, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of each way; too many to count are thought to be a good part of all."""
        many = round(self.total * MANY)
        return tuple(many if each == ways.TOO_MANY else each for each in self.counted)


@dataclass(frozen=True)
class Plan:
    """FROM and WHERE, and how rows come: in the order of days by a way, or all to be sorted, or as SQLite likes."""

    tables: Clause
    clauses: tuple[Clause, ...]
    in_order: Way | None = None
    is_sorted: bool = False


def unasked(clauses: Sequence[Clause]) -> Sizes:
    """For a request that has one way to go."""
    return Sizes(0, 0, (0,) * (1 + sum(each.way is not None for each in clauses)))


def is_dated(table: str) -> bool:
    """Is this a noun that may be a million?"""
    return table in ways.DAYS


def sizes_of(table: str, clauses: Sequence[Clause]) -> Clause:
    """The SELECT of the numbers in `Sizes`: for each clause with a way its rows, and last those of the span of days."""
    since, until = _bounds(clauses, 0)
    asked = [each.way.size for each in clauses if each.way] + [ways.by_days(table, since, until).size]
    columns = [
        f"(SELECT coalesce(max(seq), 0) FROM {table})",
        f"(SELECT coalesce(max(days), 0) FROM {table})",
        *(f"(SELECT coalesce(({each.sql}), 0))" for each in asked),
    ]
    return Clause(f"SELECT {', '.join(columns)}", tuple(value for each in asked for value in each.values))


def narrowest(table: str, clauses: Sequence[Clause], sizes: Sizes) -> Plan:
    """The plan for all rows: the filter that has the fewest finds them, and none where that would be most of them."""
    candidates = _ways(table, clauses, sizes)
    rows, best = min(zip(sizes.rows, candidates, strict=True), key=lambda each: each[0])
    is_every_day = best is candidates[-1] and _bounds(clauses, 0) == (None, None)
    if is_every_day or rows > sizes.total / 2:
        return Plan(Clause(table), tuple(clauses))
    return _going(best, clauses, sizes, ordered=False)


def first_rows(table: str, clauses: Sequence[Clause], sizes: Sizes, wanted: int, by_days: bool) -> Plan:
    """The plan for a page: `wanted` rows, in the order of days or in another."""
    candidates = _ways(table, clauses, sizes)
    base = candidates[-1]
    plans: list[tuple[float, bool, Way | None]] = []
    span = _part(sizes.rows[-1], sizes.total) if _bounds(clauses, 0) != (None, None) else 1.0
    parts = [_part(rows, sizes.total) for rows in sizes.rows[:-1]]
    for number, (rows, candidate) in enumerate(zip(sizes.rows, candidates, strict=True)):
        others = 1.0
        for other, part in enumerate(parts):
            others *= 1.0 if other == number else part
        if candidate is base and any(each.days and each.days.is_of_last for each in clauses):
            rows += round(sizes.total * sizes.longest / USUAL_DAYS)  # noqa: PLW2901 those that begin before and may end after
        if by_days and candidate.day + candidate.text_row:
            reached = rows * (span if candidate is not base else 1.0)
            plans.append((min(reached, wanted / others) + reached * DOUBT, True, candidate))
        elif candidate is not base or span < 1.0:
            plans.append((rows * SORTED, False, candidate))
    if not by_days:
        others = span
        for part in parts:
            others *= part
        plans.append((min(sizes.total, wanted / others) + sizes.total * DOUBT, False, None))
    _, ordered, way = min(plans, key=lambda each: each[0])
    return Plan(Clause(table), tuple(clauses)) if way is None else _going(way, clauses, sizes, ordered)


def _ways(table: str, clauses: Sequence[Clause], sizes: Sizes) -> list[Way]:
    since, until = _bounds(clauses, sizes.longest)
    return [*(each.way for each in clauses if each.way), ways.by_days(table, since, until)]


def _going(way: Way, clauses: Sequence[Clause], sizes: Sizes, ordered: bool) -> Plan:
    others = [each for each in clauses if each.way is not way]
    bounds = _between(way, *_bounds(clauses, sizes.longest))
    return Plan(way.tables, (way.where, *bounds, *others), way if ordered else None, not ordered)


def _between(way: Way, since: str | None, until: str | None) -> list[Clause]:
    """The bounds of days, for what the rows are ordered by."""
    if way.text_row:
        low, high = since and ways.text_row(since, 0), until and ways.text_row(until, 2**ways.ROW_BITS - 1)
        limits: list[tuple[str, str | int | None]] = [(f"{way.text_row} >= ?", low), (f"{way.text_row} <= ?", high)]
    elif way.day:
        limits = [(f"{way.day} >= ?", since), (f"{way.day} <= ?", until)]
    else:
        return []
    return [Clause(sql, (value,)) for sql, value in limits if value is not None]


def _bounds(clauses: Sequence[Clause], longest: int) -> tuple[str | None, str | None]:
    """Between which days all records begin; one that ends on a day began at most the longest span before it."""
    given = [each.days for each in clauses if each.days]
    since = [_before(each.since, longest) if each.is_of_last else each.since for each in given if each.since]
    until = [each.until for each in given if each.until]
    return max(since, default=None), min(until, default=None)


def _before(day: str, days: int) -> str:
    ordinal = datetime.date.fromisoformat(day).toordinal() - days
    return datetime.date.fromordinal(max(1, ordinal)).isoformat()


def _part(rows: int, total: int) -> float:
    """Which part of all rows a filter lets through, at least one of them."""
    return min(1.0, max(rows, 1) / max(total, 1))
