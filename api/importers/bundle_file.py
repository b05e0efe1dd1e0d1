"""A bundle as a file of any size: JSON or NDJSON, gzipped or not, told apart by how it begins, read record by record."""

import gzip
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.importers.bundle import COLLECTIONS, single_member, unknown_line
from api.importers.json_window import LONGEST_VALUE, JsonWindow
from api.model.bundle import invalid
from api.model.problem import Fault
from api.model.strict_json import DEEPEST, invalid_json, twice
from api.model.text import shown

BLOCK_BYTES = 256 * 1024
HEAD_BYTES = 1024
"""By so much a form is told."""
GZIP = b"\x1f\x8b"
_COLLECTION = "|".join(COLLECTIONS).encode()
LINES = re.compile(
    rb'\s*\{[ \t\r]*"(bundle"[ \t\r]*:[ \t\r]*"[^"\\\n]*"[ \t\r]*\}|(%s)"[ \t\r]*:[ \t\r]*\{)' % _COLLECTION
)
"""How NDJSON begins: its first line is a whole object, or has one record where a JSON document has a list."""
STDIN = Path("-")


@dataclass(frozen=True)
class Item:
    """A member of a bundle (`index` None), or one record of a collection, not yet checked; and where it stands."""

    name: str
    value: Any
    index: int | None
    line: int


class _Source:
    """A file that tells how it begins, and how many bytes were read of it."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.head = b""
        self.count = 0

    def begin(self, size: int) -> bytes:
        """How it begins, which is read again."""
        while len(self.head) < size and (more := self._read(size - len(self.head))):
            self.head += more
        return self.head

    def read(self, size: int = -1) -> bytes:
        data = self.head or self._read(size)
        self.head = b""
        self.count += len(data)
        return data


@dataclass
class BundleFile:
    """An open file. `size` is None where nobody knows it beforehand."""

    name: str
    size: int | None
    source: _Source

    @property
    def done(self) -> int:
        """Bytes of the file that were read."""
        return self.source.count

    def items(self) -> Iterator[Item]:
        """All records, and all members that are no lists of them.

        Raises `Problem` 400 where the file is no JSON, 422 where it is no bundle, both with the line.
        """
        source = self.source
        if source.begin(len(GZIP)) == GZIP:
            source = _Source(gzip.GzipFile(fileobj=source, mode="rb").read)  # type: ignore[call-overload]
        try:
            head = source.begin(HEAD_BYTES)
            blocks = iter(lambda: source.read(BLOCK_BYTES), b"")
            yield from _of_lines(blocks) if LINES.match(head) else _of_document(JsonWindow(blocks))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise invalid_json(f"The file is compressed, and damaged: {error}.") from None


@contextmanager
def opened(path: Path) -> Iterator[BundleFile]:
    """The file at the path; `-` is standard input."""
    if path == STDIN:
        stdin: Any = sys.stdin.buffer
        yield BundleFile("standard input", None, _Source(stdin.read1))  # `read` fills a buffer, deaf to Ctrl-C
        return
    with path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        yield BundleFile(str(path), size, _Source(file.read))


def _of_document(text: JsonWindow) -> Iterator[Item]:
    if not text.follows("{"):
        text.value(DEEPEST)
        raise invalid([Fault("Line 1: This is no JSON object.", pointer="")])
    seen: set[str] = set()
    is_over = text.follows("}")
    while not is_over:
        line = text.line
        name = text.name()
        if name in seen:
            raise twice(name)
        seen.add(name)
        if name != "bundle" and name not in COLLECTIONS:
            raise invalid([Fault(f"Line {line}: {shown(name)} is no member of a bundle.", pointer="")])
        yield from _of_member(text, name)
        is_over = text.ends("}")
    if text.next():
        raise text.wrong("Extra data")


def _of_member(text: JsonWindow, name: str) -> Iterator[Item]:
    if name == "bundle" or not text.follows("["):
        yield Item(name, text.value(DEEPEST - 1), None, text.line)
        return
    index = 0
    is_over = text.follows("]")
    while not is_over:
        text.next()
        line = text.line
        yield Item(name, text.value(DEEPEST - 2), index, line)
        index += 1
        is_over = text.ends("]")


def _of_lines(blocks: Iterator[bytes]) -> Iterator[Item]:
    counts: dict[str, int] = {}
    for number, line in enumerate(_lines(blocks), 1):
        if not line.strip():
            continue
        name, value = single_member(line, f"Line {number}")
        index = counts.get(name, 0)
        counts[name] = index + 1
        if name == "bundle" and not index:
            yield Item(name, value, None, number)
        elif name in COLLECTIONS:
            yield Item(name, value, index, number)
        else:
            raise unknown_line(name, f"Line {number}")


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest, number = b"", 0
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            number += 1
            _check_length(line, number)
            yield line
        _check_length(rest, number + 1)
    yield rest


def _check_length(line: bytes, number: int) -> None:
    if len(line) > LONGEST_VALUE:
        raise invalid_json(f"Line {number} has more than {LONGEST_VALUE} bytes.")
