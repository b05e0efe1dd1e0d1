"""What the Reconciliation Service API 0.2 asks of each answer, as JSON schemas of our own, from the specification's text.

No package ships the schemas that are published with it, and they are not ours to copy.
"""

from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string", "minLength": 1}
URL: Json = {"type": "string", "pattern": "^https?://"}
TEMPLATE: Json = {"type": "string", "pattern": r"^https?://.*\{\{id\}\}"}


def members(required: str, **more: Json) -> Json:
    """An object with these members, those of the first list always; further ones are not forbidden."""
    return {"type": "object", "required": required.split(), "properties": more}


def only(**more: Json) -> Json:
    """An object with all of these members and no other."""
    return {**members(" ".join(more), **more), "additionalProperties": False}


def many(item: Json) -> Json:
    return {"type": "array", "items": item}


TYPE = members("id name", id=TEXT, name=TEXT, broader=many(members("id name", id=TEXT, name=TEXT)))
SERVICE = members("service_url service_path", service_url=URL, service_path={"type": "string"})
NAMED = members("id name", id=TEXT, name=TEXT, description={"type": "string"})
MANIFEST = members(
    "versions name identifierSpace schemaSpace",
    versions={**many(TEXT), "contains": {"const": "0.2"}},
    name=TEXT,
    identifierSpace=URL,
    schemaSpace=URL,
    documentation=URL,
    logo=URL,
    serviceVersion=TEXT,
    defaultTypes={**many(TYPE), "uniqueItems": True},
    view=members("url", url=TEMPLATE),
    preview=members("url width height", url=TEMPLATE, width={"type": "integer"}, height={"type": "integer"}),
    suggest=members("", entity=SERVICE, type=SERVICE, property=SERVICE),
    extend=members("", propose_properties=SERVICE, property_settings=many({"type": "object"})),
    batchSize={"type": "integer", "minimum": 1},
)
FEATURE = members("id value", id=TEXT, value={"type": ["number", "boolean"]})
CANDIDATE = members(
    "id name type score match",
    id=TEXT,
    name=TEXT,
    description={"type": "string"},
    type=many({"anyOf": [TEXT, TYPE]}),
    score={"type": "number"},
    match={"type": "boolean"},
    features=many(FEATURE),
)
RESULTS: Json = {"type": "object", "additionalProperties": members("result", result=many(CANDIDATE))}
ENTITIES = members(
    "result", result=many({**NAMED, "properties": {**NAMED["properties"], "notable": many({"anyOf": [TEXT, TYPE]})}})
)
TYPES = members("result", result=many(TYPE))
PROPERTIES = members("result", result=many(NAMED))
PROPOSAL = members("properties", properties=many(NAMED), type=TEXT, limit={"type": "integer"})
MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$"
CELL: Json = {
    "oneOf": [
        only(id=TEXT, name=TEXT),
        only(str={"type": "string"}),
        only(int={"type": "integer"}),
        only(float={"type": "number"}),
        only(date={"type": "string", "pattern": MOMENT}),
    ]
}
EXTENSION = members(
    "meta rows",
    meta=many(members("id name", id=TEXT, name=TEXT, type=members("id", id=TEXT), service=URL)),
    rows={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": many(CELL)}},
)
