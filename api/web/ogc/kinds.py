"""Kinds of query value that are the standard's own (OGC API - Features Part 1, 7.15)."""

import datetime
import re
from dataclasses import dataclass

from api.model.cql2 import Cql2, Expression
from api.model.fields import calendar_day
from api.model.kinds import Box, Count, JsonSchema, Plain, Truth
from api.model.problem import Refusal
from api.model.queryables import Number, Queryable
from api.model.queryables import Truth as TruthOf
from api.model.text import shown

OPEN = ("", "..")
MOST_DIGITS = 17
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_INSTANT = re.compile(r"(.{10})[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Lowered(Count):
    """A whole number; one above the most stands for the most."""

    def parse(self, text: str) -> int:
        return min(Count(self.least).parse(text), self.most)


@dataclass(frozen=True)
class SpaceBox(Box):
    """Four numbers, or six with a lowest and a highest height, which are no part of a place here."""

    def parse(self, text: str) -> tuple[float, ...]:
        parts = text.split(",")
        if len(parts) == 6:
            for each in (parts.pop(5), parts.pop(2)):
                if not _NUMBER.fullmatch(each):
                    raise Refusal(f"{shown(each)} is not a height")
        return super().parse(",".join(parts))

    def schema(self) -> JsonSchema:
        number = {"type": "number"}
        return {"type": "array", "items": number, "minItems": 4, "maxItems": 6}


@dataclass(frozen=True)
class Interval:
    """A day, or the first and the last of a span, None where it is open."""

    def parse(self, text: str) -> tuple[str | None, str | None]:
        first, slash, last = text.partition("/")
        if not slash:
            return _day(first), _day(first)
        since, until = (None if each in OPEN else _day(each) for each in (first, last))
        if since and until and since > until:
            raise Refusal(f"{shown(text)} ends before it begins")
        return since, until

    def schema(self) -> JsonSchema:
        return {"type": "string", "maxLength": 100}


def _day(text: str) -> str:
    """The day of a date, or of a date-time in UTC."""
    text = re.sub("^0000-", "0001-", text)  # QGIS's way to say that a span has no beginning; Python has no year 0
    instant = _INSTANT.fullmatch(text)
    day = instant[1] if instant else text.removesuffix("T")  # which GDAL 3.6 writes
    if not calendar_day(day):
        raise _unreadable(text)
    if instant is None:
        return day
    try:
        moment = datetime.datetime.fromisoformat(text.upper())
    except ValueError:
        raise _unreadable(text) from None
    try:
        return moment.astimezone(datetime.UTC).date().isoformat()
    except OverflowError:  # within hours of the end of the calendar
        return day


def _unreadable(text: str) -> Refusal:
    return Refusal(f"{shown(text)} is neither a date such as 2024-11-27 nor a date-time such as 2024-11-27T08:00:00Z")


@dataclass(frozen=True)
class Equal:
    """A value that a queryable has: the expression `queryable = value`."""

    queryable: Queryable
    expressions: Cql2

    def parse(self, text: str) -> Expression:
        value: str | float | bool = Plain(most=1000).parse(text)
        if isinstance(self.queryable.kind, Number):
            if not _NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
                raise Refusal(f"{shown(text)} is not a number")
            value = float(text)
        elif isinstance(self.queryable.kind, TruthOf):
            value = Truth().parse(text)
        try:
            return self.expressions.reading({"op": "=", "args": [{"property": self.queryable.name}, value]})
        except Refusal as refusal:
            detail = refusal.detail.removeprefix(f"{self.queryable.name}: ")
            raise Refusal(detail, refusal.allowed, refusal.did_you_mean) from None

    def schema(self) -> JsonSchema:
        return self.queryable.kind.schema()
