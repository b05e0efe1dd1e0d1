"""What a list's SELECT gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api.model.parameters import SqlValue
from api.query.cursor import Position


class Row(NamedTuple):
    """One row of a list: what it is, its document as JSON in UTF-8, and its place in the order."""

    entry: str
    document: bytes
    keys: tuple[SqlValue, ...]


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and where the pages before and after them begin, if there are any."""

    rows: Sequence[Row]
    before: Position | None
    after: Position | None


def edges(
    keys: Sequence[tuple[SqlValue, ...]], position: Position | None, has_more: bool
) -> tuple[Position | None, Position | None]:
    """Where the pages before and after this one begin; `has_more` is of the direction in which the position looks."""
    if keys:
        first, last = keys[0], keys[-1]
    elif position:
        first = last = position.keys
    else:
        return None, None
    backward = position is not None and position.is_backward
    has_before = has_more if backward else position is not None
    has_after = position is not None if backward else has_more
    return (
        Position(first, is_backward=True) if has_before else None,
        Position(last) if has_after else None,
    )
