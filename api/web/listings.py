"""Lists: each collection and the timeline, in every format, page by page or whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request
from marshmallow import Schema

from api.formats.registry import FORMATS, JSON
from api.formats.sheet import Cover, Format, Sheet, covered
from api.model.actor import ACTORS
from api.model.event import EVENTS
from api.model.location import LOCATIONS
from api.model.parameters import Filter, Parameter
from api.model.problem import Refusal, bad_parameters
from api.model.resource import Column, Resource, list_parameters
from api.model.source import SOURCES
from api.model.statement import STATEMENTS
from api.model.timeline import TIMELINE, Entry, entry_text
from api.query import cursor
from api.query.cursor import Position
from api.query.rows import Row
from api.query.select import Selection, Sort, of_resource, of_timeline
from api.store import datasets, reading
from api.web.addresses import absolute, all_absolute
from api.web.http import own_address
from api.web.routes import Question, Route

HAVE_META = ("json", "geojson")
"""The formats with room for a total."""
SCHEMAS = {"geojson": "FeatureCollection", "timelinejs.json": "TimelineJs"}
"""The formats that are JSON of a form that others laid down."""
HOW = ("sort", "limit", "cursor")
"""Parameters that do not say what is asked for."""


@dataclass(frozen=True)
class Listing:
    """What can be listed, and how: the one thing that lists of nouns and the timeline differ in."""

    name: str
    about: str
    view: Schema
    filters: tuple[Filter, ...]
    sorts: tuple[str, ...]
    default_sort: str
    columns: tuple[Column, ...]
    select: Callable[[Mapping[str, Any], Sort], Selection]
    as_document: Callable[[Row], bytes]
    formats: tuple[Format, ...]
    example: str
    key: tuple[str, ...] = ("id",)
    """The columns that name a record."""

    @property
    def members(self) -> tuple[str, ...]:
        """The names that `fields=` may ask for."""
        return tuple(self.view.dump_fields)

    def parameters(self, form: Format) -> tuple[Parameter, ...]:
        """What a list in this format takes."""
        shown = tuple(column.name for column in self.columns) if form.is_flat else self.members
        limit = None if form.is_whole else form.limit
        every = list_parameters(self.filters, self.sorts, form.sort or self.default_sort, shown, limit)
        left_out = {"total": form.name not in HAVE_META, "fields": form.is_fixed}
        return tuple(each for each in every if not left_out.get(each.name))


def _of(noun: Resource, example: str) -> Listing:
    def selection(given: Mapping[str, Any], sort: Sort) -> Selection:
        return of_resource(noun, given, sort)

    return Listing(
        name=noun.name,
        about=noun.about,
        view=noun.view_schema,
        filters=noun.all_filters,
        sorts=tuple(noun.sorts),
        default_sort=noun.default_sort,
        columns=noun.columns,
        select=selection,
        as_document=lambda row: row.document,
        formats=FORMATS[noun.name],
        example=f"/v1/{noun.name}?{example}",
    )


LISTINGS: tuple[Listing, ...] = (
    _of(EVENTS, "actor=HTS&location=Aleppo"),
    _of(STATEMENTS, "speaker=SOHR&kind=quote"),
    Listing(
        name="timeline",
        about="Events and statements of one filter in one chronological list.",
        view=Entry(),
        filters=TIMELINE.filters,
        sorts=tuple(TIMELINE.sorts),
        default_sort=TIMELINE.default_sort,
        columns=TIMELINE.columns,
        select=lambda given, sort: of_timeline(TIMELINE, given, sort),
        as_document=lambda row: entry_text(row.entry, row.document),
        formats=FORMATS["timeline"],
        example="/v1/timeline?location=Aleppo&from=2024-11-29",
        key=("entry", "id"),
    ),
    _of(ACTORS, "type=person"),
    _of(LOCATIONS, "within=Syria&type=city"),
    _of(SOURCES, "q=Aleppo"),
)


def routes(listing: Listing) -> Iterator[Route]:
    """The bare path, which gives JSON or what `Accept` chooses, and one path for each format."""
    first, *others = (_route(listing, form) for form in listing.formats)
    yield by_accept(first, others, f"List {listing.name}")
    yield first
    yield from others


def by_accept(first: Route, others: Sequence[Route], about: str) -> Route:
    """The path without a format's name: the first format, or another that `Accept` likes better.

    Of formats with one media type it gives the first.
    """
    chosen = {each.media_type: each for each in reversed((first, *others))}
    return replace(
        first,
        path=first.path.removesuffix(".json"),
        operation=first.operation.removesuffix("_json"),
        about=about,
        example=first.example.replace(".json", "", 1),
        variants=tuple(each for each in others if chosen[each.media_type] is each),
    )


def _route(listing: Listing, form: Format) -> Route:
    path, _, query = listing.example.partition("?")
    name = f"{type(listing.view).__name__}List" if form is JSON else SCHEMAS.get(form.name)
    schema = {"$ref": f"#/components/schemas/{name}"} if name else {"type": "string"}
    return Route(
        f"{path}.{form.name}", f"list_{listing.name}_{form.name.replace('.', '_')}", listing.name,
        f"List {listing.name} ({form.name})", form.media_type, schema,
        lambda question: answer(listing, form, question), f"{path}.{form.name}?{query}", listing.parameters(form),
        listing.about,
    )  # fmt: skip


def answer(listing: Listing, form: Format, question: Question) -> Response:
    """A page of the list, or for a whole format without a limit all of it, sent as it is read."""
    given = question.given
    selection = listing.select(question.resolved, given["sort"])
    owner = cursor.fingerprint(listing.name, given)
    position = position_of(given, owner, len(selection.descending))
    meta = {"total": reading.total(question.reader, selection)} if given.get("total") else {}
    meta["dataset_version"] = question.version.seq
    if "limit" not in given:
        rows = reading.every_row(question.reopen, question.reader, selection, position)
        sheet = _sheet(listing, form, question, page_links(None, None, owner), meta)
        return Response(_pieces(form, listing, rows, sheet, g.origin), content_type=_content_type(form))
    page = reading.page(question.reader, selection, given["limit"], position)
    links = page_links(page.before, page.after, owner)
    sheet = _sheet(listing, form, question, links, {"limit": given["limit"], "count": len(page.rows)} | meta)
    if form.is_fixed and (page.before or page.after):
        sheet = replace(sheet, cover=replace(covered(sheet), total=reading.total(question.reader, selection)))
    return page_response(form, _pieces(form, listing, page.rows, sheet, g.origin), links)


def page_response(form: Format, pieces: Iterable[bytes], links: Mapping[str, str | None]) -> Response:
    """A page as one body, with its links in the `Link` header too (RFC 8288)."""
    response = Response(list(pieces), content_type=_content_type(form))
    response.headers["Link"] = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)
    return response


def position_of(given: Mapping[str, Any], owner: str, key_count: int) -> Position | None:
    """Where the page begins that the cursor asks for; `Problem` 400 for a cursor that is none of this list's."""
    if "cursor" not in given:
        return None
    try:
        return cursor.decode(given["cursor"], owner, key_count)
    except Refusal as refusal:
        raise bad_parameters([refusal.of("cursor")]) from None


def _sheet(
    listing: Listing, form: Format, question: Question, links: Mapping[str, str | None], meta: Mapping[str, Any]
) -> Sheet:
    wanted: Sequence[str] | None = question.given.get("fields")
    columns = [each for each in listing.columns if wanted is None or each.name in wanted]
    return Sheet(columns, wanted, links, meta, _cover(listing, question) if form.is_fixed else None)


def _cover(listing: Listing, question: Question) -> Cover:
    asked = [(name, each) for name, values in request.args.lists() if name not in HOW for each in values]
    version = question.version
    return Cover(listing.name, asked, g.origin, version.epoch, version.changed_at, datasets.every(question.reader))


def _pieces(form: Format, listing: Listing, rows: Iterable[Row], sheet: Sheet, origin: str) -> Iterator[bytes]:
    if form.is_flat or sheet.members is not None:
        return form.encode((absolute(listing.as_document(row), origin) for row in rows), sheet)
    return all_absolute(form.encode((listing.as_document(row) for row in rows), sheet), origin)


def page_links(before: Position | None, after: Position | None, owner: str) -> dict[str, str | None]:
    """The links of a page; `next` and `prev` are null where there is nothing more."""
    return {
        "self": own_address(),
        "next": _link(after, owner),
        "prev": _link(before, owner),
    }


def _link(position: Position | None, owner: str) -> str | None:
    if position is None:
        return None
    pairs = [(name, each) for name, values in request.args.lists() if name != "cursor" for each in values]
    return f"{g.origin}{request.path}?{urlencode([*pairs, ('cursor', cursor.encode(position, owner))], safe=',:')}"


def _content_type(form: Format) -> str:
    return f"{form.media_type}; charset=utf-8" if form.media_type.startswith("text/") else form.media_type
