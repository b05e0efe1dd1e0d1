"""How alike two names are that were put into Latin letters by different people: Saraqib and Sarakeb, Tell and Tall.

Names come folded (`model/text.py`). Their sound is what is left when letters that transliterations exchange are one letter:
`q` and `k`, `o` and `u`, `e` and `i`, doubled letters, an article, a silent `h` at the end. Their frame is the consonants
of the sound, word by word. A likeness is a number from 0 to 98; equal names are not its business.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.fuzz import ratio

ARTICLES = frozenset(
    [
        "al",
        "el",
        "il",
        "ul",
        "ar",
        "er",
        "as",
        "es",
        "ash",
        "esh",
        "at",
        "et",
        "ad",
        "ed",
        "an",
        "en",
        "az",
        "ez",
        "the",
    ]
)
"""Words that say nothing of a name: the article in the spellings that it has before sun letters too."""
EXCHANGED = (
    ("tch", "c"), ("sch", "c"), ("ch", "c"), ("sh", "c"), ("dj", "j"), ("kh", "x"), ("gh", "g"), ("dh", "d"),
    ("th", "t"), ("ph", "f"), ("ck", "k"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ie", "i"), ("ei", "i"), ("ai", "i"),
    ("ay", "i"), ("ey", "i"), ("aw", "u"), ("au", "u"), ("ow", "u"),
)  # fmt: skip
"""Groups of letters that stand for one sound, the longer ones first."""
LETTERS = str.maketrans("qeyowzh", "kiiuush")
_GROUPS = re.compile("|".join(group for group, _ in EXCHANGED))
_SOUND = dict(EXCHANGED)
_DOUBLED = re.compile(r"(.)\1+")
_SILENT = re.compile(r"(?<=[aeiou])h$")
_VOWELS = re.compile("(?<!^)[aiu]")
MOST = 98.0
"""Names that sound the same and are not spelt the same."""
OF_SOUND, OF_FRAME = 0.75, 0.25
OTHER_ORDER = 0.95
"""What is left of a likeness when the words stand in another order."""
PART, PART_MORE = 55.0, 35.0
"""Where one name's words are all among the other's: this much, and so much more by how much of the longer one they are."""


@dataclass(frozen=True)
class Word:
    """One word: how it sounds, its frame, and the pairs of neighbours in that, its beginning and end among them."""

    said: str
    frame: str
    grams: frozenset[str]


@dataclass(frozen=True)
class Sound:
    """A name as it is compared: its sound with the words in their order, sorted, their frame, and the set of them."""

    text: str
    ordered: str
    frame: str
    words: frozenset[str]


@lru_cache(16384)  # words come again: al, district, village
def _word(word: str) -> Word:
    grouped = _GROUPS.sub(lambda found: _SOUND[found[0]], _SILENT.sub("", word))
    said = _DOUBLED.sub(r"\1", grouped.translate(LETTERS))
    frame = _VOWELS.sub("", said)
    edged = f" {frame} "
    return Word(said, frame, frozenset(edged[at : at + 2] for at in range(len(edged) - 1)))


def _words(folded: str) -> list[Word]:
    every = folded.split()
    return [_word(each) for each in every if each not in ARTICLES] or [_word(each) for each in every]


def grams(folded: str) -> frozenset[str]:
    """Pairs of letters that names alike share."""
    return frozenset().union(*(each.grams for each in _words(folded)))


def sound(folded: str) -> Sound:
    """The sound of a folded name.

    >>> sound("saraqib").text, sound("sarakeb").text, sound("as safirah").frame
    ('sarakib', 'sarakib', 'sfr')
    """
    words = _words(folded)
    said = [each.said for each in words]
    return Sound(" ".join(said), " ".join(sorted(said)), " ".join(each.frame for each in words), frozenset(said))


def likeness(one: Sound, other: Sound) -> float:
    """How alike two names are that are not equal when folded, 0 to 98.

    Three parts in four are the letters of the sound that both have in the same order (twice their number, of the letters
    of both), one part the same for the frame. Where words stand in another order, the same with sorted words, less a
    twentieth. Where all words of one are among the other's, no less than 55 and up to 90 by how much of it they are.
    """
    frames = ratio(one.frame, other.frame)
    best = OF_SOUND * ratio(one.text, other.text) + OF_FRAME * frames
    if len(one.words) > 1 or len(other.words) > 1:
        best = max(best, OTHER_ORDER * (OF_SOUND * ratio(one.ordered, other.ordered) + OF_FRAME * frames))
        if one.words < other.words or other.words < one.words:
            lengths = sorted((len(one.text), len(other.text)))
            best = max(best, PART + PART_MORE * lengths[0] / lengths[1])
    return round(min(best, MOST), 1)
