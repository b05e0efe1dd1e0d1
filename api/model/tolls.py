"""Tolls: an event's numbers of killed, injured and displaced as a view over the figures that speakers gave.

Nothing is averaged or invented. `low` is the least and `high` the most that anybody gave; `best` is the accepted
figure, or else the newest; `disputed` says that two speakers stand by different numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    is_accepted: bool

    @property
    def number(self) -> int | None:
        return _first(self.best, self.low)


def _first(*numbers: int | None) -> int | None:
    return next((each for each in numbers if each is not None), None)


def _sum(figures: Sequence[Figure], name: str) -> int | None:
    numbers = [figure[name] for figure in figures]
    return None if None in numbers else sum(numbers)


def _totals(claims: Iterable[Claim], measure: str) -> Iterable[_Total]:
    for claim in claims:
        figures = [each for each in claim.figures if each["measure"] == measure and each["share"] is None]
        whole = [each for each in figures if each["population"] == "total"]
        for figure in whole:
            yield _Total(claim, figure["low"], figure["best"], figure["high"], figure["accepted"])
        parts = [each for each in figures if each["population"] in DISJOINT]
        if parts and not whole:
            low, best, high = (_sum(parts, name) for name in ("low", "best", "high"))
            yield _Total(claim, low, best, high, all(each["accepted"] for each in parts))


def toll(claims: Sequence[Claim], measure: str) -> dict[str, Any]:
    """`{low, best, high, civilians, basis, disputed}` of one measure; `claims` are oldest first. Unknown is null."""
    totals = list(_totals(claims, measure))
    newest = sorted(totals, key=lambda each: (each.is_accepted, each.claim.day))[-1:]
    stands_by = {each.claim.claimant: each.number for each in totals}
    civilians = [
        _first(figure["best"], figure["low"])
        for claim in (*claims, *(each.claim for each in newest))
        for figure in claim.figures
        if figure["measure"] == measure and figure["population"] == "civilians" and figure["share"] is None
    ]
    lows = [number for each in totals if (number := _first(each.low, each.best, each.high)) is not None]
    highs = [number for each in totals if (number := _first(each.high, each.best, each.low)) is not None]
    return {
        "low": min(lows, default=None),
        "best": newest[0].number if newest else None,
        "high": max(highs, default=None),
        "civilians": civilians[-1] if civilians else None,
        "basis": "figures" if totals else None,
        "disputed": len(set(stands_by.values()) - {None}) > 1,
    }


def coded(toll_as_given: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset's own triple, kept as it is."""
    return {**toll_as_given, "basis": "coded", "disputed": False}
