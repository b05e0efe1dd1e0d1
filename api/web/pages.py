"""Pages for people: the index, the OpenAPI document and its reader, the guide, the list of problems. No internet needed."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Any

import flask_swagger_ui
from flask import Flask, Response, g, render_template, request
from markupsafe import Markup, escape

from api.importers import ged_columns
from api.model import cql2
from api.model.event import EVENTS
from api.model.nouns import BY_NAME, NOUNS
from api.model.predicates import MOST_PREDICATES
from api.model.problem import Problem
from api.model.taxonomy import QUALITIES
from api.model.text import shown, to_json
from api.web import datapackages, openapi, problems
from api.web.actions import Action
from api.web.http import CODE_VERSION, accepted, held_tag, not_modified, settings, validators
from api.web.listings import LISTINGS
from api.web.ogc import table as ogc
from api.web.queries import read
from api.web.routes import Route
from api.web.table import ACTIONS, ROUTES

EXPRESSIONS = (
    ("Comparison", "fatalities_best >= 10 AND type <> 'airstrike'"),
    ("Of several values", "country IN ('SY', 'Lebanon')"),
    ("Between", "start_date BETWEEN DATE('2024-11-27') AND DATE('2024-11-30')"),
    ("Unknown", "fatalities_best IS NULL"),
    ("Either, not", "actor = 'HTS' OR NOT location = 'Aleppo'"),
    ("Pattern: % any characters, _ one", "title LIKE '%highway%'"),
    ("Any case, any accents", "ACCENTI(CASEI(location_name)) LIKE ACCENTI(CASEI('sar%b'))"),
    ("Two properties", "start_date = end_date"),
    ("Box, point, polygon", "S_INTERSECTS(geometry, POLYGON((36 35, 38 35, 37 37, 36 35)))"),
    ("Time", "T_INTERSECTS(INTERVAL(start_date, end_date), INTERVAL('2024-11-29', '..'))"),
)
"""What CQL2 can say, each with an example over events."""
CODE = re.compile("`([^`]+)`")
HTML, JSON = "text/html", "application/json"
SWAGGER_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
    "LICENSE": "text/plain",
}
OWN_FILES = {"pages.css": "text/css", "docs.js": "text/javascript", "icon.svg": "image/svg+xml"}
OTHER_PATHS = (
    (f"/v1/{datapackages.NAME}", "All CSVs as a Data Package: types, units, licences."),
    ("/v1/openapi.json", "This API as OpenAPI 3.1, for machines."),
    ("/docs", "The same, for people, with a form to try each request."),
    ("/docs/guide", "Filters, formats, paging, caching and errors in one page."),
    ("/docs/filter", "CQL2 expressions in `filter=`, and what they may name."),
    ("/docs/ucdp", "How rows of UCDP GED become records, column by column."),
    ("/docs/problems", "Every kind of error, what it means and what to do."),
    ("/healthz", "Is the process up?"),
    ("/readyz", "Can it answer?"),
)


def index_entries(origin: str) -> list[dict[str, Any]]:
    """Every path with what it is for and an example that works; a list's entry holds one for each of its formats."""
    return [
        *(
            _entry(each, origin)
            for each in (*ROUTES, *ogc.ROUTES)
            if "." not in each.path and not each.path.endswith("/")
        ),
        *({"path": path, "about": about, "example": origin + path} for path, about in OTHER_PATHS),
    ]


def _entry(route: Route, origin: str) -> dict[str, Any]:
    path = route.path.replace("<record_id>", "{id}")
    entry = {"path": path, "about": _about(route), "example": origin + route.example}
    name = f"{route.path}."
    formats = {each.path.removeprefix(name): origin + each.example for each in ROUTES if each.path.startswith(name)}
    return entry | ({"formats": formats} if formats else {})


def _about(route: Route) -> str:
    if route.path_parameters:
        return route.about
    return (route.description or route.about).partition(". ")[0].rstrip(".") + "."


def code(text: str) -> Markup:
    """Text for a page, with what stands between backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 the text is escaped


def register(app: Flask) -> None:
    """The pages and their files."""
    app.add_template_filter(code)
    app.add_url_rule("/", "index", _cached(_index, _wanted))
    app.add_url_rule("/v1/openapi.json", "openapi", _cached(_openapi, lambda: JSON))
    app.add_url_rule("/docs", "docs", _cached(lambda: _page("docs.html"), lambda: HTML))
    app.add_url_rule("/docs/guide", "guide", _cached(_guide, lambda: HTML))
    app.add_url_rule("/docs/filter", "filter", _cached(_filter, lambda: HTML))
    app.add_url_rule("/docs/ucdp", "ucdp", _cached(_ucdp, lambda: HTML))
    app.add_url_rule("/docs/problems", "problems", _cached(_problems, lambda: HTML))
    app.add_url_rule("/docs/assets/<name>", "asset", _asset)


def _cached(answer: Callable[[], Response], media_type: Callable[[], str]) -> Callable[[], Response]:
    def view() -> Response:
        read(request.query_string, ())
        current = validators(None, media_type())
        response = not_modified(current, is_found=True)
        if response is None:
            response = answer()
            response.headers.update(current.headers(settings().max_age))
        if media_type is _wanted:
            response.vary.add("Accept")
        return response

    return view


def _wanted() -> str:
    return accepted().best_match((JSON, HTML)) or JSON


def _index() -> Response:
    entries = index_entries(g.origin)
    if _wanted() == HTML:
        response = _page("index.html", entries=entries, writes=[_write_entry(each) for each in ACTIONS])
    else:
        body = {
            "name": "Event Timeline",
            "version": CODE_VERSION,
            "about": "Conflict events, actors, locations and statements from news articles, every fact with its evidence.",
            "try": f"curl '{entries[0]['example']}'",
            "routes": entries,
            "writes": [_write_entry(each) for each in ACTIONS],
        }
        response = Response(_one_line_each(body), content_type=JSON)
    return response


def _write_entry(action: Action) -> dict[str, str]:
    return {
        "method": action.method,
        "path": action.path.replace("<record_id>", "{id}"),
        "about": action.about,
        "scope": action.scope,
    }


def _one_line_each(body: dict[str, Any]) -> str:
    members = []
    for name, value in body.items():
        lines = ",\n".join(f"  {to_json(each)}" for each in value) if isinstance(value, list) else ""
        members.append(f" {to_json(name)}: " + (f"[\n{lines}\n ]" if lines else to_json(value)))
    return "{\n" + ",\n".join(members) + "\n}\n"


def _openapi() -> Response:
    document = _document() | {"servers": [{"url": g.origin}]}
    return Response(to_json(document) + "\n", content_type=JSON)


@cache
def _document() -> dict[str, Any]:
    return openapi.document("")


def _page(template: str, **values: Any) -> Response:
    up = "../" * (request.path.count("/") - 1)  # to the root, wherever a proxy puts that
    page = render_template(template, version=CODE_VERSION, up=up, **values)
    return Response(page, content_type=f"{HTML}; charset=utf-8")


def _problems() -> Response:
    return _page("problems.html", kinds=problems.KINDS)


def _ucdp() -> Response:
    return _page(
        "ucdp.html",
        columns=ged_columns.COLUMNS,
        other_names=ged_columns.OTHER_NAMES,
        needed=ged_columns.NEEDED,
        qualities=QUALITIES,
    )


def _filter() -> Response:
    return _page(
        "filter.html",
        origin=g.origin,
        examples=EXPRESSIONS,
        nouns=[
            BY_NAME[listing.name]
            for listing in LISTINGS
            if listing.name in BY_NAME and BY_NAME[listing.name].queryables
        ],
        longest=cql2.LONGEST,
        deepest=cql2.DEEPEST,
        predicates=MOST_PREDICATES,
    )


def _guide() -> Response:
    return _page("guide.html", listings=LISTINGS, actions=[*_once_for_all_nouns()])


def _once_for_all_nouns() -> Iterator[Action]:
    """What can be written, with that which every noun has told of the events alone."""
    others = tuple(noun.name for noun in NOUNS if noun is not EVENTS)
    return (each for each in ACTIONS if each.tag not in others)


@cache
def _file(name: str) -> tuple[bytes, bytes, str, str]:
    """A file of the pages: its bytes, the same as gzip, its media type and its digest."""
    if name in OWN_FILES:
        folder, media_type = resources.files("api.web").joinpath("static"), OWN_FILES[name]
    else:
        folder, media_type = resources.files(flask_swagger_ui).joinpath("dist"), SWAGGER_FILES[name]
    data = folder.joinpath(name).read_bytes()
    return data, gzip.compress(data, mtime=0), media_type, hashlib.sha256(data).hexdigest()[:32]


def _asset(name: str) -> Response:
    read(request.query_string, ())
    if name not in OWN_FILES and name not in SWAGGER_FILES:
        raise Problem(404, "not-found", f"There is no file {shown(name)} here.")
    data, packed, media_type, etag = _file(name)
    is_packed = request.accept_encodings.quality("gzip") > 0
    held = held_tag(etag)
    response = Response(status=304) if held else Response(packed if is_packed else data, content_type=media_type)
    if is_packed and not held:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(held or etag + (":gzip" if is_packed else ""))
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
