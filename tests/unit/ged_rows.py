"""Made-up rows in the columns of UCDP GED, and what can be read back of a row from its records."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from api.importers.ged_columns import COLUMNS
from api.importers.ged_file import GedFile, Refused, Row
from api.importers.ucdp import DATE_PRECISIONS, Mapped, mapped
from api.importers.ucdp_places import PRECISIONS

MADE_UP = Path(__file__).with_name("ged-made-up.csv")
"""A clash, one-sided violence, a clash of groups, a row of the old form, and one whose numbers contradict each other."""

CELLS: dict[str, str] = dict.fromkeys(COLUMNS, "") | {
    "id": "1001",
    "relid": "XLD-2016-1-1-1",
    "year": "2016",
    "active_year": "1",
    "code_status": "Clear",
    "type_of_violence": "1",
    "conflict_new_id": "70",
    "conflict_name": "Exland: Government",
    "dyad_new_id": "71",
    "dyad_name": "Government of Syria - Made-up Front",
    "side_a_new_id": "118",
    "side_a": "Government of Syria",
    "side_b_new_id": "90001",
    "side_b": "Made-up Front",
    "number_of_sources": "2",
    "source_article": '"Example Wire,2016-03-06,Shelling; two dead";"The Paper, Ltd,2016-03-07,After the "lull""',
    "source_office": "Example Wire;The Paper, Ltd",
    "source_date": "2016-03-06;2016-03-07",
    "source_headline": 'Shelling; two dead;After the "lull"',
    "source_original": "Example Observatory",
    "where_prec": "1",
    "where_coordinates": "Newtown town",
    "where_description": "the edge of Newtown",
    "adm_1": "East Governorate",
    "adm_2": "Newtown district",
    "latitude": "35.5",
    "longitude": "38.0",
    "geom_wkt": "POINT (38 35.5)",
    "priogrid_gid": "180000",
    "country": "Syria",
    "country_id": "652",
    "region": "Middle East",
    "event_clarity": "1",
    "date_prec": "1",
    "date_start": "2016-03-05",
    "date_end": "2016-03-05",
    "deaths_a": "1",
    "deaths_b": "2",
    "deaths_civilians": "0",
    "deaths_unknown": "0",
    "best": "3",
    "high": "4",
    "low": "2",
    "gwnoa": "652",
}


def row(**cells: str) -> Row:
    """The row above with other cells, as if it stood in line 2."""
    return Row(2, CELLS | cells)


def records(**cells: str) -> Mapped:
    """Its records."""
    found = mapped(row(**cells))
    assert isinstance(found, Mapped), found
    return found


def reason(**cells: str) -> str:
    """Why it is refused."""
    found = mapped(row(**cells))
    assert isinstance(found, Refused), found
    return found.reason


def table(*rows: Iterable[str]) -> bytes:
    """A file of these rows."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")


def read(path: Path) -> list[Row | Refused]:
    with GedFile(path) as rows:
        return list(rows)


def read_back(found: Mapped) -> dict[str, str]:
    """The row's cells, out of its records alone."""
    event = found.event
    attributes: dict[str, str] = event["attributes"]
    cells = {"id": event["external_ids"]["ucdp"], "date_start": event["start_date"], "date_end": event["end_date"]}
    codes = {word: code for code, word in DATE_PRECISIONS.items()}
    is_other = "date_precision_differs" in event["quality"]
    cells["date_prec"] = "1" if is_other else codes[event["date_precision"]]
    cells["where_prec"] = next(code for code, word in PRECISIONS.items() if word == event["location_precision"])
    toll = event["coded_fatalities"] | {"deaths_civilians": event["coded_fatalities"]["civilians"]}
    cells |= {name: _number(toll[name]) for name in ("low", "best", "high", "deaths_civilians")}
    actors = {each["id"]: each for each in found.actors}
    for each in event["participants"]:
        letter = "a" if each["role"] in ("side_a", "initiator") else "b"
        cells[f"deaths_{letter}"] = _number(each["deaths"])
        cells[f"side_{letter}_new_id"] = actors[each["actor"]]["external_ids"].get("ucdp", "")
    place = found.locations[-1]
    assert place["id"] == event["location"]
    cells |= {"where_coordinates": place["name"], "country_id": found.locations[0]["external_ids"].get("ucdp", "")}
    cells |= {name: str(place[name]) for name in ("latitude", "longitude")}
    point = {name: str(float(attributes.get(name, cells[name]))) for name in ("latitude", "longitude")}
    cells["geom_wkt"] = "POINT ({longitude} {latitude})".format(**{k: v.removesuffix(".0") for k, v in point.items()})
    return cells | _articles(found) | attributes


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _articles(found: Mapped) -> dict[str, str]:
    sources = {each["id"]: each for each in found.sources if each["type"] == "article"}
    cited = [sources[each["source"]] for each in found.event["evidence"] if each["source"] in sources]
    articles = [
        (each["publisher"] or "", each["published_at"] or "", each["note"] or each["title"] or "") for each in cited
    ]
    if [each[:2] for each in articles] == [("", "")]:
        return {"source_article": articles[0][2]}
    offices, dates, titles = zip(*articles, strict=True) if articles else ((), (), ())
    return {
        "source_article": ";".join(f'"{",".join(each)}"' for each in articles),
        "source_office": ";".join(offices),
        "source_date": ";".join(dates),
        "source_headline": ";".join(titles),
    }
