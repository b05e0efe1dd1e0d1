"""LIKE, CASEI and ACCENTI: what they say, and that a pattern is looked for once, whatever it is."""

import re
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.model import patterns
from api.model.patterns import accentless, caseless, is_like, plain_inside
from api.store import sqlite

LIKE: list[tuple[str, str, bool]] = [
    ("", "", True),
    ("", "a", False),
    ("%", "", True),
    ("%", "a\nb", True),
    ("_", "", False),
    ("_", "\n", True),
    ("_", "😀", True),
    ("a", "A", False),
    ("a_c", "abc", True),
    ("a_c", "ac", False),
    ("a%c", "ac", True),
    ("a%c", "abcbc", True),
    ("a%c", "abcb", False),
    ("%b%", "abc", True),
    ("%%b%%", "b", True),
    ("%ab%ab", "ab", False),  # one text is not found twice in one place
    ("ab%ab", "aba", False),
    ("ab%ab", "abab", True),
    ("%_", "", False),
    ("%_%_%", "a", False),
    ("%_%_%", "ab", True),
    ("a\\%c", "a%c", True),
    ("a\\%c", "abc", False),
    ("a\\_c", "a_c", True),
    ("a\\_c", "abc", False),
    ("\\\\%", "\\b", True),
    ("\\a", "a", True),
    ("a\\", "a\\", True),  # nothing to escape
    ("a.c", "abc", False),
    ("(a|b)*[c]", "(a|b)*[c]", True),
    ("%^$", "x^$", True),
]


@pytest.mark.parametrize(("pattern", "text", "fits"), LIKE)
def test_like(pattern: str, text: str, fits: bool) -> None:
    assert is_like(pattern, text) is fits


def test_what_is_unknown_is_like_nothing_and_unlike_nothing() -> None:
    assert is_like("%", None) is None
    assert caseless(None) is None
    assert accentless(None) is None


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text("ab%_\\.\n", max_size=8), st.text("ab%_\\.\n", max_size=8))
def test_like_is_what_a_regular_expression_says(pattern: str, text: str) -> None:
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    regex = "".join(wild.get(each) or re.escape(each[-1]) for each in pieces)
    assert is_like(pattern, text) is (re.fullmatch(regex, text, re.DOTALL) is not None)


@pytest.mark.parametrize(
    ("pattern", "inside"),
    [("%drone%", "drone"), ("%%a'b\n%%", "a'b\n"), ("drone%", None), ("%drone", None), ("drone", None), ("%", None),
     ("%%", None), ("", None), ("%dr_ne%", None), ("%dr%ne%", None), ("%100\\%%", None), ("%dro\\ne%", None)],
)  # fmt: skip
def test_a_pattern_that_asks_for_some_characters_anywhere(pattern: str, inside: str | None) -> None:
    assert plain_inside(pattern) == inside


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text("aéب😀\n", min_size=1, max_size=3), st.text("aéب😀\n", max_size=8) | st.none())
def test_sqlite_finds_the_same_characters(inside: str, text: str | None) -> None:
    with closing(sqlite.connect(":memory:")) as connection:
        (found,) = connection.execute("SELECT instr(?, ?) > 0", (text, inside)).fetchone()
    assert found == is_like(f"%{inside}%", text)


class Counted:
    """A piece of a pattern that counts how often it is looked for."""

    looked = 0

    def __init__(self, piece: re.Pattern[str]) -> None:
        self.piece, self.pattern = piece, piece.pattern

    def match(self, text: str, place: int = 0) -> re.Match[str] | None:
        Counted.looked += 1
        return self.piece.match(text, place)

    def search(self, text: str, place: int) -> re.Match[str] | None:
        Counted.looked += 1
        return self.piece.search(text, place)


@pytest.mark.parametrize("wild", [1, 10, 100])
def test_each_piece_is_looked_for_once(monkeypatch: pytest.MonkeyPatch, wild: int) -> None:
    """A pattern that a regular expression would try in 2^n ways: each of its pieces takes one look, whether it fits or not."""
    pattern = "%a" * wild + "%b"
    found, width = patterns._pieces(pattern)
    pieces = [Counted(each) for each in found]
    monkeypatch.setattr(patterns, "_pieces", lambda _: (pieces, width))
    for text, fits in (("a" * 5000, False), ("a" * 5000 + "b", True)):
        Counted.looked = 0
        assert is_like(pattern, text) is fits
        assert Counted.looked <= len(pieces) == wild + 2


@pytest.mark.parametrize(
    ("one", "other"),
    [("STRASSE", "Straße"), ("ΑΘΗΝΑΣ", "αθηνας"), ("ﬁre", "FIRE"), ("Ǆ", "ǆ"), ("Дорога", "ДОРОГА")],
)
def test_casei_leaves_case_out_of_account(one: str, other: str) -> None:
    assert caseless(one) == caseless(other)
    assert caseless(one) != caseless(f"{other}x")


@pytest.mark.parametrize(
    ("one", "other"),
    [("état", "etat"), ("e\u0301tat", "état"), ("al-Shām", "al-Sham"), ("İzmir", "Izmir"), ("\u0301", "")],
)
def test_accenti_leaves_accents_out_of_account(one: str, other: str) -> None:
    assert accentless(one) == accentless(other)
    assert accentless(one) != caseless(f"{one}X")


def test_letters_that_only_look_accented_stay() -> None:
    assert accentless("łøß") == "łøß"
    assert accentless("한국") == "한국"
