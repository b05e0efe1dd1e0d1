"""What every record has in common: as it is written (`Record`) and as it is read (`Stored`).

A noun has two schemas. The record is what people write and what a bundle holds: references are ids. What is read
adds what the store knows: names beside ids, counts, tolls, version and times.
"""

from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from api.model import countries
from api.model.fields import Choice, Day, Id, Instant, Matching, OwnId, Text, WholeNumber, optional
from api.model.taxonomy import ACTOR_TYPES

COUNTRY_CODE = "[A-Z]{2}"
LANGUAGE_TAG = "[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"

SCHEMES = ("wikidata", "geonames", "ucdp", "acled", "hdx", "isni", "doi", "osm")


class NamedTexts(fields.Dict):
    """Texts by name, `most` of them at the most; none by default.

    marshmallow tells their faults under `key` and `value`; here they stand at the name itself.
    """

    def __init__(self, keys: fields.Field[Any], values: fields.Field[Any], most: int = 100, **options: Any) -> None:
        self.most = most
        metadata = {"maxProperties": most} | options.pop("metadata", {})
        super().__init__(keys, values, load_default=dict, metadata=metadata, **options)

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> Any:
        if isinstance(value, dict) and len(value) > self.most:
            raise ValidationError(f"Must have at most {self.most} members; has {len(value)}.")
        try:
            return super()._deserialize(value, *rest, **options)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if isinstance(error.messages, list):
                raise
            faults = {
                name: [each for part in parts.values() for each in part] for name, parts in error.messages.items()
            }
            raise ValidationError(faults) from None


class Texts(NamedTexts):
    """Ids by the scheme that gave them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Choice(SCHEMES), Text(128), len(SCHEMES), **options)


class Record(Schema):
    """Members of every record as it is written. Unknown members are refused."""

    id = OwnId(required=True)
    external_ids = Texts(metadata={"description": "The same thing elsewhere: scheme to id."})


class LinksSchema(Schema):
    """Where the record is."""

    self = fields.Url(required=True)


class Stored(Schema):
    """Members that the store adds to every record that is read; they end it."""

    version = WholeNumber(1, required=True, metadata={"description": "1, 2, … with each change."})
    created_at = Instant(required=True, metadata={"description": "When the record was stored first."})
    updated_at = Instant(required=True, metadata={"description": "When its newest version was."})
    links = fields.Nested(LinksSchema, required=True)

    class Meta:
        unknown = EXCLUDE  # what is read may grow

    last: ClassVar[tuple[str, ...]] = ("external_ids", "version", "created_at", "updated_at", "links")

    def _init_fields(self) -> None:
        super()._init_fields()
        for name in self.last:
            if name in self.dump_fields:
                self.dump_fields[name] = self.dump_fields.pop(name)


class Counted(Stored):
    """What is counted of an actor or a location: the same as a list filtered by it gives, what is inside it included."""

    events = WholeNumber(required=True, metadata={"description": "Events that a list filtered by it gives."})
    statements = WholeNumber(required=True, metadata={"description": "Statements that a list filtered by it gives."})
    first_event_date = optional(Day, metadata={"description": "Earliest possible day of those events."})
    last_event_date = optional(Day, metadata={"description": "Latest possible day of those events."})


class CountryCode(Matching):
    """An ISO 3166-1 alpha-2 code. One that is nobody's, such as UK, would be stored and never found."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            COUNTRY_CODE,
            "an ISO 3166-1 alpha-2 code such as SY",
            most=2,
            **{"metadata": {"description": "ISO 3166-1 alpha-2."}} | options,
        )

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> str:
        code = super()._deserialize(value, *rest, **options)
        if code not in countries.names():
            raise ValidationError(f"Must be {self.wanted}; {code} is none.")
        return code


def country_code(**options: Any) -> fields.Field[Any]:
    """An ISO 3166-1 alpha-2 code; null where none applies."""
    return optional(CountryCode, **options)


class ActorBrief(Schema):
    """An actor as other records show it."""

    id = Id(required=True)
    name = Text(200, required=True)
    type = Choice(ACTOR_TYPES, required=True)
