"""Location: a place in a tree of places; its `path` leads from its parent up to the country."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.model import filters, queried
from api.model.evidence import evidence_list
from api.model.fields import Choice, Id, Listing, Number, Reference, Text, optional
from api.model.record import Counted, Record, country_code
from api.model.resource import COUNTED_COLUMNS, STORED_COLUMNS, Resource, column, listed, shown_evidence, sorts
from api.model.taxonomy import LOCATION_TYPES


def latitude() -> fields.Field[Any]:
    """WGS 84 degrees north; null for what is no point."""
    return optional(Number, -90, 90, metadata={"description": "WGS 84, north.", "unit": "degrees"})


def longitude() -> fields.Field[Any]:
    """WGS 84 degrees east; null for what is no point."""
    return optional(Number, -180, 180, metadata={"description": "WGS 84, east.", "unit": "degrees"})


class LocationRecord(Record):
    """A location as it is written."""

    name = Text(200, required=True)
    aliases = Listing(Text(200))
    type = Choice(LOCATION_TYPES, required=True)
    parent = optional(Reference, "locations")
    country = country_code()
    latitude = latitude()
    longitude = longitude()
    description = optional(Text, 2000)
    evidence = evidence_list()

    @validates_schema
    def _is_a_point_or_none(self, data: dict[str, Any], **_: Any) -> None:
        if (data["latitude"] is None) != (data["longitude"] is None):
            raise ValidationError("Needs both latitude and longitude, or neither.", "latitude")

    @validates_schema
    def _is_not_its_own_parent(self, data: dict[str, Any], **_: Any) -> None:
        if data["parent"] == data.get("id") is not None:
            raise ValidationError("Must not be the location itself.", "parent")


class LocationStep(Schema):
    """One ancestor of a location."""

    id = Id(required=True)
    name = Text(200, required=True)
    type = Choice(LOCATION_TYPES, required=True)


class LocationBrief(LocationStep):
    """A location as other records show it."""

    country = country_code()
    latitude = latitude()
    longitude = longitude()


class Location(LocationRecord, Counted):
    """A location as it is read."""

    path = Listing(
        fields.Nested(LocationStep), required=True, metadata={"description": "Its ancestors, nearest first."}
    )


LOCATIONS = Resource(
    name="locations",
    singular="location",
    about="Places in a tree: neighbourhood, city, district, province, country.",
    record=LocationRecord,
    view=Location,
    filters=(
        filters.one_of("type", LOCATION_TYPES, "locations.type", "city", "What kind of place it is."),
        filters.country(filters.in_column("locations.country")),
        filters.named(
            "within", "locations", "Syria", "Everything inside these places.",
            filters.inside("locations", "locations.seq {inside}", including_itself=False),
        ),
        filters.exact_name("locations", "Saraqeb"),
        *filters.area("locations"),
        filters.text("locations", "Aleppo"),
        filters.updated_since("locations"),
    ),
    sorts=sorts("locations", name="name_key", type="type", events="events", statements="statements"),
    default_sort="name",
    columns=(
        column("id", hxl="#loc+id"),
        column("name", hxl="#loc+name"),
        listed("aliases", "aliases", hxl="#loc+name+alt+list"),
        column("type", hxl="#loc+type"),
        column("parent", hxl="#loc+id+parent"),
        listed("path", "path", lambda each: each["name"], hxl="#loc+path+list"),
        column("country", hxl="#country+code+v_iso2"),
        column("latitude", hxl="#geo+lat"),
        column("longitude", hxl="#geo+lon"),
        column("description", hxl="#description"),
        listed("evidence", "evidence", shown_evidence, hxl="#description+evidence+list"),
        *COUNTED_COLUMNS,
        *STORED_COLUMNS,
    ),
    has_places=True,
    queryables=queried.LOCATIONS,
    expression="type = 'city' AND events >= 2",
)  # fmt: skip
