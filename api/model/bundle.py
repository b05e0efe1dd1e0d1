"""Bundle: many records as one document, the seed's own format. What is exported can be loaded again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields

from api.model.fields import Choice, Id, Listing, Text, web_address
from api.model.nouns import NOUNS
from api.model.problem import Fault, Problem
from api.model.references import references

FORMAT = "event-timeline/1"
MOST_RECORDS = 100_000
"""Of one noun in one document; more is a dataset and has its own importer."""

Records = Mapping[str, list[dict[str, Any]]]


class DatasetSchema(Schema):
    """What the records belong to, under what licence, and how to credit it."""

    id = Id(required=True)
    title = Text(300, required=True)
    licence = Text(200, required=True, metadata={"description": "An SPDX identifier, such as CC-BY-4.0."})
    attribution = Text(1000, required=True)
    url = web_address()


class BundleSchema(Schema):
    """The envelope; each list holds records as they are written."""

    bundle = Choice((FORMAT,), required=True)
    datasets = Listing(fields.Nested(DatasetSchema))
    sources = Listing(fields.Nested(NOUNS[0].record), most=MOST_RECORDS)
    locations = Listing(fields.Nested(NOUNS[1].record), most=MOST_RECORDS)
    actors = Listing(fields.Nested(NOUNS[2].record), most=MOST_RECORDS)
    events = Listing(fields.Nested(NOUNS[3].record), most=MOST_RECORDS)
    statements = Listing(fields.Nested(NOUNS[4].record), most=MOST_RECORDS)


SCHEMA = BundleSchema()


@dataclass(frozen=True)
class Bundle:
    """A bundle whose records are valid one by one; whether references lead anywhere is for the store to say."""

    datasets: list[dict[str, Any]]
    records: Records
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where the bundle was sent as lines: the number of each record's line by its JSON pointer."""


def invalid(faults: list[Fault]) -> Problem:
    """The answer to a document with faults: all of them, each with its JSON pointer."""
    count = f"{len(faults)} faults" if len(faults) > 1 else "One fault"
    first = f"{faults[0].pointer or '/'}: {faults[0].detail}"
    return Problem(422, "invalid-record", f"{count} in the document; the first is at {first}", faults)


def read(document: Any) -> Bundle:
    """A parsed JSON document as a bundle; `Problem` 422 with every fault and its pointer."""
    try:
        loaded = SCHEMA.load(document)
    except ValidationError as error:
        raise invalid(list(faults(error.messages))) from None
    records = {noun.name: loaded[noun.name] for noun in NOUNS}
    if repeated := list(_repeated({"datasets": loaded["datasets"], **records})):
        raise invalid(repeated)
    return Bundle(loaded["datasets"], records)


def faults(messages: Any, pointer: str = "") -> Iterator[Fault]:
    """marshmallow's nested messages as faults with JSON pointers (RFC 6901)."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = "" if key == "_schema" else f"/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from faults(inner, pointer + step)
    else:
        for each in messages if isinstance(messages, list) else [messages]:
            yield Fault(str(each), pointer=pointer)


def _repeated(records: Records) -> Iterator[Fault]:
    for name, listed in records.items():
        seen: set[str] = set()
        for index, record in enumerate(listed):
            if record["id"] in seen:
                yield Fault("Stands twice in this document.", pointer=f"/{name}/{index}/id")
            seen.add(record["id"])


def all_references(records: Records) -> Iterator[tuple[str, str, str]]:
    """Each reference of each record: JSON pointer, collection, id."""
    for noun in NOUNS:
        for index, record in enumerate(records.get(noun.name, ())):
            yield from references(noun.record_schema, record, f"/{noun.name}/{index}")
