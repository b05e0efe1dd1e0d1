"""GIS programs read `/ogc`, filtered, and get row by row what SQL says; a proxy sees that the server filters for them."""

import math
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from live import Server, free_port, running

from clients.programs import command, read, run
from clients.recorder import Asked, Recorder, recording
from clients.truth import COLUMNS, PLACE_COLUMNS, Row, events, in_order, places, same

PAGE = 100
"""Features of a page where something is filtered, so that filtered sets have several pages."""
WHOLE_PAGE = 1000
NORTH_OF_SYRIA = (36.0, 35.0, 38.0, 37.0)
SPAN = "e.end_date >= '2021-06-01' AND e.start_date <= '2024-11-28'"
CASELESS = "lower(json_extract(c.record, '$.title')) GLOB '*aleppo*'"
TRIANGLE = (
    "l.latitude >= 35 AND l.latitude - 35 <= 2 * (l.longitude - 36) AND l.latitude - 35 <= 2 * (38 - l.longitude)"
)


@dataclass(frozen=True)
class Question:
    """One filter: in SQL, in the standard's parameters, and as GDAL takes it; `pushed` is what GDAL makes of that."""

    name: str
    where: str
    asked: dict[str, str] = field(default_factory=dict)
    ogr: str = ""
    box: tuple[float, ...] = ()
    pushed: tuple[str, ...] = ()


ALL = Question("all", "true")
FOR_GDAL = (
    Question(
        "bbox", "l.longitude BETWEEN 36 AND 38 AND l.latitude BETWEEN 35 AND 37", {"bbox": "36,35,38,37"},
        box=NORTH_OF_SYRIA, pushed=("bbox",),
    ),
    Question(
        "property", "e.type IN ('shelling', 'attack_on_civilians') AND l.country = 'SY'", {"country": "SY"},
        ogr="(type = 'shelling' OR type = 'attack_on_civilians') AND country = 'SY'", pushed=("filter", "filter-lang"),
    ),
    Question(
        "datetime", SPAN, {"datetime": "2021-06-01/2024-11-28"},
        ogr="end_date >= '2021/06/01' AND start_date <= '2024/11/28'", pushed=("filter", "filter-lang"),
    ),
    Question(
        "expression", "NOT e.type = 'ceasefire' AND (e.fatalities BETWEEN 40 AND 300 OR l.latitude > 52)",
        {"filter": "NOT type = 'ceasefire' AND (fatalities_best BETWEEN 40 AND 300 OR latitude > 52)"},
        ogr="NOT type = 'ceasefire' AND (fatalities_best BETWEEN 40 AND 300 OR latitude > 52)",
        pushed=("filter", "filter-lang"),
    ),
    Question(
        "both", "e.type = 'armed_clash' AND l.longitude BETWEEN 36 AND 38 AND l.latitude BETWEEN 35 AND 37",
        ogr="type = 'armed_clash'", box=NORTH_OF_SYRIA, pushed=("bbox", "filter", "filter-lang"),
    ),
)  # fmt: skip
MANY = ("until", "as QGIS has it", "by parameter")
FOR_OWSLIB = (
    *(each for each in FOR_GDAL if each.name in ("bbox", "datetime", "expression")),
    Question("by parameter", "e.type = 'armed_clash' AND l.country = 'SY'", {"type": "armed_clash", "country": "SY"}),
    Question("until", "e.start_date <= '2020-06-30'", {"datetime": "../2020-06-30T23:59:59Z", "limit": "1000"}),
    Question(
        "as QGIS has it", "e.start_date <= '2020-06-30' AND l.country = 'SY'",
        {"datetime": "0000-01-01T00:00:00Z/2020-06-30", "country": "SY", "limit": "1000"},
    ),
    Question("spatial", TRIANGLE, {"filter": "S_INTERSECTS(geometry, POLYGON((36 35, 38 35, 37 37, 36 35)))"}),
    Question(
        "temporal", "e.start_date > '2022-01-01' AND e.end_date < '2024-11-30'",
        {"filter": "T_AFTER(start_date, DATE('2022-01-01')) AND T_BEFORE(end_date, DATE('2024-11-30'))"},
    ),
    Question(
        "caseless", f"{CASELESS} OR e.fatalities > 900",
        {"filter": "CASEI(title) LIKE CASEI('%ALEPPO%') OR fatalities_best > 900", "filter-lang": "cql2-text"},
    ),
    Question(
        "as JSON", "e.fatalities >= 100",
        {"filter": '{"op":">=","args":[{"property":"fatalities_best"},100]}', "filter-lang": "cql2-json"},
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def proxy(server: Server) -> Iterator[Recorder]:
    """What stands before the server and writes down what it is asked for."""
    with recording(server.address) as recorder:
        yield recorder


def rows_of(server: Server, question: Question) -> list[Row]:
    """The rows by SQL, with the point that a program makes of the geometry."""
    rows = events(server.database, question.where)
    assert rows, f"{question.name}: nothing to compare"
    return [with_point(row, COLUMNS) for row in rows]


def with_point(row: Sequence[Any], columns: Sequence[str]) -> Row:
    return (*row, row[columns.index("longitude")], row[columns.index("latitude")])


def check_pushed(asked: Sequence[Asked], question: Question, rows: int, page: int) -> None:
    """The server was asked with the filter, page by page; without it for no more than one first look."""
    items = [each for each in asked if each.path.endswith("/items")]
    following = [each for each in items if "cursor" in each.query]
    says = [each.target for each in items]
    assert len(following) == max(0, math.ceil(rows / page) - 1), (question.name, says)
    assert all(set(question.pushed) <= set(each.query) for each in following), (question.name, says)
    assert any(set(question.pushed) <= set(each.query) for each in items if each not in following), (
        question.name,
        says,
    )
    assert {each.status for each in asked} <= {200, 304}, (question.name, says)


def from_geopackage(path: Path, layer: str, columns: Sequence[str]) -> list[Row]:
    """The rows of a GeoPackage, with longitude and latitude out of its geometries (8 bytes of header, then WKB)."""
    with closing(sqlite3.connect(path)) as package:
        rows = package.execute(f"SELECT geom, {', '.join(columns)} FROM {layer}").fetchall()
    return in_order([*row[1:], *(struct.unpack("<dd", row[0][-16:]) if row[0] else (None, None))] for row in rows)


def by_ogr2ogr(address: str, folder: Path, question: Question, page: int, layer: str = "events") -> Path:
    """What GDAL's command makes of the collection."""
    options: list[str] = ["-where", question.ogr] if question.ogr else []
    options += ["-spat", *map(str, question.box)] if question.box else []
    file = folder / f"{question.name}-{layer}.gpkg"
    run(command("ogr2ogr"), "-f", "GPKG", file, "-oo", f"PAGE_SIZE={page}", *options, f"OAPIF:{address}/ogc", layer)
    return file


FOR_EACH_GDAL = [(ALL, WHOLE_PAGE), *((each, PAGE) for each in FOR_GDAL)]


def test_the_gdal_of_debian(server: Server, proxy: Recorder, tmp_path: Path) -> None:
    """3.6, as far as this operating system is Debian 12: to a GeoPackage, which QGIS and others open."""
    for question, page in FOR_EACH_GDAL:
        proxy.taken()
        file = by_ogr2ogr(proxy.address, tmp_path, question, page)
        rows = rows_of(server, question)
        same(from_geopackage(file, "events", COLUMNS), rows, question.name)
        check_pushed(proxy.taken(), question, len(rows), page)


def test_the_gdal_of_debian_counts_without_reading(server: Server, proxy: Recorder) -> None:
    proxy.taken()
    says = run(
        command("ogrinfo"),
        "-ro",
        "-al",
        "-so",
        "-where",
        "type = 'armed_clash'",
        f"OAPIF:{proxy.address}/ogc",
        "events",
    )
    rows = events(server.database, "e.type = 'armed_clash'")
    assert f"Feature Count: {len(rows)}\n" in says
    assert ["hits"] in [each.query.get("resultType") for each in proxy.taken()]


def test_the_gdal_of_debian_finds_one_by_its_id(server: Server, proxy: Recorder) -> None:
    one = events(server.database, "true")[0]
    proxy.taken()
    says = run(
        command("ogrinfo"), "-ro", "-al", "-q", "-where", f"id = '{one[0]}'", f"OAPIF:{proxy.address}/ogc", "events"
    )
    assert f"id (String) = {one[0]}\n" in says
    assert f"title (String) = {one[2]}\n" in says
    assert f"/ogc/collections/events/items/{one[0]}" in [each.path for each in proxy.taken()]


Paged = tuple[Question, int]
"""What is asked, and how many features a page shall have."""


def pyogrio(python: Path, address: str, questions: Sequence[Paged], layer: str = "events") -> Any:
    job = {
        "dataset": f"OAPIF:{address}/ogc", "layer": layer, "columns": COLUMNS if layer == "events" else PLACE_COLUMNS,
        "questions": [
            {"where": each.ogr or None, "bbox": each.box or None, "page": page} for each, page in questions
        ],
    }  # fmt: skip
    return read(python, "pyogrio_reader", job)


def openings(asked: Sequence[Asked]) -> list[list[Asked]]:
    """What was asked, split where the client looked for the collections anew."""
    starts = [number for number, each in enumerate(asked) if each.path.endswith("/collections")]
    return [list(asked[start:end]) for start, end in zip(starts, [*starts[1:], len(asked)], strict=True)]


def test_the_gdal_of_pyogrio(server: Server, proxy: Recorder, client_python: Path) -> None:
    proxy.taken()
    found = pyogrio(client_python, proxy.address, FOR_EACH_GDAL)["rows"]
    asked = openings(proxy.taken())
    for (question, page), answer, log in zip(FOR_EACH_GDAL, found, asked, strict=False):
        rows = rows_of(server, question)
        same(in_order(answer), rows, question.name)
        check_pushed(log, question, len(rows), page)


def test_real_names_and_headlines(real_server: Server, client_python: Path, tmp_path: Path) -> None:
    rows = rows_of(real_server, ALL)
    by_wheel = pyogrio(client_python, real_server.address, [(ALL, PAGE)])["rows"][0]
    same(in_order(by_wheel), rows, "GDAL of pyogrio")
    same(
        from_geopackage(by_ogr2ogr(real_server.address, tmp_path, ALL, PAGE), "events", COLUMNS), rows, "GDAL of Debian"
    )


def test_columns_have_their_types_even_where_all_is_null(seed_server: Server, client_python: Path) -> None:
    """GDAL from 3.7 reads the schema; without it a column of nulls would be text."""
    types = pyogrio(client_python, seed_server.address, [])["types"]
    figures = [
        f"{kind}_{part}"
        for kind in ("fatalities", "injured", "displaced")
        for part in ("low", "best", "high", "civilians")
    ]
    assert {types[name] for name in (*figures, "source_count")} <= {"int32", "int64"}, types
    assert {types[f"{kind}_disputed"] for kind in ("fatalities", "injured", "displaced")} == {"bool"}
    assert (types["start_date"], types["end_date"]) == ("datetime64[D]", "datetime64[D]")
    assert (types["latitude"], types["longitude"]) == ("float64", "float64")
    assert list(types).count("id") == 1


PLACES = (
    ALL,
    Question("towns", "l.type = 'town' AND l.country = 'SY'", ogr="type = 'town' AND country = 'SY'"),
    Question("bbox", "l.longitude BETWEEN 36 AND 38 AND l.latitude BETWEEN 35 AND 37", box=NORTH_OF_SYRIA),
)


def test_places(server: Server, client_python: Path, tmp_path: Path) -> None:
    found = pyogrio(client_python, server.address, [(each, WHOLE_PAGE) for each in PLACES], "locations")["rows"]
    for question, answer in zip(PLACES, found, strict=True):
        rows = [with_point(row, PLACE_COLUMNS) for row in places(server.database, question.where)]
        assert rows, question.name
        same(in_order(answer), rows, question.name)
        file = by_ogr2ogr(server.address, tmp_path, question, WHOLE_PAGE, "locations")
        same(from_geopackage(file, "locations", PLACE_COLUMNS), rows, question.name)


def owslib(python: Path, address: str, questions: Sequence[Question], one: str) -> Any:
    job = {
        "address": f"{address}/ogc", "collection": "events", "columns": COLUMNS, "one": one,
        "questions": {each.name: {"limit": str(PAGE)} | each.asked for each in questions},
    }  # fmt: skip
    return read(python, "owslib_reader", job)


def test_owslib(server: Server, proxy: Recorder, client_python: Path) -> None:
    one = events(server.database, "true")[0][0]
    proxy.taken()
    found = owslib(client_python, proxy.address, FOR_OWSLIB, one)
    assert {each.status for each in proxy.taken()} == {200}
    assert (found["collections"], found["openapi"][:4], found["one"]) == (["events", "locations"], "3.0.", one)
    assert {"geometry", "type", "start_date", "fatalities_best"} <= set(found["queryables"])
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in found["conformance"]
    for question in FOR_OWSLIB:
        rows = rows_of(server, question)
        same(in_order(found["rows"][question.name]), rows, question.name)
        assert found["matched"][question.name] == len(rows)


def duckdb(python: Path, questions: dict[str, str]) -> Any:
    shown = f"{', '.join(COLUMNS)}, ST_X(geom), ST_Y(geom)"
    asked = {name: f"SELECT {shown} FROM ST_Read({source}" for name, source in questions.items()}
    return read(python, "duckdb_reader", {"extensions": ["spatial", "httpfs"], "questions": asked})


def test_duckdb(server: Server, proxy: Recorder, client_python: Path) -> None:
    """It filters by itself whatever GDAL would push; a page that is filtered by its address it reads as GeoJSON."""
    page = f"{proxy.address}/ogc/collections/events/items?limit={WHOLE_PAGE}"
    # Those that no single page holds are left out.
    on_one_page = [each for each in FOR_OWSLIB if each.name not in MANY]
    pages = {each.name: f"'{page}&{urlencode(each.asked)}')" for each in on_one_page}
    proxy.taken()
    found = duckdb(
        client_python,
        {"all": f"'OAPIF:{proxy.address}/ogc', layer = 'events', open_options = ['PAGE_SIZE={WHOLE_PAGE}'])", **pages},
    )
    assert {each.status for each in proxy.taken()} <= {200, 304}
    for question in (ALL, *on_one_page):
        same(in_order(found[question.name]), rows_of(server, question), question.name)


def test_the_document_is_what_the_declared_classes_want(seed_server: Server, client_python: Path) -> None:
    job: dict[str, Any] = {"address": f"{seed_server.address}/ogc", "without": []}
    judged = read(client_python, "ogcapi_registry_reader", job)
    assert judged["errors"] == []
    assert {each["severity"] for each in judged["warnings"]} <= {"info"}, judged["warnings"]
    judged = read(client_python, "ogcapi_registry_reader", job | {"without": ["/conformance"]})
    assert judged["errors"], "it finds what is missing"


def test_behind_a_gateway_under_a_prefix(tmp_path: Path, client_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server learns neither the name nor the prefix that clients use; its setting alone makes the links."""
    port = free_port()
    monkeypatch.setenv("EVENT_TIMELINE_PUBLIC_URL", f"http://127.0.0.1:{port}/conflict")
    with running(tmp_path / "seed.db") as server, recording(server.address, "/conflict", port) as proxy:
        by_debian = from_geopackage(by_ogr2ogr(proxy.address, tmp_path, ALL, 7), "events", COLUMNS)
        by_wheel = pyogrio(client_python, proxy.address, [(ALL, 7)])["rows"][0]
        source = f"'OAPIF:{proxy.address}/ogc', layer = 'events', open_options = ['PAGE_SIZE=7'])"
        by_duckdb = duckdb(client_python, {"all": source})["all"]
        expected = [row[0] for row in events(server.database, "true")]
        by_owslib = owslib(client_python, proxy.address, [ALL], expected[0])["rows"]["all"]
    assert [[row[0] for row in in_order(each)] for each in (by_debian, by_wheel, by_duckdb, by_owslib)] == [
        expected
    ] * 4
    assert all(each.path.startswith("/conflict/ogc") and each.status == 200 for each in proxy.asked)
