"""Reading UCDP GED files: CSV as it is, gzipped or in a ZIP archive, as a stream of rows with their line numbers.

What is wrong with a row refuses that row, and what is wrong with the file refuses the file; nothing is guessed.
"""

import csv
import errno
import gzip
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from api.importers.ged_columns import COLUMNS, NEEDED, OTHER_NAMES
from api.model.event import MOST_ATTRIBUTES
from api.model.problem import Refusal
from api.model.text import fold, shown

LONGEST_CELL = 100_000
"""Characters. Ten times the longest list of articles known; more is a quotation mark that nobody closed."""
LONGEST_LINE = 4 * 2**20
"""Bytes that are held of one line: a file without line ends is not read into memory."""
BROKEN = (EOFError, OSError, OverflowError, RuntimeError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What gzip and zipfile raise for archives that are damaged, encrypted or packed in a way that they do not know."""


@dataclass(frozen=True)
class Row:
    """A row's cells by column, GED's own columns first and in its order; `line` is where it begins in its file."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """A row that was not taken: where it begins, why, and its `id` cell if that could be read."""

    line: int
    reason: str
    id: str | None = None


class GedFile:
    """One file, to be read once: `with GedFile(path) as rows: for row in rows: …`.

    `Refusal` with a sentence for what is no GED file. `position` of `size` bytes are read; of an archive, packed ones.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._open = ExitStack()

    def __enter__(self) -> "GedFile":
        self._file = self._open.enter_context(self.path.open("rb"))
        self.size = os.fstat(self._file.fileno()).st_size
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def position(self) -> int:
        """Bytes of the file that are read."""
        return min(self._file.tell(), self.size)

    def __iter__(self) -> Iterator[Row | Refused]:
        try:
            for name, data in self._tables():
                yield from _rows(name, data)
        except Refusal:
            raise
        except BROKEN as error:
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise  # the disk's, not the archive's
            raise Refusal(f"{self.path.name} cannot be unpacked: {error}") from None

    def _tables(self) -> Iterator[tuple[str, IO[bytes]]]:
        start = self._file.read(4)
        self._file.seek(0)
        if start.startswith(b"\x1f\x8b"):
            yield self.path.name, cast("IO[bytes]", gzip.GzipFile(fileobj=self._file))
        elif start.startswith(b"PK"):
            archive = self._open.enter_context(zipfile.ZipFile(self._file))
            names = [each for each in archive.namelist() if each.lower().endswith(".csv") and "__MACOSX/" not in each]
            if not names:
                raise Refusal(f"{self.path.name} holds no .csv file")
            for name in names:
                yield f"{self.path.name}: {name}", self._open.enter_context(archive.open(name))
        else:
            yield self.path.name, self._file


class _Lines:
    """A table's physical lines as text, for the csv module. Bytes that are no UTF-8 become lone surrogates."""

    def __init__(self, data: IO[bytes]) -> None:
        self._data = data
        self.number = 0
        self.has_cut = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._data.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            self.has_cut = True
            while (rest := self._data.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        self.number += 1
        if self.number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        return line.decode("utf-8", "surrogateescape")


def _rows(name: str, data: IO[bytes]) -> Iterator[Row | Refused]:
    csv.field_size_limit(LONGEST_CELL)
    lines = _Lines(data)
    reader = csv.reader(lines, strict=True)
    columns, in_order = _header(name, next(_records(reader, lines), (1, []))[1])
    at_id, has_begun = columns.index("id"), False
    names = in_order(columns)
    for line, cells in _records(reader, lines):
        if isinstance(cells, str):
            yield Refused(line, cells)
        elif not cells:
            continue
        elif len(cells) != len(columns):
            known = cells[at_id] if len(cells) > at_id else None
            yield Refused(line, f"has {len(cells)} cells; the header has {len(columns)} columns", known)
        elif has_begun or not _is_tags(cells):
            yield Row(line, dict(zip(names, in_order(cells), strict=True)))
        has_begun = True


def _records(reader: Any, lines: _Lines) -> Iterator[tuple[int, list[str] | str]]:
    """Each record's first line and its cells, or why they could not be read."""
    while True:
        line, lines.has_cut = lines.number + 1, False
        try:
            cells: list[str] | str = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells = _said(str(error))
        yield line, f"has a line of more than {LONGEST_LINE} bytes" if lines.has_cut else cells


def _said(error: str) -> str:
    if error.startswith("field larger"):
        return f"has a cell of more than {LONGEST_CELL} characters; is a quotation mark not closed?"
    if error.startswith("unexpected end"):
        return "has a quotation mark that is not closed"
    if error.startswith("new-line"):
        return "has a line end of a single carriage return"
    return f"is not CSV: {error}"


def _header(name: str, cells: Sequence[str] | str) -> tuple[list[str], Callable[[Sequence[str]], Sequence[str]]]:
    """The columns' names, and what brings a row's cells into the order of GED's own columns, then the others by name."""
    if isinstance(cells, str):
        raise Refusal(f"{name} has no header of UCDP GED: its first line {cells}")
    columns = [_column(each, number) for number, each in enumerate(cells, 1)]
    columns = [OTHER_NAMES[each] if OTHER_NAMES.get(each, each) not in columns else each for each in columns]
    if missing := [each for each in NEEDED if each not in columns]:
        raise Refusal(f"{name} has no header of UCDP GED: the columns {', '.join(missing)} are missing")
    if twice := [each for number, each in enumerate(columns) if each in columns[:number]]:
        raise Refusal(f"{name} has two columns {shown(twice[0])}")
    if len(columns) > MOST_ATTRIBUTES:
        raise Refusal(f"{name} has {len(columns)} columns; at most {MOST_ATTRIBUTES} can be kept")
    places = {each: number for number, each in enumerate(columns)}
    order = [places[each] for each in COLUMNS if each in places]
    order += [places[each] for each in sorted(places) if each not in COLUMNS]
    return columns, lambda row: [row[each] for each in order]


def _column(cell: str, number: int) -> str:
    """A header's cell as a name that an attribute may have, such as `unnamed_0` for `Unnamed: 0`."""
    name = cell.strip().lower()
    if name not in COLUMNS:
        name = re.sub("[^a-z0-9]+", "_", fold(name)).strip("_")[:58]
    if not name:
        return f"column_{number}"
    return name if name[0].isalpha() else f"column_{name}"[:64]


def _is_tags(cells: Sequence[str]) -> bool:
    """Is this the row of HXL tags (`#event+id`) that copies of the Humanitarian Data Exchange have below the header?"""
    return any(cells) and all(not each or each.startswith("#") for each in cells)
