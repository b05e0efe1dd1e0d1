"""Loading bundles: a file's bytes, a request's body, or the seed, into the store."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from api.model import bundle
from api.model.bundle import FORMAT, Bundle
from api.model.nouns import NOUNS
from api.model.problem import Fault, Problem
from api.model.strict_json import read_json
from api.model.text import shown
from api.store import sqlite
from api.store.receiving import Report, Rules, write
from api.store.seeding import seed_files

COLLECTIONS = ("datasets", *(noun.name for noun in NOUNS))


def load(connection: sqlite.Connection, data: bytes, rules: Rules | None = None) -> Report:
    """Check a bundle and store it, all or nothing.

    Raises `Problem` 400 where it is no JSON, 422 with every fault and its JSON pointer where it is no valid bundle.
    """
    return write(connection, bundle.read(read_json(data)), rules)


def load_seed(connection: sqlite.Connection) -> list[Report]:
    """Load the seed; what is stored already stays as it is, and what was deleted stays deleted."""
    return [load(connection, each.read_bytes(), Rules(on_conflict="skip")) for each in seed_files()]


def read_lines(data: bytes) -> Bundle:
    """A bundle as NDJSON: first `{"bundle": …}`, then one record a line, each under its collection's name.

    >>> read_lines(b'{"bundle": "event-timeline/1"}').records["events"]
    []

    Raises `Problem` as `load` does; faults name the line beside the pointer that the JSON document would have.
    """
    document: dict[str, Any] = {name: [] for name in COLLECTIONS}
    lines: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        name, value = single_member(line, f"Line {number} of the body")
        if name == "bundle" and name not in document:
            document["bundle"] = value
        elif name in COLLECTIONS:
            lines[f"/{name}/{len(document[name])}"] = number
            document[name].append(value)
        else:
            raise unknown_line(name, f"Line {number}")
    try:
        return replace(bundle.read(document), lines=lines)
    except Problem as problem:
        raise with_lines(problem, lines) from None


def with_lines(problem: Problem, lines: Mapping[str, int]) -> Problem:
    """The same problem of a bundle that was sent as lines, whose numbers its faults name too."""
    faults = [_with_line(fault, lines) for fault in problem.faults]
    if problem.status == 422:
        return bundle.invalid(faults)
    return Problem(problem.status, problem.kind, problem.detail, faults, problem.headers)


def single_member(line: bytes, where: str) -> tuple[str, Any]:
    """Name and value of the one member of a line's object; `where` begins the sentence of the `Problem`."""
    try:
        value = read_json(line)
    except Problem as problem:
        raise Problem(400, "invalid-json", f"{where}: {problem.detail}") from None
    if not isinstance(value, dict) or len(value) != 1:
        where = where.removesuffix(" of the body")
        raise bundle.invalid([Fault(f'{where} is no object with one member, such as {{"events": {{…}}}}.', pointer="")])
    return next(iter(value.items()))


def unknown_line(name: str, where: str) -> Problem:
    """The answer to a line whose one member is none of a bundle's, or `bundle` a second time."""
    wanted = f"it takes bundle ({FORMAT}) once, then {', '.join(COLLECTIONS)}"
    return bundle.invalid([Fault(f"{where} begins with {shown(name)}; {wanted}.", pointer="")])


def _with_line(fault: Fault, lines: Mapping[str, int]) -> Fault:
    record = "/".join((fault.pointer or "").split("/")[:3])
    return replace(fault, detail=f"Line {lines[record]}: {fault.detail}") if record in lines else fault
