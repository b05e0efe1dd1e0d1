"""`event-timeline import ucdp`: what is stored, told and refused; what a newer release does, and what people keep.

But for one test the files are read in the test's own process, which is quicker; `faults/test_import_kill.py` has the rest.
"""

import csv
import gzip
import os
import pty
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from benchmarks import world
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from soundness import assert_sound, derived
from unit.ged_rows import CELLS, MADE_UP, table
from unit.samples import ROOT, actor, as_bytes, bundle, contents, location, opened

from api import create_app
from api.cli import main
from api.config import Settings
from api.importers import ucdp_batches
from api.model import bundle as bundles
from api.model.changes import Author
from api.store import keys, sqlite
from api.store.gate import Gate
from api.store.migrations import open_migrated
from api.store.readers import Store
from api.store.receiving import Rules, write

Json = dict[str, Any]
MIXED = ROOT.parent / "shared" / "data" / "ged-mixed.csv"
"""A slice of the dataset, where somebody has it; it is not part of the repository."""
COUNTS = {"datasets": 1, "sources": 4, "locations": 9, "actors": 7, "events": 5, "statements": 4}
"""What the made-up file holds."""
RECORDS = sum(COUNTS.values())
DISTRICT = "ucdp-652.east-governorate.newtown-district"
EVENT = "/v1/events/ucdp-ged-1001"
CSV_HEADER = ["what", "file", "line", "id", "why"]


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the process that reads files."""
    monkeypatch.setattr("api.importers.ucdp_load.batches", ucdp_batches.made)


@dataclass(frozen=True)
class Desk:
    """A folder with a database, and files to be imported."""

    folder: Path

    @property
    def db(self) -> Path:
        return self.folder / "own.db"

    @property
    def report(self) -> Path:
        return self.folder / "report.csv"

    def file(self, name: str, *rows: Mapping[str, str]) -> Path:
        """A file of rows that have these cells, and others as the usual row."""
        return self.bytes(name, table(CELLS, *([*{**CELLS, **row}.values()] for row in rows)))

    def bytes(self, name: str, data: bytes) -> Path:
        (self.folder / name).write_bytes(data)
        return self.folder / name

    def run(self, *arguments: object) -> Result:
        """The command over the database."""
        given = ["import", "ucdp", "--report", self.report, *arguments, "--db", self.db]
        return CliRunner().invoke(main, [str(each) for each in given])

    def done(self, *arguments: object) -> list[str]:
        """What a command that must succeed says."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout.splitlines()

    def refused(self, *arguments: object) -> str:
        """The one line of a command that fails and changes nothing."""
        before = self.contents()
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        assert result.stderr.startswith("event-timeline: ")
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""
        assert self.contents() == before
        return result.stderr.removeprefix("event-timeline: ").rstrip("\n")

    def contents(self) -> dict[str, Any]:
        """All rows but the stamp of the file; none where there is no file or an empty one."""
        if not self.db.exists():
            return {}
        with self.open() as connection:
            found = contents(connection)
        del found["store"]
        return found if found["changes"] else {}

    @contextmanager
    def open(self) -> Iterator[sqlite.Connection]:
        with closing(open_migrated(self.db)) as connection:
            yield connection

    def derived(self) -> dict[str, Any]:
        with self.open() as connection:
            return derived(connection)

    def reported(self) -> list[list[str]]:
        """The lines of the report, below its header."""
        with self.report.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file)
        assert header == CSV_HEADER
        return lines

    def assert_sound(self) -> None:
        checked = CliRunner().invoke(main, ["check", "--db", str(self.db)])
        assert (checked.exit_code, checked.output) == (0, f"{self.db} is sound.\n")
        with self.open() as connection:
            assert_sound(connection, self.folder / "scratch.db")
        (self.folder / "scratch.db").unlink()

    @contextmanager
    def asking(self) -> Iterator["People"]:
        """The application over the database, and a key that may write."""
        with self.open() as connection:
            (number,) = connection.execute("SELECT count(*) FROM keys").fetchone()
            key = keys.create(connection, f"desk {number}", "write", None)
        app = application()
        app.config["STORE"], app.config["GATE"] = Store(self.db, 2000), Gate(self.db)
        try:
            yield People(app.test_client(), key)
        finally:
            app.config["STORE"].close()
            app.config["GATE"].close()

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        with self.asking() as people:
            return people.get(path)


@cache
def application() -> Flask:
    """One application for all, as making it takes longer than most tests; it has no database of its own."""
    return create_app(Settings(db=Path("/nowhere")))


@dataclass(frozen=True)
class People:
    """Who reads and writes through the API."""

    client: FlaskClient
    key: str

    def get(self, path: str, status: int = 200) -> Any:
        response = self.client.get(path)
        assert response.status_code == status, response.text
        return response.get_json()

    def send(self, method: str, path: str, body: Json | None = None) -> None:
        """A write that must succeed."""
        version = self.get(path.removesuffix("/merge"))["version"]
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self.key}", "If-Match": f'"{version}"', "Content-Type": kind}
        response = self.client.open(path, method=method, data=as_bytes(body) if body else b"", headers=headers)
        assert response.status_code in (200, 204), response.text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def told(outcome: str, **counts: int) -> list[str]:
    """The lines that count records of one outcome."""
    outcomes = ("created", "updated", "unchanged", "skipped")
    return [
        f"{name}: {', '.join(f'{count if each == outcome else 0} {each}' for each in outcomes)}"
        for name, count in counts.items()
    ]


# What is stored


@pytest.mark.parametrize("has_seed", [False, True], ids=["empty", "seeded"])
def test_the_made_up_file(desk: Desk, database: Path, has_seed: bool) -> None:
    """Into an empty database, and beside the seed."""
    if has_seed:
        shutil.copy(database, desk.db)
    lines = desk.done(MADE_UP)
    assert lines[:-1] == ["5 rows read, 0 refused.", *told("created", **COUNTS)]
    assert lines[-1].startswith(f"{RECORDS} records in ")
    assert not desk.report.exists()
    desk.assert_sound()
    with desk.asking() as people:
        check_events(people)
        check_places(people)
        check_others(people)
        assert ("northern-syria-2024" in str(people.get("/v1/meta")["datasets"])) == has_seed


def check_events(people: People) -> None:
    """The list by dataset, and one record with its numbers, sides, place and articles."""
    listed = people.get("/v1/events?dataset=ucdp-ged&sort=start_date")["data"]
    numbers = [1004, 1003, 1001, 1002, 1005]
    assert sorted(each["id"] for each in listed) == [f"ucdp-ged-{each}" for each in sorted(numbers)]
    assert listed[0]["id"] == "ucdp-ged-1004"
    event = people.get(EVENT)
    assert event["title"] == "Government of Syria – Made-up Front, Newtown town"
    assert event["coded_fatalities"] == {"low": 2, "best": 3, "high": 4, "civilians": 0}
    assert [(each["actor"]["id"], each["role"], each["deaths"]) for each in event["participants"]] == [
        ("ucdp-actor-118", "side_a", 1), ("ucdp-actor-90001", "side_b", 2),
    ]  # fmt: skip
    assert (event["location"]["latitude"], event["location"]["longitude"]) == (35.5, 38.0)
    assert event["attributes"]["conflict_name"] == "Exland: Government"
    assert (event["statements"], len(event["evidence"]), event["version"]) == (1, 2, 1)


def check_places(people: People) -> None:
    """The tree from the country down; a district that a row was coded to knows where it is, another does not."""
    places = {each["id"]: each for each in people.get("/v1/locations?limit=200")["data"]}
    chain, here = [], people.get(EVENT)["location"]["id"]
    while here:
        chain.append(places[here]["name"])
        here = places[here]["parent"]
    assert chain == ["Newtown town", "Newtown district", "East Governorate", "Syria"]
    district, other = places[DISTRICT], places["ucdp-652.sadah-governorate.newtown-district"]
    assert (district["latitude"], district["longitude"], district["events"]) == (35.6, 38.1, 2)
    assert (other["latitude"], other["longitude"], other["events"]) == (None, None, 1)
    assert places["ucdp-country-652"]["events"] == 4
    assert places["ucdp-country-678"]["aliases"] == ["Yemen"]
    inside = people.get(f"/v1/events?location={DISTRICT}")["data"]
    assert {each["id"] for each in inside} == {"ucdp-ged-1001", "ucdp-ged-1002"}


def check_others(people: People) -> None:
    """Actors, who reported, articles, and the dataset with its licence."""
    actors = {each["id"]: each for each in people.get("/v1/actors?limit=200")["data"]}
    assert (actors["ucdp-actor-90001"]["events"], actors["ucdp-actor-90001"]["type"]) == (5, "armed_group")
    assert (actors["ucdp-actor-118"]["country"], actors["ucdp-actor-1"]["type"]) == ("SY", "civilians")
    said = people.get("/v1/statements?speaker=ucdp-reporter-example-observatory")["data"]
    assert {each["id"] for each in said} == {"ucdp-ged-1001-report", "ucdp-ged-1003-report"}
    assert {each["text"] for each in said} >= {f"Reported the event: {people.get(EVENT)['title']}."}
    assert all(each["figures"] == [] for each in said)
    sources = {each["title"]: each for each in people.get("/v1/sources?limit=200")["data"]}
    article = sources["Shelling; two dead"]
    assert (article["publisher"], article["published_at"], article["events"]) == ("Example Wire", "2016-03-06", 3)
    (dataset,) = (each for each in people.get("/v1/meta")["datasets"] if each["id"] == "ucdp-ged")
    assert dataset["licence"] == "CC-BY-4.0"


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.done(MADE_UP)
    before = desk.contents()
    lines = desk.done(MADE_UP)
    assert lines[:-2] == ["5 rows read, 0 refused.", *told("unchanged", **COUNTS)]
    assert lines[-1] == "Everything was stored already; nothing changed."
    assert desk.contents() == before
    assert not desk.report.exists()


def gzipped(folder: Path) -> list[Path]:
    (folder / "ged.csv.gz").write_bytes(gzip.compress(MADE_UP.read_bytes()))
    return [folder / "ged.csv.gz"]


def zipped(folder: Path) -> list[Path]:
    with zipfile.ZipFile(folder / "ged.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(MADE_UP, "inside/ged.csv")
        archive.writestr("readme.txt", "No table.")
    return [folder / "ged.zip"]


def halved(folder: Path) -> list[Path]:
    """Two files, of which the second alone knows where the district is."""
    with MADE_UP.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    parts = {"one.csv": [rows[0], *rows[2:]], "two.csv": [rows[1]]}
    for name, part in parts.items():
        (folder / name).write_bytes(table(header, *part))
    return [folder / name for name in parts]


@pytest.mark.parametrize("packed", [gzipped, zipped, halved])
def test_whatever_the_file_is_packed_in(desk: Desk, packed: Any) -> None:
    other = Desk(desk.folder / "other")
    other.folder.mkdir()
    other.done(MADE_UP)
    assert desk.done(*packed(desk.folder))[0] == "5 rows read, 0 refused."
    assert desk.derived() == other.derived()
    assert desk.done(MADE_UP)[-1] == "Everything was stored already; nothing changed."


def test_a_made_up_world(desk: Desk) -> None:
    """Cut into many batches, which is what a large file is."""
    world.write(desk.folder / "world.csv", 120)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ucdp_batches, "BATCH", 25)
        assert desk.done(desk.folder / "world.csv")[0] == "120 rows read, 0 refused."
    desk.assert_sound()
    assert desk.done(desk.folder / "world.csv")[-1] == "Everything was stored already; nothing changed."


CONTRADICTIONS = [
    ({"low": "9"}, ["low_exceeds_best", "low_exceeds_high"]),
    ({"high": "1"}, ["best_exceeds_high", "low_exceeds_high"]),
    ({"best": "0", "low": "1"}, ["low_exceeds_best", "parts_differ_from_best"]),
]


@pytest.mark.parametrize(("cells", "quality"), CONTRADICTIONS)
def test_numbers_that_contradict_each_other_are_kept_and_told(
    desk: Desk, cells: dict[str, str], quality: list[str]
) -> None:
    desk.done(desk.file("ged.csv", cells))
    event = desk.get(EVENT)
    assert event["quality"] == quality
    toll = {name: int((CELLS | cells)[name]) for name in ("low", "best", "high")}
    assert {name: event["coded_fatalities"][name] for name in toll} == toll


@pytest.mark.skipif(not MIXED.exists(), reason="the slice of the dataset is not beside the checkout")
def test_a_slice_of_the_dataset(desk: Desk) -> None:
    assert desk.done(MIXED)[0] == "676 rows read, 0 refused."
    desk.assert_sound()
    assert desk.done(MIXED)[-1] == "Everything was stored already; nothing changed."
    assert not desk.report.exists()


# A newer release

SIX = [
    {"id": "1001"},
    {"id": "1002", "best": "7"},
    {"id": "1003", "date_start": "1991-03-18", "date_end": "1991-03-18"},
    {"id": "1004", "country": "Iraq", "country_id": "645"},
    {"id": "1005"},
    {"id": "1006"},
]


def test_what_changed_is_a_new_version(desk: Desk) -> None:
    desk.done(desk.file("older.csv", *SIX))
    newer = [SIX[0] | {"best": "5", "high": "6"}, SIX[1] | {"date_end": "2016-03-09"}, *SIX[2:], {"id": "1007"}]
    lines = desk.done(desk.file("newer.csv", *newer))
    assert "events: 1 created, 2 updated, 4 unchanged, 0 skipped" in lines
    assert "statements: 1 created, 0 updated, 6 unchanged, 0 skipped" in lines
    assert not desk.report.exists()
    desk.assert_sound()
    with desk.asking() as people:
        versions = {each["id"][-4:]: each["version"] for each in people.get("/v1/events")["data"]}
        assert versions == {"1001": 2, "1002": 2, **dict.fromkeys(("1003", "1004", "1005", "1006", "1007"), 1)}
        newest, oldest = people.get(f"{EVENT}/history")["data"]
        assert (newest["reason"], oldest["reason"]) == ("UCDP GED import: newer.csv", "UCDP GED import: older.csv")
        assert (oldest["record"]["coded_fatalities"]["best"], people.get(EVENT)["coded_fatalities"]["best"]) == (3, 5)
        assert people.get("/v1/events/ucdp-ged-1002")["end_date"] == "2016-03-09"


def test_a_row_that_is_gone_is_told_and_stays(desk: Desk) -> None:
    """Rows of another year or another country are of no concern to these files."""
    desk.done(desk.file("older.csv", *SIX))
    before = desk.contents()
    lines = desk.done(desk.file("newer.csv", SIX[0], SIX[4]))
    assert lines[-1].startswith("2 events of an earlier import are no longer in these files; they stay until somebody")
    assert lines[-1].endswith(f": {desk.report}")
    why = "not in these files, which have others of its country and year"
    assert desk.reported() == [["vanished", "", "", f"/v1/events/ucdp-ged-{each}", why] for each in (1002, 1006)]
    assert desk.contents() == before


def test_a_row_that_is_refused_is_not_gone(desk: Desk) -> None:
    desk.done(desk.file("older.csv", *SIX))
    desk.done(desk.file("newer.csv", *SIX[:5], SIX[5] | {"date_end": "never"}))
    assert [line[0] for line in desk.reported()] == ["refused"]


def test_a_later_file_completes_what_was_not_known(desk: Desk) -> None:
    """Where a district is; and of records that somebody else wrote what they leave open, which on the equator is not 0."""
    theirs = bundle(
        sources=[{"id": "paper", "type": "article"}],
        actors=[actor("ucdp-actor-118", name="Damascus", country=None)],
        locations=[
            location(
                "ucdp-country-678", name="Yemen (North Yemen)", type="country", country="YE", latitude=0.0, longitude=47.0
            )
        ],
    )  # fmt: skip
    with opened(desk.db, theirs):
        pass
    desk.done(desk.file("one.csv", {}))
    assert desk.get(f"/v1/locations/{DISTRICT}")["latitude"] is None
    district = {"id": "1002", "where_coordinates": "Newtown district", "where_prec": "3", "latitude": "35.6"}
    country = {"id": "1003", "country": "Yemen (North Yemen)", "country_id": "678", "adm_1": "", "adm_2": ""}
    whole = {"where_coordinates": "Yemen (North Yemen)", "where_prec": "6", "latitude": "15.5", "longitude": "47.5"}
    lines = desk.done(desk.file("two.csv", district, country | whole))
    assert "locations: 0 created, 2 updated, 2 unchanged, 0 skipped" in lines
    desk.assert_sound()
    with desk.asking() as people:
        found = people.get(f"/v1/locations/{DISTRICT}")
        assert (found["latitude"], found["longitude"], found["version"]) == (35.6, 38.0, 2)
        army, land = people.get("/v1/actors/ucdp-actor-118"), people.get("/v1/locations/ucdp-country-678")
    assert (army["name"], army["country"], army["external_ids"]) == ("Damascus", "SY", {"ucdp": "118"})
    assert (land["latitude"], land["longitude"], land["aliases"]) == (0.0, 47.0, ["Yemen"])
    before = desk.contents()
    moved = district | {"latitude": "35.9", "id": "1004"}
    desk.done(desk.file("two.csv", district, country | whole))
    assert desk.contents() == before
    desk.done(desk.file("three.csv", moved))
    assert desk.get(f"/v1/locations/{DISTRICT}")["latitude"] == 35.6


# What people did stays


def newer_release(desk: Desk) -> Path:
    """The made-up file with a higher toll in every row."""
    with MADE_UP.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    place = header.index("high")
    return desk.bytes("newer.csv", table(header, *([*row[:place], "77", *row[place + 1 :]] for row in rows)))


def patched(desk: Desk) -> None:
    """Through the API."""
    with desk.asking() as people:
        people.send("PATCH", EVENT, {"title": "As we know it"})


def rewritten(desk: Desk) -> None:
    """By another program, with a reason of its own."""
    with desk.asking() as people:
        record = people.get(f"{EVENT}/history")["data"][0]["record"] | {"title": "As we know it"}
    whole = bundles.read(bundle(events=[record]))
    with desk.open() as connection:
        write(connection, whole, Rules("replace"), Author(reason="Read again by hand."))


@pytest.mark.parametrize("edit", [patched, rewritten])
def test_an_event_that_was_edited_is_kept(desk: Desk, edit: Any) -> None:
    desk.done(MADE_UP)
    edit(desk)
    before = desk.contents()
    kept = ["kept", "", "", EVENT, "changed, merged or deleted here since it was imported"]
    lines = desk.done(MADE_UP)
    assert lines[-1].startswith("1 records that people changed, merged or deleted here were left as they are: ")
    assert desk.reported() == [kept]
    assert desk.contents() == before
    assert "events: 0 created, 4 updated, 0 unchanged, 0 skipped" in desk.done(newer_release(desk))
    assert desk.reported() == [kept]
    event = desk.get(EVENT)
    assert (event["title"], event["coded_fatalities"]["high"], event["version"]) == ("As we know it", 4, 2)
    desk.assert_sound()


@pytest.mark.parametrize("numbers", [(1001,), (1001, 1002, 1003, 1004, 1005)], ids=["one", "all"])
def test_what_was_deleted_stays_deleted(desk: Desk, numbers: tuple[int, ...]) -> None:
    """The statement about it too, and even where nothing of the dataset is left."""
    desk.done(MADE_UP)
    with desk.asking() as people:
        for each in numbers:
            if each != 1002:
                people.send("DELETE", f"/v1/statements/ucdp-ged-{each}-report")
            people.send("DELETE", f"/v1/events/ucdp-ged-{each}")
    before = desk.contents()
    for file in (MADE_UP, newer_release(desk)):
        desk.done(file)
        assert [line[3] for line in desk.reported()] == [f"/v1/events/ucdp-ged-{each}" for each in numbers]
        with desk.asking() as people:
            people.get(EVENT, status=410)
            people.get(f"/v1/statements/{EVENT[11:]}-report", status=410)
        if file == MADE_UP:
            assert desk.contents()["changes"] == before["changes"]
    desk.assert_sound()


def test_a_statement_that_was_deleted_stays_deleted(desk: Desk) -> None:
    desk.done(MADE_UP)
    with desk.asking() as people:
        people.send("DELETE", "/v1/statements/ucdp-ged-1001-report")
    desk.done(newer_release(desk))
    assert [line[3] for line in desk.reported()] == ["/v1/statements/ucdp-ged-1001-report"]
    with desk.asking() as people:
        people.get("/v1/statements/ucdp-ged-1001-report", status=410)
        assert people.get(EVENT)["coded_fatalities"]["high"] == 77


def test_events_that_were_merged_stay_one(desk: Desk) -> None:
    desk.done(MADE_UP)
    with desk.asking() as people:
        people.send("POST", "/v1/events/ucdp-ged-1005/merge", {"into": "ucdp-ged-1001"})
    before = desk.contents()
    desk.done(MADE_UP)
    assert {line[3] for line in desk.reported()} == {EVENT, "/v1/events/ucdp-ged-1005"}
    assert desk.contents() == before
    desk.assert_sound()


def test_a_merged_actor_leads_to_its_survivor(desk: Desk) -> None:
    """In new rows, which the next import finds as it left them."""
    desk.done(MADE_UP)
    with desk.asking() as people:
        people.send("POST", "/v1/actors/ucdp-actor-90002/merge", {"into": "ucdp-actor-90001"})
    new = {"id": "1009", "side_b_new_id": "90002", "side_b": "Old Guard"}
    desk.done(desk.file("new.csv", new))
    with desk.asking() as people:
        event = people.get("/v1/events/ucdp-ged-1009")
        assert [each["actor"]["id"] for each in event["participants"]] == ["ucdp-actor-118", "ucdp-actor-90001"]
    desk.assert_sound()
    before = desk.contents()
    desk.done(desk.file("new.csv", new))
    assert desk.contents() == before
    desk.done(desk.file("newer.csv", new | {"best": "6", "high": "8"}))
    assert desk.get("/v1/events/ucdp-ged-1009")["version"] == 2
    desk.assert_sound()


# What is refused

BAD: list[tuple[dict[str, str], str]] = [
    ({"date_start": "2016-02-30"}, 'date_start is "2016-02-30", not a calendar day'),
    ({"date_end": "2016-01-01"}, "date_end 2016-01-01 is before date_start 2016-03-05"),
    ({"latitude": "91"}, "latitude is 91; it must be from -90 to 90"),
    ({"longitude": "-180.5"}, "longitude is -180.5; it must be from -180 to 180"),
    ({"latitude": ""}, "latitude is empty"),
    ({"best": "many"}, 'best is "many", not a whole number from 0'),
    ({"type_of_violence": "4"}, 'type_of_violence is "4"; it must be one of 1, 2, 3'),
    ({"where_description": "a\0b"}, "cannot be stored"),
    ({"side_a": "\udcff"}, "is not UTF-8"),
    ({"id": ""}, "id is empty"),
    ({"id": "7x"}, 'id is "7x", not a whole number'),
    ({"id": "1001"}, "id 1001 stands in an earlier row too"),
]


def test_refused_rows_are_listed_and_the_others_stored(desk: Desk) -> None:
    bad = [{"id": str(2000 + number)} | cells for number, (cells, _) in enumerate(BAD)]
    ragged = [*(CELLS | {"id": "3001"}).values()][:-1]
    rows = [[*(CELLS | each).values()] for each in ({}, *bad, {"id": "1002"})]
    lines = desk.done(desk.bytes("bad.csv", table(CELLS, *rows[:-1], ragged, rows[-1])))
    assert lines[0] == f"2 rows read, {len(BAD) + 1} refused."
    assert lines[-1] == f"{len(BAD) + 1} rows were refused: {desk.report}"
    *reported, last = desk.reported()
    assert last == ["refused", "bad.csv", str(3 + len(BAD)), "3001", "has 48 cells; the header has 49 columns"]
    for number, (line, row, (_, reason)) in enumerate(zip(reported, bad, BAD, strict=True), 3):
        assert line[:4] == ["refused", "bad.csv", str(number), row["id"]]
        assert reason in line[4]
    assert {each["id"] for each in desk.get("/v1/events")["data"]} == {"ucdp-ged-1001", "ucdp-ged-1002"}
    desk.assert_sound()


def test_a_file_in_which_every_row_is_refused(desk: Desk) -> None:
    assert desk.done(desk.file("bad.csv", {"id": "x"}))[0] == "0 rows read, 1 refused."
    assert desk.get("/v1/events")["data"] == []


def test_an_id_that_stands_in_two_files(desk: Desk) -> None:
    desk.done(desk.file("one.csv", {}), desk.file("two.csv", {"best": "9"}, {"id": "1002"}))
    assert desk.reported() == [["refused", "two.csv", "2", "1001", "id 1001 stands in an earlier row too"]]
    assert desk.get(EVENT)["coded_fatalities"]["best"] == 3


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_in_the_report_are_harmless(desk: Desk, formula: str) -> None:
    desk.done(desk.file("=file.csv", {"id": formula}))
    ((what, file, line, number, why),) = desk.reported()
    assert (what, file, line, number) == ("refused", "'=file.csv", "2", f"'{formula}")
    assert why.startswith("id is ")


def test_strict_stores_nothing(desk: Desk) -> None:
    bad = desk.file("bad.csv", {}, {"id": "x"})
    assert desk.refused("--strict", bad) == (
        'bad.csv, line 3: id is "x", not a whole number; with --strict nothing was stored'
    )
    desk.done("--strict", MADE_UP)
    desk.refused("--strict", bad)
    assert not desk.report.exists()


def test_a_dry_run_stores_nothing(desk: Desk) -> None:
    """Not even a file; and what it tells is what the import tells then."""
    for kind in ("created", "unchanged"):
        before = desk.contents()
        lines = desk.done("--dry-run", MADE_UP)
        assert [each for each in told(kind, **COUNTS) if each not in lines] == []
        assert "This was a dry run: nothing was changed." in lines
        assert desk.db.exists() == (kind == "unchanged")
        assert desk.contents() == before
        desk.done(MADE_UP)
    before = desk.contents()
    lines = desk.done("--dry-run", newer_release(desk), desk.file("bad.csv", {"id": "x"}))
    assert "events: 0 created, 5 updated, 0 unchanged, 0 skipped" in lines
    assert [line[0] for line in desk.reported()] == ["refused"]
    assert desk.contents() == before
    desk.assert_sound()


NO_GED = [
    (b"", "has no header of UCDP GED"),
    (b"a,b\n1,2\n", "has no header of UCDP GED: the columns id, "),
    (b'{"bundle": "1"}', "has no header of UCDP GED"),
    (os.urandom(9) * 1000, "has no header of UCDP GED"),
    (gzip.compress(MADE_UP.read_bytes())[:-20], "cannot be unpacked"),
    (b"PK\x03\x04broken", "cannot be unpacked"),
]


@pytest.mark.parametrize("is_filled", [False, True], ids=["empty", "filled"])
@pytest.mark.parametrize(("data", "reason"), NO_GED)
def test_a_file_that_is_none(desk: Desk, data: bytes, reason: str, is_filled: bool) -> None:
    """Beside one that is, too: nothing is stored of either."""
    if is_filled:
        desk.done(MADE_UP)
    none = desk.bytes("none.csv", data)
    assert reason in desk.refused(none)
    assert desk.refused(newer_release(desk), none).startswith("none.csv ")


@pytest.mark.parametrize("path", ["absent/report.csv", "full"])
def test_a_report_that_cannot_be_written(desk: Desk, path: str) -> None:
    """Everything is stored, which the counts say; the line says that only this is missing. Once more gives it."""
    report = Path("/dev/full") if path == "full" else desk.folder / path
    file = desk.file("bad.csv", {}, {"id": "x"})
    result = desk.run(file, "--report", report)
    assert result.exit_code == 1
    assert result.stdout.startswith("1 rows read, 1 refused.\n")
    assert result.stderr.startswith(f"event-timeline: {report}: No s")
    assert result.stderr.count("\n") == 1
    desk.assert_sound()
    desk.done(file)
    assert [line[:4] for line in desk.reported()] == [["refused", "bad.csv", "3", "x"]]


@pytest.mark.parametrize(
    "arguments", [["absent.csv"], [], ["/"], [MADE_UP, "absent.csv"], ["--on-conflict", "skip", MADE_UP]]
)
def test_arguments_that_cannot_be(desk: Desk, arguments: list[object]) -> None:
    result = desk.run(*arguments)
    assert result.exit_code == 2
    assert not desk.db.exists()


def test_a_database_of_somebody_else_is_left_alone(desk: Desk) -> None:
    desk.db.write_bytes(b"no database at all" * 1000)
    result = desk.run(MADE_UP)
    assert (result.exit_code, result.stderr) == (3, f"event-timeline: {desk.db} is not a SQLite database\n")
    assert desk.db.read_bytes() == b"no database at all" * 1000


# Progress


def test_lines_where_there_is_no_terminal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.progress.LINE_SECONDS", 0)
    result = desk.run(MADE_UP)
    assert result.exit_code == 0
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Importing: 100%, 5 records, ")
    assert desk.run(MADE_UP, "--quiet").stderr == ""


@pytest.mark.parametrize("options", [[], ["--quiet"]], ids=["bar", "quiet"])
def test_a_bar_on_a_terminal(desk: Desk, options: list[str]) -> None:
    """The command as a user starts it, with the process that reads the files."""
    here, there = pty.openpty()
    command = [sys.executable, "-m", "api.cli", "import", "ucdp", str(MADE_UP), "--db", str(desk.db), *options]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=there, text=True, timeout=60, check=False)
        os.close(there)
        shown = read_all(here)
    finally:
        os.close(here)
    assert done.returncode == 0
    assert done.stdout.startswith("5 rows read, 0 refused.\n")
    if options:
        assert shown == ""
    else:
        assert shown.startswith("\r[###")
        assert "] Importing: 100%, 5 records, " in shown
        assert shown.endswith("\n")
    desk.assert_sound()


def read_all(terminal: int) -> str:
    """What was written to a terminal whose other end is closed."""
    found = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux tells that there is no more
            return found.decode()
        if not part:
            return found.decode()
        found += part
