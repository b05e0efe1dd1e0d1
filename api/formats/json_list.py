"""`json`: the list as the API's own envelope, stored text joined, one record a line. `ndjson`: the lines alone."""

from collections.abc import Iterable, Iterator, Sequence

from api.formats.sheet import Format, Sheet
from api.model.text import from_json, to_json, to_json_bytes


def only(document: bytes, members: Sequence[str] | None) -> bytes:
    """The document with just these members, in the document's own order."""
    if members is None:
        return document
    return to_json_bytes({name: value for name, value in from_json(document).items() if name in members})


class JsonList(Format):
    """`{"data": […], "links": {…}, "meta": {…}}`."""

    name = "json"
    media_type = "application/json"
    is_flat = False

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        lines = b",\n".join(documents if sheet.members is None else [only(each, sheet.members) for each in documents])
        yield b'{"data":[\n' if lines else b'{"data":['
        yield lines  # by itself, for a page is large and each copy of it costs as much as the SELECT
        end = f',\n"links":{to_json(sheet.links)},\n"meta":{to_json(sheet.meta)}}}\n'
        yield (b"\n]" if lines else b"]") + end.encode()


class NdJson(Format):
    """One JSON document a line, each ended by a line feed."""

    name = "ndjson"
    media_type = "application/x-ndjson"
    is_flat = False
    is_whole = True

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        for each in documents:
            yield only(each, sheet.members) + b"\n"
