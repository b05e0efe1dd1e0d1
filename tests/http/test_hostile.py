"""Long, odd and hostile requests: whatever is sent, no answer is a 5xx, none tells how the server is made, nothing is changed.

What is asked is data as well: hostile texts by hostile places, methods by routes, headers by routes; and then at random.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

import pytest
from answers import ASSET, EVERY_PATH, LEAKS, ROUTES, ask, check_headers, check_type, problem_of, serving, strict_json
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api.config import Settings
from api.model.kinds import Word
from api.web.ogc import table as ogc

MEDIA_TYPES = {
    "application/json",
    "application/geo+json",
    "application/x-ndjson",
    "text/csv; charset=utf-8",
    "text/calendar; charset=utf-8",
    "text/html; charset=utf-8",
    "image/svg+xml",
    "application/atom+xml",
    *(each.media_type for each in ogc.ROUTES),
}
FINE = {200, 304, 400, 404, 406, 410}
MOST_SECONDS = 2.0
"""No request of these tests may take longer; most take a thousandth of it."""


@pytest.fixture(scope="module", autouse=True)
def nothing_is_written(app: Flask) -> Iterator[None]:
    """The database is the same after all that was tried on it."""
    client = app.test_client()
    before = [client.get(path).get_json() for path in ("/v1/meta", "/v1/bundle", "/v1/events/summary?group_by=type")]
    yield
    assert before == [
        client.get(path).get_json() for path in ("/v1/meta", "/v1/bundle", "/v1/events/summary?group_by=type")
    ]


def check_sound(response: TestResponse, target: object) -> None:
    """The answer is one of the fine ones, of the media type that it should have, and tells no secret."""
    assert response.status_code in FINE, f"{target!r}: {response.status}"
    if response.status_code == 304:
        check_headers(response)
        assert response.data == b""
    elif response.status_code == 200:
        check_headers(response)
        assert response.content_type in MEDIA_TYPES, f"{target!r}: {response.content_type}"
        assert b"Traceback" not in response.data
        if response.content_type in ("application/json", "application/geo+json") and not response.content_encoding:
            strict_json(response.text)
    else:
        problem_of(response)


HOSTILE_BYTES = {
    "a NUL": b"\0",
    "a NUL in a word": b"alep\0po",
    "control characters": b"\x01\x1b[31m\x7f\x85",
    "an end of line": b"a\r\nSet-Cookie: x=1\r\n\r\n<html>",
    "a lone high surrogate": b"\xed\xa0\x80",
    "a lone low surrogate": b"aleppo\xed\xbf\xbf",
    "a pair of surrogates, each encoded": b"\xed\xa0\xbd\xed\xb9\x82",
    "a byte that UTF-8 has not": b"\xff",
    "half a character": b"\xe2\x82",
    "an overlong slash": b"\xc0\xaf",
    "an overlong NUL": b"\xc0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "Latin-1": b"Alepp\xf3",
    "a byte order mark": b"\xef\xbb\xbfaleppo",
    "UTF-16": "aleppo".encode("utf-16"),
    "all bytes": bytes(range(256)),
}

HOSTILE_TEXTS = {
    "not a character": "\ufffe\uffff\U0010ffff",
    "turned round": "\u202eoppelA\u202c",
    "zero width": "a\u200bl\u200de\u2060p\ufeffpo",
    "a thousand accents": "a" + "\u0301" * 1000,
    "one character that folds to eighteen": "\ufdfa" * 60,
    "digits of the world": "٣५௩３Ⅷ²½㊿",
    "dotless and dotted": "İıſßŉﬁ",
    "a family": "👩‍👩‍👧‍👦" * 10,
    "Zalgo": "Ḩ̶͍a̷̤͌l̴͙̾e̸̺͝p̶̰̈́p̸͎̌ỏ̵͙",
    "a quote": "'",
    "two quotes": "''",
    "nested quotes": "'\"'\"`\"'\"'",
    "backslashes": "\\\\\\'\\\"\\0\\x00\\u0000",
    "or one is one": "' OR '1'='1",
    "a comment": "aleppo'--",
    "a dropped table": "'; DROP TABLE events; --",
    "a union": "x' UNION SELECT sql, 1, 2, 3 FROM sqlite_schema --",
    "a sub-query": "(SELECT doc FROM events_text LIMIT 1)",
    "an attached file": "1; ATTACH DATABASE 'x' AS x",
    "a loaded extension": "load_extension('x')",
    "a pragma": "1; PRAGMA writable_schema=ON",
    "a slow one": "1 AND randomblob(1000000000)",
    "a placeholder": "?1 :a @a $a ?",
    "braces": "{inside} {role} {places} %s %(x)s {0} {0.__class__}",
    "a template": "{{ 7*7 }}{% for x in () %}",
    "JSON": '{"$ne": null}',
    "a JSON path": "$.fatalities.best[0]",
    "FTS near": "NEAR(aleppo damascus, 5)",
    "FTS and": "aleppo AND",
    "FTS or": "OR",
    "FTS not": "NOT aleppo NOT",
    "FTS column": "text: aleppo",
    "FTS columns": "{text rowid} : aleppo",
    "FTS without a column": "-text : aleppo",
    "FTS start": "^aleppo ^ ^^",
    "FTS minus": "-aleppo --aleppo",
    "FTS plus": "aleppo + city + ",
    "FTS star": "*aleppo* ** * aleppo *",
    "FTS open quote": '"aleppo city',
    "FTS quotes": '"" " """ """"',
    "FTS prefix of a phrase": '"aleppo city" * "x"*',
    "FTS parentheses": "((((((aleppo",
    "FTS parentheses the wrong way": ")aleppo( ()",
    "FTS deep": "(" * 120 + "a" + ")" * 120,
    "FTS rank": "rank MATCH 'bm25(10.0)'",
    "FTS table": 'events_text MATCH "x"',
    "like": "%' LIKE '%_%",
    "glob": "[!a]*?",
    "nan": "nan",
    "infinity": "-Infinity",
    "a power of ten": "1" + "0" * 400,
    "a power of ten in brief": "1e400",
    "a small one": "1e-400",
    "more than 64 bits": "9223372036854775808",
    "minus nothing": "-0",
    "hexadecimal": "0x7FFFFFFF",
    "dots": "../../../../../../etc/passwd",
    "dots in Windows": "..\\..\\..\\windows\\win.ini",
    "a file": "file:///etc/passwd",
    "a script": "<script>alert(1)</script>",
    "an attribute": '" onmouseover="alert(1)',
    "a link": "javascript:alert(1)",
    "a formula": "=cmd|' /C calc'!A0",
    "a shell": "$(id); `id` | id & id",
    "a log": "${jndi:ldap://x.example/a}",
    "percent": "%",
    "percent once more": "%2500%252e%252e",
    "a broken escape": "%ZZ%u0041%",
    "spaces": " \t\u00a0\u2003\u3000",
    "commas": "," * 99,
    "too many commas": "," * 5000,
    "minus and commas": "-,-,-",
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "a " * 5_000,
    "many prefixes": "aaa* " * 60,
    "a word of every length": " ".join("a" * n for n in range(1, 21)),
}
EVERY_HOSTILE = {**HOSTILE_BYTES, **{name: text.encode() for name, text in HOSTILE_TEXTS.items()}}

NOUNS = ("events", "statements", "actors", "locations", "sources", "timeline")
PLACES = (
    *(f"/v1/{noun}?q=" for noun in NOUNS),
    *(f"/v1/{noun}/" for noun in NOUNS),
    *(f"/v1/{name}=" for name in ("events?sort", "timeline?sort", "events.csv?fields", "sources?fields")),
    *(f"/v1/{name}=" for name in ("events?cursor", "timeline?cursor", "statements?limit", "locations.geojson?limit")),
    "/v1/events?sort=relevance&q=",
    "/v1/events?actor=",
    "/v1/events?location=",
    "/v1/events.ndjson?source=",
    "/v1/events?part_of=",
    "/v1/events?dataset=",
    "/v1/events?country=",
    "/v1/events?type=",
    "/v1/events?from=",
    "/v1/events?bbox=",
    "/v1/events?bbox=1,2,3,",
    "/v1/events.geojson?near=",
    "/v1/events?near=36.2,37.1&radius=",
    "/v1/events?min_fatalities=",
    "/v1/events?updated_since=",
    "/v1/events?actor=HTS&role=",
    "/v1/events?from=2024-11-27&certain=",
    "/v1/events?total=",
    "/v1/statements?speaker=",
    "/v1/statements?event=",
    "/v1/timeline?actor=",
    "/v1/timeline?entry=",
    "/v1/actors?name=",
    "/v1/locations?within=",
    "/v1/locations.geojson?name=",
    "/v1/events/summary?group_by=",
    "/v1/events/summary.csv?cursor=",
    "/v1/statements/summary?q=",
    "/v1/bundle?location=",
    "/v1/bundle?q=",
    "/v1/events?",
    "/v1/events?x=1&",
    "/v1/event-types?",
    "/docs?",
    "/docs/assets/",
    "/healthz?",
    "/v1/",
    "/",
)
"""Where a hostile text is put: values of every kind, names of parameters, ids, paths."""


@pytest.mark.parametrize("hostile", [pytest.param(text, id=name) for name, text in EVERY_HOSTILE.items()])
def test_a_hostile_text_does_no_harm(client: FlaskClient, hostile: bytes) -> None:
    escaped, raw = quote_from_bytes(hostile, safe="").encode(), hostile.replace(b"%", b"%25")
    targets = [*(place.encode() + escaped for place in PLACES), *(place.encode() + raw for place in PLACES[::6])]
    for target in targets:
        started = time.perf_counter()
        check_sound(ask(client, target), target)
        assert time.perf_counter() - started < MOST_SECONDS, target


SAFE_WORDS = (
    ("NEAR aleppo", "near aleppo"),
    ("NOT aleppo", "not aleppo"),
    ("aleppo OR damascus", "aleppo or damascus"),
    ("aleppo AND damascus", "damascus and aleppo"),
    ("text:aleppo", '"text aleppo"'),
    ("-aleppo", "aleppo"),
    ("^aleppo", "aleppo"),
    ("(aleppo)", "aleppo"),
    ("aleppo\0", "aleppo"),
    ('"aleppo', '"aleppo"'),
    ("'aleppo'", "aleppo"),
    ("aleppo; --", "aleppo"),
    ("ALÉPPO", "aleppo"),
    ("\u202ealeppo", "aleppo"),
)


@pytest.mark.parametrize(("text", "plain"), SAFE_WORDS)
@pytest.mark.parametrize("noun", ["events", "statements", "locations"])
def test_search_has_no_operators(client: FlaskClient, noun: str, text: str, plain: str) -> None:
    """Each character that means something to FTS5 is an ordinary one here."""
    found, expected = (ask(client, f"/v1/{noun}?fields=id&q={quote(each)}") for each in (text, plain))
    assert found.status_code == expected.status_code == 200
    assert found.get_json()["data"] == expected.get_json()["data"]


PATHS = (
    "//", "///v1/events", "/v1/events//", "/v1/./events", "/v1/../v1/events", "/v1/%2e%2e/v1/events", "/v1%2Fevents",
    "/v1/events%2Fsaraqib-captured", "/v1/events/..%2f..%2f..%2fetc%2fpasswd", "/v1/events/%00", "/v1/events%00.csv",
    "/v1/events.csv%00", "/v1/events;jsessionid=1", "/v1/events.csv;a=b", "/v1/events/%ff", "/v1/events/%ed%a0%80",
    "/v1/events/" + "a" * 10_000, "/" + "a/" * 5_000, "/v1" + "/.." * 3_000, "/v1/events/" + "%2f" * 3_000, "/%",
    "/v1/events/%", "/v1/events/%zz", "/*", "*", "http://example.org/v1/events", "/\\example.org", "//example.org/%2e%2e",
    "/v1/events/summary%3fgroup_by=type", "/v1/events/ saraqib-captured", "/v1/events/%E2%80%AE", "/v1/events#x",
    "/docs/assets/%2e%2e",
    "/docs/assets/swagger-ui.css/..", "/docs/assets/....//....//etc/passwd", "/docs/assets/C:%5Cwindows",
    "/docs/assets/%00icon.svg",
    "/wp-login.php", "/.git/config", "/cgi-bin/test", "/server-status", "/actuator/env", "/console", "/v1/events/__proto__",
    "/v1/events/constructor", "/static/../api", "/v1/<noun>/<id>", "/v1/{noun}", "/v1/events/{id}",
)  # fmt: skip


@pytest.mark.parametrize("target", PATHS, ids=lambda target: target[:40])
def test_a_hostile_path_leads_nowhere(client: FlaskClient, target: str) -> None:
    for each in (target, f"{target}?limit=1", f"{target}?%ff"):
        response = ask(client, each)
        check_sound(response, each)
        assert "Location" not in response.headers
        assert b"root:" not in response.data


@pytest.mark.parametrize("count", [300, 500, 501, 600, 5_000])
@pytest.mark.parametrize("name", ["x{n}", "x", "type", "limit", "min_independent_sourc{n}", "", "%00{n}"])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/bundle", "/healthz"])
def test_many_parameters_are_refused_in_a_moment(client: FlaskClient, path: str, name: str, count: int) -> None:
    started = time.perf_counter()
    response = ask(client, f"{path}?{'&'.join(name.format(n=n) + '=airstrike' for n in range(count))}")
    assert response.status_code == 400
    assert time.perf_counter() - started < MOST_SECONDS
    problem = problem_of(response)
    assert len(response.data) < 50_000
    assert bool(problem.get("errors")) == (count <= 500)


def test_a_hundred_values_are_taken_and_repeats_count_once(client: FlaskClient) -> None:
    one = ask(client, "/v1/events?fields=id&type=airstrike").get_json()["data"]
    for query in ("type=" + ",".join(["airstrike"] * 100), "&".join(["type=airstrike"] * 100)):
        response = ask(client, f"/v1/events?fields=id&{query}")
        assert response.get_json()["data"] == one
    names = ",".join(["HTS", "hts", "Hay'at Tahrir al-Sham", "hayat-tahrir-al-sham"] * 25)
    assert ask(client, f"/v1/events?fields=id&actor={quote(names)}").status_code == 200


METHODS = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "BREW", "get", "G\u00cbT")


@pytest.mark.parametrize("path", EVERY_PATH)
def test_a_method_that_a_path_does_not_take_is_refused(client: FlaskClient, path: str) -> None:
    allowed = set(ask(client, path, "OPTIONS").headers["Allow"].split(", "))
    assert {"GET", "HEAD", "OPTIONS"} <= allowed
    for method in METHODS:
        if method.upper() in allowed:
            continue
        response = ask(client, path, method)
        assert response.status_code == 405, method
        problem = problem_of(response)
        check_type(client, problem)
        assert set(response.headers["Allow"].split(", ")) == allowed
        assert ", ".join(sorted(allowed)) in problem["detail"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing", "/v1/events/a/b/c"])
def test_a_path_that_is_not_there_takes_no_method(client: FlaskClient, path: str, method: str) -> None:
    response = ask(client, path, method)
    assert response.status_code == 404
    problem_of(response)


def test_a_body_on_a_get_is_not_read(client: FlaskClient) -> None:
    plain = client.get("/v1/events?limit=1")
    for content_type in ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        response = client.get("/v1/events?limit=1", data=b"limit=5&x=1", content_type=content_type)
        assert response.data == plain.data


ODD_HEADERS = (
    ("Accept", ""),
    ("Accept", " "),
    ("Accept", ";;;"),
    ("Accept", ",,,"),
    ("Accept", "*"),
    ("Accept", "/"),
    ("Accept", "*/json"),
    ("Accept", "application"),
    ("Accept", "application/json;q=nan"),
    ("Accept", "application/json;q=inf"),
    ("Accept", "application/json;q=-1"),
    ("Accept", "application/json;q=2"),
    ("Accept", "application/json;q=1e400"),
    ("Accept", "application/json;q=" + "9" * 5000),
    ("Accept", "application/json;q=\u00b2"),
    ("Accept", "text/html;level=1;level=2;q=0.4"),
    ("Accept", 'application/json;profile="a,b;c=\\"d"'),
    ("Accept", 'application/json;profile="'),
    ("Accept", "a/b," * 3000),
    ("Accept", "text/" + "x" * 10_000),
    ("Accept", "\xff/\xfe"),
    ("Accept", "'; DROP TABLE events; --"),
    ("Accept-Encoding", ""),
    ("Accept-Encoding", "gzip;q=nan"),
    ("Accept-Encoding", "gzip;q=-1, br;q=2"),
    ("Accept-Encoding", "br;q=1e400"),
    ("Accept-Encoding", "identity;q=0, *;q=0"),
    ("Accept-Encoding", "*;q=0.0001"),
    ("Accept-Encoding", "gzip," * 3000),
    ("Accept-Encoding", ";;;,=,q="),
    ("Accept-Encoding", "\xff"),
    ("Accept-Encoding", "x" * 10_000),
    ("Accept-Language", "\xff;q=x"),
    ("Accept-Charset", "utf-7"),
    ("If-None-Match", ""),
    ("If-None-Match", '"'),
    ("If-None-Match", '"""'),
    ("If-None-Match", "W/"),
    ("If-None-Match", 'W/"'),
    ("If-None-Match", "unquoted"),
    ("If-None-Match", "*, *"),
    ("If-None-Match", '"a",' * 3000),
    ("If-None-Match", '"\xff"'),
    ("If-None-Match", '"' + "x" * 10_000 + '"'),
    ("If-Match", '"x"'),
    ("If-Modified-Since", ""),
    ("If-Modified-Since", "yesterday"),
    ("If-Modified-Since", "0"),
    ("If-Modified-Since", "Thu, 99 Foo 99999 99:99:99 GMT"),
    ("If-Modified-Since", "Thu, 01 Jan 0000 00:00:00 GMT"),
    ("If-Modified-Since", "Thu, 01 Jan 99999999999 00:00:00 GMT"),
    ("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 -2400"),
    ("If-Modified-Since", "Mon, 01 Jan 0001 00:00:00 +2359"),
    ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 +99999999"),
    ("If-Modified-Since", "2024-11-27T00:00:00Z"),
    ("If-Modified-Since", "\xff" * 100),
    ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("X-Request-ID", ""),
    ("X-Request-ID", "x" * 129),
    ("X-Request-ID", "x" * 100_000),
    ("X-Request-ID", "<script>"),
    ("X-Request-ID", "\xff\xfe"),
    ("X-Request-ID", "a b"),
    ("X-Request-ID", "../../etc/passwd"),
    ("Range", "bytes=0-10"),
    ("Range", "bytes=-1"),
    ("Range", "bytes=10-0"),
    ("Range", "bytes=" + "0-1," * 3000),
    ("Range", "bytes=99999999999999999999-"),
    ("Range", "lines=1-5"),
    ("Range", "\xff"),
    ("If-Range", '"x"'),
    ("Origin", "null"),
    ("Origin", "https://evil.example"),
    ("Cookie", "session=\xff; a=b;" * 500),
    ("Cookie", "session=eyJhIjoxfQ.bad.signature"),
    ("Authorization", "Basic "),
    ("Authorization", "Bearer \xff"),
    ("Authorization", "Digest " + "x" * 10_000),
    ("X-API-Key", "' OR 1=1"),
    ("Content-Length", "-1"),
    ("Content-Length", "1e9"),
    ("Content-Length", "99999999999999999999"),
    ("Content-Type", "application/json; charset=\xff"),
    ("Content-Type", "multipart/form-data"),
    ("Transfer-Encoding", "chunked"),
    ("Expect", "100-continue"),
    ("Upgrade", "h2c"),
    ("Connection", "X-Request-ID"),
    ("Cache-Control", "no-cache, only-if-cached, max-age=-1"),
    ("Forwarded", "host=evil.example;proto=gopher"),
    ("X-Forwarded-For", "1.2.3.4"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "javascript"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Original-URL", "/metrics"),
    ("User-Agent", "() { :; }; echo"),
    ("Referer", "\xff" * 1000),
    ("Proxy", "http://evil.example"),
)
WRONG_KEYS = {("Authorization", "Bearer \xff"), ("X-API-Key", "' OR 1=1")}
"""Among these headers; whoever sends one is told, even where no key is needed."""


@pytest.mark.parametrize(("name", "value"), ODD_HEADERS, ids=lambda text: ascii(text)[1:41])
def test_an_odd_header_does_no_harm(client: FlaskClient, name: str, value: str) -> None:
    for target in (
        "/v1/events",
        "/v1/events.csv",
        "/v1/events/saraqib-captured",
        "/",
        "/docs",
        ASSET,
        "/nothing",
        "/healthz",
    ):
        response = client.get(target, headers={name: value}, buffered=True)
        if (name, value) in WRONG_KEYS and target.startswith("/v1/"):
            assert response.status_code == 401
            problem_of(response)
            continue
        check_sound(response, target)
        assert b"evil" not in response.data
        assert "evil" not in str(response.headers)
        if "Content-Encoding" not in response.headers:
            assert not LEAKS.search(response.data)
        if name not in ("Accept", "If-None-Match", "If-Modified-Since") and target != "/nothing":
            assert response.status_code == 200


@pytest.mark.parametrize("value", ["bytes=0-10", "bytes=-1", "bytes=99999-", "bytes=0-1,5-6"])
def test_a_part_of_an_answer_is_never_sent(client: FlaskClient, value: str) -> None:
    """Nothing announces ranges, so the whole is sent (RFC 9110, 14.2)."""
    for target in ("/v1/events", "/v1/events.csv", ASSET):
        response = client.get(target, headers={"Range": value}, buffered=True)
        assert response.status_code == 200
        assert response.data == client.get(target, buffered=True).data


GOOD_HOSTS = (
    "localhost", "localhost:8000", "127.0.0.1", "[::1]", "[::1]:8000", "data.example.org", "DATA.example.org:443",
    "xn--mnchen-3ya.example", "event_timeline:8000", "event-timeline.internal", "a.b.c.d.e.f", "localhost:80",
)  # fmt: skip
BAD_HOSTS = (
    " ", "a b", "a/b", "a?b", "a#b", "a@b", "user:secret@example.org", '"', "<script>", "evil.example\\", "exa%6Dple.org",
    "localhost:", "localhost:x", "localhost:123456", "localhost:-1", "[::1", "::1", "[::1]x", "[g::]",
    "a,b", "a;b", "a{b}", "a|b", "a'b", "münchen.example", "\xff", "x\x7f", "${jndi}", "*", ":8000", "http://localhost",
)  # fmt: skip


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_links_are_made_with_the_host_that_was_asked(client: FlaskClient, host: str) -> None:
    origin = f"http://{host.removesuffix(':80')}"
    page = client.get("/v1/events?limit=1", headers={"Host": host})
    assert page.get_json()["links"]["self"] == f"{origin}/v1/events?limit=1"
    assert page.get_json()["data"][0]["links"]["self"].startswith(f"{origin}/v1/events/")
    assert f"<{origin}/v1/events?limit=1>" in page.headers["Link"]


@pytest.mark.parametrize("host", BAD_HOSTS)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/saraqib-captured", "/v1/bundle", "/", "/docs", "/nothing"])
def test_a_host_that_is_none_makes_no_links(client: FlaskClient, path: str, host: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 400
    problem = problem_of(response)
    check_type(client, problem)
    assert host.strip() not in response.text or len(host.strip()) < 4


def test_a_server_with_a_public_address_does_not_look_at_the_host(database: Path) -> None:
    with serving(Settings(db=database, public_url="https://data.example.org/conflict/")) as client:
        for host in (*GOOD_HOSTS, *BAD_HOSTS):
            response = client.get("/v1/events?limit=1", headers={"Host": host})
            assert response.get_json()["links"]["self"] == "https://data.example.org/conflict/v1/events?limit=1"


def test_a_request_of_http_1_0_needs_no_host(client: FlaskClient) -> None:
    response = client.get("/v1/events?limit=1", environ_overrides={"HTTP_HOST": None, "SERVER_PROTOCOL": "HTTP/1.0"})
    assert response.status_code == 200


def known_values() -> list[str]:
    """Values that some parameter takes, and all that stand in the closed lists."""
    found = {parameter.example for route in ROUTES for parameter in route.parameters}
    for route in ROUTES:
        for parameter in route.parameters:
            if isinstance(parameter.kind, Word):
                found.update(parameter.kind.allowed)
    return sorted(found | {"0", "1", "1000", "true", "false", "2024-11-27", "36,35,38,37", "180,-90,-180,90", "90,180"})


NAMES = sorted({parameter.name for route in ROUTES for parameter in route.parameters})
TEXTS = st.one_of(
    st.sampled_from(known_values()),
    st.lists(st.sampled_from(known_values()), min_size=1, max_size=4).map(",".join),
    st.sampled_from(sorted(EVERY_HOSTILE.values(), key=len)[:60]).map(lambda text: text.decode("utf-8", "replace")),
    st.text(max_size=40),
    st.from_regex(re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,20})?([eE][0-9]{1,3})?", re.ASCII), fullmatch=True),
    st.from_regex(re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII), fullmatch=True),
)
VALUES = st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=30))
PAIRS = st.tuples(st.one_of(st.sampled_from(NAMES).map(str.encode), st.binary(max_size=12)), VALUES)
WRITTEN = st.sampled_from((lambda text: quote_from_bytes(text).encode(), lambda text: text.replace(b"#", b"")))


@st.composite
def random_targets(draw: Any) -> bytes:
    """A request target: any route with a query of names and values, known and made up, escaped and as they are."""
    path: bytes = draw(st.sampled_from(EVERY_PATH)).encode()
    if draw(st.booleans()):
        route = draw(st.sampled_from(ROUTES))
        path = route.path.replace("<record_id>", quote(draw(st.text(max_size=20)) or "x")).encode()
    pairs = draw(st.lists(PAIRS, max_size=draw(st.sampled_from((0, 1, 1, 2, 5)))))
    query = b"&".join(draw(WRITTEN)(name) + b"=" + draw(WRITTEN)(text) for name, text in pairs)
    spelled: bytes = draw(st.sampled_from((query, query + b"&", b"&" + query, query.replace(b"=", b""))))
    return path + b"?" + spelled


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.sampled_from(
            ("*/*", "text/csv", "application/geo+json;q=0.3, text/*", "image/png", ";", "text/html")
        ),
        "Accept-Encoding": st.sampled_from(("br", "gzip", "zstd", "identity", "x")),
        "If-None-Match": st.sampled_from(("*", "*", '"x"', "W/")),
        "If-Modified-Since": st.sampled_from(("Thu, 01 Jan 2099 00:00:00 GMT", "x")),
    },
)


def check_random(app: Flask, target: bytes, headers: dict[str, str]) -> None:
    """What holds for every random request, whichever method brings it."""
    client = app.test_client()
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    response = ask(client, target, **named)
    if "Content-Encoding" not in response.headers:
        check_sound(response, target)
    assert response.status_code in FINE
    head = ask(client, target, "HEAD", **named)
    assert head.status_code == response.status_code
    assert head.data == b""


RANDOM = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "phases": [Phase.explicit, Phase.generate, Phase.shrink],
}


@settings(max_examples=300, **RANDOM)  # type: ignore[arg-type]
@given(target=random_targets(), headers=HEADERS)
@example(target=b"/v1/events?q=\xd0\x90\xd0\xbb\xd0\xb5\xd0\xbf\xd0\xbf\xd0\xbe", headers={})
@example(target=b"/v1/events?limit=1&q=aleppo>;rel=x", headers={})
@example(target=b"/v1/statements?sort=title&limit=1", headers={"Accept": "text/csv"})
def test_random_requests_are_answered(app: Flask, target: bytes, headers: dict[str, str]) -> None:
    check_random(app, target, headers)


@pytest.mark.slow
@settings(max_examples=20_000, **RANDOM)  # type: ignore[arg-type]
@given(target=random_targets(), headers=HEADERS)
def test_twenty_thousand_random_requests_are_answered(app: Flask, target: bytes, headers: dict[str, str]) -> None:
    check_random(app, target, headers)


def test_random_targets_reach_every_status(app: Flask) -> None:
    """The strategy is worth its time only if much of what it makes is understood."""
    seen: set[int] = set()

    @settings(max_examples=500, derandomize=True, **RANDOM)  # type: ignore[arg-type]
    @given(target=random_targets(), headers=HEADERS)
    def collect(target: bytes, headers: dict[str, str]) -> None:
        named = {name.replace("-", "_"): value for name, value in headers.items()}
        seen.add(ask(app.test_client(), target, **named).status_code)

    collect()
    assert FINE - {410} <= seen <= FINE  # a place beyond the newest change is made too seldom


def test_targets_are_sent_as_they_are(client: FlaskClient) -> None:
    """What these tests rest on: the application sees the bytes of the request line."""
    response = ask(client, b"/v1/events/\xd0\x90%2Fb?limit=\xd0\x90")
    assert unquote_to_bytes(problem_of(response)["instance"]).endswith("/v1/events/А/b".encode())
