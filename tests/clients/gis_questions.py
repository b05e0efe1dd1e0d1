"""What GIS programs are asked for: each filter in SQL, in the standard's parameters, and in GDAL's words."""

from dataclasses import dataclass, field

PAGE = 100
"""Features of a page where something is filtered, so that filtered sets have several pages."""
WHOLE_PAGE = 1000
NORTH_OF_SYRIA = (36.1, 35.2, 38.3, 37.4)
"""GDAL sends the nearest binary fractions in full, such as 36.1000000000000014."""
SPAN = "e.end_date >= '2021-06-01' AND e.start_date <= '2024-11-28'"
CASELESS = "lower(json_extract(c.record, '$.title')) GLOB '*aleppo*'"
TRIANGLE = (
    "l.latitude >= 35 AND l.latitude - 35 <= 2 * (l.longitude - 36) AND l.latitude - 35 <= 2 * (38 - l.longitude)"
)


@dataclass(frozen=True)
class Question:
    """One filter: in SQL, in the standard's parameters, and as GDAL takes it; `pushed` is what GDAL makes of that."""

    name: str
    where: str
    asked: dict[str, str] = field(default_factory=dict)
    ogr: str = ""
    box: tuple[float, ...] = ()
    pushed: tuple[str, ...] = ()


ALL = Question("all", "true")
FOR_GDAL = (
    Question(
        "bbox", "l.longitude BETWEEN 36.1 AND 38.3 AND l.latitude BETWEEN 35.2 AND 37.4", {"bbox": "36.1,35.2,38.3,37.4"},
        box=NORTH_OF_SYRIA, pushed=("bbox",),
    ),
    Question(
        "property", "e.type IN ('shelling', 'attack_on_civilians') AND l.country = 'SY'", {"country": "SY"},
        ogr="(type = 'shelling' OR type = 'attack_on_civilians') AND country = 'SY'", pushed=("filter", "filter-lang"),
    ),
    Question(
        "datetime", SPAN, {"datetime": "2021-06-01/2024-11-28"},
        ogr="end_date >= '2021/06/01' AND start_date <= '2024/11/28'", pushed=("filter", "filter-lang"),
    ),
    Question(
        "expression", "NOT e.type = 'ceasefire' AND (e.fatalities BETWEEN 40 AND 300 OR l.latitude > 52)",
        {"filter": "NOT type = 'ceasefire' AND (fatalities_best BETWEEN 40 AND 300 OR latitude > 52)"},
        ogr="NOT type = 'ceasefire' AND (fatalities_best BETWEEN 40 AND 300 OR latitude > 52)",
        pushed=("filter", "filter-lang"),
    ),
    Question(
        "both", "e.type = 'armed_clash' AND l.longitude BETWEEN 36.1 AND 38.3 AND l.latitude BETWEEN 35.2 AND 37.4",
        ogr="type = 'armed_clash'", box=NORTH_OF_SYRIA, pushed=("bbox", "filter", "filter-lang"),
    ),
)  # fmt: skip
MANY = ("until", "as QGIS has it", "by parameter")
FOR_OWSLIB = (
    *(each for each in FOR_GDAL if each.name in ("bbox", "datetime", "expression")),
    Question("by parameter", "e.type = 'armed_clash' AND l.country = 'SY'", {"type": "armed_clash", "country": "SY"}),
    Question("until", "e.start_date <= '2020-06-30'", {"datetime": "../2020-06-30T23:59:59Z", "limit": "1000"}),
    Question(
        "as QGIS has it", "e.start_date <= '2020-06-30' AND l.country = 'SY'",
        {"datetime": "0000-01-01T00:00:00Z/2020-06-30", "country": "SY", "limit": "1000"},
    ),
    Question("spatial", TRIANGLE, {"filter": "S_INTERSECTS(geometry, POLYGON((36 35, 38 35, 37 37, 36 35)))"}),
    Question(
        "temporal", "e.start_date > '2022-01-01' AND e.end_date < '2024-11-30'",
        {"filter": "T_AFTER(start_date, DATE('2022-01-01')) AND T_BEFORE(end_date, DATE('2024-11-30'))"},
    ),
    Question(
        "caseless", f"{CASELESS} OR e.fatalities > 900",
        {"filter": "CASEI(title) LIKE CASEI('%ALEPPO%') OR fatalities_best > 900", "filter-lang": "cql2-text"},
    ),
    Question(
        "as JSON", "e.fatalities >= 100",
        {"filter": '{"op":">=","args":[{"property":"fatalities_best"},100]}', "filter-lang": "cql2-json"},
    ),
)  # fmt: skip
FOR_EACH_GDAL = [(ALL, WHOLE_PAGE), *((each, PAGE) for each in FOR_GDAL)]
PLACES = (
    ALL,
    Question("towns", "l.type = 'town' AND l.country = 'SY'", ogr="type = 'town' AND country = 'SY'"),
    Question("bbox", "l.longitude BETWEEN 36.1 AND 38.3 AND l.latitude BETWEEN 35.2 AND 37.4", box=NORTH_OF_SYRIA),
)
