"""The taxonomy as a list: each event type with a definition, a colour, a count, and the terms of three coding schemes."""

from collections.abc import Iterator

from flask import Response

from api.formats.registry import JSON, PLAIN
from api.formats.sheet import Format, Sheet
from api.model.event_types import EVENT_TYPES
from api.model.resource import column, listed
from api.model.text import to_json_bytes
from api.web.listings import by_accept, page_links, page_response
from api.web.routes import Question, Route

PATH = "/v1/event-types"
ABOUT = (
    "Each type of event with a definition, a colour for maps, how many events have it, and the nearest term of PLOVER,"
    " UCDP and ACLED. The list is short and comes whole."
)
COLUMNS = (
    column("type"),
    column("label"),
    column("definition"),
    column("colour"),
    column("events"),
    column("plover_event_type", "plover", "event_type"),
    column("plover_quad_class", "plover", "quad_class"),
    listed("ucdp_type_of_violence", "ucdp_type_of_violence"),
    column("acled"),
)


def routes() -> Iterator[Route]:
    """The taxonomy: by `Accept`, and a path for each format."""
    first, *others = (_route(form) for form in PLAIN)
    yield by_accept(first, others, "The taxonomy")
    yield first
    yield from others


def _route(form: Format) -> Route:
    schema = {"$ref": "#/components/schemas/EventTypeList"} if form is JSON else {"type": "string"}
    return Route(
        f"{PATH}.{form.name}", f"list_event_types_{form.name}", "about", f"The taxonomy ({form.name})", form.media_type,
        schema, lambda question: answer(form, question), f"{PATH}.{form.name}", description=ABOUT,
    )  # fmt: skip


def answer(form: Format, question: Question) -> Response:
    """All types, in the order of the taxonomy."""
    counts = dict(question.reader.rows("SELECT type, count(*) FROM events GROUP BY type"))
    types = [
        {
            "type": each.name,
            "label": each.label,
            "definition": each.definition,
            "colour": each.colour,
            "events": counts.get(each.name, 0),
            "plover": each.plover and {"event_type": each.plover, "quad_class": each.quad_class},
            "ucdp_type_of_violence": each.ucdp,
            "acled": each.acled,
        }
        for each in EVENT_TYPES
    ]
    links = page_links(None, None, "")
    meta = {"limit": len(types), "count": len(types), "dataset_version": question.version.seq}
    pieces = form.encode((to_json_bytes(each) for each in types), Sheet(COLUMNS, None, links, meta))
    return page_response(form, pieces, links)
