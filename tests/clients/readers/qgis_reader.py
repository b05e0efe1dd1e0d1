"""QGIS reads a layer: {"address", "layer", "columns", "questions": [{"subset", "box"}]} in, a list of rows for each out.

Run by the Python of the operating system, which has QGIS's modules, with a fresh HOME: its cache on disk hides broken servers.
"""

import json
import os
import sys
from typing import Any

from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer

job = json.load(sys.stdin)
application = QgsApplication([], False)
application.initQgis()


def plain(value: Any) -> Any:
    """Python's own value: days as text, QGIS's NULL as None."""
    if hasattr(value, "isNull") and value.isNull():
        return None
    return value.toString("yyyy-MM-dd") if hasattr(value, "toString") else value


def rows(question: dict[str, Any]) -> list[list[Any]]:
    within = " restrictToRequestBBOX='1'" if question["box"] else ""
    source = f"url='{job['address']}' typename='{job['layer']}' pageSize='1000'{within}"
    layer = QgsVectorLayer(source, job["layer"], "OAPIF")
    assert layer.isValid(), layer.error().message()
    assert layer.setSubsetString(question["subset"])
    request = QgsFeatureRequest()
    if question["box"]:
        request.setFilterRect(QgsRectangle(*question["box"]))
    found = []
    for each in layer.getFeatures(request):
        point = each.geometry().asPoint() if each.hasGeometry() else None
        found.append(
            [*(plain(each[name]) for name in job["columns"]), *((point.x(), point.y()) if point else (None, None))]
        )
    return found


answers = [rows(each) for each in job["questions"]]
json.dump(answers, sys.stdout)
sys.stdout.flush()
os._exit(0)  # its own way out waits for ever without a display
