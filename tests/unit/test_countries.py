"""Countries by code, by English name and by the other names in use."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.model.countries import NOT_COUNTRIES, OTHER_NAMES, country_code, names
from api.model.problem import Refusal

FOUND = [
    ("SY", "SY"),
    ("sy", "SY"),
    ("Sy", "SY"),
    ("Syria", "SY"),
    ("SYRIA", "SY"),
    ("Syrian Arab Republic", "SY"),
    ("Turkey", "TR"),
    ("Türkiye", "TR"),
    ("Turkiye", "TR"),
    ("Côte d’Ivoire", "CI"),
    ("Cote d'Ivoire", "CI"),
    ("Ivory Coast", "CI"),
    ("UK", "GB"),
    ("GB", "GB"),
    ("Great Britain", "GB"),
    ("USA", "US"),
    ("United States", "US"),
    ("United States of America", "US"),
    ("U S A", None),
    ("DR Congo", "CD"),
    ("Congo", "CG"),
    ("Congo - Kinshasa", "CD"),
    ("Palestine", "PS"),
    ("Palestinian Territories", "PS"),
    ("Burma", "MM"),
    ("Myanmar", "MM"),
    ("Myanmar (Burma)", "MM"),
    ("Bosnia & Herzegovina", "BA"),
    ("Bosnia and Herzegovina", "BA"),
    ("Russian Federation", "RU"),
    ("North Korea", "KP"),
    ("Kosovo", "XK"),
    ("São Tomé & Príncipe", "ST"),
    ("sao tome principe", "ST"),
    ("Curaçao", "CW"),
    ("South Sudan", "SS"),
    ("Sudan", "SD"),
    ("Niger", "NE"),
    ("Nigeria", "NG"),
    ("Guinea", "GN"),
    ("Guinea-Bissau", "GW"),
    ("Georgia", "GE"),
    ("Isle of Man", "IM"),
    ("ISR", None),
    ("760", None),
    ("", None),
    (" ", None),
    ("European Union", None),
    ("EU", None),
    ("UN", None),
    ("World", None),
    ("001", None),
    ("ZZ", None),
    ("Unknown Region", None),
    ("Aleppo", None),
]


@pytest.mark.parametrize(("text", "code"), FOUND)
def test_country(text: str, code: str | None) -> None:
    if code is None:
        with pytest.raises(Refusal, match="is not an ISO 3166-1 alpha-2 code or an English country name"):
            country_code(text)
    else:
        assert country_code(text) == code


@pytest.mark.parametrize("code", sorted(names()))
def test_every_code_and_name_finds_itself(code: str) -> None:
    name = names()[code]
    assert {country_code(each) for each in (code, code.lower(), name, name.upper(), f" {name} ")} == {code}


@pytest.mark.parametrize("code", sorted(OTHER_NAMES))
def test_every_other_name_finds_its_country(code: str) -> None:
    assert code in names()
    assert {country_code(each) for each in OTHER_NAMES[code]} == {code}


def test_groups_and_the_unknown_are_no_countries() -> None:
    assert not NOT_COUNTRIES & names().keys()
    assert all(len(code) == 2 and code.isupper() for code in names())
    assert len(set(names().values())) == len(names()) > 240


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_country_or_refused(text: str) -> None:
    try:
        assert country_code(text) in names()
    except Refusal as refusal:
        refusal.detail.encode()
