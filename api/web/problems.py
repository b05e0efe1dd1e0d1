"""Answers that are not the one asked for: `application/problem+json` (RFC 9457), each kind with a section in the docs."""

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.model.problem import Problem
from api.model.text import nearest, shown, to_json
from api.store import sqlite

MEDIA_TYPE = "application/problem+json"
PAGE = "/docs/problems"
LOG = logging.getLogger(__name__)
PASSING = re.compile("locked|busy|disk|unable to open|malformed|not a database")
"""What SQLite says of faults of the file or its surroundings; anything else is a fault of ours."""


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
        "body-too-large", 413, "The body is too large", "More was sent than is taken at once.", "Send it in parts."
    ),
    Kind(
        "invalid-record", 422, "The document has faults", "It is JSON, but not records that can be stored.",
        "`errors` lists every fault with its JSON pointer.",
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
        "unavailable", 503, "Not now", "The database cannot be read at the moment.",
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
    def unavailable(error: Exception) -> Response:
        if not PASSING.search(str(error)):
            return unknown(error)
        LOG.error("request %s: the database cannot be read: %s", g.request_id, error)
        return problem_response(
            Problem(503, "unavailable", "The database cannot be read at the moment.", headers={"Retry-After": "5"})
        )

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        LOG.error("request %s failed", g.request_id, exc_info=error)
        return problem_response(Problem(500, "internal-error", "Something went wrong here; it has been logged."))


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
