"""Plain text: how names are compared, what may be stored, what a misspelling meant, how input is repeated."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.model.text import LONGEST_KEY, LONGEST_SHOWN, fold, nearest, shown, sort_key, to_json, unstorable

FOLDED = [
    ("Hay’at Tahrir al-Shām", "hayat tahrir al sham"),
    ("Hay'at", "hayat"),
    ("Hay‘at", "hayat"),
    ("Hay`at", "hayat"),
    ("Hay´at", "hayat"),
    ("Hayʾat", "hayat"),
    ("ʿAzāz", "azaz"),
    ("Saraqib", "saraqib"),
    ("SARAQIB", "saraqib"),
    ("São Tomé & Príncipe", "sao tome principe"),
    ("U.S.A.", "u s a"),
    ("  a   b\t\nc ", "a b c"),
    ("a_b-c/d", "a b c d"),
    ("Straße", "strasse"),
    ("ﬁre", "fire"),
    ("Ａｌｅｐｐｏ", "aleppo"),
    ("İstanbul", "istanbul"),
    ("ΑΣΣ", "ασσ"),
    ("ς", "σ"),
    ("é", "e"),
    ("e\u0301", "e"),
    ("Жытомир", "жытомир"),
    ("حَلَب", "حلب"),
    ("阿勒颇", "阿勒颇"),
    ("M4", "m4"),
    ("½", "1 2"),
    ("ŉ", "n"),
    ("🕊", ""),
    ("…—!?", ""),
    ("", ""),
    ("\0", ""),
]

UNSTORABLE = [
    ("", None),
    ("plain", None),
    ("tab\tline\nreturn\r", None),
    ("حلب 🕊 \u200f\u00ad\ufffd", None),
    ("\0", "U+0000"),
    ("a\x01", "U+0001"),
    ("\x08", "U+0008"),
    ("\x0b", "U+000B"),
    ("\x0c", "U+000C"),
    ("\x1b[31m", "U+001B"),
    ("\x7f", "U+007F"),
    ("\ud800", "U+D800"),
    ("ok \udfff \0", "U+DFFF"),
]

NEAREST = [
    ("limt", ("limit", "cursor"), "limit"),
    ("LIMIT", ("limit", "cursor"), "limit"),
    ("contry", ("country", "county"), "country"),
    ("frm", ("from", "to"), "from"),
    ("zzz", ("limit", "cursor"), None),
    ("", ("limit",), None),
    ("🕊", ("limit",), None),
    ("Allepo", ("Aleppo", "Idlib"), "Aleppo"),
    ("al-sham", ("al‑Shām",), "al‑Shām"),
    ("limit" + "t" * 10_000, ("limit",), None),
    ("limit", (), None),
]

SHOWN = [
    ("limt", '"limt"'),
    ('say "x"', '"say \\"x\\""'),
    ("a\nb\0", '"a\\nb\\u0000"'),
    ("حلب", '"حلب"'),
    ("\ud800", '"\\ud800"'),
    ("x" * 80, '"' + "x" * 80 + '"'),
    ("x" * 81, '"' + "x" * 80 + '…"'),
]


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(deadline=None)
@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_every_character_folds_once() -> None:
    every = [
        chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000
    ]  # beyond it ideographs fold to themselves
    assert [each for each in every if fold(fold(each)) != fold(each)] == []


@settings(deadline=None)
@given(st.text())
def test_a_fold_is_words_with_single_spaces(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
    assert all(each.isalnum() or each == " " for each in folded)


@settings(deadline=None)
@given(st.text())
def test_how_a_character_is_composed_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(("text", "found"), UNSTORABLE)
def test_unstorable(text: str, found: str | None) -> None:
    assert unstorable(text) == found


@settings(deadline=None)
@given(st.text(st.characters()))
def test_what_is_storable_can_be_sent_as_utf8(text: str) -> None:
    if unstorable(text) is None:
        assert text.encode().decode() == text


@pytest.mark.parametrize(("word", "allowed", "meant"), NEAREST)
def test_nearest(word: str, allowed: tuple[str, ...], meant: str | None) -> None:
    assert nearest(word, allowed) == meant


@pytest.mark.parametrize(("text", "quoted"), SHOWN)
def test_shown(text: str, quoted: str) -> None:
    assert shown(text) == quoted


@settings(deadline=None)
@given(st.text(st.characters(), max_size=2 * LONGEST_SHOWN))
def test_what_is_shown_is_one_json_string_that_can_be_sent(text: str) -> None:
    quoted = shown(text)
    quoted.encode()
    assert "\n" not in quoted
    said = json.loads(quoted)
    assert said == text or said == text[:LONGEST_SHOWN] + "…"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [None, True, 1.5]}, '{"b":1,"a":[null,true,1.5]}'),
        ("حلب 🕊 é", '"حلب 🕊 é"'),
        ('"\\\n\0', '"\\"\\\\\\n\\u0000"'),
        ([], "[]"),
    ],
)
def test_to_json_is_compact_and_keeps_characters_and_order(value: object, text: str) -> None:
    assert to_json(value) == text


@pytest.mark.parametrize(
    ("text", "key"), [("Éa B!", "ea b"), ("x" * 500, "x" * LONGEST_KEY), ("", ""), ("ﷺ" * 50, None)]
)
def test_a_sort_key_is_folded_and_short(text: str, key: str | None) -> None:
    assert key is None or sort_key(text) == key
    assert len(sort_key(text)) <= LONGEST_KEY
