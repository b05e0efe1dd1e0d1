"""Full text: what people type, turned into an FTS5 expression that cannot be anything else.

Texts are folded before they are indexed and words before they are asked for, so case, accents and apostrophes never
matter. Every word must occur; `"a phrase"` must occur as it stands; `prefix*` matches what begins so.
"""

import re

from api.model.problem import Refusal
from api.model.text import fold, shown

MOST_CHARACTERS = 256
MOST_WORDS = 16
LEAST_PREFIX = 3
"""One step of FTS5 cannot be interrupted, and a prefix of one letter makes a long one."""

_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')


def match_expression(text: str) -> str:
    """An FTS5 MATCH expression for what a person typed; `Refusal` where nothing in it can be looked for."""
    if len(text) > MOST_CHARACTERS:
        raise Refusal(f"must have at most {MOST_CHARACTERS} characters; has {len(text)}")
    terms: list[str] = []
    words = 0
    for phrase, word in _TERM.findall(text):
        folded = fold(phrase or word)
        if not folded:
            continue
        is_prefix = word.endswith("*")
        if is_prefix and len(folded.split()[-1]) < LEAST_PREFIX:
            raise Refusal(f"a prefix must have at least {LEAST_PREFIX} letters before the *; {shown(word)} has fewer")
        words += len(folded.split())
        terms.append(f'"{folded}"{" *" if is_prefix else ""}')
    if not terms:
        raise Refusal("has no word to look for: give at least one letter or digit")
    if words > MOST_WORDS:
        raise Refusal(f"must have at most {MOST_WORDS} words; has {words}")
    return " ".join(terms)
