"""A server like the real one but with a small application that answers slowly, at length or not at all.

`python toy.py PORT [BODY_SECONDS]`. The application is put in place of the real one before the workers are forked.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from api.config import Settings
from api.web import gateway, server

LINE = b'{"id": "event", "summary": "a line of an export, as long as a short record is"}\n'
PIECE = LINE * (gateway.PIECE_BYTES // len(LINE))


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """`/big?pieces=`, `/breaks`, `/raises` and `/sleep?seconds=`; everything else says which process answers."""
    path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
    if path == "/raises":
        raise RuntimeError("a secret cause")
    if path == "/sleep":
        time.sleep(float(query["seconds"][0]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/big":
        return (PIECE for _ in range(int(query["pieces"][0])))
    if path == "/breaks":
        return _breaking()
    return [str(os.getpid()).encode()]


def _breaking() -> Iterator[bytes]:
    for _ in range(10):
        yield PIECE
    raise RuntimeError("a secret cause")


if __name__ == "__main__":
    gateway.BODY_SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else gateway.BODY_SECONDS
    vars(server)["application"] = lambda: gateway.Gateway(app, Settings().threads)
    server.serve(Settings(port=int(sys.argv[1])), lambda: None)
