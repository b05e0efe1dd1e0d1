"""Source: one article or report. Its text is never kept, only its digest and length, so that quotes can be checked."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from api.model import filters
from api.model.fields import Choice, Day, Matching, Reference, Text, WholeNumber, optional, web_address
from api.model.record import LANGUAGE_TAG, Record, Stored
from api.model.resource import STORED_COLUMNS, Resource, column, sorts

SOURCE_TYPES = ("article", "wire_report", "report", "dataset", "broadcast", "post")


class SourceRecord(Record):
    """A source as it is written."""

    type = Choice(SOURCE_TYPES, load_default="article")
    title = optional(Text, 500, metadata={"description": "As published; null where it is not known."})
    publisher = optional(Text, 200)
    url = web_address()
    author = optional(Text, 200)
    language = optional(Matching, LANGUAGE_TAG, "a BCP 47 tag such as en", most=35)
    published_at = optional(Day, metadata={"description": "The day of publication; null where it is not given."})
    reference_date = optional(
        Day, metadata={"description": 'The day from which the text counts its weekdays and its "today".'}
    )
    reference_date_basis = optional(Text, 1000, metadata={"description": "How the reference date is known."})
    sha256 = optional(
        Matching,
        "[0-9a-f]{64}",
        "64 lower-case hexadecimal digits",
        most=64,
        metadata={"description": "SHA-256 of the text's bytes."},
    )
    length = optional(
        WholeNumber, metadata={"description": "Length of the text in Unicode code points.", "unit": "characters"}
    )
    derived_from = optional(
        Reference,
        "sources",
        metadata={"description": "The source that this one rewrites: copies of one report are not independent."},
    )
    licence = optional(Text, 200, metadata={"description": "Under what terms the source's own text stands."})
    note = optional(Text, 2000)

    @validates_schema
    def _reference_date_is_explained(self, data: dict[str, Any], **_: Any) -> None:
        if data["reference_date"] and not data["reference_date_basis"]:
            raise ValidationError("Must say how the reference date is known.", "reference_date_basis")

    @validates_schema
    def _is_not_its_own_origin(self, data: dict[str, Any], **_: Any) -> None:
        if data["derived_from"] == data.get("id") is not None:
            raise ValidationError("Must not be the source itself.", "derived_from")


class Source(SourceRecord, Stored):
    """A source as it is read."""

    name = Text(500, required=True, metadata={"description": "Title, or publisher, or id: something to show."})
    events = WholeNumber(required=True, metadata={"description": "Events that cite it, or a source that rewrites it."})
    statements = WholeNumber(
        required=True, metadata={"description": "Statements that cite it, or a source that rewrites it."}
    )


SOURCES = Resource(
    name="sources",
    singular="source",
    about="Articles and reports: publisher, title, dates, digest; never their full text.",
    record=SourceRecord,
    view=Source,
    filters=(
        filters.one_of("type", SOURCE_TYPES, "sources.type", "article", "What kind of source it is."),
        *filters.span(
            "sources.published_at",
            "sources.published_at",
            ("2024-11-01", "2024-12-31"),
            "day of publication, where that is known,",
        ),
        filters.text("sources", "Aleppo"),
        filters.updated_since("sources"),
    ),
    sorts=sorts("sources", published_at="published_key", title="title_key"),
    default_sort="-published_at",
    columns=(
        column("id", hxl="#meta+source+id"),
        column("type", hxl="#meta+source+type"),
        column("title", hxl="#meta+source+name"),
        column("publisher", hxl="#org+name+publisher"),
        column("url_of_text", "url", hxl="#meta+source+link"),
        column("author", hxl="#meta+source+author"),
        column("language", hxl="#meta+source+language"),
        column("published_at", hxl="#date+published"),
        column("reference_date", hxl="#date+reference"),
        column("sha256", hxl="#meta+source+sha256"),
        column("length", hxl="#indicator+num+characters"),
        column("derived_from", hxl="#meta+source+id+origin"),
        column("events", hxl="#indicator+num+events"),
        column("statements", hxl="#indicator+num+statements"),
        *STORED_COLUMNS,
    ),
)
