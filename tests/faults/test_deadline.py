"""A query without an end is stopped at the deadline, and whoever asks something else meanwhile is answered."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.message import Message
from pathlib import Path

import pytest
from live import Server, running
from unit.samples import sample, store

from api.store.connections import open_writer
from api.store.migrations import open_migrated

pytestmark = pytest.mark.faults
DEADLINE_MS = 1500
COUNT = (
    "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000000000000)"
    " SELECT max(n) FROM number"
)
ENDLESS = (
    "ALTER TABLE events_doc RENAME TO events_texts",
    f"CREATE VIEW events_doc AS SELECT seq, ({COUNT}) AS doc FROM events_texts",
)
"""Each document of an event takes a day to read."""


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    path = tmp_path / "endless.db"
    with closing(open_migrated(path)) as connection:
        store(connection, sample())
    with closing(open_writer(path)) as connection:
        for statement in ENDLESS:
            connection.execute(statement)
    return path


def asked(server: Server, path: str) -> tuple[int, dict[str, str], dict[str, object]]:
    try:
        with urllib.request.urlopen(server.address + path, timeout=30) as answer:
            return answer.status, _lower(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), json.load(error)


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_others_are_answered_while_a_query_runs(endless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_TIMELINE_QUERY_MS", str(DEADLINE_MS))
    monkeypatch.setenv("EVENT_TIMELINE_THREADS", "2")
    with running(endless, "--workers", "1") as server, ThreadPoolExecutor(1) as pool:
        for _ in range(2):  # the second time on a worker that has stopped a query before
            slow = pool.submit(asked, server, "/v1/events")
            answered = 0
            while not slow.done():
                status, _, body = asked(server, f"/v1/actors?limit={answered % 1000 + 1}")
                assert (status, body["meta"] is not None) == (200, True)
                answered += 1
            assert answered >= 5
            status, headers, problem = slow.result()
            assert (status, problem["status"]) == (503, 503)
            assert str(problem["type"]).endswith("#query-too-long")
            assert "Narrow it" in str(problem["detail"])
            assert headers["retry-after"] == "1"
