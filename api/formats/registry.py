"""The formats that lists come in: a new one is a file here and a line below."""

from collections.abc import Mapping

from api.formats.atom_list import AtomList
from api.formats.csv_list import CsvList
from api.formats.geojson import GeoJson
from api.formats.hxl import HxlCsv
from api.formats.ics import Calendar
from api.formats.json_list import JsonList, NdJson
from api.formats.sheet import Format
from api.formats.timelinejs import TimelineJs

JSON: Format = JsonList()
CSV: Format = CsvList()
PLAIN: tuple[Format, ...] = (JSON, CSV, NdJson())
"""What every list comes in, even one of groups."""
OF_RECORDS = (*PLAIN, HxlCsv())
OF_PLACES = (*OF_RECORDS, GeoJson())
FORMATS: Mapping[str, tuple[Format, ...]] = {
    "events": (*OF_PLACES, TimelineJs(), Calendar()),
    "statements": OF_PLACES,
    "timeline": (*OF_PLACES, TimelineJs(), AtomList()),
    "actors": OF_RECORDS,
    "locations": OF_PLACES,
    "sources": OF_RECORDS,
}
"""By list. Of two with one media type, `Accept` chooses the first."""
