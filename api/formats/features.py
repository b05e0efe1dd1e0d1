"""A page of features as OGC API - Features Part 1 has it (7.16): GeoJSON, with links and counts in the body.

`numberMatched` are all that match, `numberReturned` those of the page. There is no `timeStamp`, which may be left out: it is to
be the time of the answer, but the same data give the same bytes here, as a strong entity tag promises.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from api.formats.geojson import feature
from api.model.resource import Column
from api.model.text import from_json, to_json, to_json_bytes

MEDIA_TYPE = "application/geo+json"
Link = Mapping[str, str]


def encode(
    documents: Iterable[bytes], columns: Sequence[Column], links: Sequence[Link], matched: int
) -> Iterator[bytes]:
    """The page in pieces."""
    yield b'{"type":"FeatureCollection","features":[\n'
    count = 0
    for each in documents:
        yield (b",\n" if count else b"") + to_json_bytes(feature(from_json(each), columns))
        count += 1
    end = {"links": links, "numberMatched": matched, "numberReturned": count}
    yield f"\n],{to_json(end)[1:]}\n".encode()


def one(document: bytes, columns: Sequence[Column], links: Sequence[Link]) -> bytes:
    """A single feature with its links."""
    return to_json_bytes({**feature(from_json(document), columns), "links": links}) + b"\n"
