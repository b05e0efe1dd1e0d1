"""The documents that say what a feature holds (Part 3, 6): queryables and schema."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from answers import Json, ask
from flask.testing import FlaskClient
from ogc import NAMES, SCHEMA, get, pages, target, wide
from referencing import Registry, Resource

from api.web.ogc.layers import COLLECTIONS

POINT: Json = {
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {"type": "array", "minItems": 2, "items": {"type": "number"}},
    },
}
GEOJSON_ORG = Registry[Any]().with_resource(
    "https://geojson.org/schema/Point.json",
    Resource.from_contents(POINT | {"$schema": "http://json-schema.org/draft-07/schema#"}),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with wide(tmp_path_factory.mktemp("ogc") / "wide.db") as client:
        yield client


@pytest.mark.parametrize("name", NAMES)
def test_queryables_are_as_the_standard_wants_them(client: FlaskClient, name: str) -> None:
    path = f"/ogc/collections/{name}/queryables"
    answer = ask(client, path)
    assert answer.content_type == SCHEMA
    found = answer.get_json(force=True)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["$id"] == f"http://localhost{path}"
    assert (found["type"], found["additionalProperties"]) == ("object", False)
    properties = found["properties"]
    geometry = properties.pop("geometry")
    assert geometry["format"] == "geometry-point"
    assert not {"type", "$ref"} & geometry.keys()
    for each in properties.values():
        assert each["type"] in ("string", "number", "integer", "boolean")
        assert each["title"]
        assert each["description"]
    dates = {"start_date", "end_date"} if name == "events" else set()
    assert {key for key, each in properties.items() if each.get("format") == "date"} == dates


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_true_of_every_feature(client: FlaskClient, world: FlaskClient, name: str) -> None:
    """But for null, which it cannot allow: programs make text of a property with two types."""
    answer = ask(client, f"/ogc/collections/{name}/schema")
    assert answer.content_type == SCHEMA
    schema: Json = answer.get_json(force=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"http://localhost/ogc/collections/{name}/schema"
    members = schema["properties"]["properties"]["properties"]
    assert {type(each["type"]) for each in members.values()} == {str}
    validator = jsonschema.Draft202012Validator(schema, registry=GEOJSON_ORG)
    for each in (client, world):
        for feature in (feature for page in pages(each, target(name, limit=1000)) for feature in page["features"]):
            assert feature["properties"].keys() == members.keys()
            known = {key: value for key, value in feature["properties"].items() if value is not None}
            where = feature["geometry"] or {"type": "Point", "coordinates": [0, 0]}
            validator.validate(feature | {"properties": known, "geometry": where})


COUNTS = ("low", "best", "high", "civilians")
TYPES = {
    **{f"{toll}_{each}": "integer" for toll in ("fatalities", "injured", "displaced") for each in COUNTS},
    **{f"{toll}_disputed": "boolean" for toll in ("fatalities", "injured", "displaced")},
    **dict.fromkeys(("source_count", "independent_source_count", "events", "statements", "version"), "integer"),
    **dict.fromkeys(("latitude", "longitude"), "number"),
}


@pytest.mark.parametrize("collection", COLLECTIONS, ids=NAMES)
def test_every_property_has_its_type(client: FlaskClient, collection: Any) -> None:
    schema = ask(client, f"{collection.path}/schema").get_json(force=True)
    for name, each in schema["properties"]["properties"]["properties"].items():
        assert each["type"] == TYPES.get(name, "string"), name


@pytest.mark.parametrize("name", NAMES)
def test_properties_are_flat_and_none_is_twice(client: FlaskClient, name: str) -> None:
    """`id` is the feature's own; times of writing would be taken for those of the events."""
    for feature in get(client, target(name))["features"]:
        assert not {"id", "created_at", "updated_at", "location"} & feature["properties"].keys()
        assert not [each for each in feature["properties"].values() if isinstance(each, list | dict)]
