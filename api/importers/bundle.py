"""Loading bundles: a file's bytes, or the seed, into the store."""

from api.importers.strict_json import read_json
from api.model import bundle
from api.store import sqlite
from api.store.seeding import seed_files
from api.store.writing import Report, write


def load(connection: sqlite.Connection, data: bytes) -> Report:
    """Check a bundle and store it, all or nothing.

    Raises `Problem` 400 where it is no JSON, 422 with every fault and its JSON pointer where it is no valid bundle.
    """
    return write(connection, bundle.read(read_json(data)))


def load_seed(connection: sqlite.Connection) -> list[Report]:
    """Load the seed; loading it again changes nothing."""
    return [load(connection, each.read_bytes()) for each in seed_files()]
