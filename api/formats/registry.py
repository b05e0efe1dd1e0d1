"""The formats that lists come in: a new one is a file here and a line below."""

from api.formats.csv_list import CsvList
from api.formats.geojson import GeoJson
from api.formats.json_list import JsonList, NdJson
from api.formats.sheet import Format

JSON: Format = JsonList()
FORMATS: tuple[Format, ...] = (JSON, GeoJson(), CsvList(), NdJson())
PLACELESS: tuple[Format, ...] = tuple(each for each in FORMATS if each.name != "geojson")
