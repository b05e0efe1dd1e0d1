"""What a record refers to, read from its schema: with the place of each reference, or without, which is quicker."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from api.model.fields import Reference


def references(schema: Schema, record: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str, str]]:
    """Each reference in a loaded record: where it stands (JSON pointer), the collection, the id."""
    for name, field in _referring(type(schema)):
        yield from _references(field, record.get(name), f"{at}/{name}")


Targets = Callable[[Mapping[str, Any]], list[tuple[str, str]]]


@cache
def targets_of(schema: type[Schema]) -> Targets:
    """From a loaded record to all that it refers to, as collection and id: quicker where nobody asks for the place."""
    finders = [_finder(name, field) for name, field in _referring(schema)]

    def targets(record: Mapping[str, Any]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for name, find in finders:
            if value := record[name]:
                find(value, found)
        return found

    return targets


def _finder(name: str, field: fields.Field[Any]) -> tuple[str, Callable[[Any, list[tuple[str, str]]], None]]:
    is_list = isinstance(field, fields.List)
    inner = field.inner if isinstance(field, fields.List) else field
    if isinstance(inner, Reference):
        to = inner.to
        if is_list:
            return name, lambda value, found: found.extend([(to, each) for each in value])
        return name, lambda value, found: found.append((to, value))
    assert isinstance(inner, fields.Nested)
    nested = targets_of(type(inner.schema))
    if is_list:
        return name, lambda value, found: found.extend([one for each in value for one in nested(each)])
    return name, lambda value, found: found.extend(nested(value))


@cache
def _referring(schema: type[Schema]) -> list[tuple[str, fields.Field[Any]]]:
    """The members of a schema that are references or hold some, at whatever depth."""
    return [(name, field) for name, field in schema().fields.items() if _refers(field)]


def _refers(field: fields.Field[Any]) -> bool:
    inner = field.inner if isinstance(field, fields.List) else field
    return isinstance(inner, Reference) or (isinstance(inner, fields.Nested) and bool(_referring(type(inner.schema))))


def _references(field: fields.Field[Any], value: Any, at: str) -> Iterator[tuple[str, str, str]]:
    if value is None:
        return
    if isinstance(field, Reference):
        yield at, field.to, value
    elif isinstance(field, fields.List):
        for index, each in enumerate(value):
            yield from _references(field.inner, each, f"{at}/{index}")
    elif isinstance(field, fields.Nested):
        yield from references(field.schema, value, at)
