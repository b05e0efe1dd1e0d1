"""`json`: the list as the API's own envelope, stored text joined, one record a line. `ndjson`: the lines alone."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from api.formats.sheet import Sheet


def to_json(value: Any) -> str:
    """JSON text as it is sent: compact, characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
        lines = ",\n".join(only(each, sheet.members) for each in documents)
        data = f"[\n{lines}\n]" if lines else "[]"
        yield f'{{"data":{data},\n"links":{to_json(sheet.links)},\n"meta":{to_json(sheet.meta)}}}\n'


class NdJson:
    """One JSON document a line, each ended by a line feed."""

    name = "ndjson"
    media_type = "application/x-ndjson"
    is_flat = False
    is_whole = True

    def encode(self, documents: Iterable[str], sheet: Sheet) -> Iterator[str]:
        for each in documents:
            yield only(each, sheet.members) + "\n"
