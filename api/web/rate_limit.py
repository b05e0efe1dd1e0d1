"""Rate limits by client address in fixed windows of a minute, told in the headers of the IETF draft; off by default.

`RateLimit-Policy` says what is allowed, `RateLimit` what is left and for how many seconds
(draft-ietf-httpapi-ratelimit-headers).
"""

import hashlib
import math
import threading
import time

from flask import Flask, Response, g, request

from api.config import Settings
from api.model.problem import Problem
from api.store.counters import Counters, counter_file

WINDOW_SECONDS = 60
FREE = ("/healthz", "/readyz")
"""Paths that are never counted: a supervisor must not be locked out."""


def register(app: Flask, settings: Settings) -> None:
    """Count requests where a limit is set."""
    limit = settings.rate_limit
    if not limit:
        return
    name = hashlib.sha256(f"{settings.db.absolute()} {settings.port}".encode()).hexdigest()[:16]
    local = threading.local()

    @app.before_request
    def count() -> None:
        if request.path in FREE or request.method == "OPTIONS":
            return
        if not hasattr(local, "counters"):
            local.counters = Counters(counter_file(name))
        now = time.time()
        window = int(now // WINDOW_SECONDS)
        g.window_ends = math.ceil((window + 1) * WINDOW_SECONDS - now)
        g.left = limit - local.counters.add(window, request.remote_addr or "")
        if g.left < 0:
            raise Problem(
                429,
                "too-many-requests",
                f"More than {limit} requests in a minute came from this address.",
                headers={"Retry-After": str(g.window_ends)},
            )

    @app.after_request
    def tell(response: Response) -> Response:
        if "left" in g:
            response.headers["RateLimit-Policy"] = f'"default";q={limit};w={WINDOW_SECONDS}'
            response.headers["RateLimit"] = f'"default";r={max(0, g.left)};t={g.window_ends}'
        return response
