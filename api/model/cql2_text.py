"""CQL2 as text: its tree in the JSON encoding, or the place where it cannot be read.

The grammar is `cql2`'s, a maintained parser. It goes down into brackets, so that the process ends where the stack does, and
it goes back: what is wrong within n brackets it reads 2^n times. So it never sees a bracket that groups: each such pair is
read by itself, and stands in what is round it as a name that nobody can write.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cql2

from api.model.problem import Refusal
from api.model.text import shown

DEEPEST = 32
"""Brackets in brackets, and operators in them that nothing parts: the parser takes some 4 KB of the stack for each."""
DEEPEST_OF_ONE = 6
"""Brackets in one another of functions, lists and geometries, which the parser does see: a MULTIPOLYGON in S_WITHIN has four."""

OF_A_BACKSLASH = (
    "A quotation mark after a backslash is part of the text; cql2-json can say a text that ends with a backslash"
)

_QUOTED = r"'(?:[^']|'')*'|\"[^\"]*\""
_TOKEN = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<opens>\()|(?P<closes>\))|(?P<word>[^\W\d]\w*)|(?P<sign>\S)")
_ILIKE = re.compile(
    r"(?P<left>[A-Za-z_][A-Za-z0-9_.]*|\"[^\"]+\")\s+(?P<negated>NOT\s+)?ILIKE\s+(?P<right>'(?:[^']|'')*')"
    rf"|{_QUOTED}",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"'(?:\\'|''|[^'])*'|\"[^\"]*\"")
"""A text in which a quotation mark may stand after a backslash, which the grammar has and the parser lacks."""
_PLACE = re.compile(r"--> (\d+):(\d+)")
_PARTING = {"and", "or", ","}
_NESTING = {"not", "like", "in", "is", "between", "div", *"-+*/%^=<>"}
_BEFORE_GROUPS = {"and", "or", "not", "like", "between", "div"}
"""Words that are no name of what stands in the brackets after them."""
_SHAPES = {
    "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "z", "m", "zm"
}  # fmt: skip
_MARK = "\x01"
"""Begins the names that stand for groups; no text of a stranger holds it."""


def parse(text: str) -> Any:
    """The tree; `Refusal` says where the text is no CQL2."""
    try:
        return _Reading(_ILIKE.sub(_caseless_like, _ESCAPED.sub(_doubled, text))).tree()
    except Refusal as refusal:
        if "\\'" not in text:
            raise
        raise Refusal(f"{refusal}. {OF_A_BACKSLASH}") from None


def _doubled(found: re.Match[str]) -> str:
    """The text with its quotation marks doubled, which is the other way to write them."""
    whole = found[0]
    return whole if whole[0] == '"' else "'" + whole[1:-1].replace("\\'", "''") + "'"


def _caseless_like(found: re.Match[str]) -> str:
    if not found["left"]:  # a text in quotes, which stays as it is
        return found[0]
    return f"CASEI({found['left']}) {found['negated'] or ''}LIKE CASEI({found['right']})"


@dataclass
class _Bracket:
    """One that is open: the word before it, how deep it is, and in how many brackets that do not group.

    If it groups, `chunks` are what stands in it, each with its place in the text.
    """

    word: str
    depth: int
    within: int = 0
    chunks: list[tuple[int, str]] | None = None


@dataclass
class _Reading:
    """Of one text. `trees` are those of the groups that have been read."""

    text: str
    trees: list[Any] = field(default_factory=list)

    def tree(self) -> Any:
        chunks: list[tuple[int, str]] = []
        brackets = [_Bracket("", 0, 0, chunks)]
        done, previous = 0, ""
        for token in _TOKEN.finditer(self.text):
            kind, word = token.lastgroup, token[0].casefold()
            if kind == "opens":
                opened = _opened(brackets, previous)
                if opened.chunks is not None:
                    chunks.append((done, self.text[done : token.start()]))
                    chunks, done = opened.chunks, token.end()
                brackets.append(opened)
            elif kind == "closes":
                if len(brackets) == 1:
                    raise _unread(self.text, token.start())
                closed = brackets.pop()
                if closed.chunks is not None:
                    chunks.append((done, self.text[done : token.start()]))
                    self.trees.append(self._parsed(chunks))
                    chunks = next(each.chunks for each in reversed(brackets) if each.chunks is not None)
                    chunks.append((closed.chunks[0][0] - 1, f' "{_MARK}{len(self.trees) - 1}" '))
                    done = token.end()
            elif word in _PARTING:
                brackets[-1].depth = brackets[-2].depth + 1 if len(brackets) > 1 else 0
            elif word in _NESTING:
                brackets[-1].depth += 1
            if brackets[-1].depth > DEEPEST:
                raise Refusal(f"is nested more than {DEEPEST} deep")
            previous = word if kind == "word" else ""
        if len(brackets) > 1:
            raise _unread(self.text, len(self.text))
        chunks.append((done, self.text[done:]))
        return self._parsed(chunks)

    def _parsed(self, chunks: Sequence[tuple[int, str]]) -> Any:
        written = "".join(chunk for _, chunk in chunks)
        try:
            return self._whole(cql2.parse_text(written).to_json())
        except cql2.ParseError as error:
            place = _PLACE.search(str(error))
            line, character = (int(place[1]), int(place[2])) if place else (1, 1)
            offset = sum(len(each) + 1 for each in written.split("\n")[: line - 1]) + character - 1
            raise _unread(self.text, _place(chunks, offset)) from None
        except Exception as error:  # what it finds wrong later it raises as no class of its own
            raise Refusal(f"is no CQL2: {str(error).splitlines()[0]}") from None

    def _whole(self, tree: Any) -> Any:
        """The tree with those of the groups where their names stand."""
        if isinstance(tree, list):
            return [self._whole(each) for each in tree]
        if not isinstance(tree, dict):
            return tree
        name = tree.get("property")
        if isinstance(name, str) and name.startswith(_MARK):
            return self.trees[int(name.removeprefix(_MARK))]
        return {name: self._whole(each) for name, each in tree.items()}


def _opened(brackets: Sequence[_Bracket], word: str) -> _Bracket:
    """The bracket that opens after the word: one that groups, or one of a list, a function or a geometry."""
    outer = brackets[-1]
    is_named = bool(word) and word not in _BEFORE_GROUPS
    if not is_named and outer.word not in _SHAPES:
        return _Bracket("", outer.depth + 1, 0, [])
    if word == outer.word == "in":
        raise Refusal("a list must not hold a list")
    if outer.within == DEEPEST_OF_ONE:
        raise Refusal(f"has more than {DEEPEST_OF_ONE} functions, lists or geometries in one another")
    return _Bracket(word if is_named else outer.word, outer.depth + 1, outer.within + 1)


def _place(chunks: Sequence[tuple[int, str]], offset: int) -> int:
    """Where in the whole text a character of what the chunks make up stands."""
    for start, chunk in chunks:
        if offset < len(chunk):
            return start if _MARK in chunk else start + offset
        offset -= len(chunk)
    start, chunk = chunks[-1]
    return start + len(chunk)


def _unread(text: str, place: int) -> Refusal:
    """What the parser expected there it says in words of its grammar, which help nobody."""
    before, rest = text[:place], text[place:].strip()
    line, character = before.count("\n") + 1, place - before.rfind("\n")
    found = f"{shown(rest[:20])} cannot be read" if rest else "it ends, and something is missing"
    return Refusal(f"is no CQL2 text: at line {line}, character {character}, {found}")
