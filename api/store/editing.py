"""One record at a time: create, replace, patch, delete, merge, each within a transaction that somebody else began.

Every function tells the version that is stored then, and raises `Problem`: 404, 409 (merged) or 410 for a record that is
not there, 412 and 428 by its condition, 422 with every fault and its pointer.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError

from api.model.bundle import faults, invalid
from api.model.condition import Condition
from api.model.merge_patch import merge_patch
from api.model.problem import Fault, Problem
from api.model.resource import Resource
from api.model.text import shown
from api.store import removing
from api.store.past import rows_of, successor
from api.store.resolving import resolve, unknown_datasets
from api.store.writing import Held, Writer

LONGEST_SLUG = 60
READ_ONLY = ("version", "links")
"""Members by which a record as it is read is told from one as it is written."""
TAKEN = ("summary",)
"""Paths of their own beside the records."""


@dataclass(frozen=True)
class Edited:
    """What became of a record: created, updated or unchanged; and the version stored now."""

    id: str
    outcome: str
    version: int


def create(writer: Writer, noun: Resource, document: Any, condition: Condition) -> Edited:
    """Store a new record. One without an id is given one made of its name, title or text."""
    if isinstance(document, dict) and "id" not in document:
        document = document | {"id": _free_id(writer, noun, document)}
    record = _loaded(noun, document)
    key = noun.name, record["id"]
    writer.find(noun.name, [record["id"]])
    _refuse_the_past(writer, noun, record["id"], may_return=True)
    if writer.version(key):
        where = f"/v1/{noun.name}/{record['id']}"
        detail = f"{where} was deleted; to bring it back, PUT it with If-None-Match: *."
        if key in writer.held:
            detail = f"{where} is there already; to replace it, PUT it with If-Match."
        raise Problem(409, "conflict", detail, [Fault("Is taken.", pointer="/id")])
    condition.check(None)
    return _store(writer, noun, record)


def put(writer: Writer, noun: Resource, record_id: str, document: Any, condition: Condition) -> Edited:
    """Create a record under this id, or replace it. What is stored already just so is left as it is, without a condition."""
    if isinstance(document, dict):
        document = {"id": record_id} | document
    record = _loaded(noun, document)
    if record["id"] != record_id:
        raise invalid([Fault(f"Must be the id in the path, {record_id!r}, or be left out.", pointer="/id")])
    writer.find(noun.name, [record_id])
    held = writer.held.get((noun.name, record_id))
    _refuse_the_past(writer, noun, record_id, may_return=condition.only_new)
    if held is None or condition.only_new:
        condition.check(held.version if held else None)
    return _store(writer, noun, record, condition)


def patch(writer: Writer, noun: Resource, record_id: str, change: Any, condition: Condition) -> Edited:
    """Change members of a record (RFC 7396)."""
    held = _held(writer, noun, record_id)
    condition.check(held.version)
    if not isinstance(change, dict):
        raise invalid([Fault("Must be an object with the members to change.", pointer="")])
    if change.get("id", record_id) != record_id:
        raise invalid([Fault("Must not change; merge the record into another instead.", pointer="/id")])
    return _store(writer, noun, _loaded(noun, merge_patch(held.record, change)))


def delete(writer: Writer, noun: Resource, record_id: str, condition: Condition) -> None:
    """Take a record away; its history stays. 409 where others point to it."""
    condition.check(_held(writer, noun, record_id).version)
    removing.delete(writer, noun.name, record_id)


def merge(writer: Writer, noun: Resource, record_id: str, into: str, condition: Condition) -> Edited:
    """Let the record `into` stand for this one too; what points here will point there. Tells of `into`."""
    condition.check(_held(writer, noun, record_id).version)
    if into == record_id:
        raise invalid([Fault("Must be another record.", pointer="/into")])
    writer.find(noun.name, [into])
    if (now := successor(rows_of(writer.connection), noun.name, into)) is not None:
        raise invalid([Fault(f"{into!r} was merged into {now!r}.", pointer="/into", did_you_mean=now)])
    if (noun.name, into) not in writer.held:
        raise invalid([Fault(f"There is no record {into!r} in {noun.name}.", pointer="/into")])
    removing.merge(writer, noun.name, record_id, into)
    return Edited(into, "updated", writer.held[noun.name, into].version + 1)


def _loaded(noun: Resource, document: Any) -> dict[str, Any]:
    try:
        return noun.record_schema.load(document)  # type: ignore[no-any-return]
    except ValidationError as error:
        problem = invalid(list(faults(error.messages)))
        if isinstance(document, dict) and document.keys() & set(READ_ONLY):
            problem.detail += (
                f" This is a record as it is read; /v1/{noun.name}/{{id}}/history has it as it is written."
            )
        raise problem from None


def _held(writer: Writer, noun: Resource, record_id: str) -> Held:
    """What is stored under an id; `Problem` says what became of it where nothing is."""
    writer.find(noun.name, [record_id])
    held = writer.held.get((noun.name, record_id))
    if held is None:
        _refuse_the_past(writer, noun, record_id)
        raise Problem(404, "not-found", f"There is no record {shown(record_id)} in {noun.name}.")
    return held


def _refuse_the_past(writer: Writer, noun: Resource, record_id: str, may_return: bool = False) -> None:
    past = writer.past.get((noun.name, record_id))
    if past and past.merged_into:
        now = successor(rows_of(writer.connection), noun.name, record_id)
        raise Problem(409, "conflict", f"{record_id} was merged; write to /v1/{noun.name}/{now}.")
    if past and not may_return:
        why = f": {past.reason}" if past.reason else ""
        hint = " To bring it back, PUT it with If-None-Match: *."
        raise Problem(410, "gone", f"{record_id} was deleted on {past.at}{why}.{hint}")


def _store(writer: Writer, noun: Resource, record: dict[str, Any], condition: Condition | None = None) -> Edited:
    key = noun.name, record["id"]
    held = writer.held.get(key)
    records, prefix = {noun.name: [record]}, f"/{noun.name}/0"
    _, found = resolve(writer.connection, records, writer.seq_of)
    found += unknown_datasets(writer.connection, records)
    if found:
        raise invalid([replace(each, pointer=(each.pointer or "").removeprefix(prefix)) for each in found])
    if held and held.record == record:
        return Edited(record["id"], "unchanged", held.version)
    if condition:
        condition.check(held.version if held else None)
    writer.apply(records)
    return Edited(record["id"], "updated" if held else "created", writer.version(key) + 1)


def _free_id(writer: Writer, noun: Resource, document: dict[str, Any]) -> str:
    called = next((document[each] for each in ("name", "title", "text") if isinstance(document.get(each), str)), "")
    letters = unicodedata.normalize("NFKD", called).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", letters)[:LONGEST_SLUG].strip("-") or noun.singular
    candidate, number = slug, 1
    while (
        candidate in TAKEN
        or writer.connection.execute(
            "SELECT 1 FROM changes WHERE collection = ? AND id = ?", (noun.name, candidate)
        ).fetchone()
    ):
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
