"""The databases that are measured: each made once from a file of made-up events by the import command, and kept."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import processes, repeat, world
from benchmarks.processes import Ran

REAL = processes.ROOT.parent / "shared" / "data" / "ged-syria.csv"
"""A slice of the real dataset, beside the checkout; used where it is there."""


@dataclass(frozen=True)
class Imported:
    """A database, what its import took, and what a bare `sqlite-utils insert --csv` of the same file took just before."""

    rows: int
    db: Path
    took: Ran
    bare: Ran
    day: str


def made_up(cache: Path, rows: int, is_fresh: bool) -> Imported:
    """The database of so many made-up events."""
    generator = hashlib.sha256(Path(world.__file__).read_bytes()).hexdigest()[:8]
    csv = cache / f"world-{generator}-{rows}.csv"
    if not csv.exists():
        world.write(csv, rows)
    return _imported(csv, rows, is_fresh)


def repeated(cache: Path, rows: int, is_fresh: bool) -> Imported | None:
    """The database of so many events of the real file, repeated; None where that file is not there."""
    if not REAL.exists():
        return None
    csv = cache / f"real-{rows}.csv"
    if not csv.exists():
        repeat.write(REAL, csv, rows)
    return _imported(csv, rows, is_fresh)


def _imported(csv: Path, rows: int, is_fresh: bool) -> Imported:
    db, note = csv.with_suffix(".db"), csv.with_suffix(".json")
    if is_fresh or not (db.exists() and note.exists()):
        bare_db = csv.with_suffix(".bare.db")
        remove(db, bare_db, note)
        tool = processes.python_tool("sqlite-utils")
        bare = processes.run([tool, "insert", str(bare_db), "events", str(csv), "--csv"], csv.with_suffix(".bare.log"))
        remove(bare_db)
        took = build(csv, db)
        day = datetime.now(UTC).date().isoformat()
        note.write_text(json.dumps({"took": asdict(took), "bare": asdict(bare), "day": day}))
    noted = json.loads(note.read_text())
    return Imported(rows, db, Ran(**noted["took"]), Ran(**noted["bare"]), noted["day"])


def build(csv: Path, db: Path) -> Ran:
    """Import the file into a new database."""
    command = [processes.python_tool("event-timeline"), "import", "ucdp", str(csv), "--db", str(db)]
    return processes.run(command, csv.with_suffix(".log"))


def remove(*databases: Path) -> None:
    """Delete files, with what SQLite lays beside them."""
    for path in databases:
        for end in ("", "-wal", "-shm", ".lock"):
            path.with_name(path.name + end).unlink(missing_ok=True)
