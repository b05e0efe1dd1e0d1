"""Patterns and spellings of CQL2: LIKE, CASEI and ACCENTI as functions for SQL, in time that no pattern can blow up."""

import re
import unicodedata
from functools import lru_cache

_INSIDE = re.compile(r"%+([^\\%_]+)%+")
_PIECE = re.compile(r"\\(.)|(%+)|(_)|([^\\%_]+|\\)", re.DOTALL)


def caseless(text: str | None) -> str | None:
    """The text as CASEI compares it: by full Unicode case folding."""
    return None if text is None else text.casefold()


def accentless(text: str | None) -> str | None:
    """The text as ACCENTI compares it: without the marks that Unicode combines with letters."""
    if text is None:
        return None
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in decomposed if not unicodedata.combining(each)))


def is_like(pattern: str, text: str | None) -> bool | None:
    r"""Does the whole text fit the pattern? `%` stands for any characters, `_` for one, `\` takes the next as it is.

    Each piece between two `%` is looked for from where the one before it ended: the first place that fits is as good as
    any later one, so nothing is tried twice.
    """
    if text is None:
        return None
    (first, *others), width = _pieces(pattern)
    found = first.match(text)
    if found is None:
        return False
    if not others:
        return found.end() == len(text)
    *between, last = others
    place = found.end()
    for piece in between:
        found = piece.search(text, place)
        if found is None:
            return False
        place = found.end()
    end = len(text) - width
    return end >= place and last.match(text, end) is not None


def plain_inside(pattern: str) -> str | None:
    """The characters of a pattern that asks for nothing but these, anywhere in the text: SQLite's `instr` finds them faster."""
    asked = _INSIDE.fullmatch(pattern)
    return asked and asked[1]


@lru_cache(64)
def _pieces(pattern: str) -> tuple[list[re.Pattern[str]], int]:
    """The pieces between `%`, each of so many characters as it has, and how many the last one has."""
    pieces, width = [""], 0
    for escaped, many, one, plain in _PIECE.findall(pattern):
        if many:
            pieces.append("")
            width = 0
        else:
            pieces[-1] += "." if one else re.escape(escaped or plain)
            width += len(escaped or one or plain)
    return [re.compile(each, re.DOTALL) for each in pieces], width
