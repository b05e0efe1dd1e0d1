"""Questions for hypothesis: any valid combination of a list's filters, with values out of the data and some that miss."""

import datetime
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from api.model import taxonomy
from api.model.event_types import EVENT_TYPE_NAMES
from api.model.source import SOURCE_TYPES
from contract.oracle import (
    COUNTRY_NAMES,
    MATCHERS,
    Question,
    Records,
    Value,
    called,
    distance_km,
    fold,
    nouns_of,
    points,
    span,
    terms,
    texts,
    tokens,
)

Values = Callable[[Records, str], SearchStrategy[Any]]
"""From the records and the list to the values that one filter takes."""

NEEDS = {"certain": ("from", "to"), "radius": ("near",), "role": ("actor",)}
"""Filters that mean something only with one of others."""
RANGES = (("from", "to"), ("min_fatalities", "max_fatalities"))
LONGEST_SEARCH = 256
MOST_WORDS = 16
LEAST_PREFIX = 3

TYPES = {
    "events": EVENT_TYPE_NAMES,
    "statements": taxonomy.STATEMENT_TYPES,
    "timeline": (*EVENT_TYPE_NAMES, *taxonomy.STATEMENT_TYPES),
    "actors": taxonomy.ACTOR_TYPES,
    "locations": taxonomy.LOCATION_TYPES,
    "sources": SOURCE_TYPES,
}
PARTS = ("speaker", "on_behalf_of", "addressee")
ROLES = {"events": taxonomy.ROLES, "statements": PARTS, "timeline": (*taxonomy.ROLES, *PARTS)}


def _some(values: SearchStrategy[str], most: int = 3) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(tuple)


def _words(allowed: tuple[str, ...]) -> Values:
    return lambda _, __: _some(st.sampled_from(allowed))


def _spellings(records: Records, noun: str) -> SearchStrategy[str]:
    """Ids, and names and aliases that only one record bears, in any case."""
    ids = sorted(records.by_id[noun])
    names = sorted(
        name
        for document in records.nouns[noun]
        for name in called(noun, document)
        if "," not in name and len(records.names[noun][fold(name)]) == 1 and len(name) <= 200
    )
    spelling = st.sampled_from(ids)
    if not names:
        return spelling
    name = st.sampled_from(names)
    return st.one_of(spelling, name, name.map(str.upper), name.map(lambda each: f" {fold(each)}."))


def _named(noun: str) -> Values:
    return lambda records, _: _some(_spellings(records, noun), 2)


def _names(records: Records, listing: str) -> SearchStrategy[tuple[str, ...]]:
    names = sorted(name for each in records.nouns[listing] for name in called(listing, each) if "," not in name)
    known = st.sampled_from(names)
    return _some(st.one_of(known, known.map(str.upper), known.map(fold), st.just("Nobody’s name")), 2)


def _days(records: Records, listing: str) -> SearchStrategy[str]:
    days = sorted({day for noun in nouns_of(listing) for each in records.nouns[noun] for day in span(noun, each) or ()})
    between = st.dates(datetime.date(2019, 11, 1), datetime.date(2025, 2, 1)).map(str)
    return st.one_of(st.sampled_from(days), between) if days else between


def _degrees(most: int) -> SearchStrategy[float]:
    return st.one_of(st.sampled_from((0.0, float(most), -float(most))), st.integers(-most * 10, most * 10).map(_tenth))


def _tenth(tenths: int) -> float:
    return tenths / 10


def _decimal(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


@cache
def _points(records: Records, listing: str) -> tuple[tuple[float, float], ...]:
    return tuple(
        sorted({p for noun in nouns_of(listing) for each in records.nouns[noun] for p in points(records, noun, each)})
    )


@st.composite
def _boxes(draw: DrawFn, at: tuple[tuple[float, float], ...]) -> str:
    """Boxes anywhere, and boxes with a corner on a point of the data; half of those wider than 0 cross the antimeridian."""
    south, north = sorted((draw(_degrees(90)), draw(_degrees(90))))
    west, east = draw(_degrees(180)), draw(_degrees(180))
    if at and draw(st.sampled_from((True, False))):
        latitude, longitude = draw(st.sampled_from(at))
        south, west = min(latitude, north), longitude
    return ",".join(_decimal(each) for each in (west, south, east, north))


def _point_text(point: tuple[float, float]) -> str:
    return ",".join(_decimal(each) for each in point)


def _near(records: Records, listing: str) -> SearchStrategy[str]:
    anywhere = st.tuples(_degrees(90), _degrees(180))
    known = _points(records, listing)
    return st.one_of(anywhere, st.sampled_from(known)).map(_point_text) if known else anywhere.map(_point_text)


RADII = st.one_of(
    st.sampled_from(("0.5", "25", "300", "2000", "10018", "19999.9", "20038")), st.integers(1, 20037).map(str)
)


@cache
def _vocabulary(texts_read: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({word for text in texts_read for word in text.split()}))


@st.composite
def _searches(draw: DrawFn, texts_read: tuple[str, ...]) -> str:
    """Words, beginnings and phrases that stand in the data, some that do not, and text of any kind."""
    words = st.sampled_from(_vocabulary(texts_read))
    piece = draw(st.sampled_from(("word", "word", "beginning", "phrase", "phrase", "words", "any")))
    if piece == "word":
        return draw(words.map(str.upper) | words)
    if piece == "words":
        return " ".join(draw(st.lists(words, min_size=2, max_size=3)))
    if piece == "beginning":
        word = draw(words)
        return word[: draw(st.integers(LEAST_PREFIX, max(LEAST_PREFIX, len(word))))] + "*"
    if piece == "phrase":
        of = draw(st.sampled_from(texts_read)).replace('"', "").split()
        start = draw(st.integers(0, len(of) - 1))
        return f'"{" ".join(of[start : start + draw(st.integers(1, 4))])}"'
    return draw(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20))


def is_searchable(search: str) -> bool:
    """Does the search keep the documented limits: some word, not too many, beginnings not too short?"""
    asked = terms(search)
    if not asked or len(search) > LONGEST_SEARCH or not search.strip():
        return False
    short = any(is_prefix and len(words[-1]) < LEAST_PREFIX for words, is_prefix in asked)
    return not short and sum(len(words) for words, _ in asked) <= MOST_WORDS


def _q(records: Records, listing: str) -> SearchStrategy[str]:
    read = {
        text
        for noun in nouns_of(listing)
        for each in records.nouns[noun]
        for text in texts(records, noun, each)
        if text and tokens(text)
    }
    return _searches(tuple(sorted(read))).filter(is_searchable)


def _moments(records: Records, listing: str) -> SearchStrategy[str]:
    written = {each["updated_at"] for noun in nouns_of(listing) for each in records.nouns[noun]}
    known = st.sampled_from(sorted(written))
    return st.one_of(
        known,
        known.map(lambda each: each.replace("Z", ".250Z")),
        st.sampled_from(("2001-01-01T00:00:00Z", "2999-12-31T23:59:59.999999Z")),
    )


def _countries(records: Records, _: str) -> SearchStrategy[tuple[str, ...]]:
    codes = sorted({each["country"] for each in records.nouns["locations"] if each["country"]})
    spelling = st.sampled_from(codes)
    return _some(st.one_of(spelling, spelling.map(str.lower), st.sampled_from(sorted(COUNTRY_NAMES)), st.just("FR")), 2)


def _datasets(records: Records, listing: str) -> SearchStrategy[tuple[str, ...]]:
    used = {each["dataset"] for noun in nouns_of(listing) for each in records.nouns[noun] if each["dataset"]}
    return _some(st.sampled_from(sorted(used)), 2)


def _counts(most: int) -> Values:
    return lambda _, __: st.integers(0, most).map(str)


VALUES: Mapping[str, Values] = {
    "type": lambda _, listing: _some(st.sampled_from(TYPES[listing])),
    "actor": _named("actors"),
    "role": lambda _, listing: _some(st.sampled_from(ROLES[listing])),
    "location": _named("locations"),
    "country": _countries,
    "from": _days,
    "to": _days,
    "certain": lambda _, __: st.sampled_from(("true", "true", "false")),
    "bbox": lambda records, listing: _boxes(_points(records, listing)),
    "near": _near,
    "radius": lambda _, __: RADII,
    "q": _q,
    "min_fatalities": _counts(60),
    "max_fatalities": _counts(300),
    "source": _named("sources"),
    "dataset": _datasets,
    "status": _words(taxonomy.STATUSES),
    "min_sources": _counts(4),
    "min_independent_sources": _counts(4),
    "part_of": _named("events"),
    "location_precision": _words(taxonomy.LOCATION_PRECISIONS),
    "date_precision": _words(taxonomy.DATE_PRECISIONS),
    "updated_since": _moments,
    "name": _names,
    "within": _named("locations"),
    "speaker": _named("actors"),
    "on_behalf_of": _named("actors"),
    "kind": _words(taxonomy.STATEMENT_KINDS),
    "event": _named("events"),
    "entry": _words(("event", "statement")),
}
"""For each filter the values that it takes."""


@st.composite
def questions(draw: DrawFn, records: Records, listing: str, least: int = 1, most: int = 4) -> Question:
    """A valid question of `least` to `most` filters, and those that they need."""
    strategies = _strategies(records, listing)
    names = draw(st.lists(st.sampled_from(sorted(MATCHERS[listing])), min_size=least, max_size=most, unique=True))
    for name in tuple(names):
        if name in NEEDS and not set(NEEDS[name]) & set(names):
            names.append(draw(st.sampled_from(NEEDS[name])))
    asked: dict[str, Value] = {name: draw(strategies[name]) for name in names}
    for first, last in RANGES:
        if first in asked and last in asked:
            asked[first], asked[last] = _in_order(asked[first], asked[last])
    if "radius" in asked:
        asked["radius"] = draw(st.one_of(st.just(asked["radius"]), _reaching(records, listing, asked["near"])))
    return asked


def _reaching(records: Records, listing: str, near: Value) -> SearchStrategy[str]:
    """Radii that just reach, or just miss, a point of the data."""
    assert isinstance(near, str)
    latitude, longitude = (float(each) for each in near.split(","))
    known = _points(records, listing)
    far = [distance_km((latitude, longitude), each) for each in known if each != (latitude, longitude)]
    reach = [f"{km * factor:.6f}" for km in far for factor in (0.9999, 1.0001) if 0.01 < km * factor < 20_038]
    return st.sampled_from(reach) if reach else st.just("25")


def _in_order(first: Value, last: Value) -> tuple[Value, Value]:
    assert isinstance(first, str)
    assert isinstance(last, str)
    if first.isdigit():
        return (first, last) if int(first) <= int(last) else (last, first)
    return min(first, last), max(first, last)


@cache
def _strategies(records: Records, listing: str) -> Mapping[str, SearchStrategy[Any]]:
    """Reading what the data holds takes longer than asking: once for each world is enough."""
    return {name: VALUES[name](records, listing) for name in MATCHERS[listing]}
