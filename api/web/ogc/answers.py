"""The answers under `/ogc`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, g

from api.formats import features
from api.model.cql2 import Expression, all_of
from api.model.problem import Problem
from api.model.text import to_json
from api.query import cursor
from api.query.select import of_resource
from api.store import extents, reading
from api.web.addresses import absolute
from api.web.http import own_address
from api.web.listings import page_links, position_of
from api.web.ogc import documents
from api.web.ogc.documents import JSON, link
from api.web.ogc.layers import COLLECTIONS, Collection
from api.web.routes import Question

BOUND = ("limit", "resultType")


def json_answer(body: Any, media_type: str = JSON) -> Response:
    """A document as the answer."""
    return Response(to_json(body) + "\n", content_type=media_type)


def described(question: Question, collection: Collection) -> dict[str, Any]:
    """A collection as the standard describes it (7.13), with how far it reaches."""
    name = collection.noun.name
    box = extents.space(question.reader, name)
    days = extents.time(question.reader) if name == "events" else None
    return documents.described(collection, g.origin, box, days)


def list_collections(question: Question) -> Response:
    """All collections."""
    links = [link(g.origin, "/ogc/collections", "self", JSON, "These collections")]
    return json_answer({"links": links, "collections": [described(question, each) for each in COLLECTIONS]})


def items(question: Question, collection: Collection) -> Response:
    """A page of features."""
    given, noun = question.given, collection.noun
    descending = noun.default_sort.startswith("-")
    selection = of_resource(noun, _narrowing(question, collection), ((noun.default_sort.lstrip("-"), descending),))
    bound = {name: value for name, value in given.items() if name not in BOUND}
    owner = cursor.fingerprint(f"ogc/{noun.name}", bound)
    position = position_of(given, owner, len(selection.descending))
    links = [link("", own_address(), "self", features.MEDIA_TYPE, "This page")]
    rows: Iterator[bytes] = iter(())
    matched: int | None = None
    if given["resultType"] != "hits":
        page = reading.page(question.reader, selection, given["limit"], position)
        if page.before is page.after is None and (page.rows or position is None):
            matched = len(page.rows)
        others = page_links(page.before, page.after, owner)
        links += [link("", url, rel, features.MEDIA_TYPE, f"The {rel} page") for rel, url in others.items() if url][1:]
        rows = (absolute(row.document, g.origin) for row in page.rows)
    if matched is None:
        matched = reading.total(question.reader, selection)
    links.append(link(g.origin, collection.path, "collection", JSON, collection.title))
    pieces = features.encode(rows, collection.columns, links, matched)
    return _answer(b"".join(pieces), links)


def _narrowing(question: Question, collection: Collection) -> dict[str, Any]:
    """What was asked for in the words of `/v1`."""
    resolved = question.resolved
    narrowing = {"bbox": resolved["bbox"]} if "bbox" in resolved else {}
    if collection.noun.name == "events" and "datetime" in resolved:
        since, until = resolved["datetime"]
        narrowing |= {name: day for name, day in (("from", since), ("to", until)) if day}
    expression = all_of(each for each in resolved.values() if isinstance(each, Expression))
    return narrowing | ({"filter": expression} if expression else {})


def item(question: Question, collection: Collection, record_id: str) -> Response:
    """One feature by its id; a merged one leads to that which stands for it."""
    noun = collection.noun
    try:
        version, document = reading.document(question.reader, noun.name, record_id)
    except Problem as problem:
        moved = {
            name: url.replace(f"/v1/{noun.name}", f"{collection.path}/items") for name, url in problem.headers.items()
        }
        raise replace(problem, headers=moved) from None
    links = [
        link("", own_address(), "self", features.MEDIA_TYPE, "This feature"),
        link(g.origin, collection.path, "collection", JSON, collection.title),
        link(g.origin, f"/v1/{noun.name}/{record_id}", "alternate", JSON, "The whole record"),
    ]
    response = _answer(features.one(absolute(document, g.origin), collection.columns, links), links)
    response.set_etag(str(version))
    return response


def _answer(body: bytes, links: Sequence[features.Link]) -> Response:
    response = Response(body, content_type=features.MEDIA_TYPE)
    response.headers["Link"] = ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"' for each in links)
    return response
