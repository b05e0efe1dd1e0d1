"""Event: something that happened, somewhere, between two days, with participants and figures."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.model import filters, kinds, queried
from api.model.event_types import EVENT_TYPE_NAMES
from api.model.evidence import evidence_list
from api.model.fields import Choice, Day, Flag, Id, Listing, Matching, Reference, Text, WholeNumber, optional
from api.model.location import LocationBrief
from api.model.parameters import Filter
from api.model.record import ActorBrief, NamedTexts, Record, Stored
from api.model.resource import STORED_COLUMNS, Column, Document, Resource, column, listed, shown_evidence, sorts
from api.model.taxonomy import BASES, DATE_PRECISIONS, LOCATION_PRECISIONS, QUALIFIERS, QUALITIES, ROLES, STATUSES

ATTRIBUTE_NAME = "[a-z][a-z0-9_]{0,63}"
MOST_ATTRIBUTES = 100
LONGEST_ATTRIBUTE = 20_000
"""Characters: a row of a dataset may list a hundred articles in one cell."""


class ParticipantRecord(Schema):
    """Who took part, and as what."""

    actor = Reference("actors", required=True)
    role = Choice(ROLES, required=True)
    deaths = optional(WholeNumber, metadata={"description": "The dead of this side, as the dataset coded them."})


def _people(description: str) -> fields.Field[Any]:
    return optional(WholeNumber, metadata={"description": f"{description} Null is unknown, never 0.", "unit": "people"})


class CodedToll(Schema):
    """A dataset's own count of the dead, kept as it was given, even where it contradicts itself."""

    low = _people("The least.")
    best = _people("The best: in a dataset's own count its editors' one, else the accepted or newest.")
    high = _people("The most.")
    civilians = _people("Civilians among the best.")


class EventRecord(Record):
    """An event as it is written. `start_date` and `end_date` are its earliest and latest possible day."""

    type = Choice(EVENT_TYPE_NAMES, required=True)
    title = Text(300, required=True)
    summary = optional(Text, 4000, metadata={"description": "What happened, in the editor's own words."})
    start_date = Day(required=True, metadata={"description": "Earliest possible day."})
    end_date = Day(required=True, metadata={"description": "Latest possible day."})
    date_precision = Choice(DATE_PRECISIONS, required=True)
    location = optional(Reference, "locations")
    location_precision = optional(Choice, LOCATION_PRECISIONS)
    participants = Listing(fields.Nested(ParticipantRecord))
    part_of = optional(Reference, "events", metadata={"description": "The longer event that this one belongs to."})
    related = Listing(Reference("events"))
    status = optional(
        Choice, STATUSES, metadata={"description": "The editor's word; left null it follows from the sources."}
    )
    dataset = optional(Id)
    coded_fatalities = optional(fields.Nested, CodedToll)
    attributes = NamedTexts(
        Matching(ATTRIBUTE_NAME, "a name: a small letter, then small letters, digits or '_', 64 at the most", most=64),
        Text(LONGEST_ATTRIBUTE),
        MOST_ATTRIBUTES,
        metadata={"description": "What the dataset's row says and no other member holds, verbatim: column to cell."},
    )
    quality = Listing(
        Choice(tuple(QUALITIES)),
        metadata={"description": "What to know of the dataset's row before it is counted with."},
    )
    evidence = evidence_list()

    @validates_schema
    def _ends_after_it_starts(self, data: dict[str, Any], **_: Any) -> None:
        if data["end_date"] < data["start_date"]:
            raise ValidationError("Must not be before start_date.", "end_date")
        if data["date_precision"] == "day" and data["end_date"] != data["start_date"]:
            raise ValidationError("Must not be 'day' where start_date and end_date differ.", "date_precision")

    @validates_schema
    def _is_not_its_own_part(self, data: dict[str, Any], **_: Any) -> None:
        if data["part_of"] == data.get("id") is not None:
            raise ValidationError("Must not be the event itself.", "part_of")
        own = {n: ["Must not be the event itself."] for n, each in enumerate(data["related"]) if each == data.get("id")}
        if own:
            raise ValidationError({"related": own})

    @validates_schema
    def _place_and_its_precision_go_together(self, data: dict[str, Any], **_: Any) -> None:
        if (data["location"] is None) != (data["location_precision"] is None):
            raise ValidationError("Needs both location and location_precision, or neither.", "location_precision")


class Participant(ParticipantRecord):
    """A participant as it is read."""

    actor = fields.Nested(ActorBrief, required=True)  # type: ignore[assignment]


class Toll(CodedToll):
    """What is known of a number of people: the least, the accepted or newest, and the most that anybody gave."""

    qualifier = optional(Choice, QUALIFIERS, metadata={"description": "How `best` was hedged; null where it was not."})
    basis = optional(Choice, BASES)
    disputed = Flag(required=True, metadata={"description": "Do speakers give different numbers?"})


class Event(EventRecord, Stored):
    """An event as it is read."""

    location = fields.Nested(LocationBrief, required=True, allow_none=True)
    participants = Listing(fields.Nested(Participant), required=True)
    fatalities = fields.Nested(Toll, required=True)
    injured = fields.Nested(Toll, required=True)
    displaced = fields.Nested(Toll, required=True)
    status = Choice(STATUSES, required=True)
    source_count = WholeNumber(required=True, metadata={"description": "Sources that report it."})
    independent_source_count = WholeNumber(
        required=True, metadata={"description": "The same, with all that rewrite one report counted as one."}
    )
    statements = WholeNumber(required=True, metadata={"description": "Statements about it."})


def _participant(each: Document) -> str:
    return f"{each['actor']['name']} ({each['role']})"


def _source(each: Document) -> str:
    return str(each["source"])


def _toll(name: str, outcome: str) -> tuple[Column, ...]:
    """The best number comes first: of several columns with a tag, HXL tools take the first."""
    numbers, words = ("best", "low", "high", "civilians"), ("qualifier", "disputed")
    return (
        *(column(f"{name}_{each}", name, each, hxl=f"#affected+{outcome}+{each}") for each in numbers),
        *(column(f"{name}_{each}", name, each, hxl=f"#meta+{outcome}+{each}") for each in words),
    )


EVENTS = Resource(
    name="events",
    singular="event",
    about="What happened, somewhere, between two days, with participants, figures and evidence.",
    record=EventRecord,
    view=Event,
    filters=(
        filters.one_of("type", EVENT_TYPE_NAMES, "events.type", "airstrike", "What kind of event it is."),
        filters.named(
            "actor", "actors", "HTS", "A participant, or an organisation that a participant belongs to.",
            filters.belonging("actors"),
        ),
        Filter("role", kinds.Word(ROLES), "With `actor`: only in this role.", "initiator", True, needs=("actor",)),
        filters.named(
            "location", "locations", "Saraqeb", "A place, with everything inside it.",
            filters.belonging("locations"),
        ),
        filters.country(filters.in_column("events.country")),
        *filters.span("events.start_date", "events.end_date", ("2024-11-27", "2024-11-29")),
        *filters.area("events"),
        filters.text("events", "highway"),
        filters.at_least("min_fatalities", "events.fatalities", "4", "At least so many dead, by `fatalities.best`."),
        filters.at_most("max_fatalities", "events.fatalities", "100", "At most so many dead, by `fatalities.best`."),
        filters.named(
            "source", "sources", "ssbcrack-half-of-aleppo", "A source that reports it, or one that such a source rewrites.",
            filters.joined("events", "event_sources", "source", filters.inside("sources", "source {inside}")),
        ),
        filters.dataset("events"),
        filters.one_of("status", STATUSES, "events.status", "reported", "How well it is established."),
        filters.at_least("min_sources", "events.source_count", "2", "At least so many sources."),
        filters.at_least(
            "min_independent_sources", "events.independent_source_count", "1", "At least so many independent sources."
        ),
        filters.named(
            "part_of", "events", "northern-syria-offensive", "A longer event, whose parts are asked for.",
            filters.parts("events"),
        ),
        filters.one_of(
            "location_precision", LOCATION_PRECISIONS, "events.location_precision", "exact", "How closely the place is known."
        ),
        filters.one_of("date_precision", DATE_PRECISIONS, "events.date_precision", "day", "How closely the day is known."),
        filters.updated_since("events"),
    ),
    sorts=sorts(
        "events", start_date="start_date", end_date="end_date", title="title_key", type="type",
        fatalities="fatalities_key",
    ),
    default_sort="-start_date",
    columns=(
        column("id", hxl="#event+id"),
        column("type", hxl="#event+type"),
        column("title", hxl="#event+name"),
        column("summary", hxl="#description"),
        column("start_date", hxl="#date+start"),
        column("end_date", hxl="#date+end"),
        column("date_precision", hxl="#meta+precision+date"),
        column("location_id", "location", "id", hxl="#loc+id"),
        column("location", "location", "name", hxl="#loc+name"),
        column("location_type", "location", "type", hxl="#loc+type"),
        column("location_precision", hxl="#meta+precision+loc"),
        column("country", "location", "country", hxl="#country+code+v_iso2"),
        column("latitude", "location", "latitude", hxl="#geo+lat"),
        column("longitude", "location", "longitude", hxl="#geo+lon"),
        listed("participants", "participants", _participant, hxl="#actor+name+list"),
        *_toll("fatalities", "killed"),
        *_toll("injured", "injured"),
        *_toll("displaced", "displaced"),
        column("part_of", hxl="#event+id+parent"),
        column("status", hxl="#status"),
        column("dataset", hxl="#meta+dataset"),
        listed("quality", "quality", hxl="#meta+quality+list"),
        column("source_count", hxl="#indicator+num+sources"),
        column("independent_source_count", hxl="#indicator+num+sources+independent"),
        listed("sources", "evidence", _source, hxl="#meta+source+list"),
        listed("evidence", "evidence", shown_evidence, hxl="#description+evidence+list"),
        *STORED_COLUMNS,
    ),
    has_places=True,
    queryables=queried.EVENTS,
    expression="fatalities_best >= 10 OR type = 'airstrike'",
)  # fmt: skip
