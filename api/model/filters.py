"""The filters, each made by one function: what it is called, what it takes, and the clause it puts into the WHERE.

Clauses name the noun's table, bind every value, and take lists as one JSON parameter. A place stands for all inside
it and an organisation for its members by way of the closure table `tree`. A `+` before a column keeps SQLite from choosing
an index for it: which one is used is decided in `api/query/plan.py`, which knows how many rows each filter lets through.
"""

from typing import Any

from api.model import areas, kinds, ways
from api.model.parameters import Clause, ClauseMaker, Days, Filter, Given
from api.model.text import fold
from api.model.ways import IN_LIST, as_list

DEFAULT_RADIUS_KM = "25"


def one_of(name: str, allowed: tuple[str, ...], column: str, example: str, description: str) -> Filter:
    """A column that has one of the words."""
    return Filter(name, kinds.Word(allowed), description, example, takes_many=True, clause=in_column(column))


def at_least(name: str, column: str, example: str, description: str) -> Filter:
    """A column with at least this number; an unknown one (NULL) never has."""
    return Filter(name, kinds.Count(), description, example, clause=lambda number, _: ways.at_least(column, number))


def at_most(name: str, column: str, example: str, description: str) -> Filter:
    """A column with at most this number; an unknown one (NULL) never has."""
    return Filter(
        name, kinds.Count(), description, example,
        clause=lambda number, _: Clause(f"+{column} <= ?", (number,)),
    )  # fmt: skip


def span(first: str, last: str, example: tuple[str, str], of: str = "span of days") -> tuple[Filter, Filter, Filter]:
    """`from`, `to` and `certain` over the columns of the earliest and the latest possible day."""

    def since(day: str, given: Given) -> Clause:
        if given.get("certain"):
            return Clause(f"{first} >= ?", (day,), days=Days(since=day))
        return ways.ends(first.partition(".")[0], last, day)

    def until(day: str, given: Given) -> Clause:
        return Clause(f"{last if given.get('certain') else first} <= ?", (day,), days=Days(until=day))

    return (
        Filter(
            "from", kinds.Date(), f"The earliest day: its {of} ends on it or later.",
            example[0], clause=since,
        ),
        Filter(
            "to", kinds.Date(), f"The latest day: its {of} begins on it or earlier.",
            example[1], clause=until,
        ),
        Filter(
            "certain", kinds.Truth(),
            f"With `from` or `to`: true asks that the whole {of} lies inside the range.", "true",
            needs=("from", "to"),
        ),
    )  # fmt: skip


def country(clause: ClauseMaker) -> Filter:
    """ISO codes or English names of countries."""
    return Filter(
        "country", kinds.Country(), "ISO 3166-1 alpha-2 code or English name of a country.", "SY", takes_many=True,
        clause=clause,
    )  # fmt: skip


def in_column(column: str) -> ClauseMaker:
    """A column that holds one of the values."""
    return lambda values, _: ways.among(column, values)


def inside(collection: str, sql: str, including_itself: bool = True) -> ClauseMaker:
    """Records of a tree with what lies inside them: `sql` says `{inside}` where their row numbers go.

    >>> inside("locations", "events.location {inside}")
    """
    below = f"SELECT descendant FROM tree WHERE collection = '{collection}' AND ancestor {IN_LIST}"
    if not including_itself:
        return lambda records, _: Clause(sql.format(inside=f"IN ({below})"), (as_list(records),))
    both = sql.format(inside=f"IN (SELECT value FROM json_each(?) UNION ALL {below})")
    return lambda records, _: Clause(both, (as_list(records),) * 2)


def belonging(collection: str) -> ClauseMaker:
    """Events of actors or of places, what is inside them included; of actors with `role` only those in that role."""

    def clause(records: tuple[int, ...], given: Given) -> Clause:
        if collection == "actors" and "role" in given:
            return joined("events", "event_actors", "actor", acting("actor {inside}{role}", "role"))(records, given)
        return ways.owned(collection, records)

    return clause


def joined(table: str, join: str, column: str, where: ClauseMaker) -> ClauseMaker:
    """Rows with which a join table has a row of that kind."""
    return lambda value, given: ways.joined(table, join, column, where(value, given))


def parts(collection: str) -> ClauseMaker:
    """What lies inside records of a tree, themselves left out."""
    select = f"SELECT descendant FROM tree WHERE collection = '{collection}' AND ancestor {IN_LIST}"
    return lambda records, _: ways.found(collection, Clause(select, (as_list(records),)))


def acting(sql: str, role_column: str) -> ClauseMaker:
    """Somebody of the given trees of actors, in one of the given roles if any are: `sql` says `{inside}` and `{role}`."""

    def clause(actors: Any, given: Given) -> Clause:
        roles = (as_list(given["role"]),) if "role" in given else ()
        of_role = f" AND {role_column} {IN_LIST}" if roles else ""
        found = inside("actors", sql.replace("{role}", of_role))(actors, given)
        return Clause(found.sql, (*found.values, *roles))

    return clause


def named(name: str, collection: str, example: str, description: str, clause: ClauseMaker) -> Filter:
    """Records of a collection, by id, name or alias."""
    return Filter(name, kinds.Named(collection=collection), description, example, takes_many=True, clause=clause)


def text(table: str, example: str) -> Filter:
    """Full text over a noun's folded texts."""
    return Filter(
        "q", kinds.Search(),
        "Full text, any case, with or without accents: every word must occur; `\"a phrase\"` as it stands; `prefix*`.",
        example, clause=lambda words, _: ways.searched(table, words),
    )  # fmt: skip


def dataset(table: str) -> Filter:
    """The dataset that a record belongs to."""
    return Filter(
        "dataset", kinds.Dataset(), "The dataset it belongs to; `/v1/meta` lists them.", "northern-syria-2024",
        takes_many=True, clause=in_column(f"{table}.dataset"),
    )  # fmt: skip


def exact_name(collection: str, example: str) -> Filter:
    """Exact names and aliases, folded: how a partner resolves its own spelling."""
    return Filter(
        "name", kinds.Plain(), "The whole name or alias, any case, with or without accents and punctuation.", example,
        takes_many=True,
        clause=lambda spellings, _: Clause(
            f"{collection}.seq IN (SELECT seq FROM names WHERE collection = '{collection}' AND folded {IN_LIST})",
            (as_list(fold(each) for each in spellings),),
        ),
    )  # fmt: skip


def updated_since(table: str) -> Filter:
    """Records written at this moment or later."""
    return Filter(
        "updated_since", kinds.Moment(), "Records created or changed at this moment or later.",
        "2024-01-01T00:00:00Z",
        clause=lambda moment, _: ways.since(table, "updated_at", _whole_second(moment)),
    )  # fmt: skip


def _whole_second(moment: str) -> str:
    """Stored moments have whole seconds; cutting the fraction off may repeat a record but never loses one."""
    return moment if "." not in moment else moment.split(".")[0] + "Z"


def area(table: str) -> tuple[Filter, Filter, Filter]:
    """`bbox`, `near` and `radius`, of places or of what happened or was said about there."""

    return (
        Filter(
            "bbox", kinds.Box(),
            "`west,south,east,north` in WGS 84 degrees, edges included; a west beyond its east crosses the antimeridian."
            " Places without coordinates are never inside.",
            "36,35,38,37", clause=lambda box, _: ways.placed(table, areas.box(box)),
        ),
        Filter(
            "near", kinds.POINT, "`latitude,longitude` in WGS 84 degrees, edge included, with `radius`."
            " Places without coordinates are never near.", "36.2,37.16",
            clause=lambda point, given: ways.placed(table, areas.circle(point, given["radius"])),
        ),
        Filter(
            "radius", kinds.Kilometres(), f"Great-circle kilometres round `near`, {DEFAULT_RADIUS_KM} if left out.", "50",
            needs=("near",), default=DEFAULT_RADIUS_KM,
        ),
    )  # fmt: skip
