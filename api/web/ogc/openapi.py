"""The service description as OpenAPI 3.0, which is what GIS programs read (Part 1, 9; Part 3, 7.3).

GDAL looks for `limit` as a component on the path of a collection's items, and for each queryable as a parameter with one type.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from api.model.parameters import Parameter
from api.model.snapshot import SNAPSHOT
from api.web.http import CODE_VERSION
from api.web.ogc.documents import GEOJSON, JSON, OPENAPI, SCHEMA
from api.web.ogc.layers import COLLECTIONS, Collection
from api.web.problems import MEDIA_TYPE as PROBLEM

JsonObject = dict[str, Any]
SHARED = ("limit", "cursor", "bbox", "datetime", "filter-lang", "filter-crs", "resultType", "snapshot")
"""Parameters that are the same for every collection."""
DOCUMENTS = (
    ("/", "getLandingPage", "Landing page", JSON),
    ("/conformance", "getConformance", "Conformance classes", JSON),
    ("/api", "getApi", "This document", OPENAPI),
    ("/collections", "getCollections", "The collections", JSON),
)
LINK: JsonObject = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
}
POINT: JsonObject = {
    "type": "object",
    "nullable": True,
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point"]},
        "coordinates": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
    },
}
FEATURE: JsonObject = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": POINT,
        "properties": {"type": "object", "additionalProperties": True},
        "links": {"type": "array", "items": LINK},
    },
}
FEATURES: JsonObject = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
        "links": {"type": "array", "items": LINK},
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
    },
}
ERROR: JsonObject = {
    "description": "What was wrong (RFC 9457).",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
MOVED: JsonObject = {
    "description": "Another feature stands for it now.",
    "headers": {"Location": {"description": "That feature.", "schema": {"type": "string"}}},
    "content": ERROR["content"],
}
RESPONSES: JsonObject = {
    "Error": ERROR, "Moved": MOVED, "NotModified": {"description": "The copy that the client has is good."},
}  # fmt: skip
OTHERWISE = {"304": "NotModified"} | dict.fromkeys(("400", "401", "429", "500", "503"), "Error")
"""What every path may answer but a 200; 401 only where reads need a key, 429 only where they are limited."""
OF_A_FEATURE = {"308": "Moved", "404": "Error", "410": "Error"}
SECURITY_SCHEMES: JsonObject = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, where reads need one."},
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same, in a header of its own.",
    },
    "basic": {"type": "http", "scheme": "basic", "description": "The same as the password, under any name."},
}


def document(origin: str) -> JsonObject:
    """The whole document, for a server at the origin."""
    return _described() | {"servers": [{"url": f"{origin}/ogc"}]}


@cache
def _described() -> JsonObject:
    paths = {path: _get(name, about, media_type, {"type": "object"}) for path, name, about, media_type in DOCUMENTS}
    parameters: JsonObject = {}
    for each in COLLECTIONS:
        path, name = f"/collections/{each.noun.name}", each.noun.name.capitalize()
        taken = (*each.parameters, SNAPSHOT)
        parameters |= {_component(each, one): _parameter(one) for one in taken}
        asked = [{"$ref": f"#/components/parameters/{_component(each, one)}"} for one in taken]
        named = [FEATURE_ID, asked[-1]]
        a_feature = {"$ref": "#/components/schemas/Feature"}
        paths |= {
            path: _get(f"describe{name}", each.title, JSON, {"type": "object"}),
            f"{path}/queryables": _get(f"get{name}Queryables", "What can be filtered by", SCHEMA, {"type": "object"}),
            f"{path}/schema": _get(f"get{name}Schema", "The schema of a feature", SCHEMA, {"type": "object"}),
            f"{path}/items": _get(
                f"get{name}", each.title, GEOJSON, {"$ref": "#/components/schemas/Features"}, asked, each.about
            ),
            f"{path}/items/{{featureId}}": _get(
                f"get{name}Feature", f"One of: {each.title}", GEOJSON, a_feature, named, each.about, OF_A_FEATURE
            ),
        }  # fmt: skip
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Event Timeline: OGC API - Features",
            "version": CODE_VERSION,
            "description": "Conflict events and places as features. The whole records are under `/v1`.",
            "license": {"name": "MIT"},
        },
        "servers": [{"url": "/ogc"}],
        "tags": [{"name": "features", "description": "Features and what is known of them."}],
        "paths": paths,
        "components": {
            "parameters": parameters,
            "schemas": {"Feature": FEATURE, "Features": FEATURES, "Problem": {"type": "object"}},
            "responses": RESPONSES,
            "securitySchemes": SECURITY_SCHEMES,
        },
        "security": [{}, *({name: []} for name in SECURITY_SCHEMES)],
    }


FEATURE_ID: JsonObject = {
    "name": "featureId",
    "in": "path",
    "required": True,
    "description": "The id of a feature.",
    "schema": {"type": "string", "maxLength": 128},
}


def _component(collection: Collection, parameter: Parameter) -> str:
    return parameter.name if parameter.name in SHARED else f"{collection.noun.name}.{parameter.name}"


def _parameter(parameter: Parameter) -> JsonObject:
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.description,
        "schema": parameter.schema(),
        "style": "form",
        "explode": False,
    }


def _get(
    name: str, about: str, media_type: str, schema: JsonObject, parameters: list[JsonObject] | None = None,
    description: str = "", others: Mapping[str, str] = MappingProxyType({}),
) -> JsonObject:  # fmt: skip
    responses: JsonObject = {"200": {"description": about, "content": {media_type: {"schema": schema}}}}
    for status, response in sorted({**OTHERWISE, **others}.items()):
        responses[status] = {"$ref": f"#/components/responses/{response}"}
    operation: JsonObject = {"operationId": name, "summary": about, "tags": ["features"], "responses": responses}
    if description:
        operation["description"] = description
    if parameters:
        operation["parameters"] = parameters
    return {"get": operation}
