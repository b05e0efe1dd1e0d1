"""The view of each noun: its document, the columns that are filled when it is rendered, and the text that search reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.model.text import sort_key
from api.model.tolls import coded, toll
from api.store.lookups import Lookups

Record = dict[str, Any]
LONGEST_TITLE = 140


@dataclass(frozen=True)
class View:
    """What rendering makes of one record."""

    document: Record
    searched: list[str | None]
    columns: Record = field(default_factory=dict)


def _quotes(record: Record) -> list[str | None]:
    return [each["quote"] for each in record["evidence"]]


def source_view(seq: int, record: Record, look: Lookups) -> View:
    counts = look.counts("sources", seq)
    name = record["title"] or record["publisher"] or record["id"]
    document = record | {"name": name, "events": counts["events"], "statements": counts["statements"]}
    return View(document, [record["title"], record["publisher"], record["author"], record["note"]])


def location_view(seq: int, record: Record, look: Lookups) -> View:
    counts = look.counts("locations", seq)
    return View(
        record | counts | {"path": look.path(record["id"])},
        [record["name"], *record["aliases"], record["description"]],
        {"name": record["name"], **{name: counts[name] for name in ("events", "statements")}},
    )


def actor_view(seq: int, record: Record, look: Lookups) -> View:
    counts = look.counts("actors", seq)
    relations = [each | {"actor": look.actor(each["actor"])} for each in record["relations"]]
    return View(
        record | counts | {"relations": relations},
        [record["name"], *record["aliases"], record["description"]],
        {"name": record["name"], **{name: counts[name] for name in ("events", "statements")}},
    )


def event_view(seq: int, record: Record, look: Lookups) -> View:
    claims = look.claims(seq, record["id"])
    given = record["coded_fatalities"]
    fatalities = coded(given) if given else toll(claims, "killed")
    sources = look.source_counts(record["evidence"])
    status = record["status"] or _status(fatalities, sources)
    location = look.location(record["location"])
    participants = [each | {"actor": look.actor(each["actor"])} for each in record["participants"]]
    injured, displaced = toll(claims, "injured"), toll(claims, "displaced")
    document = record | {
        "location": location,
        "participants": participants,
        "fatalities": fatalities,
        "injured": injured,
        "displaced": displaced,
        "status": status,
        "statements": len(claims),
        **sources,
    }
    searched = [
        record["title"],
        record["summary"],
        *look.names("locations", record["location"]),
        *(name for each in record["participants"] for name in look.names("actors", each["actor"])),
        *_quotes(record),
    ]
    best = fatalities["best"]
    columns = {
        "title": record["title"],
        **{name: location and location[name] for name in ("country", "latitude", "longitude")},
        "fatalities": best,
        "fatalities_key": -1 if best is None else best,
        "fatalities_low": fatalities["low"],
        "fatalities_high": fatalities["high"],
        "fatalities_civilians": fatalities["civilians"],
        "fatalities_disputed": fatalities["disputed"],
        "injured": injured["best"],
        "displaced": displaced["best"],
        "status": status,
        **sources,
    }
    return View(document, searched, columns)


def _status(fatalities: Record, sources: Record) -> str:
    if fatalities["disputed"]:
        return "disputed"
    return "corroborated" if sources["independent_source_count"] > 1 else "reported"


def statement_view(_: int, record: Record, look: Lookups) -> View:
    speaker = look.actor(record["speaker"])
    title = _title(record, speaker, look)
    only_event = record["events"][0] if len(record["events"]) == 1 else None
    document = record | {
        "title": title,
        "speaker": speaker,
        "on_behalf_of": look.actor(record["on_behalf_of"]),
        "end_date": record["end_date"] or record["date"],
        "location": look.location(record["location"]),
        "addressees": [look.actor(each) for each in record["addressees"]],
        "events": [look.event(each) for each in record["events"]],
        "figures": [each | {"event": each["event"] or only_event} for each in record["figures"]],
        **look.source_counts(record["evidence"]),
    }
    searched = [
        record["text"],
        *look.names("actors", record["speaker"]),
        *look.names("actors", record["on_behalf_of"]),
        *_quotes(record),
    ]
    return View(document, searched, {"title": title, "title_key": sort_key(title)})


def _title(record: Record, speaker: Record | None, look: Lookups) -> str:
    said = f"“{record['text']}”" if record["kind"] == "quote" else record["text"]
    if len(said) > LONGEST_TITLE:
        said = said[:LONGEST_TITLE].rsplit(" ", 1)[0] + " …"
    return f"{speaker['name'] if speaker else _publisher(record, look)}: {said}"


def _publisher(record: Record, look: Lookups) -> str:
    """Who says what an article says in its own voice: its publisher, or how many sources where they are several."""
    sources = {each["source"] for each in record["evidence"]}
    if len(sources) > 1:
        return f"{len(sources)} sources"
    return look.record("sources", *sources)["publisher"] or "Unnamed publisher"


VIEWS: Mapping[str, Callable[[int, Record, Lookups], View]] = {
    "sources": source_view,
    "locations": location_view,
    "actors": actor_view,
    "events": event_view,
    "statements": statement_view,
}
