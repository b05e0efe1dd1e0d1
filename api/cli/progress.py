"""How far long work is: a bar on a terminal, a line now and then where there is none. Both go to standard error."""

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

REFRESH_SECONDS = 0.1
LINE_SECONDS = 5.0
"""Between two lines in a log."""
LONGEST_BAR = 30


class Progress:
    """Progress of one piece of work; `total` is None where nobody knows it.

    with Progress("Reading", size) as progress:
        progress.update(done_bytes, records)
    """

    def __init__(
        self, what: str, total: int | None, *, quiet: bool = False,
        stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.what, self.total, self.is_quiet = what, total, quiet
        self._stream, self._clock = stream or sys.stderr, clock
        self._is_terminal = self._stream.isatty()
        self._started = self._shown = clock()
        self._latest = (0, 0)
        self._width = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_quiet or not self._is_terminal:
            return
        if kind is None and self._width:
            self._show()
        if self._width:
            self._stream.write("\n")
            self._stream.flush()

    def update(self, done: int, records: int) -> None:
        """So much of the total is done, and so many records."""
        self._latest = done, records
        if self.is_quiet:
            return
        now = self._clock()
        if now - self._shown >= (REFRESH_SECONDS if self._is_terminal else LINE_SECONDS):
            self._shown = now
            self._show()

    def _show(self) -> None:
        text = self._text()
        if not self._is_terminal:
            self._stream.write(f"{text}\n")
        else:
            columns = shutil.get_terminal_size().columns - 1
            line = (self._bar(columns - len(text) - 1) + text)[:columns]
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        self._stream.flush()

    def _bar(self, room: int) -> str:
        size = min(room - 2, LONGEST_BAR)
        if not self.total or size < 1:
            return ""
        full = int(size * self._share())
        return f"[{'#' * full}{'-' * (size - full)}] "

    def _share(self) -> float:
        return min(self._latest[0] / self.total, 1.0) if self.total else 0.0

    def _text(self) -> str:
        _, records = self._latest
        seconds = self._clock() - self._started
        parts = [f"{records:,} records"]
        if seconds > 0:
            parts.append(f"{records / seconds:,.0f} records/s")
        if self.total:
            parts.insert(0, f"{self._share():.0%}")
            if share := self._share():
                parts.append(f"{duration(seconds * (1 - share) / share)} left")
        return f"{self.what}: {', '.join(parts)}"


def duration(seconds: float) -> str:
    """`0:07`, `12:30` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
