"""marshmallow fields that take exactly what they say.

marshmallow's own `Integer` takes `1_000` and `٣`, its `Date` takes `20260102`, its `Boolean` takes 0 and 1. These do not:
each accepts one JSON type in one spelling, keeps it unchanged, and names what it wanted in the error.
"""

import datetime
import math
import re
from typing import Any

from marshmallow import ValidationError, fields

from api.model.text import nearest, unstorable

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
LARGEST = 2**53
"""The largest whole number that every JSON reader keeps exactly."""


def calendar_day(text: str) -> datetime.date | None:
    """The day that `YYYY-MM-DD` names (RFC 3339 full-date), or None where it names none."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def is_instant(text: str) -> bool:
    """Is this an RFC 3339 date-time in UTC, like `2026-01-31T08:00:00Z`?"""
    parts = re.fullmatch(r"(.{10})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,6})?Z", text)
    if parts is None or calendar_day(parts[1]) is None:
        return False
    return int(parts[2]) < 24 and int(parts[3]) < 60 and int(parts[4]) < 60


def _with(options: dict[str, Any], **schema: Any) -> dict[str, Any]:
    """A field's options, with members of its JSON schema added to what its metadata says."""
    return options | {"metadata": schema | options.get("metadata", {})}


class Text(fields.String):
    """A string with something in it, at most `most` characters, without control characters."""

    def __init__(self, most: int = 500, **options: Any) -> None:
        self.most = most
        super().__init__(**_with(options, minLength=1, maxLength=most))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Must be a string.")
        if not value.strip():
            raise ValidationError("Must not be empty.")
        if len(value) > self.most:
            raise ValidationError(f"Must have at most {self.most} characters; has {len(value)}.")
        if character := unstorable(value):
            raise ValidationError(f"Must not hold the character {character}.")
        return value


class Matching(Text):
    """A string of one pattern; `wanted` says in words what that is."""

    def __init__(self, pattern: str, wanted: str, **options: Any) -> None:
        self.pattern, self.wanted = re.compile(pattern), wanted
        super().__init__(**_with(options, pattern=f"^{pattern}$"))

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> str:
        text = super()._deserialize(value, *rest, **options)
        if not self.pattern.fullmatch(text):
            raise ValidationError(f"Must be {self.wanted}.")
        return text


class Id(Matching):
    """A record's id: ASCII letters, digits, dot, underscore, hyphen; 128 at the most."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ID.pattern, "an id: letters, digits, '.', '_' or '-', 128 at the most", most=128, **options)


class OwnId(Id):
    """A record's own id, which must not be a path that stands for something else, as `/v1/events/summary` does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_with(options, description="Not `summary`, nor what begins with `summary.`."))

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> str:
        text = super()._deserialize(value, *rest, **options)
        if text.partition(".")[0] == "summary":
            raise ValidationError("Must not be 'summary' or begin with 'summary.': that is a path of its own.")
        return text


NAMED = ("actors", "locations")
"""The collections whose records may be referred to by name."""


class Reference(Matching):
    """Another record, of the collection `to`: its id, or for an actor or a location also its name or an alias."""

    def __init__(self, to: str, **options: Any) -> None:
        self.to = to
        pattern, wanted = (".*", "an id, a name or an alias") if to in NAMED else (ID.pattern, "an id")
        super().__init__(pattern, wanted, most=200 if to in NAMED else 128, **options)


class Choice(Text):
    """One word of a closed list."""

    def __init__(self, allowed: tuple[str, ...], **options: Any) -> None:
        self.allowed = allowed
        enum = [*allowed, None] if options.get("allow_none") else list(allowed)
        super().__init__(**_with(options, enum=enum))

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> str:
        text = super()._deserialize(value, *rest, **options)
        if text not in self.allowed:
            meant = nearest(text, self.allowed)
            hint = f"; did you mean {meant!r}?" if meant else ""
            raise ValidationError(f"Must be one of {', '.join(self.allowed)}{hint}")
        return text


class Day(Text):
    """A calendar day, `YYYY-MM-DD` (RFC 3339 full-date)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=10, **_with(options, format="date"))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or calendar_day(value) is None:
            raise ValidationError("Must be a calendar day, YYYY-MM-DD.")
        return value


class Instant(Text):
    """A moment in UTC, `YYYY-MM-DDThh:mm:ssZ` (RFC 3339)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=27, **_with(options, format="date-time"))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not is_instant(value):
            raise ValidationError("Must be a moment in UTC, YYYY-MM-DDThh:mm:ssZ.")
        return value


class WholeNumber(fields.Integer):
    """A JSON number without a fraction, from `least` to `most`."""

    def __init__(self, least: int = 0, most: int = LARGEST, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**_with(options, minimum=least, maximum=most))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("Must be a whole number.")
        if not self.least <= value <= self.most:
            raise ValidationError(f"Must be from {self.least} to {self.most}.")
        return value


class Number(fields.Float):
    """A finite JSON number from `least` to `most`."""

    def __init__(self, least: float, most: float, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**_with(options, minimum=least, maximum=most))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValidationError("Must be a number.")
        if not self.least <= value <= self.most:
            raise ValidationError(f"Must be from {self.least:g} to {self.most:g}.")
        return float(value)


class Flag(fields.Boolean):
    """`true` or `false`, nothing that merely looks like it."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


MOST_FAULTY = 100
"""Members of one list that are told to have faults: 100,000 would take a minute and half a gigabyte to tell."""


class Listing(fields.List[Any]):
    """A JSON list of at most `most` members, empty by default."""

    def __init__(self, inner: fields.Field[Any], most: int = 200, **options: Any) -> None:
        self.most = most
        if not options.get("required"):
            options.setdefault("load_default", list)
        super().__init__(inner, **_with(options, maxItems=most))

    def _deserialize(self, value: Any, *_: Any, **options: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError("Must be a list.")
        if len(value) > self.most:
            raise ValidationError(f"Must have at most {self.most} members; has {len(value)}.")
        loaded: list[Any] = []
        faults: dict[int | str, Any] = {}
        for index, each in enumerate(value):
            try:
                loaded.append(self.inner.deserialize(each, **options))
            except ValidationError as error:
                faults[index] = error.messages
                if len(faults) == MOST_FAULTY and index + 1 < len(value):
                    faults["_schema"] = [f"Has {MOST_FAULTY} members with faults; those after them were not looked at."]
                    break
        if faults:
            raise ValidationError(faults, valid_data=loaded)
        return loaded


def optional(field: type[fields.Field[Any]], *arguments: Any, **options: Any) -> fields.Field[Any]:
    """A field that may be left out or null; either way it is stored as null, which means unknown."""
    return field(*arguments, allow_none=True, load_default=None, **options)


def web_address() -> fields.Field[Any]:
    """A page of the web. Nothing but http and https: other addresses may run as a script where a page links to them."""
    return optional(Matching, r"https?://[^\s]+", "an http or https address", most=2000)
