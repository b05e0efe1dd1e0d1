"""Reading CQL2 (OGC 21-065r2), as text or as JSON: within limits, and with the place in the text where it goes wrong.

How a text is taken apart is said in `model/cql2_text.py`, what its tree means in `model/predicates.py`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.model import cql2_text
from api.model.cql2_text import DEEPEST as DEEPEST
from api.model.kinds import JsonSchema
from api.model.operands import Misfit
from api.model.parameters import Clause, ClauseMaker
from api.model.predicates import Translation
from api.model.problem import Problem, Refusal
from api.model.queryables import Queryable
from api.model.strict_json import DECODER, check_depth
from api.model.text import to_json, unstorable

LONGEST = 8000
"""Characters: what a URL carries beside everything else."""
TEXT, JSON, OLD_TEXT = "cql2-text", "cql2-json", "cql-text"
LANGUAGES = (TEXT, JSON, OLD_TEXT)
"""`cql-text` is the draft that GDAL and older clients ask for; of it, what became CQL2 and ILIKE are understood."""


@dataclass(frozen=True)
class Expression:
    """A filter as it was read: CQL2 JSON, the names of records in it, and once these are looked up their row numbers."""

    tree: Any
    kind: "Cql2"
    is_json: bool
    names: frozenset[tuple[str, str]] = frozenset()
    rows: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __str__(self) -> str:
        return to_json(self.tree)

    def naming(self, rows: Mapping[tuple[str, str], int]) -> "Expression":
        """The same with the row number of each name."""
        return replace(self, rows=rows)

    def clauses(self) -> tuple[Clause, ...]:
        """One for each condition of those that must all hold."""
        return Translation(self.kind.queryables, lambda *name: self.rows.get(name, 0), self.kind.makers).clauses(
            self.tree
        )


def all_of(expressions: Iterable[Expression]) -> Expression | None:
    """One expression that holds where all of them do; None for none."""
    parts = list(expressions)
    if len(parts) < 2:
        return parts[0] if parts else None
    tree = {"op": "and", "args": [each.tree for each in parts]}
    names = frozenset(name for each in parts for name in each.names)
    return Expression(
        tree, parts[0].kind, False, names, {name: row for each in parts for name, row in each.rows.items()}
    )


@dataclass(frozen=True)
class Cql2:
    """A filter over these queryables; `makers` are the clauses of the noun's filters by name."""

    queryables: Mapping[str, Queryable]
    makers: Mapping[str, ClauseMaker]

    def parse(self, text: str) -> Expression:
        """`Refusal` for what is too long or deep, no CQL2, or does not fit the queryables."""
        if len(text) > LONGEST:
            raise Refusal(f"must have at most {LONGEST} characters; has {len(text)}")
        if character := unstorable(text):
            raise Refusal(f"must not hold the character {character}")
        is_json = text.lstrip().startswith("{")
        return self.reading(_json(text) if is_json else cql2_text.parse(text), text, is_json)

    def reading(self, tree: Any, text: str = "", is_json: bool = False) -> Expression:
        """The expression of a tree; `Refusal` names the place in the text that does not fit."""
        names: set[tuple[str, str]] = set()

        def noted(*name: str) -> int:
            names.add(name)  # type: ignore[arg-type]
            return 0

        try:
            Translation(self.queryables, noted, self.makers).clauses(tree)
        except Misfit as misfit:
            place = _place(misfit.word, text)
            detail = f"at character {place}: {misfit.detail}" if place else misfit.detail
            raise Refusal(detail, misfit.allowed, misfit.did_you_mean) from None
        return Expression(tree, self, is_json, frozenset(names))

    def schema(self) -> JsonSchema:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST}


def _place(word: str, text: str) -> int:
    """The number of the character at which the word begins, best where it stands by itself; 0 where it is nowhere."""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) or re.search(
        re.escape(word), text, re.IGNORECASE
    )
    return found.start() + 1 if found and word else 0


def _json(text: str) -> Any:
    try:
        value = DECODER.decode(text)
        check_depth(value, 2 * DEEPEST)
    except Problem as problem:
        raise Refusal(f"is no CQL2 JSON: {problem.detail}") from None
    except RecursionError:
        raise Refusal("is nested too deeply") from None
    except ValueError as error:
        raise Refusal(f"is no CQL2 JSON: {error}") from None
    return value
