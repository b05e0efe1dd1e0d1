"""Snapshots: how one is named, in a query and in the document that asks for one to be made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError

from api.model.bundle import faults
from api.model.fields import Matching, Text, optional
from api.model.kinds import JsonSchema
from api.model.parameters import Parameter
from api.model.problem import Problem, Refusal
from api.model.text import shown

NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9_-])?")
"""Part of a file's name on any system, so nothing in it may mean a path."""
LONGEST_NAME = 64
LONGEST_NOTE = 1000
WANTED = (
    f"a name of small letters, digits, '.', '_' or '-', {LONGEST_NAME} at the most,"
    " that begins with a letter or digit and does not end in '.'"
)


@dataclass(frozen=True)
class SnapshotName:
    """The name of a snapshot. Whether there is one is for the store to say."""

    def parse(self, text: str) -> str:
        if not NAME.fullmatch(text):
            raise Refusal(f"{shown(text)} is not {WANTED}")
        return text

    def schema(self) -> JsonSchema:
        return {"type": "string", "maxLength": LONGEST_NAME, "pattern": f"^{NAME.pattern}$"}


SNAPSHOT = Parameter(
    "snapshot", SnapshotName(),
    "The data as this snapshot has it, which never changes; `/v1/snapshots` lists them. Without it, the data as it is now.",
    "",
)  # fmt: skip


class NewSnapshot(Schema):
    """What to make a snapshot as. Unknown members are refused."""

    name = Matching(NAME.pattern, WANTED, most=LONGEST_NAME, required=True)
    note = optional(Text, LONGEST_NOTE, metadata={"description": "What it is for, in words."})


SCHEMA = NewSnapshot()


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """The name and the note; `Problem` 422 with every fault and its pointer."""
    try:
        return SCHEMA.load(document)  # type: ignore[no-any-return]
    except ValidationError as error:
        found = list(faults(error.messages))
        told = " | ".join(f"{(each.pointer or '')[1:] or 'document'}: {each.detail}" for each in found)
        raise Problem(422, "invalid-record", told, found) from None
