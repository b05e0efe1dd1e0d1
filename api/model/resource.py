"""A noun, declared once: its schemas, filters, sorts and flat columns. Every room reads this and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from marshmallow import Schema

from api.model.cql2 import LANGUAGES, TEXT, Cql2
from api.model.kinds import Count, Plain, SortOrder, Truth, Word
from api.model.parameters import Filter, Parameter
from api.model.queryables import Queryable
from api.model.record import Record, Stored

Document = Mapping[str, Any]
"""A record as it is read: parsed JSON."""
Cell = str | int | float | bool | None

DEFAULT_LIMIT = 50
MOST_RECORDS = 1000
"""The most records of one page: what a reader takes in about a megabyte."""
LONGEST_CURSOR = 2048
LISTED = "; "
"""Between the values of a flat column that holds several."""


@dataclass(frozen=True)
class Column:
    """One flat value of a record, for CSV cells and GeoJSON properties.

    `path` is where it stands in the record, `hxl` its tag by the HXL standard 1.1.
    """

    name: str
    pick: Callable[[Document], Cell]
    path: tuple[str, ...] = ()
    hxl: str = ""
    is_list: bool = False


def column(name: str, *path: str, hxl: str = "") -> Column:
    """The value at a path of members (by default the member of the column's own name); null anywhere gives null."""
    path = path or (name,)

    def pick(document: Document) -> Cell:
        value: Any = document
        for member in path:
            if value is None:
                return None
            value = value[member]
        return value  # type: ignore[no-any-return]

    return Column(name, pick, path, hxl)


def listed(name: str, member: str, show: Callable[[Any], str] = str, hxl: str = "") -> Column:
    """A list as one text, its members shown each in its way, without repeats."""

    def pick(document: Document) -> Cell:
        return LISTED.join(dict.fromkeys(show(each) for each in document[member])) or None

    return Column(name, pick, (member,), hxl, is_list=True)


def shown_evidence(each: Mapping[str, Any]) -> str:
    """One piece of evidence in a cell: `“phrase” (source start–end)`."""
    if each["quote"] is None:
        return f"({each['source']})"
    return f"“{each['quote']}” ({each['source']} {each['start']}–{each['end']})"


COUNTED_COLUMNS = (
    column("events", hxl="#indicator+num+events"),
    column("statements", hxl="#indicator+num+statements"),
    column("first_event_date", hxl="#date+first"),
    column("last_event_date", hxl="#date+last"),
)
STORED_COLUMNS = (
    column("version", hxl="#meta+version"),
    column("created_at", hxl="#date+created"),
    column("updated_at", hxl="#date+updated"),
    column("url", "links", "self", hxl="#meta+url"),
)


def sorts(table: str, **own: str) -> dict[str, str]:
    """A noun's sort keys, each with the column that it orders by, and the two that every noun has."""
    keys = own | {"updated_at": "updated_at", "created_at": "created_at"}
    return {key: f"{table}.{name}" for key, name in keys.items()}


@dataclass(frozen=True)
class Resource:
    """A collection of records that can be listed. `sorts` maps a public sort key to a column that is never NULL."""

    name: str
    singular: str
    about: str
    record: type[Record]
    view: type[Stored]
    filters: tuple[Filter, ...]
    sorts: Mapping[str, str]
    default_sort: str
    columns: tuple[Column, ...]
    has_places: bool = False
    queryables: tuple[Queryable, ...] = ()
    expression: str = ""
    """An example of `filter`."""

    @cached_property
    def expressions(self) -> Cql2:
        """What `filter=` takes: CQL2 over the queryables."""
        makers = {each.name: each.clause for each in self.filters if each.clause is not None}
        return Cql2({each.name: each for each in self.queryables}, makers)

    @cached_property
    def all_filters(self) -> tuple[Filter, ...]:
        """The filters, and with queryables `filter` and its language."""
        return (*self.filters, *_expression_filters(self)) if self.queryables else self.filters

    @cached_property
    def record_schema(self) -> Schema:
        """Kept: building a schema costs five times what using it does."""
        return self.record()

    @cached_property
    def view_schema(self) -> Schema:
        return self.view()

    @property
    def members(self) -> tuple[str, ...]:
        """The names that `fields=` may ask for."""
        return tuple(self.view_schema.dump_fields)

    def filter(self, name: str) -> Filter:
        """The filter of that name."""
        return next(each for each in self.filters if each.name == name)


def _expression_filters(noun: Resource) -> tuple[Filter, Filter]:
    return (
        Filter(
            "filter", noun.expressions,
            "A CQL2 expression over the queryables, which must hold beside all other parameters: comparisons, AND, OR, NOT,"
            " LIKE, BETWEEN, IN, IS NULL, CASEI, ACCENTI, spatial and temporal functions."
            " `/docs/filter` explains it and lists the queryables.", noun.expression,
        ),
        Filter(
            "filter-lang", Word(LANGUAGES), "The language of `filter`: CQL2 as text or as JSON; `cql-text` is read as text.",
            TEXT, needs=("filter",), default=TEXT,
        ),
    )  # fmt: skip


def list_parameters(
    filters: tuple[Filter, ...], sorts: tuple[str, ...], default_sort: str, members: tuple[str, ...], limit: int | None
) -> tuple[Parameter, ...]:
    """Everything that a list takes: its filters, then order, page and members. A whole one has no limit of its own (None)."""
    searchable = any(each.name == "q" for each in filters)
    keys = (*sorts, "relevance") if searchable else sorts
    return (
        *filters,
        Parameter(
            "sort", SortOrder(keys),
            "Sort keys between commas, `-` before one for descending"
            + ("; `relevance` (best first) only with `q`." if searchable else "."),
            default_sort, default=default_sort,
        ),
        UNLIMITED if limit is None else replace(LIMIT, default=str(limit)),
        CURSOR,
        fields_parameter(members),
        TOTAL,
    )  # fmt: skip


LIMIT = Parameter(
    "limit", Count(1, MOST_RECORDS), "How many records a page holds at the most.", "10", default=str(DEFAULT_LIMIT)
)
UNLIMITED = Parameter(
    "limit", Count(1, MOST_RECORDS), "How many records a page holds at the most. Without it, everything comes.", "10"
)
TOTAL = Parameter("total", Truth(), "true adds `meta.total`, the exact number of all that match.", "true")

CURSOR = Parameter(
    "cursor", Plain(LONGEST_CURSOR),
    "Where a page begins: taken as it is from `links.next` or `links.prev`, for the same filters and sort.", "",
)  # fmt: skip


def fields_parameter(members: tuple[str, ...]) -> Parameter:
    """`fields`: only these members of each record."""
    return Parameter(
        "fields", Word(members), "Only these members of each record.", ",".join(members[:3]), takes_many=True
    )
