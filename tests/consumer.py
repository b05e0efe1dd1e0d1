"""A copy of all records, kept by following the feed of changes: standard library alone, made to be taken over.

State lies in one SQLite file: the records, and where to go on. A page and its place are stored in one transaction, so
that a copy which is stopped anywhere goes on where it was; an entry that comes twice changes nothing.
"""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOUNS = ("sources", "locations", "actors", "events", "statements")
Answer = tuple[int, str | None, bytes]
"""Status, entity tag, body."""


def over_http(url: str, etag: str | None) -> Answer:
    """The answer to a GET."""
    asked = urllib.request.Request(url, headers={"If-None-Match": etag} if etag else {})
    try:
        with urllib.request.urlopen(asked, timeout=30) as response:
            return response.status, response.headers["ETag"], response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None, error.read()


class Consumer:
    """A copy in the file at the path, of the server at the address."""

    def __init__(self, path: Path, address: str, get: Callable[[str, str | None], Answer] = over_http) -> None:
        self.start, self.get = f"{address}/v1/changes.json?since=0&limit=1000", get
        self.state = sqlite3.connect(path, isolation_level=None)
        self.state.execute("CREATE TABLE IF NOT EXISTS place (url TEXT NOT NULL, etag TEXT)")
        self.state.execute(
            "CREATE TABLE IF NOT EXISTS records (collection TEXT, id TEXT, made INTEGER, record TEXT,"
            " PRIMARY KEY (collection, id))"
        )

    def follow(self) -> None:
        """Catch up with the server."""
        while True:
            url, etag = self.state.execute("SELECT url, etag FROM place").fetchone() or (self.start, None)
            status, etag, body = self.get(url, etag)
            if status == 304:
                return
            if status == 410:
                self._store([], self.start, None, is_new=True)
                continue
            if status != 200:
                raise OSError(f"{url} answered {status}: {body.decode()}")
            page = json.loads(body)
            resume = page["links"]["resume"]
            self._store(page["data"], resume, etag if resume == url else None)
            if page["links"]["next"] is None:
                return

    def _store(self, entries: list[dict[str, Any]], url: str, etag: str | None, is_new: bool = False) -> None:
        with self.state:
            self.state.execute("BEGIN IMMEDIATE")
            if is_new:
                self.state.execute("DELETE FROM records")
            for each in entries:
                self._apply(each)
            self.state.execute("DELETE FROM place")
            self.state.execute("INSERT INTO place VALUES (?, ?)", (url, etag))

    def _apply(self, entry: dict[str, Any]) -> None:
        own = entry["collection"], entry["id"]
        if entry["record"] is None:
            self.state.execute("DELETE FROM records WHERE collection = ? AND id = ?", own)
            return
        text = json.dumps(entry["record"], ensure_ascii=False, separators=(",", ":"))
        self.state.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
            (*own, entry["seq"], text),
        )

    def as_bundle(self) -> bytes:
        """The copy in the form of `GET /v1/bundle`."""
        datasets = ",".join(self._texts("datasets", "id"))
        lists = (f',\n"{noun}":[\n' + ",\n".join(self._texts(noun, "made")) + "\n]" for noun in NOUNS)
        return f'{{"bundle":"event-timeline/1",\n"datasets":[{datasets}]{"".join(lists)}}}\n'.encode()

    def _texts(self, collection: str, order: str) -> list[str]:
        sql = f"SELECT record FROM records WHERE collection = ? ORDER BY {order}"
        return [text for (text,) in self.state.execute(sql, (collection,))]

    def close(self) -> None:
        """Let go of the file."""
        self.state.close()
