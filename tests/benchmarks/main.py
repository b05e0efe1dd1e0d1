"""The command: builds what is missing, measures, prints the report and keeps it."""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import databases, exports, load, peers, processes, questions, report
from benchmarks.databases import Imported
from benchmarks.load import Address, Rate, Refused, Target
from benchmarks.processes import Served
from benchmarks.results import Measured, Results
from benchmarks.spelling import LIMIT, Row

SIZES = (10_000, 100_000, 1_000_000)
WORKERS, THREADS = 2, 4
STARTS = 3
REAL_ROWS = 100_000
"""How many rows of the real file are imported at the most."""
PARTS = ("table", "exports", "start", "real")
EXPORT = "/v1/events.ndjson"
RESULTS = Path(__file__).with_name("RESULTS.md")


def ours(db: Path) -> list[str]:
    """The command of our server."""
    command = [processes.python_tool("event-timeline"), "serve", "--db", str(db), "--port", "{port}"]
    return [*command, "--workers", str(WORKERS)]


def limit(name: str, db: Path) -> list[str]:
    """The command of a limit."""
    return [sys.executable, "-m", "benchmarks.limit", name, str(db), "{port}", str(WORKERS), str(THREADS)]


class Bench:
    """The servers of one database, started when they are needed and ended together."""

    def __init__(self, db: Path, cache: Path, peer_names: Sequence[str]) -> None:
        self.db, self.cache, self.peer_names = db, cache, peer_names
        self.served: dict[str, Served] = {}
        self.notes: list[str] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Bench":
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        paths = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])}
        starts: dict[str, Callable[[], contextlib.AbstractContextManager[Served]]] = {
            "ours": lambda: processes.serving(ours(self.db), "/readyz", self.cache / "ours.log"),
            "limit": lambda: processes.serving(limit("raw", self.db), LIMIT[0].path, self.cache / "limit.log", paths),
            "flask": lambda: processes.serving(limit("flask", self.db), "/ready", self.cache / "flask.log", paths),
        }
        for name, start in starts.items():
            self.served[name] = self._stack.enter_context(start())
        for name in self.peer_names:
            try:
                self.served[name] = self._stack.enter_context(peers.serving(name, self.cache, self.db))
            except peers.Missing as missing:
                self.notes.append(str(missing))

    def rest(self, name: str) -> None:
        """Wait until that server is idle."""
        processes.rest(self.served[name].process.pid)

    def measure(self, row: Row, seconds: float) -> Measured:
        """One row: every server that can do it is checked, then measured in turn with the others."""
        asked: dict[str, Target] = {}
        refused: dict[str, Rate | str] = {}
        counts: list[int] = []
        for name in [each for each in row.asked if each in self.served]:
            address, every = self.served[name].address, row.asked[name]
            try:
                bodies = load.check(address, every if name == "ours" else every[:1])
                if name == "ours" and row.kind in ("list", "filter", "combination"):
                    counts = [len(json.loads(body)["data"]) for body in bodies]
                    _refuse_empty(counts)
                asked[name] = address, every
            except Refused as refusal:
                refused[name] = str(refusal)
            self.rest(name)
        rates = refused | load.in_turn(asked, seconds, self.rest)
        return Measured(row, rates, statistics.mean(counts) if counts else None)


def _refuse_empty(counts: Sequence[int]) -> None:
    """`Refused` where more than one of ten lists is empty, for these cost nothing."""
    if counts.count(0) * 10 > len(counts):
        raise Refused(f"{counts.count(0)} of {len(counts)} lists are empty")


def measured(imported: Imported, bench: Bench, chosen: argparse.Namespace) -> Results:
    """All that was asked for of one database."""
    results = Results(imported, notes=bench.notes)
    server = bench.served["ours"]
    for row in questions.rows(imported.db, server.address) if "table" in chosen.parts else ():
        if not chosen.only or any(word in row.name for word in chosen.only):
            found = bench.measure(row, chosen.seconds)
            results.measured.append(found)
            refusals = [f"{row.name}, {name}: {said}" for name, said in found.rates.items() if isinstance(said, str)]
            results.notes += refusals
            print(report.row(found), *refusals, sep="\n", flush=True)
    if "exports" in chosen.parts:
        results.exports = exports.compared(server, bench.served["limit"], (EXPORT, "/export"))
        _among_slow_readers(results, bench, chosen.seconds)
    results.worker_bytes = max(map(processes.resident_bytes, server.workers()))
    return results


def _among_slow_readers(results: Results, bench: Bench, seconds: float) -> None:
    address = bench.served["ours"].address
    small = {"ours": (address, [Address(f"/v1/events/{each.id}") for each in questions.draw(bench.db).seen])}
    results.slow["alone"] = load.in_turn(small, seconds, bench.rest)["ours"]
    with exports.slow_readers(address, EXPORT) as still:
        bench.rest("ours")
        results.slow["among slow readers"] = load.in_turn(small, seconds, bench.rest)["ours"]
        results.readers_served = still()


def started(db: Path, cache: Path) -> float:
    """Median seconds from the command to the first answer."""
    found = []
    for _ in range(STARTS):
        with processes.serving(ours(db), "/readyz", cache / "start.log") as served:
            found.append(served.start_seconds)
    return statistics.median(found)


def measure_all(chosen: argparse.Namespace) -> list[Results]:
    """Build what is missing, then measure, the smallest database first."""
    chosen.cache.mkdir(parents=True, exist_ok=True)
    every = []
    for rows in sorted(chosen.sizes):
        print(f"\n{rows:,} events", flush=True)
        imported = databases.made_up(chosen.cache, rows, chosen.fresh)
        with Bench(imported.db, chosen.cache, chosen.peers) as bench:
            every.append(measured(imported, bench, chosen))
        if "start" in chosen.parts:
            every[-1].start_seconds = started(imported.db, chosen.cache)
        if "real" in chosen.parts:
            every[-1].real = databases.repeated(chosen.cache, min(rows, REAL_ROWS), chosen.fresh)
    return every


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="numbers of events, with commas between")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each server and row")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="rows whose names contain one of these")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--peers", nargs="*", default=peers.NAMES, choices=peers.NAMES)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "event-timeline-benchmarks")
    parser.add_argument("--fresh", action="store_true", help="build databases again that are in the cache")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is kept")
    return parser.parse_args(arguments)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.replace("_", "").split(","))


def main(arguments: Sequence[str] | None = None) -> list[Results]:
    """Run it all."""
    chosen = options(arguments)
    if not load.is_here():
        raise SystemExit("The load generator is not there; install Debian's package wrk.")
    results = measure_all(chosen)
    text = report.report(results, chosen.seconds)
    chosen.output.write_text(text, encoding="utf-8")
    print(f"\n{text}")
    return results
