"""libhxl reads tagged tables: {name: {"address", "tags"}} in, {name: rows of texts} out."""

import json
import sys

import hxl

job = json.load(sys.stdin)
found = {}
for name, table in job.items():
    with hxl.data(table["address"]) as source:
        found[name] = [[row.get(tag, default="") for tag in table["tags"]] for row in source]
json.dump(found, sys.stdout)
