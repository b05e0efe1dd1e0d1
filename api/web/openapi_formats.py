"""Schemas of the forms of JSON that others laid down: TimelineJS and Data Package."""

from api.model.resource import MOST_RECORDS
from api.web.openapi_pieces import ADDRESS, INSTANT, JsonObject, array, record, ref, text, whole

LONGEST_HTML = 100_000
LONGEST_LINE = 4000
MOST_TABLES = 6
LINE = text(LONGEST_LINE)
SLIDE_TEXT = record(headline=text(LONGEST_LINE), text=text(LONGEST_HTML, description="HTML, every text in it escaped."))
ANY_OBJECT: JsonObject = {"type": "object", "additionalProperties": True}

SCHEMAS: dict[str, JsonObject] = {
    "TimelineJs": record(title=ref("TimelineJsTitle"), events=array(ref("TimelineJsSlide"), MOST_RECORDS, 1)),
    "TimelineJsTitle": record(unique_id=LINE, text=ref("TimelineJsText"), autolink={"type": "boolean"}),
    "TimelineJsText": SLIDE_TEXT,
    "TimelineJsSlide": {
        "type": "object",
        "properties": {
            "unique_id": LINE,
            "start_date": ref("TimelineJsDate"),
            "end_date": ref("TimelineJsDate"),
            "display_date": LINE,
            "text": ref("TimelineJsText"),
            "group": LINE,
            "autolink": {"type": "boolean"},
        },
        "required": ["unique_id", "start_date", "text"],
    },
    "TimelineJsDate": {
        "type": "object",
        "description": "A day, or where no more is known a month or a year.",
        "properties": {"year": whole(9999, 1), "month": whole(12, 1), "day": whole(31, 1)},
        "required": ["year"],
    },
    "DataPackage": {
        "type": "object",
        "description": "The standard Data Package, 2.0.",
        "properties": {
            "$schema": ADDRESS,
            "profile": LINE,
            "name": LINE,
            "title": LINE,
            "description": LINE,
            "homepage": ADDRESS,
            "version": LINE,
            "created": INSTANT,
            "sources": array(ref("DataPackageSource"), None, 1),
            "licenses": array(ref("DataPackageLicense"), None, 1),
            "resources": array(ref("DataResource"), MOST_TABLES, 1),
        },
        "required": ["$schema", "name", "version", "created", "resources"],
    },
    "DataPackageSource": {
        "type": "object",
        "properties": {"title": LINE, "path": ADDRESS},
        "required": ["title"],
    },
    "DataPackageLicense": record(name=LINE, title=LINE),
    "DataResource": record(
        name=LINE,
        type={"type": "string", "enum": ["table"]},
        profile=LINE,
        title=LINE,
        description=LINE,
        path={**ADDRESS, "description": "The CSV."},
        format=LINE,
        mediatype=LINE,
        encoding=LINE,
        schema={**ANY_OBJECT, "description": "A Table Schema: each column with type, description, unit and bounds."},
    ),
}
"""Each by its name. What is read may grow."""
