"""Countries as people write them: ISO 3166-1 alpha-2 codes and English names (Unicode CLDR, by way of Babel)."""

from functools import cache

from babel import Locale

from api.model.problem import Refusal
from api.model.text import fold, nearest, shown

NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
"""Two-letter codes of CLDR that stand for groups, pseudo-locales and the unknown."""

OTHER_NAMES = {
    "BA": ("Bosnia and Herzegovina", "Bosnia"),
    "CD": ("DR Congo", "Democratic Republic of the Congo", "Zaire"),
    "CG": ("Republic of the Congo", "Congo"),
    "CI": ("Ivory Coast",),
    "CV": ("Cabo Verde",),
    "CZ": ("Czech Republic",),
    "GB": ("UK", "Great Britain", "Britain"),
    "HK": ("Hong Kong",),
    "IR": ("Islamic Republic of Iran",),
    "KP": ("DPRK",),
    "LA": ("Lao PDR",),
    "MM": ("Myanmar", "Burma"),
    "MK": ("Macedonia",),
    "MO": ("Macao",),
    "PS": ("Palestine", "State of Palestine", "Occupied Palestinian Territory"),
    "RU": ("Russian Federation",),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "US": ("USA", "United States of America"),
    "VA": ("Holy See",),
    "VN": ("Viet Nam",),
}
"""Names in use that CLDR does not give as its first choice."""


@cache
def names() -> dict[str, str]:
    """Code to English name, such as `SY` to `Syria`."""
    territories = Locale("en").territories
    return {
        code: name
        for code, name in sorted(territories.items())
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    }


@cache
def _codes() -> dict[str, str]:
    found = {fold(name): code for code, name in names().items()}
    for code, others in OTHER_NAMES.items():
        found.update({fold(each): code for each in others})
    found.update({code.casefold(): code for code in names()})
    return found


def code_of(text: str) -> str | None:
    """The code of a country given by code or English name, in any case; None where it is none."""
    return _codes().get(fold(text))


def country_code(text: str) -> str:
    """The code of a country given by code or English name, in any case; otherwise `Refusal`."""
    code = code_of(text)
    if code is None:
        raise Refusal(
            f"{shown(text)} is not an ISO 3166-1 alpha-2 code or an English country name",
            did_you_mean=nearest(text, (*names().values(), *(n for each in OTHER_NAMES.values() for n in each))),
        )
    return code
