"""Bundles over HTTP: what each record becomes, what stands against it, which names lead where, and the way there and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import Json, check_type, serving
from conftest import seeded
from unit.samples import actor, bundle, changed, cited, event, location, sample, statement
from writers import JSON, LINES, NOUNS, Desk, desk, lines_of, new, pointers

from api.config import Settings

URL = "/v1/bundle"
BRINGS_BACK = ("fail", "skip", "replace")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    """A desk over a database of its own."""
    with desk(tmp_path / "own.db") as found:
        yield found


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Desk]:
    """A desk over a database without a record."""
    with desk(tmp_path / "empty.db", is_empty=True) as found:
        yield found


def counts(report: Json) -> tuple[int, ...]:
    return tuple(report[name] for name in ("created", "updated", "unchanged", "skipped"))


def outcomes(report: Json) -> dict[str, tuple[str, int]]:
    """What became of each record, and its version."""
    return {f"{each['collection']}/{each['id']}": (each["outcome"], each["version"]) for each in report["records"]}


def duplicates(report: Json) -> list[list[str]]:
    return [each["events"] for each in report["possible_duplicates"]]


# There and back


@pytest.mark.parametrize("media_type", [JSON, LINES, "application/json;charset=UTF-8", f'{LINES}; charset="utf-8"'])
def test_a_bundle_is_stored_once(empty: Desk, media_type: str) -> None:
    data = lines_of(sample()) if media_type.startswith(LINES) else json.dumps(sample()).encode()
    response = empty.send("POST", f"{URL}?reason=The+first", data=data, Content_Type=media_type)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert not {"ETag", "Location", "Content-Location"} & set(response.headers.keys())
    report = response.get_json()
    assert counts(report) == (14, 0, 0, 0)
    assert report["dry_run"] is False
    assert report["dataset_version"] == empty.version() == 14
    expected = {
        f"{name}/{each['id']}": ("created", 1)
        for name, listed in sample().items()
        if name != "bundle"
        for each in listed
    }
    assert outcomes(report) == expected
    assert (report["resolved"], report["possible_duplicates"]) == ([], [])
    changes = empty.get("/v1/changes?limit=100")["data"]
    assert {(each["by"], each["reason"]) for each in changes} == {("desk", "The first")}
    before = empty.state()
    for rule in BRINGS_BACK:
        again = empty.done("POST", f"{URL}?on_conflict={rule}", data=data, Content_Type=media_type)
        assert counts(again) == (0, 0, 14, 0)
        assert outcomes(again) == dict.fromkeys(expected, ("unchanged", 1))
    assert empty.state() == before


def test_what_is_given_is_taken_back(here: Desk, tmp_path: Path) -> None:
    """After changes, merges and deletions too."""
    here.done(
        "PATCH", "/v1/events/strike", {"title": 'صاروخ 🕊 "quoted"', "coded_fatalities": {"best": 2}}, If_Match='"1"'
    )
    here.done("POST", "/v1/actors/leader/merge", {"into": "cell"}, If_Match='"1"')
    here.done("DELETE", "/v1/statements/report", If_Match='"1"')
    given = here.client.get(URL).data
    (tmp_path / "other").mkdir()
    with desk(tmp_path / "other" / "empty.db", is_empty=True) as there:
        there.done("POST", URL, data=given, Content_Type=JSON)
        assert there.client.get(URL).data == given
        for noun in NOUNS:
            for mine, other in zip(here.get(f"/v1/{noun}")["data"], there.get(f"/v1/{noun}")["data"], strict=True):
                own = ("version", "created_at", "updated_at")
                assert {k: v for k, v in mine.items() if k not in own} == {
                    k: v for k, v in other.items() if k not in own
                }
        assert counts(here.done("POST", URL, data=given, Content_Type=JSON))[2] == 12


def test_the_seed_is_given_and_taken_back(empty: Desk, tmp_path: Path) -> None:
    with serving(Settings(db=seeded(tmp_path / "seed.db"))) as client:
        given = client.get(URL).data
        part = client.get(f"{URL}?location=Saraqib").data
    empty.done("POST", f"{URL}?dry_run=true", data=part, Content_Type=JSON)
    assert empty.version() == 0
    empty.done("POST", URL, data=given, Content_Type=JSON)
    assert empty.client.get(URL).data == given
    assert counts(empty.done("POST", URL, data=part, Content_Type=JSON))[:2] == (0, 0)


@pytest.mark.parametrize(
    "document", [bundle(), bundle(events=[]), bundle(actors=[actor("army", type="state_forces", country="SY")])]
)
def test_a_bundle_may_do_nothing(here: Desk, document: Json) -> None:
    before = here.state()
    report = here.done("POST", URL, document)
    assert counts(report)[:2] == (0, 0)
    assert report["dataset_version"] == before[0]
    assert here.state() == before


# Dry runs and conflicts


@pytest.mark.parametrize("dry", ["true", "false"])
def test_a_dry_run_tells_what_would_be(here: Desk, dry: str) -> None:
    document = bundle(
        datasets=[{"id": "more", "title": "More", "licence": "CC0-1.0", "attribution": "Nobody"}],
        actors=[actor("army", type="state_forces", country="SY"), actor("rebels", country="SY"), actor("guard")],
        events=[event("raid", participants=[{"actor": "guard", "role": "initiator"}], dataset="more")],
    )  # fmt: skip
    before = here.state()
    report = here.done("POST", f"{URL}?dry_run={dry}&on_conflict=replace", document)
    assert counts(report) == (3, 1, 1, 0)
    assert outcomes(report) == {
        "datasets/more": ("created", 1), "actors/army": ("unchanged", 1), "actors/rebels": ("updated", 2),
        "actors/guard": ("created", 1), "events/raid": ("created", 1),
    }  # fmt: skip
    assert report["dataset_version"] == before[0] + 4
    assert report["dry_run"] is (dry == "true")
    if dry == "true":
        assert here.state() == before
        assert here.client.get("/v1/events/raid").status_code == 404
    else:
        assert here.version() == before[0] + 4


def test_a_dry_run_refuses_what_would_be_refused(here: Desk) -> None:
    here.refused(409, "conflict", "POST", f"{URL}?dry_run=true", bundle(actors=[actor("army")]))
    here.refused(
        422, "invalid-record", "POST", f"{URL}?dry_run=true", bundle(actors=[actor("new", evidence=cited("x"))])
    )


OTHERWISE = bundle(
    datasets=[{"id": "made-up", "title": "Otherwise", "licence": "CC0-1.0", "attribution": "Nobody"}],
    actors=[actor("fresh"), actor("army", country="TR")],
    events=[event("offensive", type="talks")],
)


def test_a_difference_fails_by_default(here: Desk) -> None:
    for query in ("", "?on_conflict=fail", "?based_on=0", "?on_conflict=fail&based_on=0"):
        problem = here.refused(409, "conflict", "POST", URL + query, OTHERWISE)
        assert sorted(pointers(problem)) == ["/actors/1", "/datasets/0", "/events/0"]
        assert {each["detail"] for each in problem["errors"]} == {"Version 1 is stored, which differs."}
        assert problem["detail"].startswith("3 records differ from what is stored")
        check_type(here.client, problem)


def test_a_difference_is_skipped(here: Desk) -> None:
    before = here.get("/v1/actors/army")
    report = here.done("POST", f"{URL}?on_conflict=skip", OTHERWISE)
    assert counts(report) == (1, 0, 0, 3)
    assert outcomes(report)["actors/army"] == ("skipped", 1)
    assert here.get("/v1/actors/army") == before


def test_a_difference_is_replaced(here: Desk) -> None:
    report = here.done("POST", f"{URL}?on_conflict=replace", OTHERWISE)
    assert counts(report) == (1, 3, 0, 0)
    assert here.get("/v1/actors/army")["country"] == "TR"
    assert here.get("/v1/meta")["datasets"][0]["title"] == "Otherwise"
    assert outcomes(report)["datasets/made-up"] == ("updated", 2)


def test_only_what_is_newer_than_the_base_is_in_conflict(here: Desk) -> None:
    base = here.version()
    here.done("PATCH", "/v1/actors/army", {"description": "A colleague's."}, by="colleague", If_Match='"1"')
    problem = here.refused(409, "conflict", "POST", f"{URL}?based_on={base}", OTHERWISE)
    assert pointers(problem) == ["/actors/1"]
    assert problem["detail"].startswith("One record differs")
    report = here.done("POST", f"{URL}?based_on={base}&on_conflict=skip", OTHERWISE)
    assert outcomes(report) == {
        "datasets/made-up": ("updated", 2), "actors/fresh": ("created", 1), "actors/army": ("skipped", 2),
        "events/offensive": ("updated", 2),
    }  # fmt: skip
    assert here.get("/v1/actors/army")["description"] == "A colleague's."
    report = here.done("POST", f"{URL}?based_on={here.version()}", OTHERWISE)
    assert counts(report) == (0, 1, 3, 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("on_conflict=merge", "fail"), ("on_conflict=", "empty"), ("based_on=-1", "based_on"), ("based_on=x", "based_on"),
        ("based_on=1.5", "based_on"), ("dry_run=1", "true"), ("dry_run=yes", "true"), ("dryrun=true", "dry_run"),
        ("dry_run=true&dry_run=false", "2 times"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused(here: Desk, query: str, said: str) -> None:
    assert said in str(here.refused(400, "invalid-parameter", "POST", f"{URL}?{query}", OTHERWISE))


# What is no more


def test_deleted_records(here: Desk) -> None:
    here.done("POST", "/v1/actors", new("actors", "gone"))
    here.done("DELETE", "/v1/actors/gone", If_Match='"1"')
    document = bundle(actors=[actor("gone"), actor("fresh")])
    base = here.version()
    for query in ("", f"?based_on={base - 1}"):
        problem = here.refused(409, "conflict", "POST", URL + query, document)
        assert pointers(problem) == ["/actors/0"]
        assert "Was deleted on " in problem["errors"][0]["detail"]
    report = here.done("POST", f"{URL}?on_conflict=skip&dry_run=true", document)
    assert outcomes(report) == {"actors/gone": ("skipped", 2), "actors/fresh": ("created", 1)}
    for query in ("on_conflict=replace", f"based_on={base}"):
        report = here.done("POST", f"{URL}?{query}&dry_run=true", document)
        assert outcomes(report) == {"actors/gone": ("created", 3), "actors/fresh": ("created", 1)}
    # A record that is left out is none that others of the bundle may point to.
    pointing = bundle(actors=[actor("gone")], events=[event("x", participants=[{"actor": "gone", "role": "target"}])])
    problem = here.refused(422, "invalid-record", "POST", f"{URL}?on_conflict=skip", pointing)
    assert pointers(problem) == ["/events/0/participants/0/actor"]
    here.done("POST", f"{URL}?on_conflict=replace", pointing)
    assert [each["change"] for each in here.history("/v1/actors/gone")] == ["created", "deleted", "created"]


def test_merged_records(here: Desk) -> None:
    here.done("POST", "/v1/actors", new("actors", "old"))
    here.done("POST", "/v1/actors/old/merge", {"into": "army"}, If_Match='"1"')
    again = bundle(actors=[actor("old")])
    for query in ("", "?on_conflict=replace", f"?based_on={here.version()}"):
        problem = here.refused(409, "conflict", "POST", URL + query, again)
        assert problem["errors"] == [{"detail": "Was merged into 'army'.", "pointer": "/actors/0"}]
    pointing = bundle(
        actors=[actor("old")], events=[event("x", participants=[{"actor": "old", "role": "target"}])],
        statements=[statement("y", speaker="old")],
    )  # fmt: skip
    report = here.done("POST", f"{URL}?on_conflict=skip", pointing)
    assert outcomes(report)["actors/old"] == ("skipped", 2)
    assert report["resolved"] == [
        {"pointer": "/events/0/participants/0/actor", "given": "old", "id": "army"},
        {"pointer": "/statements/0/speaker", "given": "old", "id": "army"},
    ]
    assert here.get("/v1/events/x")["participants"][0]["actor"]["id"] == "army"
    here.done("POST", "/v1/sources", {"id": "copy"})
    here.done("POST", "/v1/sources/copy/merge", {"into": "wire"}, If_Match='"1"')
    report = here.done("POST", URL, bundle(sources=[{"id": "third", "derived_from": "copy"}]))
    assert report["resolved"] == [{"pointer": "/sources/0/derived_from", "given": "copy", "id": "wire"}]


def test_a_merged_id_of_a_deleted_record_leads_nowhere(here: Desk) -> None:
    for each in ("old", "now"):
        here.done("POST", "/v1/actors", new("actors", each))
    here.done("POST", "/v1/actors/old/merge", {"into": "now"}, If_Match='"1"')
    here.done("DELETE", "/v1/actors/now", If_Match="*")
    pointing = event("x", participants=[{"actor": "old", "role": "target"}])
    problem = here.refused(422, "invalid-record", "POST", URL, bundle(events=[pointing]))
    assert pointers(problem) == ["/events/0/participants/0/actor"]
    assert "'now', which was deleted" in problem["detail"]
    report = here.done("POST", f"{URL}?on_conflict=replace", bundle(actors=[actor("now")], events=[pointing]))
    assert report["resolved"][0]["id"] == "now"


# Names


def test_names_lead_to_records_of_the_store_and_of_the_bundle(here: Desk) -> None:
    document = bundle(
        locations=[
            location("hamlet", name="The Hamlet", parent="THE TOWN"),
            location("street", name="Street", type="site", parent="the hamlet"),
        ],
        actors=[actor("guard", name="Home Guard", aliases=["HG"], relations=[{"actor": "rebels ", "relation": "part_of"}])],
        events=[
            event("raid", location="Hamlet, the", location_precision="near", participants=[{"actor": "hg", "role": "victim"}]),
        ],
        statements=[
            statement("word", speaker="Home guard", on_behalf_of="Rebels", addressees=["ARMY", "army"], location="street"),
        ],
    )  # fmt: skip
    problem = here.refused(422, "invalid-record", "POST", URL, document)
    assert pointers(problem) == ["/events/0/location"]
    document["events"][0]["location"] = "the-HAMLET"
    report = here.done("POST", URL, document)
    assert [(each["pointer"], each["given"], each["id"]) for each in report["resolved"]] == [
        ("/locations/0/parent", "THE TOWN", "town"),
        ("/locations/1/parent", "the hamlet", "hamlet"),
        ("/actors/0/relations/0/actor", "rebels ", "rebels"),
        ("/events/0/location", "the-HAMLET", "hamlet"),
        ("/events/0/participants/0/actor", "hg", "guard"),
        ("/statements/0/speaker", "Home guard", "guard"),
        ("/statements/0/on_behalf_of", "Rebels", "rebels"),
        ("/statements/0/addressees/0", "ARMY", "army"),
    ]
    assert counts(here.done("POST", URL, document)) == (0, 0, 5, 0)


def involving(*names: str, role: str = "target") -> Json:
    """An event with these participants."""
    return event("x", participants=[{"actor": each, "role": role} for each in names])


NAMES: list[tuple[Json, str, list[str] | None, str | None]] = [
    # a bundle, the pointer of its fault, the candidates, the one that was meant
    (bundle(events=[involving("Armee")]), "/events/0/participants/0/actor", None, "army"),
    (bundle(actors=[actor("a2", name="ARMY")], statements=[statement("x", speaker="Army")]),
     "/statements/0/speaker", ["a2", "army"], None),
    (bundle(actors=[actor("a2", name="B"), actor("a3", aliases=["b"])], statements=[statement("x", speaker="b")]),
     "/statements/0/speaker", ["a2", "a3"], None),
    (bundle(locations=[location(f"l{n}", name="Same") for n in range(20)], statements=[statement("x", location="same")]),
     "/statements/0/location", sorted(f"l{n}" for n in range(20))[:10], None),
    (bundle(locations=[location("x", parent="qqqqqq")]), "/locations/0/parent", None, None),
    (bundle(events=[event("x", part_of="Offensive")]), "/events/0/part_of", None, "offensive"),
    (bundle(events=[event("x", evidence=cited("papers"))]), "/events/0/evidence/0/source", None, "paper"),
    (bundle(events=[event("x", evidence=cited("The Paper"))]), "/events/0/evidence/0/source", None, None),
    (bundle(actors=[actor("x", name="Me", relations=[{"actor": "me", "relation": "leads"}])]),
     "/actors/0/relations/0/actor", None, None),
    (bundle(locations=[location("x", name="Me", parent="ME")]), "/locations/0/parent", None, None),
    (bundle(events=[event("x", dataset="made-pu")]), "/events/0/dataset", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("document", "pointer", "allowed", "meant"), NAMES)
@pytest.mark.parametrize("is_lines", [False, True])
def test_a_name_of_none_or_several_is_told(
    here: Desk, is_lines: bool, document: Json, pointer: str, allowed: list[str] | None, meant: str | None
) -> None:
    data, media_type = (lines_of(document), LINES) if is_lines else (json.dumps(document).encode(), JSON)
    problem = here.refused(422, "invalid-record", "POST", URL, data=data, Content_Type=media_type)
    (fault,) = problem["errors"]
    assert fault["pointer"] == pointer
    assert fault.get("allowed") == allowed
    if meant or "There is no record" not in fault["detail"]:
        assert fault.get("did_you_mean") == meant
    if is_lines:
        assert fault["detail"].startswith(f"Line {len(data.splitlines())}: ")


# Faults


FAULTS: list[tuple[Any, list[str]]] = [
    ({}, ["/bundle"]),
    ({"bundle": "event-timeline/2"}, ["/bundle"]),
    ([], [""]),
    ("x", [""]),
    (None, [""]),
    (bundle(nonsense=[]), ["/nonsense"]),
    (bundle(events={}), ["/events"]),
    (bundle(events=[None, 5, "x", []]), [f"/events/{n}" for n in range(4)]),
    (bundle(actors=[actor("x"), actor("x")]), ["/actors/1/id"]),
    (bundle(sources=[{"id": "x"}, {"id": "y"}, {"id": "x"}]), ["/sources/2/id"]),
    (bundle(actors=[actor("x", type="no", country="UK")]), ["/actors/0/type", "/actors/0/country"]),
    (bundle(datasets=[{"id": "x"}]), [f"/datasets/0/{name}" for name in ("title", "licence", "attribution")]),
    (changed(("/locations/0/parent", "town")), [f"/locations/{n}" for n in range(3)]),
    (bundle(events=[event("x", part_of="y"), event("y", part_of="x")]), ["/events/0", "/events/1"]),
]


@pytest.mark.parametrize(("document", "expected"), FAULTS)
def test_every_fault_is_told(here: Desk, document: Any, expected: list[str]) -> None:
    problem = here.refused(
        422,
        "invalid-record",
        "POST",
        f"{URL}?on_conflict=replace",
        data=json.dumps(document).encode(),
        Content_Type=JSON,
    )
    assert sorted(pointers(problem)) == sorted(expected)
    check_type(here.client, problem)


HEAD = '{"bundle": "event-timeline/1"}\n'
GOOD = json.dumps({"actors": actor("x")})
BAD_LINES: list[tuple[str, int, str]] = [
    ("", 422, "/bundle"),
    (GOOD, 422, "/bundle"),
    (HEAD + HEAD, 422, 'Line 2 begins with "bundle"'),
    (HEAD + '{"nouns": {}}', 422, 'Line 2 begins with "nouns"; it takes bundle (event-timeline/1) once, then datasets, sources'),
    (HEAD + '{"' + "x" * 5000 + '": {}}', 422, f'Line 2 begins with "{"x" * 80}…"'),
    (HEAD + "[]", 422, "Line 2 is no object with one member"),
    (HEAD + '{"actors": {}, "events": {}}', 422, "Line 2 is no object with one member"),
    (HEAD + "\n\n{]", 400, "Line 4 of the body"),
    (HEAD + GOOD + "\n" + GOOD[:-5], 400, "Line 3 of the body"),
    (HEAD + '{"actors": {"id": NaN}}', 400, "Line 2 of the body: NaN"),
    (HEAD + '{"actors": 1}\n{"actors": []}', 422, "Line 2: "),
    (HEAD + GOOD + '\n{"actors": {"id": "y", "name": 1}}', 422, "Line 3: "),
    (HEAD + GOOD + "\n" + GOOD, 422, "Line 3: Stands twice"),
    (HEAD + '{"datasets": {"id": "d"}}', 422, "Line 2: "),
    (HEAD + json.dumps({"events": event("x")}) + "\n" + json.dumps({"events": event("y", part_of="no")}), 422, "Line 3: "),
    (HEAD + GOOD + "\n" + json.dumps({"actors": actor("army")}), 409, "Line 3: Version 1 is stored"),
    ("\n".join([HEAD, *(json.dumps({"events": event(a, part_of=b)}) for a, b in ("xy", "yx"))]), 422, "Line 4: "),
    ("\ufeff" + HEAD, 400, "Line 1 of the body"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "status", "said"), BAD_LINES)
def test_a_fault_of_lines_names_the_line(here: Desk, text: str, status: int, said: str) -> None:
    kind = {400: "invalid-json", 409: "conflict", 422: "invalid-record"}[status]
    problem = here.refused(status, kind, "POST", URL, data=text.encode(), Content_Type=LINES)
    assert said in json.dumps(problem, ensure_ascii=False).replace('\\"', '"')
    if status == 422:
        assert said in problem["detail"] or said.startswith(("Line 3", "Line 4"))


@pytest.mark.parametrize("text", [HEAD + GOOD, GOOD + "\n" + HEAD, HEAD.strip() + "\r\n\r\n  " + GOOD + "\r\n"])
def test_lines_may_stand_in_any_order(here: Desk, text: str) -> None:
    assert counts(here.done("POST", URL, data=text.encode(), Content_Type=LINES)) == (1, 0, 0, 0)


# Events that may be one and the same


def raid(record_id: str, **more: Any) -> Json:
    days = {"start_date": "2024-12-01", "end_date": "2024-12-03", "date_precision": "days"}
    by = [{"actor": "army", "role": "initiator"}, {"actor": "rebels", "role": "target"}]
    return event(record_id, **{**days, "location": "town", "location_precision": "near", "participants": by, **more})


TWINS: list[tuple[str, Json, bool]] = [
    ("all the same", {}, True),
    ("an overlap of a day", {"start_date": "2024-12-03", "end_date": "2024-12-09"}, True),
    ("within", {"start_date": "2024-12-02", "end_date": "2024-12-02"}, True),
    ("around", {"start_date": "2024-11-28", "end_date": "2024-12-31"}, True),
    ("the day after", {"start_date": "2024-12-04", "end_date": "2024-12-04"}, False),
    ("the day before", {"start_date": "2024-11-30", "end_date": "2024-11-30"}, False),
    ("another type", {"type": "shelling"}, False),
    ("another place", {"location": "province"}, False),
    ("no place", {"location": None, "location_precision": None}, False),
    ("one in the same role", {"participants": [{"actor": "army", "role": "initiator"}]}, True),
    ("the other in the same role", {"participants": involving("cell", "rebels")["participants"]}, True),
    ("in another role", {"participants": involving("army")["participants"]}, False),
    ("others", {"participants": [{"actor": "cell", "role": "initiator"}]}, False),
    ("nobody", {"participants": []}, False),
    ("a part of it", {"part_of": "raid"}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "is_told"), [(more, is_told) for _, more, is_told in TWINS], ids=[name for name, *_ in TWINS]
)
@pytest.mark.parametrize("apart", [False, True])
def test_possible_duplicates(here: Desk, apart: bool, more: Json, is_told: bool) -> None:
    expected = [["a-twin", "raid"]] if is_told else []
    if apart:
        assert duplicates(here.done("POST", URL, bundle(events=[raid("raid")]))) == []
        document = bundle(events=[raid("a-twin", **more)])
    else:
        document = bundle(events=[raid("raid"), raid("a-twin", **more)])
    assert duplicates(here.done("POST", f"{URL}?dry_run=true", document)) == expected
    assert duplicates(here.done("POST", URL, document)) == expected
    # Told once: with the next bundle, nothing of them is new.
    assert duplicates(here.done("POST", URL, document)) == []
    assert here.client.get("/v1/events/a-twin").status_code == 200


def test_parts_of_parts_and_several_twins(here: Desk) -> None:
    document = bundle(events=[raid("raid"), raid("part", part_of="raid"), raid("low", part_of="part"), raid("twin")])
    assert duplicates(here.done("POST", URL, document)) == [["low", "twin"], ["part", "twin"], ["raid", "twin"]]
    brothers = bundle(events=[raid("long", location="land"), *(raid(each, part_of="long") for each in ("b1", "b2"))])
    found = duplicates(here.done("POST", URL, brothers))
    assert ["b1", "b2"] in found  # two parts of one event may be one
    assert not any("long" in each for each in found)


def test_many_duplicates_are_bounded(here: Desk) -> None:
    report = here.done("POST", URL, bundle(events=[raid(f"raid-{number}") for number in range(60)]))
    assert len(report["possible_duplicates"]) <= 1000
    assert len({tuple(each) for each in duplicates(report)}) == len(report["possible_duplicates"])
