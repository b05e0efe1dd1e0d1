"""How far the data reach: a box round all places, and the first and the last day."""

from api.store.readers import Reader

Box = tuple[float, float, float, float]


def space(reader: Reader, collection: str) -> Box | None:
    """West, south, east and north of all events or locations that have coordinates; None where none has."""
    where = "events > 0" if collection == "events" else "true"
    sql = "SELECT min(longitude), min(latitude), max(longitude), max(latitude) FROM locations"
    west, south, east, north = reader.rows(f"{sql} WHERE {where}")[0]
    return None if west is None else (west, south, east, north)


def time(reader: Reader) -> tuple[str, str] | None:
    """The first and the last possible day of all events; None where there are none."""
    first, last = reader.rows("SELECT (SELECT min(start_date) FROM events), (SELECT max(end_date) FROM events)")[0]
    return None if first is None else (first, last)
