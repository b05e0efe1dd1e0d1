"""Reconciliation in the OpenAPI document: the schemas of its answers, and the form that it takes by POST."""

from api.model.extension import MOST_IDS
from api.model.json_parameter import LONGEST_TEXT
from api.model.reconcilable import SUBJECTS
from api.model.reconciliation import MOST_CANDIDATES, MOST_QUERIES
from api.web.forms import FORM
from api.web.openapi_actions import BODY_REFUSALS
from api.web.openapi_pieces import ADDRESS, JsonObject, array, record, ref, text, whole
from api.web.openapi_responses import Refusals, with_headers
from api.web.reconcile_suggest import SHOWN
from api.web.routes import Route

TERM = text(100, minLength=1)
LINE = text(1000)
"""What tells a record from its namesakes, or a sentence of ours."""
MOST_PROPERTIES = max(len(each.properties) for each in SUBJECTS)
RECORD = text(LONGEST_TEXT, minLength=1)
SCORE: JsonObject = {"type": "number", "format": "double", "minimum": 0, "maximum": 100}
PLACE = record(service_url=ADDRESS, service_path=text(200))


def _cell(name: str, schema: JsonObject) -> JsonObject:
    return record(**{name: schema})


def _some(required: str, **members: JsonObject) -> JsonObject:
    return {"type": "object", "properties": members, "required": required.split()}


SCHEMAS: dict[str, JsonObject] = {
    "Reconciliation": {
        "anyOf": [ref("ReconciliationManifest"), ref("ReconciliationExtension"), ref("ReconciliationResults")],
        "description": "The manifest; with `extend` the values of properties; with `queries` candidates.",
    },
    "ReconciliationManifest": record(
        versions=array(text(10), 10),
        name=LINE,
        identifierSpace=ADDRESS,
        schemaSpace=ADDRESS,
        documentation=ADDRESS,
        serviceVersion=text(32),
        logo=ADDRESS,
        defaultTypes=array(ref("ReconciliationType"), 100),
        view=ref("ReconciliationTemplate"),
        preview=ref("ReconciliationPreview"),
        suggest=ref("ReconciliationSuggest"),
        extend=ref("ReconciliationExtend"),
        batchSize=whole(MOST_QUERIES),
    ),
    "ReconciliationType": _some("id name", id=TERM, name=TERM, broader=array(ref("ReconciliationType"), 1)),
    "ReconciliationTemplate": record(url=text(ADDRESS["maxLength"], description="With {{id}} in it.")),
    "ReconciliationPreview": record(
        url=text(ADDRESS["maxLength"], description="With {{id}} in it."), width=whole(4000), height=whole(4000)
    ),
    "ReconciliationService": PLACE,
    "ReconciliationSuggest": record(**dict.fromkeys(("entity", "type", "property"), ref("ReconciliationService"))),
    "ReconciliationExtend": record(
        propose_properties=ref("ReconciliationService"), property_settings=array({"type": "object"}, 0)
    ),
    "ReconciliationResults": {
        "type": "object",
        "additionalProperties": ref("ReconciliationResult"),
        "maxProperties": MOST_QUERIES,
        "description": "For each query, by its key.",
    },
    "ReconciliationResult": record(result=array(ref("ReconciliationCandidate"), MOST_CANDIDATES)),
    "ReconciliationCandidate": record(
        id=RECORD,
        name=RECORD,
        description=text(4000),
        type=array(ref("ReconciliationType"), 2),
        score=SCORE,
        match={"type": "boolean"},
        features=array(ref("ReconciliationFeature"), 100),
    ),
    "ReconciliationFeature": record(
        id=TERM, value={"anyOf": [{"type": "number", "format": "double"}, {"type": "boolean"}]}
    ),
    "ReconciliationExtension": record(
        meta=array(ref("ReconciliationColumn"), MOST_PROPERTIES),
        rows={"type": "object", "additionalProperties": ref("ReconciliationRow"), "maxProperties": MOST_IDS},
    ),
    "ReconciliationColumn": _some("id name", id=TERM, name=TERM, type=ref("ReconciliationType")),
    "ReconciliationRow": {
        "type": "object",
        "additionalProperties": array(ref("ReconciliationCell"), None),
        "maxProperties": MOST_PROPERTIES,
    },
    "ReconciliationCell": {
        "anyOf": [
            record(id=RECORD, name=RECORD),
            _cell("str", {"type": "string"}),
            _cell("int", whole()),
            _cell("float", {"type": "number", "format": "double"}),
            _cell("date", text(20, format="date-time")),
        ]
    },
    "Suggestions": record(result=array(ref("Suggestion"), SHOWN)),
    "Suggestion": _some(
        "id name",
        id=RECORD,
        name=RECORD,
        description=text(4000),
        notable=array(ref("ReconciliationType"), 2),
        broader=array(ref("ReconciliationType"), 1),
    ),
    "PropertyProposal": _some(
        "properties", properties=array(ref("ProposedProperty"), MOST_PROPERTIES), type=TERM, limit=whole(100, 1)
    ),
    "ProposedProperty": record(id=TERM, name=TERM, description=LINE),
}


def by_form(route: Route, read: JsonObject, refusals: Refusals) -> JsonObject:
    """The operation that does by POST what this one does by GET; its body holds the parameters that are the route's own."""
    own = [each for each in route.parameters if each.name != "snapshot"]
    members = {each.name: each.schema() | {"description": each.description, "example": each.example} for each in own}
    form: JsonObject = {"type": "object", "properties": members, "additionalProperties": False, "minProperties": 1}
    ok = {name: each for name, each in read["responses"]["200"].items() if name != "headers"}
    problems = {status: each for status, each in read["responses"].items() if status not in ("200", "304")}
    return {
        **read,
        "operationId": f"{read['operationId']}_by_form",
        "summary": f"{read['summary']}, many at once",
        "parameters": [each for each in read["parameters"] if each == "snapshot"],
        "requestBody": {"required": True, "content": {FORM: {"schema": form}}},
        "responses": {
            "200": ok | {"headers": with_headers("Server-Timing")},
            **problems,
            **refusals.of(("invalid-parameter", *BODY_REFUSALS)),
        },
    }
