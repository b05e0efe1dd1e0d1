"""Records in which every member is filled, each text member with the same text: for what texts may do to a reader."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields

from api.model.fields import Choice, Day, Flag, Matching, Number, Reference, Text, WholeNumber
from api.model.nouns import BY_NAME
from api.model.record import CountryCode, NamedTexts

Json = dict[str, Any]
OLD = {"sources": "paper", "locations": "town", "actors": "rebels", "events": "strike", "statements": "claim"}
"""A record of each noun of the sample (`unit/samples.py`)."""
PLAIN = {"url": "https://example.org/x", "language": "en", "sha256": "0" * 64}
"""Members of one form, which take no other text."""


def full(noun: str, record_id: str, text: str, ids: Mapping[str, str] = OLD) -> Json:
    """A record with this text in every text member, that points to the records of `ids` by every member that can."""
    record = _filled(BY_NAME[noun].record_schema, text, {**ids, noun: OLD[noun]})
    record["id"] = record_id
    if "dataset" in record:
        record["dataset"] = "made-up"
    if noun == "statements":  # what it is about is not of its own noun
        record["events"] = [record["figures"][0]["event"]]
    return record


def _filled(schema: Schema, text: str, ids: Mapping[str, str]) -> Json:
    found = {name: _value(name, field, text, ids) for name, field in schema.fields.items()}
    if "quote" in found:
        found |= {"start": 0, "end": len(found["quote"])}
    return found


def _value(name: str, field: fields.Field[Any], text: str, ids: Mapping[str, str]) -> Any:
    if isinstance(field, NamedTexts):
        names, values = field.key_field, field.value_field
        assert isinstance(names, Text)
        assert isinstance(values, Text)
        return dict.fromkeys(names.allowed if isinstance(names, Choice) else ("made_up",), text[: values.most])
    if isinstance(field, fields.List):
        return [_value(name, field.inner, text, ids)]
    if isinstance(field, fields.Nested):
        return _filled(field.schema, text, ids)
    if isinstance(field, Reference):
        return ids[field.to]
    if isinstance(field, Choice):
        return field.allowed[0]
    if isinstance(field, CountryCode):
        return "SY"
    if isinstance(field, Matching):
        return PLAIN.get(name, "made-up")
    if isinstance(field, Day):
        return "2024-11-27"
    if isinstance(field, WholeNumber | Number):
        return 1
    if isinstance(field, Flag):
        return False
    assert type(field) is Text, field
    return text[: field.most]


def texts(noun: str, record: Json) -> Iterator[str]:
    """The text members of a record, wherever they stand."""
    yield from _texts(BY_NAME[noun].record_schema, record)


def _texts(schema: Schema, record: Json) -> Iterator[str]:
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        for value in record[name] if inner is not field else [record[name]]:
            if isinstance(field, NamedTexts):
                yield from value.values()
            elif isinstance(inner, fields.Nested):
                yield from _texts(inner.schema, value)
            elif type(inner) is Text:
                yield value


def full_set(number: int, text: str) -> dict[str, Json]:
    """A record of each noun that is full of this text, each pointing to those before it."""
    ids, records = dict(OLD), {}
    for noun in BY_NAME:
        records[noun] = full(noun, f"full-{noun}-{number}", text, ids)
        ids[noun] = f"full-{noun}-{number}"
    return records
