"""Made-up records for the unit tests: a small bundle that is right in everything, and ways to change and store it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.importers.bundle import load
from api.model.bundle import FORMAT
from api.model.problem import Fault, Problem
from api.store import sqlite
from api.store.migrations import open_migrated
from api.store.receiving import Report

ROOT = Path(__file__).parents[2]
ARTICLES = ROOT.parent / "shared" / "articles"
"""The sample articles' texts, where somebody has them; they are not part of the repository."""

Document = dict[str, Any]
Rows = list[tuple[Any, ...]]
EVERYTHING = (
    "store", "datasets", "changes", "sources", "locations", "actors", "events", "statements", "event_actors",
    "event_sources", "statement_actors", "statement_events", "statement_sources", "statement_locations",
    "actor_relations", "tree", "names", "locations_box", "sources_text", "locations_text", "actors_text",
    "events_text", "statements_text", "pointers", "sources_doc", "locations_doc", "actors_doc", "events_doc",
    "statements_doc", "actors_events", "locations_events",
)  # fmt: skip
DROP = object()
"""In place of a value: the member is left out."""


def cited(*sources: str) -> list[Document]:
    """Evidence without a phrase."""
    return [{"source": source} for source in sources or ("paper",)]


def quoted(quote: str, start: int = 0, source: str = "paper") -> Document:
    """Evidence with a phrase at its place."""
    return {"source": source, "quote": quote, "start": start, "end": start + len(quote)}


def location(record_id: str, **more: Any) -> Document:
    return {"id": record_id, "name": record_id.title(), "type": "city", "evidence": cited(), **more}


def actor(record_id: str, **more: Any) -> Document:
    return {"id": record_id, "name": record_id.title(), "type": "rebel_group", "evidence": cited(), **more}


def event(record_id: str, day: str = "2024-11-27", **more: Any) -> Document:
    return {
        "id": record_id, "type": "airstrike", "title": record_id.title(), "start_date": day, "end_date": day,
        "date_precision": "day", "evidence": cited(), **more,
    }  # fmt: skip


def statement(record_id: str, day: str = "2024-11-27", **more: Any) -> Document:
    return {
        "id": record_id, "kind": "paraphrase", "type": "report", "text": f"Words of {record_id}.", "date": day,
        "date_precision": "day", "evidence": cited(), **more,
    }  # fmt: skip


def figure(**more: Any) -> Document:
    return {"measure": "killed", "evidence": cited(), **more}


def bundle(**records: Any) -> Document:
    return {"bundle": FORMAT, **records}


def sample() -> Document:
    """A bundle that is right in everything and has a record of each kind, each with what it refers to."""
    return bundle(
        datasets=[{"id": "made-up", "title": "Made up", "licence": "CC0-1.0", "attribution": "Nobody"}],
        sources=[
            {"id": "wire", "type": "wire_report"},
            {
                "id": "paper", "title": "Town struck", "publisher": "The Paper", "url": "https://example.org/1",
                "language": "en", "published_at": "2024-11-28", "reference_date": "2024-11-27",
                "reference_date_basis": "The date line.", "sha256": "0" * 64, "length": 1000, "derived_from": "wire",
            },
        ],
        locations=[
            location("land", type="country", country="SY"),
            location("province", type="province", parent="land", country="SY"),
            location("town", parent="province", country="SY", latitude=36.2, longitude=37.16, aliases=["The Town"]),
        ],
        actors=[
            actor("army", type="state_forces", country="SY"),
            actor("rebels", external_ids={"wikidata": "Q1"}),
            actor("leader", type="person", relations=[{"actor": "rebels", "relation": "leads", "evidence": cited()}]),
            actor("cell", relations=[{"actor": "rebels", "relation": "member_of"}]),
        ],
        events=[
            event("offensive", type="armed_clash", end_date="2024-11-29", date_precision="days"),
            event(
                "strike", location="town", location_precision="exact", part_of="offensive", dataset="made-up", attributes={},
                participants=[{"actor": "army", "role": "initiator"}, {"actor": "cell", "role": "target"}],
                related=["offensive"], summary="Jets struck.", evidence=[quoted("jets struck the town", 10)],
            ),
        ],
        statements=[
            statement(
                "claim", speaker="leader", on_behalf_of="rebels", addressees=["army"], events=["strike", "offensive"],
                location="town", kind="quote", type="claim", dataset="made-up",
                figures=[
                    figure(event="strike", low=3, best=4, high=5),
                    figure(event="strike", best=2, population="civilians"),
                    figure(event="offensive", share=0.5, measure="displaced"),
                ],
            ),
            statement("report", events=["strike"], figures=[figure(best=4, evidence=[quoted("four dead", 40)])]),
        ],
    )  # fmt: skip


def put(document: Any, pointer: str, value: Any) -> None:
    """Set what a JSON pointer names; `DROP` leaves it out, a number past a list's end appends to it."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    if isinstance(document, list):
        document[int(last) : int(last) + 1] = [] if value is DROP else [value]
    elif value is DROP:
        del document[last]
    else:
        document[last] = value


def changed(*changes: tuple[str, Any]) -> Document:
    """The sample with other values at some JSON pointers."""
    document = sample()
    for pointer, value in changes:
        put(document, pointer, value)
    return document


def as_bytes(document: Any) -> bytes:
    return json.dumps(document).encode()


def store(connection: sqlite.Connection, document: Any) -> Report:
    """Load a document as a file's bytes would be."""
    return load(connection, as_bytes(document))


def refusal(act: Callable[[], object]) -> Problem:
    """The `Problem` that something raises."""
    try:
        act()
    except Problem as problem:
        return problem
    raise AssertionError("nothing was refused")


def told(faults: Sequence[Fault]) -> list[tuple[str | None, str]]:
    """Where each fault stands and what it says."""
    return [(each.pointer, each.detail) for each in faults]


@contextmanager
def opened(path: Path, *documents: Any) -> Iterator[sqlite.Connection]:
    """A writer on a new database with some documents in it."""
    connection = open_migrated(path)
    try:
        for document in documents:
            store(connection, document)
        yield connection
    finally:
        connection.close()


def contents(connection: sqlite.Connection, *tables: str) -> dict[str, Rows]:
    """The rows of all tables, or of some, in an order of their own."""
    found = {}
    for table in tables or EVERYTHING:
        columns = "rowid, *" if table.endswith("_text") else "*"
        found[table] = sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
    return found


def document(connection: sqlite.Connection, collection: str, record_id: str) -> Document:
    """A record as it is read."""
    (text,) = connection.execute(
        f"SELECT doc FROM {collection} JOIN {collection}_doc USING (seq) WHERE id = ?", (record_id,)
    ).fetchone()
    return json.loads(text)  # type: ignore[no-any-return]
