"""`/ogc` tells what there is (OGC API - Features Part 1, 7.2 to 7.14; Part 3, 6): links, conformance, collections, schemas."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from answers import Json, ask, path_of, problem_of, serving
from flask.testing import FlaskClient
from ogc import (
    CRS84,
    GEOJSON,
    JSON,
    NAMES,
    OPENAPI,
    SCHEMA,
    get,
    lies_in,
    links_of,
    point,
    records,
    target,
    wide,
)

from api.config import Settings
from api.store.migrations import open_migrated
from api.web.ogc.table import ROUTES

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
CLASSES = {
    "ogcapi-features-1/1.0": {"core": (), "geojson": ("core",), "oas30": ("core",)},
    "ogcapi-features-3/1.0": {
        "queryables": (), "queryables-query-parameters": ("queryables",), "filter": ("queryables",),
        "features-filter": ("filter",),
    },
    "cql2/1.0": {
        "basic-cql2": (), "cql2-text": ("basic-cql2",), "cql2-json": ("basic-cql2",),
        "advanced-comparison-operators": ("basic-cql2",), "case-insensitive-comparison": ("basic-cql2",),
        "accent-insensitive-comparison": ("basic-cql2",), "basic-spatial-functions": ("basic-cql2",),
        "basic-spatial-functions-plus": ("basic-spatial-functions",), "spatial-functions": ("basic-spatial-functions",),
        "temporal-functions": ("basic-cql2",),
    },
}  # fmt: skip
"""The classes as the standards name them, each with those that it needs."""
LINK: Json = {
    "type": "object",
    "required": ["href", "rel", "type", "title"],
    "properties": {
        "href": {"pattern": "^http://localhost/"}, "rel": {"type": "string"}, "type": {"type": "string"},
        "title": {"minLength": 4},
    },
}  # fmt: skip
LINKS: Json = {"type": "array", "items": LINK, "minItems": 1}
NUMBERS: Json = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
TIMES: Json = {
    "type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT[0-9:]{8}Z$"},
}  # fmt: skip
COLLECTION: Json = {
    "type": "object",
    "required": ["id", "title", "description", "links", "itemType", "crs"],
    "properties": {
        "links": LINKS, "itemType": {"const": "feature"}, "crs": {"const": [CRS84]}, "storageCrs": False,
        "extent": {
            "properties": {
                "spatial": {"properties": {"bbox": {"type": "array", "items": NUMBERS}, "crs": {"const": CRS84}}},
                "temporal": {"properties": {"interval": {"type": "array", "items": TIMES}}},
            }
        },
    },
}  # fmt: skip
SHAPES: dict[str, Json] = {
    "/ogc": {"required": ["title", "description", "links"], "properties": {"links": LINKS}},
    "/ogc/conformance": {
        "required": ["conformsTo"], "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}},
    },
    "/ogc/collections": {
        "required": ["links", "collections"],
        "properties": {"links": LINKS, "collections": {"type": "array", "items": COLLECTION, "minItems": 2}},
    },
} | {f"/ogc/collections/{each}": COLLECTION for each in NAMES}  # fmt: skip
"""The documents in `application/json`, each with what the standard says of its form."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with wide(tmp_path_factory.mktemp("ogc") / "wide.db") as client:
        yield client


@pytest.mark.parametrize("path", SHAPES)
def test_documents_have_the_form_that_the_standard_gives_them(client: FlaskClient, path: str) -> None:
    answer = ask(client, path)
    assert answer.content_type == JSON
    jsonschema.validate(answer.get_json(), SHAPES[path])


def test_all_json_documents_are_among_these() -> None:
    assert {path_of(each) for each in ROUTES if each.media_type == JSON} == {*SHAPES, "/ogc/"}


def test_the_landing_page_leads_to_everything(client: FlaskClient) -> None:
    links = {rel: (each["href"], each["type"]) for rel, each in links_of(get(client, "/ogc")).items()}
    assert links.pop("service-doc")[1] == "text/html"
    assert links == {
        "self": ("http://localhost/ogc", JSON),
        "service-desc": ("http://localhost/ogc/api", OPENAPI),
        "conformance": ("http://localhost/ogc/conformance", JSON),
        "data": ("http://localhost/ogc/collections", JSON),
    }
    assert ask(client, "/ogc/").data == ask(client, "/ogc").data


def links_in(value: Any) -> Iterator[Json]:
    """Every link anywhere in a document."""
    if isinstance(value, dict):
        yield from [value] if isinstance(value.get("href"), str) else ()
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from links_in(each)


@pytest.mark.parametrize("address", ["http://localhost", "https://data.example.org/conflict"])
def test_every_link_is_absolute_and_answers_with_the_type_that_it_names(database: Path, address: str) -> None:
    public = "" if address == "http://localhost" else address
    with serving(Settings(db=database, public_url=public)) as client:
        wanted = [(f"{address}/ogc", JSON)]
        seen: set[tuple[str, str]] = set()
        while wanted:
            if wanted[-1] in seen:
                wanted.pop()
                continue
            href, media_type = wanted.pop()
            seen.add((href, media_type))
            assert href.startswith(f"{address}/")
            answer = ask(client, href.removeprefix(address), Accept=media_type)
            assert answer.status_code == 200, href
            assert answer.content_type in (media_type, f"{media_type}; charset=utf-8"), href
            if href.startswith(f"{address}/ogc"):
                body = answer.get_json(force=True)
                wanted += [(each["href"], each["type"]) for each in links_in(body)]
                assert "links" not in body or links_of(body)["self"]["href"] == href
    paths = {href.removeprefix(address).partition("?")[0] for href, _ in seen}
    one = {path_of(each) for each in ROUTES if each.path_parameters}  # whose addresses clients make
    assert {path_of(each) for each in ROUTES} - paths - one == {"/ogc/"}


def test_what_is_declared_is_declared_with_all_that_it_needs(client: FlaskClient) -> None:
    declared = get(client, "/ogc/conformance")["conformsTo"]
    assert len(set(declared)) == len(declared)
    known = {f"http://www.opengis.net/spec/{part}/conf/{name}" for part, names in CLASSES.items() for name in names}
    assert set(declared) == known
    for part, names in CLASSES.items():
        for needed in names.values():
            assert {f"http://www.opengis.net/spec/{part}/conf/{each}" for each in needed} <= set(declared)


# Collections


def test_a_collection_says_the_same_of_itself_as_the_list_does(client: FlaskClient) -> None:
    listed = get(client, "/ogc/collections")["collections"]
    assert [each["id"] for each in listed] == list(NAMES)
    for each in listed:
        assert get(client, f"/ogc/collections/{each['id']}") == each


@pytest.mark.parametrize("name", NAMES)
def test_a_collection_leads_to_its_items_queryables_and_schema(client: FlaskClient, name: str) -> None:
    home = f"http://localhost/ogc/collections/{name}"
    links = links_of(get(client, f"/ogc/collections/{name}"))
    assert {rel: (each["href"], each["type"]) for rel, each in links.items()} == {
        "self": (home, JSON),
        "items": (f"{home}/items", GEOJSON),
        "describedby": (f"{home}/schema", SCHEMA),
        QUERYABLES: (f"{home}/queryables", SCHEMA),
        "alternate": (f"http://localhost/v1/{name}", JSON),
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_is_within_the_extent_of_its_collection(
    client: FlaskClient, world: FlaskClient, name: str
) -> None:
    for each in (client, world):
        extent = get(each, f"/ogc/collections/{name}")["extent"]
        (box,) = extent["spatial"]["bbox"]
        spots = [where for record in records(each, name) if (where := point(record))]
        assert len(spots) >= 2
        assert all(lies_in(box, where) for where in spots)
        if name == "locations":
            assert "temporal" not in extent
            continue
        ((first, last),) = extent["temporal"]["interval"]
        days = [(record["start_date"], record["end_date"]) for record in records(each, name)]
        assert (first, last) == (f"{min(days)[0]}T00:00:00Z", f"{max(last for _, last in days)}T23:59:59Z")


def test_what_is_empty_has_no_extent(tmp_path: Path) -> None:
    open_migrated(tmp_path / "empty.db").close()
    with serving(Settings(db=tmp_path / "empty.db")) as client:
        for each in get(client, "/ogc/collections")["collections"]:
            jsonschema.validate(each, COLLECTION)
            assert "extent" not in each
            page = get(client, target(each["id"], bbox="-180,-90,180,90"))
            assert (page["features"], page["numberMatched"], page["numberReturned"]) == ([], 0, 0)


@pytest.mark.parametrize(
    "path", ["/ogc/collections/actors", "/ogc/collections/Events", "/ogc/collections/events/", "/ogc/x"]
)
def test_what_is_no_collection_is_not_found(client: FlaskClient, path: str) -> None:
    for rest in ("", "/items", "/queryables"):
        answer = ask(client, path + rest)
        assert answer.status_code == 404
        problem_of(answer)


def test_the_index_lists_them_all_with_examples_that_work(client: FlaskClient) -> None:
    entries = {each["path"]: each for each in get(client, "/")["routes"]}
    for route in ROUTES:
        if route.path != "/ogc/":
            entry = entries[route.path.replace("<record_id>", "{id}")]
            assert len(entry["about"]) > 5
            assert ask(client, entry["example"].removeprefix("http://localhost")).content_type == route.media_type
