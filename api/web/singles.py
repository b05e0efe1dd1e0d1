"""Single answers: one record, what the data covers, a bundle."""

from typing import Any

from flask import Response, g

from api.formats.json_list import only
from api.model import countries
from api.model.nouns import NOUNS
from api.model.resource import Resource, fields_parameter
from api.model.snapshot import SNAPSHOT
from api.model.text import to_json
from api.model.timeline import TIMELINE
from api.query.select import of_timeline
from api.store import bundling, reading
from api.store.readers import Reader
from api.web.addresses import absolute
from api.web.http import CODE_VERSION
from api.web.routes import Question, Route
from api.web.snapshots import address, citation

JSON = "application/json"
EXAMPLES = {
    "sources": "ssbcrack-half-of-aleppo",
    "locations": "aleppo",
    "actors": "hayat-tahrir-al-sham",
    "events": "shelling-of-student-residence",
    "statements": "sohr-death-toll",
}
"""A record of the seed for each noun, for the docs."""


OF_SNAPSHOT = ("name", "note", "created_at", "bytes", "sha256")
"""What is told of a snapshot beside the data in it."""


def json_response(value: Any) -> Response:
    """A value as the JSON answer."""
    return Response(to_json(value) + "\n", content_type=JSON)


def record_route(noun: Resource) -> Route:
    """One record of a noun by its id."""

    def answer(question: Question, record_id: str) -> Response:
        version, document = reading.document(question.reader, noun.name, record_id)
        shown = only(absolute(document, g.origin), question.given.get("fields"))
        return Response(shown + b"\n", content_type=JSON, headers={"ETag": f'"{version}"'})

    return Route(
        f"/v1/{noun.name}/<record_id>", f"get_{noun.singular}", noun.name, f"One {noun.singular}", JSON,
        {"$ref": f"#/components/schemas/{noun.view.__name__}"}, answer, f"/v1/{noun.name}/{EXAMPLES[noun.name]}",
        (fields_parameter(noun.members),), noun.about, {"record_id": EXAMPLES[noun.name]}, ("merged", "not-found", "gone"),
    )  # fmt: skip


def meta(question: Question) -> Response:
    """What this server holds, as of when, under which licence, and how to cite it."""
    rows = question.reader.rows
    counts = {noun.name: rows(f"SELECT count(*) FROM {noun.name}")[0][0] for noun in NOUNS}
    version, snapshot = question.version, question.snapshot
    datasets = _datasets(question.reader)
    licences = sorted({each["licence"] for each in datasets})
    return json_response(
        {
            "title": "Event Timeline",
            "api_version": CODE_VERSION,
            "dataset_version": version.seq,
            "epoch": version.epoch,
            "newest_change": {"seq": version.seq, "at": version.changed_at},
            "snapshot": snapshot and {name: getattr(snapshot, name) for name in OF_SNAPSHOT},
            "counts": counts,
            "datasets": datasets,
            "coverage": _coverage(question.reader),
            "citation": citation(version, licences, snapshot),
            "links": {"self": address(snapshot)},
        }
    )


def _datasets(reader: Reader) -> list[dict[str, Any]]:
    names = ("id", "title", "licence", "attribution", "url", "events", "statements", "first_date", "last_date")
    rows = reader.rows(
        "SELECT id, title, licence, attribution, url,"
        " (SELECT count(*) FROM events WHERE dataset = datasets.id),"
        " (SELECT count(*) FROM statements WHERE dataset = datasets.id),"
        " (SELECT min(start_date) FROM events WHERE dataset = datasets.id),"
        " (SELECT max(end_date) FROM events WHERE dataset = datasets.id) FROM datasets ORDER BY id"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _coverage(reader: Reader) -> list[dict[str, Any]]:
    rows = reader.rows(
        "SELECT country, min(start_date), max(end_date), count(*) FROM events GROUP BY country ORDER BY country"
    )
    return [
        {
            "country": code,
            "name": code and countries.names().get(code),
            "first_date": first,
            "last_date": last,
            "events": events,
        }
        for code, first, last, events in rows
    ]


def bundle(question: Question) -> Response:
    """Everything as one document, or the events and statements of a filter with all that they refer to."""
    if question.given.keys() - {SNAPSHOT.name}:
        selection = of_timeline(TIMELINE, question.resolved, (("date", False),))
        pieces = bundling.selected(question.reader, selection)
    else:
        pieces = bundling.everything(question.reader)
    return Response("".join(pieces), content_type=JSON, headers={"ETag": f'"{question.version.seq}"'})
