"""Schemathesis: requests made up from the OpenAPI document, good ones and bad ones; every check that it has.

It reads only the document, which cannot say everything that the API asks of a request: that a name must be one of the
data, or that `from` must not come after `to`. So a good request may rightly be answered 400. No check is switched off for
that. Made-up good requests are put right first (`put_right`); and where one is refused all the same, `is_rightly_refused`
asks of every parameter that the answer blames whether the value that was sent breaks a rule that the document's words, and
not its schemas, tell. One parameter that is blamed without a reason, or none blamed at all, and the failure stands.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
import schemathesis.hooks
from babel import Locale
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from contract.oracle import Records, fold
from contract.questions import NEEDS, RANGES, is_searchable
from contract.worlds import World

Query = Mapping[str, list[str]]
"""The parameters as they were sent, percent-decoded."""

NAMED = {
    "actor": "actors", "location": "locations", "source": "sources", "part_of": "events", "within": "locations",
    "speaker": "actors", "on_behalf_of": "actors", "event": "events",
}  # fmt: skip
"""Parameters that name records, each with their noun."""
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
    if name == "cursor":
        return True  # opaque: nothing that is made up is one
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
    """A good query with names out of the data in place of made-up ones, and without a cursor but for the longest."""
    known = {name: sorted(records.by_id[noun]) for name, noun in NAMED.items()}
    known |= {"dataset": datasets, "country": ["SY", "lebanon", "Türkiye", "RU"]}
    query = dict(query)
    for name in known.keys() & query.keys():
        values = query[name] if isinstance(query[name], list) else str(query[name]).split(",")
        query[name] = [_real(known[name], str(each)) for each in values]
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


# Running it


@dataclass
class Report:
    """What a run did, and what it found wrong."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each operation answered with each status."""
    refused: Counter[str] = field(default_factory=Counter)
    """How often good requests were refused rightly, by the parameter that was blamed."""
    failures: list[str] = field(default_factory=list)


def uncompressed(app: Any) -> Callable[..., Any]:
    """The application without compression, which the client of these tests asks for but cannot read."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        return app(environ, start_response)

    return call


def run(world: World, paths: str, examples: int) -> Report:
    """Let schemathesis test the operations whose path matches."""
    report = Report()
    datasets = [each["id"] for each in world.json("/v1/meta")["datasets"]]
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "phases": {"stateful": {"enabled": False}},  # nothing is written, and links are followed by test_paging
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
        }
    )
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", uncompressed(world.app), config=config)
    chosen = schema.include(path_regex=paths)

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        if case.query and case.meta is not None:
            is_good = case.meta.generation.mode.is_positive
            case.query = put_right(world.records, datasets, case.query) if is_good else uncovered(case)

    @chosen.hook
    def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
        if isinstance(failure, RejectedPositiveData) and response.status_code == 410:
            return False  # a place in the feed that is of another history, which no schema can tell
        if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
            return True
        problem = json.loads(response.content)
        if not is_rightly_refused(world.records, datasets, response.request.url, problem):
            return True
        report.refused.update(each["parameter"] for each in problem["errors"])
        return False

    try:
        for event in from_schema(chosen).execute():
            if isinstance(event, events.ScenarioFinished):
                _record(report, event)
            elif isinstance(event, events.NonFatalError):
                report.failures.append(f"{event.label}: {event.value}")
            elif isinstance(event, events.FatalError):
                raise event.exception
    finally:
        schemathesis.hooks.unregister(before_call)
    return report


def _record(report: Report, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for interaction in recorder.interactions.values():
        assert interaction.response is not None
        report.answers[event.label or "", interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                request = recorder.interactions[case_id].request
                message = check.failure_info.failure.message
                report.failures.append(f"{event.phase.value} {check.name}: {request.method} {request.uri}\n{message}")


SHORT = r"^/v1/(events|locations\.json|statements/summary|actors/[^/]+|meta)$"
"""Operations that together have nearly every parameter."""
ALL = "^/v1/"


def check(report: Report) -> None:
    assert not report.failures, "\n\n".join(report.failures[:20])
    operations = {operation for operation, _ in report.answers}
    for operation in operations:
        assert report.answers[operation, 200] >= 3, f"{operation} was never asked anything good"
        assert report.answers[operation, 405] >= 3, f"{operation} was never asked by a wrong method"
    assert {status for _, status in report.answers} <= {200, 400, 404, 405, 406}
    good = sum(count for (_, status), count in report.answers.items() if status == 200)
    assert sum(report.refused.values()) < good / 2, f"too many good requests were refused, if rightly: {report.refused}"


def test_made_up_requests_are_answered_as_documented(seed_world: World) -> None:
    report = run(seed_world, SHORT, examples=5)
    check(report)
    assert len({operation for operation, _ in report.answers}) == 5


@pytest.mark.slow
def test_made_up_requests_are_answered_as_documented_at_length(seed_world: World) -> None:
    report = run(seed_world, ALL, examples=60)
    check(report)
    assert {operation.partition(" ")[2] for operation, _ in report.answers} == set(
        seed_world.json("/v1/openapi.json")["paths"]
    )


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
