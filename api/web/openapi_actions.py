"""The OpenAPI operations of what writes."""

from collections.abc import Callable
from typing import Any

from api.model.parameters import Parameter
from api.web import problems
from api.web.actions import LINES, Action

JsonObject = dict[str, Any]
KEYS: tuple[dict[str, list[str]], ...] = ({"bearer": []}, {"api_key": []})
REFUSALS = (
    "invalid-parameter", "key-required", "scope-too-narrow", "too-many-requests", "internal-error", "unavailable",
    "request-under-way", "idempotency-key-reused",
)  # fmt: skip
"""Kinds of problem that every write may be answered with."""
BODY_REFUSALS = ("length-required", "body-too-large", "unsupported-media-type", "request-timeout")
"""The same for those that have a body."""
SENT: dict[str, tuple[str, JsonObject, str]] = {
    "Idempotency-Key": (
        "idempotency_key", {"maxLength": 255, "pattern": "^[!-~]+$"},
        "A text of your own, such as a UUID: a repetition of the request with it is answered the same, and done once.",
    ),
    "If-Match": (
        "if_match", {},
        "The version that you have read: the record's `ETag`, or its `version` in quotes; `*` for any.",
    ),
    "If-None-Match": ("if_none_match", {"enum": ["*"]}, "`*`: only if there is nothing yet. Without `If-Match`."),
}  # fmt: skip
"""Headers that writes take: the name of their component, what text they may hold, what they mean."""


def header_components() -> dict[str, JsonObject]:
    """The headers that writes take, as components."""
    return {
        component: {"name": name, "in": "header", "description": about, "schema": {"type": "string", **schema}}
        for name, (component, schema, about) in SENT.items()
    }


def operation(
    action: Action, parameters: Callable[[Parameter, Action], str], path_parameters: list[JsonObject]
) -> JsonObject:
    """One operation; `parameters` gives the name of a query parameter's component."""
    names = [] if action.is_apart else ["idempotency_key", "if_match"]
    if action.method in ("PUT", "POST") and not action.is_apart:
        names.append("if_none_match")
    found: JsonObject = {
        "operationId": action.operation,
        "summary": action.about,
        "description": f"{action.description}\n\nNeeds a key with scope `{action.scope}`.",
        "tags": [action.tag],
        "security": list(KEYS),
        "parameters": [
            *path_parameters,
            *names,
            *(parameters(each, action) for each in action.parameters),
        ],
        "responses": {str(status): _done(action, status) for status in action.statuses} | _refused(action),
    }
    if action.bodies:
        content = {media_type: {"schema": schema} for media_type, schema in action.bodies.items()}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _done(action: Action, status: int) -> JsonObject:
    schema = action.statuses[status]
    if schema is None:
        return {"description": "Done; there is nothing more to say."}
    headers = {}
    if status == 201:
        headers["Location"] = _header("Where it is.", format="uri")
    if not action.is_apart and LINES not in action.bodies:  # one record
        headers["Content-Location"] = _header("The record that is answered with.", format="uri")
        headers["ETag"] = _header("The record as it is now.")
    return {"description": "Done.", "headers": headers, "content": {"application/json": {"schema": schema}}}


def _header(about: str, **schema: str) -> JsonObject:
    return {"description": about, "schema": {"type": "string", **schema}}


def _refused(action: Action) -> JsonObject:
    kinds = (*REFUSALS, *(BODY_REFUSALS if action.bodies else ()), *action.problems)
    by_status = {problems.BY_NAME[name].status: problems.BY_NAME[name] for name in kinds}
    return {str(status): reference(kind) for status, kind in sorted(by_status.items())}


def reference(kind: problems.Kind) -> JsonObject:
    """A reference to the component that describes this kind of problem."""
    return {"$ref": f"#/components/responses/{component_name(kind)}"}


def component_name(kind: problems.Kind) -> str:
    """What the component of a kind is called."""
    return "".join(part.capitalize() for part in kind.name.split("-"))
