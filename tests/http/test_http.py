"""What HTTP promises: validators, caching, HEAD and OPTIONS, compression, CORS, limits, deadlines, addresses."""

import gc
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import brotli  # type: ignore[import-untyped]
import pytest
from answers import (
    ASSET,
    EVERY_PATH,
    HEALTH,
    PAGES,
    ask,
    check_headers,
    check_type,
    event,
    problem_of,
    serving,
    strict_json,
    write,
)
from backports import zstd
from conftest import seeded
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.config import Settings
from api.store import counters, readers
from api.store.migrations import open_migrated
from api.web import http, rate_limit

CACHED = [path for path in EVERY_PATH if path not in HEALTH]
READING = [path for path in CACHED if path not in (*PAGES, ASSET)]
"""Paths whose answers come from the database."""
HTML_PAGES = ("/docs", "/docs/guide", "/docs/filter", "/docs/ucdp", "/docs/problems")
ENCODINGS = ("zstd", "br", "gzip", "deflate", "identity")
LONG_AGO = "2024-12-01T10:00:00Z"
DAY = "Sun, 01 Dec 2024 10:00:00 GMT"


def inflated(response: TestResponse) -> bytes:
    """The body as it was before it was compressed."""
    undo: dict[str | None, Callable[[bytes], bytes]] = {
        "zstd": zstd.decompress,
        "br": brotli.decompress,
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
        None: bytes,
    }
    return undo[response.content_encoding](response.data)


def old_database(path: Path) -> Path:
    """A database with the seed that was last changed at `LONG_AGO`."""
    connection = open_migrated(seeded(path))
    connection.execute("UPDATE changes SET at = ?", (LONG_AGO,))
    connection.close()
    return path


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of data that was last changed at `LONG_AGO`."""
    with serving(Settings(db=old_database(tmp_path_factory.mktemp("old") / "old.db"))) as client:
        yield client


@dataclass(frozen=True)
class Own:
    """A database that the test may change, and a client of it."""

    database: Path
    client: FlaskClient


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    """The test's own data, last changed at `LONG_AGO`."""
    path = old_database(tmp_path / "own.db")
    with serving(Settings(db=path)) as client:
        yield Own(path, client)


@pytest.mark.parametrize("path", CACHED)
def test_every_answer_has_a_strong_and_stable_etag(client: FlaskClient, path: str) -> None:
    response = ask(client, path)
    etag = response.headers["ETag"]
    assert re.fullmatch(r'"([0-9]+\.)?[0-9a-f]{32}"', etag)
    assert ask(client, path).headers["ETag"] == etag
    assert re.fullmatch(r"public, max-age=\d+(, stale-while-revalidate=\d+)?", response.headers["Cache-Control"])


def test_every_answer_has_its_own_etag(client: FlaskClient) -> None:
    targets = [*CACHED, "/v1/events?limit=5", "/v1/events?limit=6", "/v1/events?type=airstrike", "/v1/events?fields=id"]
    etags = [ask(client, target).headers["ETag"] for target in targets]
    etags += [ask(client, "/v1/events", Host=host).headers["ETag"] for host in ("a.example", "b.example")]
    etags += [ask(client, "/v1/events", Accept=each).headers["ETag"] for each in ("text/csv", "application/geo+json")]
    etags.append(ask(client, "/", Accept="text/html").headers["ETag"])
    assert len(set(etags)) == len(etags)


def test_a_sequence_number_that_is_used_again_is_another_version(own: Own) -> None:
    """As after a restore from a replica, to which the newest changes had not come."""
    tag = ask(own.client, "/v1/events").headers["ETag"]
    connection = open_migrated(own.database)
    connection.execute("UPDATE changes SET at = '2024-12-02T10:00:00Z' WHERE seq = (SELECT max(seq) FROM changes)")
    connection.close()
    assert ask(own.client, "/v1/events").headers["ETag"] != tag


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events.csv", "/v1/bundle", "/docs/guide", "/"])
def test_every_encoding_has_its_own_etag(client: FlaskClient, path: str) -> None:
    tags = {ask(client, path, Accept_Encoding=each).headers["ETag"] for each in ENCODINGS}
    assert len(tags) == len(ENCODINGS)
    assert all(re.fullmatch(r'"([0-9]+\.)?[0-9a-f]{32}(:[a-z]+)?"', each) for each in tags)


def held(pattern: str, etag: str) -> str:
    """An `If-None-Match` in which `@` stands for the opaque part of the tag."""
    return pattern.replace("@", etag.strip('"'))


HOLDS = (
    ('"@"', 304),
    ('W/"@"', 304),
    ('"@:br"', 304),
    ('"@:zstd"', 304),
    ('"@:gzip"', 304),
    ('W/"@:gzip"', 304),
    ('"x", "@"', 304),
    ('"x",W/"@:br" , "y"', 304),
    ("*", 304),
    ('"x"', 200),
    ('"@x"', 200),
    ('"@:lzma"', 200),
    ('"@:br:gzip"', 200),
    ('w/"y"', 200),
    ('""', 200),
    ("", 200),
)


@pytest.mark.parametrize(("pattern", "status"), HOLDS)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/timeline.csv", "/v1/actors/hayat-tahrir-al-sham", "/docs"])
def test_a_copy_that_is_held_is_not_sent_again(client: FlaskClient, path: str, pattern: str, status: int) -> None:
    etag = ask(client, path).headers["ETag"]
    for method in ("GET", "HEAD"):
        for encoding in ("identity", "br"):
            response = ask(client, path, method, If_None_Match=held(pattern, etag), Accept_Encoding=encoding)
            assert response.status_code == status


@pytest.mark.parametrize("path", CACHED)
def test_a_304_has_the_headers_that_a_cache_needs(client: FlaskClient, path: str) -> None:
    full = ask(client, path, Accept_Encoding="br")
    response = ask(client, path, Accept_Encoding="br", If_None_Match=full.headers["ETag"])
    assert response.status_code == 304
    check_headers(response)
    assert response.data == b""
    for name in ("ETag", "Cache-Control", "Vary"):
        assert response.headers.get(name) == full.headers.get(name), name
    for name in ("Content-Type", "Content-Length", "Content-Encoding", "Link"):
        assert name not in response.headers, name


@pytest.mark.parametrize("name", ["pages.css", "icon.svg", "docs.js", "swagger-ui.css", "swagger-ui-bundle.js"])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "gzip, deflate, br, zstd"])
def test_a_file_of_the_pages_is_held_for_long(client: FlaskClient, name: str, encoding: str) -> None:
    path = f"/docs/assets/{name}"
    response = ask(client, path, Accept_Encoding=encoding)
    assert inflated(response) == ask(client, path).data
    assert (response.content_encoding is None) == (encoding == "identity") or len(response.data) < 600
    assert "Accept-Encoding" in response.headers["Vary"]
    assert int(re.findall(r"max-age=(\d+)", response.headers["Cache-Control"])[0]) >= 3600
    for tag in (response.headers["ETag"], f"W/{response.headers['ETag']}", "*"):
        assert ask(client, path, Accept_Encoding=encoding, If_None_Match=tag).status_code == 304
    assert ask(client, path, Accept_Encoding=encoding, If_None_Match='"x"').status_code == 200


@pytest.mark.parametrize("path", HEALTH)
def test_health_is_never_cached(client: FlaskClient, path: str) -> None:
    response = ask(client, path, If_None_Match="*")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.fixture
def statements(old: FlaskClient) -> Iterator[list[str]]:
    """The SQL that the client's requests run, after a first request that opens the connection."""
    ask(old, "/v1/events")
    seen: list[str] = []
    connection = old.application.config["STORE"].reader()._connection
    connection.set_trace_callback(seen.append)
    yield seen
    connection.set_trace_callback(None)


@pytest.mark.parametrize("path", READING)
def test_a_304_by_entity_tag_reads_no_table(old: FlaskClient, statements: list[str], path: str) -> None:
    etag = ask(old, path).headers["ETag"]
    statements.clear()
    assert ask(old, path, If_None_Match=etag).status_code == 304
    assert [each for each in statements if each not in ("BEGIN", "ROLLBACK")] == ["PRAGMA data_version"]


@pytest.mark.parametrize("target", [*PAGES, ASSET, "/healthz", "/nothing", "/v1/events?limt=1", "/v1/events?sort=x"])
def test_what_needs_no_data_does_not_ask_for_any(old: FlaskClient, statements: list[str], target: str) -> None:
    ask(old, target)
    assert statements == []


ABSENT = ("/v1/events/nope", "/v1/events?actor=Nobody", "/v1/events?limt=1", "/nothing", "/v1/events?sort=relevance")


@pytest.mark.parametrize("path", ABSENT)
@pytest.mark.parametrize(
    ("name", "value"),
    [("If-None-Match", "*"), ("If-None-Match", '"x"'), ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")],
)
def test_what_is_refused_is_never_a_304(client: FlaskClient, path: str, name: str, value: str) -> None:
    """RFC 9110, 13.2.1: preconditions count only where the answer without them would be a success."""
    response = client.get(path, headers={name: value})
    assert response.status_code in (400, 404)
    problem_of(response)


DATES = (
    ({"If-Modified-Since": DAY}, 304),
    ({"If-Modified-Since": "Mon, 02 Dec 2024 00:00:00 GMT"}, 304),
    ({"If-Modified-Since": "Sun, 01 Dec 2024 12:00:00 +0200"}, 304),
    ({"If-Modified-Since": "Sunday, 01-Dec-24 10:00:00 GMT"}, 304),
    ({"If-Modified-Since": "Sun Dec  1 10:00:00 2024"}, 304),
    ({"If-Modified-Since": "Sun, 01 Dec 2024 09:59:59 GMT"}, 200),
    ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
    ({"If-Modified-Since": "2024-12-02T00:00:00Z"}, 200),
    ({"If-Modified-Since": "Thu, 01 Jan 99999999999 00:00:00 GMT"}, 200),
    ({"If-Modified-Since": "tomorrow"}, 200),
    ({"If-Modified-Since": ""}, 200),
    ({"If-Modified-Since": DAY, "If-None-Match": '"x"'}, 200),
    ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT", "If-None-Match": "*"}, 304),
    ({"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
)


@pytest.mark.parametrize(("headers", "status"), DATES)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/events.csv", "/v1/events/saraqib-captured", "/v1/meta"])
def test_a_date_is_a_validator_too(old: FlaskClient, path: str, headers: dict[str, str], status: int) -> None:
    for method in ("GET", "HEAD"):
        response = old.open(path, method=method, headers=headers, buffered=True)
        assert response.status_code == status
        assert response.headers.get("Last-Modified") == (DAY if status == 200 else None)


@pytest.mark.parametrize(("seconds", "is_told"), [(0, False), (1, False), (1.9, False), (2, True), (3600, True)])
def test_a_change_of_this_second_has_no_date_yet(
    old: FlaskClient, monkeypatch: pytest.MonkeyPatch, seconds: float, is_told: bool
) -> None:
    """Within the second a further change could follow that the same date would hide (RFC 9110, 8.8.2.2)."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2024, 12, 1, 10, tzinfo=UTC) + timedelta(seconds=seconds)

    monkeypatch.setattr(http, "datetime", Clock)
    assert ("Last-Modified" in ask(old, "/v1/events").headers) == is_told


@pytest.mark.parametrize("max_age", [0, 10, 86_400])
def test_caches_are_told_how_long(database: Path, max_age: int) -> None:
    with serving(Settings(db=database, max_age=max_age)) as client:
        response = ask(client, "/v1/events")
        assert response.headers["Cache-Control"] == f"public, max-age={max_age}, stale-while-revalidate=60"


def test_a_write_changes_every_etag_and_is_seen_at_once(own: Own) -> None:
    targets = [*READING, "/v1/events?q=bridge", "/v1/events/summary?group_by=type"]
    before = {target: ask(own.client, target).headers["ETag"] for target in targets}
    version = ask(own.client, "/v1/meta").get_json()["dataset_version"]

    write(own.database, events=[event("new-event", "Clash at the bridge")])
    for target in targets:
        assert ask(own.client, target, If_None_Match=before[target]).status_code == 200, target
        assert ask(own.client, target).headers["ETag"] != before[target]
    assert ask(own.client, "/v1/meta").get_json()["dataset_version"] == version + 1
    assert ask(own.client, "/v1/events?q=bridge").get_json()["data"][0]["id"] == "new-event"

    write(own.database, events=[event("new-event", "Clash at the ford")])
    record = ask(own.client, "/v1/events/new-event").get_json()
    assert (record["title"], record["version"]) == ("Clash at the ford", 2)
    assert ask(own.client, "/v1/events?q=bridge").get_json()["data"] == []


def test_a_write_of_what_is_there_changes_nothing(own: Own) -> None:
    write(own.database, events=[event("new-event", "Clash at the bridge")])
    before = {path: ask(own.client, path).headers["ETag"] for path in READING}
    write(own.database, events=[event("new-event", "Clash at the bridge")])
    for path in READING:
        assert ask(own.client, path, If_None_Match=before[path]).status_code == 304, path


def test_another_database_has_other_etags(old: FlaskClient, client: FlaskClient) -> None:
    """Both hold the same records at the same version, but are two databases: each has an epoch of its own."""
    assert ask(old, "/v1/meta").get_json()["dataset_version"] == ask(client, "/v1/meta").get_json()["dataset_version"]
    assert ask(old, "/v1/events").headers["ETag"] != ask(client, "/v1/events").headers["ETag"]


OF_THE_MOMENT = ("X-Request-ID", "Server-Timing", "Date")
HEADED = (*EVERY_PATH, "/v1/events?limit=1", "/v1/events/nope", "/v1/events?limt=1", "/nothing", "/v1/events?type=x")


@pytest.mark.parametrize("target", HEADED)
def test_head_is_get_without_a_body(client: FlaskClient, target: str) -> None:
    for encoding in ("identity", "br"):
        get, head = (ask(client, target, method, Accept_Encoding=encoding) for method in ("GET", "HEAD"))
        assert head.status_code == get.status_code
        assert head.data == b""
        for name in {*get.headers.keys(), *head.headers.keys()} - {*OF_THE_MOMENT}:
            assert head.headers.get(name) == get.headers.get(name), name


def test_head_of_a_whole_set_leaves_nothing_open(client: FlaskClient) -> None:
    """A stream that nobody reads must not be closed late, in another request's context; pytest tells of that as an error."""
    for path in ("/v1/events.csv", "/v1/timeline.geojson", "/v1/statements.ndjson"):
        for encoding in ENCODINGS:
            assert client.head(path, headers={"Accept-Encoding": encoding}).status_code == 200
    gc.collect()


@pytest.mark.parametrize("path", EVERY_PATH)
def test_every_route_answers_options(client: FlaskClient, path: str) -> None:
    plain = ask(client, path, "OPTIONS")
    preflight = ask(
        client, path, "OPTIONS",
        Origin="https://app.example", Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="if-none-match, x-request-id",
    )  # fmt: skip
    for response in (plain, preflight):
        assert response.status_code in (200, 204)
        assert response.data == b""
        check_headers(response)
        allowed = response.headers["Allow"].split(", ")
        assert {"GET", "HEAD", "OPTIONS"} <= set(allowed)
        assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == set(allowed)
        taken = {each.strip().lower() for each in response.headers["Access-Control-Allow-Headers"].split(",")}
        assert {"accept", "if-none-match", "if-modified-since", "x-request-id"} <= taken
        assert int(response.headers["Access-Control-Max-Age"]) > 0
        assert "Access-Control-Allow-Credentials" not in response.headers


SCRIPTED = (
    "/v1/events",
    "/v1/events.csv",
    "/",
    "/docs",
    "/healthz",
    "/nothing",
    "/v1/events?limt=1",
    "/v1/events/nope",
)


@pytest.mark.parametrize("target", SCRIPTED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_scripts_of_any_site_may_read_answers_and_errors(client: FlaskClient, target: str, method: str) -> None:
    response = ask(client, target, method, Origin="https://app.example")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    shown = {each.strip() for each in response.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"Link", "ETag", "X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy", "Server-Timing"} <= shown


WISHES = (
    ("", None),
    ("identity", None),
    ("gzip", "gzip"),
    ("br", "br"),
    ("zstd", "zstd"),
    ("deflate", "deflate"),
    ("GZIP", "gzip"),
    ("gzip, deflate", "gzip"),
    ("gzip, deflate, br", "br"),
    ("gzip, deflate, br, zstd", "zstd"),
    ("br;q=0.5, gzip;q=1.0", "gzip"),
    ("br; q=0.5, gzip; q=1.0", "gzip"),
    ("gzip ;q=0.2 , zstd; q=0.1", "gzip"),
    ("gzip;q=0", None),
    ("gzip;q=0.0", None),
    ("gzip; q=0", None),
    ("gzip;q=0, br", "br"),
    ("gzip;q=0, br;q=0, zstd;q=0, deflate;q=0", None),
    ("identity, gzip;q=0.5", None),
    ("identity;q=0.5, gzip", "gzip"),
    ("*", "zstd"),
    ("*;q=0", None),
    ("gzip, *;q=0", "gzip"),
    ("compress, x-gzip, lzma", None),
)


@pytest.mark.parametrize(("wish", "encoding"), WISHES)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/events.csv", "/v1/statements.geojson", "/docs/guide"])
def test_compression_is_what_was_asked_for(client: FlaskClient, path: str, wish: str, encoding: str | None) -> None:
    plain, response = ask(client, path), ask(client, path, Accept_Encoding=wish)
    assert response.content_encoding == encoding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert inflated(response) == plain.data
    assert plain.content_encoding is None
    if encoding:
        assert len(response.data) < len(plain.data) / 2
    if response.content_length is not None:
        assert response.content_length == len(response.data)


@pytest.mark.parametrize("path", [path for path in CACHED if path != ASSET])
def test_every_text_is_compressed(client: FlaskClient, path: str) -> None:
    plain = ask(client, path)
    for encoding in ("zstd", "br", "gzip"):
        response = ask(client, path, Accept_Encoding=encoding)
        assert "Accept-Encoding" in response.headers["Vary"]
        if len(plain.data) > 600:
            assert response.content_encoding == encoding
        assert inflated(response) == plain.data


@pytest.mark.parametrize("target", ["/v1/events?limt=1", "/v1/events/nope", "/nothing"])
def test_errors_are_sent_as_they_are(client: FlaskClient, target: str) -> None:
    response = ask(client, target, Accept_Encoding="br")
    assert response.content_encoding is None
    problem_of(response)


GOOD_IDS = ("a", "0", "3f2c-11", "req_1.2-3", "x" * 128)
ODD_IDS = ("", " ", "a b", "x" * 129, "é", "a/b", "a,b", 'a"b', "<a>", "a=b", "a:b", "a\tb", "%41", "\xff")


@pytest.mark.parametrize("given", GOOD_IDS)
@pytest.mark.parametrize("target", ["/v1/events", "/nothing", "/v1/events?limt=1", "/docs", "/healthz"])
def test_a_request_keeps_its_id(client: FlaskClient, target: str, given: str) -> None:
    response = ask(client, target, X_Request_ID=given)
    assert response.headers["X-Request-ID"] == given
    if response.status_code >= 400:
        assert problem_of(response)["request_id"] == given


@pytest.mark.parametrize("given", ODD_IDS)
def test_an_odd_id_is_not_taken_over(client: FlaskClient, given: str) -> None:
    ids = {ask(client, "/v1/events?limt=1", X_Request_ID=given).headers["X-Request-ID"] for _ in range(2)}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


def test_the_time_in_the_database_is_told(client: FlaskClient) -> None:
    total = 0.0
    for _ in range(20):
        timing = ask(client, "/v1/statements/summary?group_by=actor,source").headers["Server-Timing"]
        database, whole = (float(each) for each in re.findall(r"dur=([\d.]+)", timing))
        assert database <= whole
        total += database
    assert total > 0


@pytest.mark.parametrize("path", [*HTML_PAGES, "/"])
def test_pages_run_and_load_nothing_of_others(client: FlaskClient, path: str) -> None:
    response = ask(client, path, Accept="text/html")
    assert response.content_type == "text/html; charset=utf-8"
    policy = dict(each.strip().partition(" ")[::2] for each in response.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy
    assert "unsafe-eval" not in str(policy)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    loaded = re.findall(r'<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="([^"]*)"', response.text)
    assert loaded
    for each in loaded:
        address = urljoin(f"http://localhost{path}", each)
        assert address.startswith("http://localhost/docs/assets/")
        assert ask(client, address.removeprefix("http://localhost")).status_code == 200
    assert not re.search(r"<script(?![^>]*src=)[^>]*>|\son[a-z]+=", response.text)


@pytest.mark.parametrize("path", [path for path in EVERY_PATH if path not in HTML_PAGES])
def test_only_pages_have_a_policy_for_pages(client: FlaskClient, path: str) -> None:
    response = ask(client, path)
    assert "Content-Security-Policy" not in response.headers or response.mimetype == "text/html"


def linked(response: TestResponse) -> dict[str, str]:
    """The links of the `Link` header by their relation."""
    header = response.headers["Link"]
    found = re.findall(r'<([^<>"\s]*)>; rel="([a-z]+)"(?:, |$)', header)
    assert ", ".join(f'<{url}>; rel="{rel}"' for url, rel in found) == header
    return {rel: url for url, rel in found}


LINKED = (
    "/v1/events?limit=7",
    "/v1/events.json?limit=3&type=airstrike,shelling,armed_clash&sort=title,-type",
    "/v1/events.geojson?limit=3&from=2024-11-27",
    "/v1/statements?limit=5&q=aleppo&sort=-relevance",
    "/v1/statements?limit=9&sort=title",
    "/v1/timeline?limit=10&location=Aleppo",
    "/v1/timeline.geojson?limit=30",
    "/v1/actors?limit=10&sort=-events&name=HTS&name=Kremlin",
    "/v1/locations?limit=5&near=36.2,37.16&radius=100",
    "/v1/sources?limit=1",
    "/v1/events/summary?limit=2&group_by=type,month&sort=-count",
    "/v1/statements/summary?limit=3&group_by=actor",
)


@pytest.mark.parametrize("target", LINKED)
def test_the_link_header_says_what_the_body_says(client: FlaskClient, target: str) -> None:
    address: str | None = f"http://localhost{target}"
    seen: list[str] = []
    while address:
        response = ask(client, address.removeprefix("http://localhost"))
        body = strict_json(response.text)
        assert linked(response) == {rel: url for rel, url in body["links"].items() if url}
        assert body["links"]["self"] == address
        assert ("prev" in linked(response)) == bool(seen)
        seen.append(address)
        address = body["links"]["next"]
        assert len(seen) < 50
    assert len(seen) > 1 or "name=" in target or "near=" in target


def test_pages_lead_back_as_they_led_on(client: FlaskClient) -> None:
    pages = [ask(client, "/v1/statements?limit=12&sort=title")]
    while "next" in linked(pages[-1]):
        pages.append(ask(client, linked(pages[-1])["next"].removeprefix("http://localhost")))
    page = pages[-1]
    for expected in reversed(pages[:-1]):
        page = ask(client, linked(page)["prev"].removeprefix("http://localhost"))
        assert page.get_json()["data"] == expected.get_json()["data"]
    assert "prev" not in linked(page)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"q=\xd0\x90\xd0\xbb\xd0\xb5\xd0\xbf\xd0\xbf\xd0\xbe", "q=%D0%90%D0%BB%D0%B5%D0%BF%D0%BF%D0%BE"),
        (b"q=aleppo>;<\"'", "q=aleppo%3E;%3C%22'"),
        (b"q=a%3Eleppo", "q=a%3Eleppo"),
        (b"q=why?", "q=why?"),
        (b"q=aleppo|city&limit=1", "q=aleppo%7Ccity&limit=1"),
        (b"", ""),
    ],
)
def test_a_link_to_itself_is_ascii(client: FlaskClient, query: bytes, shown: str) -> None:
    response = ask(client, b"/v1/statements?" + query)
    check_headers(response)
    expected = f"http://localhost/v1/statements{'?' if shown else ''}{shown}"
    assert response.get_json()["links"]["self"] == expected
    assert linked(response)["self"] == expected


PUBLIC = "https://data.example.org/conflict"


@pytest.fixture(scope="module")
def public(database: Path) -> Iterator[FlaskClient]:
    """A client of a server behind a proxy, with a public address that ends in a slash."""
    with serving(Settings(db=database, public_url=f"{PUBLIC}/")) as client:
        yield client


@pytest.mark.parametrize("path", [path for path in EVERY_PATH if path not in (*HEALTH, ASSET)])
def test_a_public_address_is_in_every_link(public: FlaskClient, path: str) -> None:
    for accept in ("*/*", "text/html"):
        response = ask(public, path, **({"Accept": accept} if path == "/" else {}))
        assert response.status_code == 200
        assert "localhost" not in response.text
        for each in re.findall(
            r'(?:href|src|"self"|"next"|"url"|"example")[=:] ?"(http[^"]*data\.[^"]*)"', response.text
        ):
            assert each == PUBLIC or each.startswith(f"{PUBLIC}/")
        if "Link" in response.headers:
            assert all(each.startswith((f"{PUBLIC}/v1/", f"{PUBLIC}/ogc/")) for each in linked(response).values())


def test_a_public_address_leads_on_and_is_in_problems(public: FlaskClient) -> None:
    page = ask(public, "/v1/events?limit=1").get_json()
    assert page["links"]["next"].startswith(f"{PUBLIC}/v1/events?limit=1&cursor=")
    assert page["data"][0]["links"]["self"].startswith(f"{PUBLIC}/v1/events/")
    assert ask(public, "/v1/openapi.json").get_json()["servers"] == [{"url": PUBLIC}]
    assert f"{PUBLIC}/v1/meta" in ask(public, "/v1/meta").get_json()["citation"]
    problem = problem_of(ask(public, "/v1/events/nope?x=1"))
    assert problem["type"].startswith(f"{PUBLIC}/docs/problems#")
    assert problem["instance"] == f"{PUBLIC}/v1/events/nope"


class Limited:
    """A client with three requests a minute, at a time that the test sets."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.now = client, 130.5

    def ask(self, target: str = "/v1/events?limit=1", method: str = "GET", address: str = "10.0.0.1") -> TestResponse:
        return self.client.open(target, method=method, environ_overrides={"REMOTE_ADDR": address})


@pytest.fixture
def limited(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Limited]:
    monkeypatch.setattr(counters, "SHARED_MEMORY", tmp_path)
    with serving(Settings(db=database, rate_limit=3)) as client:
        found = Limited(client)
        monkeypatch.setattr(rate_limit, "time", SimpleNamespace(time=lambda: found.now))
        yield found


def test_a_limit_is_counted_and_told(limited: Limited) -> None:
    for left in (2, 1, 0):
        response = limited.ask()
        assert response.status_code == 200
        assert response.headers["RateLimit-Policy"] == '"default";q=3;w=60'
        assert response.headers["RateLimit"] == f'"default";r={left};t=50'
        assert "Retry-After" not in response.headers
    for _ in range(2):
        response = limited.ask()
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "50"
        assert response.headers["RateLimit"] == '"default";r=0;t=50'
        problem = problem_of(response)
        assert problem["type"].endswith("#too-many-requests")
    limited.now += 60
    check_type(limited.client, problem)


def test_a_limit_ends_with_its_window(limited: Limited) -> None:
    assert [limited.ask().status_code for _ in range(4)] == [200, 200, 200, 429]
    limited.now = 179.9
    assert limited.ask().status_code == 429
    assert limited.ask().headers["Retry-After"] == "1"
    limited.now = 180.0
    assert [limited.ask().status_code for _ in range(4)] == [200, 200, 200, 429]
    assert int(limited.ask().headers["Retry-After"]) <= 60


def test_a_limit_is_for_one_address(limited: Limited) -> None:
    assert [limited.ask().status_code for _ in range(4)] == [200, 200, 200, 429]
    assert limited.ask(address="10.0.0.2").status_code == 200
    assert limited.ask(address="2001:db8::1").status_code == 200


@pytest.mark.parametrize("target", ["/nothing", "/v1/events?limt=1", "/v1/events/nope", "/docs", "/", ASSET])
def test_every_request_counts(limited: Limited, target: str) -> None:
    statuses = {limited.ask(target).status_code for _ in range(3)}
    assert 429 not in statuses
    assert limited.ask(target).status_code == 429
    assert limited.ask("/v1/events", "HEAD").status_code == 429


def test_probes_and_preflights_are_free(limited: Limited) -> None:
    for _ in range(10):
        for path in HEALTH:
            response = limited.ask(path)
            assert response.status_code == 200
            assert "RateLimit" not in response.headers
        assert limited.ask(method="OPTIONS").status_code == 200
    assert limited.ask().headers["RateLimit"] == '"default";r=2;t=50'


def test_without_a_limit_none_is_told(client: FlaskClient) -> None:
    response = ask(client, "/v1/events")
    assert not [name for name, _ in response.headers if name.startswith("RateLimit")]


HEAVY = (
    "/v1/statements?sort=title",
    "/v1/statements.csv",
    "/v1/statements.geojson",
    "/v1/statements.ndjson?sort=title",
    "/v1/timeline.csv",
    "/v1/statements?limit=1&total=true&q=aleppo",
    "/v1/statements/summary?group_by=actor,source",
    "/v1/events/summary.csv?group_by=actor,location",
    "/v1/bundle",
    "/v1/bundle?location=Syria",
)


@pytest.fixture
def hurried(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A client whose every query is late as soon as anybody looks at the clock."""
    monkeypatch.setattr(readers, "STEPS_BETWEEN_LOOKS", 100)
    with serving(Settings(db=database, query_ms=1)) as client:
        assert ask(client, "/readyz").status_code == 200
        monkeypatch.setattr(readers, "time", SimpleNamespace(monotonic=count().__next__))
        yield client


@pytest.mark.parametrize("target", HEAVY)
@pytest.mark.parametrize("encoding", ["identity", "br"])
def test_a_query_that_takes_too_long_is_stopped(
    hurried: FlaskClient, monkeypatch: pytest.MonkeyPatch, target: str, encoding: str
) -> None:
    response = ask(hurried, target, Accept_Encoding=encoding)
    assert response.status_code == 503
    problem = problem_of(response)
    check_type(hurried, problem)
    assert problem["type"].endswith("#query-too-long")
    assert "after 1 ms" in problem["detail"]
    assert int(response.headers["Retry-After"]) >= 1
    monkeypatch.undo()
    hurried.application.config["STORE"].reader().query_ms = 10_000
    assert ask(hurried, target).status_code == 200


def test_what_needs_no_query_goes_on(hurried: FlaskClient) -> None:
    for path in (*HEALTH, *PAGES, ASSET):
        assert ask(hurried, path).status_code == 200
