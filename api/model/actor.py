"""Actor: a person or a group that does something, says something or has something done to it."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.model import filters, queried
from api.model.evidence import EvidenceSchema, evidence_list
from api.model.fields import Choice, Listing, Reference, Text, optional
from api.model.record import ActorBrief, Counted, Record, country_code
from api.model.resource import COUNTED_COLUMNS, STORED_COLUMNS, Resource, column, listed, shown_evidence, sorts
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
        own = {
            index: {"actor": ["Must not be the actor itself."]}
            for index, each in enumerate(data["relations"])
            if each["actor"] == data.get("id")
        }
        if own:
            raise ValidationError({"relations": own})


class Relation(RelationRecord):
    """A relation as it is read."""

    actor = fields.Nested(ActorBrief, required=True)  # type: ignore[assignment]


class Actor(ActorRecord, Counted):
    """An actor as it is read."""

    relations = Listing(fields.Nested(Relation), required=True)


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
    sorts=sorts("actors", name="name_key", type="type", events="events", statements="statements"),
    default_sort="name",
    columns=(
        column("id", hxl="#actor+id"),
        column("name", hxl="#actor+name"),
        listed("aliases", "aliases", hxl="#actor+name+alt+list"),
        column("type", hxl="#actor+type"),
        column("country", hxl="#country+code+v_iso2"),
        column("description", hxl="#description"),
        listed(
            "relations",
            "relations",
            lambda each: f"{each['relation']} {each['actor']['name']}",
            hxl="#actor+relations+list",
        ),
        listed("evidence", "evidence", shown_evidence, hxl="#description+evidence+list"),
        *COUNTED_COLUMNS,
        *STORED_COLUMNS,
    ),
    queryables=queried.ACTORS,
    expression="type IN ('rebel_group', 'militia') AND events > 1",
)
