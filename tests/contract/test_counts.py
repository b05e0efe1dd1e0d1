"""Counts and views: every number that a record shows is the one that asking for what it counts would give."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from contract.oracle import Document, Question, Records, cited, select, span
from contract.worlds import Json, World, as_query, close_world, load_into, open_world

COUNTERS: tuple[tuple[str, str], ...] = (("actors", "actor"), ("locations", "location"), ("sources", "source"))
"""Nouns whose records count events and statements, each with the filter by which they are found."""


def total(world: World, listing: str, question: Question) -> int:
    """How many the API counts for a question."""
    found = world.json(f"/v1/{listing}?{as_query(question)}&limit=1&fields=id&total=true")
    return int(found["meta"]["total"])


@pytest.mark.parametrize(("noun", "filter_name"), COUNTERS)
def test_a_record_counts_what_its_filter_finds(world: World, noun: str, filter_name: str) -> None:
    for each in world.records.nouns[noun]:
        question = {filter_name: (each["id"],)}
        events = [found for _, found in select(world.records, "events", question)]
        shown = (each["events"], each["statements"])
        assert shown == (len(events), len(select(world.records, "statements", question))), each["id"]
        assert shown == (total(world, "events", question), total(world, "statements", question)), each["id"]
        if noun != "sources":
            assert each["first_event_date"] == min((found["start_date"] for found in events), default=None), each["id"]
            assert each["last_event_date"] == max((found["end_date"] for found in events), default=None), each["id"]


def test_an_event_counts_its_statements(world: World) -> None:
    for each in world.records.nouns["events"]:
        assert each["statements"] == total(world, "statements", {"event": (each["id"],)}), each["id"]


def roots(records: Records, document: Document) -> set[str]:
    """The reports that a record goes back to: sources that rewrite one report are one."""
    found = set()
    for source in cited(document):
        while origin := records.by_id["sources"][source]["derived_from"]:
            source = origin
        found.add(source)
    return found


@pytest.mark.parametrize("noun", ["events", "statements"])
def test_sources_are_counted_and_those_that_rewrite_one_report_once(world: World, noun: str) -> None:
    for each in world.records.nouns[noun]:
        assert each["source_count"] == len(cited(each)), each["id"]
        assert each["independent_source_count"] == len(roots(world.records, each)), each["id"]


def test_the_status_is_the_editors_word_or_follows(world: World) -> None:
    written = {each["id"]: each["status"] for each in world.json("/v1/bundle")["events"]}
    seen = Counter[tuple[bool, str]]()
    for each in world.records.nouns["events"]:
        followed = "corroborated" if each["independent_source_count"] > 1 else "reported"
        if each["fatalities"]["disputed"]:
            followed = "disputed"
        assert each["status"] == (written[each["id"]] or followed), each["id"]
        seen[written[each["id"]] is None, each["status"]] += 1
    if world.name == "made-up":
        assert {status for is_derived, status in seen if is_derived} == {"reported", "corroborated", "disputed"}


def test_meta_counts_what_the_lists_hold(world: World) -> None:
    meta = world.json("/v1/meta")
    assert meta["counts"] == {noun: len(documents) for noun, documents in world.records.nouns.items()}
    for noun in world.records.nouns:
        assert meta["counts"][noun] == total(world, noun, {})
    assert (
        meta["dataset_version"] == world.json("/v1/events")["meta"]["dataset_version"] == meta["newest_change"]["seq"]
    )
    newest = max(each["updated_at"] for documents in world.records.nouns.values() for each in documents)
    assert meta["newest_change"]["at"] == newest


def test_meta_tells_what_each_dataset_has(world: World) -> None:
    declared = {each["id"]: each for each in world.json("/v1/bundle")["datasets"]}
    datasets = world.json("/v1/meta")["datasets"]
    assert [each["id"] for each in datasets] == sorted(declared)
    for each in datasets:
        found = {
            noun: [one for one in world.records.nouns[noun] if one["dataset"] == each["id"]]
            for noun in ("events", "statements")
        }
        assert {name: each[name] for name in declared[each["id"]]} == declared[each["id"]]
        assert each["events"] == len(found["events"])
        assert each["statements"] == len(found["statements"])
        assert _days(found["events"]) == (each["first_date"], each["last_date"])


def _days(events: list[Document]) -> tuple[str | None, str | None]:
    spans = [days for each in events if (days := span("events", each))]
    return min((first for first, _ in spans), default=None), max((last for _, last in spans), default=None)


def test_meta_tells_what_each_country_has(world: World) -> None:
    by_country: dict[str | None, list[Document]] = {}
    for each in world.records.nouns["events"]:
        by_country.setdefault(each["location"] and each["location"]["country"], []).append(each)
    coverage = {each["country"]: each for each in world.json("/v1/meta")["coverage"]}
    assert {code: each["events"] for code, each in coverage.items()} == {
        code: len(events) for code, events in by_country.items()
    }
    for code, events in by_country.items():
        assert (coverage[code]["first_date"], coverage[code]["last_date"]) == _days(events)
        if code is not None:
            assert total(world, "events", {"country": (coverage[code]["name"],)}) == len(events)


def test_event_types_count_their_events(world: World) -> None:
    types = world.json("/v1/event-types")["data"]
    counted = Counter(each["type"] for each in world.records.nouns["events"])
    assert {each["type"]: each["events"] for each in types if each["events"]} == counted
    for each in types:
        assert each["events"] == total(world, "events", {"type": (each["type"],)})


BRIEFS: Mapping[str, tuple[str, ...]] = {
    "actors": ("id", "name", "type"),
    "locations": ("id", "name", "type", "country", "latitude", "longitude"),
}
"""What a record shows of the records that it refers to."""


def test_what_records_show_of_others_is_what_those_are(world: World) -> None:
    """Names change after others were written that show them: each is shown as it is now."""
    records = world.records

    def check(noun: str, brief: Document | None, names: tuple[str, ...] | None = None) -> None:
        if brief is not None:
            whole = records.by_id[noun][brief["id"]]
            assert brief == {name: whole[name] for name in names or BRIEFS[noun]}

    for each in records.nouns["actors"]:
        for relation in each["relations"]:
            check("actors", relation["actor"])
    for each in records.nouns["events"]:
        check("locations", each["location"])
        for participant in each["participants"]:
            check("actors", participant["actor"])
    for each in records.nouns["statements"]:
        check("locations", each["location"])
        for actor in (each["speaker"], each["on_behalf_of"], *each["addressees"]):
            check("actors", actor)
        for event in each["events"]:
            check("events", event, tuple(event))
    for each in records.nouns["locations"]:
        path, parent = [], each["parent"]
        while parent:
            path.append({name: records.by_id["locations"][parent][name] for name in ("id", "name", "type")})
            parent = records.by_id["locations"][parent]["parent"]
        assert each["path"] == path


def test_a_single_record_is_what_its_list_shows(world: World) -> None:
    for noun, documents in world.records.nouns.items():
        for each in documents[::5]:
            assert world.json(f"/v1/{noun}/{each['id']}") == each
            assert each["links"]["self"] == f"http://localhost/v1/{noun}/{each['id']}"


def test_an_entry_of_the_timeline_is_its_record(world: World) -> None:
    for entry in world.lines("/v1/timeline.ndjson"):
        noun = f"{entry['entry']}s"
        record: Any = world.records.by_id[noun][entry["id"]]
        days = span(noun, record)
        assert days
        assert entry == {
            "entry": entry["entry"],
            "id": record["id"],
            "date": days[0],
            "end_date": days[1],
            "title": record["title"],
            "type": record["type"],
            "location": record["location"],
            "record": record,
        }


# Tolls

MEASURES = {"fatalities": "killed", "injured": "injured", "displaced": "displaced"}
ADDING_UP = ("civilians", "combatants", "unknown")
"""Populations that together are a total, where nobody gave one."""
OPEN_BELOW = ("at_most", "nearly", "about")
OPEN_ABOVE = ("at_least", "more_than", "about")


def first(figure: Document, *names: str) -> int | None:
    """The first of these numbers that the figure has."""
    return next((figure[name] for name in names if figure[name] is not None), None)


def number(figure: Document) -> int | None:
    """The number said, or else its lower bound."""
    return first(figure, "best", "low")


def lowest(figure: Document) -> int | None:
    """How low a figure goes; unknown where “at most”, “nearly” and “about” leave it open."""
    return first(figure, "low") if figure["qualifier"] in OPEN_BELOW else first(figure, "low", "best", "high")


def highest(figure: Document) -> int | None:
    """How high a figure goes; unknown where “at least”, “more than” and “about” leave it open."""
    return first(figure, "high") if figure["qualifier"] in OPEN_ABOVE else first(figure, "high", "best", "low")


def added(numbers: list[int | None]) -> int | None:
    """The sum; unknown where one of them is."""
    known = [each for each in numbers if each is not None]
    return sum(known) if known and len(known) == len(numbers) else None


def extreme(pick: Callable[[Iterable[int]], int], numbers: list[int | None]) -> int | None:
    """The least or the most; unknown where one of them is."""
    known = [each for each in numbers if each is not None]
    return pick(known) if known and len(known) == len(numbers) else None


def claimant(records: Records, statement: Document) -> str:
    """Who stands by a statement: its speaker, or in an article's own voice the report that the article goes back to."""
    if statement["speaker"]:
        return f"actor {statement['speaker']['id']}"
    return f"source {roots(records, {'evidence': statement['evidence'][:1]}).pop()}"


def naive_toll(records: Records, event: Document, measure: str) -> Document:
    """An event's toll, made out of what statements say of it."""
    about = [each for each in records.nouns["statements"] if event["id"] in (brief["id"] for brief in each["events"])]
    about.sort(key=lambda each: str(each["end_date"]))  # the newest last
    totals: list[tuple[Document, list[Document]]] = []
    civilians: list[tuple[Document, int]] = []
    for statement in about:
        figures = [
            each
            for each in statement["figures"]
            if each["event"] == event["id"] and each["measure"] == measure and each["share"] is None
        ]
        whole = [[each] for each in figures if each["population"] == "total"]
        parts = [each for each in figures if each["population"] in ADDING_UP]
        totals += [(statement, each) for each in whole or ([parts] if parts else [])]
        for each in figures:
            said = number(each)
            if each["population"] == "civilians" and said is not None:
                civilians.append((statement, said))
    known = [each for each in totals if added([number(part) for part in each[1]]) is not None]
    accepted = [each for each in known if all(part["accepted"] for part in each[1])]
    best = next(reversed(accepted or known), None)
    stands_by: dict[str, int | None] = {}
    for statement, parts in totals:
        stands_by[claimant(records, statement)] = added([number(each) for each in parts])
    lows = [added([lowest(each) for each in parts]) for _, parts in totals]
    highs = [added([highest(each) for each in parts]) for _, parts in totals]
    of_best = [said for statement, said in civilians if best and statement is best[0]]
    return {
        "low": extreme(min, lows),
        "best": added([number(each) for each in best[1]]) if best else None,
        "high": extreme(max, highs),
        "civilians": next(reversed(of_best or [said for _, said in civilians]), None),
        "qualifiers": {each["qualifier"] for each in best[1]} - {None} if best else set(),
        "basis": "figures" if totals else None,
        "disputed": len({each for each in stands_by.values() if each is not None}) > 1,
    }


@pytest.mark.parametrize("name", MEASURES)
def test_a_toll_is_what_its_statements_say(world: World, name: str) -> None:
    coded = {each["id"]: each["coded_fatalities"] for each in world.json("/v1/bundle")["events"]}
    seen = Counter[str]()
    for event in world.records.nouns["events"]:
        toll = dict(event[name])
        if name == "fatalities" and coded[event["id"]]:
            assert toll == coded[event["id"]] | {"qualifier": None, "basis": "coded", "disputed": False}
            continue
        expected = dict(naive_toll(world.records, event, MEASURES[name]))
        hedges = expected.pop("qualifiers")
        assert toll.pop("qualifier") in (hedges or {None})
        assert toll == expected, event["id"]
        seen.update(what for what in ("low", "best", "high", "civilians", "disputed") if toll[what])
        seen["open"] += toll["best"] is not None and None in (toll["low"], toll["high"])
    if world.name == "made-up" and name == "fatalities":
        assert all(seen[what] > 3 for what in ("low", "best", "high", "civilians", "disputed", "open")), seen


Said = tuple[str, tuple[Mapping[str, Any], ...]]
"""Who speaks, an actor or a source in its own voice, and the figures given."""


def figure(population: str = "total", **members: Any) -> Mapping[str, Any]:
    return {"measure": "killed", "population": population, **members}


TOLLS: Mapping[str, tuple[tuple[Said, ...], Mapping[str, Any]]] = {
    "nobody": ((), {}),
    "one number": ((("actor a", (figure(best=5),)),), {"low": 5, "best": 5, "high": 5}),
    "two speakers": (
        (("actor a", (figure(best=5),)), ("actor b", (figure(best=7),))),
        {"low": 5, "best": 7, "high": 7, "disputed": True},
    ),
    "one speaker, twice": (
        (("actor a", (figure(best=5),)), ("actor a", (figure(best=7),))),
        {"low": 5, "best": 7, "high": 7},
    ),
    "the accepted one": (
        (("actor a", (figure(best=5, accepted=True),)), ("actor b", (figure(best=7),))),
        {"low": 5, "best": 5, "high": 7, "disputed": True},
    ),
    "more than": (
        (("actor a", (figure(best=50, qualifier="more_than"),)),),
        {"low": 50, "best": 50, "high": None, "qualifier": "more_than"},
    ),
    "at most": ((("actor a", (figure(high=5, qualifier="at_most"),)),), {"low": None, "best": None, "high": 5}),
    "parts": (
        (("actor a", (figure("civilians", best=3), figure("combatants", best=2))),),
        {"low": 5, "best": 5, "high": 5, "civilians": 3},
    ),
    "parts within parts": ((("actor a", (figure("children", best=2),)),), {}),
    "a share": ((("actor a", (figure(share=0.5),)),), {}),
    "civilians, then a total": (
        (("actor a", (figure("civilians", best=3),)), ("actor a", (figure(best=10),))),
        {"low": 3, "best": 10, "high": 10, "civilians": 3},
    ),
    "civilians, then unknown, then a total": (
        (
            ("actor a", (figure("civilians", best=3),)),
            ("actor a", (figure("civilians", high=5, qualifier="at_most"),)),
            ("actor a", (figure(best=10),)),
        ),
        {"low": None, "best": 10, "high": 10, "civilians": 3},
    ),
    "two that rewrite one report": (
        (("source copy", (figure(best=5),)), ("source report", (figure(best=7),))),
        {"low": 5, "best": 7, "high": 7},
    ),
    "two reports": (
        (("source other", (figure(best=5),)), ("source report", (figure(best=7),))),
        {"low": 5, "best": 7, "high": 7, "disputed": True},
    ),
}
"""What was said, oldest first, and the toll of the event; what is not named is null, or not disputed."""


@pytest.mark.parametrize("case", TOLLS)
def test_tolls_by_hand(case: str, tmp_path: Path) -> None:
    said, expected = TOLLS[case]
    evidence = [{"source": "report"}]
    who = [{"id": each, "name": each, "type": "person", "evidence": evidence} for each in ("a", "b")]
    days = {"start_date": "2020-01-01", "end_date": "2020-01-01", "date_precision": "day"}
    statements: list[Json] = []
    for index, (speaker, figures) in enumerate(said):
        kind, name = speaker.split()
        cites = [{"source": name if kind == "source" else "report"}]
        statement: Json = {
            "id": f"s{index}",
            "kind": "paraphrase",
            "type": "report",
            "text": "So many.",
            "events": ["e"],
        }
        statement |= {"date": f"2020-01-0{index + 1}", "date_precision": "day", "evidence": cites}
        statement["figures"] = [{"evidence": cites, **each} for each in figures]
        statements.append(statement | ({"speaker": name} if kind == "actor" else {}))
    bundle = {
        "bundle": "event-timeline/1",
        "sources": [{"id": "report"}, {"id": "copy", "derived_from": "report"}, {"id": "other"}],
        "actors": who,
        "events": [{"id": "e", "type": "other", "title": "It", "evidence": evidence, **days}],
        "statements": statements,
    }
    load_into(tmp_path / "tolls.db", bundle)
    world = open_world("tolls", tmp_path / "tolls.db")
    toll = world.records.by_id["events"]["e"]["fatalities"]
    close_world(world)
    known = any(each.get("population") != "children" and "share" not in each for _, many in said for each in many)
    unknown = dict.fromkeys(("low", "best", "high", "civilians", "qualifier"))
    assert toll == {**unknown, "basis": "figures" if known else None, "disputed": False, **expected}
