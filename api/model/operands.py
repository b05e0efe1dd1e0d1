"""What stands in a CQL2 predicate: a property, perhaps with CASEI or ACCENTI round it, or a value to compare it with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.model import temporal
from api.model.parameters import SqlValue
from api.model.patterns import accentless, caseless
from api.model.problem import Refusal
from api.model.queryables import Dataset, Named, Queryable, Scalar, Text
from api.model.text import nearest, shown

SPELLINGS: Mapping[str, Callable[[str | None], str | None]] = {"casei": caseless, "accenti": accentless}
"""Functions of texts; SQL knows them by the names of their functions."""


class Misfit(Refusal):
    """What does not fit the queryables; `word` is where it stands in the text."""

    def __init__(self, word: str, refusal: Refusal) -> None:
        super().__init__(refusal.detail, refusal.allowed, refusal.did_you_mean)
        self.word = word


@dataclass(frozen=True)
class Property:
    """A queryable in an expression, with the functions round it, the innermost first."""

    queryable: Queryable
    spellings: tuple[str, ...] = ()

    @property
    def kind(self) -> Scalar:
        """What it is compared with: a spelled text with any text."""
        return Text() if self.spellings else self.queryable.kind

    @property
    def sql(self) -> str:
        sql = self.queryable.sql
        for each in self.spellings:
            sql = f"{SPELLINGS[each].__name__}({sql})"
        return sql


@dataclass(frozen=True)
class Operands:
    """Reads them. `row` gives the row number of a record that a collection knows by a name."""

    queryables: Mapping[str, Queryable]
    row: Callable[[str, str], int]

    def is_property(self, tree: Any) -> bool:
        while spelling_of(tree):
            (tree,) = exactly(1, tree)
        return isinstance(tree, dict) and "property" in tree

    def property_of(self, tree: Any) -> Property:
        if spelling := spelling_of(tree):
            (inner,) = exactly(1, tree)
            one = self.property_of(inner)
            if not isinstance(one.kind, Text) or not one.sql:
                raise misfit(one, Refusal(f"is no text; {spelling.upper()} goes with texts"))
            return replace(one, spellings=(*one.spellings, spelling))
        name = tree.get("property") if isinstance(tree, dict) else None
        check_function(tree)
        if not isinstance(name, str) or len(tree) > 1:
            raise Refusal("a predicate begins with the name of a property")
        if name not in self.queryables:
            names = tuple(self.queryables)
            raise Misfit(name, Refusal(f"{shown(name)} is not a property here", names, nearest(name, names)))
        return Property(self.queryables[name])

    def literal(self, one: Property, tree: Any) -> SqlValue:
        """A value as SQL compares the property with it."""
        spelled: list[str] = []
        while spelling := spelling_of(tree):
            spelled.append(spelling)
            (tree,) = exactly(1, tree)
        if isinstance(tree, temporal.Endless):
            return tree.text
        if tree is None:
            raise misfit(one, Refusal("nothing equals NULL; write IS NULL"))
        try:
            value = one.kind.literal(tree)
        except Refusal as refusal:
            raise misfit(one, refusal, tree) from None
        if isinstance(one.kind, Named | Dataset):
            row = self.row(one.kind.collection if isinstance(one.kind, Named) else "datasets", str(value))
            return row if isinstance(one.kind, Named) else value
        for each in reversed(spelled):
            value = SPELLINGS[each](value)  # type: ignore[arg-type]
        return value


def operation(tree: Any) -> tuple[str, list[Any]]:
    if isinstance(tree, bool) or (isinstance(tree, dict) and "property" in tree):
        return "", []
    op = tree.get("op") if isinstance(tree, dict) else None
    arguments = tree.get("args") if isinstance(tree, dict) else None
    if not isinstance(op, str) or not isinstance(arguments, list) or not arguments or len(tree) > 2:
        raise Refusal("needs predicates: a comparison, AND, OR, NOT, a function that is true or false")
    return op, arguments


def spelling_of(tree: Any) -> str:
    """The function of texts that the tree begins with, if any."""
    op = tree.get("op") if isinstance(tree, dict) else None
    return op if isinstance(op, str) and op in SPELLINGS else ""


def check_function(tree: Any) -> None:
    """`Misfit` for what is computed, by functions or arithmetic that are not known here."""
    if isinstance(tree, dict) and isinstance(tree.get("op"), str):
        detail = f"{shown(tree['op'])} is not a function here: a side is a property or a value"
        raise Misfit(tree["op"], Refusal(detail, tuple(SPELLINGS)))


def exactly(number: int, tree: Any) -> list[Any]:
    op, arguments = operation(tree)
    if len(arguments) != number:
        raise Misfit(op, Refusal(f"{op.upper()} takes {number} arguments; has {len(arguments)}"))
    return arguments


def misfit(one: Property, refusal: Refusal, tree: Any = None) -> Misfit:
    word = tree if isinstance(tree, str) and tree else one.queryable.name
    named = Refusal(f"{one.queryable.name}: {refusal.detail}", refusal.allowed, refusal.did_you_mean)
    return Misfit(word, named)
