"""Kinds of query value: each reads one spelling of one type from text, and describes itself as a JSON schema.

`parse` gives the value or raises `Refusal` with a sentence that says what was wrong and what is allowed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.model import countries
from api.model.fields import ID, calendar_day, is_instant
from api.model.problem import Refusal
from api.model.search import MOST_CHARACTERS, match_expression
from api.model.text import nearest, shown, unstorable

JsonSchema = dict[str, Any]
LONGEST_NAME = 200
EARTH_HALF_ROUND_KM = 20_038
"""No two places are farther apart than half the equator."""

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,20})?")
"""With as many decimals as a browser writes of a number: `0.5820766091346741`."""


class Kind(Protocol):
    """What a parameter takes."""

    def parse(self, text: str) -> Any:
        """The value that the text stands for, or `Refusal`."""

    def schema(self) -> JsonSchema:
        """The JSON schema of one value, as it stands in a URL."""


@dataclass(frozen=True)
class Word:
    """One of a closed list of words."""

    allowed: tuple[str, ...]

    def parse(self, text: str) -> str:
        if text not in self.allowed:
            raise Refusal(f"{shown(text)} is not one of its values", self.allowed, nearest(text, self.allowed))
        return text

    def schema(self) -> JsonSchema:
        return {"type": "string", "enum": list(self.allowed)}


@dataclass(frozen=True)
class Count:
    """A whole number in plain digits."""

    least: int = 0
    most: int = 999_999_999

    def parse(self, text: str) -> int:
        if not _WHOLE.fullmatch(text) or not self.least <= int(text) <= self.most:
            raise Refusal(f"{shown(text)} is not a whole number from {self.least} to {self.most}")
        return int(text)

    def schema(self) -> JsonSchema:
        return {"type": "integer", "format": "int32", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Kilometres:
    """A distance, more than nothing and no more than half round the Earth."""

    def parse(self, text: str) -> float:
        if not _DECIMAL.fullmatch(text) or not 0 < float(text) <= EARTH_HALF_ROUND_KM:
            raise Refusal(f"{shown(text)} is not a number of kilometres above 0, up to {EARTH_HALF_ROUND_KM}")
        return float(text)

    def schema(self) -> JsonSchema:
        return {
            "type": "number",
            "format": "double",
            "exclusiveMinimum": 0,
            "maximum": EARTH_HALF_ROUND_KM,
        }


@dataclass(frozen=True)
class Truth:
    """`true` or `false`."""

    def parse(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise Refusal(f"{shown(text)} is neither true nor false", ("true", "false"))
        return text == "true"

    def schema(self) -> JsonSchema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Date:
    """A calendar day, `YYYY-MM-DD`."""

    def parse(self, text: str) -> str:
        if calendar_day(text) is None:
            raise Refusal(f"{shown(text)} is not a calendar day, YYYY-MM-DD")
        return text

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "date", "maxLength": 10}


@dataclass(frozen=True)
class Moment:
    """A moment in UTC, RFC 3339 with `Z`."""

    def parse(self, text: str) -> str:
        if not is_instant(text):
            raise Refusal(f"{shown(text)} is not a moment in UTC such as 2026-01-31T08:00:00Z")
        return text

    def schema(self) -> JsonSchema:
        clock = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z"
        return {"type": "string", "format": "date-time", "maxLength": 27, "pattern": f"^[0-9-]{{10}}T{clock}$"}


@dataclass(frozen=True)
class Degrees:
    """Several numbers between commas, each with its bounds: a point or a box."""

    bounds: tuple[tuple[str, int], ...]

    def parse(self, text: str) -> tuple[float, ...]:
        parts = text.split(",")
        wanted = ",".join(name for name, _ in self.bounds)
        if len(parts) != len(self.bounds):
            raise Refusal(f"{shown(text)} is not {wanted}: {len(self.bounds)} numbers between commas")
        for part, (name, most) in zip(parts, self.bounds, strict=True):
            if not _DECIMAL.fullmatch(part) or not -most <= float(part) <= most:
                raise Refusal(f"{shown(part)} is not a {name} from -{most} to {most} (it takes {wanted})")
        return tuple(float(part) for part in parts)

    def schema(self) -> JsonSchema:
        number = f"({_DECIMAL.pattern})"
        return {
            "type": "string",
            "maxLength": 110,
            "pattern": f"^{','.join([number] * len(self.bounds))}$",
        }


POINT = Degrees((("latitude", 90), ("longitude", 180)))


@dataclass(frozen=True)
class Box(Degrees):
    """`west,south,east,north`; a west greater than east crosses the antimeridian."""

    bounds: tuple[tuple[str, int], ...] = (("west", 180), ("south", 90), ("east", 180), ("north", 90))

    def parse(self, text: str) -> tuple[float, ...]:
        west, south, east, north = super().parse(text)
        if south > north:
            raise Refusal(f"its south, {south:g}, is north of its north, {north:g}")
        return west, south, east, north


@dataclass(frozen=True)
class Country:
    """An ISO 3166-1 alpha-2 code or an English country name."""

    def parse(self, text: str) -> str:
        return countries.country_code(text)

    def schema(self) -> JsonSchema:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}


@dataclass(frozen=True)
class Search:
    """Words to look for; becomes an FTS5 expression."""

    def parse(self, text: str) -> str:
        return match_expression(text)

    def schema(self) -> JsonSchema:
        return {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS}


@dataclass(frozen=True)
class Plain:
    """A text of any kind, such as a name, compared as a whole."""

    most: int = LONGEST_NAME

    def parse(self, text: str) -> str:
        if len(text) > self.most:
            raise Refusal(f"must have at most {self.most} characters; has {len(text)}")
        if character := unstorable(text):
            raise Refusal(f"must not hold the character {character}")
        return text

    def schema(self) -> JsonSchema:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True)
class Identifier(Plain):
    """An id in its exact spelling."""

    most: int = 128

    def parse(self, text: str) -> str:
        if not ID.fullmatch(text):
            raise Refusal(f"{shown(text)} is not an id")
        return text

    def schema(self) -> JsonSchema:
        return {"type": "string", "maxLength": self.most, "pattern": f"^{ID.pattern}$"}


@dataclass(frozen=True)
class Named(Plain):
    """A record of a collection, by id, name or alias. The store resolves it; a name that fits several is refused."""

    collection: str = ""


@dataclass(frozen=True)
class Dataset(Identifier):
    """The id of a dataset that the store holds."""


@dataclass(frozen=True)
class SortOrder:
    """Sort keys between commas, `-` before one turns it round."""

    allowed: Sequence[str]

    def parse(self, text: str) -> tuple[tuple[str, bool], ...]:
        keys: list[tuple[str, bool]] = []
        for part in text.split(","):
            name = part.removeprefix("-")
            if name not in self.allowed:
                raise Refusal(f"{shown(part)} is not a sort key here", self.allowed, nearest(name, self.allowed))
            if name in (key for key, _ in keys):
                raise Refusal(f"{shown(name)} is named twice")
            keys.append((name, part.startswith("-")))
        return tuple(keys)

    def schema(self) -> JsonSchema:
        one = f"-?({'|'.join(self.allowed)})"
        return {"type": "string", "maxLength": 200, "pattern": f"^{one}(,{one})*$"}
