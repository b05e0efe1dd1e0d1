"""Schemas of GeoJSON (RFC 7946) as lists are given in it."""

from api.model.resource import MOST_RECORDS
from api.model.statement import STATEMENTS
from api.web.openapi_answers import ON_PAGE, TOTAL
from api.web.openapi_pieces import RECORD_ID, JsonObject, array, maybe_ref, record, ref, whole

MOST_POINTS: int = STATEMENTS.record_schema.fields["events"].metadata["maxItems"]
"""A statement that was said nowhere is shown where its events took place."""


def _point(kind: str, coordinates: JsonObject) -> JsonObject:
    return record(type={"type": "string", "enum": [kind]}, coordinates=coordinates)


POSITION: JsonObject = array({"type": "number", "minimum": -180, "maximum": 180}, 2, 2)

SCHEMAS: dict[str, JsonObject] = {
    "Point": _point("Point", {**POSITION, "description": "Longitude and latitude."}),
    "MultiPoint": _point("MultiPoint", array(POSITION, MOST_POINTS, 2)),
    "Geometry": {
        "oneOf": [ref("Point"), ref("MultiPoint")],
        "discriminator": {
            "propertyName": "type",
            "mapping": {name: ref(name)["$ref"] for name in ("Point", "MultiPoint")},
        },
    },
    "Feature": record(
        type={"type": "string", "enum": ["Feature"]},
        id=RECORD_ID,
        geometry=maybe_ref("Geometry"),
        properties={"type": "object", "additionalProperties": True, "description": "The flat columns of the list."},
    ),
    "FeatureMeta": {
        "type": "object",
        "properties": {"limit": whole(MOST_RECORDS), "count": ON_PAGE, "total": TOTAL, "dataset_version": whole()},
        "required": ["dataset_version"],
    },
    "FeatureCollection": record(
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=array(ref("Feature"), None),
        links=ref("PageLinks"),
        meta=ref("FeatureMeta"),
    ),
}
"""Each by its name."""
