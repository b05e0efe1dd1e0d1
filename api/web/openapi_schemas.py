"""The schemas of the OpenAPI document: those of records are made from marshmallow's, once as sent and once as read."""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from api.model.bundle import BundleSchema
from api.model.changes import Change, Version
from api.model.fields import Choice
from api.model.nouns import NOUNS
from api.model.record import NamedTexts
from api.model.snapshot import NewSnapshot
from api.model.timeline import Entry
from api.web import openapi_features, openapi_formats, openapi_reconcile, openapi_records, openapi_sent, openapi_words
from api.web.openapi_answers import SCHEMAS
from api.web.openapi_pieces import JsonObject, int_format, list_schema, ref
from api.web.openapi_responses import text_components
from api.web.writes import Merge, patch_name

RECORDS = tuple(noun.view.__name__ for noun in NOUNS)
SENT = tuple(noun.record.__name__ for noun in NOUNS)
CLOSED = (*SENT, "Bundle", "Merge", "NewSnapshot")
"""What is sent to us holds what is described and nothing else."""


class Plugin(MarshmallowPlugin):
    """Tells of our own fields too."""

    def __init__(self) -> None:
        super().__init__(schema_name_resolver=_schema_name)

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        assert self.converter is not None
        self.converter.add_attribute_function(_more)  # type: ignore[no-untyped-call]


def _schema_name(schema: type[Schema] | Schema) -> str:
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema")


def _more(_: Any, field: Any, **__: Any) -> JsonObject:
    if isinstance(field, fields.Integer):
        return {"format": int_format(field.metadata["maximum"])}
    if not isinstance(field, NamedTexts):
        return {}
    names: Any = field.key_field
    return {"propertyNames": {"enum": list(names.allowed)} if isinstance(names, Choice) else dict(names.metadata)}


def add_records(spec: APISpec) -> None:
    """Give the specification everything that marshmallow describes."""
    for noun in NOUNS:
        spec.components.schema(noun.view.__name__, schema=noun.view_schema)
    for schema in (Entry(), BundleSchema(), Change(), Version(), Merge(), NewSnapshot()):
        spec.components.schema(_schema_name(schema), schema=schema)


def completed(schemas: JsonObject) -> JsonObject:
    """All schemas, from those that marshmallow describes."""
    found = openapi_sent.apart(schemas, CLOSED)
    sent = [name for name in found if found[name].get("additionalProperties") is False]
    openapi_sent.without_ids(found, SENT)
    for name in SENT:
        found[patch_name(name)] = openapi_sent.patch_schema(found[name])
    openapi_sent.without_defaults([found[name] for name in sent])
    openapi_records.complete(found, [name for name in found if name not in sent and name not in map(patch_name, SENT)])
    openapi_records.split(found, RECORDS)
    for name in RECORDS:
        found[f"{name}List"] = list_schema(ref(name + openapi_records.PART))
    del found["Entry"]["required"]  # `fields` may leave out any member
    found["Entry"]["properties"]["record"] = ref("EventOrStatement")
    found["EntryList"] = list_schema(ref("Entry"))
    return (
        found
        | SCHEMAS
        | openapi_features.SCHEMAS
        | openapi_formats.SCHEMAS
        | openapi_reconcile.SCHEMAS
        | text_components()
    )


def named(document: JsonObject) -> JsonObject:
    """The document with its lists of words as components."""
    found: JsonObject = openapi_words.named(document)
    found["components"]["schemas"] |= openapi_words.components()
    return found
