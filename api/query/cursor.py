"""Cursors: where a page begins, as an opaque text that belongs to one list, one set of filters and one sort."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.model.parameters import SqlValue
from api.model.problem import Refusal
from api.model.text import unstorable

NOT_BOUND = ("limit", "cursor", "fields", "total")
"""Parameters that may change from page to page."""


@dataclass(frozen=True)
class Position:
    """Right after the row with these keys, or with `is_backward` right before it."""

    keys: tuple[SqlValue, ...]
    is_backward: bool = False


def fingerprint(listing: str, given: Mapping[str, Any]) -> str:
    """Which list this is: its name, its filters and its sort."""
    bound = {name: value for name, value in sorted(given.items()) if name not in NOT_BOUND}
    return hashlib.sha256(json.dumps([listing, bound], default=str).encode()).hexdigest()[:12]


def encode(position: Position, of: str) -> str:
    """A position in the list with that fingerprint, as text for a URL."""
    content = json.dumps([of, int(position.is_backward), *position.keys], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode(text: str, of: str, key_count: int) -> Position:
    """The position, or `Refusal`: not one of ours, or one of another list."""
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise _unknown() from None
    if not isinstance(content, list) or len(content) < 3 or not all(_is_plain(each) for each in content):
        raise _unknown()
    owner, backward, *keys = content
    if owner != of:
        raise Refusal("belongs to another list, or to other filters or another sort; begin again without it")
    if backward not in (0, 1) or len(keys) != key_count:
        raise _unknown()
    return Position(tuple(keys), bool(backward))


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return unstorable(value) is None
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 2**63
    return isinstance(value, float) and math.isfinite(value)


def _unknown() -> Refusal:
    return Refusal("is not a cursor that this API gave; take it from links.next or links.prev, or begin without it")
