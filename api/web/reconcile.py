"""Matching a table's own names with ours: the Reconciliation Service API 0.2, as OpenRefine and spreadsheets speak it.

One path for each noun gives the manifest, or answers `queries` or `extend`, by GET or as a form by POST. Beside it lie
suggestions, the properties that can be fetched, and a preview of each record. JSONP, which 0.2 leaves open, is not there:
it would let any page run what we answer, and CORS is open.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Response, g, render_template, request

from api.model.extension import Fetch
from api.model.parameters import Parameter
from api.model.problem import Fault, Problem, bad_parameters
from api.model.reconcilable import SUBJECTS, Subject
from api.model.reconciliation import MOST_QUERIES, Batch
from api.model.text import from_json, to_json
from api.store import reading
from api.store.matching import Matcher
from api.store.names_index import Memory
from api.web.http import CODE_VERSION
from api.web.reconcile_answers import EMPTY, candidate, described, extension
from api.web.reconcile_suggest import suggest_routes
from api.web.routes import Question, Route
from api.web.singles import EXAMPLES, JSON, json_response

PREVIEW_WIDTH, PREVIEW_HEIGHT = 430, 270
"""Pixels of the frame that a preview fits in."""
FRAMED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy of a preview: any page may frame it, and there is nothing in it that could be pressed."""
ABOUT = (
    "The Reconciliation Service API 0.2 of the W3C Entity Reconciliation Community Group: give this address to OpenRefine"
    " as a reconciliation service. Without parameters it is the service's manifest; `queries` matches up to {most} names;"
    " `extend` gives properties of records. Both also come as a form by POST, which reads as a GET does, and needs no key"
    " where that needs none. A score of 100 is the same folded name; `match` is true only where one record alone has it"
    " and all that was given of it holds."
)
EXAMPLE_NAMES = {"actors": "Hayat Tahrir ash Sham", "locations": "Sarakeb"}
MEMORY = Memory()
"""The names, for all threads of this process."""


def routes() -> Iterator[Route]:
    """Every path of reconciliation that reads the data."""
    for subject in SUBJECTS:
        yield _service(subject)
        yield _preview(subject)
        yield from suggest_routes(subject, MEMORY)


def path_of(subject: Subject) -> str:
    """The path of a noun's service."""
    return f"/v1/reconcile/{subject.noun.name}"


def _service(subject: Subject) -> Route:
    noun = subject.noun
    queries = to_json({"q0": {"query": EXAMPLE_NAMES[noun.name], "limit": 3}})
    fetched = to_json({"ids": [EXAMPLES[noun.name]], "properties": [{"id": "country"}, {"id": "events"}]})
    parameters = (
        Parameter(
            "queries", Batch(subject),
            "Names to match, as a JSON object of queries by keys of your own, each with `query`, `properties`"
            " ({`pid`, `v`}) or both, and perhaps `type`, `type_strict` and `limit`. Types: "
            f"{', '.join(f'`{each}`' for each in subject.every_type)}. Without `type_strict=should` only their records come.",
            queries,
        ),
        Parameter(
            "extend", Fetch(subject),
            "Properties to fetch, as a JSON object: `ids`, and `properties` ({`id`}), of "
            f"{', '.join(f'`{each.id}`' for each in subject.properties)}.",
            fetched,
        ),
    )  # fmt: skip
    return Route(
        path_of(subject), f"reconcile_{noun.name}", "reconciliation", f"Match names with {noun.name}", JSON,
        {"$ref": "#/components/schemas/Reconciliation"}, partial(_answer, subject), path_of(subject), parameters,
        ABOUT.format(most=MOST_QUERIES), takes_form=True,
    )  # fmt: skip


def _answer(subject: Subject, question: Question) -> Response:
    given = question.given
    if "queries" in given and "extend" in given:
        raise bad_parameters([Fault("contradicts queries; send one of them", "extend")])
    if "extend" in given:
        return json_response(extension(subject, question, given["extend"]))
    if "queries" in given:
        name = question.snapshot.name if question.snapshot else ""
        known = MEMORY.known(question.reader, question.version, subject.noun.name, name)
        matcher = Matcher(question.reader, subject, known)
        found = {key: matcher.candidates(query) for key, query in given["queries"].items()}
        return json_response(
            {key: {"result": [candidate(subject, each) for each in some]} for key, some in found.items()}
        )
    if request.method == "POST":
        raise Problem(400, "invalid-parameter", EMPTY, [Fault("is needed", "queries"), Fault("is needed", "extend")])
    return json_response(manifest(subject, question.snapshot.name if question.snapshot else None))


def manifest(subject: Subject, snapshot: str | None) -> dict[str, Any]:
    """What the service is and can do. Asked of a snapshot, all that it leads to is of that snapshot."""
    noun, own = subject.noun, g.origin + path_of(subject)
    of = f"?snapshot={snapshot}" if snapshot else ""
    return {
        "versions": ["0.1", "0.2"],
        "name": f"Event Timeline: {noun.name}" + (f" (snapshot {snapshot})" if snapshot else ""),
        "identifierSpace": f"{g.origin}/v1/{noun.name}/",
        "schemaSpace": f"{g.origin}/v1/openapi.json#/components/schemas/{noun.view.__name__}",
        "documentation": f"{g.origin}/docs/guide#reconciliation",
        "serviceVersion": CODE_VERSION,
        "logo": f"{g.origin}/docs/assets/icon.svg",
        "defaultTypes": [subject.type_object(noun.singular)],
        "view": {"url": f"{g.origin}/v1/{noun.name}/{{{{id}}}}{of}"},
        "preview": {"url": f"{own}/preview/{{{{id}}}}{of}", "width": PREVIEW_WIDTH, "height": PREVIEW_HEIGHT},
        "suggest": {
            "entity": {"service_url": own, "service_path": f"/suggest/entity{of}"},
            "type": {"service_url": own, "service_path": "/suggest/type"},
            "property": {"service_url": own, "service_path": "/suggest/property"},
        },
        "extend": {"propose_properties": {"service_url": own, "service_path": "/properties"}, "property_settings": []},
        "batchSize": MOST_QUERIES,
    }


def _preview(subject: Subject) -> Route:
    noun = subject.noun

    def answer(question: Question, record_id: str) -> Response:
        version, text = reading.document(question.reader, noun.name, record_id)
        document = from_json(text)
        of = f"?snapshot={question.snapshot.name}" if question.snapshot else ""
        page = render_template(
            "preview.html",
            record=document,
            about=described(document),
            address=f"{g.origin}/v1/{noun.name}/{record_id}{of}",
        )
        headers = {"Content-Security-Policy": FRAMED, "ETag": f'"{version}"'}
        return Response(page, content_type="text/html; charset=utf-8", headers=headers)

    return Route(
        f"{path_of(subject)}/preview/<record_id>", f"preview_{noun.singular}", "reconciliation",
        f"One {noun.singular} as a small page", "text/html", {"type": "string"}, answer,
        f"{path_of(subject)}/preview/{EXAMPLES[noun.name]}", description="Any page may show it in a frame.",
        path_parameters={"record_id": EXAMPLES[noun.name]}, problems=("merged", "not-found", "gone"),
    )  # fmt: skip
