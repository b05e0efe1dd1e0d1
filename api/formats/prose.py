"""Events and statements in plain words, for readers that know no fields: calendars, feeds, slides."""

from collections.abc import Iterator
from typing import Any

from api.model import countries
from api.model.event_types import EVENT_TYPES
from api.model.resource import Document
from api.model.statement import shown_figure

LABELS = {each.name: each.label for each in EVENT_TYPES}
OUTCOMES = {"fatalities": "Killed", "injured": "Injured", "displaced": "Displaced"}


def record_of(document: Document) -> Document:
    """The event or statement, of which an entry of the timeline is the wrapping."""
    record: Document = document.get("record", document)
    return record


def is_statement(record: Document) -> bool:
    """Is it a statement, and not an event?"""
    return "speaker" in record


def first_day(record: Document) -> str:
    """The earliest possible day."""
    return str(record["date" if is_statement(record) else "start_date"])


def label(record: Document) -> str:
    """What kind of event it is, or that it is a statement."""
    return "Statement" if is_statement(record) else LABELS[record["type"]]


def when(record: Document) -> str:
    """Its day, or between which days it was."""
    first, last = first_day(record), record["end_date"]
    return str(first) if first == last else f"{first} to {last}, day not known"


def where(record: Document) -> str | None:
    """Its place and country by name."""
    place = record["location"]
    if place is None:
        return None
    country = countries.names().get(place["country"] or "")
    return ", ".join(dict.fromkeys(each for each in (place["name"], country) if each))


def lines(record: Document) -> list[str]:
    """What it says, a line for each thing."""
    told = _statement(record) if is_statement(record) else _event(record)
    return [each for each in told if each]


def _event(record: Document) -> Iterator[str | None]:
    yield "; ".join(each for each in (label(record), where(record), when(record)) if each)
    yield record["summary"]
    parts: dict[str, list[str]] = {}
    for each in record["participants"]:
        parts.setdefault(each["role"], []).append(each["actor"]["name"])
    yield "; ".join(f"{_spaced(role)}: {', '.join(names)}" for role, names in parts.items())
    for name, outcome in OUTCOMES.items():
        yield _toll(outcome, record[name])
    count, independent = record["source_count"], record["independent_source_count"]
    yield f"status: {record['status']}; sources: {count}, independent: {independent}"


def _statement(record: Document) -> Iterator[str | None]:
    yield f"“{record['text']}”" if record["kind"] == "quote" else record["text"]
    speaker, represented = record["speaker"], record["on_behalf_of"]
    said = [speaker["name"] if speaker else "the source in its own voice"]
    if represented:
        said.append(f"for {represented['name']}")
    if record["addressees"]:
        said.append(f"to {', '.join(each['name'] for each in record['addressees'])}")
    yield f"{record['type']}: {' '.join(said)}; {when(record)}"
    yield "; ".join(shown_figure(each) for each in record["figures"])
    about = "; ".join(each["title"] for each in record["events"])
    yield about and f"about: {about}"
    yield record["note"]


def _toll(outcome: str, toll: Any) -> str | None:
    low, best, high = toll["low"], toll["best"], toll["high"]
    if low is best is high is None:
        return None
    hedge = f"{_spaced(toll['qualifier'])} " if toll["qualifier"] else ""
    said = [f"{outcome}: {'unknown' if best is None else f'{hedge}{best}'}"]
    if {low, high} - {best}:
        said.append(f"{'…' if low is None else low} to {'…' if high is None else high}")
    if toll["civilians"] is not None:
        said.append(f"civilians {toll['civilians']}")
    return "; ".join(said) + (" (disputed)" if toll["disputed"] else "")


def _spaced(word: str) -> str:
    return word.replace("_", " ")
