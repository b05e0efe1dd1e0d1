"""Tolls: an event's numbers of killed, injured and displaced as a view over the figures that speakers gave.

Nothing is averaged or invented. `low` is the least and `high` the most that anybody gave, null where somebody left it
open (“more than 50” has no most); `best` is the accepted figure, or else the newest; `disputed` says that two speakers
stand by different numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.model import taxonomy

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
    least: int | None
    number: int | None
    most: int | None
    qualifier: str | None
    is_accepted: bool


def _first(*numbers: int | None) -> int | None:
    return next((each for each in numbers if each is not None), None)


def _number(figure: Figure) -> int | None:
    return _first(figure["best"], figure["low"])


def _least(figure: Figure) -> int | None:
    is_open = figure["qualifier"] in taxonomy.OPEN_BELOW
    return figure["low"] if is_open else _first(figure["low"], figure["best"], figure["high"])


def _most(figure: Figure) -> int | None:
    is_open = figure["qualifier"] in taxonomy.OPEN_ABOVE
    return figure["high"] if is_open else _first(figure["high"], figure["best"], figure["low"])


def _sum(numbers: Iterable[int | None]) -> int | None:
    total = 0
    for each in numbers:
        if each is None:
            return None
        total += each
    return total


def _total(claim: Claim, parts: Sequence[Figure]) -> _Total:
    """What the parts come to; unknown where it is unknown of one of them."""
    least, number, most = (_sum(take(each) for each in parts) for take in (_least, _number, _most))
    qualifier = min((each["qualifier"] for each in parts if each["qualifier"]), default=None)
    return _Total(claim, least, number, most, qualifier, all(each["accepted"] for each in parts))


def _totals(claims: Iterable[Claim], measure: str) -> Iterator[_Total]:
    for claim in claims:
        figures = [each for each in claim.figures if each["measure"] == measure and each["share"] is None]
        whole = [each for each in figures if each["population"] == "total"]
        for figure in whole:
            yield _total(claim, [figure])
        parts = [each for each in figures if each["population"] in DISJOINT]
        if parts and not whole:
            yield _total(claim, parts)


UNKNOWN: Mapping[str, Any] = {
    "low": None, "best": None, "high": None, "civilians": None, "qualifier": None, "basis": None, "disputed": False,
}  # fmt: skip


def toll(claims: Sequence[Claim], measure: str) -> dict[str, Any]:
    """`{low, best, high, civilians, qualifier, basis, disputed}` of one measure; `claims` are oldest first. Unknown is null."""
    if not any(claim.figures for claim in claims):
        return dict(UNKNOWN)
    totals = list(_totals(claims, measure))
    newest = sorted(
        (each for each in totals if each.number is not None), key=lambda each: (each.is_accepted, each.claim.day)
    )[-1:]
    stands_by = {each.claim.claimant: each.number for each in totals}
    civilians = [
        number
        for claim in (*claims, *(each.claim for each in newest))
        for figure in claim.figures
        if figure["measure"] == measure and figure["population"] == "civilians" and figure["share"] is None
        if (number := _number(figure)) is not None
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
