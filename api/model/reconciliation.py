"""Batches of names to match (Reconciliation Service API 0.2 of the W3C Entity Reconciliation Community Group).

What the specification does not know is refused, with a JSON pointer to it. What a table's cells hold is data: a value that
fits nothing is no fault, it only fits nothing.
"""

from dataclasses import dataclass
from typing import Any

from api.model.json_parameter import LONGEST_TEXT, SCHEMA, Faults, escaped, is_text, read_parameter
from api.model.kinds import JsonSchema
from api.model.reconcilable import Property, Subject

MOST_QUERIES = 100
"""Names of one batch. The manifest says it as `batchSize`."""
MOST_CANDIDATES, DEFAULT_CANDIDATES = 50, 10
MOST_VALUES = 20
LONGEST_KEY = 100
STRICTNESS = ("any", "all", "should")


@dataclass(frozen=True)
class Given:
    """A property as a query has it: the texts of which one should be the record's."""

    property: Property
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """One name to match. Without `text` records are found by their properties alone."""

    text: str | None
    types: frozenset[str]
    """Kinds of which a record should be one; empty for any."""
    is_type_needed: bool
    limit: int
    properties: tuple[Given, ...]


@dataclass(frozen=True)
class Batch:
    """The kind of `queries`: queries by their keys."""

    subject: Subject

    def parse(self, text: str) -> dict[str, Query]:
        """The queries in their order; `Problem` 400 tells everything that is wrong with them."""
        faults, value = Faults("queries"), read_parameter("queries", text)
        if not isinstance(value, dict):
            faults.fail("", "is not an object of queries by their keys")
        if len(value) > MOST_QUERIES:
            faults.fail(
                "", f"holds {len(value)} queries; it takes {MOST_QUERIES} (the manifest's batchSize): send parts"
            )
        found = {}
        for key, each in value.items():
            if len(key) > LONGEST_KEY:
                faults.fail("", f"has a key of {len(key)} characters; it takes {LONGEST_KEY}")
            found[key] = self._query(faults, f"/{escaped(key)}", each)
        faults.check()
        return found

    def _query(self, faults: Faults, at: str, value: Any) -> Query:
        members = faults.members(at, value, ("query", "type", "type_strict", "limit", "properties"))
        text, limit = members.get("query"), members.get("limit", DEFAULT_CANDIDATES)
        if "query" in members and not is_text(text):
            faults.add(f"{at}/query", f"is not a text of 1 to {LONGEST_TEXT} characters that is not blank")
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_CANDIDATES:
            faults.add(f"{at}/limit", f"is not a whole number from 1 to {MOST_CANDIDATES}")
        properties = self._properties(faults, f"{at}/properties", members.get("properties", []))
        if isinstance(value, dict) and text is None and members.get("properties", []) == []:
            faults.add(at, "needs a query, properties, or both")
        strict = members.get("type_strict", "any")
        faults.one_of(f"{at}/type_strict", strict, STRICTNESS)
        types = self._types(faults, f"{at}/type", members.get("type", []), strict == "all")
        return Query(text, types, strict != "should", limit, properties)

    def _types(self, faults: Faults, at: str, value: Any, is_all: bool) -> frozenset[str]:
        """The kinds that fit. The noun itself is what every record is; all of two kinds is what none is."""
        named = value if isinstance(value, list) else [value]
        known = [each for each in named if faults.one_of(at, each, self.subject.every_type)]
        own = {self.subject.noun.singular}
        kinds = frozenset(known) - own
        if not is_all:
            return frozenset() if own & set(known) else kinds
        return kinds if len(kinds) < 2 else frozenset([""])

    def _properties(self, faults: Faults, at: str, value: Any) -> tuple[Given, ...]:
        if not isinstance(value, list) or len(value) > MOST_VALUES:
            faults.add(at, f"is not a list of at most {MOST_VALUES} properties")
            return ()
        found = []
        for index, each in enumerate(value):
            members = faults.members(f"{at}/{index}", each, ("pid", "v"))
            if not faults.one_of(f"{at}/{index}/pid", members.get("pid"), tuple(self.subject.by_id)):
                continue
            many = members.get("v") if isinstance(members.get("v"), list) else [members.get("v")]
            if not many or len(many) > MOST_VALUES or not all(map(_is_value, many)):
                detail = (
                    f"is no text, number, boolean or record of at most {LONGEST_TEXT} characters, nor a list of up to"
                )
                faults.add(f"{at}/{index}/v", f"{detail} {MOST_VALUES}")
                continue
            texts = tuple(text for one in many for text in _texts(one))
            found.append(Given(self.subject.by_id[members["pid"]], texts))
        return tuple(found)

    def schema(self) -> JsonSchema:
        return SCHEMA


def _is_value(value: Any) -> bool:
    if isinstance(value, dict):
        return "id" in value and value.keys() <= {"id", "name"} and all(map(is_text, value.values()))
    return is_text(value) or isinstance(value, bool | int | float)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        return tuple(value.values())
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (f"{value:.15g}" if isinstance(value, int | float) else value,)
