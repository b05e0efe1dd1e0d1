"""The paths under `/ogc`."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, g

from api.web.ogc import answers, documents, openapi
from api.web.ogc.answers import json_answer
from api.web.ogc.documents import GEOJSON, JSON, OPENAPI, SCHEMA
from api.web.ogc.layers import COLLECTIONS, Collection
from api.web.routes import Question, Route, of_snapshots


def _document(path: str, name: str, about: str, media_type: str, make: Callable[[str], Any]) -> Route:
    """A document that depends on the origin alone."""

    def answer(_: Question) -> Response:
        return json_answer(make(g.origin), media_type)

    return Route(path, name, "ogc", about, media_type, {"type": "object"}, answer, path)


def _of(collection: Collection) -> Iterator[Route]:
    name, path = collection.noun.name, collection.path

    def described(question: Question) -> Response:
        return json_answer(answers.described(question, collection))

    yield Route(path, f"ogc_{name}", "ogc", collection.title, JSON, {"type": "object"}, described, path)
    yield _document(
        f"{path}/queryables", f"ogc_{name}_queryables", "What can be filtered by", SCHEMA,
        partial(documents.queryables, collection),
    )  # fmt: skip
    yield _document(
        f"{path}/schema", f"ogc_{name}_schema", "The schema of a feature", SCHEMA, partial(documents.schema, collection)
    )
    yield of_snapshots(
        Route(
            f"{path}/items", f"ogc_{name}_items", "ogc", collection.title, GEOJSON, {"type": "object"},
            partial(answers.items, collection=collection), f"{path}/items?bbox=36,35,38,37", collection.parameters,
            collection.about,
        )
    )  # fmt: skip
    yield of_snapshots(
        Route(
            f"{path}/items/<record_id>", f"ogc_{name}_item", "ogc", f"One of: {collection.title}", GEOJSON,
            {"type": "object"}, partial(answers.item, collection=collection), f"{path}/items/{collection.example}",
            path_parameters={"record_id": collection.example}, problems=("merged", "not-found", "gone"),
        )
    )  # fmt: skip


LANDING = _document("/ogc", "ogc", "Events and places as features, for GIS programs", JSON, documents.landing)
ROUTES: tuple[Route, ...] = (
    LANDING,
    replace(LANDING, path="/ogc/", operation="ogc_root", example="/ogc/"),
    _document(
        "/ogc/conformance", "ogc_conformance", "What of the standards is implemented", JSON,
        lambda _: {"conformsTo": documents.CONFORMANCE},
    ),
    _document("/ogc/api", "ogc_api", "OGC API - Features as OpenAPI 3.0", OPENAPI, openapi.document),
    Route(
        "/ogc/collections", "ogc_collections", "ogc", "The collections", JSON, {"type": "object"},
        answers.list_collections, "/ogc/collections",
    ),
    *(route for each in COLLECTIONS for route in _of(each)),
)  # fmt: skip
