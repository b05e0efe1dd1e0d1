"""The five nouns, in the order in which each may refer to those before it."""

from api.model.actor import ACTORS
from api.model.event import EVENTS
from api.model.location import LOCATIONS
from api.model.resource import Resource
from api.model.source import SOURCES
from api.model.statement import STATEMENTS

NOUNS: tuple[Resource, ...] = (SOURCES, LOCATIONS, ACTORS, EVENTS, STATEMENTS)
BY_NAME = {each.name: each for each in NOUNS}
