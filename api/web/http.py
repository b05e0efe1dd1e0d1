"""What every answer carries: request id, timing, CORS, security headers; and the validators that make 304s."""

import hashlib
import re
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import http_date
from werkzeug.urls import iri_to_uri

from api.config import Settings
from api.model.problem import Problem
from api.store.readers import Store, Version
from api.store.rendering import DOCUMENTS

CODE_VERSION = metadata.version("event-timeline")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
EXPOSED = (
    "Link, Location, Content-Location, ETag, Accept-Patch, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID,"
    " Server-Timing"
)
ALLOWED_HEADERS = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, If-None-Match, X-API-Key,"
    " X-Request-ID"
)
RECORD_VERSION = re.compile(r"^[0-9]+\.")
PREFLIGHT_SECONDS = 86_400
STALE_SECONDS = 60
YEAR_SECONDS = 31_536_000
"""How long caches keep what never changes; some take no longer time."""
ENCODINGS = ("zstd", "br", "gzip", "deflate")
PAGE_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


def settings() -> Settings:
    """The settings of the running application."""
    return current_app.config["SETTINGS"]  # type: ignore[no-any-return]


def store() -> Store:
    """The database of the running application."""
    return current_app.config["STORE"]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Validators:
    """What tells whether an answer would still be the same: strong entity tag, and time of the newest change."""

    etag: str
    changed: datetime | None
    is_immutable: bool = False

    def with_version(self, version: str | None) -> "Validators":
        """The same with a version before the tag, which is what `If-Match` looks at."""
        return replace(self, etag=f"{version}.{self.etag}") if version else self

    def with_state(self, state: str) -> "Validators":
        """The same where the answer depends on more than the data; when that changed nobody knows."""
        return replace(self, etag=_digest(self.etag, state), changed=None)

    def headers(self, max_age: int) -> dict[str, str]:
        """The caching headers of a 200 or a 304."""
        kept = f"max-age={max_age}, stale-while-revalidate={STALE_SECONDS}"
        if self.is_immutable:
            kept = f"max-age={YEAR_SECONDS}, immutable"
        fields = {"ETag": f'"{self.etag}"', "Cache-Control": f"public, {kept}"}
        # A second that is not over may still bring a change that this date would not show.
        if self.changed and (datetime.now(UTC) - self.changed).total_seconds() >= 2:
            fields["Last-Modified"] = http_date(self.changed)
        return fields


def validators(version: Version | None, media_type: str, target: str | None = None) -> Validators:
    """Validators from the versions of data and code, the URL (or another target) and the representation; no table is read.

    Without a version, for what no data change: pages, which are there even when the database is not.
    """
    # After a restore numbers are used again, so the time of the newest change is part of it too.
    data = (version.epoch, str(version.seq), version.changed_at) if version else ()
    parts = (*data, CODE_VERSION, str(DOCUMENTS), g.origin, target or request.full_path, media_type)
    return Validators(_digest(*parts), datetime.fromisoformat(version.changed_at) if version else None)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def not_modified(current: Validators, is_found: bool = False) -> Response | None:
    """A 304 if the client's copy is current (RFC 9110, 13.2.2), in whatever encoding it has it.

    An entity tag was given with a 200 of this very URL, so it answers before anything is read. `*` and a date say less:
    they count only where the answer `is_found` to be a 200, for what is missing or refused is never a 304.
    """
    match = request.if_none_match
    if match.star_tag:
        held = current.etag if is_found else None
    elif match:
        held = held_tag(current.etag)
    else:
        since = _since()
        is_older = since is not None and current.changed is not None and current.changed <= since
        held = current.etag if is_found and is_older else None
    if held is None:
        return None
    return Response(status=304, headers=replace(current, etag=held).headers(settings().max_age))


def held_tag(etag: str) -> str | None:
    """The tag by which `If-None-Match` names an answer, in whatever encoding the client has it; compared weakly.

    A tag may begin with the version of the record that it was given with.
    """
    bare = RECORD_VERSION.sub("", etag)
    tags = {bare, *(f"{bare}:{each}" for each in ENCODINGS)}
    match = request.if_none_match
    given = {etag} if match.star_tag else {tag or "" for tag in match.as_set(include_weak=True)}
    return next((tag for tag in sorted(given) if RECORD_VERSION.sub("", tag) in tags), None)


def accepted() -> MIMEAccept:
    """What `Accept` asks for, without parameters such as `charset=utf-8`: no two formats differ only in those."""
    return MIMEAccept([(each.partition(";")[0].rstrip(), quality) for each, quality in request.accept_mimetypes])


def own_address() -> str:
    """The URL of the request, in ASCII whatever the client sent."""
    return g.origin + iri_to_uri(request.full_path)  # type: ignore[no-any-return]


def with_query(path: str) -> str:
    """The URL of another path under the same origin, with the query of the request."""
    query = request.query_string.decode(errors="replace")
    return g.origin + (iri_to_uri(f"{path}?{query}") if query else path)  # type: ignore[no-any-return]


def _since() -> datetime | None:
    try:
        return request.if_modified_since
    except OverflowError:  # a year that no calendar has
        return None


def _origin() -> str:
    host = request.host or request.headers.get("Host", "")  # Werkzeug gives none for a name with an underscore
    if not HOST.fullmatch(host):
        raise Problem(400, "bad-request", "The Host header does not name a host.")
    return f"{request.scheme}://{host}"


def _plain_encodings() -> str:
    """`Accept-Encoding` as Flask-Compress reads it right: it takes `gzip;q=0` for a wish, and no space before a `q`."""
    return ", ".join(f"{name};q={quality}" for name, quality in request.accept_encodings if quality > 0)


def register(app: Flask) -> None:
    """Set up what happens before and after every request."""

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        asked = request.headers.get("X-Request-ID", "")
        g.request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        g.origin = settings().public_url.rstrip("/")
        g.origin = g.origin or _origin()
        request.environ["HTTP_ACCEPT_ENCODING"] = _plain_encodings()

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers["X-Request-ID"] = g.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS":
            if response.status_code < 400:
                del headers["Content-Type"]  # there is no content
            headers["Access-Control-Allow-Methods"] = headers.get("Allow", "GET, HEAD, OPTIONS")
            headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        if response.mimetype == "text/html":
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        total = (time.perf_counter() - g.started) * 1000
        database = g.get("database_seconds", 0.0) * 1000
        headers["Server-Timing"] = f"db;dur={database:.1f}, total;dur={total:.1f}"
        return response
