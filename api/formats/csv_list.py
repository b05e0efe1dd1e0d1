"""`csv`: RFC 4180, UTF-8, a header line, flat columns; `null` is an empty cell, a list is joined by `; `.

A cell of text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-` or `@`, in full width too, or with
a tab or the end of a line) gets an apostrophe before it, as OWASP advises, and so does one that begins with an
apostrophe: take one leading apostrophe off to have the text back.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from api.formats.sheet import Format, Sheet
from api.model.resource import Cell, Column
from api.model.text import from_json

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def cell(value: Cell) -> Cell:
    """A value as a CSV cell shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith((*FORMULA_STARTS, "'")):
        return "'" + value
    return value


class CsvList(Format):
    """Flat columns, one record a line."""

    name = "csv"
    media_type = "text/csv"
    is_whole = True

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        line = io.StringIO()
        writer = csv.writer(line)
        writer.writerows(self.heads(sheet.columns))
        for each in documents:
            yield _taken(line)
            document = from_json(each)
            writer.writerow(cell(column.pick(document)) for column in sheet.columns)
        yield _taken(line)

    def heads(self, columns: Sequence[Column]) -> Sequence[Sequence[str]]:
        """The rows that come before the records."""
        return ([each.name for each in columns],)


def _taken(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
