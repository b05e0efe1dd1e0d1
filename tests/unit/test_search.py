"""Full text: what people type becomes an FTS5 expression that finds what they mean and never is an error."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.model.problem import Refusal
from api.model.search import MOST_CHARACTERS, MOST_WORDS, match_expression
from api.model.text import fold
from api.store import sqlite

TEXTS = [
    "Jihadists capture half of Aleppo",
    "Hay’at Tahrir al-Shām",
    "The M4 and M5 highways meet at Saraqib",
    "A truce; a cease-fire, NOT peace OR war",
    "Straße nach حلب",
    "x NEAR y",
]

MADE = [
    ("aleppo", '"aleppo"'),
    ("Aleppo  HALF", '"aleppo" "half"'),
    ('"half of Aleppo"', '"half of aleppo"'),
    ('"half of Aleppo', '"half of aleppo"'),
    ('"a b" c', '"a b" "c"'),
    ('a"b', '"a" "b"'),
    ("alep*", '"alep" *'),
    ("al-sham*", '"al sham" *'),
    ("alep**", '"alep" *'),
    ('"alep*"', '"alep"'),
    ('"alep"*', '"alep"'),
    ("*alep", '"alep"'),
    ("a*b", '"a b"'),
    ("NOT war", '"not" "war"'),
    ("a AND b OR c", '"a" "and" "b" "or" "c"'),
    ("NEAR(a b)", '"near a" "b"'),
    ("text:a", '"text a"'),
    ("^a -b +c", '"a" "b" "c"'),
    ("{a} : (b)", '"a" "b"'),
    ("a\0b", '"a b"'),
    ("a; DROP TABLE events --", '"a" "drop" "table" "events"'),
    ("Hay'at", '"hayat"'),
    ('"" a', '"a"'),
    ("a " + "! " * 100, '"a"'),
    (" ".join(["w"] * MOST_WORDS), " ".join(['"w"'] * MOST_WORDS)),
    ("x" * MOST_CHARACTERS, f'"{"x" * MOST_CHARACTERS}"'),
]

REFUSED = [
    ("", "no word"),
    (" ", "no word"),
    ('"', "no word"),
    ('""', "no word"),
    ("*", "no word"),
    ("!? …—", "no word"),
    ("🕊", "no word"),
    ("\0", "no word"),
    ("a*", "at least 3 letters"),
    ("al*", "at least 3 letters"),
    ("half al*", "at least 3 letters"),
    ("tahrir-al*", "at least 3 letters"),
    ("Ā́l*", "at least 3 letters"),
    ("x" * (MOST_CHARACTERS + 1), "at most 256 characters; has 257"),
    (" ".join(["w"] * (MOST_WORDS + 1)), "at most 16 words; has 17"),
    ("-".join(["w"] * (MOST_WORDS + 1)), "at most 16 words; has 17"),
    ('"' + " ".join(["w"] * (MOST_WORDS + 1)) + '"', "at most 16 words; has 17"),
]

FOUND = [
    ("aleppo", {0}),
    ("ALEPPO half", {0}),
    ("aleppo highways", set()),
    ('"half of aleppo"', {0}),
    ('"of half"', set()),
    ("jihad*", {0}),
    ("hay*", {1}),
    ("hayat", {1}),
    ("Hayʾat al-sham", {1}),
    ("al-shām", {1}),
    ("m4", {2}),
    ("cease-fire", {3}),
    ("ceasefire", set()),
    ("not", {3}),
    ("peace OR war", {3}),
    ("near", {5}),
    ("STRASSE", {4}),
    ("حَلَب", {4}),
    ("a", {3}),
]


@pytest.fixture(scope="module")
def texts() -> Iterator[sqlite.Connection]:
    """An FTS5 table as the store has them, with folded texts in it."""
    connection = sqlite.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute('CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = "unicode61 remove_diacritics 0")')
    for number, text in enumerate(TEXTS):
        connection.execute("INSERT INTO texts (rowid, text) VALUES (?, ?)", (number, fold(text)))
    yield connection
    connection.close()


def matched(texts: sqlite.Connection, expression: str) -> set[int]:
    return {row for (row,) in texts.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (expression,))}


@pytest.mark.parametrize(("text", "expression"), MADE)
def test_the_expression(text: str, expression: str) -> None:
    assert match_expression(text) == expression


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[repr(each[0][:20]) for each in REFUSED])
def test_what_cannot_be_looked_for(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said.replace("*", r"\*")):
        match_expression(text)


@pytest.mark.parametrize(("text", "rows"), FOUND)
def test_what_is_found(texts: sqlite.Connection, text: str, rows: set[int]) -> None:
    assert matched(texts, match_expression(text)) == rows


@settings(deadline=None)
@given(
    st.text(max_size=60)
    | st.text(alphabet="ab\"*():^-+{}' \0ĀNOTRED_.,", max_size=40)
    | st.lists(st.sampled_from(["AND", "OR", "NOT", "NEAR(", '"', "*", "alep*", "{text}:", "x", "\0"])).map(" ".join)
)
def test_any_text_is_refused_or_is_a_question(texts: sqlite.Connection, text: str) -> None:
    try:
        expression = match_expression(text)
    except Refusal:
        return
    matched(texts, expression)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=1, max_size=12))
def test_a_word_finds_the_text_that_it_stands_in(text: str) -> None:
    """Whatever the script: where a text has a word that FTS5 knows as one, the text is found by it."""
    connection = sqlite.connect(":memory:")
    connection.execute('CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = "unicode61 remove_diacritics 0")')
    try:
        connection.execute("INSERT INTO texts (rowid, text) VALUES (1, ?)", (f"anchor {fold(text)} end",))
        assert matched(connection, match_expression(f"anchor {text}"[:MOST_CHARACTERS])) == {1}
    finally:
        connection.close()
