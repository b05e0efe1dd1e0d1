"""The report: one table of each database, its floors, and the machine that it is true of. Ratios first."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata

from api.store import sqlite
from benchmarks import load
from benchmarks.databases import Imported
from benchmarks.load import Rate
from benchmarks.results import MB, Measured, Results, floors

PEERS = ("datasette", "pygeoapi")
HEAD = """\
| request | records | ÷ limit | ÷ Datasette | ÷ pygeoapi | requests/s | p50 ms | p99 ms | limit/s | Datasette/s | pygeoapi/s |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""
METHOD = """\
How it is measured: every server has 2 processes and runs while the others are idle; `wrk` with 1 thread and
{connections} connections walks the same varied addresses, {seconds:g} s for each server and row in {slices} slices that take
turns, and the medians of the slices are given. Lists have at most 100 records, on average those under *records*; the last
pages are the last hundredth of all, to page 10,000 of a million events. The limit is a raw WSGI function on the same server:
one indexed SELECT, the stored texts joined; for every filter it is the unfiltered list. Peers
serve the same rows from one flat table with an index for each filter; a dash is what they cannot do. Datasette,
which is made for one process, has two of uvicorn; pygeoapi runs on granian with its SQLite provider, whose lists are in no
order. Ratios can be compared; absolute figures are those of one noisy machine."""


def report(results: Sequence[Results], seconds: float) -> str:
    """The whole report as Markdown."""
    return "\n".join(_lines(results, seconds)) + "\n"


def _lines(results: Sequence[Results], seconds: float) -> Iterator[str]:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("flask", "granian", "sqlite-utils"))
    yield "# What reading and importing cost"
    yield ""
    yield (
        f"Measured {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}, SQLite {sqlite.VERSION} (sqlite-utils and the servers; Python's own is"
        f" {sqlite3.sqlite_version}), {versions}. Made by `python tests/benchmarks/run.py`."
    )
    yield ""
    yield METHOD.format(connections=load.CONNECTIONS, seconds=seconds, slices=load.SLICES)
    for each in results:
        yield ""
        yield f"## {each.imported.rows:,} events"
        yield ""
        yield HEAD
        yield from (row(measured) for measured in each.measured)
        yield ""
        yield from _besides(each)
        yield ""
        yield "| floor | measured | |"
        yield "|---|---|---|"
        for floor in floors(each, results[0]):
            yield f"| {floor.text} | {floor.found} | {({True: 'met', False: '**missed**', None: 'not measured'})[floor.is_met]} |"
        yield from (f"\nNot measured: {note}" for note in each.notes)


def row(measured: Measured) -> str:
    """A row of the table as Markdown."""
    ours = measured.rates.get("ours")
    limit = measured.rate("limit") or measured.rate("flask")
    ratios = [measured.ratio("limit") or measured.ratio("flask"), *(measured.ratio(peer) for peer in PEERS)]
    cells = ["–" if measured.records is None else f"{measured.records:.0f}"]
    cells += ["–" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}" for ratio in ratios]
    if isinstance(ours, Rate):
        cells += [f"{ours.per_second:.0f}", f"{ours.p50:.2f}", f"{ours.p99:.2f}"]
    else:
        cells += ["error", "–", "–"]
    cells += [_per_second(limit), *(_per_second(measured.rates.get(peer)) for peer in PEERS)]
    return f"| {measured.row.name} | {' | '.join(cells)} |"


def _per_second(rate: Rate | str | None) -> str:
    return (
        "–"
        if rate is None
        else "error"
        if isinstance(rate, str)
        else f"{rate.per_second:.{0 if rate.per_second >= 10 else 1}f}"
    )


def _besides(each: Results) -> Iterator[str]:
    if each.start_seconds is not None:
        yield f"- Start-up, from the command to the first 200 of `/readyz`: {each.start_seconds:.2f} s."
    if each.worker_bytes:
        yield f"- The larger worker's resident memory after all this: {each.worker_bytes / MB:.0f} MB."
    if each.exports:
        ours, bare = each.exports
        yield (
            f"- NDJSON of all: {ours.size / MB:.0f} MB in {ours.seconds:.2f} s, {ours.rate:.0f} MB/s; a bare `SELECT doc` loop"
            f" {bare.rate:.0f} MB/s. The workers' memory grew by {ours.grown_bytes / MB:.1f} MB."
        )
    if each.slow:
        alone, among = (_shown(each.slow.get(name)) for name in ("alone", "among slow readers"))
        yield f"- A single record, p50 / p99: {alone}; while {each.readers_served} readers take an export at 1 KB/s: {among}."
    for name, imported in (("made-up", each.imported), ("real", each.real)):
        if imported:
            yield _import(name, imported)


def _shown(rate: Rate | str | None) -> str:
    return f"{rate.p50:.2f} / {rate.p99:.2f} ms" if isinstance(rate, Rate) else f"error: {rate}"


def _import(name: str, found: Imported) -> str:
    ours, bare = (found.rows / ran.seconds for ran in (found.took, found.bare))
    return (
        f"- Import of {found.rows:,} {name} rows: {ours:,.0f} rows/s and at most {found.took.peak_bytes / MB:.0f} MB; a bare"
        f" `sqlite-utils insert --csv` just before: {bare:,.0f} rows/s. (Measured {found.day}.)"
    )
