"""A JSON text that may be larger than memory, read value by value: only the one at hand is held.

    >>> text = JsonWindow(iter([b'{"a": [1, ', b'2]}']))
    >>> text.next(), text.take(), text.name(), text.next(), text.value(31)
    ('{', None, 'a', '[', [1, 2])

Whatever `strict_json` refuses is refused here in the same words.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from api.model.problem import Problem
from api.model.strict_json import DECODER, check_depth, check_name, invalid_json, not_utf8, too_deep

LONGEST_VALUE = 8 * 2**20
"""Characters of one value. The largest record that is no mistake has a quarter of it."""
NEAR_END = 10
"""So near to the end of what was read, a number, a word such as `false` or an escape may go on in what was not."""
_SPACE = re.compile(r"[ \t\n\r]*")


class JsonWindow:
    """Where a reading stands in a text that comes in blocks of bytes. `line` is that of the next character."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.line = 1
        self._blocks = blocks
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0
        self._text = ""
        self._at = 0
        self._column = 0
        """Characters of the line in which the window begins that lie before it."""
        self._is_last = False

    def next(self) -> str:
        """The next character that is no space, which is left where it is; empty at the end of the text."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._go(match.end() if match else self._at)
            if self._at < len(self._text) or self._is_last:
                return self._text[self._at : self._at + 1]
            self._read()

    def take(self) -> None:
        """Go on behind the next character."""
        self._go(self._at + 1)

    def follows(self, mark: str) -> bool:
        """Is this the next character? Then it is taken."""
        if self.next() != mark:
            return False
        self.take()
        return True

    def wrong(self, message: str, at: int | None = None) -> Problem:
        """What is wrong with the text here, with its line and column."""
        place = self._at if at is None else at
        before = self._text.rfind("\n", 0, place)
        column = place - before if before >= 0 else self._column + place + 1
        line = self.line + self._text.count("\n", self._at, place)
        return invalid_json(f"Line {line}, column {column}: {message}.")

    def name(self) -> str:
        """The name of a member, taken with its colon."""
        if self.next() != '"':
            raise self.wrong("Expecting property name enclosed in double quotes")
        name: str = self.value(0)
        check_name(name)
        if not self.follows(":"):
            raise self.wrong("Expecting ':' delimiter")
        return name

    def ends(self, closing: str) -> bool:
        """Behind a value: does its list or object end here, or go on behind a comma? Either mark is taken."""
        if self.follows(closing):
            return True
        if not self.follows(","):
            raise self.wrong("Expecting ',' delimiter")
        return False

    def value(self, most_levels: int) -> Any:
        """The whole value that begins here, taken."""
        self.next()
        while True:
            refused: Problem | None = None
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._is_last or not self._may_go_on(error):
                    raise self.wrong(error.msg, error.pos) from None
            except Problem as problem:
                if self._is_last:
                    raise
                refused = problem  # perhaps a number that is cut in two
            except RecursionError:
                raise too_deep() from None
            else:
                if self._is_last or not isinstance(value, int | float) or end < len(self._text) - NEAR_END:
                    self._check_length(end)
                    check_depth(value, most_levels)
                    self._go(end)
                    return value
            if refused and self._is_long(len(self._text)):
                raise refused
            self._check_length(len(self._text))
            self._read()

    def _is_long(self, end: int) -> bool:
        return end - self._at > LONGEST_VALUE

    def _check_length(self, end: int) -> None:
        if self._is_long(end):
            raise self.wrong(f"This value has more than {LONGEST_VALUE} characters")

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - NEAR_END

    def _go(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _read(self) -> None:
        """Drop what is behind, and read as much again as is held, at least a block: so a long value is tried few times."""
        last = self._text.rfind("\n", 0, self._at)
        self._column = self._at - last - 1 if last >= 0 else self._column + self._at
        held = [self._text[self._at :]]
        wanted = len(held[0]) + 1
        while wanted > 0 and not self._is_last:
            held.append(self._block())
            wanted -= len(held[-1])
        self._text, self._at = "".join(held), 0

    def _block(self) -> str:
        block = next(self._blocks, b"")
        self._is_last = not block
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(block, final=self._is_last)
        except UnicodeDecodeError as error:
            raise not_utf8(self._bytes - pending + error.start) from None
        self._bytes += len(block)
        return text
