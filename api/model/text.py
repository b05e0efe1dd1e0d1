"""Plain text: what may be stored, how names are compared, how words are counted, what a misspelling meant."""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import orjson
from rapidfuzz.distance import OSA

APOSTROPHES = "'’‘`´ʼʻʿʾ"
"""Marks that transliterations use or leave out at will: Hay'at, Hay’at and Hayat are one word."""

_DROPPED = str.maketrans("", "", APOSTROPHES)
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_NOT_WORD = re.compile(r"[\W_]+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
SUGGESTION_LIKENESS = 0.6
"""Below this ratio (difflib) a suggestion is noise."""

LONGEST_SHOWN = 80
LONGEST_KEY = 100


@lru_cache(2048)
def fold(text: str) -> str:
    """The form in which names are compared: no case, accents, apostrophes or punctuation; single spaces.

    >>> fold("Hay’at Tahrir al-Shām")
    'hayat tahrir al sham'
    """
    bare = text.replace("'", "").replace("`", "") if text.isascii() else _bare(text)
    return _NOT_WORD.sub(" ", bare.casefold()).strip()


def _bare(text: str) -> str:
    """The text without apostrophes and accents."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_DROPPED)).translate(_DROPPED)  # ŉ holds one
    return _NOT_ASCII.sub(lambda found: "" if unicodedata.combining(found[0]) else found[0], decomposed)


def unstorable(text: str) -> str | None:
    """The first character that no text here may hold (control characters, lone surrogates), as U+XXXX."""
    found = _FORBIDDEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def nearest(word: str, allowed: Iterable[str], likeness: float = SUGGESTION_LIKENESS) -> str | None:
    """The allowed word that was probably meant, or None; of two that are folded alike the first."""
    by_fold = {fold(each): each for each in reversed(tuple(allowed))}
    given = fold(word[:128])
    close = difflib.get_close_matches(given, by_fold, 5, likeness)
    return by_fold[min(close, key=partial(OSA.distance, given))] if close else None  # "Sirya": Syria before Iraq


def shown(text: str) -> str:
    """A stranger's text as an error message repeats it: quoted, escaped, and not longer than it helps."""
    quoted = json.dumps(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…", ensure_ascii=False)
    return quoted.encode("utf-8", "backslashreplace").decode("utf-8")  # a lone surrogate is not UTF-8


def to_json(value: object) -> str:
    """JSON text as it is stored and sent: compact, characters as they are."""
    return orjson.dumps(value).decode()


def to_json_bytes(value: object) -> bytes:
    """The same in UTF-8, as it goes over the wire."""
    return orjson.dumps(value)


def from_json(text: str | bytes) -> Any:
    """The value of a text that is stored, which is sound; what strangers send is read by `model/strict_json.py`."""
    return orjson.loads(text)


def sort_key(text: str) -> str:
    """What a text is sorted by: folded, and no longer than a cursor can carry."""
    return fold(text)[:LONGEST_KEY]
