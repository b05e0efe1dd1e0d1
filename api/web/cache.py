"""Answers kept for as long as the data stay as they are, so that what many ask for is made once.

SQLite tells with one PRAGMA whether anybody has committed since an answer was made, so a kept answer is never old; the
gateway gives it without a thread and without Flask. Only whole answers of open reads are kept: who sends a key, a range
or another condition than `If-None-Match`, and who is counted, goes the long way.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.store import sqlite
from api.web.environ import Headers, Scope
from api.web.http import REQUEST_ID

MARK = "event_timeline.follows_from_data"
"""Set in the WSGI environment by what answers from the data and the request alone."""
LARGEST = 512 * 1024
"""Bytes of one answer that is kept."""
OVERHEAD = 2048
"""Bytes that an answer takes beside its body."""
LONG_WAY = ("authorization", "x-api-key", "cookie", "range", "if-match", "if-modified-since", "if-unmodified-since")
OF_THE_REQUEST = (b"x-request-id", b"server-timing")
OF_THE_BODY = (b"content-type", b"content-length", b"content-encoding", b"link")

Key = tuple[bytes | str, ...]
Pairs = list[tuple[bytes, bytes]]
Message = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """A 200 as it was sent, without what belongs to the request that it was made for; or a 304, which has no body."""

    headers: Pairs
    etag: str
    body: bytes | None

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.body or b"") + OVERHEAD


class Cache:
    """The answers used last, as many as fit. `generation` tells by another number that the data have changed."""

    def __init__(self, most_bytes: int, generation: Callable[[], int]) -> None:
        self.most_bytes, self._generation = most_bytes, generation
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0
        self._of: int | None = None

    def key(self, scope: Scope, headers: Headers) -> Key | None:
        """Under what the answer is kept; None for a request that goes the long way."""
        if scope["method"] != "GET" or any(name in headers for name in LONG_WAY):
            return None
        asked = (headers.get(name, "") for name in ("host", "accept", "accept-encoding"))
        return (scope["raw_path"], scope["query_string"], scope["scheme"], *asked)

    def generation(self) -> int | None:
        """Which state of the data there is now; what was kept of another is dropped. None where nobody can tell."""
        try:
            now = self._generation()
        except sqlite.Error:
            return None
        if now != self._of:
            self._kept.clear()
            self._bytes, self._of = 0, now
        return now

    def find(self, key: Key, headers: Headers) -> tuple[Message, Message] | None:
        """The messages of a kept answer: all of it, or a 304 where the client names its entity tag."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        asked = headers.get("x-request-id", "")
        request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        own: Pairs = [(b"x-request-id", request_id.encode()), (b"server-timing", b"cache;desc=hit")]
        if "if-none-match" not in headers:
            if kept.body is None:
                return None
            return _messages(200, kept.headers + own, kept.body)
        if kept.etag in {each.strip().removeprefix("W/") for each in headers["if-none-match"].split(",")}:
            return _messages(304, [each for each in kept.headers if each[0] not in OF_THE_BODY] + own, b"")
        return None

    def keep(self, key: Key, generation: int, start: Message, body: bytes) -> None:
        """Keep a whole answer that was made of the data of that generation, or of a later one."""
        pairs = [each for each in start["headers"] if each[0] not in OF_THE_REQUEST]
        etag = dict(pairs).get(b"etag", b"").decode("latin-1")
        kept = Kept(pairs, etag, body if start["status"] == 200 else None)
        old = self._kept.get(key)
        if start["status"] not in (200, 304) or not etag or (old and kept.body is None):
            return
        if kept.size > min(LARGEST, self.most_bytes) or generation != self.generation():
            return
        if old:
            self._bytes -= old.size
        self._kept[key] = kept
        self._kept.move_to_end(key)
        self._bytes += kept.size
        while self._bytes > self.most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size


def _messages(status: int, headers: Pairs, body: bytes) -> tuple[Message, Message]:
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body, "more_body": False}
