"""A change: one version of one record, when it was made, by whom and why; and the feed of them all."""

from dataclasses import dataclass

from marshmallow import Schema, fields

from api.model.fields import Choice, Id, Instant, Text, WholeNumber, optional

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
