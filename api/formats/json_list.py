"""`json`: the list as the API's own envelope, stored text joined, one record a line. `ndjson`: the lines alone."""

import json
from collections.abc import Iterable, Iterator, Sequence

from api.formats.sheet import Sheet
from api.model.text import to_json


def only(document: str, members: Sequence[str] | None) -> str:
    """The document with just these members, in the document's own order."""
    if members is None:
        return document
    return to_json({name: value for name, value in json.loads(document).items() if name in members})


class JsonList:
    """`{"data": […], "links": {…}, "meta": {…}}`."""

    name = "json"
    media_type = "application/json"
    is_flat = False
    is_whole = False

    def encode(self, documents: Iterable[str], sheet: Sheet) -> Iterator[str]:
        lines = ",\n".join(documents if sheet.members is None else [only(each, sheet.members) for each in documents])
        yield '{"data":[\n' if lines else '{"data":['
        yield lines  # by itself, for a page is large and each copy of it costs as much as the SELECT
        yield ("\n]" if lines else "]") + f',\n"links":{to_json(sheet.links)},\n"meta":{to_json(sheet.meta)}}}\n'


class NdJson:
    """One JSON document a line, each ended by a line feed."""

    name = "ndjson"
    media_type = "application/x-ndjson"
    is_flat = False
    is_whole = True

    def encode(self, documents: Iterable[str], sheet: Sheet) -> Iterator[str]:
        for each in documents:
            yield only(each, sheet.members) + "\n"
