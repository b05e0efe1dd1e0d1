"""Kept answers: what they save, and that nobody ever gets an old one, one of another request, or one not meant for them."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from live import running
from unit.samples import bundle, event, sample, store

from api.importers.bundle import load
from api.store.connections import open_writer
from api.store.migrations import open_migrated
from api.web import cache
from api.web.cache import Cache

pytestmark = pytest.mark.faults

HEADERS = [(b"etag", b'"a"'), (b"content-type", b"x/y"), (b"x-request-id", b"1")]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}


def scope(path: str = "/v1/events", query: str = "", method: str = "GET") -> dict[str, Any]:
    return {"method": method, "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http"}


class Data:
    """A database of which only the generation is known."""

    def __init__(self) -> None:
        self.number = 1


@pytest.fixture
def data() -> Data:
    return Data()


@pytest.fixture
def kept(data: Data) -> Cache:
    return Cache(4 * (cache.OVERHEAD + 250), lambda: data.number)


def key(kept: Cache, *of: str, **headers: str) -> cache.Key:
    found = kept.key(scope(*of), {"host": "h", **headers})
    assert found is not None
    return found


def put(kept: Cache, at: cache.Key, body: bytes = b"body", **start: Any) -> None:
    generation = kept.generation()
    assert generation is not None
    kept.keep(at, generation, START | start, body)


def test_what_was_kept_is_given_with_an_id_of_its_own(kept: Cache) -> None:
    put(kept, key(kept))
    found = kept.find(key(kept), {"x-request-id": "mine"})
    assert found is not None
    start, body = found
    assert (start["status"], body["body"]) == (200, b"body")
    assert (b"x-request-id", b"mine") in start["headers"]
    assert len([each for each in start["headers"] if each[0] == b"x-request-id"]) == 1


@pytest.mark.parametrize(
    ("tags", "status"),
    [('"a"', 304), ('W/"a"', 304), ('"b", "a"', 304), ('"b"', None), ("*", None), ("a", None), ("", None)],
)
def test_conditions(kept: Cache, tags: str, status: int | None) -> None:
    """None: the request goes the long way, where all conditions are known."""
    put(kept, key(kept))
    found = kept.find(key(kept), {"if-none-match": tags})
    assert (found and found[0]["status"]) == status
    if found:
        assert found[1]["body"] == b""
        assert b"content-type" not in dict(found[0]["headers"])


@pytest.mark.parametrize(
    "other",
    [
        {"of": ("/v1/actors",)},
        {"of": ("/v1/events", "limit=1")},
        {"host": "other"},
        {"accept": "text/csv"},
        {"accept-encoding": "br"},
    ],
)
def test_another_request_is_another_answer(kept: Cache, other: dict[str, Any]) -> None:
    put(kept, key(kept))
    of = other.pop("of", ())
    assert kept.find(key(kept, *of, **other), {}) is None


@pytest.mark.parametrize("name", cache.LONG_WAY)
def test_who_sends_more_goes_the_long_way(kept: Cache, name: str) -> None:
    assert kept.key(scope(), {"host": "h", name: "x"}) is None


@pytest.mark.parametrize("method", ["HEAD", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_only_get_is_kept(kept: Cache, method: str) -> None:
    assert kept.key(scope(method=method), {"host": "h"}) is None


def test_a_304_is_kept_for_those_who_name_the_tag(kept: Cache) -> None:
    put(kept, key(kept), b"", status=304)
    assert kept.find(key(kept), {}) is None
    assert kept.find(key(kept), {"if-none-match": '"b"'}) is None
    found = kept.find(key(kept), {"if-none-match": '"a"'})
    assert found is not None
    assert found[0]["status"] == 304
    put(kept, key(kept))
    put(kept, key(kept), b"", status=304)
    whole = kept.find(key(kept), {})
    assert whole is not None
    assert whole[1]["body"] == b"body"


def test_a_change_drops_everything(kept: Cache, data: Data) -> None:
    put(kept, key(kept))
    data.number += 1
    kept.generation()
    assert kept.find(key(kept), {}) is None


def test_an_answer_that_was_overtaken_is_not_kept(kept: Cache, data: Data) -> None:
    generation = kept.generation()
    assert generation is not None
    data.number += 1
    kept.keep(key(kept), generation, START, b"old")
    assert kept.find(key(kept), {}) is None


@pytest.mark.parametrize("start", [{"status": 404}, {"status": 206}, {"headers": [(b"content-type", b"x/y")]}])
def test_what_is_no_whole_answer_is_not_kept(kept: Cache, start: dict[str, Any]) -> None:
    put(kept, key(kept), **start)
    assert kept.find(key(kept), {}) is None


def test_what_was_used_last_stays(kept: Cache) -> None:
    for number in range(5):
        put(kept, key(kept, "/v1/events", f"limit={number + 1}"), b"x" * 240)
        kept.find(key(kept, "/v1/events", "limit=1"), {})
    there = [n for n in range(1, 6) if kept.find(key(kept, "/v1/events", f"limit={n}"), {})]
    assert there == [1, 3, 4, 5]


def test_what_is_too_large_is_not_kept(kept: Cache) -> None:
    put(kept, key(kept), b"x" * cache.LARGEST)
    assert kept.find(key(kept), {}) is None


# The same through a server


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.db"
    with closing(open_migrated(path)) as connection:
        store(connection, sample())
    return path


def ask(address: str, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    with urllib.request.urlopen(urllib.request.Request(address + path, headers=headers), timeout=20) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def hit(headers: dict[str, str]) -> bool:
    return "desc=hit" in headers["server-timing"]


@pytest.fixture
def address(own: Path) -> Iterator[str]:
    with running(own, "--workers", "1") as server:
        yield server.address


def test_the_second_answer_is_the_first(address: str) -> None:
    first, body = ask(address, "/v1/events?limit=5")
    second, again = ask(address, "/v1/events?limit=5")
    assert (hit(first), hit(second)) == (False, True)
    assert again == body
    of_its_own = {"x-request-id", "server-timing", "date"}
    assert {each: value for each, value in first.items() if each not in of_its_own} == {
        each: value for each, value in second.items() if each not in of_its_own
    }
    assert first["x-request-id"] != second["x-request-id"]


def test_a_write_of_another_process_is_seen_at_once(address: str, own: Path) -> None:
    for number in range(5):
        ask(address, "/v1/events?total=true")
        assert hit(ask(address, "/v1/events?total=true")[0])
        with closing(open_writer(own)) as connection:
            load(connection, json.dumps(bundle(events=[event(f"new-{number}")])).encode())
        headers, body = ask(address, "/v1/events?total=true")
        assert not hit(headers)
        assert json.loads(body)["meta"]["total"] == 3 + number


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/snapshots", "/", "/docs/guide"])
def test_what_does_not_follow_from_the_data_alone_is_not_kept(address: str, path: str) -> None:
    for _ in range(2):
        assert not hit(ask(address, path)[0])


@pytest.mark.parametrize("setting", ["CACHE_MB=0", "RATE_LIMIT=1000"])
def test_nothing_is_kept_where_each_request_counts(own: Path, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _, value = setting.partition("=")
    monkeypatch.setenv(f"EVENT_TIMELINE_{name}", value)
    with running(own, "--workers", "1") as server:
        for _ in range(2):
            assert not hit(ask(server.address, "/v1/events")[0])
