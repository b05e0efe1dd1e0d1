"""The description of `/ogc` as OpenAPI 3.0 (Part 1, 9): valid, complete, and true of what the server takes and answers."""

from collections.abc import Iterator, Mapping
from typing import Any

import openapi_spec_validator
import pytest
from answers import Json, ask, serving
from flask.testing import FlaskClient
from ogc import CRS84, GEOJSON, NAMES, OPENAPI, get, target
from writers import desk, new

from api.config import Settings
from api.store import counters
from api.web.ogc.openapi import document
from api.web.ogc.table import ROUTES

DOCUMENT: Json = document("http://localhost")
"""For naming the cases; what is tested is what the server sends."""
BY_PATH = {(route.path.removeprefix("/ogc") or "/").replace("<record_id>", "{featureId}"): route for route in ROUTES}
ITEMS = [f"/collections/{each}/items" for each in NAMES]


@pytest.fixture
def sent(client: FlaskClient) -> Json:
    """The document as the server sends it."""
    answer = ask(client, "/ogc/api")
    assert answer.content_type == OPENAPI
    found: Json = answer.get_json(force=True)
    return found


def resolved(document: Json, node: Json) -> Json:
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def parameters(document: Json, path: str) -> dict[str, Json]:
    """The parameters of a path by their names."""
    found = [resolved(document, each) for each in document["paths"][path]["get"].get("parameters", ())]
    assert len({each["name"] for each in found}) == len(found)
    return {each["name"]: each for each in found}


def test_the_document_is_valid_and_of_this_server(sent: Json) -> None:
    openapi_spec_validator.validate(sent)
    assert sent["openapi"].startswith("3.0.")
    assert sent["servers"] == [{"url": "http://localhost/ogc"}]
    assert sent["paths"] == DOCUMENT["paths"]


def test_it_describes_every_path_and_no_other(sent: Json) -> None:
    assert set(sent["paths"]) == set(BY_PATH)
    names = [item["get"]["operationId"] for item in sent["paths"].values()]
    assert len(set(names)) == len(names)
    for item in sent["paths"].values():
        assert item.keys() == {"get"}


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_it_describes_every_parameter_and_no_other(sent: Json, path: str) -> None:
    route, found = BY_PATH[path], parameters(sent, path)
    query = {name: each for name, each in found.items() if each["in"] == "query"}
    assert set(query) == {each.name for each in route.parameters}
    assert {name for name, each in found.items() if each["in"] == "path"} == (
        {"featureId"} if route.path_parameters else set()
    )
    for each in query.values():
        assert (each["style"], each["explode"], each["required"]) == ("form", False, False)
        assert isinstance(each["schema"]["type"], str)
        assert each["description"]
    assert list(sent["paths"][path]["get"]["responses"]["200"]["content"]) == [route.media_type]


@pytest.mark.parametrize("path", ITEMS)
def test_parameters_are_as_the_standard_and_gdal_want_them(client: FlaskClient, sent: Json, path: str) -> None:
    found = parameters(sent, path)
    assert {"$ref": "#/components/parameters/limit"} in sent["paths"][path]["get"]["parameters"]
    assert (
        found["limit"]["schema"].items() >= {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}.items()
    )
    assert found["bbox"]["schema"] == {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    assert found["datetime"]["schema"]["type"] == "string"
    assert found["filter"]["schema"]["type"] == "string"
    assert found["filter-lang"]["schema"]["enum"] == ["cql2-text", "cql2-json", "cql-text"]
    assert found["filter-lang"]["schema"]["default"] == "cql2-text"
    assert found["filter-crs"]["schema"]["enum"] == [CRS84]
    assert found["resultType"]["schema"]["enum"] == ["results", "hits"]
    queryables = get(client, f"/ogc{path.removesuffix('items')}queryables")["properties"]
    assert queryables.pop("geometry")
    for name, schema in queryables.items():
        own = {key: value for key, value in schema.items() if key not in ("title", "description")}
        assert found[name]["schema"] == own


def values(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a parameter's schema names."""
    yield from schema.get("enum", ())
    yield from (schema[each] for each in ("default", "minimum", "maximum") if each in schema)


@pytest.mark.parametrize("path", ITEMS)
def test_every_value_that_it_names_is_taken(client: FlaskClient, sent: Json, path: str) -> None:
    found = parameters(sent, path)
    asked = 0
    for name, each in found.items():
        for value in values(each["schema"]):
            assert ask(client, target(path.split("/")[2], **{name: value})).status_code == 200, (name, value)
            asked += 1
    assert asked > 10
    defaults = {name: each["schema"]["default"] for name, each in found.items() if "default" in each["schema"]}
    assert defaults.keys() == {"limit", "filter-lang", "resultType"}
    page, plain = (get(client, target(path.split("/")[2], **each)) for each in (defaults, {}))
    assert page["features"] == plain["features"]


def described(document: Json, path: str, status: int) -> Json:
    return resolved(document, document["paths"][path]["get"]["responses"][str(status)])


def test_every_status_is_described(sent: Json, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = "/collections/events/items/{featureId}"
    with desk(tmp_path / "own.db") as here:
        for each in ("kept", "merged", "deleted"):
            here.done("POST", "/v1/events", new("events", each, each))
        here.done("POST", "/v1/events/merged/merge", {"into": "kept"}, If_Match="*")
        here.done("DELETE", "/v1/events/deleted", If_Match="*")
        tag = ask(here.client, "/ogc/collections").headers["ETag"]
        answers = [
            ("/collections", ask(here.client, "/ogc/collections", If_None_Match=tag), 304),
            ("/api", ask(here.client, "/ogc/api?x=1"), 400),
            (one, ask(here.client, "/ogc/collections/events/items/merged"), 308),
            (one, ask(here.client, "/ogc/collections/events/items/nothing"), 404),
            (one, ask(here.client, "/ogc/collections/events/items/deleted"), 410),
        ]
        monkeypatch.setattr(counters, "SHARED_MEMORY", tmp_path)
        with serving(Settings(db=here.database, reads_need_key=1)) as closed:
            answers.append(("/conformance", ask(closed, "/ogc/conformance"), 401))
        with serving(Settings(db=here.database, rate_limit=1)) as limited:
            ask(limited, "/ogc")
            answers.append(("/", ask(limited, "/ogc"), 429))
    for path, answer, status in answers:
        assert answer.status_code == status
        response = described(sent, path, status)
        assert list(response.get("content", ())) == ([answer.content_type] if answer.data else [])
    always = {"200", "304", "400", "401", "429", "500", "503"}
    for path, item in sent["paths"].items():
        assert set(item["get"]["responses"]) == always | ({"308", "404", "410"} if "{" in path else set())


def test_keys_are_described_where_reads_need_one(sent: Json, tmp_path: Any) -> None:
    """Each way that the document names opens a server whose reads are closed."""
    schemes = sent["components"]["securitySchemes"]
    assert sent["security"] == [{}, *({name: []} for name in schemes)]
    with desk(tmp_path / "own.db") as here, serving(Settings(db=here.database, reads_need_key=1)) as closed:
        key = here.keys["reader"]
        for scheme in schemes.values():
            way: Any = {"auth": ("any", key)} if scheme.get("scheme") == "basic" else {"headers": header(scheme, key)}
            assert closed.get("/ogc/collections/events/items", **way).status_code == 200
        assert closed.get("/ogc/collections/events/items").status_code == 401


def header(scheme: Json, key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if scheme["type"] == "http" else {scheme["name"]: key}


def test_features_have_the_type_of_features(sent: Json) -> None:
    for path in sent["paths"]:
        assert (BY_PATH[path].media_type == GEOJSON) == ("/items" in path)
