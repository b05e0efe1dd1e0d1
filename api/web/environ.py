"""A request of ASGI as WSGI knows it (PEP 3333)."""

import sys
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

Scope = Mapping[str, Any]
Headers = Mapping[str, str]


def path_of(scope: Scope) -> str:
    """The path as bytes in latin-1, percent-decoded, which is how WSGI wants it."""
    return unquote_to_bytes(scope["raw_path"]).decode("latin-1")


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by their names in lower case, those of the same name joined."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        # In CGI's names X_Forwarded_For would pass for the X-Forwarded-For of a proxy; a missing Host comes as empty.
        if b"_" not in name and (value or name != b"host"):
            key = name.decode("latin-1").lower()
            joint = "; " if key == "cookie" else ", "
            headers[key] = joint.join(filter(None, (headers.get(key), value.decode("latin-1"))))
    return headers


def environ_of(scope: Scope, headers: Headers, body: IO[bytes], size: int) -> WSGIEnvironment:
    """The request as PEP 3333 has it; with `RAW_URI` and `REQUEST_URI`, in which `%2F` is still told from `/`."""
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    uri = path + ("?" + query if query else "")
    environ = {
        "REQUEST_METHOD": scope["method"], "SCRIPT_NAME": "", "PATH_INFO": path_of(scope),
        "QUERY_STRING": query, "RAW_URI": uri, "REQUEST_URI": uri,
        "SERVER_PROTOCOL": "HTTP/1.1" if scope["http_version"] == "1.1" else "HTTP/1.0",
        "SERVER_NAME": scope["server"][0], "SERVER_PORT": str(scope["server"][1]), "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope["scheme"], "wsgi.input": body, "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    if environ.pop("HTTP_TRANSFER_ENCODING", None) or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(size)  # the body is whole here
    return environ
