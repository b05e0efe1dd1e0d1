"""Closed lists of words as components of their own, so that typed clients have one name for each."""

from collections.abc import Mapping
from typing import Any

from api.model.changes import CHANGES, COLLECTIONS
from api.model.event_types import EVENT_TYPE_NAMES
from api.model.json_patch import OPERATIONS
from api.model.source import SOURCE_TYPES
from api.model.taxonomy import (
    ACTOR_TYPES,
    BASES,
    DATE_PRECISIONS,
    LOCATION_PRECISIONS,
    LOCATION_TYPES,
    MEASURES,
    POPULATIONS,
    QUALIFIERS,
    QUALITIES,
    RELATIONS,
    ROLES,
    STATEMENT_KINDS,
    STATEMENT_TYPES,
    STATUSES,
)
from api.model.timeline import ENTRIES
from api.query.summary import GROUP_NAMES
from api.store.receiving import CONFLICT_RULES
from api.web.openapi_pieces import JsonObject, ref, word

WORDS: Mapping[str, tuple[str, ...]] = {
    "ActorType": ACTOR_TYPES,
    "ChangeKind": CHANGES,
    "Collection": COLLECTIONS,
    "ConflictRule": CONFLICT_RULES,
    "DatePrecision": DATE_PRECISIONS,
    "EntryKind": ENTRIES,
    "EntryType": (*EVENT_TYPE_NAMES, *STATEMENT_TYPES),
    "EventStatus": STATUSES,
    "EventType": EVENT_TYPE_NAMES,
    "GroupName": GROUP_NAMES,
    "LocationPrecision": LOCATION_PRECISIONS,
    "LocationType": LOCATION_TYPES,
    "Measure": MEASURES,
    "ParticipantRole": ROLES,
    "PatchOperation": OPERATIONS,
    "Population": POPULATIONS,
    "Qualifier": QUALIFIERS,
    "Quality": tuple(QUALITIES),
    "RelationKind": RELATIONS,
    "SourceType": SOURCE_TYPES,
    "StatementKind": STATEMENT_KINDS,
    "StatementType": STATEMENT_TYPES,
    "TollBasis": BASES,
}
NAMES = {words: name for name, words in WORDS.items()}
KEPT = ("description", "default", "example")
"""Members of a schema that stay beside the reference."""


def components() -> JsonObject:
    """The words of each list."""
    return {name: word(words) for name, words in WORDS.items()}


def named(value: Any) -> Any:
    """The same with a reference wherever one of these lists stands."""
    if isinstance(value, Mapping):
        words = tuple(each for each in value["enum"] if each is not None) if _is_list(value) else ()
        return (
            _reference(value, NAMES[words]) if words in NAMES else {name: named(each) for name, each in value.items()}
        )
    return [named(each) for each in value] if isinstance(value, list) else value


def _is_list(value: Mapping[str, Any]) -> bool:
    return "type" in value and isinstance(value.get("enum"), list)


def _reference(value: Mapping[str, Any], name: str) -> JsonObject:
    kept = {each: value[each] for each in KEPT if each in value}
    return ({"anyOf": [ref(name), {"type": "null"}]} if None in value["enum"] else ref(name)) | kept
