"""pygeoapi's Flask application over the SQLite that all servers here have: Python's own may not load SpatiaLite."""

import importlib
import sys

sys.modules["sqlite3"] = importlib.import_module("pysqlite3")
APP = importlib.import_module("pygeoapi.flask_app").APP
