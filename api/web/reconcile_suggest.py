"""Suggestions while somebody types a record, a type or a property, and the properties that can be fetched."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from flask import Response

from api.model.kinds import Count, Plain, Word
from api.model.parameters import Parameter
from api.model.reconcilable import Subject
from api.model.text import fold
from api.store.matching import suggested
from api.store.names_index import Memory
from api.web.reconcile_answers import described, type_objects
from api.web.routes import Question, Route
from api.web.singles import JSON, json_response

SHOWN = 20
"""Suggestions of one answer; `cursor` leads on."""
MOST_SKIPPED = 1000
PREFIX = Parameter(
    "prefix", Plain(500), "What was typed so far: how a name or an id begins. Without it, all are suggested.", "s",
    may_be_empty=True,
)  # fmt: skip
SKIPPED = Parameter("cursor", Count(0, MOST_SKIPPED), "How many suggestions to skip.", "", default="0")
LIMIT = Parameter("limit", Count(1, 100), "How many properties to give at the most.", "10")
SENT_BY_OPENREFINE = tuple(
    Parameter(name, Word((word,)), "OpenRefine sends it; it means nothing here.", word)
    for name, word in (("spell", "always"), ("exact", "false"), ("prefixed", "true"), ("scoring", "schema"))
)
TYPED = {"entity": "Records", "type": "Types", "property": "Properties"}
Json = dict[str, Any]


def suggest_routes(subject: Subject, memory: Memory) -> Iterator[Route]:
    """The three suggest services, and the proposal of properties."""
    noun = subject.noun
    base = f"/v1/reconcile/{noun.name}"
    answers = {"entity": partial(_entities, subject, memory), "type": partial(_types, subject)}
    for kind, about in TYPED.items():
        yield Route(
            f"{base}/suggest/{kind}", f"suggest_{noun.singular}_{kind}", "reconciliation",
            f"{about} of {noun.name} that begin so", JSON, {"$ref": "#/components/schemas/Suggestions"},
            answers.get(kind, partial(_properties, subject)), f"{base}/suggest/{kind}?prefix=s",
            (PREFIX, SKIPPED, *SENT_BY_OPENREFINE),
            "Those first that are called just so, then those with most events; records that only sound alike come last."
            if kind == "entity" else f"{about} in their order.",
        )  # fmt: skip
    kinds = Parameter(
        "type", Word(("", *subject.every_type)), "For records of which type.", noun.singular, may_be_empty=True
    )
    yield Route(
        f"{base}/properties", f"propose_{noun.singular}_properties", "reconciliation",
        f"Properties of {noun.name} that can be fetched", JSON, {"$ref": "#/components/schemas/PropertyProposal"},
        partial(_proposed, subject), f"{base}/properties?type={noun.singular}", (kinds, LIMIT),
        "What `extend` takes. Every type has the same ones.",
    )  # fmt: skip


def _entities(subject: Subject, memory: Memory, question: Question) -> Response:
    prefix = question.given.get("prefix", "")
    name = question.snapshot.name if question.snapshot else ""
    known = memory.known(question.reader, question.version, subject.noun.name, name)
    skipped = question.given["cursor"]
    found = suggested(question.reader, subject.noun.name, known, prefix, skipped, SHOWN)
    return json_response(
        {
            "result": [
                {"id": each["id"], "name": each["name"], "description": described(each)}
                | {"notable": type_objects(subject, each)}
                for each in found
            ]
        }
    )


def _types(subject: Subject, question: Question) -> Response:
    return _begun(question, [subject.type_object(each) for each in subject.every_type])


def _properties(subject: Subject, question: Question) -> Response:
    return _begun(question, _listed(subject))


def _listed(subject: Subject) -> list[Json]:
    return [{"id": each.id, "name": each.name, "description": each.description} for each in subject.properties]


def _begun(question: Question, every: Sequence[Json]) -> Response:
    """Those of which the id, the name or a word of it begins so."""
    prefix, skipped = fold(question.given.get("prefix", "")), question.given["cursor"]
    found = [each for each in every if any(text.startswith(prefix) for text in _beginnings(each))]
    return json_response({"result": found[skipped : skipped + SHOWN]})


def _beginnings(each: Json) -> Iterable[str]:
    name = fold(each["name"])
    return (name, fold(each["id"]), *name.split())


def _proposed(subject: Subject, question: Question) -> Response:
    given = question.given
    body: Json = {"properties": _listed(subject)[: given.get("limit")]}
    if given.get("type"):
        body["type"] = given["type"]
    return json_response(body | ({"limit": given["limit"]} if "limit" in given else {}))
