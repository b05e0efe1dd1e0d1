"""What changed between two versions of a record, as JSON Patch (RFC 6902)."""

import json
from typing import Any

import jsonpatch
from marshmallow import Schema, fields

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


class Operation(Schema):
    """One operation of a patch."""

    op = fields.String(required=True, metadata={"enum": list(OPERATIONS)})
    path = fields.String(required=True, metadata={"description": "JSON pointer of what changes."})
    source = fields.String(data_key="from", metadata={"description": "Where `move` and `copy` take the value from."})
    value = fields.Raw(metadata={"description": "What `add` and `replace` put there."})


def patch(before: str, after: str) -> list[dict[str, Any]]:
    """The operations that make the one JSON text the other; none where they say the same."""
    source, target = json.loads(before), json.loads(after)
    operations: list[dict[str, Any]] = jsonpatch.make_patch(source, target).patch
    return operations
