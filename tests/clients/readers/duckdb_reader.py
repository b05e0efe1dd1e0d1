"""DuckDB asks questions: {"extensions": […], "questions": {name: SQL}} in, {name: rows} out."""

import importlib
import json
import sys
from pathlib import Path

import duckdb

job = json.load(sys.stdin)
connection = duckdb.connect()
for name in job["extensions"]:
    package = Path(str(importlib.import_module(f"duckdb_extension_{name}").__file__)).parent
    file = package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    connection.execute(f"LOAD '{file}'")
json.dump({name: connection.execute(sql).fetchall() for name, sql in job["questions"].items()}, sys.stdout, default=str)
