"""What a record puts into the tables: the narrow columns of its own row, and its rows in the join tables.

Columns that depend on other records (tolls, counts, statuses) are set when it is rendered.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from api.model.text import sort_key

Record = Mapping[str, Any]
Row = dict[str, Any]
JoinRow = tuple[str, Row]
"""A join table and a row for it."""


class SeqOf(dict[tuple[str, str], int]):
    """From collection and id to row number."""

    def maybe(self, collection: str, record_id: str | None) -> int | None:
        """The same, where there may be no reference."""
        return None if record_id is None else self[collection, record_id]


def source_row(record: Record, seq_of: SeqOf) -> Row:
    return {
        "type": record["type"],
        "title_key": sort_key(record["title"] or record["publisher"] or record["id"]),
        "published_at": record["published_at"],
        "published_key": record["published_at"] or "",
        "derived_from": seq_of.maybe("sources", record["derived_from"]),
    }


def location_row(record: Record, seq_of: SeqOf) -> Row:
    return {
        "name_key": sort_key(record["name"]),
        "type": record["type"],
        "country": record["country"],
        "parent": seq_of.maybe("locations", record["parent"]),
        "latitude": record["latitude"],
        "longitude": record["longitude"],
    }


def actor_row(record: Record, _: SeqOf) -> Row:
    return {"name_key": sort_key(record["name"]), "type": record["type"], "country": record["country"]}


def event_row(record: Record, seq_of: SeqOf) -> Row:
    same = ("type", "start_date", "end_date", "date_precision", "location_precision", "dataset")
    return {
        **{name: record[name] for name in same},
        "days": days(record["start_date"], record["end_date"]),
        "title_key": sort_key(record["title"]),
        "location": seq_of.maybe("locations", record["location"]),
        "part_of": seq_of.maybe("events", record["part_of"]),
    }


def statement_row(record: Record, _: SeqOf) -> Row:
    same = ("kind", "type", "date", "dataset")
    end = record["end_date"] or record["date"]
    return {**{name: record[name] for name in same}, "end_date": end, "days": days(record["date"], end)}


def days(first: str, last: str) -> int:
    """How many days a span reaches beyond its first one."""
    return 0 if first == last else (date.fromisoformat(last) - date.fromisoformat(first)).days


def actor_joins(seq: int, record: Record, seq_of: SeqOf) -> Iterator[JoinRow]:
    for each in record["relations"]:
        other = seq_of["actors", each["actor"]]
        yield "actor_relations", {"actor": seq, "relation": each["relation"], "other": other}


def event_joins(seq: int, record: Record, seq_of: SeqOf) -> Iterator[JoinRow]:
    for each in record["participants"]:
        yield "event_actors", {"event": seq, "actor": seq_of["actors", each["actor"]], "role": each["role"]}
    for each in record["evidence"]:
        yield "event_sources", {"event": seq, "source": seq_of["sources", each["source"]]}


def statement_joins(seq: int, record: Record, seq_of: SeqOf) -> Iterator[JoinRow]:
    speakers = [(part, record[part]) for part in ("speaker", "on_behalf_of") if record[part]]
    for part, actor in (*speakers, *(("addressee", each) for each in record["addressees"])):
        yield "statement_actors", {"statement": seq, "actor": seq_of["actors", actor], "part": part}
    for event in record["events"]:
        yield "statement_events", {"statement": seq, "event": seq_of["events", event]}
    for each in record["evidence"]:
        yield "statement_sources", {"statement": seq, "source": seq_of["sources", each["source"]]}


ROWS: Mapping[str, Callable[[Record, SeqOf], Row]] = {
    "sources": source_row,
    "locations": location_row,
    "actors": actor_row,
    "events": event_row,
    "statements": statement_row,
}
JOINS: Mapping[str, Callable[[int, Record, SeqOf], Iterator[JoinRow]]] = {
    "actors": actor_joins,
    "events": event_joins,
    "statements": statement_joins,
}
"""Sources and locations have no join tables of their own."""
JOIN_TABLES: Mapping[str, Mapping[str, str]] = {
    "actors": {"actor_relations": "actor"},
    "events": {"event_actors": "event", "event_sources": "event"},
    "statements": {
        "statement_actors": "statement",
        "statement_events": "statement",
        "statement_sources": "statement",
    },
}
"""For each noun its join tables, each with the column that holds its own row number."""
