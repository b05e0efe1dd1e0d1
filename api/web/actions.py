"""Actions: requests that write. Each runs within one transaction, of one caller, under one condition, at most once.

The order is that of what costs least: key, query string, length and type of the body, its JSON, the answer that a repeated
request was given before; then the action itself.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, g, request

from api.model.changes import LONGEST_REASON, Author
from api.model.condition import Condition
from api.model.kinds import Plain
from api.model.parameters import Parameter
from api.model.problem import Fault, Problem
from api.model.strict_json import read_json
from api.model.text import shown, to_json, unstorable
from api.store import answers, sqlite
from api.store.gate import Gate
from api.store.readers import Version, version_of
from api.store.transaction import Undo
from api.store.writing import Writer
from api.web import keys
from api.web.http import validators
from api.web.queries import read
from api.web.routes import JsonSchema

JSON, LINES, MERGE_PATCH = "application/json", "application/x-ndjson", "application/merge-patch+json"
TOKEN = re.compile(r"[\x21-\x7e]{1,255}")
VERSION_TAG = re.compile(r"([1-9][0-9]{0,15})(\.[0-9a-f]{32}(:[a-z]+)?)?")
"""An entity tag of a record begins with its version, which alone is enough too."""
REASON = Parameter(
    "reason", Plain(LONGEST_REASON), "Why, in a sentence: kept in the record's history.", "Corrected after a call."
)


@dataclass(frozen=True)
class Order:
    """A request to write, as actions see it."""

    writer: Writer
    given: Mapping[str, Any]
    body: Any
    condition: Condition


@dataclass(frozen=True)
class Reply:
    """What a write is answered: JSON text, and the path and version of the record that it gives, where it gives one."""

    status: int
    text: str = ""
    path: str | None = None
    version: int | None = None
    is_undone: bool = False
    """Nothing is stored: it was only asked what would be."""


@dataclass(frozen=True)
class Action:
    """One path and method that writes. `answer` is called with an `Order` and what the path names.

    `bodies` are the schemas of the bodies it takes, by media type; without any it takes none.
    """

    method: str
    path: str
    operation: str
    tag: str
    about: str
    description: str
    answer: Callable[..., Reply]
    example: str
    statuses: Mapping[int, JsonSchema | None]
    bodies: Mapping[str, JsonSchema] = field(default_factory=dict)
    problems: Sequence[str] = ()
    parameters: Sequence[Parameter] = (REASON,)
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    scope: str = "write"
    is_apart: bool = False
    """It changes no data, so it is given the body alone, outside of any transaction, and takes no Idempotency-Key."""
    read_body: Callable[[bytes, str], Any] = lambda data, _: read_json(data)


def register(app: Flask, actions: Sequence[Action], gate: Gate) -> None:
    """Give every action to Flask."""
    app.config["GATE"] = gate
    for action in actions:
        app.add_url_rule(action.path, action.operation, _view(action), methods=[action.method])


def _view(action: Action) -> Callable[..., Response]:
    def view(**named: str) -> Response:
        caller = keys.require(g.caller, action.scope)
        given = read(request.query_string, action.parameters)
        condition, token, data = _condition(), _token(action), request.get_data()
        body = _body(action, data)
        if action.is_apart:
            return _response(_text(action.answer(body), None))
        whole = "\n".join((request.method, request.full_path, request.mimetype, ""))
        attempt = _Attempt(caller.id, token, hashlib.sha256(whole.encode() + data).hexdigest())
        gate: Gate = current_app.config["GATE"]
        with gate.writing(token and (caller.id, token)) as connection:
            answer = attempt.recall(connection)
            if answer is None:
                writer = Writer(connection, Author(caller.id, given.get("reason")))
                reply = action.answer(Order(writer, given, body, condition), **named)
                answer = _text(reply, version_of(connection))
                if reply.is_undone:
                    raise Undo
                attempt.keep(connection, answer)
        return _response(answer)

    return view


@dataclass(frozen=True)
class _Attempt:
    """One request as its repetitions are known by."""

    caller: str
    token: str | None
    digest: str

    def recall(self, connection: sqlite.Connection) -> str | None:
        return answers.recall(connection, self.caller, self.token, self.digest) if self.token else None

    def keep(self, connection: sqlite.Connection, answer: str) -> None:
        if self.token:
            answers.keep(connection, self.caller, self.token, self.digest, answer)


def _text(reply: Reply, version: Version | None) -> str:
    """An answer as it is kept."""
    headers = {"Cache-Control": "no-store"}
    if reply.path:
        address = g.origin + reply.path
        headers |= {"Location": address} if reply.status == 201 else {}
        if version and reply.version:
            tag = validators(version, JSON, f"{reply.path}?").etag
            headers |= {"Content-Location": address, "ETag": f'"{reply.version}.{tag}"'}
    return to_json([reply.status, headers, reply.text])


def _response(answer: str) -> Response:
    status, headers, text = json.loads(answer)
    response = Response(text, status, headers, content_type=JSON)
    if not text:
        del response.headers["Content-Type"]  # there is no content
    return response


def _media_type(action: Action) -> str:
    if request.content_length is None:
        raise Problem(411, "length-required", f"A {request.method} needs Content-Length.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        detail = "A body is taken as it is, without a Content-Encoding."
        raise Problem(415, "unsupported-media-type", detail, headers={"Accept-Encoding": "identity"})
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype not in action.bodies or charset != "utf-8":
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        allowed = ", ".join(action.bodies)
        sent = shown(request.content_type) if request.content_type else "none"
        detail = f"The Content-Type is {sent}; this takes {allowed}, in UTF-8."
        raise Problem(415, "unsupported-media-type", detail, headers={name: allowed})
    return request.mimetype


def _body(action: Action, data: bytes) -> Any:
    if action.bodies:
        return action.read_body(data, _media_type(action))
    if data:
        raise Problem(400, "bad-request", f"A {request.method} takes no body.")
    return None


def _condition() -> Condition:
    known, unknown = (request.headers.get(name) for name in ("If-Match", "If-None-Match"))
    if unknown is not None and unknown.strip() != "*":
        raise _bad_header("If-None-Match", "takes only * when something is written")
    if known is None:
        return Condition(only_new=unknown is not None)
    if unknown is not None:
        raise _bad_header("If-None-Match", "contradicts If-Match; send one of them")
    # Werkzeug gives None for an empty tag; * among others counts for nothing.
    tags = [VERSION_TAG.fullmatch(each or "") for each in request.if_match.as_set()]
    return Condition(frozenset(int(each[1]) for each in tags if each), known.strip() == "*")


def _token(action: Action) -> str | None:
    token = request.headers.get("Idempotency-Key")
    if token is not None and action.is_apart:
        raise _bad_header("Idempotency-Key", "is not taken here, where a name can be given once only")
    if token is not None and (not TOKEN.fullmatch(token) or unstorable(token)):
        raise _bad_header("Idempotency-Key", "takes 1 to 255 visible ASCII characters, such as a UUID")
    return token


def _bad_header(name: str, detail: str) -> Problem:
    return Problem(400, "bad-request", f"{name}: {detail}.", [Fault(detail, name)])
