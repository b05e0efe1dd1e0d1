"""What can be made of a record by itself, before anything is known of the database: another process may do it ahead."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from api.model.nouns import BY_NAME
from api.model.references import targets_of
from api.model.text import to_json
from api.store.tables import folded_names


class Made(NamedTuple):
    """A record's text as its history keeps it, what it refers to as collection and id, and what it is called, folded."""

    text: str
    targets: frozenset[tuple[str, str]]
    names: tuple[str, ...]


def make(name: str, record: Mapping[str, Any]) -> Made:
    """Of a record of that collection."""
    return Made(to_json(record), frozenset(targets_of(BY_NAME[name].record)(record)), tuple(folded_names(record)))
