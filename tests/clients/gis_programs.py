"""GIS programs at work: what they make of a collection, and what they ask a server for."""

import math
import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from live import Server

from clients.gis_questions import PAGE, Question
from clients.programs import command, read, run
from clients.recorder import Asked
from clients.truth import COLUMNS, PLACE_COLUMNS, Row, events, in_order

Paged = tuple[Question, int]
"""What is asked, and how many features a page shall have."""


def rows_of(server: Server, question: Question) -> list[Row]:
    """The rows by SQL, with the point that a program makes of the geometry."""
    rows = events(server.database, question.where)
    assert rows, f"{question.name}: nothing to compare"
    return [with_point(row, COLUMNS) for row in rows]


def with_point(row: Sequence[Any], columns: Sequence[str]) -> Row:
    return (*row, row[columns.index("longitude")], row[columns.index("latitude")])


def check_pushed(asked: Sequence[Asked], question: Question, rows: int, page: int) -> None:
    """The server was asked with the filter, page by page; without it for no more than one first look."""
    items = [each for each in asked if each.path.endswith("/items")]
    following = [each for each in items if "cursor" in each.query]
    says = question.name, [each.target for each in items]
    first = [each for each in items if each not in following]
    assert len(following) == max(0, math.ceil(rows / page) - 1), says
    assert all(set(question.pushed) <= set(each.query) for each in following), says
    assert any(set(question.pushed) <= set(each.query) for each in first), says
    assert {each.status for each in asked} <= {200, 304}, says


def openings(asked: Sequence[Asked]) -> list[list[Asked]]:
    """What was asked, split where the client looked for the collections anew."""
    starts = [number for number, each in enumerate(asked) if each.path.endswith("/collections")]
    return [list(asked[start:end]) for start, end in zip(starts, [*starts[1:], len(asked)], strict=True)]


def from_geopackage(path: Path, layer: str, columns: Sequence[str]) -> list[Row]:
    """The rows of a GeoPackage, with longitude and latitude out of its geometries (8 bytes of header, then WKB)."""
    with closing(sqlite3.connect(path)) as package:
        rows = package.execute(f"SELECT geom, {', '.join(columns)} FROM {layer}").fetchall()
    return in_order([*row[1:], *(struct.unpack("<dd", row[0][-16:]) if row[0] else (None, None))] for row in rows)


def by_ogr2ogr(address: str, folder: Path, question: Question, page: int, layer: str = "events") -> Path:
    """What GDAL's command makes of the collection."""
    options: list[str] = ["-where", question.ogr] if question.ogr else []
    options += ["-spat", *map(str, question.box)] if question.box else []
    file = folder / f"{question.name}-{layer}.gpkg"
    run(command("ogr2ogr"), "-f", "GPKG", file, "-oo", f"PAGE_SIZE={page}", *options, f"OAPIF:{address}/ogc", layer)
    return file


def pyogrio(python: Path, address: str, questions: Sequence[Paged], layer: str = "events") -> Any:
    job = {
        "dataset": f"OAPIF:{address}/ogc", "layer": layer, "columns": COLUMNS if layer == "events" else PLACE_COLUMNS,
        "questions": [
            {"where": each.ogr or None, "bbox": each.box or None, "page": page} for each, page in questions
        ],
    }  # fmt: skip
    return read(python, "pyogrio_reader", job)


def owslib(python: Path, address: str, questions: Sequence[Question], one: str) -> Any:
    job = {
        "address": f"{address}/ogc", "collection": "events", "columns": COLUMNS, "one": one,
        "questions": {each.name: {"limit": str(PAGE)} | each.asked for each in questions},
    }  # fmt: skip
    return read(python, "owslib_reader", job)


def duckdb(python: Path, questions: dict[str, str]) -> Any:
    shown = f"{', '.join(COLUMNS)}, ST_X(geom), ST_Y(geom)"
    asked = {name: f"SELECT {shown} FROM ST_Read({source}" for name, source in questions.items()}
    return read(python, "duckdb_reader", {"extensions": ["spatial", "httpfs"], "questions": asked})
