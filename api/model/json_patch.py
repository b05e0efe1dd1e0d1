"""What changed between two versions of a record, as JSON Patch (RFC 6902)."""

import json
from typing import Any

import jsonpatch
from marshmallow import Schema, fields

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
LONGEST_POINTER = 200
"""No member of a record lies deeper than the evidence of a figure, and no name is longer than an attribute's."""


class Operation(Schema):
    """One operation of a patch."""

    op = fields.String(required=True, metadata={"enum": list(OPERATIONS)})
    path = fields.String(
        required=True, metadata={"description": "JSON pointer of what changes.", "maxLength": LONGEST_POINTER}
    )
    source = fields.String(
        data_key="from",
        metadata={"description": "Where `move` and `copy` take the value from.", "maxLength": LONGEST_POINTER},
    )
    value = fields.Raw(metadata={"description": "What `add` and `replace` put there."})


def patch(before: str, after: str) -> list[dict[str, Any]]:
    """The operations that make the one JSON text the other; none where they say the same."""
    source, target = json.loads(before), json.loads(after)
    operations: list[dict[str, Any]] = jsonpatch.make_patch(source, target).patch
    return operations
