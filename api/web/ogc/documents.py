"""The documents that tell a program what there is: landing page, conformance, collections, queryables, schemas."""

from typing import Any

from api.formats import features
from api.formats.datapackage import TYPES, field_at
from api.model.queryables import Geometry
from api.model.resource import Column
from api.web.ogc.layers import CRS84, Collection

JsonObject = dict[str, Any]
JSON, SCHEMA, GEOJSON = "application/json", "application/schema+json", features.MEDIA_TYPE
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FEATURES_1, FEATURES_3 = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0",
)
CQL2 = "http://www.opengis.net/spec/cql2/1.0"
CONFORMANCE = (
    *(f"{FEATURES_1}/conf/{name}" for name in ("core", "geojson", "oas30")),
    *(
        f"{FEATURES_3}/conf/{name}"
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(
        f"{CQL2}/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
        )
    ),
)
"""What is implemented, and nothing else. Where the standard contradicts itself (Part 1, 7.15.3, A and C), `bbox` leaves out what
has no geometry, as programs expect."""


def link(origin: str, path: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    """A link, absolute: GDAL 3.6 and QGIS cannot follow relative ones."""
    return {"href": origin + path, "rel": rel, "type": media_type, "title": title}


def landing(origin: str) -> JsonObject:
    """The landing page (7.2)."""
    return {
        "title": "Event Timeline",
        "description": "Conflict events and their places as features; every fact has its evidence in the records behind them.",
        "links": [
            link(origin, "/ogc", "self", JSON, "This document"),
            link(origin, "/ogc/api", "service-desc", OPENAPI, "The API as OpenAPI 3.0"),
            link(origin, "/docs/filter", "service-doc", "text/html", "Expressions in filter="),
            link(origin, "/ogc/conformance", "conformance", JSON, "The conformance classes"),
            link(origin, "/ogc/collections", "data", JSON, "The collections"),
        ],
    }


def described(
    collection: Collection,
    origin: str,
    box: tuple[float, float, float, float] | None,
    days: tuple[str, str] | None,
) -> JsonObject:
    """One collection (7.13)."""
    path = collection.path
    extent: JsonObject = {"spatial": {"bbox": [list(box)], "crs": CRS84}} if box else {}
    if days:
        first, last = f"{days[0]}T00:00:00Z", f"{days[1]}T23:59:59Z"
        extent["temporal"] = {"interval": [[first, last]], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
    return {
        "id": collection.noun.name,
        "title": collection.title,
        "description": collection.about,
        "itemType": "feature",
        "crs": [CRS84],
        **({"extent": extent} if extent else {}),
        "links": [
            link(origin, path, "self", JSON, "This collection"),
            link(origin, f"{path}/items", "items", GEOJSON, collection.title),
            link(origin, f"{path}/schema", "describedby", SCHEMA, "The schema of its features"),
            link(
                origin, f"{path}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA, "Its queryables"
            ),
            link(origin, f"/v1/{collection.noun.name}", "alternate", JSON, "The whole records"),
        ],
    }  # fmt: skip


def queryables(collection: Collection, origin: str) -> JsonObject:
    """What may stand in `filter` and as a parameter (Part 3, 7.2)."""
    return {
        "$schema": DIALECT,
        "$id": f"{origin}{collection.path}/queryables",
        "type": "object",
        "title": f"Queryables of {collection.title}",
        "properties": {each.name: each.schema() for each in collection.noun.queryables},
        "additionalProperties": False,
    }


def schema(collection: Collection, origin: str) -> JsonObject:
    """The schema of a whole feature. Each property has one type, as GDAL knows no more; any may be null, which is no value."""
    known = {each.name: each.schema() for each in collection.noun.queryables if not isinstance(each.kind, Geometry)}
    properties = {each.name: known.get(each.name) or {"type": _type(each, collection)} for each in collection.columns}
    return {
        "$schema": DIALECT,
        "$id": f"{origin}{collection.path}/schema",
        "type": "object",
        "title": collection.title,
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"$ref": "https://geojson.org/schema/Point.json"},
            "properties": {"type": "object", "properties": properties},
        },
    }


def _type(column: Column, collection: Collection) -> str:
    """What a property is that is no queryable. A list is one text, and so is a day: one more would be taken for `datetime`."""
    field = None if column.is_list else field_at(column.path, collection.noun.view_schema)[0]
    kind = next((name for type_, name in TYPES if isinstance(field, type_)), "string")
    return "string" if kind.startswith("date") else kind
