"""GDAL of pyogrio's wheel reads a layer: {"dataset", "layer", "columns", "questions": [{"where", "bbox", "page"}]} in.

Out come the types of all columns, and for each question the rows with longitude and latitude of their points. The dataset
is opened anew for each.
"""

import json
import struct
import sys
from typing import Any

import numpy as np
import pyogrio

job = json.load(sys.stdin)


def plain(column: Any) -> list[Any]:
    """Python's own values: days as text, NaN as None."""
    if column.dtype.kind == "M":
        return [None if np.isnat(each) else str(each) for each in column]
    if column.dtype.kind == "f":
        return [None if np.isnan(each) else float(each) for each in column]
    return list(column.tolist())


def point(wkb: bytes | None) -> tuple[float | None, float | None]:
    return struct.unpack("<dd", wkb[5:21]) if wkb else (None, None)


def rows(question: dict[str, Any]) -> list[list[Any]]:
    meta, _, geometries, columns = pyogrio.raw.read(
        job["dataset"],
        layer=job["layer"],
        columns=job["columns"],
        where=question["where"],
        bbox=tuple(question["bbox"]) if question["bbox"] else None,
        PAGE_SIZE=str(question["page"]),
    )
    by_name = dict(zip(meta["fields"].tolist(), map(plain, columns), strict=True))
    found = zip(*(by_name[each] for each in job["columns"]), map(point, geometries), strict=True)
    return [[*row[:-1], *row[-1]] for row in found]


answers = [rows(each) for each in job["questions"]]
info = pyogrio.read_info(job["dataset"], layer=job["layer"])
types = dict(zip(info["fields"].tolist(), info["dtypes"].tolist(), strict=True))
json.dump({"types": types, "rows": answers}, sys.stdout)
