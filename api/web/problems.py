"""Answers that are not the one asked for: `application/problem+json` (RFC 9457), each kind with a section in the docs."""

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from json import JSONDecodeError
from urllib.parse import quote

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.model.problem import Problem
from api.model.text import nearest, shown, to_json
from api.store import sqlite
from api.web.http import store, with_query

MEDIA_TYPE = "application/problem+json"
PAGE = "/docs/problems"
LOG = logging.getLogger(__name__)
PASSING = re.compile(
    "locked|busy|disk|unable to open|malformed|not a database|readonly|corrupt|constructor failed|decode to UTF-8|RTree"
)
"""What SQLite says of faults of the file or its surroundings."""


@dataclass(frozen=True)
class Kind:
    """One kind of problem: what it is called, what it means, what to do."""

    name: str
    status: int
    title: str
    meaning: str
    remedy: str


KINDS = (
    Kind(
        "merged", 308, "The record was merged into another", "This id stood for what another record stands for now.",
        "Follow `Location`.",
    ),
    Kind(
        "invalid-parameter", 400, "A parameter is wrong",
        "A parameter is unknown here, given twice, empty, out of range, or contradicts another. Nothing is guessed,"
        " clamped or ignored.",
        "`errors` names every parameter at fault, with what it allows and the nearest right word.",
    ),
    Kind(
        "bad-request", 400, "The request cannot be read", "The request is not HTTP as it should be.",
        "Compare it with an example of the docs.",
    ),
    Kind(
        "invalid-json", 400, "The document is not JSON",
        "The body is not UTF-8 JSON, or holds what two readers may read differently.",
        "The detail names the place.",
    ),
    Kind(
        "body-cut-short", 400, "The body ended early", "Less arrived than was announced.", "Send the request again."
    ),
    Kind(
        "key-required", 401, "A key is needed", "The request writes, or reads here are not open, and it came without a key.",
        "Send one as `Authorization: Bearer …` or `X-API-Key: …`; `event-timeline keys create` makes them.",
    ),
    Kind(
        "key-refused", 401, "The key does not count", "The key is unknown, has expired or was revoked; the detail says which.",
        "Ask whoever runs this server for another one.",
    ),
    Kind(
        "scope-too-narrow", 403, "The key may not do this", "The key is good, but made for less: read, write, admin.",
        "Ask for a key with the scope that the detail names.",
    ),
    Kind(
        "not-found", 404, "Nothing is here", "There is no such path, or no record with this id.",
        "The detail names the nearest path or id; `/` lists the paths.",
    ),
    Kind(
        "method-not-allowed", 405, "The path does not take this method", "The path is there, for other methods.",
        "The `Allow` header lists them.",
    ),
    Kind(
        "not-acceptable", 406, "No such representation", "The `Accept` header allows none of the media types here.",
        "`errors` lists them; or ask a path of one format, such as `/v1/events.csv`, which ignores `Accept`.",
    ),
    Kind(
        "request-timeout", 408, "The body did not arrive in time", "The connection was too slow or the sender stopped.",
        "Send the request again.",
    ),
    Kind(
        "conflict", 409, "It does not fit what is stored",
        "There is a record with this id already, it has changed since, or the result would contradict itself.",
        "The detail and `errors` say what stands in the way; read the record again and decide.",
    ),
    Kind(
        "in-use", 409, "Other records point to it", "A record that others point to is not deleted.",
        "`errors` lists them. Change them first, or merge the record into another, which takes them along.",
    ),
    Kind(
        "request-under-way", 409, "The same request is being answered",
        "Another request with this `Idempotency-Key` has not ended yet.",
        "Send it again after as many seconds as `Retry-After` says; the answer will be the same.",
    ),
    Kind(
        "gone", 410, "The record was deleted", "There was a record with this id. The detail says when it was deleted and why.",
        "Its versions are still in `/v1/{noun}/{id}/history`.",
    ),
    Kind(
        "other-history", 410, "The feed is not the one you read",
        "The database was restored or replaced, so that these numbers stand for other changes.",
        "Begin again with `since=0` and build your copy anew.",
    ),
    Kind(
        "length-required", 411, "The body has no length", "A request that writes must tell how long its body is.",
        "Send `Content-Length`.",
    ),
    Kind(
        "precondition-failed", 412, "The record is not as you knew it",
        "It has another version than `If-Match` names, or there is one where `If-None-Match` allows none.",
        "Read it again, see what has changed, and send your change on top of that.",
    ),
    Kind(
        "body-too-large", 413, "The body is too large", "More was sent than is taken at once.", "Send it in parts."
    ),
    Kind(
        "unsupported-media-type", 415, "The body is of another type", "The body has a media type or an encoding not taken here.",
        "The detail names those that are; a compressed body is sent plain.",
    ),
    Kind(
        "invalid-record", 422, "The document has faults", "It is JSON, but not records that can be stored.",
        "`errors` lists every fault with its JSON pointer; of one list, those of the first 100 members that have any.",
    ),
    Kind(
        "idempotency-key-reused", 422, "The Idempotency-Key stands for another request",
        "This key was sent before with another body or to another path.", "Make a new one for each new request.",
    ),
    Kind(
        "precondition-required", 428, "Say which version you change",
        "To overwrite or delete a record, the version that you have read must be named, lest others' changes be lost.",
        'Send `If-Match` with the `ETag` of the record, or with its version in quotes: `If-Match: "3"`.',
    ),
    Kind(
        "too-many-requests", 429, "Too many requests", "This client has used up its share for the minute.",
        "Wait as many seconds as `Retry-After` says.",
    ),
    Kind(
        "internal-error", 500, "Something went wrong here", "The fault is ours.",
        "Report the `request_id`; the log has the rest.",
    ),
    Kind(
        "query-too-long", 503, "The query took too long", "It was stopped so that others are served.",
        "Narrow it, by a country, a location, an actor or a shorter span of days.",
    ),
    Kind(
        "unavailable", 503, "Not now", "The database cannot be used at the moment.",
        "Try again after as many seconds as `Retry-After` says.",
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}


def problem_response(problem: Problem) -> Response:
    """The one place where an error becomes an answer."""
    kind = BY_NAME[problem.kind]
    body = {
        "type": f"{g.origin}{PAGE}#{kind.name}",
        "title": kind.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": g.origin + quote(request.path),
        "request_id": g.request_id,
    }
    if problem.faults:
        body["errors"] = [fault.as_dict() for fault in problem.faults]
    response = Response(to_json(body) + "\n", problem.status, content_type=MEDIA_TYPE)
    response.headers.update(problem.headers)
    if "Location" in problem.headers:  # other rooms know the path alone
        response.headers["Location"] = with_query(problem.headers["Location"])
    response.headers["Cache-Control"] = "no-store"
    return response


def register(app: Flask) -> None:
    """Let every error of the application end in `problem_response`."""

    @app.errorhandler(Problem)
    def known(problem: Problem) -> Response:
        return problem_response(problem)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return problem_response(_from_http(app, error))

    @app.errorhandler(sqlite.DatabaseError)
    @app.errorhandler(JSONDecodeError)  # only what is stored is read without asking whether it is JSON
    def unreadable(error: Exception) -> Response:
        is_passing = isinstance(error, JSONDecodeError) or PASSING.search(str(error))
        return _unavailable(error) if is_passing else unknown(error)

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        """A fault of ours, unless the file is damaged: what it has lost may be missed anywhere."""
        LOG.error("request %s failed", g.request_id, exc_info=error)
        if damage := store().damage():
            return _unavailable(damage)
        return problem_response(Problem(500, "internal-error", "Something went wrong here; it has been logged."))


def _unavailable(reason: object) -> Response:
    LOG.error("request %s: the database cannot be used: %s", g.request_id, reason)
    return problem_response(
        Problem(503, "unavailable", "The database cannot be used at the moment.", headers={"Retry-After": "5"})
    )


def _from_http(app: Flask, error: HTTPException) -> Problem:
    if error.code == HTTPStatus.NOT_FOUND:
        paths = [rule.rule for rule in app.url_map.iter_rules() if not rule.arguments]
        near = nearest(request.path, paths)
        hint = f"Did you mean {near}?" if near else "GET / lists the paths."
        return Problem(404, "not-found", f"There is no path {shown(request.path)}. {hint}")
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        return Problem(
            405,
            "method-not-allowed",
            f"{request.path} takes {methods}, not {request.method}.",
            headers={"Allow": methods},
        )
    if error.code is not None and error.code < 500:
        same = next((kind for kind in KINDS if kind.status == error.code), BY_NAME["bad-request"])
        return Problem(same.status, same.name, error.description or same.meaning)
    return Problem(500, "internal-error", "Something went wrong here; it has been logged.")
