"""Health: for load balancers and supervisors."""

from flask import Flask, Response, request

from api.model.moments import now
from api.model.text import to_json
from api.store import sqlite
from api.web.http import store
from api.web.queries import read


def register(app: Flask) -> None:
    """`/healthz` and `/readyz`; neither is cached."""

    @app.get("/healthz")
    def healthz() -> Response:
        """The process answers. Nothing else is looked at."""
        return _answer({"status": "ok"})

    @app.get("/readyz")
    def readyz() -> Response:
        """The database can be read; says which SQLite reads it, and warns of what is unsafe."""
        reader = store().reader()
        with reader.snapshot():
            version = reader.version()
        warnings = [sqlite.WAL_WARNING] if sqlite.may_corrupt_wal() else []
        if version.changed_at > now():
            warnings.append(f"The newest change is of {version.changed_at}, which is still to come: check the clock.")
        return _answer(
            {"status": "ready", "dataset_version": version.seq, "sqlite": sqlite.VERSION, "warnings": warnings}
        )


def _answer(body: dict[str, object]) -> Response:
    read(request.query_string, ())
    return Response(to_json(body) + "\n", content_type="application/json", headers={"Cache-Control": "no-store"})
