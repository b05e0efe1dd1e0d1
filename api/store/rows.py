"""The narrow columns of a record: what filters and sorts read. What depends on other records is set when rendering."""

from collections.abc import Mapping
from typing import Any

from api.model.text import fold

SeqOf = Mapping[tuple[str, str], int]
Row = dict[str, Any]


def narrow_row(collection: str, record: Mapping[str, Any], seq_of: SeqOf) -> Row:
    """Column values of a record's row."""

    def seq(name: str, member: str) -> int | None:
        return None if record[member] is None else seq_of[name, record[member]]

    if collection == "sources":
        return {
            "type": record["type"],
            "title_key": fold(record["title"] or record["publisher"] or record["id"]),
            "published_at": record["published_at"],
            "published_key": record["published_at"] or "",
            "derived_from": seq("sources", "derived_from"),
        }
    if collection == "locations":
        return {
            "name_key": fold(record["name"]),
            "type": record["type"],
            "country": record["country"],
            "parent": seq("locations", "parent"),
            "latitude": record["latitude"],
            "longitude": record["longitude"],
        }
    if collection == "actors":
        return {"name_key": fold(record["name"]), "type": record["type"], "country": record["country"]}
    if collection == "events":
        same = ("type", "start_date", "end_date", "date_precision", "location_precision", "dataset")
        return {
            **{name: record[name] for name in same},
            "title_key": fold(record["title"]),
            "location": seq("locations", "location"),
            "part_of": seq("events", "part_of"),
        }
    return {
        **{name: record[name] for name in ("kind", "type", "date", "dataset")},
        "end_date": record["end_date"] or record["date"],
    }
