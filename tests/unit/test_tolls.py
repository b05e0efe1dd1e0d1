"""Tolls: what stands in an event's view, given the figures of its statements, oldest first."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.model.statement import FigureRecord
from api.model.taxonomy import QUALIFIERS
from api.model.tolls import DISJOINT, Claim, coded, toll
from unit.samples import cited

UNKNOWN = {
    "low": None, "best": None, "high": None, "civilians": None, "qualifier": None, "basis": None, "disputed": False,
}  # fmt: skip


def figure(best: int | None = None, **more: Any) -> dict[str, Any]:
    """A figure as the store has it, every member there."""
    return FigureRecord().load({"measure": "killed", "best": best, "evidence": cited()} | more)  # type: ignore[no-any-return]


def said(claimant: str, day: str, *figures: dict[str, Any]) -> Claim:
    return Claim(claimant, f"2024-11-{day}", figures)


def seen(low: int | None, best: int | None, high: int | None, **more: Any) -> dict[str, Any]:
    return UNKNOWN | {"low": low, "best": best, "high": high, "basis": "figures"} | more


CASES: dict[str, tuple[list[Claim], dict[str, Any]]] = {
    "nobody said anything": ([], UNKNOWN),
    "figures of something else": ([said("a", "27", figure(4, measure="injured"))], UNKNOWN),
    "a share is no number of people": ([said("a", "27", figure(share=0.5))], UNKNOWN),
    "one number": ([said("a", "27", figure(4))], seen(4, 4, 4)),
    "nobody died: nought is a number": ([said("a", "27", figure(0))], seen(0, 0, 0)),
    "bounds": ([said("a", "27", figure(4, low=3, high=6))], seen(3, 4, 6)),
    "the least alone": ([said("a", "27", figure(low=4))], seen(4, 4, 4)),
    "at least": ([said("a", "27", figure(low=4, qualifier="at_least"))], seen(4, 4, None, qualifier="at_least")),
    "more than": ([said("a", "27", figure(50, low=50, qualifier="more_than"))], seen(50, 50, None, qualifier="more_than")),
    "nearly": ([said("a", "27", figure(50, qualifier="nearly"))], seen(None, 50, 50, qualifier="nearly")),
    "at most": ([said("a", "27", figure(high=9, qualifier="at_most"))], seen(None, None, 9)),
    "about": ([said("a", "27", figure(50, qualifier="about"))], seen(None, 50, None, qualifier="about")),
    "about, with bounds": (
        [said("a", "27", figure(50, low=40, high=60, qualifier="about"))],
        seen(40, 50, 60, qualifier="about"),
    ),
    "exactly": ([said("a", "27", figure(4, qualifier="exactly"))], seen(4, 4, 4, qualifier="exactly")),
    "one leaves it open, so it is open": (
        [said("a", "27", figure(50, qualifier="at_least")), said("b", "28", figure(50))],
        seen(50, 50, None),
    ),
    "the hedge is that of the best": (
        [said("a", "27", figure(9, accepted=True, qualifier="exactly")), said("b", "28", figure(9, qualifier="about"))],
        seen(None, 9, None, qualifier="exactly"),
    ),
    "bounds without a number": ([said("a", "27", figure(low=3, high=6))], seen(3, 3, 6)),
    "two who agree": ([said("a", "27", figure(4)), said("b", "28", figure(4))], seen(4, 4, 4)),
    "two who differ: the newest": (
        [said("a", "27", figure(4)), said("b", "28", figure(9))],
        seen(4, 9, 9, disputed=True),
    ),
    "the newest may be the lowest": (
        [said("a", "27", figure(9)), said("b", "28", figure(4))],
        seen(4, 4, 9, disputed=True),
    ),
    "nought and four are a dispute": (
        [said("a", "27", figure(0)), said("b", "28", figure(4))],
        seen(0, 4, 4, disputed=True),
    ),
    "the accepted goes before the newest": (
        [said("a", "27", figure(4, accepted=True)), said("b", "28", figure(9))],
        seen(4, 4, 9, disputed=True),
    ),
    "the newest of two accepted": (
        [said("a", "27", figure(4, accepted=True)), said("b", "28", figure(5, accepted=True)), said("c", "29", figure(9))],
        seen(4, 5, 9, disputed=True),
    ),
    "on one day the later": (
        [said("a", "27", figure(4)), said("b", "27", figure(5))],
        seen(4, 5, 5, disputed=True),
    ),
    "the newest that gives a number": (
        [said("a", "27", figure(4)), said("b", "28", figure(high=9, qualifier="at_most"))],
        seen(None, 4, 9),
    ),
    "the newest civilians that are a number": (
        [said("a", "27", figure(9), figure(4, population="civilians")), said("b", "28", figure(high=5, population="civilians"))],
        seen(5, 9, 9, civilians=4),
    ),
    "one who counts anew disputes nothing": (
        [said("a", "27", figure(4)), said("a", "28", figure(7))],
        seen(4, 7, 7),
    ),
    "one who counts anew may come to agree": (
        [said("a", "27", figure(4)), said("b", "27", figure(7)), said("a", "28", figure(7))],
        seen(4, 7, 7),
    ),
    "one who gives only a bound disputes nothing": (
        [said("a", "27", figure(4)), said("b", "27", figure(high=10)), said("c", "28", figure(4))],
        seen(4, 4, 10),
    ),
    "bounds may differ without a dispute": (
        [said("a", "27", figure(4, low=3)), said("b", "28", figure(4, high=9))],
        seen(3, 4, 9),
    ),
    "parts add up": (
        [said("a", "27", figure(4, population="civilians"), figure(10, population="combatants"))],
        seen(14, 14, 14, civilians=4),
    ),
    "three parts add up": (
        [said("a", "27", *(figure(n, population=each) for n, each in enumerate(DISJOINT, 1)))],
        seen(6, 6, 6, civilians=1),
    ),
    "bounds of parts add up": (
        [
            said(
                "a", "27",
                figure(4, low=3, high=5, population="civilians"), figure(10, low=8, high=20, population="combatants"),
            )
        ],
        seen(11, 14, 25, civilians=4),
    ),
    "parts of which one gives no bounds": (
        [said("a", "27", figure(4, low=3, high=5, population="civilians"), figure(10, population="combatants"))],
        seen(13, 14, 15, civilians=4),
    ),
    "parts of which one is only the least": (
        [said("a", "27", figure(4, population="civilians"), figure(low=10, population="combatants"))],
        seen(14, 14, 14, civilians=4),
    ),
    "parts of which one is left open": (
        [
            said(
                "a", "27", figure(4, population="civilians"), figure(10, population="combatants", qualifier="at_least")
            )
        ],
        seen(14, 14, None, civilians=4, qualifier="at_least"),
    ),
    "parts of different speakers do not": (
        [said("a", "27", figure(4, population="civilians")), said("b", "28", figure(10, population="combatants"))],
        seen(4, 10, 10, civilians=4, disputed=True),
    ),
    "a total goes before its parts": (
        [said("a", "27", figure(20), figure(4, population="civilians"), figure(10, population="combatants"))],
        seen(20, 20, 20, civilians=4),
    ),
    "parts of one speaker against a total of another": (
        [
            said("a", "27", figure(4, population="civilians"), figure(10, population="combatants")),
            said("b", "28", figure(14)),
        ],
        seen(14, 14, 14, civilians=4),
    ),
    "parts are accepted when all are": (
        [
            said("a", "27", figure(4, population="civilians", accepted=True), figure(10, population="combatants")),
            said("b", "26", figure(9)),
        ],
        seen(9, 14, 14, civilians=4, disputed=True),
    ),
    "civilians only": ([said("a", "27", figure(4, population="civilians"))], seen(4, 4, 4, civilians=4)),
    "children and women are among others": (
        [said("a", "27", figure(2, population="children"), figure(1, population="women"))],
        UNKNOWN,
    ),
    "children do not add up": (
        [said("a", "27", figure(4, population="civilians"), figure(2, population="children"))],
        seen(4, 4, 4, civilians=4),
    ),
    "the civilians of the best": (
        [
            said("a", "27", figure(10, accepted=True), figure(3, population="civilians")),
            said("b", "28", figure(12), figure(5, population="civilians")),
        ],
        seen(10, 10, 12, civilians=3, disputed=True),
    ),
    "the newest civilians where the best has none": (
        [
            said("a", "26", figure(5, population="civilians"), figure(11)),
            said("b", "27", figure(11), figure(6, population="civilians")),
            said("c", "28", figure(11)),
        ],
        seen(11, 11, 11, civilians=6),
    ),
    "at least so many civilians": (
        [said("a", "27", figure(9), figure(low=4, population="civilians"))],
        seen(9, 9, 9, civilians=4),
    ),
    "a share of civilians is no number": (
        [said("a", "27", figure(9), figure(share=0.5, population="civilians"))],
        seen(9, 9, 9),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("claims", "view"), CASES.values(), ids=CASES)
def test_toll(claims: list[Claim], view: dict[str, Any]) -> None:
    assert toll(claims, "killed") == view


@pytest.mark.parametrize("measure", ["killed", "injured", "displaced"])
def test_each_measure_by_itself(measure: str) -> None:
    others = [
        said("a", "27", *(figure(n, measure=each) for n, each in enumerate(("killed", "injured", "displaced"), 1)))
    ]
    number = {"killed": 1, "injured": 2, "displaced": 3}[measure]
    assert toll(others, measure) == seen(number, number, number)


@pytest.mark.parametrize(
    "given_toll",
    [
        {"low": 1, "best": 2, "high": 3, "civilians": None},
        {"low": 9, "best": 5, "high": 1, "civilians": 7},
        {"low": None, "best": None, "high": None, "civilians": None},
        {"low": 0, "best": 0, "high": 0, "civilians": 0},
    ],
)
def test_a_coded_toll_is_kept_as_given(given_toll: dict[str, Any]) -> None:
    assert coded(given_toll) == given_toll | {"qualifier": None, "basis": "coded", "disputed": False}


NUMBERS = st.lists(st.integers(0, 50), min_size=3, max_size=3).map(sorted)
FIGURES = st.builds(
    lambda numbers, population, accepted, qualifier: figure(
        numbers[1], low=numbers[0], high=numbers[2], population=population, accepted=accepted, qualifier=qualifier
    ),
    NUMBERS,
    st.sampled_from(["total", *DISJOINT, "children"]),
    st.booleans(),
    st.sampled_from([None, *QUALIFIERS]),
)
CLAIMS = st.lists(
    st.builds(
        lambda claimant, day, figures: said(claimant, f"{day:02}", *figures),
        st.sampled_from("abc"),
        st.integers(1, 30),
        st.lists(FIGURES, max_size=3, unique_by=lambda each: each["population"]),
    ),
    max_size=6,
).map(lambda claims: sorted(claims, key=lambda each: each.day))


@settings(deadline=None)
@given(CLAIMS)
def test_what_holds_of_every_toll(claims: list[Claim]) -> None:
    view = toll(claims, "killed")
    given = [each for claim in claims for each in claim.figures if each["population"] != "children"]
    if not given:
        assert view == UNKNOWN
        return
    assert view["basis"] == "figures"
    assert view["low"] <= view["best"] <= view["high"]
    assert (view["civilians"] is None) == all(each["population"] != "civilians" for each in given)
    if len({claim.claimant for claim in claims if claim.figures}) < 2:
        assert not view["disputed"]


@settings(deadline=None)
@given(CLAIMS)
def test_a_speaker_without_figures_changes_nothing(claims: list[Claim]) -> None:
    assert toll([*claims, said("silent", "30")], "killed") == toll(claims, "killed")
