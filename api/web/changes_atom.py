"""The feed of changes as Atom: for each change who and what it was, in words."""

import json
from collections.abc import Sequence

from flask import g

from api.formats import atom
from api.model.nouns import BY_NAME
from api.store.history import Entry
from api.store.readers import Version
from api.web.http import own_address

LONGEST_TITLE = 120
NAMED_BY = ("title", "name", "text")
"""The members by which people know a record."""
GONE = ("deleted", "merged")


def feed(version: Version, entries: Sequence[Entry], collections: Sequence[str]) -> bytes:
    """The newest changes as a feed. A feed of some collections is another one than that of all."""
    whole = atom.Feed(
        id=atom.urn(version.epoch, "changes", *sorted(collections)),
        title=f"Event Timeline: changes of {', '.join(collections)}" if collections else "Event Timeline: changes",
        updated=entries[0].at if entries else version.changed_at,
        link=own_address(),
        author="Event Timeline",
        entries=[_entry(version.epoch, each) for each in entries],
    )
    return atom.encode(whole)


def _entry(epoch: str, change: Entry) -> atom.Entry:
    return atom.Entry(
        id=atom.urn(epoch, change.seq, change.at, change.collection, change.id, change.version),
        title=_title(change),
        updated=change.at,
        link=_link(change),
        content=" ".join(_sentences(change)),
        author=change.by,
    )


def _title(change: Entry) -> str:
    record = json.loads(change.record) or json.loads(change.before or "null") or {}
    name = next((record[each] for each in NAMED_BY if record.get(each)), None)
    called = change.id if name is None else f"“{_short(name)}”"
    noun = BY_NAME[change.collection].singular if change.collection in BY_NAME else "dataset"
    return f"{noun.capitalize()} {called} {change.change} (version {change.version})"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"


def _link(change: Entry) -> str:
    if change.collection not in BY_NAME:
        return f"{g.origin}/v1/meta"  # where datasets are told
    record = f"{g.origin}/v1/{change.collection}/{change.id}"
    return f"{record}/history" if change.latest in GONE else record


def _sentences(change: Entry) -> list[str]:
    """What changed, and why."""
    if change.merged_into is not None:
        said = f"Merged into {change.merged_into}."
    elif change.change == "updated":
        said = f"Changed: {', '.join(_changed(change)) or 'nothing'}."
    else:
        said = f"{change.change.capitalize()}."
    return [said, *([f"Reason: {change.reason}"] if change.reason else [])]


def _changed(change: Entry) -> list[str]:
    """The members whose values differ."""
    old, new = json.loads(change.before or "null") or {}, json.loads(change.record) or {}
    return [name for name in {**old, **new} if name not in old or name not in new or old[name] != new[name]]
