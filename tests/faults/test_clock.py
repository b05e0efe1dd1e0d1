"""A clock that is set back, and one that was far ahead: no reader who asks by time misses a change."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from faults.callers import assert_whole, calling, in_order, once, serving, with_key
from live import Server

from api.store import sqlite

pytestmark = pytest.mark.faults
CLOCK = Path(__file__).with_name("clock.py")
STEPS = (0, 3600, -3600, -86_400, 2, -1)
"""Seconds by which the clock is off, one after the other."""
Set = Callable[[float], None]


@pytest.fixture
def clocked(database: Path, tmp_path: Path) -> Iterator[tuple[Server, str, Set]]:
    """A server over the seed, a key, and what sets its clock."""
    path, off = tmp_path / "data" / "clocked.db", tmp_path / "off"
    path.parent.mkdir()
    key = with_key(database, path)

    def put(seconds: float) -> None:
        beside = off.with_suffix(".new")
        beside.write_text(str(seconds), "ascii")
        beside.replace(off)

    put(0)
    with serving(path, command=(sys.executable, str(CLOCK), str(off), "serve")) as server:
        yield server, key, put
    assert_whole(path)


def changed_since(server: Server, moment: str) -> set[str]:
    """The ids of actors that `updated_since` finds."""
    answer = once(server, "GET", f"/v1/actors?updated_since={moment}&limit=1000&fields=id")
    assert answer.status == 200, answer
    return {each["id"] for each in answer.json["data"]}


def test_a_clock_that_is_set_back(clocked: tuple[Server, str, Set]) -> None:
    server, key, put = clocked
    moments: list[str] = []
    made: list[str] = []
    with calling(server, key) as caller:
        assert caller.create("kept", description="0").status == 201
        for step, seconds in enumerate(STEPS):
            put(seconds)
            for number in range(2):
                record_id = f"made-{step}-{number}"
                answer = caller.create(record_id)
                assert answer.status == 201, answer
                assert answer.json["created_at"] == answer.json["updated_at"]
                moments.append(answer.json["updated_at"])
                made.append(record_id)
                assert caller.increment("kept") == [200]
                moments.append(caller.get("/v1/actors/kept").json["updated_at"])
            # Whoever asks from the newest moment that they know on gets all that came after it.
            for index in range(0, len(moments), 2):
                assert changed_since(server, moments[index]) >= {*made[index // 2 :], "kept"}
        feed = caller.get("/v1/changes?since=0&limit=1000").json["data"]
        history = caller.get("/v1/actors/kept/history").json["data"]
    assert in_order(moments)
    assert [each["seq"] for each in feed] == list(range(1, len(feed) + 1))
    assert in_order([each["at"] for each in feed])
    assert in_order([each["at"] for each in reversed(history)])
    assert [each["version"] for each in history] == list(range(len(history), 0, -1))


def test_if_modified_since_misses_nothing(clocked: tuple[Server, str, Set]) -> None:
    """A copy is dated by `Last-Modified`, or not at all while the newest change is of a moment that is not over."""
    server, key, put = clocked
    path = "/v1/actors?limit=1000"
    dated = 0
    with calling(server, key) as caller:
        for step, seconds in enumerate((0, 10, 3600, -3600, -7200, 3590, 3700)):
            put(seconds)
            held = caller.get(path)
            date = held.headers.get("last-modified")
            dated += date is not None
            assert caller.create(f"made-{step}").status == 201
            if date is not None:
                again = caller.get(path, if_modified_since=date)
                assert again.status == 200, "something has changed since"
                assert again.headers["etag"] != held.headers["etag"]
            assert caller.get(path, if_none_match=held.headers["etag"]).status == 200
    assert dated >= 3


def test_a_change_that_is_still_to_come_is_warned_of(clocked: tuple[Server, str, Set]) -> None:
    server, key, put = clocked
    with calling(server, key) as caller:
        before = caller.get("/readyz").json["warnings"]
        put(40 * 365 * 86_400)
        # A key without an end counts for ever, and a record is dated as the clock says.
        ahead = caller.create("ahead").json["updated_at"]
        assert caller.get("/readyz").json["warnings"] == before
        put(0)
        warned = caller.get("/readyz").json["warnings"]
        assert len(warned) == len(before) + 1
        assert ahead in warned[-1]
        assert caller.create("after").json["updated_at"] == ahead
        assert changed_since(server, ahead) == {"ahead", "after"}
        answer = caller.get("/v1/actors")
        assert "last-modified" not in answer.headers
        soon = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
        assert caller.get("/v1/actors", if_modified_since=soon).status == 200


def test_answers_are_kept_for_repeated_requests_when_the_clock_is_set_back(clocked: tuple[Server, str, Set]) -> None:
    server, key, put = clocked
    body = {"name": "Made Once", "type": "other", "evidence": [{"source": "ssbcrack-half-of-aleppo"}]}
    with calling(server, key) as caller:
        first = caller.send("POST", "/v1/actors", body, idempotency_key="same")
        assert first.status == 201
        for seconds in (-86_400, 86_400, -40 * 86_400):
            put(seconds)
            assert caller.create(f"beside-{int(time.monotonic_ns())}").status == 201
            again = caller.send("POST", "/v1/actors", body, idempotency_key="same")
            assert (again.status, again.body) == (201, first.body)
    with closing(sqlite.connect(server.database)) as connection:
        assert connection.execute("SELECT count(*) FROM actors WHERE id GLOB 'made-once*'").fetchone() == (1,)
