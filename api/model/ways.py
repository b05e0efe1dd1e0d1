"""Ways to the rows of a filter that do not look at every row, each with about how many rows that are.

Events and statements may be a million, so each of their filters has one; most give the rows in the order of days, so
that the first page is found without reading the rest. `api/query/plan.py` chooses among those of a request.
"""

import datetime
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from api.model.areas import Area
from api.model.parameters import Clause, Days, SqlValue, Way

IN_LIST = "IN (SELECT value FROM json_each(?))"
DAYS = {"events": "start_date", "statements": "date"}
"""The nouns that have days, each with the column of the first one."""
DAY_INDEXES = {"events": "events_by_start", "statements": "statements_by_date"}
TALLIED = {
    "events": ("type", "country", "dataset", "status", "date_precision", "location_precision"),
    "statements": ("type", "kind", "dataset"),
}
"""Columns whose values are counted (`tallies`), so that a filter by one knows about how many rows it lets through."""
STEPS = {
    "events.fatalities": {number: f"events_with_{number}_dead" for number in (1, 10, 100, 1000)},
    "events.source_count": {number: f"events_with_{number}_sources" for number in (2, 5)},
    "events.independent_source_count": {number: f"events_with_{number}_independent_sources" for number in (2, 5)},
}
"""Indexes, in the order of days, of the rows that have at least so many in a column."""
MOST_COUNTED = 5000
"""Rows that are counted before a request: more are just many."""
MOST_COUNTED_AT_PLACES = 30_000
"""The same for events by their place, which are counted faster, and are often of few years."""
MOST_PLACES = 500
"""Of an area, by which its events are counted."""
TOO_MANY = -1
ROW_BITS = 32
"""The low bits of a text's row number are the row number of the record, the high ones its first day."""


def as_list(values: Iterable[Any]) -> str:
    """The values of an `IN_LIST`, as the one parameter it binds."""
    return json.dumps(list(values))


def text_row(day: str, row: int) -> int:
    """Where the text of a record stands that begins on this day."""
    return datetime.date.fromisoformat(day).toordinal() << ROW_BITS | row


def by_days(table: str, since: str | None, until: str | None) -> Way:
    """All records of a noun in the order of days, whose first day lies between these."""
    size = f"SELECT sum(size) FROM tallies WHERE collection = '{table}' AND name = 'month' AND value BETWEEN ? AND ?"
    months = (since or "")[:7], (until or "9")[:7]
    column = f"{table}.{DAYS[table]}"
    return Way(
        Clause(f"{table} INDEXED BY {DAY_INDEXES[table]}"), Clause("true"), Clause(size, months), column, f"{table}.seq"
    )


def at_least(column: str, number: int) -> Clause:
    """A column with at least this number."""
    passed = [step for step in STEPS.get(column, ()) if step <= number]
    if not passed:
        return Clause(f"+{column} >= ?", (number,))
    table, _, bare = column.partition(".")
    step = max(passed)
    where = Clause(f"{column} >= {step} AND {column} >= ?", (number,))
    size = tally(table, bare, (f">={step}",))
    way = Way(
        Clause(f"{table} INDEXED BY {STEPS[column][step]}"), where, size, f"{table}.{DAYS[table]}", f"{table}.seq"
    )
    return Clause(f"+{column} >= ?", (number,), way)


def among(column: str, values: tuple[SqlValue, ...]) -> Clause:
    """A column with one of the values, each bound by itself: into a JSON list the query planner cannot see."""
    table, _, bare = column.partition(".")
    chosen = f"{column} = ?" if len(values) == 1 else f"{column} IN ({', '.join('?' * len(values))})"
    if table not in DAYS:
        return Clause(chosen, values)
    ordered: tuple[str, ...] = (f"{table}.{DAYS[table]}", f"{table}.seq") if len(values) == 1 else ()
    where = Clause(chosen, values)
    return Clause(
        f"+{chosen}",
        values,
        Way(Clause(f"{table} INDEXED BY {table}_by_{bare}"), where, tally(table, bare, values), *ordered),
    )


def tally(table: str, column: str, values: tuple[SqlValue, ...]) -> Clause:
    """About how many rows have one of the values in that column."""
    sql = f"SELECT sum(size) FROM tallies WHERE collection = '{table}' AND name = '{column}' AND value {IN_LIST}"
    return Clause(sql, (as_list(values),))


def counted(select: Clause, most: int = MOST_COUNTED) -> Clause:
    """How many rows a SELECT has; `TOO_MANY` where it has more than can be counted before a request."""
    count = f"SELECT count(*) AS rows FROM (SELECT 1 FROM ({select.sql}) LIMIT {most})"
    return Clause(f"SELECT iif(rows < {most}, rows, {TOO_MANY}) FROM ({count})", select.values)


def ends(table: str, column: str, day: str) -> Clause:
    """A last day that is this one or a later one."""
    return replace(_from(table, column, "end", day), days=Days(since=day, is_of_last=True))


def since(table: str, column: str, moment: str) -> Clause:
    """A time that is this one or a later one."""
    return _from(table, f"{table}.{column}", column.removesuffix("_at"), moment)


def _from(table: str, column: str, index: str, value: str) -> Clause:
    """A column with at least this value, by the index of that name."""
    where = Clause(f"{column} >= ?", (value,))
    if table not in DAYS:
        return where
    tables = f"{table} INDEXED BY {table}_by_{index}"
    size = counted(Clause(f"SELECT 1 FROM {tables} WHERE {where.sql}", where.values))
    return Clause(f"+{column} >= ?", (value,), Way(Clause(tables), where, size))


def searched(table: str, words: str) -> Clause:
    """Full text. A text's row number is in the order of days, so what is found is too."""
    text = f"{table}_text"
    match = Clause(f"{text} MATCH ?", (words,))
    if table not in DAYS:
        return Clause(f"{table}.seq IN (SELECT rowid FROM {text} WHERE {text} MATCH ?)", (words,))
    return Clause(
        f"EXISTS (SELECT 1 FROM {text} WHERE {text} MATCH ? AND rowid = {table}.text_row)",
        (words,),
        Way(
            Clause(f"{text} CROSS JOIN {table} ON {table}.seq = {text}.rowid & {2**ROW_BITS - 1}"),
            match,
            counted(Clause(f"SELECT 1 FROM {text} WHERE {text} MATCH ?", (words,))),
            text_row=f"{text}.rowid",
        ),
    )


def owned(collection: str, owners: tuple[int, ...]) -> Clause:
    """The events of actors or locations, with those of all inside them."""
    table = f"{collection}_events"
    size = Clause(f"SELECT sum(events) FROM {collection} WHERE seq {IN_LIST}", (as_list(owners),))
    is_one = len(owners) == 1
    if is_one:
        tables = Clause(f"{table} AS way CROSS JOIN events ON events.seq = way.event")
        way = Way(tables, Clause("way.owner = ?", owners), size, "way.start_date", "way.event")
    else:
        select = Clause(f"SELECT event FROM {table} WHERE owner {IN_LIST}", (as_list(owners),))
        way = Way(rows_of("events", select), Clause("true"), size)
    return Clause(
        f"EXISTS (SELECT 1 FROM {table} WHERE owner {'= ?' if is_one else IN_LIST} AND start_date = events.start_date"
        " AND event = events.seq)",
        owners if is_one else (as_list(owners),),
        way,
    )


def rows_of(table: str, select: Clause) -> Clause:
    """The rows whose numbers a SELECT gives, each once, found by these: SQLite would now and then read all rows instead."""
    numbers = f"WITH numbers (row) AS ({select.sql}) SELECT DISTINCT row FROM numbers"
    return Clause(f"({numbers}) AS way CROSS JOIN {table} ON {table}.seq = way.row", select.values)


def found(table: str, select: Clause) -> Clause:
    """Rows whose number is in what a SELECT gives, which are few."""
    way = Way(rows_of(table, select), Clause("true"), counted(select))
    return Clause(f"{table}.seq IN ({select.sql})", select.values, way)


def called(table: str, ids: tuple[SqlValue, ...]) -> Clause:
    """Records with these ids."""
    return found(table, Clause(f"SELECT seq FROM {table} WHERE id {IN_LIST}", (as_list(ids),)))


def at_places(sql: str, column: str, values: tuple[SqlValue, ...]) -> Clause:
    """Events at places with one of the values in a column; `sql` gives it for an event."""
    select = Clause(f"SELECT seq FROM locations WHERE {column} {IN_LIST}", (as_list(values),))
    return Clause(f"{sql} {IN_LIST}", (as_list(values),), _at(select, select))


def _at(places: Clause, some: Clause) -> Way:
    """The events at the places that a SELECT gives, of which `some` are counted."""
    tables = "events INDEXED BY events_by_location"
    size = counted(
        Clause(f"SELECT 1 FROM {tables} WHERE location IN ({some.sql})", some.values), MOST_COUNTED_AT_PLACES
    )
    return Way(Clause(tables), Clause(f"events.location IN ({places.sql})", places.values), size)


def joined(table: str, join: str, column: str, where: Clause) -> Clause:
    """Rows with which a join table has a row of that kind: `where` says what its `column` is."""
    own = table.removesuffix("s")
    select = Clause(f"SELECT {own} FROM {join} WHERE {where.sql}", where.values)
    of_row = where.sql.replace(
        f"{column} IN", f"+{column} IN", 1
    )  # else each value of the list is looked up for each row
    return Clause(
        f"EXISTS (SELECT 1 FROM {join} WHERE {own} = {table}.seq AND {of_row})",
        where.values,
        Way(rows_of(table, select), Clause("true"), counted(select)),
    )


def placed(table: str, area: Area) -> Clause:
    """What lies in an area: locations by their own coordinates, events by those of theirs, statements by any of theirs."""
    places = area.places()
    if table == "locations":
        return Clause(f"locations.seq IN ({places.sql})", places.values)
    if table == "statements":
        return joined(table, "statement_locations", "location", Clause(f"location IN ({places.sql})", places.values))
    inside = area.holds("events")
    return Clause(inside.sql, inside.values, _at(places, area.some(MOST_PLACES)))
