"""`Idempotency-Key`: the same request again gives the same answer and does nothing, however often, late or at once it comes."""

import datetime
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from answers import Json, check_type, serving
from flask.testing import FlaskClient
from live import Server, running
from unit.samples import as_bytes
from werkzeug.test import TestResponse
from writers import LINES, PATCH_TYPE, Desk, desk, lines_of, new, written

from api.config import Settings
from api.model import moments

TOKEN = "7f3c-1"
SAME = ("ETag", "Content-Location", "Location", "Content-Type", "Cache-Control")
BUNDLE: Json = {"bundle": "event-timeline/1", "actors": [new("actors", "bundled")]}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    """A desk over a database of its own."""
    with desk(tmp_path / "own.db") as found:
        yield found


def whole(response: TestResponse) -> tuple[int, bytes, list[str | None]]:
    """All that must be the same when a request is repeated."""
    return response.status_code, response.data, [response.headers.get(name) for name in SAME]


Order = tuple[str, str, Any, dict[str, str]]
ORDERS: dict[str, Order] = {
    "POST": (
        "POST",
        "/v1/actors?reason=Once",
        {"name": "Ünnamed", "type": "other", "evidence": [{"source": "wire"}]},
        {},
    ),
    "POST with an id": ("POST", "/v1/events", new("events"), {}),
    "PUT that creates": ("PUT", "/v1/locations/new", new("locations"), {"If_None_Match": "*"}),
    "PUT": ("PUT", "/v1/actors/rebels", new("actors", "rebels", "Otherwise"), {"If_Match": '"1"'}),
    "PATCH": ("PATCH", "/v1/statements/claim", {"note": "Noted."}, {"If_Match": '"1"'}),
    "PATCH of nothing": ("PATCH", "/v1/statements/claim", {}, {"If_Match": '"1"'}),
    "DELETE": ("DELETE", "/v1/statements/claim", None, {"If_Match": '"1"'}),
    "merge": ("POST", "/v1/actors/cell/merge", {"into": "rebels"}, {"If_Match": '"1"'}),
    "bundle": ("POST", "/v1/bundle", BUNDLE, {}),
    "bundle as lines": ("POST", "/v1/bundle?on_conflict=skip", lines_of(BUNDLE), {"Content_Type": LINES}),
}


def sent(here: Desk, order: Order, **more: Any) -> TestResponse:
    method, path, body, headers = order
    if isinstance(body, bytes):
        return here.send(method, path, data=body, **headers, **more)
    return here.send(method, path, body, **headers, **more)


@pytest.mark.parametrize("name", ORDERS)
def test_the_same_again_is_answered_the_same(here: Desk, name: str) -> None:
    first = sent(here, ORDERS[name], Idempotency_Key=TOKEN)
    assert first.status_code in (200, 201, 204), first.text
    after = here.state()
    assert whole(sent(here, ORDERS[name], Idempotency_Key=TOKEN)) == whole(first)
    assert here.state() == after
    # Others write meanwhile, even to the same record.
    here.done("POST", "/v1/sources", new("sources", "between"))
    if "/v1/actors/rebels" in name:
        here.done("PATCH", "/v1/actors/rebels", {"country": "SY"}, If_Match="*")
    after = here.state()
    assert whole(sent(here, ORDERS[name], Idempotency_Key=TOKEN)) == whole(first)
    assert here.state() == after
    # The server is started anew.
    with serving(Settings(db=here.database)) as client:
        again = sent(Desk(client, here.keys, here.database), ORDERS[name], Idempotency_Key=TOKEN)
        client.application.config["GATE"].close()
    assert whole(again) == whole(first)
    assert here.state() == after


def test_what_was_created_may_be_gone(here: Desk) -> None:
    """The answer tells what the request did, not how things stand."""
    first = sent(here, ORDERS["POST with an id"], Idempotency_Key=TOKEN)
    here.done("DELETE", "/v1/events/new", If_Match='"1"')
    assert whole(sent(here, ORDERS["POST with an id"], Idempotency_Key=TOKEN)) == whole(first)
    assert here.client.get("/v1/events/new").status_code == 410


OTHERS: list[tuple[str, Order]] = [
    ("another body", ("POST", "/v1/actors", new("actors", called="Another"), {})),
    ("the same body, written otherwise",
     ("POST", "/v1/actors", json.dumps(new("actors"), indent=1).encode(), {"Content_Type": "application/json"})),
    ("another path", ("POST", "/v1/sources", {"id": "new"}, {})),
    ("another query", ("POST", "/v1/actors?reason=Why", new("actors"), {})),
    ("another method", ("PUT", "/v1/actors/new", new("actors"), {})),
    ("no body", ("DELETE", "/v1/actors/new", None, {"If_Match": '"1"'})),
    ("another type", ("PATCH", "/v1/actors/new", {}, {"If_Match": "*"})),
]  # fmt: skip


@pytest.mark.parametrize("other", [other for _, other in OTHERS], ids=[name for name, _ in OTHERS])
def test_another_request_is_refused(here: Desk, other: Order) -> None:
    order: Order = ("POST", "/v1/actors", new("actors"), {})
    first = sent(here, order, Idempotency_Key=TOKEN)
    before = here.state()
    response = sent(here, other, Idempotency_Key=TOKEN)
    assert response.status_code == 422, response.text
    problem = response.get_json()
    assert problem["type"].endswith("#idempotency-key-reused")
    check_type(here.client, problem)
    assert here.state() == before
    assert whole(sent(here, order, Idempotency_Key=TOKEN)) == whole(first)


def test_the_media_type_belongs_to_the_request(here: Desk) -> None:
    order = ("PATCH", "/v1/actors/army", {"country": "TR"})
    here.done(*order, If_Match='"1"', Idempotency_Key=TOKEN)
    for media_type, status in ((PATCH_TYPE, 200), (f"{PATCH_TYPE}; charset=utf-8", 200), ("application/json", 422)):
        response = here.send(*order, If_Match='"1"', Idempotency_Key=TOKEN, Content_Type=media_type)
        assert response.status_code == status


def test_callers_do_not_meet(here: Desk) -> None:
    body = {"name": "Same", "type": "other", "evidence": [{"source": "wire"}]}
    ids = {
        by: here.done("POST", "/v1/actors", body, by=by, Idempotency_Key=TOKEN)["id"] for by in ("desk", "colleague")
    }
    assert ids == {"desk": "same", "colleague": "same-2"}
    for by, record_id in ids.items():
        assert here.done("POST", "/v1/actors", body, by=by, Idempotency_Key=TOKEN)["id"] == record_id
    assert here.send("POST", "/v1/actors", body, by="reader", Idempotency_Key=TOKEN).status_code == 403
    assert here.send("POST", "/v1/actors", body, by=None, Idempotency_Key=TOKEN).status_code == 401


FAILED: list[tuple[int, Order, Order]] = [
    # status, a request that fails, the one that is sent with the same token then
    (422, ("POST", "/v1/actors", {"id": "new"}, {}), ("POST", "/v1/actors", new("actors"), {})),
    (409, ("POST", "/v1/actors", new("actors", "army"), {}), ("POST", "/v1/actors", new("actors"), {})),
    (428, ("PATCH", "/v1/actors/army", {"country": "TR"}, {}),
     ("PATCH", "/v1/actors/army", {"country": "TR"}, {"If_Match": "*"})),
    (412, ("PATCH", "/v1/actors/army", {"country": "TR"}, {"If_Match": '"9"'}),
     ("PATCH", "/v1/actors/army", {"country": "TR"}, {"If_Match": '"1"'})),
    (409, ("DELETE", "/v1/actors/army", None, {"If_Match": "*"}), ("DELETE", "/v1/statements/claim", None, {"If_Match": "*"})),
    (404, ("PATCH", "/v1/actors/never", {}, {"If_Match": "*"}), ("POST", "/v1/actors", new("actors", "never"), {})),
    (409, ("POST", "/v1/bundle", {"bundle": "event-timeline/1", "actors": [new("actors", "army")]}, {}),
     ("POST", "/v1/bundle?on_conflict=skip", {"bundle": "event-timeline/1", "actors": [new("actors", "army")]}, {})),
]  # fmt: skip


@pytest.mark.parametrize(("status", "failed", "order"), FAILED)
def test_what_failed_is_not_remembered(here: Desk, status: int, failed: Order, order: Order) -> None:
    before = here.state()
    for _ in range(2):
        assert sent(here, failed, Idempotency_Key=TOKEN).status_code == status
    assert here.state() == before
    first = sent(here, order, Idempotency_Key=TOKEN)
    assert first.status_code in (200, 201, 204), first.text
    assert whole(sent(here, order, Idempotency_Key=TOKEN)) == whole(first)


def test_a_dry_run_is_not_remembered(here: Desk) -> None:
    for dry in ("true", "true", "false"):
        report = here.done("POST", f"/v1/bundle?dry_run={dry}", BUNDLE, Idempotency_Key=TOKEN)
        assert (report["created"], report["dry_run"]) == (1, dry == "true")


@pytest.mark.parametrize("token", ["", " ", "a b", "é", "x" * 256, "\t", "a\x7f", "ключ".encode().decode("latin-1")])
@pytest.mark.parametrize("name", ["POST", "DELETE", "bundle"])
def test_a_token_is_plain(here: Desk, name: str, token: str) -> None:
    before = here.state()
    response = sent(here, ORDERS[name], Idempotency_Key=token)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.get_json()["detail"]
    assert here.state() == before


@pytest.mark.parametrize("token", ["x", "x" * 255, "!~", '"a,b;c"', "0", "' OR 1=1 --".replace(" ", "_"), "*"])
def test_any_other_token_will_do(here: Desk, token: str) -> None:
    first = sent(here, ORDERS["POST"], Idempotency_Key=token)
    assert first.status_code == 201
    assert whole(sent(here, ORDERS["POST"], Idempotency_Key=token)) == whole(first)
    assert sent(here, ORDERS["POST"], Idempotency_Key=f"{token[:-1]}?").get_json()["id"] == "unnamed-2"


def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock forward by so many hours."""

    def forward(hours: float) -> None:
        real, ahead = datetime.datetime, datetime.timedelta(hours=hours)
        shifted = SimpleNamespace(now=lambda zone: real.now(zone) + ahead)
        fake = SimpleNamespace(UTC=datetime.UTC, timedelta=datetime.timedelta, datetime=shifted)
        monkeypatch.setattr(moments, "datetime", fake)

    return forward


def test_an_answer_is_kept_for_two_days(here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    set_forward = clock(monkeypatch)
    first = sent(here, ORDERS["POST"], Idempotency_Key=TOKEN)
    set_forward(24)
    here.done("POST", "/v1/sources", {"id": "next"}, Idempotency_Key="other")
    set_forward(47.9)
    assert whole(sent(here, ORDERS["POST"], Idempotency_Key=TOKEN)) == whole(first)
    set_forward(48.1)
    # Nobody has sent any token since, yet the old answer is not given any more, nor is its token taken.
    assert sent(here, ORDERS["POST"], Idempotency_Key=TOKEN).get_json()["id"] == "unnamed-2"
    assert sent(here, ORDERS["POST with an id"], Idempotency_Key="late").status_code == 201
    set_forward(73)
    assert sent(here, ("POST", "/v1/sources", {"id": "other"}, {}), Idempotency_Key="other").status_code == 201


def test_a_repetition_while_the_first_is_under_way(here: Desk) -> None:
    gate = here.client.application.config["GATE"]
    caller = here.keys["desk"][:11]
    with gate.writing((caller, TOKEN)):
        response = sent(here, ORDERS["POST"], Idempotency_Key=TOKEN)
        assert response.status_code == 409
        assert response.headers["Retry-After"] == "1"
        problem = response.get_json()
        assert problem["type"].endswith("#request-under-way")
        check_type(here.client, problem)
        for by, token in (("desk", "other"), ("colleague", TOKEN)):
            other = sent(here, ORDERS["POST"], Idempotency_Key=token, by=by)
            assert (other.status_code, other.headers["Retry-After"]) == (503, "1")
    assert sent(here, ORDERS["POST"], Idempotency_Key=TOKEN).status_code == 201


def test_many_threads_with_one_token(here: Desk) -> None:
    app, key = here.client.application, here.keys["desk"]
    start = threading.Barrier(8)

    def insist(_: int) -> tuple[int, bytes, set[int]]:
        desk_of_thread = Desk(FlaskClient(app, app.response_class), {"desk": key}, here.database)
        seen: set[int] = set()
        start.wait()
        for _ in range(200):
            response = sent(desk_of_thread, ORDERS["POST"], Idempotency_Key=TOKEN)
            if response.status_code == 201:
                return 201, response.data, seen
            seen.add(response.status_code)
            time.sleep(0.01)
        raise AssertionError(seen)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(insist, range(8)))
    assert len({(status, body) for status, body, _ in found}) == 1
    assert set().union(*(seen for _, _, seen in found)) <= {409, 503}
    assert here.client.get("/v1/actors/unnamed-2").status_code == 404


# Two processes


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    path = tmp_path_factory.mktemp("two") / "own.db"
    keys = written(path)
    with running(path, "--workers", "2") as server:
        yield server, keys["desk"]


def insist_on(server: Server, key: str, token: str, body: bytes) -> tuple[bytes, str | None]:
    """What a client gets that repeats its request until it is answered, each time on a new connection."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": token}
    for _ in range(300):
        connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
        try:
            connection.request("POST", "/v1/events", body, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status == 201:
            return text, response.headers["ETag"]
        assert response.status in (409, 503), text
        time.sleep(0.02)
    raise AssertionError("never answered")


def race(server: Server, key: str, tokens: list[str], clients: int) -> None:
    bodies = {each: as_bytes({**new("events", called=f"Race {each}"), "id": f"race-{each}"}) for each in tokens}
    for number, token in enumerate(tokens):
        if number % 2:  # an id that the server makes would be made twice if the request were done twice
            bodies[token] = as_bytes({k: v for k, v in new("events", called=f"Race {token}").items() if k != "id"})
    with ThreadPoolExecutor(2 * clients) as pool:
        calls = [
            (each, pool.submit(insist_on, server, key, each, bodies[each])) for each in tokens for _ in range(clients)
        ]
        answers: dict[str, set[tuple[bytes, str | None]]] = {each: set() for each in tokens}
        for token, call in calls:
            answers[token].add(call.result())
    assert {token: len(each) for token, each in answers.items()} == dict.fromkeys(tokens, 1)
    for token, each in answers.items():
        (answer,) = each
        assert json.loads(answer[0])["id"] == f"race-{token}"
        status, text = server.get(f"/v1/events/race-{token}/history")
        assert (status, len(json.loads(text)["data"])) == (200, 1)
        assert server.get(f"/v1/events/race-{token}-2")[0] == 404


def test_one_record_for_one_token_over_two_processes(two_workers: tuple[Server, str]) -> None:
    race(*two_workers, [f"short{number}" for number in range(20)], 6)


@pytest.mark.slow
def test_one_record_for_each_of_many_tokens(two_workers: tuple[Server, str]) -> None:
    race(*two_workers, [f"long{number}" for number in range(50)], 8)
