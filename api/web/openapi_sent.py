"""Schemas of what is sent to us: closed, where what is read may grow; and what a JSON Merge Patch may hold."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

JsonObject = dict[str, Any]
PREFIX = "#/components/schemas/"
RECORD = "Record"


def apart(schemas: Mapping[str, JsonObject], roots: Iterable[str]) -> JsonObject:
    """The schemas, with a closed one for all that the roots lead to.

    What is both sent and read, such as evidence, becomes two: `EvidenceRecord` is closed, `Evidence` may grow.
    """
    roots = list(roots)
    sent = _reached(schemas, roots)
    read = _reached(schemas, [name for name in schemas if name not in sent])
    parts = [name for name in sent if name not in roots]
    as_sent = {name: name.removesuffix(RECORD) + RECORD for name in parts}
    as_read = {name: name.removesuffix(RECORD) for name in parts}
    found = {as_read.get(name, name): _opened(_renamed(schemas[name], as_read)) for name in read}
    return found | {as_sent.get(name, name): _renamed(schemas[name], as_sent) for name in sent}


def without_ids(schemas: JsonObject, names: Iterable[str]) -> None:
    """Let single records leave out their id, which the path gives or the title; in a bundle each needs its own."""
    for name in names:
        schemas[name]["required"].remove("id")
    for member in schemas["Bundle"]["properties"].values():
        items = member.get("items", {})
        if items.get("$ref", "").removeprefix(PREFIX) in names:
            member["items"] = {"type": "object", "allOf": [items], "required": ["id"]}


def patch_schema(record: JsonObject) -> JsonObject:
    """A JSON Merge Patch for such a record: null takes away what need not be there."""
    members = {
        name: member if name in record["required"] else _nullable(member)
        for name, member in copy.deepcopy(record["properties"]).items()
        if name != "id"
    }
    for member in members.values():
        member.pop("default", None)
        if isinstance(member.get("additionalProperties"), dict):
            member["additionalProperties"] = _nullable(member["additionalProperties"])
    return {"type": "object", "properties": members, "additionalProperties": False}


def without_defaults(schemas: Iterable[JsonObject]) -> None:
    """Tell defaults in words: some typed clients ask for every member that has one.

    Null, the empty list and the empty object are what any member is that is left out.
    """
    for schema in schemas:
        for member in schema["properties"].values():
            default = member.pop("default", None)
            if default not in (None, [], {}):
                about = f"{member.get('description', '')} By default {str(default).lower()}.".strip()
                member["description"] = about


def _nullable(schema: JsonObject) -> JsonObject:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def _reached(schemas: Mapping[str, JsonObject], names: Iterable[str]) -> list[str]:
    """These schemas and all that they refer to, in the order in which they stand."""
    found, wanted = set(), list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += _references(schemas[name])
    return [name for name in schemas if name in found]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix(PREFIX)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        found = {name: _renamed(each, names) for name, each in value.items()}
        if isinstance(found.get("$ref"), str):
            name = found["$ref"].removeprefix(PREFIX)
            found["$ref"] = PREFIX + names.get(name, name)
        return found
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value


def _opened(value: Any) -> Any:
    """The same without what allows no other members: what is read may grow."""
    if isinstance(value, Mapping):
        return {
            name: _opened(each)
            for name, each in value.items()
            if not (name == "additionalProperties" and each is False) and name != "propertyNames"
        }
    return [_opened(each) for each in value] if isinstance(value, list) else value
