"""Hostile bodies: whatever is sent to be written, the answer is the right 4xx that names the place, and nothing is stored."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

import pytest
from answers import LEAKS, Json, check_type
from live import Server, running
from unit.samples import DROP, as_bytes, bundle, cited, put
from writers import JSON, LINES, NOUNS, OLD, PATCH_TYPE, Desk, desk, lines_of, new, pointers, written

from api.web.gateway import BODY_BYTES
from api.web.table import ACTIONS

MOST_SECONDS = 5.0
"""No answer to any of these may take longer, on a busy machine too; most take a thousandth of it."""


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk at which everything is refused."""
    with desk(tmp_path_factory.mktemp("still") / "own.db") as found:
        before = found.state()
        yield found
        assert found.state() == before


Door = tuple[str, str, str, Json]
"""Method, path, media type, and a body that would be taken."""


def doors() -> dict[str, Door]:
    """Every way in that takes a body."""
    found: dict[str, Door] = {}
    for noun in NOUNS:
        one = f"/v1/{noun}/{OLD[noun]}"
        found[f"POST {noun}"] = ("POST", f"/v1/{noun}", JSON, new(noun))
        found[f"PUT {noun}"] = ("PUT", f"/v1/{noun}/new", JSON, new(noun))
        found[f"PATCH {noun}"] = ("PATCH", one, PATCH_TYPE, {"external_ids": {"osm": "n1"}})
        found[f"merge {noun}"] = ("POST", f"{one}/merge", JSON, {"into": "never"})
    found["bundle"] = ("POST", "/v1/bundle", JSON, bundle(actors=[new("actors")]))
    found["lines"] = ("POST", "/v1/bundle", LINES, bundle(actors=[new("actors")]))
    return found


DOORS = doors()
FEW = ("POST events", "PUT locations", "PATCH statements", "merge actors", "bundle", "lines")
"""One way in of each kind."""


def test_every_way_in_is_tried() -> None:
    tried = {(method, path.replace(OLD[path.split("/")[2]], "@").replace("/new", "/@"), media_type)
             for method, path, media_type, _ in DOORS.values() if path != "/v1/bundle"}  # fmt: skip
    declared = {
        (each.method, each.path.replace("<record_id>", "@"), next(iter(each.bodies)))
        for each in ACTIONS
        if each.bodies and each.scope == "write" and each.path != "/v1/bundle"
    }
    assert tried == declared


def refuse(still: Desk, door: str, data: bytes, media_type: str = "", **headers: str) -> Json:
    """The problem that these bytes are refused with at once."""
    method, path, own_type, _ = DOORS[door]
    named = {"Content_Type": media_type or own_type, **headers}
    if method == "PATCH" or "merge" in path:
        named["If_Match"] = "*"
    started = time.perf_counter()
    response = still.send(method, path, data=data, **named)
    assert time.perf_counter() - started < MOST_SECONDS
    assert 400 <= response.status_code < 500, (response.status, response.text[:300])
    assert not LEAKS.search(response.data), response.text[:1000]
    problem: Json = response.get_json()
    assert response.content_type == "application/problem+json"
    assert problem["status"] == response.status_code
    check_type(still.client, problem)
    return problem


def nested(depth: int, inside: str = "1") -> bytes:
    return ("[" * depth + inside + "]" * depth).encode()


def nested_objects(depth: int) -> bytes:
    return ('{"a":' * depth + "1" + "}" * depth).encode()


def with_member(door: str, text: bytes) -> bytes:
    """A body that would be taken but for one more member, of which this is the text."""
    return as_bytes(DOORS[door][3])[:-1] + b', "x": ' + text + b"}"


NOT_JSON: dict[str, tuple[bytes, str]] = {
    # the whole body, and what is said of it
    "nothing": (b"", "Line 1, column 1"),
    "space": (b" \r\n\t", "Line"),
    "words": (b"name=x&type=y", "Line 1, column 1"),
    "half": (b'{"id": "x"', "Line 1, column"),
    "two": (b"{}{}", "Line 1, column 3"),
    "a comment": (b"{/**/}", "Line 1, column 2"),
    "one quote": (b"{'id': 1}", "Line 1, column 2"),
    "XML": (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "column 1"),
    "a form": (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n', "column"),
    "a pickle": (b"\x80\x04\x95\x00", "not UTF-8: byte 0"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "Line 1, column 1"),
    "UTF-16": ("{}".encode("utf-16"), "not UTF-8: byte 0"),
    "UTF-16 without a mark": ("{}".encode("utf-16-le"), "Line 1, column"),
    "UTF-32": ("{}".encode("utf-32-be"), "Line 1, column 1"),
    "Latin-1": ('{"name": "Alepp\u00f3"}'.encode("latin-1"), "not UTF-8: byte 15"),
    "half a character": (b'{"name": "\xe2\x82"}', "not UTF-8: byte 10"),
    "an encoded surrogate": (b'{"name": "\xed\xa0\x80"}', "not UTF-8: byte 10"),
    "an overlong NUL": (b'{"name": "\xc0\x80"}', "not UTF-8: byte 10"),
    "a NUL": (b"{\0}", "Line 1, column 2"),
    "a NUL at the end": (b"{}\0", "Line 1, column 3"),
    "gzip": (gzip.compress(b"{}"), "not UTF-8: byte 1"),
    "twice": (b'{"id": "x", "id": "y"}', 'member "id" stands twice'),
    "twice, spelt otherwise": (b'{"id": "x", "\\u0069d": "y"}', 'member "id" stands twice'),
    "33 deep": (nested_objects(33), "more than 32 levels"),
    "1000 deep": (nested_objects(1000), "more than 32 levels"),
    "100000 deep": (nested_objects(100_000), "more than 32 levels"),
    "a list 33 deep": (nested(33), "more than 32 levels"),
    "a list 100000 deep": (nested(100_000), "more than 32 levels"),
    "open brackets": (b"[" * 1_000_000, "levels"),
    "open braces": (b'{"a":' * 500_000, "levels"),
}
TEXTS: dict[str, tuple[bytes, str]] = {
    # one member of an object that would be taken, and what is said of it
    "NaN": (b"NaN", "NaN is not JSON"),
    "Infinity": (b"Infinity", "Infinity is not JSON"),
    "-Infinity": (b"-Infinity", "-Infinity is not JSON"),
    "1e999": (b"1e999", "1e999"),
    "-1e999": (b"-1e999", "-1e999"),
    "2^60": (b"1152921504606846976", "2^53"),
    "2^53 + 1": (b"9007199254740993", "2^53"),
    "a number of a million digits": (b"9" * 1_000_000, "2^53"),
    "a fraction of a million digits": (b"0." + b"9" * 1_000_000 + b"e999", "too large"),
    "hexadecimal": (b"0x10", "column"),
    "octal": (b"010", "column"),
    "digits of the world": ("٣".encode(), "column"),
    "True": (b"True", "column"),
    "undefined": (b"undefined", "column"),
    "twice, deep": (b'[{"a": {"b": 1, "b": 1}}]', 'member "b" stands twice'),
    "a long name twice": (b'{"%s": 1, "%s": 2}' % (b"n" * 100_000, b"n" * 100_000), "stands twice"),
    "a NUL in a name": (b'{"a\\u0000": 1}', "U+0000"),
    "a surrogate in a name": (b'{"\\ud800": 1}', "U+D800"),
    "a line end in a text": (b'"a\nb"', ""),
    "a wrong escape": (b'"\\x41"', "column"),
    "33 deep": (nested(32), "more than 32 levels"),
}


@pytest.mark.parametrize("name", NOT_JSON)
@pytest.mark.parametrize("door", FEW)
def test_what_is_no_json(still: Desk, door: str, name: str) -> None:
    data, said = NOT_JSON[name]
    if door == "lines":
        if name in ("nothing", "space"):
            assert pointers(refuse(still, door, data)) == ["/bundle"]
            return
        said = "Line 1 of the body" if b"\n" not in data else "of the body"
    problem = refuse(still, door, data)
    if problem["status"] == 422:  # each line is a document of its own, and some of these are lines that end well
        assert door == "lines"
        return
    assert (problem["status"], problem["type"].partition("#")[2]) == (400, "invalid-json")
    assert said in problem["detail"]
    assert len(problem["detail"]) < 300


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("door", [each for each in FEW if each != "lines"])
def test_a_member_that_has_two_readings_or_none(still: Desk, door: str, name: str) -> None:
    text, said = TEXTS[name]
    problem = refuse(still, door, with_member(door, text))
    assert (problem["status"], problem["type"].partition("#")[2]) == (400, "invalid-json")
    assert said in problem["detail"]
    assert len(problem["detail"]) < 300


@pytest.mark.parametrize("name", TEXTS)
def test_the_line_of_such_a_member_is_named(still: Desk, name: str) -> None:
    text, said = TEXTS[name]
    head = b'{"bundle": "event-timeline/1"}\n\n'
    problem = refuse(still, "lines", head + b'{"actors": {"id": ' + text + b"}}")
    assert problem["detail"].startswith("Line 3 of the body: ")
    assert name == "33 deep" or "line" in name or said in problem["detail"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", [b"[]", b"null", b"5", b"1.5", b"true", b'"x"', b"[{}]", b'["id"]'])
def test_what_is_no_object(still: Desk, door: str, text: bytes) -> None:
    problem = refuse(still, door, text)
    assert problem["status"] == 422
    assert pointers(problem) == [""]


VALUES: dict[str, Any] = {
    "a number": 5, "a number as text": "5", "null": None, "true": True, "a list": [], "an object": {}, "nothing": "",
    "spaces": "  \t ", "a NUL": "a\0b", "a control character": "a\x1bb", "a surrogate": "a\ud800",
    "a pair torn apart": "\udc00\ud800", "a huge text": "x" * 1_000_000,
    "lists": [[]], "objects": [{}], "a line end": "a\r\nSet-Cookie: x=1", "DEL": "\x7f",
}  # fmt: skip
PLACES: list[tuple[str, str, set[str]]] = [
    # a way in, the pointer of a member, the values that it takes
    ("POST events", "/id", {"a number as text"}),
    ("POST events", "/type", set()),
    ("POST events", "/title", {"a number as text", "a line end"}),
    ("POST events", "/start_date", set()),
    ("POST events", "/participants", {"a list"}),
    ("POST events", "/location", {"null"}),
    ("POST events", "/evidence/0/source", set()),
    ("POST events", "/evidence/0/start", {"null"}),
    ("POST events", "/external_ids", {"an object"}),
    ("POST events", "/external_ids/osm", {"a number as text", "a line end"}),
    ("PUT locations", "/latitude", {"null"}),
    ("PUT locations", "/aliases/0", {"a number as text", "a line end"}),
    ("PUT locations", "/country", {"null"}),
    ("POST sources", "/length", {"a number", "null"}),
    ("POST sources", "/url", {"null"}),
    ("POST statements", "/figures/0/best", {"a number"}),
    ("POST statements", "/figures/0/accepted", {"true"}),
    ("PATCH statements", "/text", {"a number as text", "a line end"}),
    ("PATCH statements", "/figures/0/measure", set()),
    ("merge actors", "/into", set()),
    ("bundle", "/bundle", set()),
    ("bundle", "/actors/0/name", {"a number as text", "a line end"}),
    ("bundle", "/actors/0/relations/0/actor", set()),
    ("lines", "/actors/0/name", {"a number as text", "a line end"}),
]
NEEDED: dict[str, list[tuple[str, Any]]] = {
    "/location": [("/location_precision", "near")],
    "/evidence/0/start": [("/evidence/0", {"source": "paper"})],
    "/external_ids/osm": [("/external_ids", {})],
    "/aliases/0": [("/aliases", [])],
    "/figures/0/best": [("/figures", [{"measure": "killed", "evidence": [{"source": "paper"}]}])],
    "/figures/0/accepted": [("/figures", [{"measure": "killed", "best": 1, "evidence": [{"source": "paper"}]}])],
    "/figures/0/measure": [("/figures", [{"best": 1, "evidence": [{"source": "paper"}]}])],
    "/actors/0/relations/0/actor": [("/actors/0/relations", [{"relation": "leads"}])],
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("door", "pointer", "taken"), PLACES)
def test_a_value_of_the_wrong_kind(still: Desk, door: str, pointer: str, taken: set[str], name: str) -> None:
    if name in taken:
        return
    body = json.loads(json.dumps(DOORS[door][3]))
    for where, value in NEEDED.get(pointer, ()):
        put(body, where, value)
    put(body, pointer, VALUES[name])
    data = lines_of(body) if door == "lines" else json.dumps(body).encode()
    if pointer == "/evidence/0/start":
        expected = {"/evidence/0/start", "/evidence/0/quote"}
    elif name in ("objects", "lists", "an object", "a list"):
        expected = {pointer, f"{pointer}/0"}
    else:
        expected = {pointer}
    problem = refuse(still, door, data)
    assert problem["status"] == 422, problem
    assert any(each in expected or each.startswith(f"{pointer}/") for each in pointers(problem)), problem
    assert len(problem["detail"]) < 1000


def test_what_may_be_left_out_is_not_guessed(still: Desk) -> None:
    for name in ("type", "title", "start_date", "end_date", "date_precision", "evidence"):
        body = new("events")
        put(body, f"/{name}", DROP)
        assert pointers(refuse(still, "POST events", as_bytes(body))) == [f"/{name}"]


HUGE: dict[str, Any] = {
    "a member's name": {"x" * 1_000_000: 1},
    "names": {f"member-{number}": 1 for number in range(20_000)},
    "a name of several": {"relations": [{"actor": "y" * 199, "relation": "leads"}] * 200},
    "aliases": {"aliases": ["x"] * 201},
    "evidence": {"evidence": [{"source": f"s{number}"} for number in range(100_000)]},
    "wrong evidence": {"evidence": [{}] * 200},
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("door", ["POST actors", "PATCH actors"])
def test_what_is_much_is_refused_in_a_moment(still: Desk, door: str, name: str) -> None:
    problem = refuse(still, door, as_bytes(DOORS[door][3] | HUGE[name]))
    assert problem["status"] == (400 if name == "names" else 422)
    assert len(problem.get("errors", ())) <= 700


MUCH: dict[str, tuple[Json, int]] = {
    # a bundle, and how many faults are told at the most
    "empty records": (bundle(**{noun: [{}] * 20_000 for noun in NOUNS}), 100 * 8 * len(NOUNS)),
    "too many records": (bundle(events=[1] * 100_001), 1),
    "no records": (bundle(events=[1] * 100_000), 101),
    "wrong references": (bundle(actors=[new("actors", f"a{n}", evidence=cited(f"papr{n}")) for n in range(3000)]), 101),
    "one wrong reference": (bundle(actors=[new("actors", f"a{n}", evidence=cited("papr")) for n in range(3000)]), 101),
}


@pytest.mark.parametrize("name", MUCH)
def test_a_large_wrong_bundle_is_refused_in_a_moment(still: Desk, name: str) -> None:
    """Whoever sends one must not keep others from writing meanwhile, nor be sent more than anybody reads."""
    document, most = MUCH[name]
    problem = refuse(still, "bundle", as_bytes(document))
    assert problem["status"] == 422
    assert 0 < len(problem["errors"]) <= most
    if most > 1:
        assert "not looked at" in problem["errors"][-1]["detail"]
    if "reference" in name:
        assert problem["errors"][0]["did_you_mean"] == "paper"


TYPES = [
    ("", {}), ("text/plain", {}), ("application/xml", {}), ("multipart/form-data; boundary=x", {}),
    ("application/x-www-form-urlencoded", {}), ("application/vnd.api+json", {}), ("json", {}), ("*/*", {}), ("application/*", {}),
    ("@; charset=latin-1", {}), ("@; charset=iso-8859-1", {}), ("@; charset=utf-16", {}), ('@; charset=""', {}),
    ("@, @", {}), ("@\u00e9", {}), ("x" * 10_000, {}), ("@", {"Content_Encoding": "gzip"}),
    ("@", {"Content_Encoding": "br, gzip"}), ("@", {"Content_Encoding": "zstd"}), ("@", {"Content_Encoding": "nonsense"}),
]  # fmt: skip


@pytest.mark.parametrize(("media_type", "headers"), TYPES)
@pytest.mark.parametrize("door", DOORS)
def test_other_types_are_not_taken(still: Desk, door: str, media_type: str, headers: dict[str, str]) -> None:
    method, path, own_type, body = DOORS[door]
    data = gzip.compress(as_bytes(body)) if headers else as_bytes(body)
    named = {"If_Match": "*", **headers} if method == "PATCH" or "merge" in path else headers
    if media_type:
        named = {**named, "Content_Type": media_type.replace("@", own_type)}
    response = still.send(method, path, data=data, **named)
    assert response.status_code == 415, (response.status, response.text)
    problem = response.get_json()
    check_type(still.client, problem)
    assert len(problem["detail"]) < 300
    if headers:
        assert response.headers["Accept-Encoding"] == "identity"
    else:
        allowed = response.headers["Accept-Patch" if method == "PATCH" else "Accept"]
        assert own_type in allowed.split(", ")
        assert allowed in problem["detail"]


@pytest.mark.parametrize("media_type", [PATCH_TYPE, LINES])
def test_a_type_of_another_way_in_is_not_taken(still: Desk, media_type: str) -> None:
    for door in ("POST events", "PUT events", "merge events"):
        assert refuse(still, door, as_bytes(DOORS[door][3]), media_type)["status"] == 415


@pytest.mark.parametrize("path", [f"/v1/{noun}/{OLD[noun]}" for noun in NOUNS])
def test_a_deletion_takes_no_body(still: Desk, path: str) -> None:
    for data in (b"{}", b" ", b"\xff"):
        problem = still.refused(400, "bad-request", "DELETE", path, data=data, Content_Type=JSON, If_Match="*")
        assert problem["detail"] == "A DELETE takes no body."


# Over a socket


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    path = tmp_path_factory.mktemp("socket") / "own.db"
    keys = written(path)
    with running(path, "--workers", "1") as found:
        before = found.get("/v1/bundle")
        yield found, keys["desk"]
        assert found.get("/v1/bundle") == before


def over_a_socket(server: tuple[Server, str], head: list[str], body: bytes = b"", closes: bool = False) -> Json:
    """The problem that these bytes are answered with; `closes` ends what is sent."""
    host, port = server[0].address.removeprefix("http://").split(":")
    lines = [*head, f"Host: {host}", f"Authorization: Bearer {server[1]}", "", ""]
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall("\r\n".join(lines).encode("latin-1") + body)
        if closes:
            client.shutdown(socket.SHUT_WR)
        response = HTTPResponse(client)
        response.begin()
        text = response.read()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert not LEAKS.search(text)
    problem: Json = json.loads(text)
    assert problem["status"] == response.status
    return problem


FEW_DOORS = [DOORS[each] for each in FEW]


@pytest.mark.faults
@pytest.mark.parametrize(("method", "path", "media_type", "body"), FEW_DOORS)
def test_lengths(server: tuple[Server, str], method: str, path: str, media_type: str, body: Json) -> None:
    """Without a length 411, a longer one than the body 400, one that is too long 413 before anything is read."""
    head = [f"{method} {path} HTTP/1.1", f"Content-Type: {media_type}", "If-Match: *"]
    data = as_bytes(body)
    assert over_a_socket(server, head)["status"] == 411
    cut = over_a_socket(server, [*head, f"Content-Length: {len(data) + 1}"], data, closes=True)
    assert (cut["status"], cut["type"].partition("#")[2]) == (400, "body-cut-short")
    large = over_a_socket(server, [*head, f"Content-Length: {BODY_BYTES + 1}"])
    assert (large["status"], large["type"].partition("#")[2]) == (413, "body-too-large")
    assert str(BODY_BYTES) in large["detail"]
    coded = over_a_socket(server, [*head, "Content-Encoding: gzip", f"Content-Length: {len(data)}"], data)
    assert coded["status"] == 415


@pytest.mark.faults
def test_a_body_as_large_as_may_be_is_read(server: tuple[Server, str]) -> None:
    """One byte more is not, whether its length is told or comes in chunks."""
    head = ["POST /v1/actors HTTP/1.1", f"Content-Type: {JSON}"]
    text = b'{"x": "' + b"x" * (BODY_BYTES - 9) + b'"}'
    assert len(text) == BODY_BYTES
    taken = over_a_socket(server, [*head, f"Content-Length: {BODY_BYTES}"], text)
    assert taken["status"] == 422
    chunked = [*head, "Transfer-Encoding: chunked"]
    whole = f"{BODY_BYTES:x}\r\n".encode() + text + b"\r\n"
    assert over_a_socket(server, chunked, whole + b"0\r\n\r\n")["status"] == 422
    assert over_a_socket(server, chunked, whole + b"1\r\n \r\n0\r\n\r\n")["status"] == 413


@pytest.mark.faults
@pytest.mark.parametrize("length", ["-1", "x", "1e3", "+5", "5, 6", "9" * 30, "0x5", ""])
def test_a_length_that_is_none(server: tuple[Server, str], length: str) -> None:
    host, port = server[0].address.removeprefix("http://").split(":")
    head = (
        f"POST /v1/actors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server[1]}\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(head.encode() + b"{}{}{}")
        client.shutdown(socket.SHUT_WR)
        status = client.recv(12)
    assert status == b"" or status.startswith(b"HTTP/1.1 4"), status
