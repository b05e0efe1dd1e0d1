"""Every route of the API, in the order of the docs."""

from api.model.nouns import NOUNS
from api.model.timeline import TIMELINE
from api.web import event_types, listings, singles, summaries
from api.web.routes import Route


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


ROUTES: tuple[Route, ...] = (
    *(route for listing in listings.LISTINGS for route in listings.routes(listing)),
    *(singles.record_route(noun) for noun in NOUNS),
    *summaries.routes("events"),
    *summaries.routes("statements"),
    *event_types.routes(),
    Route(
        "/v1/meta", "get_meta", "about", "What the data covers", singles.JSON, _ref("Meta"), singles.meta, "/v1/meta",
        description="Dataset version, newest change, counts, coverage by country, licences, and how to cite it.",
    ),
    Route(
        "/v1/bundle", "get_bundle", "bundle", "Records as one document that can be loaded again", singles.JSON,
        _ref("Bundle"), singles.bundle, "/v1/bundle?location=Saraqib", TIMELINE.filters,
        "Everything, or the events and statements of a filter with all that they refer to, directly or through others.",
    ),
)  # fmt: skip
