"""UCDP GED: what each cell of a row becomes, that nothing of it is lost, and which rows are refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.importers import ucdp_actors, ucdp_names, ucdp_places, ucdp_sources
from api.importers.ged_columns import COLUMNS, NEEDED, OTHER_NAMES
from api.importers.ged_file import Refused, Row
from api.importers.ucdp import Mapped, mapped
from api.importers.ucdp_names import country_code, step
from api.importers.ucdp_sources import DATASET, OWN
from api.model.bundle import DatasetSchema
from api.model.fields import ID
from api.model.nouns import BY_NAME
from api.model.taxonomy import QUALITIES
from api.model.text import to_json
from unit.ged_rows import CELLS, MADE_UP, read, read_back, reason, records, row
from unit.samples import ROOT

REAL = ROOT.parent / "shared" / "data"
"""Slices of the dataset, where somebody has them; they are not part of the repository."""


def of(found: Mapped) -> list[tuple[str, dict[str, Any]]]:
    """Every record, with its collection."""
    return [
        *(("sources", each) for each in found.sources),
        *(("locations", each) for each in found.locations),
        *(("actors", each) for each in found.actors),
        ("events", found.event),
        *(("statements", each) for each in [found.statement] if each),
    ]


def check(found: Mapped) -> None:
    """Each record is what its schema loads, stands once, and refers to records that stand before it."""
    known: set[tuple[str, Any]] = set()
    for noun, record in of(found):
        assert to_json(BY_NAME[noun].record_schema.load(record)) == to_json(record)
        assert (noun, record["id"]) not in known
        named = [("sources", each["source"]) for each in record.get("evidence", ())]
        named += [("actors", each["actor"]) for each in record.get("participants", ())]
        named += [(other, record.get(name)) for name, other in (("location", "locations"), ("parent", "locations"))]
        named += [("actors", record.get("speaker")), *(("events", each) for each in record.get("events", ()))]
        assert known.issuperset(each for each in named if each[1])
        known.add((noun, record["id"]))


def lost(found: Mapped, given: Row) -> dict[str, str]:
    """The cells that the records do not give back."""
    cells = read_back(found)
    return {name: cell for name, cell in given.cells.items() if cell.strip() and cells.get(name) != cell}


def test_the_table_of_columns_is_complete() -> None:
    assert len(COLUMNS) == 49
    assert tuple(CELLS) == tuple(COLUMNS)
    assert set(NEEDED) < set(COLUMNS)
    assert set(OTHER_NAMES.values()) < set(COLUMNS)
    assert all(each.how.endswith(".") for each in COLUMNS.values())
    nouns = {each.goes_to.partition(".")[::2] for each in COLUMNS.values()}
    assert all(not member or member.split(".")[0] in BY_NAME[noun].record_schema.fields for noun, member in nouns)


def test_the_dataset_is_one() -> None:
    assert DatasetSchema().load(dict(DATASET)) == DATASET
    assert BY_NAME["sources"].record_schema.load(OWN) == OWN


def test_the_made_up_file_gives_records_and_loses_nothing() -> None:
    rows = read(MADE_UP)
    assert [each.line for each in rows] == [2, 3, 4, 6, 7]
    for each in rows:
        assert isinstance(each, Row)
        found = mapped(each)
        assert isinstance(found, Mapped)
        check(found)
        assert lost(found, each) == {}


def test_a_clash() -> None:
    found = records()
    assert found.event == {
        "id": "ucdp-ged-1001",
        "external_ids": {"ucdp": "1001"},
        "type": "armed_clash",
        "title": "Government of Syria – Made-up Front, Newtown town",
        "summary": None,
        "start_date": "2016-03-05",
        "end_date": "2016-03-05",
        "date_precision": "day",
        "location": found.locations[-1]["id"],
        "location_precision": "exact",
        "participants": [
            {"actor": "ucdp-actor-118", "role": "side_a", "deaths": 1},
            {"actor": "ucdp-actor-90001", "role": "side_b", "deaths": 2},
        ],
        "part_of": None,
        "related": [],
        "status": None,
        "dataset": "ucdp-ged",
        "coded_fatalities": {"low": 2, "best": 3, "high": 4, "civilians": 0},
        "attributes": {
            "relid": "XLD-2016-1-1-1",
            "year": "2016",
            "active_year": "1",
            "code_status": "Clear",
            "type_of_violence": "1",
            "conflict_new_id": "70",
            "conflict_name": "Exland: Government",
            "dyad_new_id": "71",
            "dyad_name": "Government of Syria - Made-up Front",
            "side_a": "Government of Syria",
            "side_b": "Made-up Front",
            "number_of_sources": "2",
            "source_original": "Example Observatory",
            "where_description": "the edge of Newtown",
            "adm_1": "East Governorate",
            "adm_2": "Newtown district",
            "priogrid_gid": "180000",
            "country": "Syria",
            "region": "Middle East",
            "event_clarity": "1",
            "deaths_unknown": "0",
            "gwnoa": "652",
        },
        "quality": [],
        "evidence": [
            {"source": each["id"], "quote": None, "start": None, "end": None} for each in found.sources if each != OWN
        ],
    }


def test_the_place_is_a_tree() -> None:
    steps = [
        (each["id"], each["name"], each["type"], each["parent"], each["country"], each["latitude"])
        for each in records().locations
    ]
    province, district = "ucdp-652.east-governorate", "ucdp-652.east-governorate.newtown-district"
    assert steps[:3] == [
        ("ucdp-country-652", "Syria", "country", None, "SY", None),
        (province, "East Governorate", "province", "ucdp-country-652", "SY", None),
        (district, "Newtown district", "district", province, "SY", None),
    ]
    assert steps[3][0].startswith("ucdp-652.newtown-town_")
    assert steps[3][1:] == ("Newtown town", "town", district, "SY", 35.5)


@pytest.mark.parametrize(
    ("cells", "same"),
    [
        ({}, True),
        ({"id": "7", "date_start": "2016-03-04", "date_prec": "2", "where_description": ""}, True),
        ({"adm_1": "EAST governorate"}, True),
        ({"latitude": "35.5001"}, False),
        ({"longitude": "38.1"}, False),
        ({"where_coordinates": "Newtown village"}, False),
        ({"adm_2": "Oldtown district"}, False),
        ({"adm_2": ""}, False),
    ],
)
def test_a_point_is_told_by_name_chain_and_coordinates(cells: dict[str, str], same: bool) -> None:
    assert (records(**cells).event["location"] == records().event["location"]) is same


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("Newtown District", "ucdp-652.east-governorate.newtown-district"),
        ("east  governorate", "ucdp-652.east-governorate"),
        ("Syria", "ucdp-country-652"),
        ("", "ucdp-652.east-governorate.newtown-district"),
    ],
)
def test_a_place_with_the_name_of_an_area_is_that_area(name: str, at: str) -> None:
    found = records(where_coordinates=name)
    assert found.event["location"] == found.locations[-1]["id"] == at
    assert found.locations[-1]["latitude"] == 35.5
    assert {"latitude", "longitude"} < set(found.event["attributes"])
    assert found.event["attributes"].get("where_coordinates", "") == name
    check(found)


@pytest.mark.parametrize(
    ("name", "precision", "kind"),
    [
        ("Newtown city", "1", "city"),
        ("Newtown Village", "2", "village"),
        ("Lake", "7", "water"),
        ("Old Bay", "7", "water"),
        ("The coast road", "5", "route"),
        ("The plain", "5", "region"),
        ("Marja (Nad Ali)", "3", "district"),
        ("Nad Ali", "4", "province"),
        ("The hill", "2", "site"),
    ],
)
def test_what_kind_of_place_it_is(name: str, precision: str, kind: str) -> None:
    assert records(where_coordinates=name, where_prec=precision).locations[-1]["type"] == kind


def test_places_may_be_missing_or_in_any_script() -> None:
    found = records(country="", country_id="", adm_1="", adm_2="", where_coordinates="")
    assert [(each["name"], each["parent"]) for each in found.locations] == [("35.5, 38.0", None)]
    names = ["حلب", "Αθήνα", "!!!", "x" * 200, "Ḥalab"]
    ids = {step(each) for each in names}
    assert len(ids) == len(names)
    assert step("Ḥalab") == step("halab") == "halab"
    for each in names:
        check(records(adm_1=each, adm_2=each * 2, where_coordinates=each * 3, country=each, country_id=""))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("DR Congo (Zaire)", "CD"), ("Russia (Soviet Union)", "RU"), ("Cambodia (Kampuchea)", "KH"),
        ("Yemen (North Yemen)", "YE"), ("South Yemen", None), ("Bosnia-Herzegovina", "BA"), ("Ivory Coast", "CI"),
        ("Myanmar (Burma)", "MM"), ("Serbia (Yugoslavia)", "RS"), ("Madagascar (Malagasy)", "MG"),
        ("Zimbabwe (Rhodesia)", "ZW"), ("Kingdom of eSwatini (Swaziland)", "SZ"), ("Macedonia, FYR", "MK"),
        ("North Macedonia", "MK"), ("Congo", "CG"), ("Trinidad and Tobago", "TT"), ("Vietnam (North Vietnam)", "VN"),
        ("Kyrgyzstan", "KG"), ("Israel", "IL"), ("Kosovo", "XK"), ("Atlantis (Mu)", None), ("", None), ("(", None),
    ],
)  # fmt: skip
def test_countries_as_ucdp_writes_them(name: str, code: str | None) -> None:
    assert country_code(name) == code


ACTORS: list[tuple[dict[str, str], str, str, str, str | None]] = [
    # Cells of side B; the actor's id, name, type and country.
    ({}, "ucdp-actor-90001", "Made-up Front", "armed_group", None),
    ({"side_b": "Government of Yemen (North Yemen)", "side_b_new_id": "123"},
     "ucdp-actor-123", "Government of Yemen (North Yemen)", "government", "YE"),
    ({"side_b": "Government of Atlantis"}, "ucdp-actor-90001", "Government of Atlantis", "government", None),
    ({"side_b": "Civilians", "side_b_new_id": "1"}, "ucdp-actor-1", "Civilians", "civilians", None),
    ({"side_b": "Civilians", "side_b_new_id": "9999"}, "ucdp-actor-1", "Civilians", "civilians", None),
    ({"side_b": "civilians", "side_b_new_id": ""}, "ucdp-actor-civilians", "civilians", "civilians", None),
    ({"side_b_new_id": ""}, "ucdp-actor-made-up-front", "Made-up Front", "armed_group", None),
    ({"side_b_new_id": "7.0"}, "ucdp-actor-made-up-front", "Made-up Front", "armed_group", None),
    ({"side_b": ""}, "ucdp-actor-90001", "UCDP actor 90001", "armed_group", None),
    ({"side_b": "A  B\nC"}, "ucdp-actor-90001", "A B C", "armed_group", None),
    ({"side_b": "A" * 300}, "ucdp-actor-90001", "A" * 199 + "…", "armed_group", None),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "actor_id", "name", "kind", "country"), ACTORS)
def test_sides_are_actors(cells: dict[str, str], actor_id: str, name: str, kind: str, country: str | None) -> None:
    found = records(**cells)
    actor = next(each for each in found.actors if each["id"] == actor_id)
    assert found.event["participants"][1]["actor"] == actor_id
    assert (actor["name"], actor["type"], actor["country"]) == (name, kind, country)
    check(found)
    assert lost(found, row(**cells)) == {}


def test_one_sided_violence_has_an_initiator_and_victims() -> None:
    cells = {"type_of_violence": "3", "side_b": "Civilians", "side_b_new_id": "1", "deaths_b": "0"}
    found = records(**cells, deaths_civilians="5", best="6")
    assert found.event["type"] == "attack_on_civilians"
    assert [(each["role"], each["deaths"]) for each in found.event["participants"]] == [("initiator", 1), ("victim", 5)]
    assert found.event["attributes"]["deaths_b"] == "0"
    missing = records(side_a="", side_a_new_id="", deaths_a="4")
    assert [each["role"] for each in missing.event["participants"]] == ["side_b"]
    assert missing.event["attributes"]["deaths_a"] == "4"
    twice = records(side_a="One", side_b="Other", side_a_new_id="5", side_b_new_id="5")
    assert [each["name"] for each in twice.actors[:-1]] == ["One"]
    assert twice.event["attributes"]["side_b"] == "Other"


QUALITY: list[tuple[dict[str, str], list[str]]] = [
    ({}, []),
    ({"low": "4"}, ["low_exceeds_best"]),
    ({"low": "5"}, ["low_exceeds_best", "low_exceeds_high"]),
    ({"high": "2"}, ["best_exceeds_high"]),
    ({"low": "9", "best": ""}, ["low_exceeds_high"]),
    ({"deaths_unknown": "1"}, ["parts_differ_from_best"]),
    ({"deaths_unknown": ""}, []),
    ({"date_end": "2016-03-06"}, ["date_precision_differs"]),
    ({"date_end": "2016-03-06", "date_prec": "2"}, []),
    ({"event_clarity": "2"}, ["aggregate"]),
    ({"code_status": "Check deaths"}, ["provisional"]),
    ({"code_status": ""}, []),
]


@pytest.mark.parametrize(("cells", "words"), QUALITY)
def test_what_contradicts_itself_is_kept_and_told(cells: dict[str, str], words: list[str]) -> None:
    found = records(**cells)
    assert found.event["quality"] == words
    check(found)
    assert lost(found, row(**cells)) == {}


def test_every_quality_has_a_case() -> None:
    assert {word for _, words in QUALITY for word in words} == set(QUALITIES)


@pytest.mark.parametrize(
    ("cells", "start", "end", "precision"),
    [
        ({"date_start": "2016-03-05 00:00:00.000", "date_end": "2016-03-05T00:00:00"}, "2016-03-05", "2016-03-05", "day"),
        ({"date_prec": "2"}, "2016-03-05", "2016-03-05", "days"),
        ({"date_prec": "3", "date_end": "2016-03-11"}, "2016-03-05", "2016-03-11", "week"),
        ({"date_prec": "4", "date_end": "2016-03-31"}, "2016-03-05", "2016-03-31", "month"),
        ({"date_prec": "5", "date_end": "2016-12-31"}, "2016-03-05", "2016-12-31", "year"),
        ({"date_end": "2016-03-06"}, "2016-03-05", "2016-03-06", "days"),
    ],
)  # fmt: skip
def test_days(cells: dict[str, str], start: str, end: str, precision: str) -> None:
    found = records(**cells)
    event = found.event
    assert (event["start_date"], event["end_date"], event["date_precision"]) == (start, end, precision)
    assert lost(found, row(**cells)) == {}


ARTICLES: list[tuple[str, list[tuple[str | None, str | None, str | None]]]] = [
    # The cell; publisher, day and title of each source.
    ("", []),
    (" ", []),
    ('"Wire,2016-03-06,One"', [("Wire", "2016-03-06", "One")]),
    ('"Wire,2016-03-06,One";"Wire,2016-03-06,One"', [("Wire", "2016-03-06", "One")]),
    ('"Wire,2016-03-06, One "', [("Wire", "2016-03-06", "One")]),
    ('"Wire,2016-03-06,a";"b";"Paper, The,2016-03-07,c,d"',
     [("Wire", "2016-03-06", 'a";"b'), ("Paper, The", "2016-03-07", "c,d")]),
    ('",2016-03-06,"', [(None, "2016-03-06", None)]),
    ('"Wire,2016-02-30,One"', [("Wire", None, "One")]),
    ('"Wire,2016-03-06,Two\nlines"', [("Wire", "2016-03-06", "Two\nlines")]),
    ("AFP 20111002", [(None, None, "AFP 20111002")]),
    ('"', [(None, None, '"')]),
    ('"Balkan Book"', [(None, None, '"Balkan Book"')]),
    ("x" * 501, [(None, None, "x" * 499 + "…")]),
    ("x" * 2001, [(None, None, "x" * 499 + "…")]),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "sources"), ARTICLES)
def test_articles_are_sources(cell: str, sources: list[tuple[str | None, str | None, str | None]]) -> None:
    given = {"source_article": cell, "source_office": "", "source_date": "", "source_headline": ""}
    found = records(**given)
    articles = [each for each in found.sources if each != OWN]
    assert [(each["publisher"], each["published_at"], each["title"]) for each in articles] == sources
    assert [each["source"] for each in found.event["evidence"]] == [each["id"] for each in articles] or ["ucdp-ged"]
    check(found)
    assert lost(found, row(**given)) == {}


def test_an_article_is_the_same_in_every_row() -> None:
    one, other = (records(source_article=f'"Wire,2016-03-06,One";"Paper,2016-03-07,{each}"') for each in "ab")
    assert one.sources[1] == other.sources[1]
    assert one.sources[2]["id"] != other.sources[2]["id"]


def test_an_event_cites_200_articles_at_the_most() -> None:
    many = ";".join(f'"W,2016-03-06,{number}"' for number in range(250))
    found = records(source_article=many)
    assert len(found.event["evidence"]) == 200
    assert found.event["attributes"]["source_article"] == many
    check(found)


def test_who_reported_it() -> None:
    report = records().statement
    assert report is not None
    assert (report["id"], report["speaker"]) == ("ucdp-ged-1001-report", "ucdp-reporter-example-observatory")
    assert report["text"] == "Reported the event: Government of Syria – Made-up Front, Newtown town."
    assert (report["date"], report["date_precision"], report["figures"]) == ("2016-03-07", "day", [])
    assert records(source_original=" ").statement is None
    undated = records(source_article="AFP 20111002", date_end="2016-03-09", date_prec="3").statement
    assert undated is not None
    assert (undated["date"], undated["date_precision"]) == ("2016-03-09", "week")
    assert "Not given" in undated["date_basis"]
    long = records(source_original="r" * 300)
    assert long.actors[-1]["name"] == "r" * 199 + "…"
    assert long.event["attributes"]["source_original"] == "r" * 300


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"id": ""}, "id is empty"),
    *[({"id": each}, f'id is "{each}", not a whole number') for each in ("x", "-1", "1.0", "0", "01", "٣", "1_0", " 1")],
    *[({"date_start": each}, "not a calendar day")
      for each in ("", "2016-02-30", "2016-3-5", "20160305", "2016-03-05 12:00:00", "05/03/2016")],
    ({"date_end": "2016-03-04"}, "date_end 2016-03-04 is before date_start 2016-03-05"),
    ({"latitude": ""}, "latitude is empty"),
    *[({"latitude": each}, "latitude is ") for each in ("91", "-90.1", "abc", "nan", "inf", "1,5", "٣", "1_0", " 1")],
    *[({"longitude": each}, "longitude is ") for each in ("", "180.5", "999", "1e3")],
    *[({"type_of_violence": each}, "must be one of 1, 2, 3") for each in ("", "4", "0", "1.0")],
    *[({"date_prec": each}, "must be one of 1, 2, 3, 4, 5") for each in ("", "0", "6")],
    *[({"where_prec": each}, "must be one of 1, 2, 3, 4, 5, 6, 7") for each in ("", "0", "8")],
    *[({name: each}, f'{name} is "{each}", not a whole number from 0')
      for name in ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
      for each in ("-1", "1.5", "x")],
    ({"best": "9" * 16}, "not a whole number"),
    ({"where_description": "a\0b"}, "holds the character U+0000"),
    ({"side_a": "a\udcffb"}, "is not UTF-8"),
    ({"side_a": "a\ud800b"}, "holds the character U+D800"),
    ({"where_description": "x" * 20_001}, "where_description has 20001 characters; at most 20000 can be kept"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "said"), REFUSED)
def test_what_is_refused(cells: dict[str, str], said: str) -> None:
    assert said in reason(**cells)


def test_a_refusal_names_line_and_id() -> None:
    assert mapped(row(best="x")) == Refused(2, 'best is "x", not a whole number from 0', "1001")
    assert mapped(Row(5, {})) == Refused(5, "id is empty", None)


def test_older_releases_lack_columns() -> None:
    found = mapped(Row(2, {name: CELLS[name] for name in NEEDED}))
    assert isinstance(found, Mapped)
    assert found.event["title"] == "UCDP event 1001"
    assert found.event["coded_fatalities"] == {"low": None, "best": None, "high": None, "civilians": None}
    check(found)


PLAUSIBLE = {
    "id": ["1", "99"], "type_of_violence": ["1", "2", "3"], "date_prec": ["1", "2", "3"], "where_prec": ["1", "5", "6"],
    "date_start": ["2016-03-01", "2016-03-04 00:00:00.000"], "date_end": ["2016-03-05", "2016-03-31"],
    "latitude": ["-0.0", "1e-05", "35", "90"], "longitude": ["180", "38.10"], "side_b_new_id": ["", "1", "9999", "118"],
    "source_article": [cell for cell, _ in ARTICLES], "source_original": ["", "Someone, someone else"],
    "country_id": ["", "652", "x"],
}  # fmt: skip
ANY_CELL = st.text(max_size=40) | st.sampled_from(
    ["", " ", "\u00a0", "0", "7", "Civilians", "Syria", '";"', "\x00", "x" * 600]
)
ROWS = st.builds(
    lambda some, others, extra: Row(2, {**CELLS, **some, **others, **extra}),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(cells) for name, cells in PLAUSIBLE.items()}),
    st.dictionaries(st.sampled_from([name for name in COLUMNS if name not in NEEDED]), ANY_CELL, max_size=6)
    | st.dictionaries(st.sampled_from(list(COLUMNS)), ANY_CELL, max_size=3),
    st.dictionaries(st.sampled_from(["extra", "column_50"]), ANY_CELL, max_size=1),
)


@given(ROWS)
@settings(max_examples=400, deadline=None)
def test_whatever_the_row_its_records_are_right_and_lose_nothing(given: Row) -> None:
    found = mapped(given)
    if isinstance(found, Refused):
        assert found.reason
    else:
        check(found)
        assert lost(found, given) == {}


@given(st.lists(ROWS, max_size=5))
@settings(max_examples=30, deadline=None)
def test_a_row_gives_the_same_records_whatever_came_before(given: list[Row]) -> None:
    after_others = [mapped(each) for each in given]
    for each in (ucdp_places.place, ucdp_places.areas, ucdp_sources.articles, ucdp_actors.side, ucdp_names.step):
        each.cache_clear()
    assert [mapped(each) for each in reversed(given)] == after_others[::-1]


@given(st.text())
def test_a_step_of_an_id_is_safe(name: str) -> None:
    if name.encode("utf-8", "ignore").decode() == name:
        assert len(step(name)) <= ucdp_names.LONGEST_STEP
        assert ID.fullmatch(step(name))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"slices of UCDP GED are not part of the repository: no {REAL}")
@pytest.mark.parametrize("name", ["ged-mixed.csv", "ged-syria.csv"])
def test_real_rows(name: str) -> None:
    seen: set[tuple[str, str]] = set()
    for number, each in enumerate(read(REAL / name)):
        assert isinstance(each, Row)
        found = mapped(each)
        assert isinstance(found, Mapped), found
        assert lost(found, each) == {}
        if number % 20 == 0:
            for noun, record in of(found):
                if (noun, record["id"]) not in seen:
                    seen.add((noun, record["id"]))
                    assert to_json(BY_NAME[noun].record_schema.load(record)) == to_json(record)
