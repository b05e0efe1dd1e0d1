"""GIS programs read `/ogc`, filtered, and get row by row what SQL says; a proxy sees that the server filters for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from live import Server, free_port, running

from clients.gis_programs import (
    by_ogr2ogr,
    check_pushed,
    duckdb,
    from_geopackage,
    openings,
    owslib,
    pyogrio,
    rows_of,
    with_point,
)  # fmt: skip
from clients.gis_questions import ALL, FOR_EACH_GDAL, FOR_OWSLIB, MANY, PAGE, PLACES, WHOLE_PAGE
from clients.programs import command, read, run
from clients.recorder import Recorder, recording
from clients.truth import COLUMNS, PLACE_COLUMNS, events, in_order, places, same


@pytest.fixture(scope="module")
def proxy(server: Server) -> Iterator[Recorder]:
    """What stands before the server and writes down what it is asked for."""
    with recording(server.address) as recorder:
        yield recorder


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
        *("-ro", "-al", "-so", "-where", "type = 'armed_clash'"),
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


def test_the_gdal_of_pyogrio(server: Server, proxy: Recorder, client_python: Path) -> None:
    proxy.taken()
    found = pyogrio(client_python, proxy.address, FOR_EACH_GDAL)["rows"]
    *asked, _ = openings(proxy.taken())  # the last is for the types of the columns
    for (question, page), answer, log in zip(FOR_EACH_GDAL, found, asked, strict=True):
        rows = rows_of(server, question)
        same(in_order(answer), rows, question.name)
        check_pushed(log, question, len(rows), page)


@pytest.mark.slow
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


def test_places(server: Server, client_python: Path, tmp_path: Path) -> None:
    found = pyogrio(client_python, server.address, [(each, WHOLE_PAGE) for each in PLACES], "locations")["rows"]
    for question, answer in zip(PLACES, found, strict=True):
        rows = [with_point(row, PLACE_COLUMNS) for row in places(server.database, question.where)]
        assert rows, question.name
        same(in_order(answer), rows, question.name)
        file = by_ogr2ogr(server.address, tmp_path, question, WHOLE_PAGE, "locations")
        same(from_geopackage(file, "locations", PLACE_COLUMNS), rows, question.name)


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
