"""Schemas of answers that are no records: lists, summaries, the taxonomy, meta, features, problems."""

from typing import Any

from api.model import bundle, countries
from api.model.bundle import DatasetSchema
from api.model.changes import COLLECTIONS
from api.model.event_types import EVENT_TYPE_NAMES, EVENT_TYPES
from api.model.nouns import NOUNS
from api.model.record import COUNTRY_CODE
from api.model.resource import MOST_RECORDS
from api.model.snapshot import SCHEMA as NEW_SNAPSHOT
from api.model.taxonomy import MEASURES, POPULATIONS, STATEMENT_TYPES
from api.store.receiving import MOST_DUPLICATES
from api.web.gateway import BODY_BYTES
from api.web.openapi_pieces import (
    ADDRESS,
    INSTANT,
    MAYBE_DATE,
    MAYBE_WHOLE,
    RECORD_ID,
    SHA256,
    JsonObject,
    array,
    like,
    list_schema,
    maybe,
    maybe_ref,
    record,
    ref,
    text,
    whole,
    word,
)

OURS: JsonObject = text(200)
"""A text that we write ourselves, such as a label."""
PROSE: JsonObject = {"type": "string"}
"""A text that nothing bounds: it lists what is there."""
EPOCH: JsonObject = text(16, pattern="^[0-9a-f]{16}$", description="The life of this database.")
COUNTRY: JsonObject = maybe(text(2, pattern=f"^{COUNTRY_CODE}$"))
MAYBE_SHARE: JsonObject = maybe({"type": "number", "minimum": 0, "maximum": 1})
SUM: JsonObject = maybe(whole(2**63 - 1))
"""Of numbers each of which is exact in JSON; the sum itself may be greater."""
COUNTS = record(**{noun.name: whole() for noun in NOUNS})
NEXT: JsonObject = maybe(ADDRESS, description="null on the last page, and only there.")
ON_PAGE = whole(description="Records on this page.")
TOTAL = whole(description="All that match; only with total=true.")
DATASET = {name: like(field) for name, field in DatasetSchema().fields.items() if name != "url"}
SNAPSHOT = {
    "name": like(NEW_SNAPSHOT.fields["name"]),
    "note": maybe(like(NEW_SNAPSHOT.fields["note"])),
    "created_at": INSTANT,
    "bytes": whole(),
    "sha256": SHA256,
}


def _group(types: tuple[str, ...], **members: Any) -> JsonObject:
    keys = {
        "type": word(types),
        "country": COUNTRY,
        "location": maybe_ref("Label"),
        "actor": maybe_ref("Label"),
        "source": ref("Label"),
        "day": MAYBE_DATE,
        "week": maybe(text(8, pattern="^[0-9]{4}-W[0-9]{2}$"), description="ISO 8601 week, such as 2024-W48."),
        "month": maybe(text(7, pattern="^[0-9]{4}-[0-9]{2}$")),
        "year": maybe(text(4, pattern="^[0-9]{4}$")),
    }
    found = {"type": "object", "properties": keys | members, "required": list(members)}
    return found | {"description": "One group. Of type, country, … those are there that `group_by` asks for."}


SCHEMAS: dict[str, JsonObject] = {
    "EventOrStatement": {"anyOf": [ref("Event"), ref("Statement")], "description": "The whole event or statement."},
    "PageLinks": record(self=ADDRESS, next=NEXT, prev=maybe(ADDRESS)),
    "PageMeta": {
        "type": "object",
        "properties": {"limit": whole(), "count": ON_PAGE, "total": TOTAL, "dataset_version": whole()},
        "required": ["limit", "count", "dataset_version"],
    },
    "ChangeList": record(data=array(ref("Change"), MOST_RECORDS), links=ref("ChangeLinks"), meta=ref("ChangeMeta")),
    "ChangeLinks": record(
        self=ADDRESS,
        next=NEXT,
        prev=maybe(ADDRESS, description="Always null: the feed goes forward only."),
        resume={**ADDRESS, "description": "What to ask when coming back later."},
    ),
    "ChangeMeta": record(limit=whole(MOST_RECORDS), count=ON_PAGE, dataset_version=whole(), epoch=EPOCH),
    "VersionList": list_schema(ref("Version")),
    "Label": record(id=RECORD_ID, name=text(500, minLength=1)),
    "SummedToll": record(
        **dict.fromkeys(("low", "best", "high", "civilians"), SUM),
        events=whole(description="How many events gave a toll."),
    ),
    "FigureRange": record(
        measure=word(MEASURES),
        population=word(POPULATIONS),
        count=whole(),
        low=MAYBE_WHOLE,
        high=MAYBE_WHOLE,
        share_low=MAYBE_SHARE,
        share_high=MAYBE_SHARE,
    ),
    "EventSummary": _group(EVENT_TYPE_NAMES, events=whole(), fatalities=ref("SummedToll"), injured=SUM, displaced=SUM),
    "StatementSummary": _group(
        STATEMENT_TYPES,
        statements=whole(),
        figures=array(ref("FigureRange"), len(MEASURES) * len(POPULATIONS)),
    ),
    "EventSummaryList": list_schema(ref("EventSummary")),
    "StatementSummaryList": list_schema(ref("StatementSummary")),
    "PloverTerm": record(event_type=OURS, quad_class=OURS),
    "EventTypeDefinition": record(
        type=word(EVENT_TYPE_NAMES),
        label=OURS,
        definition=OURS,
        colour=text(7, pattern="^#[0-9a-f]{6}$"),
        events=whole(),
        plover=maybe_ref("PloverTerm"),
        ucdp_type_of_violence=array(whole(3, 1), 3),
        acled=maybe(OURS),
    ),
    "EventTypeList": list_schema(ref("EventTypeDefinition"), len(EVENT_TYPES)),
    "Dataset": record(
        **DATASET,
        url=like(DatasetSchema().fields["url"]) | {"type": ["string", "null"]},
        events=whole(),
        statements=whole(),
        first_date=MAYBE_DATE,
        last_date=MAYBE_DATE,
    ),
    "Coverage": record(country=COUNTRY, name=maybe(OURS), first_date=MAYBE_DATE, last_date=MAYBE_DATE, events=whole()),
    "SnapshotBrief": record(**SNAPSHOT),
    "NewestChange": record(seq=whole(), at=INSTANT),
    "Links": record(self=ADDRESS),
    "Meta": record(
        title=OURS,
        api_version=text(32),
        dataset_version=whole(),
        epoch=EPOCH,
        newest_change=ref("NewestChange"),
        snapshot=maybe_ref(
            "SnapshotBrief", description="Which snapshot this tells of; null for the data as they are now."
        ),
        counts=ref("Counts"),
        datasets=array(ref("Dataset"), None),
        coverage=array(ref("Coverage"), len(countries.names()) + 1),
        citation=PROSE,
        links=ref("Links"),
    ),
    "Counts": COUNTS,
    "SnapshotList": list_schema(ref("Snapshot"), None),
    "SnapshotLinks": record(self=ADDRESS, events=ADDRESS),
    "Snapshot": record(
        **SNAPSHOT,
        dataset_version=whole(),
        epoch=EPOCH,
        changed_at=INSTANT,
        counts=ref("Counts"),
        licences=array(DATASET["licence"], None),
        citation=PROSE,
        links=ref("SnapshotLinks"),
    ),
    "BundleReport": record(
        dry_run={"type": "boolean", "description": "Was it only asked what would be done?"},
        **dict.fromkeys(("created", "updated", "unchanged", "skipped"), whole()),
        dataset_version=whole(),
        records=array(ref("BundleOutcome"), bundle.MOST_RECORDS * len(COLLECTIONS)),
        resolved=array(ref("ResolvedReference"), BODY_BYTES),
        possible_duplicates=array(ref("PossibleDuplicate"), MOST_DUPLICATES),
    ),
    "BundleOutcome": record(
        collection=word(COLLECTIONS),
        id=RECORD_ID,
        outcome=word(("created", "updated", "unchanged", "skipped")),
        version=whole(least=1, description="The version that is stored then."),
    ),
    "ResolvedReference": record(pointer=text(200, format="json-pointer"), given=text(200), id=RECORD_ID),
    "PossibleDuplicate": record(events=array(RECORD_ID, 2, 2)),
    "Fault": {
        "type": "object",
        "properties": {
            "parameter": PROSE,
            "pointer": PROSE,
            "detail": PROSE,
            "allowed": array(PROSE, None),
            "did_you_mean": PROSE,
        },
        "required": ["detail"],
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": {**ADDRESS, "format": "uri-reference", "description": "A section of the page of problems."},
            "title": OURS,
            "status": whole(599, 300),
            "detail": PROSE,
            "instance": {**ADDRESS, "format": "uri-reference"},
            "request_id": text(128, pattern="^[A-Za-z0-9._-]{1,128}$"),
            "errors": array(ref("Fault"), None),
        },
        "required": ["type", "title", "status", "detail", "request_id"],
    },
}
"""Each by its name. What is read may grow."""
