"""Summaries: groups, counts and sums as naive Python makes them out of the same records."""

import csv
import datetime
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import questions
from contract.oracle import Document, Question, Records, cited, iso_week, parts, select, span
from contract.test_paging import check_walk
from contract.worlds import Json, World, as_query

NAMES = ("type", "country", "location", "actor", "source", "day", "week", "month", "year")
PERIODS = ("day", "week", "month", "year")
PAIRS = [*itertools.permutations(NAMES, 2)]
NOUNS = ("events", "statements")
OPEN_BELOW = ("at_most", "nearly", "about")
OPEN_ABOVE = ("at_least", "more_than", "about")
FATALITIES = ("low", "best", "high")

Key = tuple[str, Any]
"""What a group is ordered by, '' where nothing is known, and how the answer shows it."""


def keys(records: Records, noun: str, document: Document, name: str) -> list[Key]:
    """The groups that a record is in: one, or several, or that of the unknown."""
    if name == "type":
        return [(document["type"], document["type"])]
    if name == "source":
        return _labels(records, "sources", cited(document))
    if name == "actor":
        return _labels(records, "actors", {actor for actor, role in parts(noun, document) if role != "reporter"})
    if name in PERIODS:
        return [_period(noun, document, name)]
    places = records.places(document) if noun == "statements" else {document["location"] and document["location"]["id"]}
    places.discard(None)
    if name == "location":
        return _labels(records, "locations", places)
    countries = {records.by_id["locations"][each]["country"] for each in places} or {None}
    return [(each or "", each) for each in countries]


def _labels(records: Records, noun: str, ids: set[str]) -> list[Key]:
    shown: list[Key] = [(each, {"id": each, "name": records.by_id[noun][each]["name"]}) for each in ids]
    return shown or [("", None)]


def _period(noun: str, document: Document, name: str) -> Key:
    """The day, week, month or year that holds the whole span of days; unknown where it reaches over two."""
    found = set()
    for day in span(noun, document) or ():
        monday = datetime.date.fromisoformat(day)
        monday -= datetime.timedelta(days=monday.weekday())
        shown = {"day": day, "week": iso_week(day), "month": day[:7], "year": day[:4]}[name]
        found.add((str(monday) if name == "week" else shown, shown))
    return found.pop() if len(found) == 1 else ("", None)


def expected_groups(
    world: World, noun: str, names: Sequence[str], question: Question, sort: str = "group"
) -> list[Json]:
    """The whole summary, in order."""
    found: dict[tuple[str, ...], tuple[Json, list[Document]]] = {}
    for _, document in select(world.records, noun, question):
        for combination in itertools.product(*(keys(world.records, noun, document, name) for name in names)):
            key = tuple(order for order, _ in combination)
            shown = {name: label for name, (_, label) in zip(names, combination, strict=True)}
            found.setdefault(key, (shown, []))[1].append(document)
    order = sorted(found, key=lambda key: (len(found[key][1]), key) if "count" in sort else (0, key))
    if sort.startswith("-"):
        order.reverse()
    describe = _described_events if noun == "events" else _described_statements
    return [found[key][0] | describe(world.records, names, found[key][1]) for key in order]


def _described_events(records: Records, names: Sequence[str], events: list[Document]) -> Json:
    tolls = {name: _alone(records, events, name) for name in ("fatalities", "injured", "displaced")}
    if "source" in names:  # a source's group has nothing of what others gave
        tolls = {name: [] for name in tolls}
    deaths = tolls["fatalities"]
    return {
        "events": len(events),
        "fatalities": {
            "low": _sum_of_all(each["low"] for each in deaths),
            "best": _sum_of_known(each["best"] for each in deaths),
            "high": _sum_of_all(each["high"] for each in deaths),
            "civilians": _sum_of_known(each["civilians"] for each in deaths),
            "events": len(deaths),
        },
        "injured": _sum_of_known(each["best"] for each in tolls["injured"]),
        "displaced": _sum_of_known(each["best"] for each in tolls["displaced"]),
    }


def _alone(records: Records, events: list[Document], name: str) -> list[Document]:
    """The tolls of a group's events, but for those of events that are part of a longer one in the group with its own."""
    shown = FATALITIES if name == "fatalities" else ("best",)
    having = {each["id"]: each[name] for each in events if any(each[name][number] is not None for number in shown)}
    within = {inner for each in having for inner in records.inside("events", each)}
    return [toll for event, toll in having.items() if event not in within]


def _sum_of_known(numbers: Iterator[int | None]) -> int | None:
    known = [each for each in numbers if each is not None]
    return sum(known) if known else None


def _sum_of_all(numbers: Iterator[int | None]) -> int | None:
    """The sum; unknown where one of them is, for then it is open how far it goes."""
    given_numbers = list(numbers)
    return None if None in given_numbers else _sum_of_known(iter(given_numbers))


def _described_statements(_: Records, __: Sequence[str], statements: list[Document]) -> Json:
    by_kind: dict[tuple[str, str], list[Document]] = {}
    for statement in statements:
        for figure in statement["figures"]:
            by_kind.setdefault((figure["measure"], figure["population"]), []).append(figure)
    figures = []
    for (measure, population), given_figures in sorted(by_kind.items()):
        numbers = [each for each in given_figures if each["share"] is None]
        shares = [each["share"] for each in given_figures if each["share"] is not None]
        lows = [_bound(each, OPEN_BELOW, ("low", "best", "high")) for each in numbers]
        highs = [_bound(each, OPEN_ABOVE, ("high", "best", "low")) for each in numbers]
        figures.append(
            {
                "measure": measure,
                "population": population,
                "count": len(given_figures),
                "low": None if None in lows else min(lows, default=None),
                "high": None if None in highs else max(highs, default=None),
                "share_low": min(shares, default=None),
                "share_high": max(shares, default=None),
            }
        )
    return {"statements": len(statements), "figures": figures}


def _bound(figure: Document, left_open: Sequence[str], names: Sequence[str]) -> Any:
    """How low or how high a figure goes; unknown where its words leave that open."""
    if figure["qualifier"] in left_open:
        return figure[names[0]]
    return next((figure[name] for name in names if figure[name] is not None), None)


def summary(world: World, noun: str, query: str) -> list[Json]:
    """All groups that the API gives, whose number must be `total`."""
    found: list[Json] = []
    target: str | None = f"/v1/{noun}/summary?limit=1000&total=true&{query}"
    while target is not None:
        page = world.json(target)
        found += page["data"]
        target = page["links"]["next"]
    assert page["meta"]["total"] == len(found)
    return found


@pytest.mark.parametrize("noun", NOUNS)
def test_without_groups_all_is_one(world: World, noun: str) -> None:
    assert summary(world, noun, "") == expected_groups(world, noun, (), {})
    assert len(summary(world, noun, "")) == 1


@pytest.mark.parametrize("noun", NOUNS)
def test_nothing_found_makes_no_group(world: World, noun: str) -> None:
    assert summary(world, noun, "updated_since=2999-01-01T00:00:00Z") == []
    assert summary(world, noun, "updated_since=2999-01-01T00:00:00Z&group_by=type") == []


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sort", ["group", "-group", "count", "-count"])
def test_by_one_group(world: World, noun: str, name: str, sort: str) -> None:
    expected = expected_groups(world, noun, (name,), {}, sort)
    assert summary(world, noun, f"group_by={name}&sort={sort}") == expected


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("pair", PAIRS, ids=",".join)
def test_by_two_groups(world: World, noun: str, pair: tuple[str, str]) -> None:
    expected = expected_groups(world, noun, pair, {}, "-count")
    assert summary(world, noun, f"group_by={','.join(pair)}&sort=-count") == expected


@pytest.mark.parametrize("noun", NOUNS)
def test_groups_may_be_given_by_repeating(world: World, noun: str) -> None:
    assert summary(world, noun, "group_by=type&group_by=month") == summary(world, noun, "group_by=type,month")


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("sort", ["group", "-group", "count", "-count"])
@pytest.mark.parametrize("names", ["type", "location", "week,country", "actor,type"])
def test_walking_through_groups(seed_world: World, noun: str, sort: str, names: str) -> None:
    expected = expected_groups(seed_world, noun, names.split(","), {}, sort)
    for size in (1, 3, 7):
        check_walk(seed_world, f"/v1/{noun}/summary?group_by={names}&sort={sort}", size, expected, lambda each: each)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("sort", ["group", "-count"])
@pytest.mark.parametrize("names", ["actor", "location,month", "country,week"])
def test_walking_through_groups_of_the_made_up_world(made_up_world: World, noun: str, sort: str, names: str) -> None:
    expected = expected_groups(made_up_world, noun, names.split(","), {}, sort)
    check_walk(made_up_world, f"/v1/{noun}/summary?group_by={names}&sort={sort}", 50, expected, lambda each: each)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("names", ["", "country", "actor,year"])
def test_the_other_formats_give_the_same_groups(world: World, noun: str, names: str) -> None:
    grouped = f"group_by={names}" if names else ""
    groups = summary(world, noun, grouped)
    assert world.lines(f"/v1/{noun}/summary.ndjson?{grouped}") == groups
    text = world.get(f"/v1/{noun}/summary.csv?{grouped}").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(each[noun]) for each in rows] == [each[noun] for each in groups]
    if noun == "events":
        for row, group in zip(rows, groups, strict=True):
            for cell, number in (
                ("fatalities_low", group["fatalities"]["low"]),
                ("fatalities_best", group["fatalities"]["best"]),
                ("events_with_fatalities", group["fatalities"]["events"]),
                ("displaced", group["displaced"]),
            ):
                assert row[cell] == ("" if number is None else str(number))


def test_nobody_is_counted_twice_in_the_seed(seed_world: World) -> None:
    """The offensive has a toll, and so has the shelling that is part of it; where both are, only the offensive's counts."""
    (whole,) = summary(seed_world, "events", "")
    offensive = seed_world.records.by_id["events"]["northern-syria-offensive"]["fatalities"]
    shelling = seed_world.records.by_id["events"]["shelling-of-student-residence"]["fatalities"]
    assert offensive["best"] is not None
    assert shelling["best"] is not None
    assert whole["fatalities"]["best"] == offensive["best"]
    assert whole["fatalities"]["events"] == 1
    by_type = {each["type"]: each["fatalities"]["best"] for each in summary(seed_world, "events", "group_by=type")}
    assert by_type["armed_clash"] == offensive["best"]
    assert by_type["shelling"] == shelling["best"]
    (alone,) = summary(seed_world, "events", "type=shelling")
    assert alone["fatalities"]["best"] == shelling["best"]


def test_unknown_tolls_are_null(seed_world: World) -> None:
    found = {each["type"]: each for each in summary(seed_world, "events", "group_by=type")}
    unknown = dict.fromkeys(("low", "best", "high", "civilians")) | {"events": 0}
    assert found["ceasefire"]["fatalities"] == unknown
    assert found["ceasefire"]["injured"] is None


def test_weeks_are_those_of_iso_8601(made_up_world: World) -> None:
    days = "from=2020-12-25&to=2021-01-12&certain=true&date_precision=day"
    found = [each["week"] for each in summary(made_up_world, "events", f"group_by=week&{days}")]
    assert found == sorted(found)
    assert "2020-W53" in found
    assert all(each in ("2020-W52", "2020-W53", "2021-W01", "2021-W02") for each in found)
    ends = [each["week"] for each in summary(made_up_world, "events", "group_by=week&type=other&date_precision=day")]
    assert {"0001-W01", "0987-W09", "9999-W52"} <= set(ends)


def test_the_made_up_world_tells_the_rules_apart(made_up_world: World) -> None:
    """It holds what the rules are about, so that breaking one would be seen."""
    records = made_up_world.records
    events = list(records.nouns["events"])
    tolls = [each["fatalities"] for each in events]
    assert any(each["best"] is None and each["high"] is not None for each in tolls)
    assert any(each["low"] is None and each["best"] is not None for each in tolls)
    assert len(_alone(records, events, "fatalities")) < sum(each["best"] is not None for each in tolls)


def ask_at_random(world: World, noun: str, examples: int, is_repeatable: bool) -> None:
    """Compare so many random summaries under random filters with naive ones."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=is_repeatable,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(
        questions.questions(world.records, noun, least=0, most=3),
        st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        st.sampled_from(("group", "-group", "count", "-count")),
    )
    def ask(question: Question, names: list[str], sort: str) -> None:
        query = f"{as_query(question)}&sort={sort}" + (f"&group_by={','.join(names)}" if names else "")
        assert summary(world, noun, query) == expected_groups(world, noun, names, question, sort), query

    ask()


@pytest.mark.parametrize("noun", NOUNS)
def test_summaries_under_any_filters(world: World, noun: str) -> None:
    ask_at_random(world, noun, 100, is_repeatable=True)


@pytest.mark.slow
@pytest.mark.parametrize("noun", NOUNS)
def test_summaries_under_any_filters_at_length(world: World, noun: str) -> None:
    ask_at_random(world, noun, 2000, is_repeatable=False)


def test_sums_agree_with_the_records_they_are_of(world: World) -> None:
    """Every group's number is that of the list under the same filter."""
    for group in summary(world, "events", "group_by=type,country"):
        country = f"&country={group['country']}" if group["country"] else ""
        found = world.json(f"/v1/events?type={group['type']}{country}&limit=1&total=true")["meta"]["total"]
        assert group["events"] <= found
        assert json.dumps(group)
        if country:
            assert group["events"] == found
