"""A Data Package (version 2.0 of the standard, with the profiles that readers of version 1 look for): what is in the CSVs.

Types, descriptions, units and bounds come from the schemas that the records are read by.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from api.model.dataset import Dataset
from api.model.fields import Choice, Day, Flag, Instant, Number, OwnId, WholeNumber
from api.model.resource import LISTED, Column

JsonObject = dict[str, Any]
PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (Day, "date"), (Instant, "datetime"), (WholeNumber, "integer"), (Number, "number"), (Flag, "boolean"),
)  # fmt: skip
NOT_NAME = re.compile("[^-A-Za-z0-9._]+")
"""What the name of a licence must not hold."""
CELLS = (
    "UTF-8 with a header line; unknown is an empty cell. A text that begins with =, +, -, @ (in full width too), a tab, the"
    " end of a line or an apostrophe has an apostrophe before it, so that no spreadsheet runs it: take one off."
)


@dataclass(frozen=True)
class Table:
    """One CSV: its columns, the schema of its records, the columns that name a record, and where it is."""

    name: str
    about: str
    columns: Sequence[Column]
    schema: Schema
    key: Sequence[str]
    address: str


def describe(
    tables: Iterable[Table], datasets: Sequence[Dataset], version: str, changed_at: str, home: str
) -> JsonObject:
    """The package of some CSVs."""
    found: JsonObject = {
        "$schema": PACKAGE,
        "profile": "data-package",
        "name": "event-timeline",
        "title": "Event Timeline",
        "description": "Conflict events, actors, locations, statements and sources.",
        "homepage": home,
        "version": version,
        "created": changed_at,
        "sources": [_filled(title=each.credit, path=each.url) for each in datasets],
        "licenses": [_licence(each) for each in {each.licence: each for each in datasets}.values()],
        "resources": [_resource(each) for each in tables],
    }
    return {name: value for name, value in found.items() if value}  # a list that would be empty must not be there


def _licence(dataset: Dataset) -> JsonObject:
    return {"name": NOT_NAME.sub("-", dataset.licence), "title": dataset.licence}


def _resource(table: Table) -> JsonObject:
    names = [each.name for each in table.columns]
    schema: JsonObject = {
        "fields": [_field(each, table.schema) for each in table.columns],
        "missingValues": [""],
    }
    if set(table.key) <= set(names):
        schema["primaryKey"] = list(table.key)
    return {
        "name": table.name,
        "type": "table",
        "profile": "tabular-data-resource",
        "title": table.name.capitalize(),
        "description": f"{table.about} {CELLS}",
        "path": table.address,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(column: Column, schema: Schema) -> JsonObject:
    way = ".".join(column.path)
    if column.is_list:
        text = f"`{way}` of the record: all, joined by `{LISTED}`."
        return {"name": column.name, "type": "string", "description": text}
    field, is_required = field_at(column.path, schema)
    about = field.metadata if field else {}
    kind = next((name for type_, name in TYPES if isinstance(field, type_)), "string")
    told = None if isinstance(field, OwnId) else about.get("description")  # that one is for who writes
    text = " ".join(filter(None, (told, f"`{way}` of the record.")))
    found: JsonObject = {"name": column.name, "type": kind, "description": text}
    bounds = _filled(required=is_required or None, minimum=about.get("minimum"))
    if isinstance(field, Number):
        bounds["maximum"] = field.most
    if isinstance(field, Choice):
        bounds["enum"] = list(field.allowed)
    if isinstance(field, Flag):
        found |= {"trueValues": ["true"], "falseValues": ["false"]}
    return found | _filled(unit=about.get("unit"), constraints=bounds or None)


def field_at(path: Sequence[str], schema: Schema) -> tuple[fields.Field[Any] | None, bool]:
    """The field at the end of the path, None where no schema says; and whether it has a value in every record."""
    is_required = True
    for member in path[:-1]:
        field = schema.dump_fields[member]
        if not isinstance(field, fields.Nested):
            return None, False
        is_required = is_required and not field.allow_none
        schema = field.schema
    last = schema.dump_fields[path[-1]]
    return last, is_required and not last.allow_none


def _filled(**members: Any) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}
