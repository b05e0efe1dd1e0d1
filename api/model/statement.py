"""Statement: who said what, when, about which events, and which figures they gave.

What an article says in its own voice is a statement with `speaker: null`: its source is the claimant.
"""

from itertools import pairwise
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.model import filters, kinds, queried
from api.model.evidence import evidence_list
from api.model.fields import Choice, Day, Flag, Id, Listing, Number, Reference, Text, WholeNumber, optional
from api.model.location import LocationBrief
from api.model.parameters import Clause, ClauseMaker, Filter
from api.model.record import ActorBrief, Record, Stored
from api.model.resource import STORED_COLUMNS, Document, Resource, column, listed, shown_evidence, sorts
from api.model.taxonomy import (
    DATE_PRECISIONS,
    MEASURES,
    POPULATIONS,
    QUALIFIERS,
    STATEMENT_KINDS,
    STATEMENT_TYPES,
)
from api.model.ways import IN_LIST, as_list

NUMBERS = ("low", "best", "high", "share")


class FigureRecord(Schema):
    """A number that somebody gave: `best` is the number said, `low` and `high` the bounds they gave, null if none."""

    measure = Choice(MEASURES, required=True)
    population = Choice(POPULATIONS, load_default="total")
    low = optional(WholeNumber)
    best = optional(WholeNumber)
    high = optional(WholeNumber)
    share = optional(
        Number, 0, 1, metadata={"description": 'A part of the whole, where only that is given: "half" is 0.5.'}
    )
    qualifier = optional(
        Choice, QUALIFIERS, metadata={"description": "How the number was hedged; null where it was given bare."}
    )
    accepted = Flag(load_default=False, metadata={"description": "The figure the editors stand by."})
    event = optional(
        Reference,
        "events",
        metadata={"description": "The event it counts. May be left out where the statement is about one event."},
    )
    evidence = evidence_list()

    @validates_schema
    def _is_a_number_in_order(self, data: dict[str, Any], **_: Any) -> None:
        if all(data[name] is None for name in NUMBERS):
            raise ValidationError("Needs at least one of low, best, high, share.", "best")
        given = [(name, data[name]) for name in ("low", "best", "high") if data[name] is not None]
        for (smaller, least), (larger, most) in pairwise(given):
            if least > most:
                raise ValidationError(f"Must not be greater than {larger}.", smaller)


class StatementRecord(Record):
    """A statement as it is written."""

    speaker = optional(Reference, "actors")
    on_behalf_of = optional(Reference, "actors")
    kind = Choice(STATEMENT_KINDS, required=True)
    type = Choice(STATEMENT_TYPES, required=True)
    text = Text(4000, required=True, metadata={"description": "A quote verbatim, a paraphrase in own words."})
    date = Day(required=True, metadata={"description": "Earliest possible day."})
    end_date = optional(Day, metadata={"description": "Latest possible day; the same as date if left out."})
    date_precision = Choice(DATE_PRECISIONS, required=True)
    date_basis = optional(Text, 500, metadata={"description": "How the day is known, where the text does not give it."})
    location = optional(Reference, "locations", metadata={"description": "Where it was said."})
    addressees = Listing(Reference("actors"))
    events = Listing(Reference("events"))
    figures = Listing(fields.Nested(FigureRecord))
    note = optional(Text, 2000, metadata={"description": "What the editors add, such as where sources differ."})
    dataset = optional(Id)
    evidence = evidence_list()

    @validates_schema
    def _ends_after_it_starts(self, data: dict[str, Any], **_: Any) -> None:
        end = data["end_date"] or data["date"]
        if end < data["date"]:
            raise ValidationError("Must not be before date.", "end_date")
        if data["date_precision"] == "day" and end != data["date"]:
            raise ValidationError("Must not be 'day' where date and end_date differ.", "date_precision")

    @validates_schema
    def _figures_count_its_events(self, data: dict[str, Any], **_: Any) -> None:
        faults: dict[int, Any] = {}
        for index, figure in enumerate(data["figures"]):
            if figure["event"] is None and len(data["events"]) > 1:
                faults[index] = {"event": ["Must name the event it counts: the statement is about several."]}
            elif figure["event"] is not None and figure["event"] not in data["events"]:
                faults[index] = {"event": ["Must be one of the statement's events."]}
        if faults:
            raise ValidationError({"figures": faults})


class EventBrief(Schema):
    """An event as a statement shows it, with where it took place."""

    id = Id(required=True)
    title = Text(300, required=True)
    location = fields.Nested(LocationBrief, required=True, allow_none=True)


class Statement(StatementRecord, Stored):
    """A statement as it is read."""

    title = Text(500, required=True, metadata={"description": "Who said it and how it begins."})
    speaker = fields.Nested(ActorBrief, required=True, allow_none=True)
    on_behalf_of = fields.Nested(ActorBrief, required=True, allow_none=True)
    end_date = Day(required=True, metadata={"description": "Latest possible day."})
    location = fields.Nested(LocationBrief, required=True, allow_none=True)
    addressees = Listing(fields.Nested(ActorBrief), required=True)
    events = Listing(fields.Nested(EventBrief), required=True)
    source_count = WholeNumber(required=True)
    independent_source_count = WholeNumber(required=True)


PARTS = ("speaker", "on_behalf_of", "addressee")
"""How an actor takes part in a statement."""


def shown_figure(each: Document) -> str:
    """A figure in a few words: `killed total: at_least 20`."""
    number = next(each[name] for name in ("best", "low", "high", "share") if each[name] is not None)
    hedge = f"{each['qualifier']} " if each["qualifier"] else ""
    return f"{each['measure']} {each['population']}: {hedge}{number:.15g}"


def _of(join: str, where: ClauseMaker) -> ClauseMaker:
    return filters.joined("statements", f"statement_{join}", join.removesuffix("s"), where)


def _part(part: str) -> ClauseMaker:
    return _of("actors", filters.inside("actors", f"part = '{part}' AND actor {{inside}}"))


STATEMENTS = Resource(
    name="statements",
    singular="statement",
    about="Who said what, when, about which events, with the figures they gave.",
    record=StatementRecord,
    view=Statement,
    filters=(
        filters.one_of("type", STATEMENT_TYPES, "statements.type", "condemn", "What kind of utterance it is."),
        filters.named(
            "actor", "actors", "Turkey", "Speaker, addressee or represented, or an organisation one of them belongs to.",
            _of("actors", filters.acting("actor {inside}{role}", "part")),
        ),
        Filter("role", kinds.Word(PARTS), "With `actor`: only in this part.", "speaker", True, needs=("actor",)),
        filters.named(
            "speaker", "actors", "SOHR", "Who said it, or an organisation that the speaker belongs to.", _part("speaker")
        ),
        filters.named(
            "on_behalf_of", "actors", "Kremlin", "For whom it was said.", _part("on_behalf_of")
        ),
        filters.one_of("kind", STATEMENT_KINDS, "statements.kind", "quote", "Verbatim or in other words."),
        filters.named(
            "event", "events", "northern-syria-offensive", "An event that it is about; its parts are events of their own.",
            _of("events", lambda events, _: Clause(f"event {IN_LIST}", (as_list(events),))),
        ),
        filters.named(
            "location", "locations", "Aleppo",
            "The place where it was said or that an event it is about took place, with everything inside it.",
            _of("locations", filters.inside("locations", "location {inside}")),
        ),
        filters.country(
            _of(
                "locations",
                lambda codes, _: Clause(
                    f"location IN (SELECT seq FROM locations WHERE country {IN_LIST})", (as_list(codes),)
                ),
            )
        ),
        *filters.span("statements.date", "statements.end_date", ("2024-11-27", "2024-11-29")),
        *filters.area("statements"),
        filters.text("statements", "sovereignty"),
        filters.named(
            "source", "sources", "ssbcrack-half-of-aleppo", "A source that reports it, or one that such a source rewrites.",
            _of("sources", filters.inside("sources", "source {inside}")),
        ),
        filters.dataset("statements"),
        filters.updated_since("statements"),
    ),
    sorts=sorts("statements", date="date", end_date="end_date", type="type", title="title_key"),
    default_sort="-date",
    columns=(
        column("id", hxl="#statement+id"),
        column("date", hxl="#date+start"),
        column("end_date", hxl="#date+end"),
        column("date_precision", hxl="#meta+precision+date"),
        column("kind", hxl="#statement+kind"),
        column("type", hxl="#statement+type"),
        column("speaker_id", "speaker", "id", hxl="#actor+id+speaker"),
        column("speaker", "speaker", "name", hxl="#actor+name+speaker"),
        column("on_behalf_of", "on_behalf_of", "name", hxl="#actor+name+represented"),
        listed("addressees", "addressees", lambda each: each["name"], hxl="#actor+name+addressee+list"),
        column("title", hxl="#statement+name"),
        column("text", hxl="#description"),
        column("note", hxl="#description+note"),
        listed("figures", "figures", shown_figure, hxl="#statement+figures+list"),
        listed("events", "events", lambda each: each["id"], hxl="#event+id+list"),
        column("location_id", "location", "id", hxl="#loc+id"),
        column("location", "location", "name", hxl="#loc+name"),
        column("country", "location", "country", hxl="#country+code+v_iso2"),
        column("latitude", "location", "latitude", hxl="#geo+lat"),
        column("longitude", "location", "longitude", hxl="#geo+lon"),
        column("dataset", hxl="#meta+dataset"),
        column("source_count", hxl="#indicator+num+sources"),
        column("independent_source_count", hxl="#indicator+num+sources+independent"),
        listed("sources", "evidence", lambda each: each["source"], hxl="#meta+source+list"),
        listed("evidence", "evidence", shown_evidence, hxl="#description+evidence+list"),
        *STORED_COLUMNS,
    ),
    has_places=True,
    queryables=queried.STATEMENTS,
    expression="kind = 'quote' AND (speaker = 'SOHR' OR location = 'Aleppo')",
)  # fmt: skip
