"""Bundles: what GET gives can be loaded into an empty database, which then shows the same records."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from api.importers.bundle import load
from api.store.migrations import open_migrated
from contract import questions
from contract.oracle import NOUNS, Document, Question, select
from contract.worlds import Json, World, as_query, close_world, open_world

OWN = ("version", "created_at", "updated_at")
"""Members that tell when a database was given a record."""
SHRINKING = ("events", "statements")
"""Counts, which are smaller where fewer records are."""
SPAN = ("first_event_date", "last_event_date")
FOLLOWING = ("fatalities", "injured", "displaced", "status")
"""Members of an event that follow from what statements say of it."""

QUERIES = (
    ("seed", "location=aleppo"),
    ("seed", "actor=Turkey&type=ceasefire,demand"),
    ("seed", "entry=event&type=airstrike"),
    ("seed", "near=36.2,37.16&radius=30"),
    ("seed", "source=unnamed-lightning-assault-on-aleppo"),
    ("seed", "to=1999-12-31"),
    ("made-up", "country=FJ&type=talks,warn"),
    ("made-up", "entry=statement&q=road"),
    ("made-up", "from=2020-03-01&to=2020-03-20&certain=true"),
    ("made-up", "dataset=made-up-coded&bbox=170,-90,-170,90&entry=event"),
)
"""World, and what is asked of its timeline."""


def referred(noun: str, record: Document) -> Iterator[tuple[str, str]]:
    """What a record of a bundle refers to: collection and id."""

    def cited(places: list[Json]) -> Iterator[tuple[str, str]]:
        yield from (("sources", each["source"]) for each in places)

    if noun == "sources":
        found = [("sources", record["derived_from"])]
    elif noun == "locations":
        found = [("locations", record["parent"])]
    elif noun == "actors":
        found = [("actors", each["actor"]) for each in record["relations"]]
        found += [each for relation in record["relations"] for each in cited(relation["evidence"])]
    elif noun == "events":
        found = [("locations", record["location"]), ("events", record["part_of"])]
        found += [("actors", each["actor"]) for each in record["participants"]]
        found += [("events", each) for each in record["related"]]
    else:
        found = [("locations", record["location"])]
        found += [("actors", each) for each in (record["speaker"], record["on_behalf_of"], *record["addressees"])]
        found += [("events", each) for each in record["events"]]
        found += [("events", each["event"]) for each in record["figures"]]
        found += [each for figure in record["figures"] for each in cited(figure["evidence"])]
    yield from (each for each in found if each[1] is not None)
    if noun != "sources":
        yield from cited(record["evidence"])


def ids_of(bundle: Json) -> set[tuple[str, str]]:
    """Collection and id of every record of a bundle, each of which stands in it once."""
    found = [(noun, each["id"]) for noun in NOUNS for each in bundle[noun]]
    assert len(found) == len(set(found))
    return set(found)


def closure(whole: Json, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The wanted records and all that they refer to, directly or through others."""
    records = {(noun, each["id"]): each for noun in NOUNS for each in whole[noun]}
    found: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += referred(key[0], records[key])
    return found


def copy_of(world: World, data: bytes, folder: Path) -> World:
    """A new world with what a bundle holds. Loading it a second time changes nothing."""
    path = folder / "copy.db"
    connection = open_migrated(path)
    try:
        first = load(connection, data)
        assert first.total("updated") == first.total("unchanged") == 0
        (newest,) = connection.execute("SELECT max(seq) FROM changes").fetchone()
        second = load(connection, data)
        assert second.total("created") == second.total("updated") == 0
        assert second.total("unchanged") == first.total("created")
        assert connection.execute("SELECT max(seq) FROM changes").fetchone() == (newest,)
    finally:
        connection.close()
    return open_world(f"copy of {world.name}", path)


def without(document: Document, *names: str) -> Mapping[str, Any]:
    return {name: value for name, value in document.items() if name not in (*OWN, *names)}


def test_everything_comes_back_as_it_was(world: World, tmp_path: Path) -> None:
    data = world.get("/v1/bundle").data
    copy = copy_of(world, data, tmp_path)
    try:
        assert copy.get("/v1/bundle").data == data
        for noun in NOUNS:
            assert [without(each) for each in copy.records.nouns[noun]] == [
                without(each) for each in world.records.nouns[noun]
            ]
        datasets = world.json("/v1/meta")["datasets"]
        assert copy.json("/v1/meta")["datasets"] == datasets
        assert (
            copy.json("/v1/events/summary?group_by=type,month&limit=1000")["data"]
            == (world.json("/v1/events/summary?group_by=type,month&limit=1000")["data"])
        )
    finally:
        close_world(copy)


def test_the_seed_is_its_own_bundle(seed_world: World) -> None:
    """What the seed's file says is what comes out, with what it left out spelled out as unknown or empty."""
    (path,) = (Path(__file__).parents[2] / "seed").glob("*.json")
    given_records = json.loads(path.read_bytes())
    found = seed_world.json("/v1/bundle")
    assert found["bundle"] == given_records["bundle"]
    for noun in NOUNS:
        assert [each["id"] for each in found[noun]] == [each["id"] for each in given_records[noun]]
        for written, read in zip(given_records[noun], found[noun], strict=True):
            assert {name: _as_stored(read[name], value) for name, value in written.items()} == written


def _as_stored(read: Any, written: Any) -> Any:
    """What was read, cut down to the members that were written."""
    if isinstance(written, dict):
        return {name: _as_stored(read[name], value) for name, value in written.items()}
    if isinstance(written, list):
        assert len(read) == len(written)
        return [_as_stored(one, other) for one, other in zip(read, written, strict=True)]
    return read


@pytest.mark.parametrize(("name", "query"), QUERIES)
def test_what_a_filter_selects_stands_alone(
    seed_world: World, made_up_world: World, name: str, query: str, tmp_path: Path
) -> None:
    world = seed_world if name == "seed" else made_up_world
    data = world.get(f"/v1/bundle?{query}").data
    bundle = json.loads(data)
    held = ids_of(bundle)
    entries = world.lines(f"/v1/timeline.ndjson?{query}&fields=entry,id")
    assert held == closure(world.json("/v1/bundle"), {(f"{each['entry']}s", each["id"]) for each in entries})
    copy = copy_of(world, data, tmp_path)
    try:
        assert ids_of(copy.json("/v1/bundle")) == held
        for noun in NOUNS:
            for each in copy.records.nouns[noun]:
                _check_same(world, held, noun, each)
    finally:
        close_world(copy)


def _check_same(world: World, held: set[tuple[str, str]], noun: str, copied: Document) -> None:
    """The same but for when it was written and, where statements stayed behind, for what they are counted in."""
    whole = world.records.by_id[noun][copied["id"]]
    apart: tuple[str, ...] = ()
    if noun == "events":
        about = [
            each["id"]
            for each in world.records.nouns["statements"]
            if copied["id"] in (event["id"] for event in each["events"])
        ]
        apart = () if all(("statements", each) in held for each in about) else (*FOLLOWING, "statements")
        assert copied["statements"] == sum(("statements", each) in held for each in about)
    elif noun != "statements":
        apart = (*SHRINKING, *SPAN)
        assert all(copied[name] <= whole[name] for name in SHRINKING)
        if noun != "sources" and copied["events"]:
            assert whole["first_event_date"] <= copied["first_event_date"] <= copied["last_event_date"]
            assert copied["last_event_date"] <= whole["last_event_date"]
    assert without(copied, *apart) == without(whole, *apart)


def test_any_filter_gives_a_bundle_whose_references_resolve_inside(made_up_world: World) -> None:
    whole = made_up_world.json("/v1/bundle")

    @settings(
        max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(questions.questions(made_up_world.records, "timeline"))
    def ask(question: Question) -> None:
        held = ids_of(made_up_world.json(f"/v1/bundle?{as_query(question)}"))
        wanted = {(noun, each["id"]) for noun, each in select(made_up_world.records, "timeline", question)}
        assert held == closure(whole, wanted)

    ask()
