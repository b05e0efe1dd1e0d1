"""CQL2's temporal functions: how two spans of time lie to each other (Allen's relations), as comparisons of their ends.

An instant is a span that begins and ends at once. Both ends belong to a span; `..` leaves one open.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.model.problem import Refusal
from api.model.queryables import Day, Moment

COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt
}  # fmt: skip
FIRST, LAST = 0, 1
"""The two ends of a span."""
Relation = tuple[tuple[int, str, int], ...]
"""Comparisons that must all hold: an end of the one span, how it compares, an end of the other."""
PREDICATES: Mapping[str, tuple[Relation, ...]] = {
    "t_after": (((FIRST, ">", LAST),),),
    "t_before": (((LAST, "<", FIRST),),),
    "t_contains": (((FIRST, "<", FIRST), (LAST, ">", LAST)),),
    "t_disjoint": (((LAST, "<", FIRST),), ((FIRST, ">", LAST),)),
    "t_during": (((FIRST, ">", FIRST), (LAST, "<", LAST)),),
    "t_equals": (((FIRST, "=", FIRST), (LAST, "=", LAST)),),
    "t_finishedBy": (((FIRST, "<", FIRST), (LAST, "=", LAST)),),
    "t_finishes": (((FIRST, ">", FIRST), (LAST, "=", LAST)),),
    "t_intersects": (((LAST, ">=", FIRST), (FIRST, "<=", LAST)),),
    "t_meets": (((LAST, "=", FIRST),),),
    "t_metBy": (((FIRST, "=", LAST),),),
    "t_overlappedBy": (((FIRST, ">", FIRST), (FIRST, "<", LAST), (LAST, ">", LAST)),),
    "t_overlaps": (((FIRST, "<", FIRST), (LAST, ">", FIRST), (LAST, "<", LAST)),),
    "t_startedBy": (((FIRST, "=", FIRST), (LAST, ">", LAST)),),
    "t_starts": (((FIRST, "=", FIRST), (LAST, "<", LAST)),),
}
"""Each is true where one of its relations is."""
KINDS = (Day, Moment)


@dataclass(frozen=True)
class Endless:
    """The end of a span that has none: a text before or after that of every day and moment."""

    text: str


OPEN = (Endless(""), Endless("~"))


def is_any_of(op: str) -> bool:
    """Has the function several relations, of which one is enough?"""
    return len(PREDICATES[op]) > 1


def spans(tree: Any) -> tuple[Any, Any]:
    """The first and the last end of an argument: a property, a day, a moment, or an interval of these."""
    if isinstance(tree, dict) and tree.keys() == {"interval"}:
        ends = tree["interval"]
        if not isinstance(ends, list) or len(ends) != 2:
            raise Refusal("INTERVAL takes two ends")
        first, last = (OPEN[end] if each == ".." else each for end, each in enumerate(ends))
        return first, last
    return tree, tree


def holds(one: Any, op: str, other: Any) -> bool:
    """Do two ends that are no properties compare so?"""
    return COMPARED[op](_text(one), _text(other))


def check_literals(ends: Sequence[Any]) -> None:
    """`Refusal` for an end that is no day and no moment, and for two of which the last is on an earlier day."""
    days = [_text(each)[:10] for each in ends]
    if days != sorted(days):
        raise Refusal("an INTERVAL must not end before it begins")


def _text(end: Any) -> str:
    """An end as a text that sorts as moments do; `Refusal` for what is none."""
    return end.text if isinstance(end, Endless) else str(Moment().literal(end))
