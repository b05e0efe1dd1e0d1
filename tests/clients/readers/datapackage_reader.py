"""frictionless reads packages: {name: address} in, {name: {"faults", "licences", "rows"}} out, rows by resource.

Each row is checked as it is read; the first faults are told. (A file called frictionless_… would be taken for a plug-in.)
"""

import json
import sys
from typing import Any

from frictionless import Package

job = json.load(sys.stdin)
found = {}
for name, address in job.items():
    package = Package(address)
    rows: dict[str, list[Any]] = {}
    faults: list[str] = []
    for resource in package.resources:
        rows[resource.name] = []
        with resource:
            for row in resource.row_stream:
                rows[resource.name].append(row.to_dict(json=False))
                faults += (str(error.message) for error in row.errors)
    found[name] = {"faults": faults[:5], "licences": [each["name"] for each in package.licenses], "rows": rows}
json.dump(found, sys.stdout, default=lambda value: float(value) if hasattr(value, "as_tuple") else value.isoformat())
