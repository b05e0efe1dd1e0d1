"""Names of UCDP as ids and country codes: the same name gives the same id in every run and every release."""

import re
from functools import lru_cache
from hashlib import sha256

from api.model import countries
from api.model.problem import Refusal
from api.model.text import fold

REMEMBERED = 2**13
"""Names and places of which the records are kept: rows of one country mostly stand together."""
LONGEST_STEP = 33
"""Characters of one name in an id, so that country, province and district together stay below 128."""
_PARENTHESIS = re.compile(r"(.+?) \((.+)\)")

COUNTRIES = {
    "Czechoslovakia": None,
    "German Democratic Republic": None,
    "German Federal Republic": "DE",
    "Italy/Sardinia": "IT",
    "Korea, People's Republic of": "KP",
    "Korea, Republic of": "KR",
    "Kyrgyz Republic": "KG",
    "Macedonia, FYR": "MK",
    "Macedonia, FYRO": "MK",
    "Micronesia, Federated States of": "FM",
    "Rumania": "RO",
    "Saint Lucia": "LC",
    "Sao Tome and Principe": "ST",
    "South Vietnam": None,
    "South Yemen": None,
    "Surinam": "SR",
    "Tanzania/Tanganyika": "TZ",
    "Trinidad and Tobago": "TT",
    "Vietnam, Democratic Republic of": "VN",
}
"""Names of UCDP's list of states that are no names of today's countries in English; null: there is no such code."""


@lru_cache(REMEMBERED)
def country_code(name: str) -> str | None:
    """The ISO code of a country as UCDP writes it, such as `Yemen (North Yemen)`; None where there is none."""
    parts = _PARENTHESIS.fullmatch(name)
    for each in (name, *(parts.groups() if parts else ())):
        if each in COUNTRIES:
            return COUNTRIES[each]
        if len(each) == 2:
            continue  # a code of ours is no name of theirs
        try:
            return countries.country_code(each)
        except Refusal:
            continue
    return None


def today(name: str) -> str | None:
    """The name of today where another follows in parentheses: `Yemen` of `Yemen (North Yemen)`."""
    parts = _PARENTHESIS.fullmatch(name)
    return parts[1].strip() if parts else None


def tidy(text: str, most: int) -> str:
    """A name on one line, with single spaces, cut with `…` where it is too long."""
    return shortened(" ".join(text.split()), most)


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def digest(length: int, *parts: str) -> str:
    """The first hexadecimal digits of a SHA-256 of these texts."""
    return sha256("\x1f".join(parts).encode()).hexdigest()[:length]


@lru_cache(REMEMBERED)
def step(name: str) -> str:
    """A name as a part of an id: `Aleppo Governorate` is `aleppo-governorate`, whatever its capitals and accents.

    Where that is not all of the name, as in other scripts, `_` and a digest follow, so that no two names are one.
    """
    folded = fold(name)
    if folded.isascii() and 0 < len(folded) <= LONGEST_STEP:
        return folded.replace(" ", "-")
    return f"{_plain(folded)[:24]}_{digest(8, folded or name)}"


def _plain(folded: str) -> str:
    return re.sub("[^a-z0-9]+", "-", folded).strip("-") or "x"
