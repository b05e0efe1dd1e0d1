"""What reading costs, as ratios within one run: python tests/benchmarks/compare.py [events]

Each pair is asked in turn in one process, so that a noisy machine slows both. The limit is a raw WSGI function that does
one indexed SELECT and joins stored text.
"""

import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.test import EnvironBuilder, run_wsgi_app

from api import create_app
from api.config import Settings
from api.importers.bundle import load, load_seed
from api.model.event import EVENTS
from api.store.migrations import open_migrated
from api.store.readers import Store
from api.store.seeding import seed_files

ROUNDS = 200
NEWEST = "SELECT doc FROM events JOIN events_doc USING (seq) ORDER BY start_date DESC, seq DESC LIMIT ?"


def many_events(path: Path, count: int) -> None:
    """A database with the seed and `count` more events, copies of its own on other days."""
    connection = open_migrated(path)
    load_seed(connection)
    events = json.loads(seed_files()[0].read_bytes())["events"]
    copies = []
    for number in range(count):
        event = copy.deepcopy(events[number % len(events)])
        day = f"20{number % 80 + 10}-{number % 12 + 1:02}-{number % 28 + 1:02}"
        event |= {"id": f"copy-{number}", "start_date": day, "end_date": day, "date_precision": "day"}
        copies.append({name: value for name, value in event.items() if name not in ("part_of", "related")})
    load(connection, json.dumps({"bundle": "event-timeline/1", "events": copies}).encode())
    connection.close()


def asked(app: WSGIApplication, path: str, **headers: str) -> Callable[[], object]:
    """A request of the application, ready to be made again and again."""
    target, _, query = path.partition("?")
    environ = EnvironBuilder(path=target, query_string=query, headers=list(headers.items())).get_environ()

    def ask() -> object:
        body, status, _ = run_wsgi_app(app, dict(environ), buffered=True)
        assert status[:3] in ("200", "304"), status
        return b"".join(body)

    return ask


def limit_of(store: Store, size: int) -> WSGIApplication:
    """A raw WSGI function: one SELECT by index, stored text joined."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        rows = store.reader().rows(
            "SELECT doc FROM events JOIN events_doc USING (seq) ORDER BY start_date DESC, seq DESC LIMIT ?", (size,)
        )
        body = ('{"data":[' + ",".join(row[0] for row in rows) + "]}").encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app


def compare(name: str, ours: Callable[[], object], other: Callable[[], object]) -> None:
    """Print how much longer ours takes than the other (median of rounds in turn)."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for kept, ask in zip(times, (ours, other), strict=True):
            started = time.perf_counter()
            ask()
            kept.append(time.perf_counter() - started)
    mine, theirs = (statistics.median(each) * 1000 for each in times)
    print(f"{name:<58} {mine:8.2f} ms {theirs:8.2f} ms   × {mine / theirs:.2f}")


def deep_link(app: WSGIApplication, pages: int, size: int) -> str:
    """The address of a page far into the list."""
    path = f"/v1/events?limit={size}"
    for _ in range(pages):
        body: Any = json.loads(asked(app, path)())  # type: ignore[arg-type]
        path = body["links"]["next"].removeprefix("http://localhost")
    return path


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.db"
        many_events(path, count)
        app = create_app(Settings(db=path, query_ms=60_000))
        store: Store = app.config["STORE"]
        print(f"{count} events; median of {ROUNDS} rounds: ours, the other, ours ÷ the other\n")
        first = asked(app, "/v1/events?limit=100")
        compare("a page of 100 : the limit (raw WSGI, one SELECT)", first, asked(limit_of(store, 100), "/"))
        etag = app.test_client().get("/v1/events?limit=100").headers["ETag"]
        compare("304 : the page of 100", asked(app, "/v1/events?limit=100", **{"If-None-Match": etag}), first)
        deep = asked(app, deep_link(app, count // 100 - 1, 100))
        compare(f"page {count // 100} : page 1", deep, first)
        documents = [json.loads(row[0]) for row in store.reader().rows("SELECT doc FROM events_doc LIMIT 100")]
        texts = [json.dumps(each) for each in documents]
        compare(
            "100 stored texts joined : 100 dumped by marshmallow",
            lambda: ",".join(texts).encode(),
            lambda: json.dumps(EVENTS.view_schema.dump(documents, many=True)).encode(),
        )
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
