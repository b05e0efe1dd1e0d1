"""Snapshots over HTTP: the list of them, making one, and how to cite what is read."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g

from api.formats.registry import JSON
from api.formats.sheet import Sheet
from api.model.snapshot import checked
from api.model.text import to_json, to_json_bytes
from api.store import snapshots
from api.store.readers import Version
from api.store.snapshots import Snapshot
from api.web.actions import Action, Reply
from api.web.http import store
from api.web.listings import page_links, page_response
from api.web.routes import Question, Route

PATH = "/v1/snapshots"
META = "/v1/meta"


def answer(question: Question) -> Response:
    """All snapshots, the newest first. They are few, so the list comes whole."""
    documents = [to_json_bytes(shown(each)) for each in snapshots.listed(store().path)]
    links = page_links(None, None, "")
    meta = {"limit": len(documents), "count": len(documents), "dataset_version": question.version.seq}
    pieces = JSON.encode(documents, Sheet((), None, links, meta))
    return page_response(JSON, pieces, links)


def state() -> str:
    """What changes with every snapshot that is made, which changes no data."""
    digests = (f"{each.name} {each.sha256}\n" for each in snapshots.listed(store().path))
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def create(body: Mapping[str, Any]) -> Reply:
    """A new snapshot of the data as it is now.

    `Problem` 422 for a body that is none, 409 for a name that is taken, 503 where it cannot be stored now.
    """
    snapshot = snapshots.create(store().path, **checked(body))
    return Reply(201, to_json(shown(snapshot)) + "\n", f"{META}?snapshot={snapshot.name}")


def shown(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as it is read."""
    version = Version(snapshot.epoch, snapshot.dataset_version, snapshot.changed_at)
    return {
        "name": snapshot.name,
        "note": snapshot.note,
        "created_at": snapshot.created_at,
        "dataset_version": snapshot.dataset_version,
        "epoch": snapshot.epoch,
        "changed_at": snapshot.changed_at,
        "counts": snapshot.counts,
        "bytes": snapshot.bytes,
        "sha256": snapshot.sha256,
        "licences": snapshot.licences,
        "citation": citation(version, snapshot.licences, snapshot),
        "links": {"self": address(snapshot), "events": f"{g.origin}/v1/events?snapshot={snapshot.name}"},
    }


def address(snapshot: Snapshot | None) -> str:
    """Where it is told what the data are: as they are now, or as the snapshot has them."""
    return f"{g.origin}{META}" + (f"?snapshot={snapshot.name}" if snapshot else "")


def citation(version: Version, licences: Sequence[str], snapshot: Snapshot | None) -> str:
    """A sentence by which a paper can name the data, so that a reader finds the same."""
    state = f"dataset version {version.seq} ({version.epoch}) of {version.changed_at[:10]}"
    if snapshot:
        state = f"snapshot {snapshot.name} (SHA-256 {snapshot.sha256}), {state}"
    licence = f"licence {' and '.join(licences)}" if licences else "no licence named"
    return f"Event Timeline, {state}, {licence}, {address(snapshot)}"


ROUTE = Route(
    PATH, "list_snapshots", "about", "List snapshots", JSON.media_type,
    {"$ref": "#/components/schemas/SnapshotList"}, answer, PATH,
    description="Copies of all data under a name, which never change: read one with `snapshot=` at any other path, and cite"
    " it. The list is short and comes whole, the newest first.",
    state=state,
)  # fmt: skip

CREATE = Action(
    "POST", PATH, "create_snapshot", "about", "Make a snapshot",
    "An immutable copy of all data as they are now. A name that is taken is a 409.", create, PATH,
    {201: {"$ref": "#/components/schemas/Snapshot"}}, {JSON.media_type: {"$ref": "#/components/schemas/NewSnapshot"}},
    ("conflict", "invalid-record"), parameters=(), scope="admin", is_apart=True,
)  # fmt: skip
