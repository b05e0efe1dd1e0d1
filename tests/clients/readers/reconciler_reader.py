"""The package reconciler matches a column: {"address", "names", "type", "property"?: {id: values}} in, best matches out."""

import json
import sys

import pandas as pd
from reconciler import reconcile

job = json.load(sys.stdin)
table = pd.DataFrame({"name": job["names"], **job.get("property", {})})
found = reconcile(
    table["name"],
    type_id=job["type"],
    property_mapping={name: table[name] for name in job.get("property", {})} or None,
    reconciliation_endpoint=job["address"],
)
json.dump(found[["input_value", "id", "match", "score", "name"]].to_numpy().tolist(), sys.stdout, default=str)
