"""Schemas of records that are read: whole, or as `fields` lets some of their members be left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.web.openapi_pieces import JsonObject, ref

PART = "Part"
PATCHES = ("Operation",)
"""What has members that are there at times only."""


def complete(schemas: JsonObject, names: Iterable[str]) -> None:
    """Say that all members of these are there: unknown is null or empty, never left out. None has a default."""
    for name in names:
        schema = schemas[name]
        for member in schema.get("properties", {}).values():
            member.pop("default", None)
        if "properties" in schema and name not in PATCHES:
            schema["required"] = list(schema["properties"])


def split(schemas: JsonObject, names: Iterable[str]) -> None:
    """Give each of these records a second schema, that of an answer to which `fields` may apply: the same, or less of it.

    All is said twice, for generators of clients each read `allOf` in their own way.
    """
    for name in names:
        about = f"The members that `fields` asks for; without `fields` all of them, as in `{name}`."
        part = {member: each for member, each in schemas[name].items() if member != "required"}
        schemas[name + PART] = part | {"description": about}
        schemas[name]["description"] = f"A whole {name.lower()}."


def partial(schema: Mapping[str, Any], names: Iterable[str]) -> JsonObject:
    """The schema of an answer to which `fields` applies: where it is a record, a part of that."""
    found = next((ref(name + PART) for name in names if schema == ref(name)), None)
    return found or dict(schema)
