"""Who asks: the API key of a request, and what it may do (challenges as RFC 6750 has them)."""

import base64
import logging
from collections.abc import Callable, Collection, Mapping

from flask import Flask, Response, g, request

from api.model.problem import Problem
from api.store import sqlite
from api.store.keys import RESERVED, Caller, find
from api.store.readers import Store
from api.web.forms import FORM_BYTES
from api.web.http import settings, store

REALM = 'Bearer realm="event-timeline"'
API, OPEN = ("/v1/", "/ogc"), "/v1/openapi.json"
"""Below the ones keys are looked at; the other describes how to use them, so it needs none."""
WRITING = ("POST", "PUT", "PATCH", "DELETE")
LOG = logging.getLogger(__name__)


def caller(store: Store, headers: Mapping[str, str]) -> Caller | None:
    """Whose key came in `authorization: Bearer …` or `x-api-key`; None without one. Names of headers are in lower case.

    `Problem` 401 for a key that does not count, and for two that differ. Opens a snapshot on this thread's reader.
    """
    key = _given(headers)
    if key is None:
        return None
    reader = store.reader()
    with reader.snapshot():
        try:
            return find(reader, key)
        except Problem as problem:
            if problem.kind == "key-refused":
                raise _refused(problem.detail) from None
            raise


def require(caller: Caller | None, scope: str) -> Caller:
    """The caller, who may do what the scope allows. `Problem` 401 where there is none, 403 where the key is for less."""
    if caller is None:
        challenge = f'{REALM}, scope="{scope}"'
        detail = f"This needs a key with scope {scope}, as Authorization: Bearer … or X-API-Key: …."
        raise Problem(401, "key-required", detail, headers={"WWW-Authenticate": challenge})
    if not caller.may(scope):
        detail = f"The key {caller.id} has scope {caller.scope}; this needs {scope}."
        challenge = f'{REALM}, error="insufficient_scope", error_description="{detail}", scope="{scope}"'
        raise Problem(403, "scope-too-narrow", detail, headers={"WWW-Authenticate": challenge})
    return caller


def _refused(detail: str) -> Problem:
    challenge = f'{REALM}, error="invalid_token", error_description="{detail}"'
    return Problem(401, "key-refused", detail, headers={"WWW-Authenticate": challenge})


CARRIERS = ("authorization", "x-api-key")
"""The headers that may hold a key."""


def _given(headers: Mapping[str, str]) -> str | None:
    """The text that should be a key: of Bearer, of X-API-Key, or the password of Basic, which GIS programs can send.

    A password that does not begin as our keys do is not ours: a proxy may ask for its own.
    """
    scheme, *rest = headers.get("authorization", "").split(maxsplit=1) or [""]
    found = {"".join(rest).strip()} if scheme.lower() == "bearer" else set()
    if scheme.lower() == "basic" and (password := _password("".join(rest))).startswith(RESERVED):
        found.add(password)
    if "x-api-key" in headers:
        found.add(headers["x-api-key"].strip())
    if len(found) > 1:
        raise _refused("Authorization and X-API-Key hold different keys; send one of them.")
    return found.pop() if found else None


def _password(credentials: str) -> str:
    """The password of Basic credentials (RFC 7617), empty where there is none to be read."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def admission(
    store: Store, forms: Collection[str] = (), reads_need_key: bool = False
) -> Callable[[str, str, Mapping[str, str]], int | None]:
    """What decides, by method, path and headers, whether a request's body is read: it raises the `Problem` if not.

    It tells how many bytes are read at the most, or None where the server's own limit is enough. What is sent to `forms`
    by POST reads only, so it needs a key only where reads do.
    """

    def admit(method: str, path: str, headers: Mapping[str, str]) -> int | None:
        if method.upper() not in WRITING or not path.startswith(API):
            return None
        is_form = method.upper() == "POST" and path in forms
        if is_form and not reads_need_key:
            return FORM_BYTES
        try:
            require(caller(store, headers), "read" if is_form else "write")
            return FORM_BYTES if is_form else None
        except sqlite.Error as error:
            LOG.error("keys cannot be looked up: %s", error)
            detail = "The database cannot be used at the moment."
            raise Problem(503, "unavailable", detail, headers={"Retry-After": "5"}) from None

    return admit


def register(app: Flask, forms: Collection[str] = ()) -> None:
    """Look up the key of every request to the API into `g.caller`, and close reads where the settings say so.

    Whatever `forms` take is a read, by POST too.
    """

    @app.before_request
    def identify() -> None:
        g.caller = None
        if not _is_looked_at():
            return
        g.caller = caller(store(), {name: request.headers[name] for name in CARRIERS if name in request.headers})
        if settings().reads_need_key and (request.method in ("GET", "HEAD") or request.path in forms):
            require(g.caller, "read")

    @app.after_request
    def keep_private(response: Response) -> Response:
        if settings().reads_need_key and _is_looked_at():
            response.vary.update(("Authorization", "X-API-Key"))
            kept = response.headers.get("Cache-Control", "")
            response.headers["Cache-Control"] = kept.replace("public", "private") or "no-store"
        return response


def _is_looked_at() -> bool:
    """Preflights carry no key, so none is asked of them."""
    return request.path.startswith(API) and request.path != OPEN and request.method != "OPTIONS"
