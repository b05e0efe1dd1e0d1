"""Writing and reading: what a write leaves behind, whatever was there before it, and what a reader sees of it.

The oracle is a fresh database. What many small writes leave, each touching what it must, has to be what one load of the
same records makes: every document, derived column, count, toll, path, tree, box, name and search text.
"""

import inspect
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.model.nouns import NOUNS
from api.model.problem import Problem
from api.model.ways import DAYS, ROW_BITS
from api.store import receiving, sqlite, tables, transaction, writing
from api.store.connections import BUSY_MS, open_writer
from api.store.readers import Reader, Store, Version
from unit.samples import (
    DROP,
    EVERYTHING,
    Document,
    actor,
    bundle,
    changed,
    cited,
    contents,
    document,
    event,
    figure,
    location,
    opened,
    put,
    quoted,
    refusal,
    sample,
    statement,
    store,
)

QUERY_MS = 500
TIMES = ("version", "created_at", "updated_at")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample in it, to be copied."""
    path = tmp_path_factory.mktemp("store") / "sample.db"
    with opened(path, sample()):
        return path


@pytest.fixture
def path(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(loaded, tmp_path / "store.db"))


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite.Connection]:
    """A writer on a database with the sample in it."""
    connection = open_writer(path)
    yield connection
    connection.close()


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    reader = Reader(path, QUERY_MS)
    yield reader
    reader.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write has a moment of its own, a second after the one before."""
    seconds = count()
    monkeypatch.setattr(transaction, "now", lambda: "2025-01-01T{:02}:{:02}:{:02}Z".format(*_clock(next(seconds))))


def _clock(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds // 60 % 60, seconds % 60


def edit(connection: sqlite.Connection, *changes: tuple[str, Any]) -> receiving.Report:
    """Load the sample again with other values at some pointers."""
    return store(connection, changed(*changes))


def newest_change(connection: sqlite.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])


def seen(reader: Reader) -> Version:
    """The version that a request sees."""
    with reader.snapshot():
        return reader.version()


def searched(connection: sqlite.Connection, noun: str, words: str) -> set[str]:
    rows = connection.execute(
        f"SELECT id FROM {noun}_text JOIN {noun} ON seq = {noun}_text.rowid & {2**ROW_BITS - 1} WHERE {noun}_text MATCH ?",
        (words,),
    )
    return {row[0] for row in rows}


# What a write does to the record itself


@pytest.mark.usefixtures("clock")
def test_the_same_again_changes_nothing(connection: sqlite.Connection, reader: Reader) -> None:
    before, version = contents(connection), seen(reader)
    for _ in range(2):
        report = store(connection, sample())
        assert (report.total("created"), report.total("updated"), report.total("unchanged")) == (0, 0, 14)
    assert contents(connection) == before
    assert seen(reader) == version


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/events/0/summary", None),
        ("/events/0/participants", []),
        ("/events/0/external_ids", {}),
        ("/locations/2/latitude", 36.2000),
        ("/statements/1/end_date", None),
        ("/statements/1/figures/0/qualifier", None),
        ("/statements/1/figures/0/accepted", False),
    ],
)
def test_what_means_the_same_is_the_same(connection: sqlite.Connection, pointer: str, value: Any) -> None:
    assert edit(connection, (pointer, value)).total("unchanged") == 14


def test_a_whole_degree_is_the_same_with_or_without_a_fraction(tmp_path: Path) -> None:
    one = bundle(sources=[{"id": "paper"}], locations=[location("a", latitude=36, longitude=37)])
    with opened(tmp_path / "degrees.db", one) as connection:
        put(one, "/locations/0/latitude", 36.0)
        assert store(connection, one).total("unchanged") == 2


@pytest.mark.usefixtures("clock")
def test_versions_and_times_are_of_the_record_itself(tmp_path: Path) -> None:
    with opened(tmp_path / "versions.db", sample()) as connection:
        for n in range(2, 5):
            edit(connection, ("/actors/0/name", f"Army {n}"))
            shown = document(connection, "actors", "army")
            assert (shown["version"], shown["name"]) == (n, f"Army {n}")
            assert shown["created_at"] == "2025-01-01T00:00:00Z"
            assert shown["updated_at"] == f"2025-01-01T00:00:0{n - 1}Z"
        strike = document(connection, "events", "strike")
        assert strike["participants"][0]["actor"]["name"] == "Army 4"  # rendered anew,
        assert (strike["version"], strike["updated_at"]) == (1, "2025-01-01T00:00:00Z")  # but not changed


@pytest.mark.usefixtures("clock")
def test_one_row_in_changes_for_each_version(connection: sqlite.Connection) -> None:
    before = newest_change(connection)
    report = edit(connection, ("/actors/0/name", "Army II"), ("/events/0/title", "The offensive"))
    assert report.ids("updated") == {"actors": ["army"], "events": ["offensive"]}
    rows = connection.execute(
        "SELECT collection, id, version, change, record FROM changes WHERE seq > ? ORDER BY seq", (before,)
    ).fetchall()
    assert [row[:4] for row in rows] == [("actors", "army", 2, "updated"), ("events", "offensive", 2, "updated")]
    assert json.loads(rows[0][4])["name"] == "Army II"


def test_new_records_and_old_ones_in_one_write(connection: sqlite.Connection) -> None:
    report = store(connection, bundle(actors=[actor("army", country="SY", type="state_forces"), actor("new")]))
    assert report.ids("created") == {"actors": ["new"]}
    assert report.ids("unchanged") == {"actors": ["army"]}


# What a write does to other records

PROVINCE = {"id": "province", "name": "Province", "type": "province"}


@pytest.mark.parametrize(
    ("changes", "noun", "record_id", "shown"),
    [
        # an actor
        (("/actors/0/name", "Air force"), "events", "strike", ("participants", 0, "actor", "name", "Air force")),
        (("/actors/0/type", "militia"), "events", "strike", ("participants", 0, "actor", "type", "militia")),
        (("/actors/0/name", "Air force"), "statements", "claim", ("addressees", 0, "name", "Air force")),
        (("/actors/1/name", "HTS"), "statements", "claim", ("on_behalf_of", "name", "HTS")),
        (("/actors/1/name", "HTS"), "actors", "leader", ("relations", 0, "actor", "name", "HTS")),
        (("/actors/2/name", "Chief"), "statements", "claim", ("speaker", "name", "Chief")),
        (("/actors/2/name", "Chief"), "statements", "claim", ("title", "Chief: “Words of claim.”")),
        # a location
        (("/locations/2/name", "Saraqib"), "events", "strike", ("location", "name", "Saraqib")),
        (("/locations/2/latitude", 35.9), "events", "strike", ("location", "latitude", 35.9)),
        (("/locations/2/country", "TR"), "events", "strike", ("location", "country", "TR")),
        (("/locations/2/name", "Saraqib"), "statements", "claim", ("location", "name", "Saraqib")),
        (("/locations/0/name", "Syria"), "locations", "province", ("path", 0, "name", "Syria")),
        (("/locations/0/name", "Syria"), "locations", "town", ("path", 1, "name", "Syria")),
        (("/locations/1/type", "region"), "locations", "town", ("path", 0, "type", "region")),
        (("/locations/1/parent", DROP), "locations", "town", ("path", [PROVINCE])),
        # an event
        (("/events/1/title", "Air raid"), "statements", "report", ("events", 0, "title", "Air raid")),
        (("/events/1/location", "province"), "locations", "town", ("events", 0)),
        (("/events/0/end_date", "2024-12-24"), "actors", "army", ("last_event_date", "2024-11-27")),
        # a statement
        (("/statements/1/figures/0/best", 9), "events", "strike", ("fatalities", "best", 9)),
        (("/statements/1/figures/0/best", 9), "events", "strike", ("fatalities", "high", 9)),
        (("/statements/1/figures/0/best", 9), "events", "strike", ("fatalities", "disputed", True)),
        (("/statements/1/figures/0/best", 9), "events", "strike", ("status", "disputed")),
        (("/statements/1/figures/0/measure", "injured"), "events", "strike", ("injured", "best", 4)),
        (("/statements/0/figures/1/best", 3), "events", "strike", ("fatalities", "civilians", 3)),
        (("/statements/0/figures/0/accepted", True), "events", "strike", ("fatalities", "best", 4)),
        (("/statements/1/events", []), "events", "strike", ("statements", 1)),
        # a source
        (("/sources/1/publisher", "The Times"), "statements", "report", ("title", "The Times: Words of report.")),
        (("/sources/1/publisher", DROP), "statements", "report", ("title", "Unnamed publisher: Words of report.")),
    ],
)  # fmt: skip
def test_a_change_reaches_what_shows_it(
    connection: sqlite.Connection, changes: tuple[str, Any], noun: str, record_id: str, shown: tuple[Any, ...]
) -> None:
    edit(connection, changes)
    *way, wanted = shown
    value: Any = document(connection, noun, record_id)
    for step in way:
        value = value[step]
    assert value == wanted


def test_a_new_name_is_found_and_the_old_one_is_not(connection: sqlite.Connection) -> None:
    edit(connection, ("/actors/2/name", "Chief"), ("/locations/2/name", "Saraqib"), ("/locations/2/aliases", []))
    assert searched(connection, "statements", "chief") == {"claim"}
    assert searched(connection, "statements", "leader") == set()
    assert searched(connection, "events", "saraqib") == {"strike"}
    assert searched(connection, "locations", "town") == set()
    names = {row[0] for row in connection.execute("SELECT folded FROM names WHERE collection = 'locations'")}
    assert names == {"land", "province", "saraqib"}


def test_two_sources_that_turn_out_to_be_one_report(tmp_path: Path) -> None:
    """That they differ is a dispute only while they are two claimants; the event itself cites a third."""
    apart = bundle(
        sources=[{"id": "paper"}, {"id": "a"}, {"id": "b"}],
        events=[event("strike", evidence=cited("paper", "a", "b"))],
        statements=[
            statement(f"by-{each}", events=["strike"], figures=[figure(best=number)], evidence=cited(each))
            for each, number in (("a", 4), ("b", 9))
        ],
    )
    with opened(tmp_path / "apart.db", apart) as connection:
        strike = document(connection, "events", "strike")
        assert (strike["independent_source_count"], strike["status"]) == (3, "disputed")
        store(connection, bundle(sources=[{"id": "b", "derived_from": "a"}]))
        strike = document(connection, "events", "strike")
        assert (strike["source_count"], strike["independent_source_count"]) == (3, 2)
        assert (strike["fatalities"]["disputed"], strike["status"]) == (False, "corroborated")


def test_the_same_of_an_event_that_cites_neither(tmp_path: Path) -> None:
    apart = bundle(
        sources=[{"id": "paper"}, {"id": "a"}, {"id": "b"}],
        events=[event("strike")],
        statements=[
            statement(f"by-{each}", events=["strike"], figures=[figure(best=number)], evidence=cited(each))
            for each, number in (("a", 4), ("b", 9))
        ],
    )
    with opened(tmp_path / "apart.db", apart) as connection:
        store(connection, bundle(sources=[{"id": "b", "derived_from": "a"}]))
        assert document(connection, "events", "strike")["fatalities"]["disputed"] is False
        store(connection, bundle(sources=[{"id": "b"}]))
        assert document(connection, "events", "strike")["fatalities"]["disputed"] is True


COUNTS = [
    # What is taken away, and a record whose counts (events, statements) shrink by it.
    (("/events/1/participants/0", DROP), "actors", "army", (1, 1), (0, 1)),
    (("/events/1/participants/1", DROP), "actors", "rebels", (1, 1), (0, 1)),
    (("/actors/3/relations", []), "actors", "rebels", (1, 1), (0, 1)),
    (("/statements/0/addressees", []), "actors", "army", (1, 1), (1, 0)),
    (("/statements/0/speaker", None), "actors", "leader", (0, 1), (0, 0)),
    (("/statements/0/on_behalf_of", None), "actors", "rebels", (1, 1), (1, 0)),
    (("/statements/1/events", []), "locations", "town", (1, 2), (1, 1)),
    (("/statements/0/location", None), "locations", "town", (1, 2), (1, 2)),  # its events are there still
    (("/locations/2/parent", None), "locations", "land", (1, 2), (0, 0)),
    (("/locations/1/parent", None), "locations", "land", (1, 2), (0, 0)),
    (("/sources/1/derived_from", None), "sources", "wire", (2, 2), (0, 0)),
    (("/events/0/evidence", cited("wire")), "sources", "paper", (2, 2), (1, 2)),
]


@pytest.mark.parametrize(("taken", "noun", "record_id", "before", "after"), COUNTS)
def test_counts_shrink_with_links(
    connection: sqlite.Connection,
    taken: tuple[str, Any],
    noun: str,
    record_id: str,
    before: tuple[int, int],
    after: tuple[int, int],
) -> None:
    def counts() -> tuple[int, int]:
        shown = document(connection, noun, record_id)
        return shown["events"], shown["statements"]

    assert counts() == before
    edit(connection, taken)
    assert counts() == after
    store(connection, sample())
    assert counts() == before


def test_an_event_that_moves_takes_its_statements_along(connection: sqlite.Connection) -> None:
    edit(connection, ("/statements/0/location", None), ("/events/1/location", "land"))
    assert document(connection, "locations", "town")["statements"] == 0
    assert document(connection, "locations", "land")["statements"] == 2
    assert document(connection, "locations", "town")["first_event_date"] is None


def test_derived_columns_follow(connection: sqlite.Connection) -> None:
    edit(connection, ("/statements/1/figures/0/best", 9), ("/locations/2/country", "TR"))
    row = connection.execute(
        "SELECT country, fatalities, fatalities_key, fatalities_low, fatalities_high, fatalities_civilians, status,"
        " source_count FROM events WHERE id = 'strike'"
    ).fetchone()
    assert row == ("TR", 9, 9, 3, 9, 2, "disputed", 1)
    unknown = connection.execute("SELECT fatalities, fatalities_key FROM events WHERE id = 'offensive'").fetchone()
    assert unknown == (None, -1)


def test_a_line_of_records_longer_than_the_stack_is_deep(tmp_path: Path) -> None:
    ids = [f"r{n}" for n in range(200)]
    above = [None, *ids]
    lines = bundle(
        sources=[{"id": each, "derived_from": up} for each, up in zip(ids, above, strict=False)],
        locations=[location(each, parent=up, evidence=cited("r0")) for each, up in zip(ids, above, strict=False)],
        statements=[statement("last", evidence=cited(ids[-1]), location=ids[-1])],
    )
    limit = sys.getrecursionlimit()
    with opened(tmp_path / "long.db") as connection:
        sys.setrecursionlimit(len(inspect.stack(0)) + 100)
        try:
            store(connection, lines)
        finally:
            sys.setrecursionlimit(limit)
        assert document(connection, "sources", "r0")["statements"] == 1
        assert document(connection, "locations", "r0")["statements"] == 1
        assert len(document(connection, "locations", ids[-1])["path"]) == 199


def test_datasets_are_part_of_the_data(connection: sqlite.Connection, reader: Reader) -> None:
    """Answers show their titles and licences, so a dataset's change has to change the version, and with it the ETags."""
    before = seen(reader)
    edit(connection, ("/datasets/0/licence", "CC-BY-4.0"))
    assert connection.execute("SELECT licence FROM datasets").fetchone() == ("CC-BY-4.0",)
    assert seen(reader) != before
    again = seen(reader)
    edit(connection, ("/datasets/0/licence", "CC-BY-4.0"))
    assert seen(reader) == again


# All or nothing


FAILING: dict[str, Document] = {
    "a reference that leads nowhere": changed(("/actors/0/name", "Other"), ("/statements/0/speaker", "nobody")),
    "an unknown dataset": changed(("/actors/0/name", "Other"), ("/events/1/dataset", "none")),
    "a loop": changed(("/actors/0/name", "Other"), ("/locations/0/parent", "town")),
    "a dataset with it": changed(("/datasets/0/title", "Other"), ("/locations/0/parent", "town")),
    "new records with it": bundle(
        actors=[actor(f"new-{n}") for n in range(300)], events=[event("e", part_of="e2"), event("e2", part_of="e")]
    ),
}  # fmt: skip


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_what_is_refused_leaves_nothing(connection: sqlite.Connection, reader: Reader, failing: Document) -> None:
    before, version = contents(connection), seen(reader)
    assert refusal(lambda: store(connection, failing)).status == 422
    assert contents(connection) == before
    assert seen(reader) == version
    assert not connection.in_transaction
    assert edit(connection, ("/actors/0/name", "Next")).total("updated") == 1


@pytest.mark.parametrize("where", ["render", "to_json", "fold"])
def test_what_breaks_half_way_leaves_nothing(
    connection: sqlite.Connection, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*_: Any) -> None:
        raise MemoryError

    before = contents(connection)
    monkeypatch.setattr(tables if where == "fold" else writing, where, broken)
    with pytest.raises(MemoryError):
        edit(connection, ("/actors/0/name", "Other"), ("/events/0/title", "Other"))
    assert not connection.in_transaction
    assert contents(connection) == before


def test_a_full_disk_is_said_and_leaves_nothing(connection: sqlite.Connection) -> None:
    before = contents(connection)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    large = bundle(actors=[actor(f"new-{n}", description="x" * 1900) for n in range(200)])
    with pytest.raises(sqlite.OperationalError, match="full"):
        store(connection, large)
    assert not connection.in_transaction
    assert contents(connection) == before
    connection.execute(f"PRAGMA max_page_count = {pages + 5000}")
    assert store(connection, large).total("created") == 200


def test_what_is_stored_is_not_called_a_failure(tmp_path: Path) -> None:
    """The disk is full when the records are in: either they are, or the load says that they are not."""
    with opened(tmp_path / "brim.db") as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        failed = []
        for spare in range(8):
            connection.execute(f"PRAGMA max_page_count = {pages + spare}")
            before = contents(connection)
            try:
                store(connection, bundle(sources=[{"id": f"paper-{spare}", "note": "x" * 1900}]))
            except sqlite.OperationalError:
                failed.append(spare)
                assert contents(connection) == before
            else:
                assert connection.execute("SELECT 1 FROM sources WHERE id = ?", (f"paper-{spare}",)).fetchone()
        assert failed


def test_a_second_writer_is_told_at_the_start(connection: sqlite.Connection, path: Path) -> None:
    second = open_writer(path)
    second.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite.OperationalError, match="locked"):
            store(second, sample())
        assert not second.in_transaction
        connection.execute("ROLLBACK")
        assert store(second, sample()).total("unchanged") == 14
    finally:
        second.close()


# The same as a fresh database


class World:
    """Records that change at random, as a list in the order in which they came."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.records: dict[str, dict[str, Document]] = {noun.name: {} for noun in NOUNS}

    def next_bundle(self) -> tuple[Document, bool]:
        """Some new and changed records, and whether they are right: they may loop or lead nowhere."""
        chosen: dict[str, dict[str, Document]] = {noun.name: {} for noun in NOUNS}
        for _ in range(self.random.choice((1, 1, 2, 4))):
            name = self.random.choice(list(self.records))
            record_id = f"{name[0]}{self.random.randrange(6)}"
            chosen[name][record_id] = MAKERS[name](self, record_id)
        nowhere = self.random.random() < 0.05
        if nowhere:
            chosen["actors"]["x"] = actor(
                "x", relations=[{"actor": "nobody", "relation": "leads"}], evidence=self.cited()
            )
        after = {name: self.records[name] | chosen[name] for name in self.records}
        right = not nowhere and self.records["sources"].keys() | chosen["sources"].keys() != set() and not loops(after)
        dangling = any(not self.is_known(each, after) for each in _referred(chosen))
        if right and not dangling:
            self.records = after
        return bundle(**{name: list(records.values()) for name, records in chosen.items()}), right and not dangling

    @staticmethod
    def is_known(reference: tuple[str, str], records: dict[str, dict[str, Document]]) -> bool:
        return reference[1] in records[reference[0]]

    def some(self, noun: str, own: str = "") -> str | None:
        """The id of a stored record, or none."""
        ids = [None, *(each for each in self.records[noun] if each != own)]
        return self.random.choice(ids)

    def several(self, noun: str, most: int, own: str = "") -> list[str]:
        ids = [each for each in self.records[noun] if each != own]
        return self.random.sample(ids, min(len(ids), self.random.randrange(most + 1)))

    def cited(self) -> list[Document]:
        sources = self.several("sources", 2) or list(self.records["sources"])[:1] or ["s0"]
        return [
            quoted(self.random.choice(("seized the town", "four dead")), 7, each)
            if self.random.random() < 0.3
            else {"source": each}
            for each in sources
        ]

    def source(self, record_id: str) -> Document:
        return {
            "id": record_id,
            "title": self.random.choice((None, "News", "Olds")),
            "publisher": self.random.choice((None, "Paper", "Wire")),
            "derived_from": self.some("sources", record_id),
        }

    def location(self, record_id: str) -> Document:
        point = self.random.choice((None, (36.2, 37.1), (35.9, 36.6), (-17.0, 180.0)))
        return location(
            record_id, name=self.random.choice(("Aleppo", "Ḥalab", "Idlib")), type=self.random.choice(("city", "province")),
            aliases=self.random.sample(["Halab", "Alep", "Idleb"], self.random.randrange(3)),
            parent=self.some("locations", record_id), country=self.random.choice((None, "SY", "TR")),
            latitude=point and point[0], longitude=point and point[1], evidence=self.cited(),
        )  # fmt: skip

    def actor(self, record_id: str) -> Document:
        relations = [
            {"actor": each, "relation": self.random.choice(("member_of", "part_of", "led_by", "allied_with"))}
            for each in self.several("actors", 2, record_id)
        ]
        return actor(
            record_id, name=self.random.choice(("Army", "HTS", "Hay’at")), type=self.random.choice(("rebel_group", "person")),
            aliases=self.random.sample(["Rebels", "Front"], self.random.randrange(2)), relations=relations,
            evidence=self.cited(),
        )  # fmt: skip

    def event(self, record_id: str) -> Document:
        place = self.some("locations")
        coded = self.random.choice((None, None, None, {"low": 1, "best": 2, "high": 3}))
        return event(
            record_id, self.random.choice(("2024-11-27", "2024-11-28", "2024-12-01")), location=place,
            title=self.random.choice(("Air strike", "Clash", "Truce")), location_precision=place and "near",
            participants=[
                {"actor": each, "role": self.random.choice(("initiator", "target"))} for each in self.several("actors", 3)
            ],
            part_of=self.some("events", record_id), related=self.several("events", 2, record_id), coded_fatalities=coded,
            status=self.random.choice((None, None, "reported", "retracted")), evidence=self.cited(),
        )  # fmt: skip

    def statement(self, record_id: str) -> Document:
        events = self.several("events", 2)
        figures = [
            figure(
                event=self.random.choice(events) if len(events) > 1 else self.random.choice([*events, None]),
                measure=self.random.choice(("killed", "injured", "displaced")), best=self.random.randrange(4),
                population=self.random.choice(("total", "civilians", "combatants")),
                accepted=self.random.random() < 0.2, evidence=self.cited(),
            )
            for _ in range(self.random.randrange(3))
        ]  # fmt: skip
        return statement(
            record_id, self.random.choice(("2024-11-27", "2024-11-28", "2024-12-01")), speaker=self.some("actors"),
            on_behalf_of=self.some("actors"), addressees=self.several("actors", 2), events=events, figures=figures,
            location=self.some("locations"), text=self.random.choice(("A strike.", "No strike.")), evidence=self.cited(),
        )  # fmt: skip


MAKERS: dict[str, Callable[[World, str], Document]] = {
    "sources": World.source,
    "locations": World.location,
    "actors": World.actor,
    "events": World.event,
    "statements": World.statement,
}


def _referred(chosen: dict[str, dict[str, Document]]) -> Iterator[tuple[str, str]]:
    """The sources cited: the only references that a record is given without their being there."""
    for name in ("locations", "actors", "events", "statements"):
        for record in chosen[name].values():
            yield from (("sources", each["source"]) for each in record["evidence"])


def loops(records: dict[str, dict[str, Document]]) -> bool:
    """Does a record lie inside itself, over any number of steps?"""
    steps = {
        "sources": {each["id"]: [each["derived_from"]] for each in records["sources"].values()},
        "locations": {each["id"]: [each["parent"]] for each in records["locations"].values()},
        "actors": {
            each["id"]: [other["actor"] for other in each["relations"] if other["relation"] in ("member_of", "part_of")]
            for each in records["actors"].values()
        },
        "events": {each["id"]: [each["part_of"]] for each in records["events"].values()},
    }

    def above(tree: dict[str, list[str]], record_id: str | None, seen: tuple[str, ...]) -> bool:
        if record_id is None:
            return False
        return record_id in seen or any(above(tree, each, (*seen, record_id)) for each in tree.get(record_id, []))

    return any(above(tree, record_id, ()) for tree in steps.values() for record_id in tree)


def timeless(connection: sqlite.Connection) -> dict[str, list[Document]]:
    """Everything in the database but versions, times and the history."""
    found: dict[str, list[Document]] = {}
    for table in EVERYTHING:
        if table in ("store", "changes", "datasets"):
            continue
        columns = "rowid, *" if table.endswith("_text") else "*"
        cursor = connection.execute(f"SELECT {columns} FROM {table}")
        names = [each[0] for each in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        for row in rows:
            if "doc" in row:
                row["doc"] = json.loads(row["doc"])
            for each in (row, row.get("doc", {})):
                for name in (*TIMES, "change"):
                    each.pop(name, None)
        found[table] = sorted(rows, key=repr)
    return found


def assert_sound(connection: sqlite.Connection) -> None:
    """No dangling references, no damage, and an index of each kind that agrees with its rows."""
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    for noun in NOUNS:
        name = noun.name
        connection.execute(f"INSERT INTO {name}_text ({name}_text, rank) VALUES ('integrity-check', 1)")
        rows = f"SELECT seq FROM {name}"
        row = "text_row" if name in DAYS else "seq"
        assert connection.execute(f"SELECT rowid FROM {name}_text EXCEPT SELECT {row} FROM {name}").fetchall() == []
        assert connection.execute(f"{rows} EXCEPT SELECT seq FROM {name}_doc").fetchall() == []
        # The history: a row for each version, the newest of which the record is.
        wrong = connection.execute(
            f"SELECT id FROM {name} WHERE version <> (SELECT count(*) FROM changes WHERE collection = ? AND"
            f" changes.id = {name}.id) OR version <> (SELECT version FROM changes WHERE seq = {name}.change)"
            f" OR updated_at <> (SELECT at FROM changes WHERE seq = {name}.change) OR created_at <> (SELECT at FROM"
            f" changes WHERE collection = ? AND changes.id = {name}.id AND version = 1)",
            (name, name),
        ).fetchall()
        assert wrong == []
        for row in connection.execute(
            f"SELECT id, version, created_at, updated_at, doc FROM {name} JOIN {name}_doc USING (seq)"
        ):
            shown = json.loads(row[4])
            assert tuple(shown[each] for each in ("id", *TIMES)) == row[:4]
            assert tuple(shown) == noun.members


def walk(path: Path, seed: int, steps: int, every: int) -> None:
    """Write at random, and compare with a fresh database now and then and at the end."""
    world = World(Random(seed))
    with opened(path / "walk.db") as connection:
        for step in range(steps):
            document, right = world.next_bundle()
            before = newest_change(connection)
            if right:
                report = store(connection, document)
                written = report.total("created") + report.total("updated")
                assert newest_change(connection) == before + written
            else:
                assert refusal(lambda document=document: store(connection, document)).status == 422  # type: ignore[misc]
                assert newest_change(connection) == before
            if step % every == every - 1 or step == steps - 1:
                assert_sound(connection)
                records = {name: list(each.values()) for name, each in world.records.items()}
                with opened(path / f"fresh-{step}.db", bundle(**records)) as fresh:
                    assert timeless(connection) == timeless(fresh), f"seed {seed}, step {step}"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("seed", range(5))
def test_many_writes_leave_what_one_would(tmp_path: Path, seed: int) -> None:
    walk(tmp_path, seed, steps=40, every=8)


@pytest.mark.slow
@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_more_writes_leave_what_one_would(tmp_path: Path, seed: int) -> None:
    walk(tmp_path, seed, steps=60, every=1)


# Readers


def test_a_reader_sees_what_another_connection_wrote(connection: sqlite.Connection, reader: Reader) -> None:
    before = seen(reader)
    assert before.seq == newest_change(connection)
    edit(connection, ("/actors/0/name", "Other"))
    after = seen(reader)
    assert (after.epoch, after.seq) == (before.epoch, before.seq + 1)
    with reader.snapshot():
        assert reader.rows("SELECT doc ->> '$.name' FROM actors JOIN actors_doc USING (seq) WHERE id = 'army'") == [
            ("Other",)
        ]


def test_a_version_that_is_known_reads_no_table(connection: sqlite.Connection, reader: Reader) -> None:
    said: list[str] = []
    reader._connection.set_trace_callback(said.append)
    seen(reader)
    assert any("FROM store" in each for each in said)
    said.clear()
    for _ in range(3):
        seen(reader)
    assert said == ["BEGIN", "PRAGMA data_version", "ROLLBACK"] * 3
    edit(connection, ("/actors/0/name", "Other"))
    said.clear()
    seen(reader)
    assert any("FROM store" in each for each in said)


def test_the_version_of_an_empty_database(tmp_path: Path) -> None:
    with opened(tmp_path / "empty.db") as connection:
        reader = Reader(tmp_path / "empty.db", QUERY_MS)
        try:
            version = seen(reader)
            (made,) = connection.execute("SELECT created_at FROM store").fetchone()
            assert (version.seq, version.changed_at) == (0, made)
            assert len(version.epoch) == 16
        finally:
            reader.close()


def test_two_databases_are_two_epochs(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one.db", "two.db"):
        with opened(tmp_path / name) as connection:
            epochs.add(connection.execute("SELECT epoch FROM store").fetchone()[0])
    assert len(epochs) == 2


def test_a_snapshot_is_one_state(connection: sqlite.Connection, reader: Reader) -> None:
    name = "SELECT doc ->> '$.name' FROM actors JOIN actors_doc USING (seq) WHERE id = 'army'"
    with reader.snapshot():
        assert reader.rows(name) == [("Army",)]
        edit(connection, ("/actors/0/name", "Other"))
        assert reader.rows(name) == [("Army",)]
    with reader.snapshot():
        assert reader.rows(name) == [("Other",)]


RUNAWAY = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_runaway_query_is_stopped(path: Path) -> None:
    reader = Reader(path, query_ms=50)
    try:
        with pytest.raises(Problem) as caught, reader.snapshot():
            reader.rows(RUNAWAY)
        assert (caught.value.status, caught.value.kind) == (503, "query-too-long")
        assert "stopped after 50 ms" in caught.value.detail
        assert caught.value.headers == {"Retry-After": "1"}
        stopped_after = reader.seconds
        assert 0.04 < stopped_after < 2
        with reader.snapshot():  # the next request is not late before it begins
            assert reader.rows("SELECT count(*) FROM actors") == [(4,)]
            assert reader.seconds < stopped_after
    finally:
        reader.close()


def test_all_queries_of_a_request_have_one_deadline(path: Path) -> None:
    reader = Reader(path, query_ms=150)
    short = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) SELECT count(*) FROM n"
    try:
        with reader.snapshot():
            problem = refusal(lambda: [reader.rows(short) for _ in range(1000)])
        assert problem.status == 503
    finally:
        reader.close()


def test_other_errors_of_a_query_stay_what_they_are(reader: Reader) -> None:
    with reader.snapshot(), pytest.raises(sqlite.OperationalError, match="no such table"):
        reader.rows("SELECT * FROM no_table")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM actors",
        "UPDATE actors SET events = 9",
        "INSERT INTO datasets VALUES ('a', 'b', 'c', 'd', NULL)",
        "CREATE TABLE more (x)",
        "DROP TABLE actors",
        "PRAGMA user_version = 9",
        "INSERT INTO actors_text (actors_text) VALUES ('optimize')",
        "REINDEX",
    ],
)
def test_readers_cannot_write(connection: sqlite.Connection, reader: Reader, sql: str) -> None:
    before = contents(connection)
    for switch in ("ON", "OFF"):  # the file itself is open for reading only
        reader._connection.execute(f"PRAGMA query_only = {switch}")
        with reader.snapshot(), pytest.raises(sqlite.OperationalError, match="readonly"):
            reader.rows(sql)
    assert contents(connection) == before


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite.OperationalError):
        Reader(tmp_path / "absent.db", QUERY_MS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a b.db", "per%20cent.db", "what?.db", "sharp#1.db", "ä€.db", "a;b&c=d.db"])
def test_any_file_name_can_be_read(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name, sample()):
        reader = Reader(tmp_path / name, QUERY_MS)
        with reader.snapshot():
            assert reader.rows("SELECT count(*) FROM actors") == [(4,)]
        reader.close()
    assert {each.name.removesuffix("-wal").removesuffix("-shm") for each in tmp_path.iterdir()} == {name}


def test_each_thread_has_its_own_reader(path: Path) -> None:
    readers = Store(path, QUERY_MS)
    seen: list[Reader] = []

    def read() -> None:
        seen.append(readers.reader())
        readers.close()

    own = readers.reader()
    assert readers.reader() is own
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert seen[0] is not own
    assert readers.reader() is own
    readers.close()
    readers.close()  # twice is once
    assert readers.reader() is not own
    readers.close()


def test_how_a_writer_is_set_up(connection: sqlite.Connection) -> None:
    settings = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "busy_timeout": BUSY_MS,
    }  # fmt: skip
    assert {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in settings} == settings
    assert connection.isolation_level is None
    with pytest.raises(sqlite.Error, match="FOREIGN KEY"):
        connection.execute("DELETE FROM locations WHERE id = 'town'")
