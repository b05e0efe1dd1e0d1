"""What names can be matched with: actors and locations, their types, and the properties that are compared and given.

Ids of types and properties are the words of the records. A property's values are what one record says; none is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.model import countries
from api.model.actor import ACTORS
from api.model.location import LOCATIONS
from api.model.record import SCHEMES
from api.model.resource import Document, Resource
from api.model.taxonomy import ACTOR_TYPES, LOCATION_TYPES, MEMBERSHIP
from api.model.text import fold

Json = dict[str, Any]


@dataclass(frozen=True)
class Property:
    """One thing that is known of records. `cell` says what its values are: str, int, float, date, or id for a record."""

    id: str
    name: str
    description: str
    values: Callable[[Document], Sequence[Any]]
    cell: str = "str"
    tolerance: float = 0.0
    """How far numbers may lie apart that count as equal."""

    @property
    def is_identifier(self) -> bool:
        """Is it the id of the same thing elsewhere?"""
        return self.id in SCHEMES

    def cells(self, document: Document) -> list[Json]:
        """The values as data extension has them."""
        if self.cell == "id":
            return [{"id": each["id"], "name": each["name"]} for each in self.values(document)]
        return [{self.cell: each} for each in self.values(document)]

    def holds(self, document: Document, wanted: "Wanted") -> bool | None:
        """Is one of its values among those wanted? None where the record does not say."""
        values = self.values(document)
        if not values:
            return None
        if self.cell in ("int", "float"):
            return any(abs(number - value) <= self.tolerance for number in wanted.numbers for value in values)
        if self.cell == "date":
            return any(value[:10] in wanted.days for value in values)
        if self.cell == "id":
            return any(each["id"] in wanted.texts or fold(each["name"]) in wanted.folded for each in values)
        if self.id == "country":
            return any(each in wanted.countries for each in values)
        return any(each in wanted.texts or fold(each) in wanted.folded for each in values)


class Wanted:
    """The values that a query gives for a property, as each kind of value is compared; made once for all records."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = frozenset(texts)
        self.folded = frozenset(map(fold, texts)) - {""}
        self.days = frozenset(text[:10] for text in texts)
        self.countries = frozenset(map(countries.code_of, texts)) - {None}
        self.numbers = [number for number in map(_number, texts) if number is not None]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _member(name: str) -> Callable[[Document], Sequence[Any]]:
    return lambda document: [] if document[name] is None else [document[name]]


def _scheme(name: str) -> Property:
    about = f"The id that {name} has for it."
    return Property(name, f"{name} id", about, lambda document: [*filter(None, [document["external_ids"].get(name)])])


def _day(name: str, called: str, about: str) -> Property:
    def values(document: Document) -> Sequence[str]:
        return [f"{document[name]}T00:00:00Z"] if document[name] else []

    return Property(name, called, about, values, "date")


def _common(noun: str) -> tuple[Property, ...]:
    return (
        Property("name", "name", f"What the {noun} is called here.", _member("name")),
        Property("aliases", "aliases", "Its other names and spellings.", lambda document: document["aliases"]),
        Property("type", "type", f"What kind of {noun} it is.", _member("type")),
        Property("country", "country", "ISO 3166-1 alpha-2; English names are understood.", _member("country")),
        Property("description", "description", "A sentence on it, where there is one.", _member("description")),
        Property("events", "events", "How many events it is part of.", _member("events"), "int"),
        Property("statements", "statements", "How many statements concern it.", _member("statements"), "int"),
        _day("first_event_date", "first event", "The first day of its earliest event."),
        _day("last_event_date", "last event", "The last day of its latest event."),
    )


def _degrees(name: str) -> Property:
    about = "WGS 84 degrees; two that differ by no more than 0.1 count as equal."
    return Property(name, name, about, _member(name), "float", tolerance=0.1)


@dataclass(frozen=True)
class Subject:
    """A noun whose records can be matched with names."""

    noun: Resource
    types: tuple[str, ...]
    properties: tuple[Property, ...]

    @property
    def every_type(self) -> tuple[str, ...]:
        """The ids of its types: the noun itself, which every record is, and its kinds."""
        return (self.noun.singular, *self.types)

    @cached_property
    def by_id(self) -> Mapping[str, Property]:
        return {each.id: each for each in self.properties}

    def type_object(self, name: str) -> Json:
        """A type as the specification has it; a kind's broader type is the noun."""
        if name == self.noun.singular:
            return {"id": name, "name": name}
        return {"id": name, "name": name.replace("_", " "), "broader": [self.type_object(self.noun.singular)]}


SUBJECTS = (
    Subject(
        ACTORS,
        ACTOR_TYPES,
        (
            *_common("actor"),
            Property(
                "member_of", "member of", "Organisations that it is a member or a part of.",
                lambda document: [each["actor"] for each in document["relations"] if each["relation"] in MEMBERSHIP], "id",
            ),
            *map(_scheme, SCHEMES),
        ),
    ),
    Subject(
        LOCATIONS,
        LOCATION_TYPES,
        (
            *_common("location"),
            Property("parent", "parent", "The place right above it.", lambda document: document["path"][:1], "id"),
            Property("within", "within", "Every place that it lies in.", lambda document: document["path"], "id"),
            _degrees("latitude"),
            _degrees("longitude"),
            *map(_scheme, SCHEMES),
        ),
    ),
)  # fmt: skip
