"""pandas reads tables: {"format": "csv" or "ndjson", "columns": […], "addresses": {name: URL}} in, {name: rows} out."""

import json
import sys
from typing import Any

import pandas as pd

job = json.load(sys.stdin)


def flat(frame: Any) -> Any:
    """The nested members of records as the columns that the CSV has."""
    place = pd.json_normalize([each or {} for each in frame["location"]])
    frame["location_id"] = place["id"].to_numpy()
    for name in ("country", "latitude", "longitude"):
        frame[name] = place[name].to_numpy()
    for name in ("low", "best", "high"):
        frame[f"fatalities_{name}"] = [each[name] for each in frame["fatalities"]]
    frame["participants"] = [
        "; ".join(f"{each['actor']['name']} ({each['role']})" for each in people) or None
        for people in frame["participants"]
    ]
    return frame


def read(address: str) -> Any:
    if job["format"] == "ndjson":
        # By itself pandas rounds the last digit of a number.
        return flat(pd.read_json(address, lines=True, dtype=False, convert_dates=False, precise_float=True))
    # By itself pandas takes the text NA, which is the code of Namibia, for a missing value.
    return pd.read_csv(address, keep_default_na=False, na_values=[""])


found = {}
for name, address in job["addresses"].items():
    frame = read(address)[job["columns"]].astype(object)
    found[name] = frame.where(frame.notna(), None).values.tolist()
json.dump(found, sys.stdout)
