"""Event Timeline: conflict events, actors, locations and statements from news articles, as a JSON API over SQLite."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from api.config import Settings

__all__ = ["create_app"]


def create_app(settings: "Settings") -> "Flask":
    """The WSGI application over the database of the settings, which must be there and up to date."""
    from api.web.application import create_app as create  # so that the lower rooms are imported without Flask

    return create(settings)
