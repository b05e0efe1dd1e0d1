"""Actor: a person or a group that does something, says something or has something done to it."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.model import filters
from api.model.evidence import EvidenceSchema, evidence_list
from api.model.fields import Choice, Day, Listing, Reference, Text, WholeNumber, optional
from api.model.record import ActorBrief, Record, Stored, country_code
from api.model.resource import STORED_COLUMNS, Resource, column, listed
from api.model.taxonomy import ACTOR_TYPES, RELATIONS


class RelationRecord(Schema):
    """How this actor stands to another: `member_of` reads “this actor is a member of `actor`”."""

    actor = Reference("actors", required=True)
    relation = Choice(RELATIONS, required=True)
    evidence = Listing(fields.Nested(EvidenceSchema))


class ActorRecord(Record):
    """An actor as it is written."""

    name = Text(200, required=True)
    aliases = Listing(Text(200))
    type = Choice(ACTOR_TYPES, required=True)
    country = country_code()
    description = optional(Text, 2000)
    relations = Listing(fields.Nested(RelationRecord))
    evidence = evidence_list()

    @validates_schema
    def _is_not_its_own_relation(self, data: dict[str, Any], **_: Any) -> None:
        for index, each in enumerate(data["relations"]):
            if each["actor"] == data.get("id"):
                raise ValidationError({"relations": {index: {"actor": ["Must not be the actor itself."]}}})


class Relation(RelationRecord):
    """A relation as it is read."""

    actor = fields.Nested(ActorBrief, required=True)  # type: ignore[assignment]


class Actor(ActorRecord, Stored):
    """An actor as it is read. The counts are those of a list filtered by this actor: its members' are among them."""

    relations = Listing(fields.Nested(Relation), required=True)
    events = WholeNumber(required=True)
    statements = WholeNumber(required=True)
    first_event_date = optional(Day)
    last_event_date = optional(Day)


ACTORS = Resource(
    name="actors",
    singular="actor",
    about="Persons and groups: state forces, rebels, governments, UN bodies, media, residents.",
    record=ActorRecord,
    view=Actor,
    filters=(
        filters.one_of("type", ACTOR_TYPES, "actors.type", "person", "What kind of actor it is."),
        filters.country(filters.in_column("actors.country")),
        filters.exact_name("actors", "HTS"),
        filters.text("actors", "Syrian"),
        filters.updated_since("actors"),
    ),
    sorts={
        "name": "actors.name_key",
        "type": "actors.type",
        "events": "actors.events",
        "statements": "actors.statements",
        "updated_at": "actors.updated_at",
        "created_at": "actors.created_at",
    },
    default_sort="name",
    columns=(
        column("id"),
        column("name"),
        listed("aliases", "aliases"),
        column("type"),
        column("country"),
        column("description"),
        listed("relations", "relations", lambda each: f"{each['relation']} {each['actor']['name']}"),
        column("events"),
        column("statements"),
        column("first_event_date"),
        column("last_event_date"),
        *STORED_COLUMNS,
    ),
)
