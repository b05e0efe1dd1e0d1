"""Expressions for hypothesis: random CQL2 over all queryables of a noun, with values out of the data; and how they are written.

A tree is of the JSON encoding; `as_text` writes the same as text.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from api.model.predicates import LONGEST_PATTERN
from api.model.resource import Resource
from contract.cql2_oracle import COMPARISONS, KINDS, RELATIONS, SPATIAL, Tree, member
from contract.geometries import geometries
from contract.oracle import Records, points
from contract.questions import VALUES

ORDERED = tuple(COMPARISONS)
EQUAL = ("=", "<>")
MOST_CONDITIONS = 5


def op(name: str, *arguments: Tree) -> Tree:
    return {"op": name, "args": list(arguments)}


def named(name: str) -> Tree:
    return {"property": name}


@cache
def values_of(records: Records, noun: str, name: str) -> tuple[Any, ...]:
    """What the records have there, each once."""
    found = {member(noun, each, name) for each in records.nouns[noun]} - {None}
    return tuple(sorted(found))


@st.composite
def expressions(draw: DrawFn, one: SearchStrategy[Tree]) -> Tree:
    """Trees of some of these conditions."""
    trees = st.recursive(
        one,
        lambda inner: st.one_of(
            inner.map(lambda each: op("not", each)),
            st.builds(
                lambda word, parts: op(word, *parts),
                st.sampled_from(("and", "or")),
                st.lists(inner, min_size=2, max_size=3),
            ),
        ),
        max_leaves=MOST_CONDITIONS,
    )
    return draw(st.one_of(one, trees))


def among(values: Sequence[Any]) -> SearchStrategy[Any]:
    """One of the values, of which hypothesis does not tell each in its repr: they are long texts."""
    return st.integers(0, len(values) - 1).map(lambda number: values[number])


def conditions(records: Records, resource: Resource) -> SearchStrategy[Tree]:
    """Predicates without AND, OR and NOT, as often of each property."""
    noun = resource.name
    makers = [MAKERS[kind](records, resource, name) for name, kind in KINDS[noun].items() if kind in MAKERS]
    return st.one_of(*makers, _temporal(records, noun), _between_properties(noun), st.booleans())


def _compared(names: Sequence[str], subject: Tree, values: SearchStrategy[Any]) -> SearchStrategy[Tree]:
    """Comparisons from both sides, IN, and where there is an order BETWEEN."""
    found = [
        st.builds(op, st.sampled_from(names), st.just(subject), values),
        st.builds(op, st.sampled_from(names), values, st.just(subject)),
        st.lists(values, min_size=1, max_size=4).map(lambda each: op("in", subject, each)),
    ]
    if names == ORDERED:
        found.append(st.builds(lambda low, high: op("between", subject, low, high), values, values))
    return st.one_of(found)


def _or_null(subject: Tree, found: SearchStrategy[Tree]) -> SearchStrategy[Tree]:
    return st.one_of(found, found, found, st.just(op("isNull", subject)))


def _texts(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    subject = named(name)
    known = values_of(records, resource.name, name) or ("a text",)
    words = getattr(resource.expressions.queryables[name].kind, "words", ())
    any_text = among((*known, *words))
    near = st.one_of(
        any_text, any_text.map(str.swapcase), any_text.map(lambda each: each[:3]), st.sampled_from(ODD_TEXTS)
    )
    plain = st.sampled_from(words) if words else near
    return _or_null(
        subject, st.one_of(_compared(ORDERED, subject, plain), _spelled(subject, any_text), _spelled(subject, near))
    )


ODD_TEXTS = ("", "it's", 'a "b" \\', "100%", "_", "İ", "STRASSE", "e\u0301", "😀", "\n", "x ILIKE 'y'", "((((", "--")


def _spelled(subject: Tree, texts: SearchStrategy[str]) -> SearchStrategy[Tree]:
    """The same with CASEI and ACCENTI round both sides, and LIKE with and without these."""

    @st.composite
    def draw_one(draw: DrawFn) -> Tree:
        functions = draw(st.lists(st.sampled_from(("casei", "accenti")), max_size=2))
        text = draw(texts)
        if draw(st.booleans()):
            text = draw(patterns(text))
            name = "like"
        else:
            name = draw(st.sampled_from(ORDERED)) if functions else "like"
            text = text[:LONGEST_PATTERN] if name == "like" else text
        one, other = subject, text
        for each in functions:
            one, other = op(each, one), op(each, other)
        if functions and name != "like" and draw(st.booleans()):
            return op("in", one, [other, text])
        return op(name, one, other)

    return draw_one()


@st.composite
def patterns(draw: DrawFn, text: str) -> str:
    """A pattern made of a text: some of it escaped, some of it wild, some of it left out."""
    start = draw(st.integers(0, min(len(text), 20)))
    end = draw(st.integers(start, min(len(text), start + 40)))
    pieces = [f"\\{each}" if each in "%_\\" else each for each in text[start:end]]
    for _ in range(draw(st.integers(0, 3))):
        if pieces:
            pieces[draw(st.integers(0, len(pieces) - 1))] = draw(st.sampled_from(("%", "_", "%%", "\\a", "_%")))
    before = draw(st.sampled_from(("%", "%", ""))) if start else ""
    after = draw(st.sampled_from(("%", "%", "", "\\"))) if end < len(text) else ""
    return before + "".join(pieces) + after


def _countries(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    codes = VALUES["country"](records, resource.name).map(lambda each: each[0])
    subject = named(name)
    return _or_null(
        subject, st.one_of(_compared(ORDERED, subject, codes), _spelled(subject, st.sampled_from(("SY", "fj"))))
    )


def _datasets(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    known = st.sampled_from(values_of(records, resource.name, name))
    subject = named(name)
    return _or_null(subject, st.one_of(_compared(ORDERED, subject, known), _spelled(subject, known)))


def _numbers(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    known = among((0, *values_of(records, resource.name, name)))
    numbers = st.one_of(
        known,
        known,
        known.map(lambda each: each + 0.5),
        known.map(lambda each: each - 1),
        st.sampled_from((-1.5, 2**53, 1e-3)),
    )
    return _or_null(named(name), _compared(ORDERED, named(name), numbers))


def _truths(_: Records, __: Resource, name: str) -> SearchStrategy[Tree]:
    subject = named(name)
    return st.one_of(
        st.just(subject),
        st.just(op("isNull", subject)),
        _compared(EQUAL, subject, st.sampled_from((True, False, 0, 1))),
    )


def _names(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    some = VALUES[name](records, resource.name)
    subject = named(name)
    return st.one_of(
        st.builds(lambda each, values: op(each, subject, values[0]), st.sampled_from(EQUAL), some),
        st.builds(lambda values: op("=", values[0], subject), some),
        some.map(lambda values: op("in", subject, list(values))),
    )


def _days(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    return _or_null(named(name), _compared(ORDERED, named(name), instants(records, resource.name)))


@cache
def instants(records: Records, noun: str) -> SearchStrategy[Tree]:
    """Days and moments, written in every way, from the data and round about."""
    written = [each[name] for each in records.nouns[noun] for name in ("created_at", "updated_at")]
    first = "start_date" if noun == "events" else "date"
    days = [each[name] for each in records.nouns[noun] for name in (first, "end_date") if name in each]
    known = among(sorted(set(days + [each[:10] for each in written])))
    near = known.map(lambda each: str(datetime.date.fromisoformat(each) + datetime.timedelta(each != "9999-12-31")))
    day = st.one_of(known, near, st.dates(datetime.date(2019, 11, 1), datetime.date(2027, 1, 1)).map(str))
    times = ("T00:00:00Z", "T12:34:56Z", "T23:59:59.999Z")
    moment = st.one_of(
        st.sampled_from(sorted(set(written))),
        st.sampled_from(sorted(set(written))).map(lambda each: each.replace("Z", ".5Z")),
        st.builds(str.__add__, day, st.sampled_from(times)),
    )
    return st.one_of(day, day.map(lambda each: {"date": each}), moment, moment.map(lambda each: {"timestamp": each}))


def _written(literal: Tree) -> str:
    text: str = next(iter(literal.values())) if isinstance(literal, dict) else literal
    return text


def _temporal(records: Records, noun: str) -> SearchStrategy[Tree]:
    """All functions of properties, instants, and intervals of these with open ends."""
    when = instants(records, noun)
    of_kind = {kind: [name for name, each in KINDS[noun].items() if each == kind] for kind in ("day", "moment")}
    groups = [names for names in of_kind.values() if names]

    @st.composite
    def draw_one(draw: DrawFn) -> Tree:
        property_ = st.sampled_from(draw(st.sampled_from(groups))).map(named)
        literal = st.one_of(when.filter(lambda each: isinstance(each, str)), st.just(".."))
        both = st.tuples(literal, literal).map(lambda ends: _in_order(list(ends)))
        spans = st.one_of(
            st.lists(property_, min_size=2, max_size=2), st.tuples(property_, literal).map(list),
            st.tuples(literal, property_).map(list),
        ).map(lambda ends: {"interval": ends})  # fmt: skip
        one = draw(st.one_of(property_, spans))
        other = draw(st.one_of(when, both.map(lambda ends: {"interval": ends}), property_, spans))
        sides = draw(st.permutations((one, other)))
        return op(draw(st.sampled_from(tuple(RELATIONS))), *sides)

    return draw_one()


def _in_order(ends: list[str]) -> list[str]:
    return ends if ".." in ends else sorted(ends)


def _geometries(records: Records, resource: Resource, name: str) -> SearchStrategy[Tree]:
    noun = resource.name
    at = tuple(sorted({point for each in records.nouns[noun] for point in points(records, noun, each)}))
    functions = ("s_intersects",) if noun == "statements" else tuple(SPATIAL)

    @st.composite
    def draw_one(draw: DrawFn) -> Tree:
        function = draw(st.sampled_from((*functions, "s_intersects")))
        shape = draw(geometries(at, may_be_thin=function == "s_intersects"))
        return op(function, *draw(st.permutations((named(name), shape))))

    found = draw_one()
    return found if noun == "statements" else st.one_of(*[found] * 4, st.just(op("isNull", named(name))))


MAKERS: Mapping[str, Callable[[Records, Resource, str], SearchStrategy[Tree]]] = {
    "text": _texts, "country": _countries, "dataset": _datasets, "number": _numbers, "truth": _truths, "named": _names,
    "day": _days, "moment": _days, "geometry": _geometries,
}  # fmt: skip


def _between_properties(noun: str) -> SearchStrategy[Tree]:
    """Two properties of one kind compared with each other."""
    kinds = KINDS[noun]
    pairs = [
        (one, other)
        for one in kinds
        for other in kinds
        if kinds[one] not in ("named", "geometry", "truth")
        and (kinds[one] == kinds[other] or {kinds[one], kinds[other]} == {"text", "dataset"})
    ]
    return st.builds(
        lambda name, pair: op(name, named(pair[0]), named(pair[1])), st.sampled_from(ORDERED), st.sampled_from(pairs)
    )
