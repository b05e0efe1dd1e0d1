"""Every route of the API, in the order of the docs."""

from api.model.nouns import NOUNS
from api.model.timeline import TIMELINE
from api.web import changes, datapackages, event_types, listings, reconcile, singles, snapshots, summaries, writes
from api.web.actions import Action
from api.web.routes import Route, of_snapshots


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


OF_DATA: tuple[Route, ...] = (
    *(route for listing in listings.LISTINGS for route in listings.routes(listing)),
    *datapackages.routes(),
    *(singles.record_route(noun) for noun in NOUNS),
    *summaries.routes("events"),
    *summaries.routes("statements"),
    *event_types.routes(),
    *changes.routes(),
    *(changes.history_route(noun) for noun in NOUNS),
    Route(
        "/v1/meta", "get_meta", "about", "What the data covers", singles.JSON, _ref("Meta"), singles.meta, "/v1/meta",
        description="Dataset version, newest change, counts, coverage by country, licences, and how to cite it.",
    ),
    Route(
        "/v1/bundle", "get_bundle", "bundle", "Records as one document that can be loaded again", singles.JSON,
        _ref("Bundle"), singles.bundle, "/v1/bundle?location=Saraqib", TIMELINE.filters,
        "Everything, or the events and statements of a filter with all that they refer to, directly or through others.",
    ),
    *reconcile.routes(),
)  # fmt: skip
"""What is read of the data, as it is now or as a snapshot has it."""

ROUTES: tuple[Route, ...] = (*(of_snapshots(each) for each in OF_DATA), snapshots.ROUTE)

FORMS = frozenset(each.path for each in ROUTES if each.takes_form)
"""Paths that read by POST."""

ACTIONS: tuple[Action, ...] = (*writes.actions(), snapshots.CREATE)
