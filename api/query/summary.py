"""Summaries: counts and figures of a filtered set, by one or two groups.

An event in several groups (by `actor` or `source`) counts in each; actors that only reported it have no part in it.
Within one group an event's toll is left out where a longer event that it is part of stands in the same group with a
toll of its own, so nobody is counted twice there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.model.parameters import Clause
from api.model.taxonomy import OPEN_ABOVE, OPEN_BELOW
from api.query.cursor import Position
from api.query.plan import Plan
from api.query.select import after, conjunction


@dataclass(frozen=True)
class Group:
    """A way to group: the SQL of its key, which is '' where nothing is known, and the joins that it needs."""

    key: str
    join: str = ""
    collection: str | None = None


Dated = Callable[[str], str]
PERIODS: Mapping[str, Dated] = {
    "day": lambda column: column,
    "week": lambda column: f"date({column}, '-6 days', 'weekday 1')",
    "month": lambda column: f"substr({column}, 1, 7)",
    "year": lambda column: f"substr({column}, 1, 4)",
}


def _periods(first: str, last: str) -> dict[str, Group]:
    """Periods that hold a whole span of days; a span that reaches over two is in none, as its period is not known."""
    return {
        name: Group(f"CASE WHEN {period(first)} = {period(last)} THEN {period(first)} ELSE '' END")
        for name, period in PERIODS.items()
    }


EVENT_GROUPS: Mapping[str, Group] = {
    "type": Group("events.type"),
    "country": Group("coalesce(events.country, '')"),
    "location": Group("coalesce(place.id, '')", "LEFT JOIN locations AS place ON place.seq = location", "locations"),
    "actor": Group(
        "coalesce(who.id, '')",
        "LEFT JOIN (SELECT DISTINCT event, actor FROM event_actors WHERE role <> 'reporter') AS part"
        " ON part.event = events.seq"
        " LEFT JOIN actors AS who ON who.seq = part.actor",
        "actors",
    ),
    "source": Group(
        "report.id",
        "JOIN event_sources AS cited ON cited.event = events.seq JOIN sources AS report ON report.seq = cited.source",
        "sources",
    ),
    **_periods("events.start_date", "events.end_date"),
}
STATEMENT_GROUPS: Mapping[str, Group] = {
    "type": Group("statements.type"),
    "country": Group(
        "coalesce(spot.country, '')",
        "LEFT JOIN (SELECT DISTINCT statement, country FROM statement_locations JOIN locations ON seq = location)"
        " AS spot ON spot.statement = statements.seq",
    ),
    "location": Group(
        "coalesce(place.id, '')",
        "LEFT JOIN statement_locations AS placed ON placed.statement = statements.seq"
        " LEFT JOIN locations AS place ON place.seq = placed.location",
        "locations",
    ),
    "actor": Group(
        "coalesce(who.id, '')",
        "LEFT JOIN (SELECT DISTINCT statement, actor FROM statement_actors) AS part"
        " ON part.statement = statements.seq LEFT JOIN actors AS who ON who.seq = part.actor",
        "actors",
    ),
    "source": Group(
        "report.id",
        "JOIN statement_sources AS cited ON cited.statement = statements.seq"
        " JOIN sources AS report ON report.seq = cited.source",
        "sources",
    ),
    **_periods("statements.date", "statements.end_date"),
}
GROUPS = {"events": EVENT_GROUPS, "statements": STATEMENT_GROUPS}
GROUP_NAMES = tuple(EVENT_GROUPS)

COVERED_BY_INDEX = dict.fromkeys(
    ("events", "events INDEXED BY events_by_country"), Clause("events INDEXED BY events_for_sums")
)
"""Where all events, or those of a country, are added up, an index holds everything that is needed."""
TOLLS = {
    "fatalities_low": "fatalities",
    "fatalities": "fatalities",
    "fatalities_high": "fatalities",
    "fatalities_civilians": "fatalities",
    "injured": "injured",
    "displaced": "displaced",
}
"""Columns that are added up, each with the column that tells whether a longer event has that toll itself."""
GIVEN = "coalesce({0}fatalities, {0}fatalities_low, {0}fatalities_high)"
"""Null where an event has no toll of the dead; “at most 5” is one, though it has no best."""


COVERED = (
    ", covered AS MATERIALIZED (SELECT part.seq AS seq, part.k0 AS k0, part.k1 AS k1,"
    f" max({GIVEN.format('whole.')} IS NOT NULL) AS fatalities_covered, max(whole.injured IS NOT NULL) AS injured_covered,"
    " max(whole.displaced IS NOT NULL) AS displaced_covered FROM matched AS part"
    " JOIN tree ON collection = 'events' AND descendant = part.seq"
    " JOIN matched AS whole ON whole.seq = ancestor AND whole.k0 = part.k0 AND whole.k1 = part.k1"
    " WHERE part.part_of IS NOT NULL GROUP BY 1, 2, 3)"
)
"""Events whose toll gives way to that of a longer event in the same group."""


@dataclass(frozen=True)
class Summary:
    """A question: which noun, in which groups (none, one or two), narrowed by which clauses."""

    noun: str
    names: Sequence[str]
    plan: Plan
    has_parts: bool = False
    """Are there events that are part of longer ones?"""

    def matched(self) -> Clause:
        """A WITH of the rows in their groups: `matched (seq, k0, k1, …)`, once for each group that a row is in."""
        groups = [GROUPS[self.noun][name] for name in self.names]
        keys = [group.key for group in groups] + ["''"] * (2 - len(groups))
        where = conjunction(self.plan.clauses)
        tables = self.plan.tables
        if self.noun == "events" and not any(group.join for group in groups):
            tables = COVERED_BY_INDEX.get(tables.sql, tables)
        added = f", part_of, {', '.join(TOLLS)}" if self.noun == "events" else ""
        return Clause(
            f"WITH matched AS {'' if self.has_parts else 'NOT '}MATERIALIZED"
            f" (SELECT {self.noun}.seq AS seq, {keys[0]} AS k0, {keys[1]} AS k1{added}"
            f" FROM {tables.sql} {' '.join(group.join for group in groups)} WHERE {where.sql})",
            (*tables.values, *where.values),
        )

    def page(self, order: Sequence[str], descending: Sequence[bool], limit: int, position: Position | None) -> Clause:
        """The SELECT of `limit` + 1 groups: k0, k1, size, and for events each of `TOLLS` and how many events gave one."""
        matched = self.matched()
        tolls = _tolls("source" in self.names, self.has_parts) if self.noun == "events" else ""
        rows = "matched LEFT JOIN covered USING (seq, k0, k1)" if self.has_parts else "matched"
        grouped = f"SELECT k0, k1, count(*) AS size{tolls} FROM {rows} GROUP BY k0, k1"
        backward = position is not None and position.is_backward
        falls = [each != backward for each in descending]
        begin = after(order, falls, position.keys) if position else Clause("true")
        by = ", ".join(f"{key}{' DESC' if down else ''}" for key, down in zip(order, falls, strict=True))
        return Clause(
            f"{matched.sql}{COVERED if self.has_parts else ''} SELECT * FROM ({grouped}) WHERE {begin.sql} ORDER BY {by} LIMIT ?",
            (*matched.values, *begin.values, limit + 1),
        )

    def total(self) -> Clause:
        """The SELECT of how many groups there are."""
        matched = self.matched()
        return Clause(f"{matched.sql} SELECT count(*) FROM (SELECT DISTINCT k0, k1 FROM matched)", matched.values)

    def figures(self) -> Clause:
        """The SELECT of figures in statements: k0, k1, measure, population, how many, the least and the most given."""
        matched = self.matched()
        return Clause(
            f"{matched.sql} SELECT k0, k1, value ->> 'measure' AS measure, value ->> 'population' AS population,"
            f" count(*), {_least('min', OPEN_BELOW, ('low', 'best', 'high'))},"
            f" {_least('max', OPEN_ABOVE, ('high', 'best', 'low'))},"
            " min(value ->> 'share'), max(value ->> 'share')"
            " FROM matched JOIN statements_doc USING (seq), json_each(doc, '$.figures') GROUP BY k0, k1, measure, population"
            " ORDER BY measure, population",
            matched.values,
        )


def _least(pick: str, left_open: Sequence[str], numbers: tuple[str, str, str]) -> str:
    """The least (or the most) that the figures of a group give; null where one of them leaves it open."""
    first, *others = (f"value ->> '{name}'" for name in numbers)
    hedged = ", ".join(f"'{each}'" for each in left_open)
    bound = (
        f"CASE WHEN value ->> 'qualifier' IN ({hedged}) THEN {first} ELSE coalesce({first}, {', '.join(others)}) END"
    )
    given = "value ->> 'share' IS NULL"
    return f"CASE WHEN count({bound}) FILTER (WHERE {given}) = count(*) FILTER (WHERE {given}) THEN {pick}({bound}) END"


def _tolls(by_source: bool, has_parts: bool) -> str:
    """The tolls added up. They belong to whoever gave them, so a source's group has none of what others gave."""
    if by_source:
        return "".join(f", NULL AS {column}" for column in TOLLS) + ", 0 AS counted"
    alone = f" FILTER (WHERE {_stands_alone('fatalities')})" if has_parts else ""
    sums = {
        column: f"sum({column})" + (f" FILTER (WHERE {_stands_alone(whole)})" if has_parts else "")
        for column, whole in TOLLS.items()
    }
    for bound in ("fatalities_low", "fatalities_high"):  # one that is open leaves the sum open
        sums[bound] = f"CASE WHEN count({bound}){alone} = count({GIVEN.format('')}){alone} THEN {sums[bound]} END"
    counted = f"count({GIVEN.format('')}){alone}"
    return "".join(f", {sql} AS {column}" for column, sql in sums.items()) + f", {counted} AS counted"


def _stands_alone(whole: str) -> str:
    return f"coalesce({whole}_covered, 0) = 0"
