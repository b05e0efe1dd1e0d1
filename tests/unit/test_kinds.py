"""Query values: each kind takes one spelling, refuses all others in a sentence, and its schema says the same."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from api.model import kinds
from api.model.fields import calendar_day, is_instant
from api.model.kinds import Kind
from api.model.problem import Refusal

WORD = kinds.Word(("airstrike", "shelling"))
SORT = kinds.SortOrder(("title", "type", "start_date"))
BOX = kinds.Box()

TAKEN: list[tuple[Kind, str, Any]] = [
    (WORD, "airstrike", "airstrike"),
    (kinds.Count(), "0", 0),
    (kinds.Count(), "7", 7),
    (kinds.Count(), "999999999", 999_999_999),
    (kinds.Count(1, 1000), "1", 1),
    (kinds.Count(1, 1000), "1000", 1000),
    (kinds.Kilometres(), "25", 25.0),
    (kinds.Kilometres(), "0.5", 0.5),
    (kinds.Kilometres(), "0.001", 0.001),
    (kinds.Kilometres(), "20038", 20038.0),
    (kinds.Truth(), "true", True),
    (kinds.Truth(), "false", False),
    (kinds.Date(), "2024-02-29", "2024-02-29"),
    (kinds.Date(), "0001-01-01", "0001-01-01"),
    (kinds.Date(), "9999-12-31", "9999-12-31"),
    (kinds.Moment(), "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
    (kinds.Moment(), "2026-01-31T23:59:59.999999Z", "2026-01-31T23:59:59.999999Z"),
    (kinds.POINT, "36.2,37.16", (36.2, 37.16)),
    (kinds.POINT, "-90,180", (-90.0, 180.0)),
    (kinds.POINT, "-0,0.0", (0.0, 0.0)),
    (BOX, "36,35,38,37", (36.0, 35.0, 38.0, 37.0)),
    (BOX, "170,-20,-170,-10", (170.0, -20.0, -170.0, -10.0)),
    (BOX, "-180,-90,180,90", (-180.0, -90.0, 180.0, 90.0)),
    (BOX, "1,2,1,2", (1.0, 2.0, 1.0, 2.0)),
    (BOX, "0.5820766091346741,-0.5,1,2", (0.5820766091346741, -0.5, 1.0, 2.0)),  # as browsers write numbers
    (kinds.Country(), "SY", "SY"),
    (kinds.Country(), "sy", "SY"),
    (kinds.Country(), "Syria", "SY"),
    (kinds.Search(), "Half of Aleppo", '"half" "of" "aleppo"'),
    (kinds.Plain(), "Hay’at Tahrir al-Shām", "Hay’at Tahrir al-Shām"),
    (kinds.Plain(), "x" * 200, "x" * 200),
    (kinds.Plain(3), "\t\n\r", "\t\n\r"),
    (kinds.Identifier(), "northern-syria_2024.1", "northern-syria_2024.1"),
    (kinds.Identifier(), "7" * 128, "7" * 128),
    (kinds.Named(collection="actors"), "HTS", "HTS"),
    (kinds.Dataset(), "made-up", "made-up"),
    (SORT, "title", (("title", False),)),
    (SORT, "-start_date,title", (("start_date", True), ("title", False))),
]

REFUSED: list[tuple[Kind, str, str]] = [
    *[(WORD, text, "is not one of its values") for text in ("", "Airstrike", " airstrike", "air strike", "airstrike\n", "*")],
    *[
        (kinds.Count(), text, "is not a whole number from 0 to 999999999")
        for text in (
            "", "-1", "+1", "01", "00", "1.0", "1e3", "1_0", "٣", "１", " 1", "1 ", "1\n", "0x1", "nan", "1000000000", "1" * 5000,
        )
    ],
    (kinds.Count(1, 1000), "0", "from 1 to 1000"),
    (kinds.Count(1, 1000), "1001", "from 1 to 1000"),
    *[
        (kinds.Kilometres(), text, "is not a number of kilometres above 0, up to 20038")
        for text in (
            "", "0", "-0", "0.0", "-5", "20038.1", "1e3", "inf", "nan", ".5", "5.", "05", "1_0", "٣", "5km", " 5", "1" * 400,
        )
    ],
    *[(kinds.Truth(), text, "neither true nor false") for text in ("", "1", "0", "True", "TRUE", "yes", "true ", "t")],
    *[
        (kinds.Date(), text, "is not a calendar day, YYYY-MM-DD")
        for text in (
            "", "2024", "2024-11", "20241127", "2024-W48-3", "2024-332", "2023-02-29", "2024-02-30", "0000-01-01", "2024-00-01",
            "2024-01-00", "2024-1-1", "2024-11-27T00:00:00Z", "2024-11-27\n", " 2024-11-27", "+2024-11-27", "٢٠٢٤-١١-٢٧", "today",
            "27-11-2024", "2024/11/27", "-2024-11-27", "10000-01-01",
        )
    ],
    *[
        (kinds.Moment(), text, "is not a moment in UTC")
        for text in (
            "", "2026-01-31", "2026-01-31T08:00Z", "2026-01-31 08:00:00Z", "2026-01-31T08:00:00", "2026-01-31T08:00:00+00:00",
            "2026-01-31t08:00:00z", "2026-02-30T08:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z",
            "2026-01-31T08:00:60Z", "2026-01-31T08:00:00.Z", "2026-01-31T08:00:00.1234567Z", "2026-01-31T08:00:00Z\n",
            "20260131T080000Z", "2026-W05-6T08:00:00Z", "٢٠٢٦-01-31T08:00:00Z", "2026-01-31T٠8:00:00Z", "1769846400",
        )
    ],
    *[(kinds.POINT, text, "2 numbers between commas") for text in ("", "1", "1,2,3", "1;2", "36.2 37.16")],
    *[
        (kinds.POINT, text, "is not a latitude from -90 to 90")
        for text in ("90.1,0", "-91,0", ",0", "a,0", "1e1,0", "٣,0", " 1,0", "+1,0")
    ],
    *[
        (kinds.POINT, text, "is not a longitude from -180 to 180")
        for text in ("0,180.1", "0,", "0,inf", "0, 1", "0,1\n", "0,nan")
    ],
    *[(BOX, text, "4 numbers between commas") for text in ("", "1,2,3", "1,2,3,4,5", "1,2,3,4,")],
    (BOX, "200,0,0,0", "is not a west"),
    (BOX, "0,-91,0,0", "is not a south"),
    (BOX, "0,0,181,0", "is not a east"),
    (BOX, "0,0,0,91", "is not a north"),
    (BOX, "36,37,38,35", "its south, 37, is north of its north, 35"),
    *[
        (kinds.Country(), text, "is not an ISO 3166-1 alpha-2 code")
        for text in ("", "XX", "EU", "ZZ", "Atlantis", "S Y", "SYR", "🇸🇾")
    ],
    (kinds.Search(), "*", "no word"),
    (kinds.Search(), "x" * 257, "at most 256"),
    (kinds.Plain(), "x" * 201, "at most 200 characters; has 201"),
    (kinds.Plain(), "a\0b", "U+0000"),
    (kinds.Plain(), "\ud800", "U+D800"),
    (kinds.Named(collection="actors"), "\x1b", "U+001B"),
    *[(kinds.Identifier(), text, "is not an id") for text in ("", "-a", ".a", "_a", "a b", "a/b", "a\n", "é", "a,b", "x" * 129)],
    (kinds.Dataset(), "a b", "is not an id"),
    *[
        (SORT, text, "is not a sort key here")
        for text in ("", "-", "--title", "Title", "title,", ",title", "title ", "+title", "title desc", "title;type")
    ],
    (SORT, "title,-title", '"title" is named twice'),
    (SORT, "type,title,type", '"type" is named twice'),
]  # fmt: skip

HINTS = [
    (WORD, "airstrikes", WORD.allowed, "airstrike"),
    (WORD, "zzz", WORD.allowed, None),
    (SORT, "-titel", SORT.allowed, "title"),
    (kinds.Truth(), "yes", ("true", "false"), None),
    (kinds.Country(), "Siria", None, "Syria"),
    (kinds.Country(), "Untied Kingdom", None, "United Kingdom"),
]

SCHEMA_IS_EXACT = (kinds.Word, kinds.SortOrder, kinds.Identifier)
"""Kinds whose schema says all that they refuse, but repeats; no schema knows what is a day, or a country's name."""
NOT_IN_SCHEMA = [
    case
    for case in REFUSED
    if isinstance(case[0], SCHEMA_IS_EXACT) and "twice" not in case[2] and not case[1].endswith("\n")
]
"""Python's `$` stands before a last line end, ECMA's does not."""


def named(cases: list[tuple[Kind, str, Any]]) -> list[str]:
    return [f"{type(kind).__name__}-{text[:24]!r}" for kind, text, _ in cases]


def as_json(kind: Kind, text: str) -> Any:
    """A value as a client in JSON has it."""
    of_type = kind.schema()["type"]
    return kind.parse(text) if of_type in ("integer", "number", "boolean") else text


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN, ids=named(TAKEN))
def test_taken(kind: Kind, text: str, value: Any) -> None:
    parsed = kind.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)
    assert Draft202012Validator(kind.schema()).is_valid(as_json(kind, text))


@pytest.mark.parametrize(("kind", "text", "said"), REFUSED, ids=named(REFUSED))
def test_refused(kind: Kind, text: str, said: str) -> None:
    with pytest.raises(Refusal) as caught:
        kind.parse(text)
    assert said in caught.value.detail
    caught.value.detail.encode()  # what is said can be sent
    assert "\n" not in caught.value.detail
    assert len(caught.value.detail) < 300


@pytest.mark.parametrize(("kind", "text", "said"), NOT_IN_SCHEMA, ids=named(NOT_IN_SCHEMA))
def test_what_is_refused_is_not_in_the_schema(kind: Kind, text: str, said: str) -> None:
    assert not Draft202012Validator(kind.schema()).is_valid(text)


@pytest.mark.parametrize(("kind", "text", "allowed", "meant"), HINTS, ids=[f"{each[1]}" for each in HINTS])
def test_a_way_out_is_shown(kind: Kind, text: str, allowed: tuple[str, ...] | None, meant: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        kind.parse(text)
    assert (caught.value.allowed, caught.value.did_you_mean) == (allowed, meant)
    fault = caught.value.of("x")
    assert fault.parameter == "x"
    assert fault.as_dict().get("did_you_mean") == meant


KINDS: tuple[Kind, ...] = tuple({repr(kind): kind for kind, *_ in [*TAKEN, *REFUSED]}.values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@settings(deadline=None)
@given(text=st.text(max_size=30) | st.text(alphabet="0123456789.,-+eE_ TZ:", max_size=30))
def test_any_text_is_taken_or_refused_in_a_sentence(kind: Kind, text: str) -> None:
    try:
        kind.parse(text)
    except Refusal as refusal:
        refusal.detail.encode()


@settings(deadline=None)
@given(st.dates())
def test_every_day_is_one(day: date) -> None:
    assert calendar_day(day.isoformat()) == day
    assert is_instant(f"{day.isoformat()}T00:00:00Z")


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True))
def test_what_looks_like_a_day_is_one_or_none(text: str) -> None:
    day = calendar_day(text)
    assert day is None or day.isoformat() == text


@settings(deadline=None)
@given(st.integers(0, 999_999_999))
def test_a_whole_number_has_one_spelling(number: int) -> None:
    assert kinds.Count().parse(str(number)) == number
    with pytest.raises(Refusal):
        kinds.Count().parse(f"0{number}")


def test_every_kind_has_cases() -> None:
    declared = {
        value
        for value in vars(kinds).values()
        if isinstance(value, type) and value.__module__ == kinds.__name__ and value is not kinds.Kind
    }
    assert declared == {type(kind) for kind in KINDS}
    for kind in KINDS:
        for cases in (TAKEN, REFUSED):
            assert any(type(each) is type(kind) for each, *_ in cases), kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_the_schema_is_one(kind: Kind) -> None:
    schema = kind.schema()
    Draft202012Validator.check_schema(schema)
    if "pattern" in schema:
        assert re.compile(schema["pattern"])
        assert "maxLength" in schema
