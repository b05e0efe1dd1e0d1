"""`geojson`: a FeatureCollection (RFC 7946); properties are the flat columns, a place that is no point has no geometry."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.formats.sheet import Format, Sheet
from api.model.resource import Column, Document
from api.model.text import from_json, to_json, to_json_bytes


def geometry(document: Document) -> dict[str, Any] | None:
    """Where a record is: its own coordinates or its location's; for a statement without one, where its events took place.

    A Point, or a MultiPoint where the events took place at several; null where no coordinates are known.
    """
    known = ((place["longitude"], place["latitude"]) for place in _places(document.get("record", document)) if place)
    points = list(dict.fromkeys(each for each in known if None not in each))
    if len(points) > 1:
        return {"type": "MultiPoint", "coordinates": points}
    return {"type": "Point", "coordinates": points[0]} if points else None


def _places(record: Document) -> list[Any]:
    if "longitude" in record:
        return [record]
    said_nowhere = record["location"] is None and "speaker" in record
    return [each["location"] for each in record["events"]] if said_nowhere else [record["location"]]


def feature(document: Document, columns: Iterable[Column]) -> dict[str, Any]:
    """A record as a Feature with flat properties."""
    return {
        "type": "Feature",
        "id": document["id"],
        "geometry": geometry(document),
        "properties": {column.name: column.pick(document) for column in columns},
    }


class GeoJson(Format):
    """Features, with the page's links and the count beside them where it is a page."""

    name = "geojson"
    media_type = "application/geo+json"
    is_whole = True

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        yield b'{"type":"FeatureCollection","features":[\n'
        separator = b""
        for each in documents:
            yield separator + to_json_bytes(feature(from_json(each), sheet.columns))
            separator = b",\n"
        yield f'\n],"links":{to_json(sheet.links)},"meta":{to_json(sheet.meta)}}}\n'.encode()
