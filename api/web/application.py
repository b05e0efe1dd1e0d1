"""Wiring: the parts of the web room become one Flask application."""

from flask import Flask
from flask_compress import Compress

from api.config import Settings
from api.formats.registry import FORMATS
from api.store.gate import Gate
from api.store.readers import Store
from api.web import actions, http, keys, operations, pages, problems, rate_limit, routes
from api.web.ogc import table as ogc
from api.web.table import ACTIONS, FORMS, ROUTES

COMPRESSED = [
    *dict.fromkeys(each.media_type for formats in FORMATS.values() for each in formats),
    *dict.fromkeys(each.media_type.partition(";")[0] for each in ogc.ROUTES),
    problems.MEDIA_TYPE,
    "text/html",
    "text/css",
    "text/javascript",
    "image/svg+xml",
]


def create_app(settings: Settings) -> Flask:
    """The application; no connection is opened before the first request, so that it may be forked."""
    app = Flask(__name__, static_folder=None, template_folder="templates")
    app.config["SETTINGS"] = settings
    app.config["STORE"] = Store(settings.db, settings.query_ms)
    app.config["COMPRESS_MIMETYPES"] = COMPRESSED
    app.config["COMPRESS_EVALUATE_CONDITIONAL_REQUEST"] = False
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.config["COMPRESS_ALGORITHM_STREAMING"] = list(http.ENCODINGS)
    Compress(app)
    http.register(app)
    rate_limit.register(app, settings)
    keys.register(app, FORMS)
    problems.register(app)
    routes.register(app, ROUTES)
    routes.register(app, ogc.ROUTES)
    actions.register(app, ACTIONS, Gate(settings.db))
    operations.register(app)
    pages.register(app)
    return app
