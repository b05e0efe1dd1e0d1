"""The limits that the server is measured against: python -m benchmarks.limit APP DB PORT WORKERS THREADS

`raw` is a WSGI function that does one indexed SELECT and joins stored text, on granian's own WSGI interface; it knows no
filters, no links and no errors. `flask` is a Flask route that answers 304, behind the gateway that the server has.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from api.store import sqlite
from api.store.connections import CACHE_KIB
from api.web import server
from api.web.gateway import Gateway

DOCUMENTS = "events JOIN events_doc USING (seq)"
"""Where events and their stored texts are."""
ORDER = "ORDER BY start_date DESC, seq DESC"
EXPORT_ROWS = 1000
TAG = '"0123456789abcdef0123456789abcdef"'


def raw(db: Path) -> WSGIApplication:
    """Lists of `size` from the newest, or `after` a day and a row number; one `record`; the whole `export`."""
    local = threading.local()

    def connection() -> sqlite.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
            local.connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return local.connection

    def whole() -> Iterator[bytes]:
        found = connection().execute(f"SELECT doc FROM {DOCUMENTS} {ORDER}")
        while rows := found.fetchmany(EXPORT_ROWS):
            yield ("\n".join(row[0] for row in rows) + "\n").encode()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        path = environ["PATH_INFO"]
        if path == "/export":
            start_response("200 OK", [("Content-Type", "application/x-ndjson")])
            return whole()
        if path == "/record":
            rows = connection().execute(f"SELECT doc FROM {DOCUMENTS} WHERE id = ?", (asked["id"],)).fetchall()
            body = rows[0][0].encode()
        else:
            where, values = "", [int(asked["size"])]
            if "day" in asked:
                where, values = "WHERE (start_date, seq) < (?, ?)", [asked["day"], int(asked["seq"]), *values]
            rows = connection().execute(f"SELECT doc FROM {DOCUMENTS} {where} {ORDER} LIMIT ?", values).fetchall()
            body = ('{"data":[' + ",".join(row[0] for row in rows) + "]}").encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app


def flask() -> Flask:
    """One route that says: not modified; and one by which it is known to listen."""
    app = Flask(__name__)
    app.add_url_rule("/ready", view_func=lambda: "ready", endpoint="ready")

    @app.get("/")
    def unchanged() -> Response:
        return Response(status=304, headers={"ETag": TAG})

    return app


def main(name: str, db: Path, port: int, workers: int, threads: int) -> None:
    """Serve one of them as `event-timeline serve` would."""
    loaders: dict[str, tuple[Interfaces, Callable[[], Any], dict[str, Any]]] = {
        "raw": (Interfaces.WSGI, lambda: raw(db), {"blocking_threads": threads}),
        "flask": (Interfaces.ASGINL, lambda: Gateway(flask(), threads), {}),
    }
    interface, load, options = loaders[name]
    found = Granian(
        name, "127.0.0.1", port, interface=interface, http=HTTPModes.http1, workers=workers, backlog=server.BACKLOG,
        http1_settings=HTTP1Settings(server.HEADER_MILLISECONDS, True, server.HEADER_BYTES),
        websockets=False, **options,
    )  # fmt: skip
    found.serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6]))
