"""QGIS reads `/ogc` as its users load a layer. Its packages are nearly a gigabyte, so that this runs among the long forms."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from live import Server

from clients.gis_programs import rows_of
from clients.gis_questions import ALL, NORTH_OF_SYRIA, Question
from clients.programs import READERS, run
from clients.recorder import recording
from clients.truth import COLUMNS, Row, in_order, same

pytestmark = pytest.mark.slow
PYTHON = Path("/usr/bin/python3")
QUESTIONS = (
    ALL,
    Question(
        "bbox",
        "l.longitude BETWEEN 36.1 AND 38.3 AND l.latitude BETWEEN 35.2 AND 37.4",
        box=NORTH_OF_SYRIA,
        pushed=("bbox",),
    ),
    # A day as a text is sent as datetime=; that an event's span overlaps is what these two mean anyway.
    Question("since", "e.end_date >= '2021-06-01'", ogr="\"end_date\" >= '2021-06-01'", pushed=("datetime",)),
    Question("until", "e.start_date <= '2020-06-30'", ogr="\"start_date\" <= '2020-06-30'", pushed=("datetime",)),
    Question(
        "property", "e.type = 'armed_clash' AND l.country = 'SY'", ogr="\"type\" = 'armed_clash' AND \"country\" = 'SY'"
    ),
)


def as_text(rows: Sequence[Row]) -> list[Row]:
    """QGIS 3.22 guesses a column's type from ten features; where they are null, figures are texts."""
    return [tuple(None if each is None else str(each) for each in row) for row in rows]


def test_qgis(server: Server, tmp_path: Path) -> None:
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("QGIS is not installed (python3-qgis, qgis-providers)")
    with recording(server.address) as proxy:
        job: dict[str, Any] = {
            "address": f"{proxy.address}/ogc", "layer": "events", "columns": COLUMNS,
            "questions": [{"subset": each.ogr, "box": each.box} for each in QUESTIONS],
        }  # fmt: skip
        surroundings = {"HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
        found = json.loads(run(PYTHON, READERS / "qgis_reader.py", environment=surroundings, given=json.dumps(job)))
    for question, rows in zip(QUESTIONS, found, strict=True):
        same(as_text(in_order(rows)), as_text(rows_of(server, question)), question.name)
    assert {each.status for each in proxy.asked} <= {200, 304}
    asked = [set(each.query) for each in proxy.asked if each.path.endswith("/items")]
    assert all(any(set(each.pushed) <= names for names in asked) for each in QUESTIONS), asked
