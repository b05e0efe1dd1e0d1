"""The OpenAPI 3.1 document, made from the routes and the schemas; nothing in it is written a second time."""

from collections.abc import Mapping

from apispec import APISpec

from api.model.parameters import Parameter
from api.web import openapi_reconcile, openapi_records, openapi_schemas
from api.web.actions import Action
from api.web.http import CODE_VERSION
from api.web.listings import LISTINGS
from api.web.openapi_actions import operation, sent_headers
from api.web.openapi_pieces import RECORD_ID, JsonObject
from api.web.openapi_responses import NOT_MODIFIED, Refusals, header_components, text_schema, with_headers
from api.web.routes import Route
from api.web.table import ACTIONS, ROUTES

REFUSALS = (
    "invalid-parameter", "bad-request", "key-refused", "key-required", "too-many-requests", "internal-error",
    "query-too-long", "unavailable",
)  # fmt: skip
"""Kinds of problem that every read may be answered with; a key is required only where reads are not open."""
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer et_…`."},
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same, in a header of its own.",
    },
}
DESCRIPTION = """Conflict events, actors, locations and statements taken out of news articles: normalized, filterable, and
every fact traceable to the phrase in the source that says it.

Commas in a list parameter mean *or*, and so does repeating it; different parameters mean *and*. An unknown parameter, a
wrong value, an empty one: 400, with the parameter's name and the way out. Nothing is clamped, skipped or ignored.

A text that is sent holds more than spaces, and no control characters but tabs and ends of lines.
A whole number is written without a fraction, even `.0`. A member that is left out of what is sent is null, empty where it
is a list or an object, or what its description says.

A record that is read has every member, unknown ones null or empty, unless `fields` leaves some out: `EventPart` is what an
answer to which `fields` may apply holds, and `Event` the whole record."""


def document(origin: str) -> JsonObject:
    """The whole document, for a server at the origin."""
    spec = APISpec(
        "Event Timeline",
        CODE_VERSION,
        "3.1.0",
        plugins=[openapi_schemas.Plugin()],
        info={
            "description": DESCRIPTION,
            "license": {"name": "MIT (code); each dataset under its own licence, see /v1/meta", "identifier": "MIT"},
        },
        servers=[{"url": origin}],
        tags=[{"name": name, "description": about} for name, about in _tags().items()],
        security=[],
    )
    openapi_schemas.add_records(spec)
    for name, scheme in SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    for name, header in sent_headers().items():
        spec.components.parameter(name, "header", header)
    parameters, refusals = _Parameters(spec), Refusals()
    for route in ROUTES:
        path = route.path.replace("<record_id>", "{id}")
        read = _operation(route, parameters, refusals)
        form = {"post": openapi_reconcile.by_form(route, read, refusals)} if route.takes_form else {}
        spec.path(path, operations={"get": read} | form)
    for action in ACTIONS:
        path = action.path.replace("<record_id>", "{id}")
        named = [
            *(_path_parameter(example) for example in action.path_parameters.values()),
            *(parameters.component(each, action) for each in action.parameters),
        ]
        spec.path(path, operations={action.method.lower(): operation(action, named, refusals)})
    found: JsonObject = spec.to_dict()
    components = found["components"]
    components["schemas"] = openapi_schemas.completed(components["schemas"])
    components["responses"] = refusals.components
    components["headers"] = header_components()
    return openapi_schemas.named(found)


class _Parameters:
    """Parameters as components: one for each that differs, named by the parameter, and by the list where that is taken."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec
        self._known: dict[str, JsonObject] = {}

    def component(self, parameter: Parameter, route: Route | Action) -> str:
        """The name of the component that describes the parameter, which is made where there is none."""
        wanted = _query_parameter(parameter)
        for name in (parameter.name, f"{route.tag}_{parameter.name}", f"{route.operation}_{parameter.name}"):
            if name not in self._known:
                self._known[name] = wanted
                self._spec.components.parameter(name, "query", wanted)
            if self._known[name] == wanted:
                return name
        raise AssertionError(f"two parameters {parameter.name} in {route.operation}")


def _tags() -> Mapping[str, str]:
    about = {listing.name: listing.about for listing in LISTINGS}
    return about | {
        "changes": "Every change, in order.",
        "bundle": "Records as one document.",
        "about": "The data as a whole.",
        "reconciliation": "Matching names of your own with records (Reconciliation Service API 0.2).",
    }


def _operation(route: Route, parameters: _Parameters, refusals: Refusals) -> JsonObject:
    others = (
        f" `Accept` also chooses {', '.join(each.media_type for each in route.variants)}." if route.variants else ""
    )
    example = f"\n\nExample: `GET {route.example}`"
    kinds = (*REFUSALS, *(["not-acceptable"] if route.variants else []), *route.problems)
    return {
        "operationId": route.operation,
        "summary": route.about,
        "description": route.description + others + example,
        "tags": [route.tag],
        "security": [],
        "parameters": [
            *(_path_parameter(example) for example in route.path_parameters.values()),
            *(parameters.component(each, route) for each in route.parameters),
        ],
        "responses": {
            "200": {
                "description": "What was asked for.",
                "headers": with_headers("ETag", "Server-Timing"),
                "content": {route.media_type: {"schema": _schema(route)}},
            },
            "304": NOT_MODIFIED,
            **refusals.of(kinds),
        },
    }


def _schema(route: Route) -> JsonObject:
    if any(each.name == "fields" for each in route.parameters):
        return text_schema(route.media_type) or openapi_records.partial(route.schema, openapi_schemas.RECORDS)
    return text_schema(route.media_type) or dict(route.schema)


def _path_parameter(example: str) -> JsonObject:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The record's id.",
        "schema": RECORD_ID,
        "example": example,
    }


def _query_parameter(parameter: Parameter) -> JsonObject:
    needs = f" Only with {' or '.join(f'`{each}`' for each in parameter.needs)}." if parameter.needs else ""
    found: JsonObject = {
        "name": parameter.name,
        "description": parameter.description + needs,
        "schema": parameter.schema(),
    }
    if parameter.takes_many:
        found |= {"style": "form", "explode": False}
    if parameter.example:
        found["example"] = parameter.example_value()
    return found
