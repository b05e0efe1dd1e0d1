"""The OpenAPI 3.1 document, made from the routes and the schemas; nothing in it is written a second time."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from api.model.bundle import BundleSchema
from api.model.changes import Change, Version
from api.model.fields import ID
from api.model.nouns import NOUNS
from api.model.parameters import Parameter
from api.model.record import SCHEMES, Texts
from api.model.snapshot import NewSnapshot
from api.model.timeline import Entry
from api.web import openapi_sent, problems
from api.web.actions import Action
from api.web.http import CODE_VERSION
from api.web.listings import LISTINGS
from api.web.openapi_actions import component_name, header_components, operation, reference
from api.web.openapi_parts import SCHEMAS, list_schema
from api.web.routes import Route
from api.web.table import ACTIONS, ROUTES
from api.web.writes import Merge, patch_name

JsonObject = dict[str, Any]
RECORDS = (*(noun.view.__name__ for noun in NOUNS), "Entry")
NOUN_RECORDS = tuple(noun.record.__name__ for noun in NOUNS)
CLOSED = (*NOUN_RECORDS, "Bundle", "Merge", "NewSnapshot")
"""What is sent to us holds what is described and nothing else."""
ALWAYS = (304, 400, 401, 429, 500, 503)
"""Statuses that every operation may answer with, beside 200."""
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
A whole number is written without a fraction, even `.0`."""


def document(origin: str) -> JsonObject:
    """The whole document, for a server at the origin."""
    plugin = _Plugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        "Event Timeline",
        CODE_VERSION,
        "3.1.0",
        plugins=[plugin],
        info={
            "description": DESCRIPTION,
            "license": {"name": "MIT (code); each dataset under its own licence, see /v1/meta", "identifier": "MIT"},
        },
        servers=[{"url": origin}],
        tags=[{"name": name, "description": about} for name, about in _tags().items()],
        security=[],
    )
    for noun in NOUNS:
        spec.components.schema(noun.view.__name__, schema=noun.view_schema)
    for name, scheme in SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    spec.components.schema("Entry", schema=Entry())
    spec.components.schema("Bundle", schema=BundleSchema())
    spec.components.schema("Change", schema=Change())
    spec.components.schema("Version", schema=Version())
    for name in RECORDS:
        spec.components.schema(f"{name}List", component=list_schema({"$ref": f"#/components/schemas/{name}"}))
    for name, schema in SCHEMAS.items():
        spec.components.schema(name, component=schema)
    for name, header in header_components().items():
        spec.components.parameter(name, "header", header)
    spec.components.schema("Merge", schema=Merge())
    spec.components.schema("NewSnapshot", schema=NewSnapshot())
    parameters = _Parameters(spec)
    for route in ROUTES:
        path = route.path.replace("<record_id>", "{id}")
        spec.path(path, operations={"get": _operation(route, parameters)})
    for action in ACTIONS:
        path = action.path.replace("<record_id>", "{id}")
        named = [_path_parameter(example) for example in action.path_parameters.values()]
        spec.path(path, operations={action.method.lower(): operation(action, parameters.component, named)})
    found: JsonObject = spec.to_dict()
    schemas = found["components"]["schemas"]
    found["components"]["schemas"] = schemas = openapi_sent.apart(schemas, CLOSED)
    openapi_sent.without_ids(schemas, NOUN_RECORDS)
    for name in NOUN_RECORDS:
        schemas[patch_name(name)] = openapi_sent.patch_schema(schemas[name])
    for name in RECORDS:
        schemas[name].pop("required", None)  # `fields` may leave out any member
    found["components"]["responses"] = {component_name(kind): _problem(kind) for kind in problems.KINDS}
    return found


class _Plugin(MarshmallowPlugin):
    """Tells of our own fields too."""

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        assert self.converter is not None
        self.converter.add_attribute_function(_names_of_texts)  # type: ignore[no-untyped-call]


def _names_of_texts(_: Any, field: Any, **__: Any) -> JsonObject:
    return {"propertyNames": {"enum": list(SCHEMES)}} if isinstance(field, Texts) else {}


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


def _schema_name(schema: type[Schema] | Schema) -> str:
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema")


def _tags() -> Mapping[str, str]:
    about = {listing.name: listing.about for listing in LISTINGS}
    return about | {
        "changes": "Every change, in order.",
        "bundle": "Records as one document.",
        "about": "The data as a whole.",
    }


def _operation(route: Route, parameters: _Parameters) -> JsonObject:
    others = (
        f" `Accept` also chooses {', '.join(each.media_type for each in route.variants)}." if route.variants else ""
    )
    example = f"\n\nExample: `GET {route.example}`"
    statuses = [*ALWAYS, *([406] if route.variants else [])]
    named = {str(problems.BY_NAME[name].status): problems.BY_NAME[name] for name in route.problems}
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
                "headers": {
                    name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
                },
                "content": {route.media_type: {"schema": route.schema}},
            },
            **{str(status): _response(status) for status in sorted(statuses)},
            **{status: reference(kind) for status, kind in named.items()},
        },
    }


HEADERS = {
    "ETag": "Strong validator: send it back as If-None-Match and get a 304 while nothing has changed.",
    "X-Request-ID": "The id that the request had, or was given.",
    "Server-Timing": "Milliseconds in the database and in all.",
}


def _path_parameter(example: str) -> JsonObject:
    schema = {"type": "string", "maxLength": 128, "minLength": 1, "pattern": f"^{ID.pattern}$"}
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The record's id.",
        "schema": schema,
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


def _response(status: int) -> JsonObject:
    if status == 304:
        return {"description": "Nothing has changed since the version that If-None-Match names."}
    if status == 401:  # a read needs no key where it is open, but one that comes with it must count
        return reference(problems.BY_NAME["key-refused"])
    return reference(next(each for each in problems.KINDS if each.status == status))


def _problem(kind: problems.Kind) -> JsonObject:
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: JsonObject = {"description": f"{kind.title}. {kind.meaning} {kind.remedy}", "content": content}
    if kind.name == "merged":
        address = {"type": "string", "format": "uri"}
        found["headers"] = {"Location": {"description": "The record that stands for it now.", "schema": address}}
    if kind.status in (429, 503):
        schema = {"type": "integer", "minimum": 0}
        found["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": schema}}
    if kind.status in (401, 403):
        text = "The challenge (RFC 6750), with the scope that is needed."
        found["headers"] = {"WWW-Authenticate": {"description": text, "schema": {"type": "string"}}}
    return found
