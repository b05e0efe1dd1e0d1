"""The oracle: what a list must hold, told by plain Python over plain records, written from the contract and not from the SQL.

Records are the documents as the API shows them, in the order in which they were stored. A question is what stands in the
query string: filter names with their values, a tuple where a parameter takes a list. Every filter is one short function;
slow and obvious is what it is meant to be.
"""

import datetime
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

Document = Mapping[str, Any]
Value = str | tuple[str, ...]
Question = Mapping[str, Value]

NOUNS = ("sources", "locations", "actors", "events", "statements")
EARTH_KM = 6371.0088
DEFAULT_RADIUS = "25"
APOSTROPHES = "'’‘`´ʼʻʿʾ"


@dataclass(frozen=True, eq=False)
class Records:
    """All records of a store, each noun's in the order in which they were stored."""

    nouns: Mapping[str, Sequence[Document]]

    @cached_property
    def by_id(self) -> Mapping[str, Mapping[str, Document]]:
        return {noun: {each["id"]: each for each in documents} for noun, documents in self.nouns.items()}

    @cached_property
    def order(self) -> Mapping[str, Mapping[str, int]]:
        """For each noun, the place of an id among those stored."""
        return {noun: {each["id"]: n for n, each in enumerate(documents)} for noun, documents in self.nouns.items()}

    @cached_property
    def _children(self) -> Mapping[str, Mapping[str, set[str]]]:
        found: dict[str, dict[str, set[str]]] = {noun: {} for noun in NOUNS}
        for noun in NOUNS:
            for document in self.nouns[noun]:
                for parent in parents(noun, document):
                    found[noun].setdefault(parent, set()).add(document["id"])
        return found

    def inside(self, noun: str, record_id: str) -> set[str]:
        """Everything inside a record, at any depth, itself left out."""
        found: set[str] = set()
        waiting = [record_id]
        while waiting:
            for child in self._children[noun].get(waiting.pop(), set()) - found:
                found.add(child)
                waiting.append(child)
        return found

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, set[str]]]:
        """For each noun, folded names, titles and aliases, each with the ids of those that bear it."""
        found: dict[str, dict[str, set[str]]] = {noun: {} for noun in NOUNS}
        for noun in NOUNS:
            for document in self.nouns[noun]:
                for name in called(noun, document):
                    found[noun].setdefault(fold(name), set()).add(document["id"])
        return found

    def resolve(self, noun: str, spelling: str) -> str:
        """The one record that has this id, or alone has this name or alias."""
        if spelling in self.by_id[noun]:
            return spelling
        (record_id,) = self.names[noun][fold(spelling)]
        return record_id

    def places(self, statement: Document) -> set[str]:
        """Where it was said, and where the events that it is about took place."""
        events = [self.by_id["events"][each["id"]] for each in statement["events"]]
        return {each["location"]["id"] for each in (statement, *events) if each["location"]}


def parents(noun: str, document: Document) -> list[str]:
    """The records that this one lies in: a place, an organisation, a longer event, a report that it rewrites."""
    if noun == "actors":
        return [each["actor"]["id"] for each in document["relations"] if each["relation"] in ("member_of", "part_of")]
    member = {"sources": "derived_from", "locations": "parent", "events": "part_of"}.get(noun)
    return [document[member]] if member and document[member] else []


def called(noun: str, document: Document) -> list[str]:
    """What a record may be called instead of its id."""
    if noun == "statements":
        return []
    first = document["name"] if noun in ("actors", "locations") else document["title"]
    return [each for each in (first, *document.get("aliases", ())) if each and fold(each)]


# Words


@cache
def tokens(text: str) -> tuple[str, ...]:
    """The words of a text without case, accents, apostrophes and punctuation."""
    bare = unicodedata.normalize("NFKD", "".join(each for each in text if each not in APOSTROPHES))
    folded = "".join(each for each in bare if not unicodedata.combining(each)).casefold()
    return tuple("".join(each if each.isalnum() else " " for each in folded).split())


def fold(name: str) -> str:
    """A name as names are compared."""
    return " ".join(tokens(name))


def texts(records: Records, noun: str, document: Document) -> Iterator[str | None]:
    """What full text reads: names and what is told, and in events and statements the quotes and the names of who and where."""
    if noun == "sources":
        yield from (document[each] for each in ("title", "publisher", "author", "note"))
        return
    if noun in ("actors", "locations"):
        yield from (document["name"], *document["aliases"], document["description"])
        return
    yield from (each["quote"] for each in document["evidence"])
    if noun == "events":
        yield from (document["title"], document["summary"])
        if document["location"]:
            yield from called("locations", records.by_id["locations"][document["location"]["id"]])
        actors = [each["actor"] for each in document["participants"]]
    else:
        yield document["text"]
        actors = [each for each in (document["speaker"], document["on_behalf_of"]) if each]
    for each in actors:
        yield from called("actors", records.by_id["actors"][each["id"]])


def terms(search: str) -> list[tuple[tuple[str, ...], bool]]:
    """What a search asks for: runs of words, each with whether its last word is only a beginning."""
    found: list[tuple[tuple[str, ...], bool]] = []
    for number, part in enumerate(search.split('"')):
        is_phrase = number % 2 == 1
        pieces = [part] if is_phrase else part.split()
        found += ((tokens(each), each.endswith("*") and not is_phrase) for each in pieces)
    return [(words, is_prefix) for words, is_prefix in found if words]


def occurs(words: Sequence[str], is_prefix: bool, text: Sequence[str]) -> bool:
    """Do the words stand in the text one after the other?"""
    for start in range(len(text) - len(words) + 1):
        here = text[start : start + len(words)]
        if here[:-1] == words[:-1] and (here[-1] == words[-1] or (is_prefix and here[-1].startswith(words[-1]))):
            return True
    return False


def has_words(records: Records, noun: str, document: Document, search: str) -> bool:
    """Does every word and phrase of the search stand somewhere in the record's texts?"""
    read = [tokens(each) for each in texts(records, noun, document) if each]
    return all(any(occurs(words, is_prefix, each) for each in read) for words, is_prefix in terms(search))


# Days


def span(noun: str, document: Document) -> tuple[str, str] | None:
    """The earliest and the latest possible day; None where there is no day."""
    if noun == "sources":
        day = document["published_at"]
        return (day, day) if day else None
    return document["start_date" if noun == "events" else "date"], document["end_date"]


def _since(noun: str, document: Document, day: str, question: Question) -> bool:
    days = span(noun, document)
    return days is not None and (days[0] if question.get("certain") == "true" else days[1]) >= day


def _until(noun: str, document: Document, day: str, question: Question) -> bool:
    days = span(noun, document)
    return days is not None and (days[1] if question.get("certain") == "true" else days[0]) <= day


def iso_week(day: str) -> str:
    year, week, _ = datetime.date.fromisoformat(day).isocalendar()
    return f"{year:04}-W{week:02}"


# Places


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two points (latitude, longitude), by the angle between two vectors."""

    def vector(point: tuple[float, float]) -> tuple[float, float, float]:
        latitude, longitude = (math.radians(each) for each in point)
        return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)

    (ax, ay, az), (bx, by, bz) = vector(a), vector(b)
    cross = math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return EARTH_KM * math.atan2(cross, ax * bx + ay * by + az * bz)


def in_box(point: tuple[float, float], box: str) -> bool:
    """Does a point (latitude, longitude) lie in `west,south,east,north`, edges included? 180 and -180 are one meridian."""
    west, south, east, north = (float(each) for each in box.split(","))
    latitude, longitude = point
    if not south <= latitude <= north:
        return False
    names = (180.0, -180.0) if abs(longitude) == 180 else (longitude,)
    if west > east:  # across the antimeridian
        return any(each >= west or each <= east for each in names)
    return any(west <= each <= east for each in names)


def points(records: Records, noun: str, document: Document) -> list[tuple[float, float]]:
    """Where a record is: (latitude, longitude) of each of its places that is a point."""
    ids = {document["id"]} if noun == "locations" else _located(records, noun, document)
    found = [records.by_id["locations"][each] for each in ids]
    return [(each["latitude"], each["longitude"]) for each in found if each["latitude"] is not None]


def _near(records: Records, noun: str, document: Document, point: str, question: Question) -> bool:
    latitude, longitude = (float(each) for each in point.split(","))
    radius = float(_one(question.get("radius", DEFAULT_RADIUS)))
    return any(distance_km((latitude, longitude), each) <= radius for each in points(records, noun, document))


# Who and where


def _ids(records: Records, noun: str, spellings: Value) -> set[str]:
    return {records.resolve(noun, each) for each in _many(spellings)}


def with_inner(records: Records, noun: str, spellings: Value) -> set[str]:
    """The named records, and everything inside them."""
    ids = _ids(records, noun, spellings)
    return ids.union(*(records.inside(noun, each) for each in ids))


def parts(noun: str, document: Document) -> set[tuple[str, str]]:
    """Who takes part in an event or a statement, and as what."""
    if noun == "events":
        return {(each["actor"]["id"], each["role"]) for each in document["participants"]}
    found = {(each["id"], "addressee") for each in document["addressees"]}
    return found | {(document[part]["id"], part) for part in ("speaker", "on_behalf_of") if document[part]}


def _acts(records: Records, noun: str, document: Document, actors: Value, roles: Value | None) -> bool:
    wanted = with_inner(records, "actors", actors)
    return any(actor in wanted and (roles is None or role in _many(roles)) for actor, role in parts(noun, document))


def _located(records: Records, noun: str, document: Document) -> set[str]:
    if noun == "statements":
        return records.places(document)
    return {document["location"]["id"]} if document["location"] else set()


COUNTRY_NAMES = {
    "syria": "SY", "syrian arab republic": "SY", "fiji": "FJ", "russia": "RU", "russian federation": "RU",
    "united states": "US", "usa": "US", "antarctica": "AQ", "greenland": "GL", "turkiye": "TR", "turkey": "TR",
    "lebanon": "LB", "iran": "IR", "israel": "IL", "france": "FR",
}  # fmt: skip
"""The countries that tests ask for, by their English names."""


def _countries(values: Value) -> set[str]:
    return {COUNTRY_NAMES.get(fold(each), each.upper()) for each in _many(values)}


def _in_country(records: Records, noun: str, document: Document, countries: Value) -> bool:
    if noun in ("actors", "locations"):
        return document["country"] in _countries(countries)
    places = (records.by_id["locations"][each] for each in _located(records, noun, document))
    return any(each["country"] in _countries(countries) for each in places)


def cited(document: Document) -> set[str]:
    """The sources in which a record is told."""
    return {each["source"] for each in document["evidence"]}


def _many(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def _one(value: Value) -> str:
    assert isinstance(value, str)
    return value


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(microsecond=0)


Matcher = Callable[[Records, str, Document, Any, Question], bool]

SHARED: Mapping[str, Matcher] = {
    "type": lambda _, noun, document, value, __: document["type"] in value,
    "country": lambda records, noun, document, value, _: _in_country(records, noun, document, value),
    "from": lambda _, noun, document, value, question: _since(noun, document, value, question),
    "to": lambda _, noun, document, value, question: _until(noun, document, value, question),
    "certain": lambda *_: True,
    "bbox": lambda records, noun, document, value, _: any(in_box(p, value) for p in points(records, noun, document)),
    "near": lambda records, noun, document, value, question: _near(records, noun, document, value, question),
    "radius": lambda *_: True,
    "q": lambda records, noun, document, value, _: has_words(records, noun, document, value),
    "updated_since": lambda _, __, document, value, ___: _moment(document["updated_at"]) >= _moment(value),
    "actor": lambda records, noun, document, value, question: _acts(
        records, noun, document, value, question.get("role")
    ),
    "role": lambda *_: True,
    "location": lambda records, noun, document, value, _: (
        not with_inner(records, "locations", value).isdisjoint(_located(records, noun, document))
    ),
    "source": lambda records, _, document, value, __: (
        not with_inner(records, "sources", value).isdisjoint(cited(document))
    ),
    "dataset": lambda _, __, document, value, ___: document["dataset"] in value,
}
"""Filters that mean the same wherever they stand; those that change another one let everything pass."""


def _at_least(member: str) -> Matcher:
    return lambda _, __, document, value, ___: document[member] >= int(value)


def _part(part: str) -> Matcher:
    return lambda records, _, document, value, __: bool(
        document[part] and document[part]["id"] in with_inner(records, "actors", value)
    )


def _lies_in(records: Records, noun: str, document: Document, value: Value, _: Question) -> bool:
    return any(document["id"] in records.inside(noun, each) for each in _ids(records, noun, value))


def _is_called(_: Records, noun: str, document: Document, value: Value, __: Question) -> bool:
    return not {fold(each) for each in _many(value)}.isdisjoint(fold(each) for each in called(noun, document))


def _take(*names: str) -> dict[str, Matcher]:
    return {name: SHARED[name] for name in names}


DATED = ("from", "to", "certain")
PLACED = ("bbox", "near", "radius")
TOLD = ("type", "actor", "role", "location", "country", *DATED, *PLACED, "q", "source", "dataset", "updated_since")
"""What events, statements and the timeline have in common."""

MATCHERS: Mapping[str, Mapping[str, Matcher]] = {
    "events": _take(*TOLD)
    | {
        "min_fatalities": lambda _, __, document, value, ___: (
            document["fatalities"]["best"] is not None and document["fatalities"]["best"] >= int(value)
        ),
        "max_fatalities": lambda _, __, document, value, ___: (
            document["fatalities"]["best"] is not None and document["fatalities"]["best"] <= int(value)
        ),
        "status": lambda _, __, document, value, ___: document["status"] in value,
        "min_sources": _at_least("source_count"),
        "min_independent_sources": _at_least("independent_source_count"),
        "part_of": _lies_in,
        "location_precision": lambda _, __, document, value, ___: document["location_precision"] in value,
        "date_precision": lambda _, __, document, value, ___: document["date_precision"] in value,
    },
    "statements": _take(*TOLD)
    | {
        "speaker": _part("speaker"),
        "on_behalf_of": _part("on_behalf_of"),
        "kind": lambda _, __, document, value, ___: document["kind"] in value,
        "event": lambda records, _, document, value, __: (
            not _ids(records, "events", value).isdisjoint(each["id"] for each in document["events"])
        ),
    },
    "timeline": _take(*TOLD) | {"entry": lambda _, noun, __, value, ___: noun.removesuffix("s") in value},
    "actors": _take("type", "country", "q", "updated_since") | {"name": _is_called},
    "locations": _take("type", "country", *PLACED, "q", "updated_since") | {"name": _is_called, "within": _lies_in},
    "sources": _take("type", *DATED, "q", "updated_since"),
}
"""For each list its filters."""

Found = tuple[str, Document]
"""A record with its noun."""


def nouns_of(listing: str) -> tuple[str, ...]:
    return ("events", "statements") if listing == "timeline" else (listing,)


def select(records: Records, listing: str, question: Question) -> list[Found]:
    """The records of a list that pass every filter of the question, in the order in which they were stored."""
    matchers = MATCHERS[listing]
    return [
        (noun, document)
        for noun in nouns_of(listing)
        for document in records.nouns[noun]
        if all(matchers[name](records, noun, document, value, question) for name, value in question.items())
    ]


def ids(found: Iterable[Found]) -> list[str]:
    return [document["id"] for _, document in found]
