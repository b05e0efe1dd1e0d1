"""Tolls: an event's numbers of killed, injured and displaced as a view over the figures that speakers gave.

Nothing is averaged or invented. `low` is the least and `high` the most that anybody gave, null where somebody left it
open (“more than 50” has no most); `best` is the accepted figure, or else the newest; `disputed` says that two speakers
stand by different numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.model import taxonomy

OPEN_ABOVE, OPEN_BELOW = frozenset(taxonomy.OPEN_ABOVE), frozenset(taxonomy.OPEN_BELOW)
DISJOINT = ("civilians", "combatants", "unknown")
"""Populations that add up to a total where a speaker gives no total; children and women are parts of these."""

Figure = Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """What one statement says of one event: the claimant (a speaker, or a source in its own voice), its day, its figures."""

    claimant: str
    day: str
    figures: Sequence[Figure]


@dataclass(frozen=True)
class _Total:
    claim: Claim
    low: int | None
    best: int | None
    high: int | None
    qualifiers: frozenset[str | None]
    is_accepted: bool

    @property
    def number(self) -> int | None:
        return _first(self.best, self.low)

    @property
    def qualifier(self) -> str | None:
        return min((each for each in self.qualifiers if each), default=None)

    @property
    def least(self) -> int | None:
        return self.low if self.qualifiers & OPEN_BELOW else _first(self.low, self.best, self.high)

    @property
    def most(self) -> int | None:
        return self.high if self.qualifiers & OPEN_ABOVE else _first(self.high, self.best, self.low)


def _first(*numbers: int | None) -> int | None:
    return next((each for each in numbers if each is not None), None)


def _sum(figures: Sequence[Figure], name: str) -> int | None:
    numbers = [figure[name] for figure in figures]
    return None if None in numbers else sum(numbers)


def _total(claim: Claim, parts: Sequence[Figure]) -> _Total:
    low, best, high = (_sum(parts, name) for name in ("low", "best", "high"))
    qualifiers = frozenset(each["qualifier"] for each in parts)
    return _Total(claim, low, best, high, qualifiers, all(each["accepted"] for each in parts))


def _totals(claims: Iterable[Claim], measure: str) -> Iterator[_Total]:
    for claim in claims:
        figures = [each for each in claim.figures if each["measure"] == measure and each["share"] is None]
        whole = [each for each in figures if each["population"] == "total"]
        for figure in whole:
            yield _total(claim, [figure])
        parts = [each for each in figures if each["population"] in DISJOINT]
        if parts and not whole:
            yield _total(claim, parts)


def toll(claims: Sequence[Claim], measure: str) -> dict[str, Any]:
    """`{low, best, high, civilians, qualifier, basis, disputed}` of one measure; `claims` are oldest first. Unknown is null."""
    totals = list(_totals(claims, measure))
    newest = sorted(totals, key=lambda each: (each.is_accepted, each.claim.day))[-1:]
    stands_by = {each.claim.claimant: each.number for each in totals}
    civilians = [
        _first(figure["best"], figure["low"])
        for claim in (*claims, *(each.claim for each in newest))
        for figure in claim.figures
        if figure["measure"] == measure and figure["population"] == "civilians" and figure["share"] is None
    ]
    best = newest[0] if newest else None
    return {
        "low": _bound(min, [each.least for each in totals]),
        "best": best.number if best else None,
        "high": _bound(max, [each.most for each in totals]),
        "civilians": civilians[-1] if civilians else None,
        "qualifier": best.qualifier if best else None,
        "basis": "figures" if totals else None,
        "disputed": len(set(stands_by.values()) - {None}) > 1,
    }


def _bound(pick: Callable[[Iterable[int]], int], given: Sequence[int | None]) -> int | None:
    known = [each for each in given if each is not None]
    return pick(known) if known and len(known) == len(given) else None


def coded(toll_as_given: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset's own triple, kept as it is."""
    return {**toll_as_given, "qualifier": None, "basis": "coded", "disputed": False}
