"""Data Packages: what the CSVs of lists hold, for tools that read types and licences before the data."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from flask import Response, g, request

from api.formats import datapackage
from api.formats.datapackage import Table
from api.formats.registry import CSV
from api.model.resource import CURSOR
from api.model.text import to_json
from api.store import datasets
from api.web.listings import LISTINGS, Listing
from api.web.routes import Question, Route

MEDIA_TYPE = "application/json"
NAME = "datapackage.json"
SCHEMA = {"$ref": "#/components/schemas/DataPackage"}
ABOUT = "A Data Package: types, units, licences and addresses of"


def routes() -> Iterator[Route]:
    """The package of all CSVs, and for each list that of its CSV under the same filters."""
    yield Route(
        f"/v1/{NAME}", "get_datapackage", "about", "The CSVs as a Data Package", MEDIA_TYPE, SCHEMA,
        lambda question: answer(LISTINGS, question), f"/v1/{NAME}", description=f"{ABOUT} the CSVs of all lists.",
    )  # fmt: skip
    yield from map(_route, LISTINGS)


def _route(listing: Listing) -> Route:
    path, _, query = listing.example.partition("?")
    return Route(
        f"{path}.{NAME}", f"get_{listing.name}_datapackage", listing.name, f"The CSV of {listing.name} as a Data Package",
        MEDIA_TYPE, SCHEMA, lambda question: answer((listing,), question), f"{path}.{NAME}?{query}",
        tuple(each for each in listing.parameters(CSV) if each is not CURSOR), f"{ABOUT} `{path}.csv` with the same parameters.",
    )  # fmt: skip


def answer(listings: Sequence[Listing], question: Question) -> Response:
    """The package of some lists, each under the parameters of the request; `Problem` 400 where its CSV would be one."""
    given, version = question.given, question.version
    for each in listings if "sort" in given else ():
        each.select(question.resolved, given["sort"])
    package = datapackage.describe(
        [_table(each, question) for each in listings],
        datasets.every(question.reader),
        str(version.seq),
        version.changed_at,
        f"{g.origin}/",
    )
    return Response(to_json(package) + "\n", content_type=MEDIA_TYPE)


def _table(listing: Listing, question: Question) -> Table:
    wanted = question.given.get("fields")
    pairs = [(name, each) for name, values in request.args.lists() for each in values]
    query = f"?{urlencode(pairs, safe=',:')}" if pairs else ""
    return Table(
        name=listing.name,
        about=listing.about,
        columns=[each for each in listing.columns if wanted is None or each.name in wanted],
        schema=listing.view,
        key=listing.key,
        address=f"{g.origin}/v1/{listing.name}.{CSV.name}{query}",
    )
