"""ogcapi-registry judges a service: {"address", "without": [paths left out of its document]} in, its findings out."""

import json
import sys
import urllib.request
from typing import Any

from ogcapi_registry import OpenAPIClient, parse_conformance_classes, validate_ogc_api

job = json.load(sys.stdin)


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as response:
        return json.load(response)


links = {each["rel"]: each["href"] for each in get(job["address"])["links"]}
document, _ = OpenAPIClient().fetch(links["service-desc"])
document["paths"] = {path: item for path, item in document["paths"].items() if path not in job["without"]}
result = validate_ogc_api(document, parse_conformance_classes(get(links["conformance"])["conformsTo"]))
json.dump({"errors": result.errors, "warnings": result.warnings}, sys.stdout, default=str)
