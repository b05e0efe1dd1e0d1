"""What every format is given, and what it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.model.resource import Column


@dataclass(frozen=True)
class Sheet:
    """What a list wants shown: flat columns, or members of the documents (None: all), with its links and meta."""

    columns: Sequence[Column]
    members: Sequence[str] | None
    links: Mapping[str, str | None]
    meta: Mapping[str, Any]


class Format(Protocol):
    """A media type that lists come in. `is_flat`: it shows columns; `is_whole`: without a limit it gives everything."""

    name: str
    media_type: str
    is_flat: bool
    is_whole: bool

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        """The list in pieces; `documents` are JSON in UTF-8 and are read only as far as the pieces are taken."""
