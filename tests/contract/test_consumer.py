"""A copy that follows the feed of changes becomes what the server has, byte for byte."""

import json
import urllib.request
from pathlib import Path

import pytest
from conftest import seeded
from consumer import Answer, Consumer, over_http
from live import Server, running

from api.store.migrations import open_migrated
from contract.worlds import Json, load_into


def event(record_id: str, title: str) -> Json:
    days = {"start_date": "2000-01-01", "end_date": "2000-01-01", "date_precision": "day"}
    cited = [{"source": "ssbcrack-half-of-aleppo"}]
    return {"id": record_id, "type": "other", "title": title, **days, "evidence": cited}


def write(database: Path, events: list[Json]) -> None:
    load_into(database, {"bundle": "event-timeline/1", "events": events})


def bundle_of(server: Server) -> bytes:
    with urllib.request.urlopen(f"{server.address}/v1/bundle", timeout=10) as response:
        body: bytes = response.read()
    return body


def delete(database: Path, noun: str, record_id: str) -> None:
    """Take a record away that no other points to, as a deletion does."""
    connection = open_migrated(database)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO changes (at, collection, id, version, change, record, reason)"
        f" SELECT updated_at, '{noun}', id, version + 1, 'deleted', 'null', 'twice' FROM {noun} WHERE id = ?",
        (record_id,),
    )
    connection.execute(f"DELETE FROM {noun} WHERE id = ?", (record_id,))
    connection.execute("COMMIT")
    connection.close()


def test_a_copy_becomes_what_the_server_has(tmp_path: Path) -> None:
    database = seeded(tmp_path / "own.db")
    with running(database) as server:
        copy = Consumer(tmp_path / "copy.db", server.address)
        copy.start = copy.start.replace("limit=1000", "limit=10")
        copy.follow()
        assert copy.as_bundle() == bundle_of(server)

        write(database, events=[event("one", "One “quoted” \u2028 line\n🙂"), event("two", "Two")])
        write(database, events=[event("one", "One again")])
        delete(database, "events", "two")
        copy.follow()
        assert copy.as_bundle() == bundle_of(server)
        copy.close()

        reopened = Consumer(tmp_path / "copy.db", server.address)
        before = reopened.as_bundle()
        reopened.follow()
        reopened.follow()
        assert reopened.as_bundle() == before == bundle_of(server)
        reopened.close()


def test_a_copy_is_made_anew_when_the_database_was_replaced(tmp_path: Path) -> None:
    old, new = seeded(tmp_path / "old.db"), seeded(tmp_path / "new.db")
    write(old, events=[event("gone", "Gone")])
    with running(old) as server:
        copy = Consumer(tmp_path / "copy.db", server.address)
        copy.follow()
    with running(new) as server:

        def moved(url: str, etag: str | None) -> Answer:
            """The other server answers at another port, under the old name."""
            status, tag, body = over_http(url.replace(copy.start.split("/v1/")[0], server.address), etag)
            return status, tag, body.replace(server.address.encode(), copy.start.split("/v1/")[0].encode())

        copy.get = moved
        copy.follow()
        assert copy.as_bundle() == bundle_of(server)
    copy.close()


def test_a_poll_without_news_costs_a_304(tmp_path: Path) -> None:
    statuses: list[int] = []

    def noted(url: str, etag: str | None) -> Answer:
        answer = over_http(url, etag)
        statuses.append(answer[0])
        return answer

    with running(seeded(tmp_path / "own.db")) as server:
        copy = Consumer(tmp_path / "copy.db", server.address, noted)
        for _ in range(4):
            copy.follow()
    assert statuses == [200, 200, 304, 304]
    copy.close()


def test_an_error_is_not_taken_for_news(tmp_path: Path) -> None:
    body = json.dumps({"status": 503}).encode()
    copy = Consumer(tmp_path / "copy.db", "http://127.0.0.1:1", lambda url, etag: (503, None, body))
    with pytest.raises(OSError, match="503"):
        copy.follow()
    assert not copy.state.execute("SELECT count(*) FROM place").fetchone()[0]
    copy.close()


def test_an_entry_that_comes_twice_changes_nothing(tmp_path: Path) -> None:
    copy = Consumer(tmp_path / "copy.db", "")
    entry: Json = {"seq": 1, "collection": "events", "id": "a", "record": {"id": "a"}}
    gone = entry | {"seq": 3, "record": None}
    for entries in ([entry], [entry], [entry | {"seq": 2}], [entry]):
        copy._store(entries, "x", None)
        assert b'[\n{"id":"a"}\n]' in copy.as_bundle()
    for _ in range(2):
        copy._store([gone], "x", None)
        assert b'"a"' not in copy.as_bundle()
    copy.close()
