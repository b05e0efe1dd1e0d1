"""What was measured of one database, and what the floors say to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.databases import Imported
from benchmarks.exports import Export
from benchmarks.load import Rate
from benchmarks.spelling import Row

MB = 1_000_000
LIST_OF_LIMIT, LIST_OF_DATASETTE, LIST_OF_PYGEOAPI = 0.6, 10.0, 25.0
UNCHANGED_OF_FLASK = 0.8
LAST_PAGE_OF_FIRST = 1.2
P50_OF_SMALLEST = 1.5
P99_MS = 100.0
EXPORT_OF_LIMIT = 0.5
GROWTH_MB = 50.0
"""What "constant memory" allows: less than any export that would be kept as a whole."""
START_SECONDS = 1.0
WORKER_MB, IMPORT_MB = 250.0, 300.0
IMPORT_OF_BARE = 1.0
LARGE = 100_000
"""From so many events on an export is larger than what memory may grow by."""


@dataclass(frozen=True)
class Measured:
    """One row: how each server answered, or why it did not."""

    row: Row
    rates: dict[str, Rate | str]
    records: float | None = None
    """Of our answers on average; None where they are no lists."""

    def rate(self, server: str) -> Rate | None:
        """How a server answered; None where it cannot, or did not."""
        found = self.rates.get(server)
        return found if isinstance(found, Rate) else None

    def ratio(self, server: str) -> float | None:
        """How many times the other's throughput ours is."""
        ours, other = self.rate("ours"), self.rate(server)
        return ours.per_second / other.per_second if ours and other else None


@dataclass
class Results:
    """All of one database. What was not asked for is None."""

    imported: Imported
    measured: list[Measured] = field(default_factory=list)
    start_seconds: float | None = None
    worker_bytes: int | None = None
    exports: tuple[Export, Export] | None = None
    slow: dict[str, Rate | str] = field(default_factory=dict)
    readers_served: int = 0
    real: Imported | None = None
    notes: list[str] = field(default_factory=list)

    def named(self, name: str) -> Measured | None:
        """The row of that name."""
        return next((each for each in self.measured if each.row.name == name), None)


@dataclass(frozen=True)
class Floor:
    """One floor: what was measured of it; `is_met` is None where it was not."""

    text: str
    found: str
    is_met: bool | None


def _at_least(text: str, value: float | None, floor: float) -> Floor:
    return Floor(
        f"{text} ≥ {floor:g}", "–" if value is None else f"{value:.2f}", None if value is None else value >= floor
    )


def _below(text: str, value: float | None, bound: float, unit: str = "", which: str = "") -> Floor:
    shown = "–" if value is None else f"{value:.3g}{unit}{which}"
    return Floor(f"{text} ≤ {bound:g}{unit}", shown, None if value is None else value <= bound)


def floors(results: Results, smallest: Results) -> Iterator[Floor]:
    """Every floor, for one database; the smallest one is what its growth is compared with."""
    first, last = results.named("page 1 (newest)"), results.named("the last pages")
    for server, floor in (("limit", LIST_OF_LIMIT), ("datasette", LIST_OF_DATASETTE), ("pygeoapi", LIST_OF_PYGEOAPI)):
        yield _at_least(f"list of 100 ÷ {server}", first.ratio(server) if first else None, floor)
    unchanged = next((each for each in results.measured if each.row.kind == "unchanged"), None)
    yield _at_least("304 ÷ a bare Flask route", unchanged.ratio("flask") if unchanged else None, UNCHANGED_OF_FLASK)
    yield _below("last pages ÷ page 1, p50", _p50_ratio(last, first), LAST_PAGE_OF_FIRST)
    if results is not smallest:
        grown = [(_p50_ratio(each, smallest.named(each.row.name)), each) for each in _of(results, "filter")]
        yield _worst("p50 of single filters ÷ p50 with the fewest events", grown, P50_OF_SMALLEST)
    for kind in ("filter", "combination"):
        late = [(rate.p99 if (rate := each.rate("ours")) else None, each) for each in _of(results, kind)]
        yield _worst(f"p99 of every {kind}", late, P99_MS, " ms")
    export = results.exports
    yield _at_least(
        "NDJSON of all ÷ bare SELECT doc loop", export[0].rate / export[1].rate if export else None, EXPORT_OF_LIMIT
    )
    if results.imported.rows >= LARGE:
        yield _below("growth of memory in exports", export[0].grown_bytes / MB if export else None, GROWTH_MB, " MB")
    yield _below("start-up", results.start_seconds, START_SECONDS, " s")
    yield _below("memory of a worker", results.worker_bytes / MB if results.worker_bytes else None, WORKER_MB, " MB")
    for name, each in (("made-up", results.imported), ("real", results.real)):
        if each:
            yield _at_least(
                f"import of {name} rows ÷ bare sqlite-utils insert",
                each.bare.seconds / each.took.seconds,
                IMPORT_OF_BARE,
            )
            yield _below(f"memory of the import of {name} rows", each.took.peak_bytes / MB, IMPORT_MB, " MB")


def _of(results: Results, kind: str) -> list[Measured]:
    return [each for each in results.measured if each.row.kind == kind]


def _p50_ratio(one: Measured | None, other: Measured | None) -> float | None:
    ours, others = one and one.rate("ours"), other and other.rate("ours")
    return ours.p50 / others.p50 if ours and others else None


def _worst(text: str, found: Sequence[tuple[float | None, Measured]], bound: float, unit: str = "") -> Floor:
    failed = [each.row.name for value, each in found if value is None]
    if failed:
        return Floor(f"{text} ≤ {bound:g}{unit}", f"no answer to: {', '.join(failed)}", False)
    if not found:
        return Floor(f"{text} ≤ {bound:g}{unit}", "–", None)
    value, worst = max(found, key=lambda each: each[0] or 0.0)
    return _below(text, value, bound, unit, f" ({worst.row.name})")
