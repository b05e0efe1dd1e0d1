"""What answers carry beside their bodies: headers, problems, and texts that are no JSON."""

from collections.abc import Iterable, Mapping

from api.formats import atom
from api.web import problems
from api.web.http import REQUEST_ID
from api.web.openapi_pieces import ADDRESS, LARGEST_INT32, JsonObject, ref, text, whole
from api.web.rate_limit import WINDOW_SECONDS

TAG = text(80, pattern='^"([0-9]+[.])?[0-9a-f]{32}(:[a-z]+)?"$')
HEADERS: Mapping[str, tuple[str, JsonObject, bool]] = {
    "Access-Control-Allow-Origin": ("Pages of every origin may read it.", {"type": "string", "enum": ["*"]}, True),
    "X-Request-ID": (
        "The id that the request had, or was given.", text(128, pattern=f"^{REQUEST_ID.pattern}$"), True,
    ),
    "RateLimit": (
        "What is left of the client's share, and for how many seconds; only where this server sets one (IETF draft).",
        text(40, pattern='^"default";r=[0-9]+;t=[0-9]+$'), False,
    ),
    "RateLimit-Policy": (
        "The share of each client: so many requests in so many seconds; only where this server sets one.",
        text(40, pattern=f'^"default";q=[0-9]+;w={WINDOW_SECONDS}$'), False,
    ),
    "ETag": (
        "Strong validator: send it back as If-None-Match for a 304 while nothing has changed, a record's also as If-Match.",
        TAG, True,
    ),
    "Server-Timing": (
        "Milliseconds in the database and in all.",
        text(80, pattern=r"^db;dur=[0-9]+\.[0-9], total;dur=[0-9]+\.[0-9]$"), True,
    ),
    "Location": ("The record that was made, or that stands for the one asked for.", ADDRESS, True),
    "Content-Location": ("The record that is answered with.", ADDRESS, True),
    "Retry-After": ("Seconds to wait.", whole(LARGEST_INT32), False),
    "WWW-Authenticate": ("The challenge (RFC 6750), with the scope that is needed.", text(1000), True),
}  # fmt: skip
"""Of each header what it means, what it holds, and whether it is always there."""
EVERYWHERE = ("Access-Control-Allow-Origin", "X-Request-ID", "RateLimit", "RateLimit-Policy")
"""Headers of all answers."""
OF_STATUS = {
    308: ("Location",),
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
"""Headers of problems."""
TEXTS: Mapping[str, tuple[str, str]] = {
    "text/csv": ("Csv", "RFC 4180: a line of names, then a line for each record."),
    "application/x-ndjson": ("Ndjson", "One JSON document a line, each ended by a line feed."),
    atom.MEDIA_TYPE: ("AtomFeed", "RFC 4287."),
    "text/calendar": ("Calendar", "RFC 5545."),
    "text/html": ("Page", "HTML."),
}
"""Of each media type that is no JSON the name of its schema, and what it is. A whole data set has no greatest length."""


def header_components() -> JsonObject:
    """The headers, as components."""
    return {
        name: {"description": about, "schema": schema} | ({"required": True} if is_always else {})
        for name, (about, schema, is_always) in HEADERS.items()
    }


def with_headers(*names: str) -> JsonObject:
    """The headers of an answer: those of all answers, and these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*EVERYWHERE, *names)}


def text_components() -> JsonObject:
    """The schemas of answers that are no JSON."""
    return {name: {"type": "string", "description": about} for name, about in TEXTS.values()}


def text_schema(media_type: str) -> JsonObject | None:
    """The schema of an answer of this type; None where it is JSON."""
    return ref(TEXTS[media_type][0]) if media_type in TEXTS else None


class Refusals:
    """Problems as components: one for each set of kinds that share a status somewhere."""

    def __init__(self) -> None:
        self.components: JsonObject = {}

    def of(self, names: Iterable[str]) -> JsonObject:
        """References to what describes these kinds of problem, by status."""
        by_status: dict[int, list[problems.Kind]] = {}
        for name in dict.fromkeys(names):
            by_status.setdefault(problems.BY_NAME[name].status, []).append(problems.BY_NAME[name])
        return {str(status): self._reference(status, kinds) for status, kinds in sorted(by_status.items())}

    def _reference(self, status: int, kinds: list[problems.Kind]) -> JsonObject:
        name = "Or".join("".join(part.capitalize() for part in kind.name.split("-")) for kind in kinds)
        self.components[name] = {
            "description": "\n\n".join(f"`{each.name}`: {each.title}. {each.meaning} {each.remedy}" for each in kinds),
            "headers": with_headers(*OF_STATUS.get(status, ())),
            "content": {problems.MEDIA_TYPE: {"schema": ref("Problem")}},
        }
        return {"$ref": f"#/components/responses/{name}"}


NOT_MODIFIED: JsonObject = {
    "description": "Nothing has changed since the version that If-None-Match names.",
    "headers": with_headers("ETag"),
}
