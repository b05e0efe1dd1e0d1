"""The shape of a record: its members in the order of its schema, those it lacks with the values they have by default.

What is stored has been through `load` once. Dumping it through marshmallow again would only put its members in order, at
three hundred times the cost.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from marshmallow import Schema, fields, missing

Shape = Callable[[Any], Any]
_Member = tuple[str, Shape | None, bool, Any]


@cache
def shape_of(schema: type[Schema]) -> Shape:
    """From a record, as it was written or is to be read, to the same as the schema has it. Other members are left out."""
    own = schema()
    members = [_member(name, own.dump_fields[name]) for name in own.dump_fields]

    def shape(record: Any) -> Any:
        shaped = {}
        for name, inner, many, default in members:
            if name in record:
                value = record[name]
                if inner is not None and value is not None:
                    value = [inner(each) for each in value] if many else inner(value)
                shaped[name] = value
            elif default is not missing:
                shaped[name] = default() if callable(default) else default
        return shaped

    return shape


@cache
def order_of(schema: type[Schema]) -> Shape:
    """The same for a record whose inner members are in their shape already: only its own are put in order."""
    names = tuple(schema().dump_fields)
    return lambda record: {name: record[name] for name in names if name in record}


def _member(name: str, field: fields.Field[Any]) -> _Member:
    many = isinstance(field, fields.List)
    inner = field.inner if isinstance(field, fields.List) else field
    nested = shape_of(type(inner.schema)) if isinstance(inner, fields.Nested) else None
    return name, nested, many, field.load_default
