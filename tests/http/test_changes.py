"""The feed of changes: in order, whole, with a place to go on from, in three formats."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import Json, ask, check_type, event, faults_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient
from histories import HOSTILE, with_a_past

from api.config import Settings
from api.store import history
from api.store.migrations import open_migrated
from api.store.readers import Reader

PATHS = ("/v1/changes", "/v1/changes.json", "/v1/changes.ndjson", "/v1/changes.atom")
ENTRY = ["seq", "at", "collection", "id", "version", "change", "by", "reason", "merged_into", "record"]
NAMES = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_a_past(tmp_path_factory.mktemp("changes") / "past.db")


@pytest.fixture(scope="module")
def past(path: Path) -> Iterator[FlaskClient]:
    """A client of records that were changed, deleted and merged."""
    with serving(Settings(db=path)) as client:
        yield client


@pytest.fixture(scope="module")
def table(path: Path) -> list[Json]:
    """The entries as the table of changes has them."""
    connection = open_migrated(path)
    rows = connection.execute(
        "SELECT seq, at, collection, changes.id, version, change, keys.name, reason, merged_into, record FROM changes"
        " LEFT JOIN keys ON keys.id = key ORDER BY seq"
    ).fetchall()
    connection.close()
    return [dict(zip(ENTRY, (*row[:-1], json.loads(row[-1])), strict=True)) for row in rows]


def page(client: FlaskClient, target: str) -> Json:
    response = ask(client, target.removeprefix("http://localhost"))
    assert response.status_code == 200, response.text
    found: Json = strict_json(response.text)
    return found


def pages(client: FlaskClient, target: str) -> list[Json]:
    """The page and all that follow it."""
    found = [page(client, target)]
    while found[-1]["links"]["next"]:
        found.append(page(client, found[-1]["links"]["next"]))
    return found


WRONG = (
    ("since=-1", "since"), ("since=1.5", "since"), ("since=x", "since"), ("since=", "since"), ("since=1e3", "since"),
    ("since=01", "since"), ("since=1234567890", "since"), ("since=٣", "since"), ("since=1&since=2", "since"),
    ("mark=", "mark"), ("mark=x", "mark"), ("mark=0123456789abcde", "mark"), ("mark=0123456789ABCDEF", "mark"),
    ("mark=0123456789abcdef0", "mark"), ("mark=0123456789abcdef%0A", "mark"),
    ("mark=0123456789abcdef&mark=0123456789abcdef", "mark"),
    ("collection=event", "collection"), ("collection=events,", "collection"), ("collection=changes", "collection"),
    ("collection=timeline", "collection"), ("collection=events&collection=x", "collection"), ("collection=*", "collection"),
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=all", "limit"), ("limit=1&limit=1", "limit"),
    ("cursor=x", "cursor"), ("total=true", "total"), ("fields=id", "fields"), ("sort=seq", "sort"), ("from=2024-01-01", "from"),
    ("Since=1", "Since"), ("until=5", "until"),
)  # fmt: skip


@pytest.mark.parametrize("where", PATHS)
@pytest.mark.parametrize(("query", "parameter"), WRONG)
def test_wrong_parameters_are_refused(client: FlaskClient, where: str, query: str, parameter: str) -> None:
    response = ask(client, f"{where}?{query}")
    assert response.status_code == 400
    assert parameter in faults_of(problem_of(response))


@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize("where", PATHS[:2])
def test_all_pages_together_are_the_table(past: FlaskClient, table: list[Json], where: str, limit: int) -> None:
    found = pages(past, f"{where}?limit={limit}")
    assert [each for one in found for each in one["data"]] == table
    assert [each["seq"] for each in table] == list(range(1, len(table) + 1))
    for one in found:
        assert list(one) == ["data", "links", "meta"]
        assert list(one["links"]) == ["self", "next", "prev", "resume"]
        assert one["links"]["prev"] is None
        assert one["meta"]["limit"] == limit
        assert one["meta"]["count"] == len(one["data"]) <= limit
        assert one["meta"]["dataset_version"] == len(table)
        assert one["meta"]["epoch"] == page(past, "/v1/meta")["epoch"]
        assert all(list(each) == ENTRY for each in one["data"])
        assert len(one["data"]) == limit or one is found[-1]
        assert one["links"]["resume"] == (one["links"]["next"] or one["links"]["resume"])


def test_without_a_limit_a_page_holds_fifty(past: FlaskClient) -> None:
    assert page(past, "/v1/changes")["meta"]["count"] == page(past, "/v1/changes")["meta"]["limit"] == 50


def test_records_are_sent_as_they_were_stored(past: FlaskClient, path: Path) -> None:
    connection = open_migrated(path)
    text = ask(past, "/v1/changes?limit=1000").text
    for (record,) in connection.execute("SELECT record FROM changes"):
        assert f'"record":{record}}}' in text
    connection.close()


@pytest.mark.parametrize(
    "chosen",
    ["events", "actors,events", "datasets", "statements,datasets", "sources,locations,actors,events,statements"],
)
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_some_collections(past: FlaskClient, table: list[Json], chosen: str, limit: int) -> None:
    for written in (chosen, chosen.replace(",", "&collection=")):
        found = pages(past, f"/v1/changes?collection={written}&limit={limit}&since=3")
        wanted = [each for each in table[3:] if each["collection"] in chosen.split(",")]
        assert [each for one in found for each in one["data"]] == wanted
        resume = found[-1]["links"]["resume"]
        assert f"since={len(table)}&" in resume
        assert f"collection={written}" in resume


def test_who_and_why(past: FlaskClient) -> None:
    entries = {(each["id"], each["version"]): each for each in page(past, "/v1/changes?limit=1000")["data"]}
    assert entries["changed", 2]["by"] == "The <desk>"
    assert entries["changed", 2]["reason"] == "A better title"
    assert entries["changed", 1]["by"] is entries["changed", 1]["reason"] is None
    assert entries["ended", 2] | {"seq": 0, "at": ""} == {
        "seq": 0, "at": "", "collection": "events", "id": "ended", "version": 2, "change": "deleted", "by": None,
        "reason": "It never happened", "merged_into": None, "record": None,
    }  # fmt: skip
    assert entries["merged-1", 2]["change"] == "merged"
    assert entries["merged-1", 2]["merged_into"] == "merged-2"


# Where to go on


def test_resume_gives_what_came_later(tmp_path: Path) -> None:
    own = seeded(tmp_path / "own.db")
    with serving(Settings(db=own)) as client:
        last = pages(client, "/v1/changes?limit=100&collection=events")[-1]
        for resume in (last["links"]["resume"], page(client, last["links"]["resume"])["links"]["resume"]):
            assert page(client, resume)["data"] == []
        write(own, events=[event("one", "One"), event("two", "Two")])
        later = page(client, resume)
        assert [each["id"] for each in later["data"]] == ["one", "two"]
        assert later["links"]["next"] is None
        assert later["links"]["resume"] != resume


@pytest.fixture
def seen(past: FlaskClient) -> Iterator[list[str]]:
    """The SQL that the client's requests run."""
    ask(past, "/v1/meta")
    found: list[str] = []
    connection = past.application.config["STORE"].reader()._connection
    connection.set_trace_callback(found.append)
    yield found
    connection.set_trace_callback(None)


@pytest.mark.parametrize("where", PATHS)
def test_a_poll_without_news_reads_no_table(past: FlaskClient, seen: list[str], where: str) -> None:
    target = where
    if "atom" not in where:
        links = ask(past, f"{where}?limit=1000&collection=actors").headers["Link"]
        (target,) = re.findall(r'<http://localhost([^>]*)>; rel="resume"', links)
    etag = ask(past, target).headers["ETag"]
    seen.clear()
    response = ask(past, target, If_None_Match=etag)
    assert response.status_code == 304
    assert [each for each in seen if each not in ("BEGIN", "ROLLBACK")] == ["PRAGMA data_version"]


def test_a_mark_belongs_to_its_place(past: FlaskClient, table: list[Json]) -> None:
    marks = {}
    for since in (0, 1, 2, len(table)):
        resume = page(past, f"/v1/changes?limit=1&since={since - 1}" if since else "/v1/changes")["links"]["resume"]
        if since:
            marks[since] = re.findall(r"mark=([0-9a-f]{16})", resume)[0]
    assert len(set(marks.values())) == len(marks)
    for since, mark in marks.items():
        for where in PATHS:
            assert ask(past, f"{where}?since={since}&mark={mark}").status_code == 200
            for other in {0, *marks} - {since}:
                assert _other_history(past, f"{where}?since={other}&mark={mark}")


def _other_history(client: FlaskClient, target: str) -> bool:
    response = ask(client, target)
    assert response.status_code == 410
    problem = problem_of(response)
    check_type(client, problem)
    assert problem["type"].endswith("#other-history")
    return "Begin again with since=0" in problem["detail"]


@pytest.mark.parametrize("where", PATHS)
def test_a_place_beyond_the_newest_change_is_of_another_history(
    past: FlaskClient, table: list[Json], where: str
) -> None:
    assert ask(past, f"{where}?since={len(table)}").status_code == 200
    for since in (len(table) + 1, 999_999_999):
        assert _other_history(past, f"{where}?since={since}")


REWRITTEN = (
    "UPDATE store SET epoch = 'another'",
    "UPDATE changes SET record = '{}' WHERE seq = 127",
    "UPDATE changes SET at = '2020-01-01T00:00:00Z' WHERE seq = 127",
    "UPDATE changes SET id = 'another' WHERE seq = 127",
    "UPDATE changes SET version = 9 WHERE seq = 127",
    "UPDATE changes SET collection = 'events' WHERE seq = 127",
    "DELETE FROM changes WHERE seq > 120",
)


@pytest.mark.parametrize("statement", REWRITTEN)
def test_a_restored_database_is_noticed(tmp_path: Path, statement: str) -> None:
    own = seeded(tmp_path / "own.db")
    with serving(Settings(db=own)) as client:
        resume = pages(client, "/v1/changes?limit=1000")[-1]["links"]["resume"].removeprefix("http://localhost")
        etag = ask(client, resume).headers["ETag"]
        connection = open_migrated(own)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
        write(own, events=[event("one", "One")])
        connection.close()
        assert _other_history(client, resume)
        assert ask(client, resume, If_None_Match=etag).status_code == 410


def test_an_empty_database_has_an_empty_feed(tmp_path: Path) -> None:
    open_migrated(tmp_path / "empty.db").close()
    with serving(Settings(db=tmp_path / "empty.db")) as client:
        found = page(client, "/v1/changes")
        assert found["data"] == []
        assert found["links"]["next"] is None
        assert page(client, found["links"]["resume"])["data"] == []
        assert ask(client, "/v1/changes.ndjson").data == b""
        assert ET.fromstring(ask(client, "/v1/changes.atom").data).findall("a:entry", NAMES) == []
        assert _other_history(client, "/v1/changes?since=1")


# Formats


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"), ("*/*", "application/json"), ("application/x-ndjson", "application/x-ndjson"),
        ("application/atom+xml", "application/atom+xml"),
        ("application/json;q=0.5, application/atom+xml", "application/atom+xml"),
    ],
)  # fmt: skip
def test_accept_chooses(past: FlaskClient, accept: str, media_type: str) -> None:
    response = ask(past, "/v1/changes?limit=2", Accept=accept)
    assert response.mimetype == media_type
    assert "Accept" in response.headers["Vary"]
    assert ask(past, "/v1/changes", Accept="text/csv").status_code == 406


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_lines_are_the_whole_table(
    past: FlaskClient, table: list[Json], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EXPORT_PAGE", at_once)
    response = ask(past, "/v1/changes.ndjson")
    assert response.mimetype == "application/x-ndjson"
    assert [strict_json(line) for line in response.text.split("\n")[:-1]] == table
    few = ask(past, "/v1/changes.ndjson?collection=actors&since=5")
    assert [strict_json(line) for line in few.text.split("\n")[:-1]] == [
        each for each in table[5:] if each["collection"] == "actors"
    ]


def test_lines_go_on_by_the_link_header(past: FlaskClient, table: list[Json]) -> None:
    target, found = "/v1/changes.ndjson?limit=9", []
    while target:
        response = ask(past, target)
        found += [strict_json(line) for line in response.text.split("\n")[:-1]]
        (target,) = re.findall(r'<http://localhost([^>]*)>; rel="next"', response.headers["Link"]) or [""]
    assert found == table


def test_lines_end_where_the_answer_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read as they are taken, between them nothing is held, and what is written meanwhile is for the next time."""
    monkeypatch.setattr(history, "EXPORT_PAGE", 10)
    read: list[int] = []
    changes = history.changes

    def counted(reader: Reader, span: history.Span, limit: int) -> list[history.Entry]:
        read.append(span.since)
        return changes(reader, span, limit)

    monkeypatch.setattr(history, "changes", counted)
    own = seeded(tmp_path / "own.db")
    with serving(Settings(db=own)) as client:
        response = client.get("/v1/changes.ndjson")
        assert read == [0]
        stream: Any = response.iter_encoded()
        lines = [next(stream) for _ in range(12)]
        assert read == [0, 10]
        assert not client.application.config["STORE"].reader()._connection.in_transaction
        write(own, events=[event("one", "One")])
        lines += stream
        assert [json.loads(each)["seq"] for each in lines] == list(range(1, 128))
        (resume,) = re.findall(r'<http://localhost([^>]*)>; rel="resume"', response.headers["Link"])
        response.close()
        assert [json.loads(each)["id"] for each in client.get(resume).data.splitlines()] == ["one"]


def test_a_filter_by_collection_uses_its_index(path: Path) -> None:
    connection = open_migrated(path)
    for span in (history.Span(5, 100), history.Span(5, 100, ("datasets",)), history.Span(5, 100, ("actors", "events"))):
        for numbers in (span.oldest(10), span.newest(10)):
            plan = connection.execute(f"EXPLAIN QUERY PLAN {numbers.sql}", numbers.values).fetchall()
            searches = [row[3] for row in plan if "changes" in row[3]]
            assert len(searches) == max(1, len(span.collections))
            assert all(each.startswith("SEARCH") for each in searches)
            wanted = (
                "changes_by_collection (collection=? AND rowid>? AND rowid<?)"
                if span.collections
                else "PRIMARY KEY (rowid>? AND rowid<?)"
            )
            assert all(wanted in each for each in searches), searches
    connection.close()


# Atom


def feed_of(client: FlaskClient, query: str = "") -> ET.Element:
    response = ask(client, f"/v1/changes.atom{query}")
    assert response.status_code == 200
    assert response.content_type == "application/atom+xml"
    return ET.fromstring(response.data)


def of(element: ET.Element, name: str) -> str:
    found = element.findtext(f"a:{name}", namespaces=NAMES)
    assert found, name
    return found


def test_the_feed_has_the_newest_first(past: FlaskClient, table: list[Json]) -> None:
    for query, wanted in (
        ("", table[-50:]), ("?limit=3", table[-3:]), ("?limit=1000", table), (f"?since={len(table) - 2}", table[-2:]),
        ("?limit=1000&collection=actors", [each for each in table if each["collection"] == "actors"]),
    ):  # fmt: skip
        feed = feed_of(past, query)
        assert [of(each, "updated") for each in feed.findall("a:entry", NAMES)] == [each["at"] for each in wanted[::-1]]
        assert of(feed, "updated") == wanted[-1]["at"]
        (link,) = feed.findall("a:link", NAMES)
        assert link.get("href") == f"http://localhost/v1/changes.atom{query}"


def test_entries_say_what_happened(past: FlaskClient) -> None:
    entries = feed_of(past, "?limit=14").findall("a:entry", NAMES)
    shown = {
        of(each, "title"): (
            of(each, "content"), each.find("a:link", NAMES).get("href"), each.findtext("a:author/a:name", None, NAMES),  # type: ignore[union-attr]
        )
        for each in entries
    }  # fmt: skip
    here = "http://localhost/v1"
    assert shown["Actor “Name of merged-2” merged (version 2)"] == (
        "Merged into merged-3. Reason: The same", f"{here}/actors/merged-2/history", None,
    )  # fmt: skip
    assert shown["Actor “Name of merged-3” created (version 1)"] == ("Created.", f"{here}/actors/merged-3", None)
    assert shown["Actor “Name of merged-1” created (version 1)"][1] == f"{here}/actors/merged-1/history"
    assert shown["Event “Ended” deleted (version 2)"] == (
        "Deleted. Reason: It never happened", f"{here}/events/ended/history", None,
    )  # fmt: skip
    assert shown["Event “Second” updated (version 2)"] == (
        "Changed: title, summary. Reason: A better title", f"{here}/events/changed", "The <desk>",
    )  # fmt: skip
    hostile = " ".join(HOSTILE.replace("\ufffe", "").replace("\uffff", "").split())
    assert f"Event “{hostile}” created (version 1)" in shown
    oldest = feed_of(past, "?limit=1000").findall("a:entry", NAMES)
    assert of(oldest[-1], "title").startswith("Dataset “")
    for each in oldest:
        address = each.find("a:link", NAMES).get("href")  # type: ignore[union-attr]
        assert ask(past, str(address).removeprefix("http://localhost")).status_code == 200


def test_ids_of_entries_stay_and_are_unique(past: FlaskClient, path: Path) -> None:
    ids = [of(each, "id") for each in feed_of(past, "?limit=1000").findall("a:entry", NAMES)]
    assert len(set(ids)) == len(ids)
    with serving(Settings(db=path, public_url="https://data.example.org/conflict")) as other:
        feed = feed_of(other, "?limit=1000")
        assert [of(each, "id") for each in feed.findall("a:entry", NAMES)] == ids
    assert of(feed, "id") == of(feed_of(past), "id") != of(feed_of(past, "?collection=events"), "id")
