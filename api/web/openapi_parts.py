"""Schemas of answers that are no records: lists, summaries, the taxonomy, meta, features, problems."""

from typing import Any

from api.model.event_types import EVENT_TYPE_NAMES
from api.model.taxonomy import MEASURES, POPULATIONS

JsonObject = dict[str, Any]
STRING: JsonObject = {"type": "string"}
MAYBE_STRING: JsonObject = {"type": ["string", "null"]}
WHOLE: JsonObject = {"type": "integer", "minimum": 0}
MAYBE_WHOLE: JsonObject = {"type": ["integer", "null"], "minimum": 0}
MAYBE_SHARE: JsonObject = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
MAYBE_DATE: JsonObject = {"type": ["string", "null"], "format": "date"}
INSTANT: JsonObject = {"type": "string", "format": "date-time"}


def record(**members: Any) -> JsonObject:
    """An object whose members are all there."""
    return {"type": "object", "properties": members, "required": list(members)}


def array(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


def list_schema(items: JsonObject) -> JsonObject:
    """The envelope of every list."""
    return record(
        data=array(items),
        links={"$ref": "#/components/schemas/PageLinks"},
        meta={"$ref": "#/components/schemas/PageMeta"},
    )


LABEL: JsonObject = {
    "type": ["object", "null"],
    "properties": {"id": STRING, "name": STRING},
    "required": ["id", "name"],
}
GROUP_KEYS: JsonObject = {
    "type": MAYBE_STRING,
    "country": MAYBE_STRING,
    "location": LABEL,
    "actor": LABEL,
    "source": LABEL,
    "day": MAYBE_STRING,
    "week": {"type": ["string", "null"], "description": "ISO 8601 week, such as 2024-W48."},
    "month": MAYBE_STRING,
    "year": MAYBE_STRING,
}


def _group(**members: Any) -> JsonObject:
    return {"type": "object", "properties": GROUP_KEYS | members, "required": list(members)}


SUMMED_TOLL = record(
    low=MAYBE_WHOLE,
    best=MAYBE_WHOLE,
    high=MAYBE_WHOLE,
    civilians=MAYBE_WHOLE,
    events={"type": "integer", "minimum": 0, "description": "How many events gave a toll."},
)
FIGURE_RANGE = record(
    measure={"type": "string", "enum": list(MEASURES)},
    population={"type": "string", "enum": list(POPULATIONS)},
    count=WHOLE,
    low=MAYBE_WHOLE,
    high=MAYBE_WHOLE,
    share_low=MAYBE_SHARE,
    share_high=MAYBE_SHARE,
)
DATASET = record(
    id=STRING,
    title=STRING,
    licence=STRING,
    attribution=STRING,
    url=MAYBE_STRING,
    events=WHOLE,
    statements=WHOLE,
    first_date=MAYBE_DATE,
    last_date=MAYBE_DATE,
)
COVERAGE = record(country=MAYBE_STRING, name=MAYBE_STRING, first_date=MAYBE_DATE, last_date=MAYBE_DATE, events=WHOLE)
SHA256: JsonObject = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Of the snapshot's file."}
MAYBE_SNAPSHOT: JsonObject = {
    **record(name=STRING, note=MAYBE_STRING, created_at=INSTANT, bytes=WHOLE, sha256=SHA256),
    "type": ["object", "null"],
    "description": "Which snapshot this tells of; null for the data as they are now.",
}
EVENT_TYPE = record(
    type={"type": "string", "enum": list(EVENT_TYPE_NAMES)},
    label=STRING,
    definition=STRING,
    colour={"type": "string", "pattern": "^#[0-9a-f]{6}$"},
    events=WHOLE,
    plover={
        "type": ["object", "null"],
        "properties": {"event_type": STRING, "quad_class": STRING},
        "required": ["event_type", "quad_class"],
    },
    ucdp_type_of_violence=array({"type": "integer", "minimum": 1, "maximum": 3}),
    acled=MAYBE_STRING,
)
FEATURE = record(
    type={"type": "string", "const": "Feature"},
    id=STRING,
    geometry={
        "type": ["object", "null"],
        "properties": {
            "type": {"type": "string", "enum": ["Point", "MultiPoint"]},
            "coordinates": {
                "type": "array",
                "items": {"type": ["number", "array"], "items": {"type": "number"}},
                "minItems": 2,
                "description": "Longitude and latitude, or for a MultiPoint a list of such pairs.",
            },
        },
        "required": ["type", "coordinates"],
    },
    properties={"type": "object", "description": "The flat columns of the list."},
)

SCHEMAS: dict[str, JsonObject] = {
    "PageLinks": record(
        self={"type": "string", "format": "uri"},
        next={"type": ["string", "null"], "format": "uri", "description": "null on the last page, and only there."},
        prev={"type": ["string", "null"], "format": "uri"},
    ),
    "PageMeta": {
        "type": "object",
        "properties": {
            "limit": WHOLE,
            "count": {"type": "integer", "minimum": 0, "description": "Records on this page."},
            "total": {"type": "integer", "minimum": 0, "description": "All that match; only with total=true."},
            "dataset_version": WHOLE,
        },
        "required": ["limit", "count", "dataset_version"],
    },
    "ChangeList": record(
        data=array({"$ref": "#/components/schemas/Change"}),
        links=record(
            self={"type": "string", "format": "uri"},
            next={"type": ["string", "null"], "format": "uri", "description": "null on the last page, and only there."},
            prev={"type": "null", "description": "The feed goes forward only."},
            resume={"type": "string", "format": "uri", "description": "What to ask when coming back later."},
        ),
        meta=record(limit=WHOLE, count=WHOLE, dataset_version=WHOLE, epoch=STRING),
    ),
    "VersionList": list_schema({"$ref": "#/components/schemas/Version"}),
    "EventSummaryList": list_schema(
        _group(events=WHOLE, fatalities=SUMMED_TOLL, injured=MAYBE_WHOLE, displaced=MAYBE_WHOLE)
    ),
    "StatementSummaryList": list_schema(_group(statements=WHOLE, figures=array(FIGURE_RANGE))),
    "EventTypeList": list_schema(EVENT_TYPE),
    "Meta": record(
        title=STRING,
        api_version=STRING,
        dataset_version=WHOLE,
        epoch=STRING,
        newest_change=record(seq=WHOLE, at=INSTANT),
        snapshot=MAYBE_SNAPSHOT,
        counts={"type": "object", "additionalProperties": WHOLE},
        datasets=array(DATASET),
        coverage=array(COVERAGE),
        citation=STRING,
        links=record(self={"type": "string", "format": "uri"}),
    ),
    "SnapshotList": list_schema({"$ref": "#/components/schemas/Snapshot"}),
    "Snapshot": record(
        name=STRING,
        note=MAYBE_STRING,
        created_at=INSTANT,
        dataset_version=WHOLE,
        epoch=STRING,
        changed_at=INSTANT,
        counts={"type": "object", "additionalProperties": WHOLE},
        bytes=WHOLE,
        sha256=SHA256,
        licences=array(STRING),
        citation=STRING,
        links=record(self={"type": "string", "format": "uri"}, events={"type": "string", "format": "uri"}),
    ),
    "BundleReport": record(
        dry_run={"type": "boolean", "description": "Was it only asked what would be done?"},
        created=WHOLE,
        updated=WHOLE,
        unchanged=WHOLE,
        skipped=WHOLE,
        dataset_version=WHOLE,
        records=array(
            record(
                collection=STRING,
                id=STRING,
                outcome={"type": "string", "enum": ["created", "updated", "unchanged", "skipped"]},
                version={"type": "integer", "minimum": 1, "description": "The version that is stored then."},
            )
        ),
        resolved=array(record(pointer=STRING, given=STRING, id=STRING)),
        possible_duplicates=array(record(events={"type": "array", "items": STRING, "minItems": 2, "maxItems": 2})),
    ),
    "FeatureCollection": {
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
            "features": array(FEATURE),
            "links": {"type": "object"},
            "meta": {"type": "object"},
        },
        "required": ["type", "features"],
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "A section of the page of problems."},
            "title": STRING,
            "status": {"type": "integer", "minimum": 300, "maximum": 599},
            "detail": STRING,
            "instance": {"type": "string", "format": "uri-reference"},
            "request_id": STRING,
            "errors": array(
                {
                    "type": "object",
                    "properties": {
                        "parameter": STRING,
                        "pointer": STRING,
                        "detail": STRING,
                        "allowed": array(STRING),
                        "did_you_mean": STRING,
                    },
                    "required": ["detail"],
                }
            ),
        },
        "required": ["type", "title", "status", "detail", "request_id"],
    },
}
