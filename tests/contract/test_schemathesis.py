"""Schemathesis: requests made up from the OpenAPI document, good ones and bad ones; every check that it has.

It reads only the document, which cannot say everything that the API asks of a request: that a name must be one of the
data, or that `from` must not come after `to`. So a good request may rightly be answered 400. No check is switched off for
that. Made-up good requests are put right first (`put_right`); and where one is refused all the same, `is_rightly_refused`
asks of every parameter that the answer blames whether the value that was sent breaks a rule that the document's words, and
not its schemas, tell. One parameter that is blamed without a reason, or none blamed at all, and the failure stands.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
import schemathesis.hooks
from babel import Locale
from conftest import seeded
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import Status, events, from_schema
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import AllowHeaderMismatch, RejectedPositiveData, UseAfterFree
from schemathesis.specs.openapi import _auth_retry

from api.store import keys
from api.store.migrations import open_migrated
from api.web import keys as web_keys
from api.web.actions import LINES
from api.web.keys import WRITING
from api.web.table import ACTIONS, FORMS
from contract.oracle import Records, fold
from contract.questions import NEEDS, RANGES, is_searchable
from contract.worlds import Json, World, close_world, open_world

Query = Mapping[str, list[str]]
"""The parameters as they were sent, percent-decoded."""

NAMED = {
    "actor": "actors", "location": "locations", "source": "sources", "part_of": "events", "within": "locations",
    "speaker": "actors", "on_behalf_of": "actors", "event": "events",
}  # fmt: skip
"""Parameters that name records, each with their noun."""
IN_JSON = {
    "queries": '{"q": {"query": "Sarakeb", "limit": 2}}',
    "extend": '{"ids": ["syria"], "properties": [{"id": "country"}]}',
}
"""Parameters that hold JSON of which their schema tells no more; of these one at a time is given."""
LONGEST_CURSOR = 2048
MOST_DEGREES = {"near": (90, 180), "bbox": (180, 90, 180, 90)}


# Rules that no schema tells


def _is_unknown(records: Records, noun: str, spelling: str) -> bool:
    return spelling not in records.by_id[noun] and len(records.names[noun].get(fold(spelling), ())) != 1


def _is_no_country(text: str) -> bool:
    territories = {code: name for code, name in Locale("en").territories.items() if len(code) == 2}
    return text.upper() not in territories and fold(text) not in {fold(each) for each in territories.values()}


def _is_off_the_map(name: str, text: str) -> bool:
    numbers = [float(each) for each in text.split(",")]
    if any(abs(number) > most for number, most in zip(numbers, MOST_DEGREES[name], strict=True)):
        return True
    return name == "bbox" and numbers[1] > numbers[3]


def _is_no_plain_decimal(text: str) -> bool:
    """A number with an exponent or of less than a millionth of a millimetre, which is taken in plain digits only."""
    return "e" in text or len(text.partition(".")[2]) > 15


def _is_no_order(sort: str, query: Query) -> bool:
    keys = [each.removeprefix("-") for each in sort.split(",")]
    return len(keys) > len(set(keys)) or ("relevance" in keys and "q" not in query)


def _is_the_wrong_way_round(name: str, query: Query) -> bool:
    for first, last in RANGES:
        if name in (first, last) and first in query and last in query:
            values = query[first][0], query[last][0]
            return int(values[0]) > int(values[1]) if values[0].isdigit() else values[0] > values[1]
    return False


def breaks_a_rule(records: Records, datasets: Iterable[str], name: str, query: Query) -> bool:
    """Does this parameter break a rule that only the words of the document tell?"""
    if name in ("cursor", "snapshot", "filter"):
        return True  # opaque, not there, or of a language of its own: nothing that is made up is one
    if name == "filter-lang":
        return "filter" not in query
    if name in NEEDS and not set(NEEDS[name]) & set(query):
        return True
    values = [each for text in query[name] for each in text.split(",")]
    if any(not each.strip() for each in values):
        return True  # a comma parts values, and blank ones say nothing
    if name in NAMED:
        return any(_is_unknown(records, NAMED[name], each) for each in values)
    rules: Mapping[str, Callable[[], bool]] = {
        "country": lambda: any(_is_no_country(each) for each in values),
        "dataset": lambda: not set(values) <= set(datasets),
        "near": lambda: _is_off_the_map(name, query[name][0]),
        "bbox": lambda: _is_off_the_map(name, query[name][0]),
        "radius": lambda: _is_no_plain_decimal(query[name][0]),
        "q": lambda: not is_searchable(query[name][0]),
        "sort": lambda: _is_no_order(query[name][0], query),
    }
    return rules[name]() if name in rules else _is_the_wrong_way_round(name, query)


def is_rightly_refused(records: Records, datasets: Iterable[str], url: str, problem: Mapping[str, Any]) -> bool:
    """Does every parameter that the answer blames break such a rule?"""
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    blamed = [each.get("parameter") for each in problem.get("errors", ())]
    return bool(blamed) and all(name in query and breaks_a_rule(records, datasets, name, query) for name in blamed)


# Requests put right


def put_right(records: Records, datasets: list[str], query: dict[str, Any]) -> dict[str, Any]:
    """A good query with names out of the data in place of made-up ones, without a snapshot, and a cursor but for the longest."""
    known = {name: sorted(records.by_id[noun]) for name, noun in NAMED.items()}
    known |= {"dataset": datasets, "country": ["SY", "lebanon", "Türkiye", "RU"]}
    query = dict(query)
    for name in known.keys() & query.keys():
        values = query[name] if isinstance(query[name], list) else str(query[name]).split(",")
        query[name] = [_real(known[name], str(each)) for each in values]
    for name in IN_JSON.keys() & query.keys():
        query[name] = IN_JSON[name]
    if "queries" in query:
        query.pop("extend", None)
    for name in MOST_DEGREES.keys() & query.keys():
        if _is_off_the_map(name, str(query[name])):
            query[name] = "36.2,37.16" if name == "near" else "170,-90,38,90"
    for name, needed in NEEDS.items():
        if name in query and not set(needed) & set(query):
            del query[name]
    for first, last in RANGES:
        if first in query and last in query and _number(query[first]) > _number(query[last]):
            query[first], query[last] = query[last], query[first]
    if len(str(query.get("cursor", ""))) < LONGEST_CURSOR:
        query.pop("cursor", None)
    query.pop("snapshot", None)
    if "filter" in query:
        query["filter"] = "version >= 1"
    if "filter" not in query or query.get("filter-lang") == "cql2-json":
        query.pop("filter-lang", None)
    return query


def _real(known: list[str], made_up: str) -> str:
    return made_up if made_up in known else known[len(made_up) % len(known)]


def _number(value: Any) -> tuple[int, str]:
    """What a count or a day is ordered by, whether it is a number already or still a text."""
    return (int(value), "") if str(value).isdigit() else (0, str(value))


def uncovered(case: Any) -> dict[str, Any]:
    """A bad query without the made-up cursor, for which it would be refused whatever else is bad, unless that is the bad one."""
    query = dict(case.query)
    if getattr(case.meta.phase.data, "parameter", "cursor") != "cursor":
        query.pop("cursor", None)
    return query


# Writes put right

REFERENCES = {
    "actor": "actors", "speaker": "actors", "on_behalf_of": "actors", "addressees": "actors",
    "location": "locations", "parent": "locations", "source": "sources", "derived_from": "sources",
    "event": "events", "part_of": "events", "related": "events", "into": "",
}  # fmt: skip
"""Members that name records, each with their noun; what is merged is of the noun that the path names."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
UNTOLD = re.compile(
    r"Must not be the (id|event|actor|location|source) itself\."
    r"|Must be the id in the path, .*|Must be another record\.|Must not be 'summary' .*"
    r"|Must not (be before|be greater than|be 'day' where) .*|Must be start plus the length of the quote, .*"
    r"|(A phrase needs|Needs) (all of|both|at least one of) .*|Must say how the reference date is known\."
    r"|Must (name the event it counts|be one of the statement's events).*|Must have at most 25 words.*"
    r"|Must be an ISO 3166-1 alpha-2 code such as SY; .. is none\."
    r"|There is no (record|dataset) .*|.* was merged into .*|.* is the (name of several records; give an id|record itself)\."
    r"|Stands twice in this document\.|.*inside itself.*"
)
"""What is said of faults between members and of what is not stored, which no schema can tell."""


class Mending:
    """Made-up writes put right: what they say of the stored, and what one member says of another."""

    def __init__(self, world: World, key: str, datasets: list[str]) -> None:
        self.ids = {noun: sorted(ids) for noun, ids in world.records.by_id.items()}
        self.datasets = datasets
        self._client, self._key = world.app.test_client(), key
        self.count = 0

    def mend(self, case: Any) -> None:
        """Put a good request right; leave of a bad one the one thing that is bad."""
        meta, self.count = case.meta, self.count + 1
        is_good = meta.generation.mode.is_positive
        wrong = getattr(meta.phase.data, "parameter", None)
        noun = case.path.split("/")[2]
        if not meta.is_negative_at(ParameterLocation.PATH) and case.path_parameters and self.count % 8:
            if meta.phase.name is not TestPhase.STATEFUL:  # where it is of a record that was made before
                known = self.ids[noun]
                chosen = self._copy(noun) if case.method == "DELETE" else known[self.count % len(known)]
                case.path_parameters = {"id": chosen}
            if not meta.is_negative_at(ParameterLocation.HEADER) and wrong != "If-Match":
                case.headers["If-Match"] = "*"
        if not case.path_parameters and self.count % 8 and wrong != "If-Match":
            case.headers.pop("If-Match", None)  # nothing is there yet
        if not meta.is_negative_at(ParameterLocation.HEADER):
            case.headers.pop("X-API-Key", None)
            if "Idempotency-Key" in case.headers:  # the same one would stand for the first request that had it
                case.headers["Idempotency-Key"] = f"{case.headers['Idempotency-Key'][:200]}-{self.count}"
            if "If-Match" in case.headers:
                case.headers.pop("If-None-Match", None)
        if is_good and case.media_type == LINES:
            case.body = b'{"bundle": "event-timeline/1"}'
        elif is_good and isinstance(case.body, dict):
            case.body = self._right(case.body, noun)
            if "id" in case.body:
                own = f"{case.body['id'][:100]}-{self.count}"
                case.body["id"] = case.path_parameters["id"] if case.path_parameters else own
        if is_good and "reason" in (case.query or {}):
            case.query["reason"] = _plain(case.query["reason"])

    def _copy(self, noun: str) -> str:
        """The id of a new record, to which nothing points."""
        record = self._client.get("/v1/bundle").get_json()[noun][0]
        del record["id"]
        made = self._client.post(f"/v1/{noun}", json=record, headers={"Authorization": f"Bearer {self._key}"})
        assert made.status_code == 201, made.text
        return str(made.get_json()["id"])

    def _known(self, noun: str, made_up: str) -> str:
        return _real(self.ids[noun], made_up)

    def _right(self, value: Any, noun: str, member: str = "") -> Any:
        if isinstance(value, list):
            return [self._right(each, noun, member) for each in value]
        if isinstance(value, str):
            return self._right_text(value, noun, member)
        if isinstance(value, float) and value.is_integer():
            return int(value)  # JSON Schema calls 4.0 an integer
        if not isinstance(value, dict):
            return value
        found = {name: self._right(each, noun, name) for name, each in value.items()}
        if member in (*self.ids, "datasets") and isinstance(found.get("id"), str):  # records of a bundle
            self.count += 1
            found["id"] = f"{found['id'][:100]}-{self.count}"
        return _agreeing(found)

    def _right_text(self, text: str, noun: str, member: str) -> str:
        if member in REFERENCES:
            return self._known(REFERENCES[member] or noun, text)
        if member == "events":
            return self._known("events", text)
        if member == "dataset":
            return _real(self.datasets, text)
        if member == "country":
            return "SY"
        return _plain(text)


def _plain(text: str) -> str:
    """The text without control characters, and not blank."""
    clean = CONTROL.sub("-", text)
    return clean if clean.strip() else "-" * len(clean)


def _agreeing(record: Json) -> Json:
    """The record without members that contradict each other."""
    first = "start_date" if "start_date" in record else "date"
    if isinstance(record.get(first), str) and isinstance(record.get("end_date"), str):
        record[first], record["end_date"] = sorted((record[first], record["end_date"]))
        record["date_precision"] = "days"
    together = [("latitude", "longitude"), ("reference_date", "reference_date_basis")]
    if "kind" not in record:  # a statement's place has no precision
        together.append(("location", "location_precision"))
    for pair in together:
        if any(record.get(each) is None for each in pair):
            record = {name: value for name, value in record.items() if name not in pair}
    if "source" in record:
        record = {"source": record["source"]}
    if "measure" in record:
        record = {name: value for name, value in record.items() if name not in ("low", "high", "event")}
        record["best"] = record.get("best") or 0
    return record | ({"events": record["events"][:1]} if "figures" in record and record.get("events") else {})


def is_rightly_refused_write(problem: Mapping[str, Any]) -> bool:
    """Is every fault that the answer tells one that no schema can?"""
    faults = problem.get("errors", ())
    return bool(faults) and all(UNTOLD.fullmatch(each["detail"]) for each in faults)


# Running it


@dataclass
class Report:
    """What a run did, and what it found wrong."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each operation answered with each status."""
    refused: Counter[str] = field(default_factory=Counter)
    """How often good requests were refused rightly, by the parameter that was blamed, or by what was said."""
    checks: Counter[str] = field(default_factory=Counter)
    """How often each check held."""
    failures: list[str] = field(default_factory=list)


def uncompressed(app: Any) -> Callable[..., Any]:
    """The application without compression, which the client of these tests asks for but cannot read."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        return app(environ, start_response)

    return call


def run(world: World, paths: str, examples: int) -> Report:
    """Let schemathesis read by the operations whose path matches."""
    datasets = [each["id"] for each in world.json("/v1/meta")["datasets"]]
    phases = {"stateful": {"enabled": False}}  # nothing is written, and links are followed by test_paging
    chosen = _schema(world, examples, {"phases": phases}).include(path_regex=paths, method="GET")

    def mend(case: Any) -> None:
        if case.query:
            is_good = case.meta.generation.mode.is_positive
            case.query = put_right(world.records, datasets, case.query) if is_good else uncovered(case)

    def blamed(case: Any, response: Any) -> list[str]:
        if response.status_code == 410:
            return ["since"]  # a place in the feed that is of another history, which no schema can tell
        problem = json.loads(response.content)
        url = response.request.url
        if response.status_code != 400 or not is_rightly_refused(world.records, datasets, url, problem):
            return []
        return [each["parameter"] for each in problem["errors"]]

    return _execute(chosen, mend, blamed)


REFUSALS = (404, 409, 410, 412, 428)
"""Statuses of writes that are as they should be, but not for what is stored."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")
UNREAD = (401, 411, 415)
"""Statuses of writes whose body is not read."""


def run_writes(world: World, key: str, paths: str, examples: int, follow: bool = False) -> Report:
    """The same with the operations that write, with this key; with `follow` they and the reads of what they made, in turn."""
    datasets = [each["id"] for each in world.json("/v1/meta")["datasets"]]
    mending = Mending(world, key, datasets)
    config = {
        "auth": {"openapi": {"bearer": {"bearer": key}}},
        "phases": {each: {"enabled": (each == "stateful") is follow} for each in PHASES},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", *map(str, REFUSALS)]},
            "negative_data_rejection": {"expected-statuses": [*map(str, (*REFUSALS, *UNREAD, 400, 405, 422))]},
        },
    }
    methods = {} if follow else {"method": list(WRITING)}
    chosen = (
        _schema(world, examples, config).include(path_regex=paths, **methods).exclude(path=list(FORMS), method="POST")
    )

    def mend(case: Any) -> None:
        if case.method in WRITING:
            mending.mend(case)
        elif case.query:
            case.query = put_right(world.records, datasets, case.query)

    def blamed(case: Any, response: Any) -> list[str]:
        problem = json.loads(response.content)
        if response.status_code == 422:
            is_right = is_rightly_refused_write(problem)
        else:
            is_right = is_rightly_refused(world.records, datasets, response.request.url, problem)
        return [each["detail"] for each in problem["errors"]] if is_right else []

    return _execute(chosen, mend, blamed)


def _schema(world: World, examples: int, more: Json) -> Any:
    config = {
        "seed": 1,
        "continue-on-failure": True,
        "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
        **more,
    }
    app = uncompressed(world.app)
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", app, config=SchemathesisConfig.from_dict(config))


def _execute(chosen: Any, mend: Callable[[Any], None], blamed: Callable[[Any, Any], list[str]]) -> Report:
    """Run it; `mend` puts a request right before it is sent, `blamed` tells for what a good one was refused rightly."""
    report = Report()

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        if case.meta is not None:
            mend(case)

    def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
        if isinstance(failure, AllowHeaderMismatch) and "/summary" in case.path:
            return False  # it has the form of a record's path, so it takes their methods, and refuses the id
        if isinstance(failure, UseAfterFree) and case.path.endswith("/history"):
            return False  # which stays when the record is gone
        told = blamed(case, response) if isinstance(failure, RejectedPositiveData) else []
        report.refused.update(told)
        return not told

    chosen.hook(filter_failure)
    try:
        for event in _events(chosen):
            if isinstance(event, events.ScenarioFinished):
                _record(report, event)
            elif isinstance(event, events.NonFatalError):
                report.failures.append(f"{event.label}: {event.value}")
            elif isinstance(event, events.FatalError):
                raise event.exception
    finally:
        schemathesis.hooks.unregister(before_call)
    return report


def _events(chosen: Any) -> Iterator[Any]:
    """What happens when it runs. What is set for sockets is kept from the requests that come without the key."""
    settings = _auth_retry.build_retry_transport_kwargs

    def plain(*arguments: Any) -> Json:
        return {
            name: each for name, each in settings(*arguments).items() if name not in ("max_redirects", "verify", "cert")
        }

    with mock.patch.object(_auth_retry, "build_retry_transport_kwargs", plain):
        yield from from_schema(chosen).execute()


def _record(report: Report, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for interaction in recorder.interactions.values():
        assert interaction.response is not None
        report.answers[event.label or "", interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            report.checks[check.name] += check.status is Status.SUCCESS
            if check.status is Status.FAILURE and check.failure_info is not None:
                request, response = recorder.interactions[case_id].request, recorder.interactions[case_id].response
                told = response.content.decode(errors="replace")[:500] if response else ""
                message = f"{check.failure_info.failure.message}\n{request.body!r}\n{told}"
                report.failures.append(f"{event.phase.value} {check.name}: {request.method} {request.uri}\n{message}")


SHORT = r"^/v1/(locations\.json|changes\.json|actors/[^/]+)$"
"""Operations that together have every kind of parameter."""
ALL = "^/v1/"
SHORT_WRITES = r"^/v1/(statements|sources/[^/]+|actors/[^/]+/merge|snapshots)$"
"""Operations that together write in every way, with every kind of member."""


def check(report: Report) -> None:
    assert not report.failures, "\n\n".join(report.failures[:20])
    operations = {operation for operation, _ in report.answers}
    for operation in operations:
        assert report.answers[operation, 200] >= 3, f"{operation} was never asked anything good"
        assert report.answers[operation, 405] >= 3, f"{operation} was never asked by a wrong method"
    assert {status for _, status in report.answers} <= {200, 400, 404, 405, 406, 410}
    good = sum(count for (_, status), count in report.answers.items() if status == 200)
    assert sum(report.refused.values()) < good / 2, f"too many good requests were refused, if rightly: {report.refused}"


def test_made_up_requests_are_answered_as_documented(seed_world: World) -> None:
    report = run(seed_world, SHORT, examples=3)
    check(report)
    assert len({operation for operation, _ in report.answers}) == 3


@pytest.mark.slow
def test_made_up_requests_are_answered_as_documented_at_length(seed_world: World) -> None:
    report = run(seed_world, ALL, examples=60)
    check(report)
    paths = seed_world.json("/v1/openapi.json")["paths"]
    assert {operation for operation, _ in report.answers} == {f"GET {path}" for path in paths if "get" in paths[path]}


@pytest.fixture
def written_world(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A database of its own, and a key with which everything may be done."""
    path = seeded(tmp_path / "written.db")
    with closing(open_migrated(path)) as connection:
        key = keys.create(connection, "made-up", "admin", None)
    world = open_world("written", path)
    yield world, key
    close_world(world)


DONE = (200, 201, 204)


def check_writes(report: Report) -> None:
    assert not report.failures, "\n\n".join(report.failures[:20])
    assert {status for _, status in report.answers} <= {*DONE, *REFUSALS, *UNREAD, 400, 405, 422}
    done = Counter(operation for operation, status in report.answers.elements() if status in DONE)
    for operation in {operation for operation, _ in report.answers}:
        assert done[operation] >= 3, f"{operation} was never asked anything good"


def test_made_up_writes_are_answered_as_documented(written_world: tuple[World, str]) -> None:
    report = run_writes(*written_world, SHORT_WRITES, examples=3)
    check_writes(report)
    assert len({operation for operation, _ in report.answers}) == 6


def test_a_write_without_a_key_would_be_found(
    written_world: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check `ignored_auth` finds an API that takes writes from strangers."""
    monkeypatch.setattr(web_keys, "require", lambda *_: keys.Caller(written_world[1][:11], "anybody", "admin"))
    monkeypatch.setattr(web_keys, "caller", lambda *_: None)
    report = run_writes(*written_world, "^/v1/sources$", examples=1)
    assert any("ignored_auth" in each for each in report.failures)


@pytest.mark.slow
def test_made_up_writes_are_answered_as_documented_at_length(written_world: tuple[World, str]) -> None:
    report = run_writes(*written_world, ALL, examples=60)
    check_writes(report)
    assert {operation.partition(" ")[0] for operation, _ in report.answers} == set(WRITING)
    assert len({operation for operation, _ in report.answers}) == len(ACTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("noun", ["sources", "actors", "locations", "events", "statements"])
def test_made_up_stories_are_answered_as_documented(written_world: tuple[World, str], noun: str) -> None:
    """What one request made, others read, change, merge and delete; what is deleted is gone."""
    report = run_writes(*written_world, rf"^/v1/{noun}(/[^/]+(/merge|/history)?)?$", examples=60, follow=True)
    assert not report.failures, "\n\n".join(report.failures[:20])
    assert {200, 201, 204} <= {status for _, status in report.answers}


RIGHT = (
    ("actor=nobody&type=talks", ["actor"]),
    ("country=Utopia", ["country"]),
    ("from=2024-12-01&to=2024-01-01", ["from"]),
    ("radius=5", ["radius"]),
    ("bbox=0,10,0,5&q=%2A", ["bbox", "q"]),
    ("sort=relevance", ["sort"]),
)
WRONG: tuple[tuple[str, list[str]], ...] = (
    ("actor=HTS", ["actor"]),
    ("actor=nobody&type=talks", ["type"]),
    ("actor=nobody&type=talks", ["actor", "type"]),
    ("from=2024-01-01&to=2024-12-01", ["from"]),
    ("near=1,2&radius=5", ["radius"]),
    ("bbox=0,5,0,10", ["bbox"]),
    ("limit=5", ["limit"]),
    ("q=water", []),
    ("q=water", ["limit"]),
)


@pytest.mark.parametrize(
    ("query", "blamed", "is_right"), [(*each, True) for each in RIGHT] + [(*each, False) for each in WRONG]
)
def test_only_what_breaks_a_rule_is_rightly_refused(
    seed_world: World, query: str, blamed: list[str], is_right: bool
) -> None:
    """The rules above are no way out: what they do not cover stays a failure."""
    problem = {"errors": [{"parameter": each, "detail": "is wrong"} for each in blamed]}
    url = f"http://localhost/v1/events?{query}"
    assert is_rightly_refused(seed_world.records, ["northern-syria-2024"], url, problem) is is_right
