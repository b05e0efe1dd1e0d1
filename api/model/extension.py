"""Values to fetch for records that names were matched with (data extension of the Reconciliation Service API 0.2)."""

from dataclasses import dataclass
from typing import Any

from api.model.json_parameter import SCHEMA, Faults, is_text, read_parameter
from api.model.kinds import JsonSchema
from api.model.reconcilable import Property, Subject

MOST_IDS = 1000
"""Records of one request."""


@dataclass(frozen=True)
class Extension:
    """Values to fetch: of which records, which properties."""

    ids: tuple[str, ...]
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Fetch:
    """The kind of `extend`: which properties of which records."""

    subject: Subject

    def parse(self, text: str) -> Extension:
        """The records and properties; `Problem` 400 tells everything that is wrong with them."""
        faults, value = Faults("extend"), read_parameter("extend", text)
        members = faults.members("", value, ("ids", "properties"))
        ids, properties = members.get("ids"), members.get("properties")
        if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(is_text(each) for each in ids):
            faults.add("/ids", f"is not a list of at most {MOST_IDS} ids")
        if not isinstance(properties, list) or len(properties) > len(self.subject.properties):
            faults.add("/properties", f"is not a list of at most {len(self.subject.properties)} properties")
            properties = []
        wanted = [self._property(faults, f"/properties/{index}", each) for index, each in enumerate(properties)]
        faults.check()
        return Extension(tuple(dict.fromkeys(ids or ())), tuple(dict.fromkeys(each for each in wanted if each)))

    def _property(self, faults: Faults, at: str, value: Any) -> Property | None:
        members = faults.members(at, value, ("id", "name", "settings"))  # OpenRefine tells the name too
        if members.get("settings", {}) not in ({}, None):
            faults.add(f"{at}/settings", "are not taken; the manifest declares none")
        is_known = faults.one_of(f"{at}/id", members.get("id"), tuple(self.subject.by_id))
        return self.subject.by_id[members["id"]] if is_known else None

    def schema(self) -> JsonSchema:
        return SCHEMA
