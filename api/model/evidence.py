"""Evidence: where in a source a fact is said.

A phrase and its character offsets are the TextQuoteSelector and TextPositionSelector of the W3C Web Annotation model:
offsets count Unicode code points of the source's text as it was given, `end` is exclusive.
"""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.model.fields import Listing, Reference, Text, WholeNumber, optional

MOST_WORDS = 25
"""Evidence is a pointer, not a copy: a phrase this short is enough to find the place again."""


class EvidenceSchema(Schema):
    """One place in one source. A dataset that has no text to quote is cited without a phrase."""

    source = Reference("sources", required=True)
    quote = optional(Text, 400)
    start = optional(WholeNumber)
    end = optional(WholeNumber)

    @validates_schema
    def _is_a_short_phrase_at_its_place(self, data: dict[str, Any], **_: Any) -> None:
        quote, start, end = data["quote"], data["start"], data["end"]
        if quote is None and start is None and end is None:
            return
        if quote is None or start is None or end is None:
            raise ValidationError("A phrase needs all of quote, start and end, or none of them.", "quote")
        if len(quote.split()) > MOST_WORDS:
            raise ValidationError(f"Must have at most {MOST_WORDS} words; has {len(quote.split())}.", "quote")
        if end - start != len(quote):
            raise ValidationError(f"Must be start plus the length of the quote, {start + len(quote)}.", "end")


def evidence_list() -> fields.Field[Any]:
    """The `evidence` member that every record and every figure carries: at least one place."""
    is_given = validate.Length(min=1, error="Must have at least one place in a source.")
    return Listing(fields.Nested(EvidenceSchema), required=True, validate=is_given)
