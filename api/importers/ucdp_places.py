"""The place of a GED row as a chain of locations: country, province, district, and the point that was coded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from api.importers.ucdp_names import REMEMBERED, country_code, digest, step, tidy, today
from api.importers.ucdp_sources import OWN_EVIDENCE
from api.model.problem import Refusal
from api.model.text import shown

Record = dict[str, Any]

PRECISIONS = {
    "1": "exact",
    "2": "near",
    "3": "district",
    "4": "province",
    "5": "route",
    "6": "country",
    "7": "water",
}
TYPE_WORDS = {
    "city": "city",
    "town": "town",
    "township": "town",
    "village": "village",
    "suburb": "neighbourhood",
    "neighbourhood": "neighbourhood",
    "district": "district",
    "sub-district": "district",
    "department": "district",
    "municipality": "district",
    "rayon": "district",
    "woreda": "district",
    "province": "province",
    "governorate": "province",
    "oblast": "province",
    "state": "province",
    "region": "region",
    "road": "route",
    "highway": "route",
    "river": "water",
    "lake": "water",
    "sea": "water",
}
"""The last word of a place's name, where that says what the place is."""
TYPES = {"3": "district", "4": "province", "5": "region", "6": "region", "7": "water"}
"""What a place is by the precision with which it was coded, where its name does not say; a site otherwise."""
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?(e-[0-9]{1,2})?")
_COUNTRY_NUMBER = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Place:
    """The locations from the country down, the id and name of the last one, and what they hold of the row's cells."""

    locations: tuple[Record, ...]
    id: str | None
    name: str
    held: Mapping[str, str]


@lru_cache(REMEMBERED)
def place(
    country: str, country_id: str, adm_1: str, adm_2: str, name: str, latitude: str, longitude: str, precision: str
) -> Place:
    """The place of a row, whose cells these are; `Refusal` where the coordinates are none."""
    point = {"latitude": _degrees("latitude", latitude, 90), "longitude": _degrees("longitude", longitude, 180)}
    held = {"geom_wkt": f"POINT ({_short(point['longitude'])} {_short(point['latitude'])})"}
    chain = areas(country, country_id, adm_1, adm_2)
    named = tidy(name, 200)
    code = chain[0]["country"] if chain else None
    if chain and chain[0]["external_ids"]:
        held["country_id"] = country_id
    for number in reversed(range(len(chain))):
        if not named or step(chain[number]["name"]) == step(named):
            area = chain[number] | point  # that one, not a place inside it
            return Place((*chain[:number], area), area["id"], named or area["name"], held)
    parent = chain[-1]["id"] if chain else None
    shown_point = [repr(each) for each in point.values()]
    leaf = _location(
        f"ucdp-{_root(country, country_id)}.{step(named or 'point')}_{digest(12, parent or '', name, *shown_point)}",
        named or ", ".join(shown_point),
        _type(named, precision),
        parent,
        code,
        **point,
    )
    held |= {"where_coordinates": leaf["name"], "latitude": shown_point[0], "longitude": shown_point[1]}
    return Place((*chain, leaf), leaf["id"], named, held)


PLACE_COLUMNS = ("country", "country_id", "adm_1", "adm_2", "where_coordinates", "latitude", "longitude", "where_prec")


def centre(cells: Mapping[str, str]) -> tuple[str, Record] | None:
    """The id of the area that a row was coded to, with its coordinates; None for a row of a point inside one."""
    try:
        found = place(*(cells.get(name, "") for name in PLACE_COLUMNS))
    except Refusal:
        return None
    last = found.locations[-1]
    if "latitude" in found.held:  # of a point, which it names
        return None
    return last["id"], {name: last[name] for name in ("latitude", "longitude")}


@lru_cache(REMEMBERED)
def areas(country: str, country_id: str, adm_1: str, adm_2: str) -> tuple[Record, ...]:
    """The country and what of its parts is given, each inside the one before."""
    return tuple(_areas(country, country_id, adm_1, adm_2))


def _areas(country: str, country_id: str, adm_1: str, adm_2: str) -> Iterator[Record]:
    code, parent, location_id = country_code(country), None, f"ucdp-{_root(country, country_id)}"
    if country.strip():
        number = {"ucdp": country_id} if _COUNTRY_NUMBER.fullmatch(country_id) else {}
        parent = f"ucdp-country-{_root(country, country_id)}"
        found = _location(parent, tidy(country, 200), "country", None, code, external_ids=number)
        yield found | {"aliases": [name] if (name := today(found["name"])) else []}
    for name, kind in ((adm_1, "province"), (adm_2, "district")):
        location_id += "." + (step(name) if name.strip() else "")
        if name.strip():
            yield _location(location_id, tidy(name, 200), kind, parent, code)
            parent = location_id


def _root(country: str, country_id: str) -> str:
    return country_id if _COUNTRY_NUMBER.fullmatch(country_id) else step(country)


def _location(location_id: str, name: str, kind: str, parent: str | None, country: str | None, **more: Any) -> Record:
    return {
        "id": location_id,
        "external_ids": {},
        "name": name,
        "aliases": [],
        "type": kind,
        "parent": parent,
        "country": country,
        "latitude": None,
        "longitude": None,
        "description": None,
        "evidence": OWN_EVIDENCE,
    } | more


def _type(name: str, precision: str) -> str:
    return TYPE_WORDS.get(name.rpartition(" ")[2].lower()) or TYPES.get(precision, "site")


def _degrees(column: str, cell: str, most: int) -> float:
    if not _DEGREES.fullmatch(cell):
        raise Refusal(f"{column} is {shown(cell)}, not degrees such as 36.2" if cell else f"{column} is empty")
    found = float(cell) + 0.0
    if abs(found) > most:
        raise Refusal(f"{column} is {cell}; it must be from -{most} to {most}")
    return found


def _short(degrees: float) -> str:
    return repr(degrees).removesuffix(".0")
