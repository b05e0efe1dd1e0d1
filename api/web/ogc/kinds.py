"""Kinds of query value that are the standard's own (OGC API - Features Part 1, 7.15)."""

import datetime
import re
from dataclasses import dataclass

from api.model.cql2 import Cql2, Expression
from api.model.fields import calendar_day
from api.model.kinds import Box, Count, JsonSchema, Plain, Truth
from api.model.problem import Refusal
from api.model.queryables import LARGEST, Number, Queryable
from api.model.queryables import Truth as TruthOf
from api.model.text import shown

OPEN = ("", "..")
LONGEST_NUMBER = 40
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
"""As in JSON. GDAL writes what it has in full: `36.1000000000000014`, `1.00000000000000008e-05`."""
_MANY_DIGITS = re.compile("[1-9][0-9]{9,}")
_LEAP_SECOND = re.compile(":60(?=[.Z+-])")
_INSTANT = re.compile(r"(.{10})[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Lowered(Count):
    """A whole number; one above the most stands for the most."""

    def parse(self, text: str) -> int:
        return self.most if _MANY_DIGITS.fullmatch(text) else min(Count(self.least).parse(text), self.most)


@dataclass(frozen=True)
class SpaceBox(Box):
    """Four numbers, or six with a lowest and a highest height, which are no part of a place here."""

    def parse(self, text: str) -> tuple[float, ...]:
        parts = text.split(",")
        if len(parts) == 6:
            highest, lowest = (_number(parts.pop(place), "height") for place in (5, 2))
            if lowest > highest:
                raise Refusal(f"its lowest height, {lowest:g}, is above its highest, {highest:g}")
        if len(parts) != len(self.bounds):
            raise Refusal(f"{shown(text)} is not west,south,east,north: 4 numbers between commas, or 6 with heights")
        west, south, east, north = (
            _number(part, name, most) for part, (name, most) in zip(parts, self.bounds, strict=True)
        )
        if south > north:
            raise Refusal(f"its south, {south:g}, is north of its north, {north:g}")
        return west, south, east, north

    def schema(self) -> JsonSchema:
        number = {"type": "number"}
        return {"type": "array", "items": number, "minItems": 4, "maxItems": 6}


def _number(text: str, name: str, most: float = LARGEST) -> float:
    """A finite number within ±most."""
    value = float(text) if len(text) <= LONGEST_NUMBER and _NUMBER.fullmatch(text) else None
    if value is None or not abs(value) <= most:
        raise Refusal(f"{shown(text)} is no {name} from -{most} to {most}")
    return value


@dataclass(frozen=True)
class Interval:
    """A day, or the first and the last of a span, None where it is open."""

    def parse(self, text: str) -> tuple[str | None, str | None]:
        first, slash, last = text.partition("/")
        if not slash:
            return _day(first), _day(first)
        if first in OPEN and last in OPEN:
            raise Refusal(f"{shown(text)} has no end; leave it out for features of any time")
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
        moment = datetime.datetime.fromisoformat(_LEAP_SECOND.sub(":59", text.upper()))
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
            value = _number(text, "number")
            if self.queryable.kind.is_whole and not value.is_integer():
                raise Refusal(f"{shown(text)} is not a whole number")
        elif isinstance(self.queryable.kind, TruthOf):
            value = Truth().parse(text)
        try:
            return self.expressions.reading({"op": "=", "args": [{"property": self.queryable.name}, value]})
        except Refusal as refusal:
            detail = refusal.detail.removeprefix(f"{self.queryable.name}: ")
            raise Refusal(detail, refusal.allowed, refusal.did_you_mean) from None

    def schema(self) -> JsonSchema:
        return self.queryable.kind.schema()
