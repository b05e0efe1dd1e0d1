"""`geojson`: a FeatureCollection (RFC 7946); properties are the flat columns, a place that is no point has no geometry."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from api.formats.json_list import to_json
from api.formats.sheet import Sheet
from api.model.resource import Document, column

OWN_POINT = (column("longitude"), column("latitude"))
PLACE_POINT = (column("longitude", "location", "longitude"), column("latitude", "location", "latitude"))


def geometry(document: Document) -> dict[str, Any] | None:
    """The point where a record is: its own coordinates, or those of its location."""
    columns = OWN_POINT if "longitude" in document else PLACE_POINT
    longitude, latitude = (each.pick(document) for each in columns)
    return None if longitude is None else {"type": "Point", "coordinates": [longitude, latitude]}


class GeoJson:
    """Features, with the page's links and the count beside them where it is a page."""

    name = "geojson"
    media_type = "application/geo+json"
    is_flat = True
    is_whole = True

    def encode(self, documents: Iterable[str], sheet: Sheet) -> Iterator[str]:
        yield '{"type":"FeatureCollection","features":[\n'
        separator = ""
        for each in documents:
            document = json.loads(each)
            feature = {
                "type": "Feature",
                "id": document["id"],
                "geometry": geometry(document),
                "properties": {column.name: column.pick(document) for column in sheet.columns},
            }
            yield separator + to_json(feature)
            separator = ",\n"
        yield f'\n],"links":{to_json(sheet.links)},"meta":{to_json(sheet.meta)}}}\n'
