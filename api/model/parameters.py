"""A query parameter, and a filter: a parameter with the SQL clause it stands for.

One declaration carries everything: the strict reading of the query string, the WHERE, the OpenAPI parameter, the text
of the 400, the example in the docs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.model.kinds import JsonSchema, Kind

SqlValue = str | int | float | None
Given = Mapping[str, Any]
"""Every parameter of a request that was given, parsed: some clauses depend on a second one."""

MOST_VALUES = 100
"""How many values a list parameter takes, unless it says otherwise."""


@dataclass(frozen=True)
class Clause:
    """A piece of SQL and the values bound in it; the two always travel together.

    A filter's clause looks at one row at a time. Where its rows can be found without looking at all of them, `way` says
    how; where it bounds the days, `days` says to what.
    """

    sql: str
    values: tuple[SqlValue, ...] = ()
    way: "Way | None" = None
    days: "Days | None" = None


@dataclass(frozen=True)
class Way:
    """How the rows of one filter are found: `tables` stands in FROM and ends in the noun's table, `where` beside it.

    `size` is a SELECT of about how many rows there are, and costs less than a page of them. Where they come in the order
    of days, `day` and `row` are the columns of the first day and the row number, or `text_row` is both in one.
    """

    tables: Clause
    where: Clause
    size: Clause
    day: str = ""
    row: str = ""
    text_row: str = ""


@dataclass(frozen=True)
class Days:
    """Bounds of a record's first day, or with `is_of_last` of its last one."""

    since: str | None = None
    until: str | None = None
    is_of_last: bool = False


ClauseMaker = Callable[[Any, Given], Clause]
"""From a parameter's value (a tuple where it takes many) and all that was given, to a clause."""


@dataclass(frozen=True)
class Parameter:
    """One query parameter. `needs` names another without which it means nothing."""

    name: str
    kind: Kind
    description: str
    example: str
    takes_many: bool = False
    needs: tuple[str, ...] = ()
    default: str | None = None
    most_values: int = MOST_VALUES
    may_be_empty: bool = False
    """Clients send it with nothing in it, as one does without."""

    def schema(self) -> JsonSchema:
        """The JSON schema of the whole parameter."""
        schema = self.kind.schema()
        if self.may_be_empty:
            schema = {name: each for name, each in schema.items() if name != "minLength"}
        if self.takes_many:
            schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": self.most_values}
        if self.default is not None and not self.needs:  # generated clients send what stands here, needed or not
            schema["default"] = self._as_json(self.default)
        return schema

    def example_value(self) -> Any:
        """The example as JSON has it."""
        return self.example.split(",") if self.takes_many else self._as_json(self.example)

    def _as_json(self, text: str) -> Any:
        is_text = self.kind.schema()["type"] == "string"
        return text if is_text else self.kind.parse(text)


@dataclass(frozen=True)
class Filter(Parameter):
    """A parameter that narrows what is selected; without a clause of its own it changes another's."""

    clause: ClauseMaker | None = None
