"""Pieces of schemas: texts and numbers with their bounds, objects whose members are all there, lists of them."""

from typing import Any

from marshmallow import fields

from api.model.fields import ID, LARGEST
from api.model.resource import MOST_RECORDS

JsonObject = dict[str, Any]
LARGEST_INT32 = 2**31 - 1
LONGEST_HEADER = 16 * 1024
"""The server's `HEADER_BYTES`."""
LONGEST_ADDRESS = 4 * LONGEST_HEADER
"""Of a link: that of a request, each byte of which may be percent-encoded; and there is room for an origin and a cursor."""


def text(most: int, **more: Any) -> JsonObject:
    """A string of at most `most` characters."""
    return {"type": "string", "maxLength": most, **more}


def whole(most: int = LARGEST, least: int = 0, **more: Any) -> JsonObject:
    """A whole number."""
    return {"type": "integer", "format": int_format(most), "minimum": least, "maximum": most, **more}


def int_format(most: int) -> str:
    """How many bits a whole number takes that is no greater."""
    return "int32" if most <= LARGEST_INT32 else "int64"


def word(allowed: tuple[str, ...]) -> JsonObject:
    """One of a closed list of words."""
    return {"type": "string", "enum": list(allowed)}


def like(field: fields.Field[Any]) -> JsonObject:
    """A string as a field of a record takes it."""
    return {"type": "string", **field.metadata}


def maybe(schema: JsonObject, **more: Any) -> JsonObject:
    """The same or null, which is unknown."""
    return {**schema, "type": [schema["type"], "null"], **more}


def ref(name: str) -> JsonObject:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe_ref(name: str, **more: Any) -> JsonObject:
    """What a component describes, or null."""
    return {"anyOf": [ref(name), {"type": "null"}], **more}


def record(**members: Any) -> JsonObject:
    """An object whose members are all there."""
    return {"type": "object", "properties": members, "required": list(members)}


def array(items: JsonObject, most: int | None, least: int = 0) -> JsonObject:
    """A list of at most `most` members; None where nothing bounds it."""
    bounds = {"minItems": least or None, "maxItems": most}
    return {"type": "array", "items": items} | {name: each for name, each in bounds.items() if each is not None}


def list_schema(items: JsonObject, most: int | None = MOST_RECORDS) -> JsonObject:
    """The envelope of every list."""
    return record(data=array(items, most), links=ref("PageLinks"), meta=ref("PageMeta"))


ADDRESS: JsonObject = text(LONGEST_ADDRESS, format="uri")
RECORD_ID: JsonObject = text(128, minLength=1, pattern=f"^{ID.pattern}$")
INSTANT: JsonObject = text(27, format="date-time")
MAYBE_DATE: JsonObject = maybe(text(10, format="date"))
MAYBE_WHOLE: JsonObject = maybe(whole())
SHA256: JsonObject = text(64, pattern="^[0-9a-f]{64}$", description="Of the snapshot's file.")
