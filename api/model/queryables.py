"""Queryables: the properties that a CQL2 filter may name (OGC API - Features Part 3), each declared once by its noun.

A queryable is a scalar of SQL, NULL where it is unknown. Where the noun has a filter that finds rows with a value of it,
`by` names that one, so that `type = 'airstrike'` goes the way that `type=airstrike` goes; or it is such a clause maker.
"""

from dataclasses import dataclass
from typing import Any

from api.model import countries, kinds, ways
from api.model.fields import calendar_day, is_instant
from api.model.kinds import JsonSchema
from api.model.parameters import ClauseMaker, SqlValue
from api.model.problem import Refusal
from api.model.text import nearest, shown, unstorable

LARGEST = 2**53


@dataclass(frozen=True)
class Text:
    """Any text, compared by its characters; with `words` one of a closed list."""

    words: tuple[str, ...] = ()
    ordering = True

    def literal(self, value: Any) -> SqlValue:
        if not isinstance(value, str):
            raise Refusal("takes a text between single quotes")
        if character := unstorable(value):
            raise Refusal(f"must not hold the character {character}")
        if self.words and value not in self.words:
            raise Refusal(f"{shown(value)} is not one of its values", self.words, nearest(value, self.words))
        return value

    def schema(self) -> JsonSchema:
        return {"type": "string"} | ({"enum": list(self.words)} if self.words else {})


@dataclass(frozen=True)
class Country(Text):
    """An ISO 3166-1 alpha-2 code; an English name stands for its code."""

    def literal(self, value: Any) -> SqlValue:
        return countries.country_code(str(super().literal(value)))

    def schema(self) -> JsonSchema:
        return {"type": "string", "maxLength": kinds.LONGEST_NAME}


@dataclass(frozen=True)
class Dataset(Text):
    """The id of a dataset that the store holds."""


@dataclass(frozen=True)
class Number:
    """A finite number; `is_whole` where it has no fraction."""

    is_whole: bool = True
    ordering = True

    def literal(self, value: Any) -> SqlValue:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refusal("takes a number")
        if not abs(value) <= LARGEST:  # neither is infinity
            raise Refusal("takes a number within ±2^53")
        return int(value) if float(value).is_integer() else value

    def schema(self) -> JsonSchema:
        return {"type": "integer", "format": "int64"} if self.is_whole else {"type": "number", "format": "double"}


@dataclass(frozen=True)
class Day:
    """A calendar day. A moment stands for its day in UTC. `of` says whether it is a record's first or last day."""

    of: str = ""
    ordering = True

    def literal(self, value: Any) -> SqlValue:
        text = _temporal(value)
        day = text[:10] if is_instant(text) else text
        if calendar_day(day) is None:
            raise Refusal(f"{shown(text)} is not a calendar day, DATE('YYYY-MM-DD')")
        return day

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True)
class Moment:
    """A moment in UTC, stored by whole seconds. A day stands for its first moment."""

    ordering = True

    def literal(self, value: Any) -> SqlValue:
        text = _temporal(value)
        if calendar_day(text):
            return f"{text}T00:00:00Z"
        if not is_instant(text):
            raise Refusal(f"{shown(text)} is not a moment, TIMESTAMP('YYYY-MM-DDThh:mm:ssZ')")
        second, _, fraction = text.removesuffix("Z").partition(".")
        return f"{second}Z{fraction.rstrip('0')}"  # sorts after the whole second and before the next one

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "date-time"}


def _temporal(value: Any) -> str:
    text = value
    if isinstance(value, dict) and len(value) == 1:
        text = value.get("date", value.get("timestamp"))
    if not isinstance(text, str):
        raise Refusal("takes DATE('YYYY-MM-DD') or TIMESTAMP('YYYY-MM-DDThh:mm:ssZ')")
    return text.removesuffix("T")  # which GDAL 3.6 writes


@dataclass(frozen=True)
class Truth:
    """`true` or `false`; GDAL, whose booleans are numbers, writes 1 and 0."""

    ordering = False

    def literal(self, value: Any) -> SqlValue:
        if value not in (True, False):
            raise Refusal("takes true or false")
        return int(value)

    def schema(self) -> JsonSchema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Named:
    """A record of a collection by id, name or alias, with what its filter takes to be inside it."""

    collection: str
    ordering = False

    def literal(self, value: Any) -> SqlValue:
        return Text().literal(value)

    def schema(self) -> JsonSchema:
        return {"type": "string", "maxLength": kinds.LONGEST_NAME}


@dataclass(frozen=True)
class Geometry:
    """Where it is, in WGS 84: a point of this table's `longitude` and `latitude`."""

    table: str
    ordering = False

    def literal(self, _: Any) -> SqlValue:
        raise Refusal("is a geometry: it stands in a spatial function such as S_INTERSECTS")

    def schema(self) -> JsonSchema:
        return {"format": "geometry-any" if self.table == "statements" else "geometry-point"}


Scalar = Text | Number | Day | Moment | Truth | Named | Geometry


@dataclass(frozen=True)
class Queryable:
    """One property. Without `sql` it has several values at once: only `=`, `<>` and IN go with it."""

    name: str
    kind: Scalar
    about: str
    sql: str = ""
    by: str | ClauseMaker = ""

    def schema(self) -> JsonSchema:
        """As the document of queryables shows it."""
        return {"title": self.name, "description": self.about, **self.kind.schema()}


def member(table: str, name: str) -> str:
    """A member of a record that has no column of its own, as SQL."""
    return f"(SELECT json_extract(doc, '$.{name}') FROM {table}_doc WHERE seq = {table}.seq)"


def place(name: str, column: str, about: str) -> Queryable:
    """A column of the place of an event itself."""
    sql = f"(SELECT {column} FROM locations WHERE seq = events.location)"
    return Queryable(name, Text(), about, sql, lambda values, _: ways.at_places(sql, column, values))


def stored(table: str) -> tuple[Queryable, ...]:
    """What every record has."""
    return (
        Queryable("id", Text(), "Its id.", f"{table}.id", lambda values, _: ways.called(table, values)),
        Queryable("version", Number(), "1, 2, … with each change.", f"{table}.version"),
        Queryable("created_at", Moment(), "When it was first stored.", f"{table}.created_at"),
        Queryable("updated_at", Moment(), "When it was stored last.", f"{table}.updated_at"),
    )
