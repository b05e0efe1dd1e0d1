"""OWSLib reads a collection: {"address", "collection", "columns", "questions": {name: parameters}} in.

It follows no links by itself; the address of the next page is asked for as its users do, by that page's own parameters.
"""

import json
import sys
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from owslib.ogcapi.features import Features

job = json.load(sys.stdin)
service = Features(job["address"])


def pages(parameters: dict[str, str]) -> Any:
    asked: dict[str, Any] | None = parameters
    while asked is not None:
        if "bbox" in asked:
            asked["bbox"] = asked["bbox"].split(",")
        page = service.collection_items(job["collection"], **asked)
        yield page
        following = [each["href"] for each in page["links"] if each["rel"] == "next"]
        asked = dict(parse_qsl(urlsplit(following[0]).query)) if following else None


found, matched = {}, {}
for name, parameters in job["questions"].items():
    rows = []
    for page in pages(parameters):
        matched[name] = page["numberMatched"]
        for each in page["features"]:
            values = {**each["properties"], "id": each["id"]}
            point = each["geometry"]["coordinates"] if each["geometry"] else (None, None)
            rows.append([*(values[column] for column in job["columns"]), *point])
    found[name] = rows
document = service.api()
result = {
    "collections": service.feature_collections(),
    "queryables": sorted(service.collection_queryables(job["collection"])["properties"]),
    "conformance": service.conformance()["conformsTo"],
    "openapi": document["openapi"],
    "matched": matched,
    "rows": found,
    "one": service.collection_item(job["collection"], job["one"])["id"],
}
json.dump(result, sys.stdout)
