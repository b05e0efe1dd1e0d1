"""Datasette as uvicorn's factory of applications, so that it has several processes: it is made to be served by one."""

import importlib
import os
from typing import Any


def app() -> Any:
    """The application over the one file; nothing is shortened, and no answer is kept by caches."""
    datasette = importlib.import_module("datasette.app").Datasette(
        [],
        immutables=[os.environ["PEER_DB"]],
        settings={"max_returned_rows": 1000, "sql_time_limit_ms": 10_000, "default_cache_ttl": 0},
        metadata={"databases": {"events": {"tables": {"events": {"fts_table": "events_fts", "fts_pk": "seq"}}}}},
    )
    return datasette.app()
