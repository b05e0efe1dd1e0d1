"""Deleting a record, and merging one into another: what points to it stands in the way, or comes along."""

from collections import defaultdict
from typing import Any

from marshmallow import Schema

from api.model.bundle import faults
from api.model.nouns import BY_NAME
from api.model.problem import Fault, Problem
from api.model.references import references
from api.model.text import to_json
from api.model.ways import IN_LIST, as_list
from api.store import links, sqlite
from api.store.resolving import put, resolve
from api.store.writing import Writer

Record = dict[str, Any]

MOST_SHOWN = 50
"""Records that a refusal lists."""
POINTERS = "SELECT collection, seq FROM pointers WHERE to_collection = ? AND to_seq = ?"
UNITED = ("aliases", "relations", "related", "participants", "evidence")
"""Lists to which a merged record adds its own members."""


def delete(writer: Writer, name: str, record_id: str) -> None:
    """Take a record away; `Problem` 409 lists what points to it."""
    referring = _referring(writer.connection, name, writer.seq_of[name, record_id])
    if found := [f"/v1/{other}/{each}" for other, ids in referring.items() for each in ids]:
        more = "" if len(found) <= MOST_SHOWN else f" and {len(found) - MOST_SHOWN} more"
        listed = [Fault(f"{each} points to it.") for each in found[:MOST_SHOWN]]
        count = f"{len(found)} records point" if len(found) > 1 else "One record points"
        detail = f"{count} to {record_id!r}: {', '.join(found[:3])}{' …' if found[3:] else ''}"
        raise Problem(409, "in-use", detail + more, listed)
    writer.apply({}, {(name, record_id): None})


def merge(writer: Writer, name: str, record_id: str, into: str) -> None:
    """Let one record stand for two. All that points to the first will point to the second.

    The second keeps its own members and gains the aliases, relations, participants, evidence and foreign ids of the first,
    and its name as an alias. `Problem` 409 where what comes out would contradict itself, and for a source whose phrases
    stand in another text.
    """
    merged, target = writer.held[name, record_id].record, writer.held[name, into].record
    schema = BY_NAME[name].record_schema
    changed: dict[str, list[Record]] = defaultdict(list)
    is_one_text = merged.get("sha256") is not None and merged["sha256"] == target.get("sha256")
    for other, ids in _referring(writer.connection, name, writer.seq_of[name, record_id]).items():
        writer.find(other, ids)
        for each in ids:
            if name == "sources" and not is_one_text and _is_quoted(writer.held[other, each].record, record_id):
                detail = f"/v1/{other}/{each} quotes {record_id!r}, whose text has not the sha256 of {into!r}."
                raise Problem(409, "conflict", detail, [Fault(detail)])
            if (other, each) not in ((name, into), (name, record_id)):
                record = writer.held[other, each].record
                changed[other].append(_redirected(BY_NAME[other].record_schema, record, (name, record_id), into))
    changed[name].append(_united(schema, merged, target, name))
    _refuse_contradictions(changed)
    resolve(writer.connection, changed, writer.seq_of)
    try:
        writer.apply(changed, {(name, record_id): into})
    except Problem as problem:
        raise Problem(409, "conflict", f"Merged so, {problem.detail}", problem.faults) from None


def _referring(connection: sqlite.Connection, name: str, seq: int) -> dict[str, list[str]]:
    """The ids of the records that point to this one, by collection."""
    rows: dict[str, list[int]] = defaultdict(list)
    for other, each in connection.execute(POINTERS, (name, seq)):
        rows[other].append(each)
    found = {}
    for other, seqs in rows.items():
        ids = connection.execute(f"SELECT id FROM {other} WHERE seq {IN_LIST} ORDER BY seq", (as_list(seqs),))
        found[other] = [record_id for (record_id,) in ids]
    return found


def _redirected(schema: Schema, record: Record, old: tuple[str, str], new: str) -> Record:
    """The record with another id in place of the old one wherever it points to it, and without repeats that this makes."""
    members = set()
    for pointer, to, target in list(references(schema, record)):
        if (to, target) == old:
            put(record, pointer, new)
            members.add(pointer.split("/")[1])
    for member in members:
        record[member] = _without_repeats(record[member])
    return record


def _is_quoted(value: Any, source: str) -> bool:
    """Is there a phrase of the source in this record, at whatever depth?"""
    if isinstance(value, dict):
        own = value.get("source") == source and value.get("quote") is not None
        return own or any(_is_quoted(each, source) for each in value.values())
    return isinstance(value, list) and any(_is_quoted(each, source) for each in value)


def _without_repeats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_repeats(each) for name, each in value.items()}
    if isinstance(value, list):
        return list({to_json(each): each for each in map(_without_repeats, value)}.values())
    return value


def _united(schema: Schema, merged: Record, target: Record, name: str) -> Record:
    """The record that stands for both."""
    own, other = target["id"], merged["id"]
    parent = links.PARENT_MEMBERS.get(name)
    if parent in target and target[parent] == other:
        target[parent] = merged[parent]
    for member in UNITED:
        if member in target:
            target[member] = target[member] + [each for each in merged[member] if each not in target[member]]
    if "aliases" in target:
        names = dict.fromkeys([*target["aliases"], merged["name"]])
        target["aliases"] = [each for each in names if each != target["name"]]
    target["external_ids"] = merged["external_ids"] | target["external_ids"]
    target = _redirected(schema, target, (name, other), own)
    if "relations" in target:
        target["relations"] = [each for each in target["relations"] if each["actor"] != own]
    if "related" in target:
        target["related"] = [each for each in target["related"] if each != own]
    return target


def _refuse_contradictions(changed: dict[str, list[Record]]) -> None:
    found = [
        Fault(f"/v1/{name}/{record['id']}{fault.pointer}: {fault.detail}")
        for name, records in changed.items()
        for record in records
        for fault in faults(BY_NAME[name].record_schema.validate(record))
    ]
    if found:
        raise Problem(409, "conflict", f"Merged so, {found[0].detail}", found)
