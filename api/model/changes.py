"""A change: one version of one record, when it was made, by whom and why; and the feed of them all."""

import re
from dataclasses import dataclass

from marshmallow import Schema, fields

from api.model.fields import Choice, Id, Instant, Text, WholeNumber, optional
from api.model.json_patch import Operation
from api.model.kinds import Count, JsonSchema, Word
from api.model.nouns import NOUNS
from api.model.parameters import Parameter
from api.model.problem import Refusal
from api.model.resource import CURSOR, LIMIT
from api.model.text import shown

COLLECTIONS = (*(noun.name for noun in NOUNS), "datasets")
CHANGES = ("created", "updated", "merged", "deleted")
LONGEST_REASON = 500


@dataclass(frozen=True)
class Author:
    """Who changes something, and why. The command line has no key."""

    key: str | None = None
    reason: str | None = None


class Change(Schema):
    """One change as it is read."""

    seq = WholeNumber(1, required=True, metadata={"description": "Its place in the one order of all changes."})
    at = Instant(required=True)
    collection = Text(20, required=True, metadata={"description": "The noun, or datasets."})
    id = Id(required=True)
    version = WholeNumber(1, required=True)
    change = Choice(CHANGES, required=True)
    by = optional(Text, 100, metadata={"description": "The name of the key that made it; null for the command line."})
    reason = optional(Text, LONGEST_REASON)
    merged_into = optional(Id, metadata={"description": "The record that stands for it now."})
    record = fields.Dict(
        required=True, allow_none=True,
        metadata={"description": "The record as it was written; null once it is deleted or merged."},
    )  # fmt: skip


class Version(Change):
    """One version of a record, and how it differs from the one before."""

    patch = fields.List(
        fields.Nested(Operation), required=True, allow_none=True,
        metadata={"description": "JSON Patch (RFC 6902) from the version before; null where none was before or is after."},
    )  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """The mark of a place in the feed, as `links.resume` has it."""

    pattern = "[0-9a-f]{16}"

    def parse(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise Refusal(f"{shown(text)} is not a mark of this feed; take it from links.resume, or leave it out")
        return text

    def schema(self) -> JsonSchema:
        return {"type": "string", "maxLength": 16, "pattern": f"^{self.pattern}$"}


FEED_PARAMETERS = (
    Parameter("since", Count(), "Only changes with a greater `seq`.", "100", default="0"),
    Parameter(
        "mark", Mark(),
        "Taken as it is from `links.resume`, with its `since`: 410 when the database was restored or replaced since then,"
        " so that the same numbers stand for other changes.", "",
    ),
    Parameter("collection", Word(COLLECTIONS), "Only changes of these.", "events,statements", takes_many=True),
)  # fmt: skip
VERSION_PARAMETERS = (Parameter("version", Count(1), "Only this version.", "1"), LIMIT, CURSOR)
