"""What every format is given, and what it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.model.dataset import Dataset
from api.model.resource import DEFAULT_LIMIT, Column


@dataclass(frozen=True)
class Cover:
    """What a document says of itself when it travels alone: what it is of and as of when, and whose the data are.

    `asked` are the filters as they were sent; `total` is how many records match, where not all of them are here.
    """

    name: str
    asked: Sequence[tuple[str, str]]
    origin: str
    epoch: str
    changed_at: str
    datasets: Sequence[Dataset]
    total: int | None = None

    @property
    def title(self) -> str:
        """The list and its filters in a line."""
        return f"Event Timeline: {', '.join((self.name, *(f'{name}={value}' for name, value in self.asked)))}"


@dataclass(frozen=True)
class Sheet:
    """What a list wants shown: flat columns, or members of the documents (None: all), with its links and meta."""

    columns: Sequence[Column]
    members: Sequence[str] | None
    links: Mapping[str, str | None]
    meta: Mapping[str, Any]
    cover: Cover | None = None
    """There for every format that is fixed."""


class Format(Protocol):
    """A media type that lists come in. `is_flat`: it reads the documents; `is_whole`: without a limit it gives everything.

    `is_fixed`: others say what is in it, so it takes no `fields`; it has a cover. `sort` is the order in which it comes
    where none is asked for, if that is not the list's own; `limit` how many records, where it is not whole.
    """

    name: str
    media_type: str
    is_flat: bool = True
    is_whole: bool = False
    is_fixed: bool = False
    sort: str = ""
    limit: int = DEFAULT_LIMIT

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        """The list in pieces; `documents` are JSON in UTF-8 and are read only as far as the pieces are taken."""


def covered(sheet: Sheet) -> Cover:
    """The cover of a fixed format."""
    assert sheet.cover is not None
    return sheet.cover
