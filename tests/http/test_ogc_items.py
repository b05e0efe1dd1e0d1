"""Features (OGC API - Features Part 1, 7.15 and 7.16): page by page, in a box, of a time, and one by its id."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import ask, check_type, problem_of
from flask.testing import FlaskClient
from ogc import (
    GEOJSON,
    JSON,
    NAMES,
    get,
    ids,
    links_of,
    pages,
    point,
    records,
    refused,
    target,
    wide,
)  # fmt: skip
from writers import desk, new

from api.store import snapshots
from api.store.migrations import open_migrated
from api.web.ogc.kinds import Lowered

MOST, USUAL = 1000, 100
"""Features of a page: with the greatest limit, and without one."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with wide(tmp_path_factory.mktemp("ogc") / "wide.db") as client:
        yield client


# Pages


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [1, 3, 7, 20, 1000])
def test_pages_hold_every_feature_once(client: FlaskClient, name: str, limit: int) -> None:
    every = [each["id"] for each in records(client, name)]
    found = pages(client, target(name, limit=limit))
    assert ids(*found) == every
    assert [each["numberReturned"] for each in found] == [len(each["features"]) for each in found]
    assert {each["numberMatched"] for each in found} == {len(every)}
    assert all(len(each["features"]) == limit for each in found[:-1])
    assert found[-1]["features"]


def test_pages_keep_their_filter(world: FlaskClient) -> None:
    query = {
        "type": "other",
        "bbox": "170,-30,-170,30",
        "datetime": "2020-01-01/2021-02-01",
        "filter": "title LIKE '%-%'",
    }
    found = pages(world, target("events", **query, limit=2))
    assert ids(*found) == ids(get(world, target("events", **query)))
    assert len(found) == 3


def test_pages_lead_back(client: FlaskClient) -> None:
    forth = pages(client, target("events", limit=6))
    back = [forth[-1]]
    while "prev" in (links := links_of(back[-1])):
        back.append(get(client, links["prev"]["href"]))
    assert [ids(each) for each in reversed(back)] == [ids(each) for each in forth]


@pytest.mark.parametrize("name", NAMES)
def test_links_stand_in_the_body_and_in_the_header(client: FlaskClient, name: str) -> None:
    address: str | None = f"http://localhost{target(name, limit=5)}"
    while address:
        answer = ask(client, address.removeprefix("http://localhost"))
        links = links_of(answer.get_json())
        header = ", ".join(f'<{each["href"]}>; rel="{rel}"' for rel, each in links.items())
        assert answer.headers["Link"] == header
        assert links["self"]["href"] == address
        assert links["collection"] == {
            "href": f"http://localhost/ogc/collections/{name}", "rel": "collection", "type": JSON,
            "title": links["collection"]["title"],
        }  # fmt: skip
        assert {links[each]["type"] for each in ("self", "next", "prev") if each in links} == {GEOJSON}
        address = links["next"]["href"] if "next" in links else None


@pytest.mark.parametrize("limit", [1000, 1001, 10_000, 999_999_999, 9_999_999_999, 10**40])
def test_a_limit_above_the_most_is_lowered(client: FlaskClient, world: FlaskClient, limit: int) -> None:
    assert Lowered(1, MOST).parse(str(limit)) == MOST
    for each in (client, world):
        page = get(each, target("events", limit=limit))
        assert len(page["features"]) == page["numberMatched"] == len(records(each, "events"))


def test_a_page_has_a_length_of_its_own(world: FlaskClient) -> None:
    page = get(world, target("events"))
    assert page["numberMatched"] > len(page["features"]) == USUAL
    assert "next" in links_of(page)


@pytest.mark.parametrize(
    "limit", ["0", "-1", "1.5", "1e2", "+5", "010", "ten", "1_0", "٣", " 5", "5,6", "", "Infinity"]
)
def test_a_limit_that_is_none_is_refused(client: FlaskClient, limit: str) -> None:
    refused(client, target("events", limit=limit), "limit")


def test_a_cursor_belongs_to_its_own_question(client: FlaskClient) -> None:
    address = links_of(get(client, target("events", limit=3, country="SY")))["next"]["href"]
    cursor = address.partition("cursor=")[2]
    for other in (
        target("events", limit=3, cursor=cursor), target("locations", limit=3, country="SY", cursor=cursor),
        target("events", country="LB", cursor=cursor), f"/v1/events?country=SY&cursor={cursor}",
        target("events", country="SY", cursor=cursor[:-2]), target("events", cursor="x"),
    ):  # fmt: skip
        refused(client, other, "cursor")
    assert len(get(client, target("events", limit=5, country="SY", cursor=cursor))["features"]) == 5


@pytest.mark.parametrize("query", [{}, {"bbox": "36,35,38,37"}, {"type": "airstrike"}, {"limit": 1}, {"title": "none"}])
def test_hits_count_without_features(client: FlaskClient, query: dict[str, Any]) -> None:
    page, hits = (get(client, target("events", **query, resultType=each)) for each in ("results", "hits"))
    assert hits["numberMatched"] == page["numberMatched"] == len(ids(*pages(client, target("events", **query))))
    assert (hits["type"], hits["features"], hits["numberReturned"]) == ("FeatureCollection", [], 0)
    assert list(links_of(hits)) == ["self", "collection"]


def test_a_page_after_the_last_feature_tells_how_many_there_are(client: FlaskClient) -> None:
    """As where those that it would have held were deleted since."""
    first = get(client, target("events", limit=5))
    address, _, cursor = links_of(first)["next"]["href"].rpartition("cursor=")
    owner, backward, _, *rest = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    late = base64.urlsafe_b64encode(json.dumps([owner, backward, "0001-01-01", *rest]).encode()).decode().rstrip("=")
    page = get(client, f"{address}cursor={late}")
    assert (page["features"], page["numberMatched"]) == ([], first["numberMatched"])


def test_a_page_says_nothing_of_the_time_it_was_made(client: FlaskClient) -> None:
    """`timeStamp` would have to be that time, and two answers with one strong entity tag must be the same bytes."""
    one, other = (ask(client, target("events")) for _ in range(2))
    assert one.get_json().keys() == {"type", "features", "links", "numberMatched", "numberReturned"}
    assert (one.data, one.headers["ETag"]) == (other.data, other.headers["ETag"])


# One feature


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_has_an_address(client: FlaskClient, name: str) -> None:
    for feature in get(client, target(name))["features"]:
        path = f"/ogc/collections/{name}/items/{feature['id']}"
        answer = ask(client, path)
        assert answer.content_type == GEOJSON
        found = answer.get_json()
        links = links_of(found)
        assert found == feature | {"links": found["links"]}
        assert {rel: (each["href"], each["type"]) for rel, each in links.items()} == {
            "self": (f"http://localhost{path}", GEOJSON),
            "collection": (f"http://localhost/ogc/collections/{name}", JSON),
            "alternate": (f"http://localhost/v1/{name}/{feature['id']}", JSON),
        }
        assert answer.headers["ETag"].startswith('"1.')


@pytest.mark.parametrize("name", NAMES)
def test_features_are_the_records(client: FlaskClient, world: FlaskClient, name: str) -> None:
    for each in (client, world):
        found = {feature["id"]: feature for page in pages(each, target(name)) for feature in page["features"]}
        for record in records(each, name):
            where = point(record)
            expected = None if where is None else {"type": "Point", "coordinates": list(where)}
            assert found[record["id"]]["geometry"] == expected
            assert found[record["id"]]["properties"]["url"] == f"http://localhost/v1/{name}/{record['id']}"


def test_what_is_not_there_is_not_found(client: FlaskClient) -> None:
    answer = ask(client, "/ogc/collections/events/items/airstrikes-on-idlb")
    assert answer.status_code == 404
    assert '"airstrikes-on-idlib"' in problem_of(answer)["detail"]
    for path in ("locations/items/airstrikes-on-idlib", "events/items/aleppo", "events/items/", "events/items/a/b"):
        assert ask(client, f"/ogc/collections/{path}").status_code == 404


@pytest.fixture
def past(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of events of which some ended; a snapshot has them all."""
    with desk(tmp_path / "past.db") as here:
        for each in ("kept", "merged", "deleted"):
            here.done("POST", "/v1/events", new("events", each, each))
        snapshots.create(here.database, "before", None)
        here.done("POST", "/v1/events/merged/merge", {"into": "kept"}, If_Match="*")
        here.done("DELETE", "/v1/events/deleted", If_Match="*")
        here.done("POST", "/v1/events", new("events", "added", "added"))
        yield here.client


def test_a_merged_feature_leads_to_that_which_stands_for_it(past: FlaskClient) -> None:
    for query in ("", "?snapshot=before"):
        answer = ask(past, f"/ogc/collections/events/items/merged{query}")
        if query:
            assert answer.status_code == 200
            continue
        assert answer.status_code == 308
        assert answer.headers["Location"] == "http://localhost/ogc/collections/events/items/kept"
        check_type(past, problem_of(answer))
        assert get(past, answer.headers["Location"])["id"] == "kept"


def test_a_deleted_feature_is_gone(past: FlaskClient) -> None:
    answer = ask(past, "/ogc/collections/events/items/deleted")
    assert answer.status_code == 410
    assert '"deleted" in events was deleted on' in problem_of(answer)["detail"]


def test_a_snapshot_has_the_features_of_its_time(past: FlaskClient) -> None:
    now, then = (set(ids(*pages(past, target("events", limit=4, **each)))) for each in ({}, {"snapshot": "before"}))
    assert then - now == {"merged", "deleted"}
    assert now - then == {"added"}
    assert ask(past, "/ogc/collections/events/items/added?snapshot=before").status_code == 404
    own = "/ogc/collections/events/items/deleted?snapshot=before"
    assert links_of(get(past, own))["self"]["href"] == f"http://localhost{own}"
    assert refused(past, target("events", snapshot="befor"), "snapshot")["did_you_mean"] == "before"
    for path in ("/ogc", "/ogc/api", "/ogc/collections", "/ogc/collections/events", "/ogc/collections/events/schema"):
        refused(past, f"{path}?snapshot=before", "snapshot")


# HTTP


@pytest.mark.parametrize("path", [target("events", limit=2), "/ogc/collections/events/items/kept", "/ogc/collections"])
def test_what_a_client_has_is_good_until_something_changes(past: FlaskClient, path: str) -> None:
    tag = ask(past, path).headers["ETag"]
    answer = ask(past, path, If_None_Match=tag)
    assert (answer.status_code, answer.data) == (304, b"")
    connection = open_migrated(past.application.config["STORE"].path)
    connection.execute("UPDATE changes SET at = '2024-12-02T10:00:00Z' WHERE seq = (SELECT max(seq) FROM changes)")
    connection.close()
    assert ask(past, path, If_None_Match=tag).status_code == 200


@pytest.mark.parametrize("path", [target("events"), "/ogc", "/ogc/collections/events/items/saraqib-captured"])
def test_these_paths_are_for_reading(client: FlaskClient, path: str) -> None:
    options = ask(client, path, "OPTIONS", Origin="https://map.example", Access_Control_Request_Method="GET")
    assert {each.strip() for each in options.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    assert options.headers["Access-Control-Allow-Methods"] == options.headers["Allow"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = ask(client, path, method)
        assert answer.status_code == 405
        assert "GET" in problem_of(answer)["detail"] or answer.headers["Allow"]
    assert "Link" in ask(client, path).headers.get("Access-Control-Expose-Headers", "")


@pytest.mark.parametrize("accept", ["application/geo+json, application/json", "text/html", "*/*", "image/png", ""])
def test_each_path_has_one_type_whatever_is_accepted(client: FlaskClient, accept: str) -> None:
    for path in (target("events", limit=3), "/ogc", "/ogc/api", "/ogc/collections/events/queryables"):
        plain, answer = ask(client, path), ask(client, path, Accept=accept)
        assert (answer.status_code, answer.content_type, answer.data) == (200, plain.content_type, plain.data)
