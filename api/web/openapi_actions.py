"""The OpenAPI operations of what writes."""

from typing import Any

from api.web.actions import LINES, Action
from api.web.openapi_pieces import LONGEST_HEADER, JsonObject, text
from api.web.openapi_responses import Refusals, with_headers

KEYS: tuple[dict[str, list[str]], ...] = ({"bearer": []}, {"api_key": []})
REFUSALS = (
    "invalid-parameter", "bad-request", "key-required", "key-refused", "scope-too-narrow", "too-many-requests",
    "internal-error", "unavailable", "request-under-way", "idempotency-key-reused",
)  # fmt: skip
"""Kinds of problem that every write may be answered with."""
BODY_REFUSALS = (
    "invalid-json", "body-cut-short", "length-required", "body-too-large", "unsupported-media-type", "request-timeout",
)  # fmt: skip
"""The same for those that have a body."""
SENT: dict[str, tuple[str, JsonObject, str]] = {
    "Idempotency-Key": (
        "idempotency_key", text(255, pattern="^[!-~]+$"),
        "A text of your own, such as a UUID: a repetition of the request with it is answered the same, and done once.",
    ),
    "If-Match": (
        "if_match", text(LONGEST_HEADER),
        "The version that you have read: the record's `ETag`, or its `version` in quotes; `*` for any.",
    ),
    "If-None-Match": (
        "if_none_match", {"type": "string", "enum": ["*"]}, "`*`: only if there is nothing yet. Without `If-Match`.",
    ),
}  # fmt: skip
"""Headers that writes take: the name of their component, what text they may hold, what they mean."""


def sent_headers() -> dict[str, JsonObject]:
    """The headers that writes take, as components."""
    return {
        component: {"name": name, "in": "header", "description": about, "schema": schema}
        for name, (component, schema, about) in SENT.items()
    }


def operation(action: Action, parameters: list[Any], refusals: Refusals) -> JsonObject:
    """One operation; `parameters` are those of its path and its query."""
    names = [] if action.is_apart else ["idempotency_key", "if_match"]
    if action.method in ("PUT", "POST") and not action.is_apart:
        names.append("if_none_match")
    kinds = (*REFUSALS, *(BODY_REFUSALS if action.bodies else ()), *action.problems)
    found: JsonObject = {
        "operationId": action.operation,
        "summary": action.about,
        "description": f"{action.description}\n\nNeeds a key with scope `{action.scope}`.",
        "tags": [action.tag],
        "security": list(KEYS),
        "parameters": [*parameters, *names],
        "responses": {str(status): _done(action, status) for status in action.statuses} | refusals.of(kinds),
    }
    if action.bodies:
        content = {media_type: {"schema": schema} for media_type, schema in action.bodies.items()}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _done(action: Action, status: int) -> JsonObject:
    schema = action.statuses[status]
    if schema is None:
        return {"description": "Done; there is nothing more to say.", "headers": with_headers()}
    names = ["Location"] if status == 201 else []
    if not action.is_apart and LINES not in action.bodies:  # one record
        names += ["Content-Location", "ETag"]
    content = {"application/json": {"schema": schema}}
    return {"description": "Done.", "headers": with_headers(*names), "content": content}
