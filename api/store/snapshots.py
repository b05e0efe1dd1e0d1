"""Snapshots: copies of the database under a name, which can be cited and read for ever.

They lie in a folder beside the database: `NAME.db`, the copy, without anything that gives access, and `NAME.json`, its
sidecar, which says what it is. The copy comes last and at once under its name, so a snapshot is there whole or not at all.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from api.model.moments import now
from api.model.nouns import NOUNS
from api.model.problem import Fault, Problem, bad_parameters
from api.model.snapshot import NAME, checked
from api.model.text import nearest, shown, to_json
from api.store import sqlite
from api.store.connections import SCHEMA_VERSION
from api.store.readers import Reader, snapshot_file

MAKING = ".making"
"""The folder in which a snapshot is made. Its name is none of a snapshot, and whoever has the lock may clear it."""
WAIT_SECONDS = 60.0
"""For the database: a snapshot is worth more waiting than a request."""
NO_DEADLINE_MS = 24 * 60 * 60 * 1000
MOST_NAMED = 20
"""Names that a refusal lists."""


@dataclass(frozen=True)
class Snapshot:
    """What the sidecar says: which data it is, of when, under which licences, and the digest of the file."""

    name: str
    note: str | None
    created_at: str
    dataset_version: int
    epoch: str
    changed_at: str
    counts: Mapping[str, int]
    datasets: Sequence[Mapping[str, Any]]
    bytes: int
    sha256: str
    schema_version: int
    sqlite_version: str

    @property
    def licences(self) -> list[str]:
        """The licences of its datasets, each once."""
        return sorted({each["licence"] for each in self.datasets})


def listed(db: Path) -> list[Snapshot]:
    """All snapshots of the database, the newest first."""
    found = [each for path in snapshot_file(db, "").parent.glob("*.json") if (each := _read(db, path.stem))]
    return sorted(found, key=lambda each: (each.created_at, each.dataset_version, each.name), reverse=True)


def find(db: Path, name: str) -> Snapshot:
    """The snapshot of that name; `Problem` 400 where there is none, with the name that was probably meant."""
    found = _read(db, name)
    if found is None:
        names = [each.name for each in listed(db)]
        fault = Fault(f"{shown(name)} is no snapshot here", "snapshot", None, names[:MOST_NAMED], nearest(name, names))
        raise bad_parameters([fault])
    return found


def _read(db: Path, name: str) -> Snapshot | None:
    """The sidecar, if there is one of that name and the copy beside it."""
    if not NAME.fullmatch(name):
        return None
    file = snapshot_file(db, name)
    try:
        return Snapshot(**json.loads(file.with_name(f"{name}.json").read_text("utf-8"))) if file.is_file() else None
    except (FileNotFoundError, ValueError, TypeError):
        return None


def unread(db: Path) -> list[str]:
    """The names of copies whose sidecar is not there or cannot be read; nobody but a stranger's hand leaves such."""
    names = sorted(path.stem for path in snapshot_file(db, "").parent.glob("*.db"))
    return [name for name in names if NAME.fullmatch(name) and _read(db, name) is None]


def difference(db: Path, snapshot: Snapshot) -> str | None:
    """In what the copy is not as it was made, or None."""
    file = snapshot_file(db, snapshot.name)
    if (size := file.stat().st_size) != snapshot.bytes:
        return f"it has {size} bytes instead of {snapshot.bytes}"
    if (digest := _sha256(file)) != snapshot.sha256:
        return f"its SHA-256 is {digest} instead of {snapshot.sha256}"
    return None


def create(db: Path, name: str, note: str | None = None) -> Snapshot:
    """Copy the database as it is at one moment, and give the copy the name.

    `Problem` 422 for a name or a note that cannot be, 409 for a name that is taken, 503 where there is no room or
    another snapshot is being made.
    """
    checked({"name": name, "note": note})
    file = snapshot_file(db, name)
    try:
        file.parent.mkdir(exist_ok=True)
        _to_disk(file.parent.parent)
        with _alone(file.parent) as making:
            if file.exists():
                raise _taken(name)
            copy = _copied(db, making)
            snapshot = _described(copy, name, note)
            sidecar = making / f"{name}.json"
            sidecar.write_text(to_json(asdict(snapshot)) + "\n", "utf-8")
            _publish(sidecar, copy, file)
            return snapshot
    except OSError as error:
        raise Problem(503, "unavailable", f"The snapshot cannot be stored: {error.strerror}.") from error


def _taken(name: str) -> Problem:
    return Problem(409, "conflict", f"There is a snapshot named {shown(name)} already; it stays as it is.")


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """An empty folder to work in, while nobody else makes a snapshot; a process that is killed leaves the lock free."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            detail = "Another snapshot is being made; try again when it is done."
            raise Problem(503, "unavailable", detail, headers={"Retry-After": "5"}) from None
        making = folder / MAKING
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(0o700)
        try:
            yield making
        finally:
            shutil.rmtree(making, ignore_errors=True)
    finally:
        os.close(handle)


def _copied(db: Path, folder: Path) -> Path:
    """A whole copy without the secrets of keys. It is made twice, for the first still has them in its free pages."""
    first, second = folder / "first.db", folder / "second.db"
    live = sqlite.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=WAIT_SECONDS)
    with closing(live):
        live.execute("VACUUM INTO ?", (str(first),))
    with closing(sqlite.connect(first, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # after a crash this file is thrown away
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("UPDATE keys SET digest = ''")
        connection.execute("DELETE FROM answers")
        connection.execute("VACUUM INTO ?", (str(second),))
    first.unlink()
    return second


def _described(copy: Path, name: str, note: str | None) -> Snapshot:
    """What the sidecar of the copy says; 503 where the copy is not sound."""
    reader = Reader(copy, NO_DEADLINE_MS, is_immutable=True)
    try:
        with reader.snapshot():
            (verdict,) = reader.rows("PRAGMA quick_check(1)")[0]
            if verdict != "ok":
                raise Problem(503, "unavailable", "The database is damaged, so no snapshot of it was made.")
            version = reader.version()
            counts = {noun.name: reader.rows(f"SELECT count(*) FROM {noun.name}")[0][0] for noun in NOUNS}
            datasets = reader.rows("SELECT id, title, licence, attribution, url FROM datasets ORDER BY id")
    finally:
        reader.close()
    members = ("id", "title", "licence", "attribution", "url")
    return Snapshot(
        name=name,
        note=note,
        created_at=now(),
        dataset_version=version.seq,
        epoch=version.epoch,
        changed_at=version.changed_at,
        counts=counts,
        datasets=[dict(zip(members, row, strict=True)) for row in datasets],
        bytes=copy.stat().st_size,
        sha256=_sha256(copy),
        schema_version=SCHEMA_VERSION,
        sqlite_version=sqlite.VERSION,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _publish(sidecar: Path, copy: Path, file: Path) -> None:
    """Give both their names, the copy last, each on the disk before the next step; 409 where the name is taken.

    A link, other than a rename, never takes the place of a file that is there.
    """
    for each in (sidecar, copy):
        each.chmod(0o444)
        _to_disk(each)
    beside = file.with_name(sidecar.name)
    beside.unlink(missing_ok=True)  # without its copy it is what a crash left
    beside.hardlink_to(sidecar)
    _to_disk(file.parent)
    try:
        file.hardlink_to(copy)
    except OSError as error:
        beside.unlink()
        raise (_taken(file.stem) if isinstance(error, FileExistsError) else error) from None
    _to_disk(file.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
