"""Records and bundles: what is refused, where the fault is said to be, and that nothing of such a document is stored."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.importers.bundle import load
from api.model import bundle as bundles
from api.model.event import EventRecord
from api.model.nouns import NOUNS
from api.model.record import Record
from api.model.strict_json import read_json
from api.model.taxonomy import QUALITIES
from api.store import sqlite
from unit.samples import (
    DROP,
    as_bytes,
    bundle,
    changed,
    cited,
    contents,
    event,
    figure,
    location,
    opened,
    quoted,
    refusal,
    sample,
    statement,
    store,
    told,
)

STRIKE, CLAIM, REPORT, TOWN, PAPER, CELL = (
    "/events/1", "/statements/0", "/statements/1", "/locations/2", "/sources/1", "/actors/3",
)  # fmt: skip
LONE = "a \ud800 b"

NOT_WHOLE: list[Any] = [True, 4.0, 4.5, "4", "٣", "1_000", " 4 ", [4], {}]

FAULTS: list[tuple[str, Any, str | None, str]] = [
    # What is put where; the pointer of the fault where it is another one; what the fault says.
    ("/bundle", "event-timeline/2", None, "one of event-timeline/1; did you mean 'event-timeline/1'?"),
    ("/bundle", 1, None, "string"),
    ("/bundle", DROP, None, "Missing data"),
    ("/event", [], None, "Unknown field"),
    ("/value", 1, None, "Unknown field"),
    ("/a~1b~0c", 1, None, "Unknown field"),
    ("/sources", None, None, "null"),
    ("/events", {}, None, "list"),
    ("/events/0", "offensive", None, "Invalid input type"),
    ("/events/0", None, None, "null"),
    # members
    (STRIKE + "/kind", "airstrike", None, "Unknown field"),
    (STRIKE + "/value", 4, None, "Unknown field"),
    (STRIKE + "/key", 4, None, "Unknown field"),
    (STRIKE + "/source_count", 4, None, "Unknown field"),
    (STRIKE + "/version", 1, None, "Unknown field"),
    (STRIKE + "/participants/0/name", "Army", None, "Unknown field"),
    (STRIKE + "/evidence/0/page", 1, None, "Unknown field"),
    (CLAIM + "/figures/0/value", 4, None, "Unknown field"),
    ("/datasets/0/license", "MIT", None, "Unknown field"),
    *[(STRIKE + f"/{name}", DROP, None, "Missing data") for name in ("id", "type", "title", "start_date", "evidence")],
    (CLAIM + "/figures/0/measure", DROP, None, "Missing data"),
    (CLAIM + "/figures/0/evidence", DROP, None, "Missing data"),
    (STRIKE + "/participants/0/role", DROP, None, "Missing data"),
    ("/datasets/0/attribution", DROP, None, "Missing data"),
    # types
    (STRIKE + "/title", 5, None, "Must be a string"),
    (STRIKE + "/title", ["Strike"], None, "Must be a string"),
    (STRIKE + "/title", None, None, "null"),
    (STRIKE + "/aliases", [], None, "Unknown field"),
    (STRIKE + "/related", None, None, "null"),
    (STRIKE + "/related", "offensive", None, "list"),
    (STRIKE + "/part_of", 7, None, "Must be a string"),
    (STRIKE + "/participants/0", "army", None, "Invalid input type"),
    (STRIKE + "/coded_fatalities", 4, None, "Invalid input type"),
    (STRIKE + "/attributes", [], None, "mapping"),
    (STRIKE + "/attributes", None, None, "null"),
    (STRIKE + "/attributes/relid", 4, None, "Must be a string"),
    (STRIKE + "/attributes/relid", "", None, "Must not be empty"),
    (STRIKE + "/attributes/relid", "x" * 20_001, None, "at most 20000 characters"),
    (STRIKE + "/attributes/relid", "a\0b", None, "U+0000"),
    *[(STRIKE + f"/attributes/{name}", "x", None, "Must be a name") for name in ("Relid", "1st", "a-b", "relid\n")],
    (STRIKE + "/attributes", {f"a{number}": "x" for number in range(101)}, None, "at most 100 members"),
    (STRIKE + "/quality", "aggregate", None, "list"),
    (STRIKE + "/quality", ["agregate"], STRIKE + "/quality/0", "did you mean 'aggregate'?"),
    *[(STRIKE + "/participants/0/deaths", value, None, "whole number") for value in NOT_WHOLE],
    (STRIKE + "/participants/0/deaths", -1, None, "from 0 to"),
    *[(CLAIM + "/figures/0/best", value, None, "whole number") for value in NOT_WHOLE],
    (CLAIM + "/figures/0/best", -1, None, "from 0 to"),
    (CLAIM + "/figures/2/share", 1.5, None, "from 0 to 1"),
    (CLAIM + "/figures/2/share", True, None, "number"),
    (CLAIM + "/figures/2/share", "half", None, "number"),
    *[(CLAIM + "/figures/0/accepted", value, None, "true or false") for value in (1, 0, "true", "yes")],
    (CLAIM + "/figures/0/accepted", None, None, "null"),
    (PAPER + "/length", "1000", None, "whole number"),
    ("/actors/1/external_ids", [], None, "mapping"),
    ("/actors/1/external_ids/wikidata", 5, None, "Must be a string"),
    ("/actors/1/external_ids/wikipedia", "Q1", None, "did you mean 'wikidata'?"),
    # texts
    *[(CLAIM + "/text", value, None, "Must not be empty") for value in ("", " ", "\t\n ", "\u00a0\u2003")],
    (CLAIM + "/text", "a\0b", None, "U+0000"),
    (CLAIM + "/text", "a\x1bb", None, "U+001B"),
    (CLAIM + "/text", "a\x7fb", None, "U+007F"),
    (CLAIM + "/text", LONE, None, "U+D800"),
    (TOWN + "/aliases/0", LONE, None, "U+D800"),
    ("/actors/1/external_ids/wikidata", "Q\0", None, "U+0000"),
    (CLAIM + "/text", "x" * 4001, None, "at most 4000 characters; has 4001"),
    (STRIKE + "/title", "x" * 301, None, "at most 300"),
    ("/actors/0/name", "x" * 201, None, "at most 200"),
    # closed lists
    (STRIKE + "/type", "air_strike", None, "did you mean 'airstrike'?"),
    (STRIKE + "/type", "Airstrike", None, "did you mean 'airstrike'?"),
    (STRIKE + "/type", "xyz", None, "Must be one of armed_clash"),
    (STRIKE + "/date_precision", "hour", None, "day, days, week"),
    (STRIKE + "/status", "corroborate", None, "did you mean 'corroborated'?"),
    (STRIKE + "/location_precision", "exactly", None, "did you mean 'exact'?"),
    (STRIKE + "/participants/0/role", "target ", None, "did you mean 'target'?"),
    (CLAIM + "/kind", "qoute", None, "did you mean 'quote'?"),
    (CLAIM + "/type", "condemns", None, "did you mean 'condemn'?"),
    (CLAIM + "/figures/0/measure", "kiled", None, "did you mean 'killed'?"),
    (CLAIM + "/figures/0/population", "civilian", None, "did you mean 'civilians'?"),
    (CLAIM + "/figures/0/qualifier", "atleast", None, "did you mean 'at_least'?"),
    ("/actors/2/relations/0/relation", "lead", None, "did you mean 'leads'?"),
    ("/actors/0/type", "state_force", None, "did you mean 'state_forces'?"),
    (TOWN + "/type", "citty", None, "did you mean 'city'?"),
    (PAPER + "/type", "artikle", None, "did you mean 'article'?"),
    # codes and addresses
    *[(TOWN + "/country", value, None, "ISO 3166-1") for value in ("sy", "S1", "UK", "ZZ", "EU", "S\n")],
    *[(TOWN + "/country", value, None, "at most 2 characters") for value in ("Syria", "SYR", "SY\n")],
    *[(PAPER + "/language", value, None, "BCP 47") for value in ("english", "EN", "en_GB", "en\n")],
    *[(PAPER + "/url", value, None, "http or https") for value in ("example.org", "ftp://a/b", "javascript:x", "http://a b")],
    *[(PAPER + "/sha256", value, None, "hexadecimal") for value in ("0" * 63, "A" * 64)],
    (PAPER + "/sha256", "0" * 65, None, "at most 64"),
    # ids
    *[(STRIKE + "/id", value, None, "an id") for value in ("-strike", ".", "a b", "a/b", "strike\n", "Übung", "a:b")],
    (STRIKE + "/id", "x" * 129, None, "at most 128"),
    *[(REPORT + "/id", value, None, "a path of its own") for value in ("summary", "summary.csv", "summary.")],
    (REPORT + "/id", "claim", None, "Stands twice"),
    ("/sources/0/id", "paper", "/sources/1/id", "Stands twice"),
    ("/datasets/1", {"id": "made-up", "title": "T", "licence": "L", "attribution": "A"}, "/datasets/1/id", "Stands twice"),
    # days
    *[
        (STRIKE + "/start_date", value, None, "YYYY-MM-DD")
        for value in (
            "20241127", "2024-W48-3", "2024-331", "2024-02-30", "2023-02-29", "0000-01-01", "2024-13-01", "2024-11-27T00:00",
            "2024-1-1", " 2024-11-27", "2024-11-27\n", "٢٠٢٤-١١-٢٧", "27/11/2024", "-024-11-27", "", 20241127, True,
        )
    ],
    (PAPER + "/published_at", "yesterday", None, "YYYY-MM-DD"),
    (STRIKE + "/end_date", "2024-11-26", None, "before start_date"),
    (STRIKE + "/end_date", "2024-11-28", STRIKE + "/date_precision", "'day' where"),
    (CLAIM + "/end_date", "2024-11-26", None, "before date"),
    (CLAIM + "/end_date", "2024-11-28", CLAIM + "/date_precision", "'day' where"),
    (PAPER + "/reference_date_basis", DROP, None, "how the reference date is known"),
    # figures
    (CLAIM + "/figures/0/low", 5, None, "Must not be greater than best"),
    (CLAIM + "/figures/0/best", 6, None, "Must not be greater than high"),
    (CLAIM + "/figures/0", figure(event="strike", low=5, high=4), CLAIM + "/figures/0/low", "greater than high"),
    (CLAIM + "/figures/0", figure(event="strike"), CLAIM + "/figures/0/best", "at least one of"),
    (CLAIM + "/figures/0/event", DROP, None, "Must name the event"),
    (CLAIM + "/figures/0/event", None, None, "Must name the event"),
    (CLAIM + "/figures/0/event", "elsewhere", None, "one of the statement's events"),
    (REPORT + "/figures/0/event", "offensive", None, "one of the statement's events"),
    # coordinates
    (TOWN + "/latitude", 90.01, None, "from -90 to 90"),
    (TOWN + "/latitude", -91, None, "from -90 to 90"),
    (TOWN + "/longitude", 180.5, None, "from -180 to 180"),
    *[(TOWN + "/latitude", value, None, "Must be a number") for value in ("36.2", "36.2N", True, [36.2])],
    (TOWN + "/latitude", DROP, None, "both latitude and longitude"),
    (TOWN + "/longitude", None, TOWN + "/latitude", "both latitude and longitude"),
    (STRIKE + "/location", None, STRIKE + "/location_precision", "both location and location_precision"),
    (STRIKE + "/location_precision", DROP, None, "both location and location_precision"),
    # evidence
    *[(f"/{noun}/0/evidence", [], None, "at least one place") for noun in ("locations", "actors", "events", "statements")],
    (CLAIM + "/figures/0/evidence", [], None, "at least one place"),
    (STRIKE + "/evidence/0", quoted(" ".join(["w"] * 26)), STRIKE + "/evidence/0/quote", "at most 25 words; has 26"),
    (STRIKE + "/evidence/0/end", 31, None, "start plus the length of the quote, 30"),
    (STRIKE + "/evidence/0/start", 9, STRIKE + "/evidence/0/end", "29"),
    (STRIKE + "/evidence/0/start", -1, None, "from 0 to"),
    *[
        (STRIKE + f"/evidence/0/{name}", DROP, STRIKE + "/evidence/0/quote", "all of quote, start and end")
        for name in ("quote", "start", "end")
    ],
    (STRIKE + "/evidence/0/source", DROP, None, "Missing data"),
    (STRIKE + "/evidence/0/quote", "x" * 401, None, "at most 400"),
    # themselves
    (TOWN + "/parent", "town", None, "location itself"),
    (CELL + "/relations/0/actor", "cell", None, "actor itself"),
    (STRIKE + "/part_of", "strike", None, "event itself"),
    (STRIKE + "/related/0", "strike", None, "event itself"),
    (PAPER + "/derived_from", "paper", None, "source itself"),
    # nothing there
    (PAPER + "/derived_from", "nowhere", None, "no record 'nowhere' in sources"),
    (TOWN + "/parent", "nowhere", None, "no record 'nowhere' in locations"),
    (CELL + "/relations/0/actor", "nobody", None, "no record 'nobody' in actors"),
    (STRIKE + "/location", "nowhere", None, "no record 'nowhere' in locations"),
    (STRIKE + "/participants/1/actor", "nobody", None, "no record 'nobody' in actors"),
    (STRIKE + "/part_of", "never", None, "no record 'never' in events"),
    (STRIKE + "/related/0", "never", None, "no record 'never' in events"),
    (STRIKE + "/evidence/0/source", "never", None, "no record 'never' in sources"),
    (CLAIM + "/speaker", "nobody", None, "no record 'nobody' in actors"),
    (CLAIM + "/on_behalf_of", "nobody", None, "no record 'nobody' in actors"),
    (CLAIM + "/addressees/0", "nobody", None, "no record 'nobody' in actors"),
    (CLAIM + "/location", "nowhere", None, "no record 'nowhere' in locations"),
    (CLAIM + "/events/2", "never", None, "no record 'never' in events"),
    (CLAIM + "/evidence/0/source", "never", None, "no record 'never' in sources"),
    (CLAIM + "/figures/0/evidence/0/source", "never", None, "no record 'never' in sources"),
    ("/actors/2/relations/0/evidence/0/source", "never", None, "no record 'never' in sources"),
    # a record of another collection is not there either
    (CLAIM + "/speaker", "town", None, "no record 'town' in actors"),
    (STRIKE + "/dataset", "made-down", None, "no dataset 'made-down'"),
    (CLAIM + "/dataset", "made-down", None, "no dataset 'made-down'"),
    # too many
    (STRIKE + "/related", ["offensive"] * 201, None, "at most 200 members; has 201"),
    (STRIKE + "/evidence", cited() * 201, None, "at most 200 members; has 201"),
    ("/actors/0/aliases", [f"a{n}" for n in range(201)], None, "at most 200 members; has 201"),
]  # fmt: skip

WHOLE: list[tuple[str, Any]] = [
    ("a list", [sample()]),
    ("null", None),
    ("a text", "event-timeline/1"),
    ("a number", 1),
    ("true", True),
]

LOOPS = [
    # Changes after which some records lie inside themselves, and those records.
    ([("/locations/0/parent", "town")], ["/locations/0", "/locations/1", "/locations/2"]),
    ([("/locations/0/parent", "province")], ["/locations/0", "/locations/1"]),
    (
        [("/actors/1/relations", [{"actor": "cell", "relation": "part_of"}])],
        ["/actors/1", "/actors/3"],
    ),
    ([("/events/0/part_of", "strike")], ["/events/0", "/events/1"]),
    ([("/sources/0/derived_from", "paper")], ["/sources/0", "/sources/1"]),
    (
        [("/sources/0/derived_from", "paper"), ("/events/0/part_of", "strike")],
        ["/sources/0", "/sources/1", "/events/0", "/events/1"],
    ),
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite.Connection]:
    """A database with the sample in it, which no test here changes."""
    with opened(tmp_path_factory.mktemp("records") / "records.db", sample()) as connection:
        yield connection


def assert_refused(connection: sqlite.Connection, document: object) -> list[tuple[str | None, str]]:
    """The document is refused with 422, and the database is what it was; its faults."""
    before = contents(connection)
    problem = refusal(lambda: store(connection, document))
    assert (problem.status, problem.kind) == (422, "invalid-record")
    assert contents(connection) == before
    assert not connection.in_transaction
    return told(problem.faults)


def test_the_sample_is_right(connection: sqlite.Connection) -> None:
    report = store(connection, sample())
    assert report.total("unchanged") == 14
    assert report.total("created") == report.total("updated") == 0


@pytest.mark.parametrize(
    ("at", "value", "pointer", "said"), FAULTS, ids=[f"{n}{each[0]}" for n, each in enumerate(FAULTS)]
)
def test_one_fault(connection: sqlite.Connection, at: str, value: Any, pointer: str | None, said: str) -> None:
    faults = assert_refused(connection, changed((at, value)))
    assert [where for where, _ in faults] == [at if pointer is None else pointer], faults
    assert said in faults[0][1]


@pytest.mark.parametrize(("at", "value", "pointer", "said"), FAULTS[:40], ids=[str(n) for n in range(40)])
def test_the_detail_names_the_first_fault(at: str, value: Any, pointer: str | None, said: str) -> None:
    problem = refusal(lambda: bundles.read(changed((at, value))))
    assert str(problem).startswith(f"One fault in the document; the first is at {pointer or at}: ")


@pytest.mark.parametrize("document", [each for _, each in WHOLE], ids=[each for each, _ in WHOLE])
def test_what_is_no_object(connection: sqlite.Connection, document: Any) -> None:
    assert assert_refused(connection, document) == [("", "Invalid input type.")]


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "1e999", "9007199254740993", "1_000", "٣", '4, "best": 5', "'4'", "04"]
)
def test_what_is_no_json_stores_nothing(connection: sqlite.Connection, text: str) -> None:
    before = contents(connection)
    data = as_bytes(sample()).replace(b'"best": 4', f'"best": {text}'.encode(), 1)
    problem = refusal(lambda: load(connection, data))
    assert (problem.status, problem.kind) == (400, "invalid-json")
    assert contents(connection) == before


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_has_not(number: float) -> None:
    faults = told(refusal(lambda: bundles.read(changed((TOWN + "/latitude", number)))).faults)
    assert faults == [(TOWN + "/latitude", "Must be a number.")]


def test_a_bundle_has_its_limit() -> None:
    faults = told(refusal(lambda: bundles.read(bundle(sources=[{}] * 100_001))).faults)
    assert faults == [("/sources", "Must have at most 100000 members; has 100001.")]


@pytest.mark.parametrize(("changes", "pointers"), LOOPS)
def test_records_that_would_lie_inside_themselves(
    connection: sqlite.Connection, changes: list[tuple[str, Any]], pointers: list[str]
) -> None:
    faults = assert_refused(connection, changed(*changes))
    assert [where for where, _ in faults] == pointers
    assert all("inside itself" in said for _, said in faults)


def test_a_loop_through_stored_records_is_told_of_the_record_that_closes_it(connection: sqlite.Connection) -> None:
    closing = bundle(locations=[location("other"), location("land", type="country", country="SY", parent="town")])
    assert assert_refused(connection, closing) == [("/locations/1", "'land' would lie inside itself.")]


def test_relations_other_than_membership_may_go_round(tmp_path: Path) -> None:
    allies = [{"actor": "cell", "relation": "allied_with"}, {"actor": "leader", "relation": "led_by"}]
    with opened(tmp_path / "round.db", changed(("/actors/1/relations", allies))) as connection:
        (count,) = connection.execute("SELECT count(*) FROM actor_relations").fetchone()
        assert count == 4


def test_all_faults_of_a_document_are_listed_at_once(connection: sqlite.Connection) -> None:
    wrong = {
        "/bundle": "other",
        "/extra": 1,
        "/datasets/0/title": "",
        "/sources/0/type": "wires",
        "/locations/0/country": "Syria",
        "/locations/2/latitude": 100,
        "/actors/0/name": "\0",
        "/actors/2/relations/0/relation": "leeds",
        "/events/0/start_date": "27.11.2024",
        "/events/1/participants/1/role": "aim",
        "/events/1/evidence/0/end": 5,
        "/statements/0/figures/0/best": True,
        "/statements/0/figures/1/best": "4",
        "/statements/1/evidence": [],
    }
    faults = assert_refused(connection, changed(*wrong.items()))
    assert sorted(str(where) for where, _ in faults) == sorted(wrong)
    detail = str(refusal(lambda: store(connection, changed(*wrong.items()))))
    assert detail.startswith(f"{len(wrong)} faults in the document; the first is at /")


@pytest.mark.parametrize(
    "wrong",
    [
        {f"{CLAIM}/figures/{n}/event": event for n, event in enumerate((None, "elsewhere", "never"))},
        {
            f"{CELL}/relations": [{"actor": "cell", "relation": each} for each in ("leads", "led_by")],
        },
        {f"{STRIKE}/related": ["strike", "strike"]},
    ],
    ids=["figures", "relations", "related"],
)
def test_every_member_of_a_list_is_looked_at(connection: sqlite.Connection, wrong: dict[str, Any]) -> None:
    faults = assert_refused(connection, changed(*wrong.items()))
    assert len(faults) == max(len(wrong), *(len(each) if isinstance(each, list) else 1 for each in wrong.values()))


def test_all_that_leads_nowhere_is_listed_at_once(connection: sqlite.Connection) -> None:
    wrong = {
        "/sources/1/derived_from": "x",
        "/locations/1/parent": "x",
        "/actors/2/relations/0/actor": "x",
        "/events/1/location": "x",
        "/events/1/dataset": "x",
        "/statements/0/speaker": "x",
        "/statements/0/dataset": "x",
        "/statements/1/evidence/0/source": "x",
    }
    faults = assert_refused(connection, changed(*wrong.items()))
    assert sorted(str(where) for where, _ in faults) == sorted(wrong)


def test_each_record_that_stands_twice_is_listed(connection: sqlite.Connection) -> None:
    twice = sample()
    for name in ("sources", "locations", "actors", "events", "statements"):
        twice[name].append(twice[name][0])
    faults = assert_refused(connection, twice)
    wanted = [(f"/{noun.name}/{len(twice[noun.name]) - 1}/id", "Stands twice in this document.") for noun in NOUNS]
    assert faults == wanted


def test_the_same_id_may_stand_in_two_collections(tmp_path: Path) -> None:
    document = changed(("/events/0/id", "town"), ("/events/1/part_of", "town"), ("/events/1/related/0", "town"),
                       ("/statements/0/events/1", "town"), ("/statements/0/figures/2/event", "town"))  # fmt: skip
    with opened(tmp_path / "two.db", document) as connection:
        assert connection.execute("SELECT count(*) FROM events WHERE id = 'town'").fetchone() == (1,)


def test_references_may_lead_to_what_is_stored_already(tmp_path: Path) -> None:
    with opened(tmp_path / "later.db", sample()) as connection:
        report = store(connection, bundle(statements=[statement("later", speaker="leader", events=["strike"])]))
        assert report.ids("created") == {"statements": ["later"]}


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (TOWN + "/latitude", -90),
        (TOWN + "/latitude", 90.0),
        (TOWN + "/longitude", 180),
        (TOWN + "/longitude", -180.0),
        (TOWN + "/country", None),
        (TOWN + "/country", "XK"),
        (CLAIM + "/figures/0/high", 2**53),
        (CLAIM + "/figures/0", figure(event="strike", best=0)),
        (CLAIM + "/figures/2/share", 1),
        (CLAIM + "/text", "Zeile\n\tzwei “q” 🕊 حلب"),
        (CLAIM + "/text", "x" * 4000),
        (STRIKE + "/id", "S" * 128),
        (REPORT + "/id", "summary-of-the-day"),
        (REPORT + "/id", "Summary"),
        (STRIKE + "/evidence/0", quoted(" ".join(["w"] * 25))),
        (STRIKE + "/evidence/0", {"source": "paper", "quote": None, "start": None, "end": None}),
        (STRIKE + "/coded_fatalities", {"low": 9, "best": 5, "high": 1}),
        (STRIKE + "/coded_fatalities", {}),
        (STRIKE + "/attributes", {f"a{number}": "x" for number in range(100)}),
        (STRIKE + "/attributes", {"a" * 64: "x" * 20_000, "a_1": " 1\n"}),
        (STRIKE + "/quality", list(QUALITIES)),
        (STRIKE + "/participants/0/deaths", 0),
        (PAPER + "/language", "zh-Hant-TW"),
        (PAPER + "/published_at", "2024-02-29"),
        (CLAIM + "/end_date", "2024-11-27"),
    ],
)  # fmt: skip
def test_the_edges_of_what_is_right(at: str, value: Any) -> None:
    document = changed((at, value))
    if at == STRIKE + "/id":
        document["statements"] = []
    read = bundles.read(read_json(as_bytes(document)))
    assert [len(read.records[noun.name]) for noun in NOUNS] == [len(document[noun.name]) for noun in NOUNS]


def test_what_is_left_out_is_unknown() -> None:
    least = bundle(sources=[{"id": "paper"}], events=[event("one")])
    (one,) = bundles.read(least).records["events"]
    assert one["location"] is None
    assert one["summary"] is None
    assert one["participants"] == one["related"] == []
    assert one["external_ids"] == one["attributes"] == {}
    assert one["quality"] == []
    assert set(one) == set(EventRecord().fields)


def test_an_empty_bundle_is_one() -> None:
    read = bundles.read(bundle())
    assert read.datasets == []
    assert all(records == [] for records in read.records.values())


@pytest.mark.parametrize("schema", [noun.record for noun in NOUNS], ids=[noun.name for noun in NOUNS])
def test_records_of_every_noun_refuse_what_they_do_not_know(schema: type[Record]) -> None:
    assert schema().validate({"surprise": 1})["surprise"] == ["Unknown field."]


def test_a_fault_of_the_document_itself_is_named_at_its_root() -> None:
    assert str(refusal(lambda: bundles.read([]))) == (
        "One fault in the document; the first is at /: Invalid input type."
    )


@pytest.mark.parametrize(
    "records",
    [
        {"statements": [statement("odd", events=["strike", "strike"])]},
        {"events": [event("odd", participants=[{"actor": "army", "role": "victim"}] * 2)]},
        {"statements": [statement("odd", addressees=["army", "army"])]},
        {"locations": [location("odd", aliases=["Odd", "odd", "ODD"])]},
    ],
)
def test_repeats_inside_a_list_do_no_harm(tmp_path: Path, records: dict[str, Any]) -> None:
    with opened(tmp_path / "odd.db", sample(), bundle(**records)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
