"""The feed of changes, and the versions of one record."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from api.formats import atom
from api.formats.json_list import NdJson
from api.formats.registry import JSON
from api.formats.sheet import Format, Sheet
from api.model.changes import FEED_PARAMETERS, VERSION_PARAMETERS
from api.model.json_patch import patch
from api.model.resource import LIMIT, UNLIMITED, Resource
from api.query import cursor
from api.store import history
from api.store.history import Entry, Span
from api.web import changes_atom
from api.web.http import own_address
from api.web.listings import by_accept, page_links, page_response, position_of
from api.web.routes import Answer, Question, Route
from api.web.singles import EXAMPLES

NDJSON: Format = NdJson()
PATH = "/v1/changes"
EXAMPLE = "?since=100&collection=statements"
ABOUT = (
    "Every creation, change, merge and deletion of a record, in one order without gaps. To keep a copy, begin at `since=0`,"
    " follow `links.next` to its end, then ask `links.resume` again whenever you like, with `If-None-Match` at the price of"
    " a 304. A 410 means that the database was restored or replaced: begin again."
)
Links = dict[str, str | None]


def routes() -> Iterator[Route]:
    """The feed: by `Accept`, and a path for each format."""
    listed = {"$ref": "#/components/schemas/ChangeList"}
    text = {"type": "string"}
    first = _route("json", JSON.media_type, listed, lambda question: answer(JSON, question))
    others = [
        _route("ndjson", NDJSON.media_type, text, lambda question: answer(NDJSON, question)),
        _route("atom", atom.MEDIA_TYPE, text, as_atom),
    ]
    yield by_accept(first, others, "Follow all changes")
    yield first
    yield from others


def _route(name: str, media_type: str, schema: Mapping[str, Any], give: Answer) -> Route:
    limit = UNLIMITED if name == NDJSON.name else LIMIT
    return Route(
        f"{PATH}.{name}", f"list_changes_{name}", "changes", f"Follow all changes ({name})", media_type, schema, give,
        f"{PATH}.{name}{EXAMPLE}", (*FEED_PARAMETERS, limit), ABOUT, problems=("other-history",),
    )  # fmt: skip


def answer(form: Format, question: Question) -> Response:
    """A page of changes, oldest first, or without a limit all of them, sent as they are read.

    All of them are those that were there when the answer began: its entity tag stands for these.
    """
    given, reader = question.given, question.reader
    span = _span(question)
    if "limit" not in given:
        links = _links(question, None, span.until)
        everything = history.every_change(question.reopen, reader, span)
        response = Response(_pieces(form, everything, links, {}), content_type=form.media_type)
        response.headers["Link"] = page_response(form, (), links).headers["Link"]
        return response
    found = history.changes(reader, span, given["limit"] + 1)
    entries, has_more = found[: given["limit"]], len(found) > given["limit"]
    last = entries[-1].seq if has_more else span.until
    links = _links(question, last if has_more else None, last)
    meta = {
        "limit": given["limit"],
        "count": len(entries),
        "dataset_version": question.version.seq,
        "epoch": question.version.epoch,
    }
    return page_response(form, _pieces(form, entries, links, meta), links)


def as_atom(question: Question) -> Response:
    """The newest changes, for feed readers."""
    span = _span(question)
    entries = history.newest_changes(question.reader, span, question.given["limit"])
    return Response(changes_atom.feed(question.version, entries, span.collections), content_type=atom.MEDIA_TYPE)


def _span(question: Question) -> Span:
    """What is asked for; `Problem` 410 where it begins in another history."""
    given, version = question.given, question.version
    history.check_place(question.reader, version.epoch, version.seq, given["since"], given.get("mark"))
    return Span(given["since"], version.seq, given.get("collection", ()))


def _links(question: Question, following: int | None, resume: int) -> Links:
    """`next` is null where there is nothing more; `resume` is what a reader asks who comes back later."""
    after = None if following is None else _address(question, following)
    return {"self": own_address(), "next": after, "prev": None, "resume": after or _address(question, resume)}


def _address(question: Question, since: int) -> str:
    kept = [(name, each) for name, values in request.args.lists() if name not in ("since", "mark") for each in values]
    mark = history.mark(question.reader, question.version.epoch, since)
    return f"{g.origin}{request.path}?{urlencode([('since', since), ('mark', mark), *kept], safe=',')}"


def _pieces(form: Format, entries: Iterable[Entry], links: Links, meta: Mapping[str, Any]) -> Iterator[bytes]:
    return form.encode((each.text().encode() for each in entries), Sheet((), None, links, meta))


def history_route(noun: Resource) -> Route:
    """All versions of one record, newest first."""

    def give(question: Question, record_id: str) -> Response:
        return _versions(question, noun.name, record_id)

    example = EXAMPLES[noun.name]
    return Route(
        f"/v1/{noun.name}/<record_id>/history", f"get_{noun.singular}_history", noun.name,
        f"Every version of one {noun.singular}", JSON.media_type, {"$ref": "#/components/schemas/VersionList"}, give,
        f"/v1/{noun.name}/{example}/history", VERSION_PARAMETERS,
        "Newest first, with who made it and why, and how it differs from the one before. It is there for deleted and merged"
        " records too.", {"record_id": example}, ("not-found",),
    )  # fmt: skip


def _versions(question: Question, collection: str, record_id: str) -> Response:
    given, reader = question.given, question.reader
    owner = cursor.fingerprint(f"{collection}/{record_id}/history", given)
    position = position_of(given, owner, 1)
    if "version" in given:
        found = history.Versions([history.version(reader, collection, record_id, given["version"])], None, None)
    else:
        found = history.versions(reader, collection, record_id, given["limit"], position)
    links = page_links(found.before, found.after, owner)
    meta = {"limit": given["limit"], "count": len(found.entries), "dataset_version": question.version.seq}
    documents = (each.text(patch=_patch(each)).encode() for each in found.entries)
    return page_response(JSON, JSON.encode(documents, Sheet((), None, links, meta)), links)


def _patch(entry: Entry) -> list[dict[str, Any]] | None:
    """How it differs from the version before; None where none was before, or is no more."""
    if entry.before in (None, "null") or entry.record == "null":
        return None
    return patch(str(entry.before), entry.record)
