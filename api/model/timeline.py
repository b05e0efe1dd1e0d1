"""Timeline: the events and statements of one filter, in one chronological list."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from marshmallow import Schema, fields

from api.model import kinds
from api.model.event import EVENTS
from api.model.event_types import EVENT_TYPE_NAMES
from api.model.fields import Choice, Day, Id, Text
from api.model.location import LocationBrief
from api.model.parameters import Filter
from api.model.resource import Column, Resource, column
from api.model.statement import STATEMENTS
from api.model.taxonomy import ROLES, STATEMENT_TYPES
from api.model.text import from_json, to_json_bytes

ENTRIES = ("event", "statement")


class Entry(Schema):
    """One entry of the timeline."""

    entry = Choice(ENTRIES, required=True)
    id = Id(required=True)
    date = Day(required=True, metadata={"description": "Earliest possible day."})
    end_date = Day(required=True, metadata={"description": "Latest possible day."})
    title = Text(500, required=True)
    type = Choice((*EVENT_TYPE_NAMES, *STATEMENT_TYPES), required=True)
    location = fields.Nested(LocationBrief, required=True, allow_none=True)
    record = fields.Dict(required=True, metadata={"description": "The whole event or statement."})


@dataclass(frozen=True)
class Timeline:
    """The two nouns that it joins, the filters both have, and its flat columns."""

    branches: Mapping[str, Resource]
    filters: tuple[Filter, ...]
    sorts: Mapping[str, Mapping[str, str]]
    default_sort: str
    columns: tuple[Column, ...]


SHARED = ("actor", "location", "country", "from", "to", "certain", "bbox", "near", "radius", "q", "source", "dataset",
          "updated_since")  # fmt: skip

ABOUT = {
    "actor": "A participant of an event; speaker, addressee or represented of a statement; or an organisation of theirs.",
    "location": "Where an event took place or a statement was said, or the place of an event that it is about; with"
    " everything inside.",
}

TIMELINE = Timeline(
    branches={"event": EVENTS, "statement": STATEMENTS},
    filters=(
        Filter("entry", kinds.Word(ENTRIES), "Only events or only statements.", "event", takes_many=True),
        Filter(
            "type", kinds.Word((*EVENT_TYPE_NAMES, *STATEMENT_TYPES)), "Types of event or of statement.",
            "airstrike,condemn", takes_many=True,
        ),
        *(
            replace(EVENTS.filter(name), clause=None, description=ABOUT.get(name, EVENTS.filter(name).description))
            for name in SHARED
        ),
        Filter(
            "role", kinds.Word((*ROLES, "speaker", "on_behalf_of", "addressee")),
            "With `actor`: only in this role or part.", "initiator", takes_many=True, needs=("actor",),
        ),
    ),
    sorts={
        "date": {"event": "events.start_date", "statement": "statements.date"},
        **{name: {each.singular: each.sorts[name] for each in (EVENTS, STATEMENTS)} for name in ("updated_at", "created_at")},
    },
    default_sort="date",
    columns=(
        column("entry", hxl="#meta+entry"),
        column("id", hxl="#event+id"),
        column("date", hxl="#date+start"),
        column("end_date", hxl="#date+end"),
        column("date_precision", "record", "date_precision", hxl="#meta+precision+date"),
        column("title", hxl="#event+name"),
        column("type", hxl="#event+type"),
        column("location_id", "location", "id", hxl="#loc+id"),
        column("location", "location", "name", hxl="#loc+name"),
        column("country", "location", "country", hxl="#country+code+v_iso2"),
        column("latitude", "location", "latitude", hxl="#geo+lat"),
        column("longitude", "location", "longitude", hxl="#geo+lon"),
        column("url", "record", "links", "self", hxl="#meta+url"),
    ),
)  # fmt: skip


def entry_text(entry: str, document: bytes) -> bytes:
    """A stored event or statement as an entry of the timeline, JSON around JSON."""
    record = from_json(document)
    head = {
        "entry": entry,
        "id": record["id"],
        "date": record["start_date" if entry == "event" else "date"],
        "end_date": record["end_date"],
        "title": record["title"],
        "type": record["type"],
        "location": record["location"],
    }
    return b'%s,"record":%s}' % (to_json_bytes(head)[:-1], document)
