"""All write routes at random, held against a judge that knows the rules and not the store; and stores that break a rule,
each of which has to be caught.
"""

import sys
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any
from unittest import mock

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from api.model.condition import Condition
from api.store import links, past
from api.store.receiving import Receiver
from api.store.writing import Writer
from api.web.actions import Reply
from contract.machine import Machine, counted

WRITES = ("post", "put", "patch", "delete", "merge", "bundle")
SHORT, LONG = (15, 40), (250, 50)
"""Examples, and steps of each."""
LEAST = {
    "write 200": 40, "write 201": 8, "write 204": 10, "write 400": 1, "write 409": 10, "write 410": 1,
    "write 412": 20, "write 422": 20, "write 428": 8, "get 200": 100, "get 304": 100, "get 308": 15, "get 404": 40,
    "get 410": 10, "bundle 200": 15, "bundle 200 dry": 2, "bundle 409 conflict": 2, "bundle 422 invalid-record": 5,
    "merge 200": 10, "delete 409 in-use": 4,
    "post 409 conflict": 4, "outcome created": 40, "outcome updated": 5, "outcome unchanged": 4, "outcome skipped": 4,
    "repeated": 4, "idempotency-key-reused": 3, "resolved": 8, "patched": 50, "restarted": 1, "restored lost": 2,
    "copy complete": 20, "copy interrupted": 8, "feed 304": 15, "feed 410": 1, "audit": 15, "copied": 15,
}  # fmt: skip
"""How often each outcome must be reached in a short run."""
SELDOM = {
    "bundle 412 precondition-failed": 5, "merge 409 conflict": 5, "merge 410 gone": 2, "put 410 gone": 3,
    "possible duplicates": 3, "repeated 204": 5, "write 404": 5,
}  # fmt: skip
"""The same in a long run, of those that a short one may miss."""


def run(examples: int, steps: int, phases: Collection[Phase] = (Phase.generate, Phase.shrink)) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=phases,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(Machine, settings=chosen)


def summed(reached: Counter[str]) -> Counter[str]:
    """What was reached, and some sums of it."""
    found = reached.copy()
    for outcome, count in reached.items():
        words = outcome.split()
        if words[0] in WRITES and len(words) > 1:
            found[f"write {words[1]}"] += count
        if words[0] == "repeated":
            found["repeated"] += count
        if words[-1] == "idempotency-key-reused":
            found[words[-1]] += count
    return found


def hold(examples: int, steps: int, least: dict[str, int]) -> None:
    """Run, tell what was reached, and hold it against the least that makes a run worth something."""
    with counted() as reached:
        run(examples, steps)
        found = summed(reached)
    sys.stdout.write("".join(f"{count:6} {outcome}\n" for outcome, count in sorted(found.items())))
    assert {outcome: found[outcome] for outcome, count in least.items() if found[outcome] < count} == {}


def test_writes_do_what_the_judge_says() -> None:
    hold(*SHORT, LEAST)


@pytest.mark.slow
def test_many_more_writes_do_what_the_judge_says() -> None:
    hold(*LONG, {outcome: 10 * count for outcome, count in LEAST.items()} | SELDOM)


# Stores that break a rule

_keep, _apply = Writer.keep, Writer.apply


def keep_no_deletion(writer: Writer, name: str, record_id: str, version: int, change: str, *rest: Any) -> int:
    return 0 if change == "deleted" else _keep(writer, name, record_id, version, change, *rest)


def delete_anyway(writer: Writer, name: str, record_id: str) -> None:
    writer.apply({}, {(name, record_id): None})


def do_it_even_so(*members: Any, is_undone: bool = False) -> Reply:
    return Reply(*members)


def one_step(rows: past.Rows, collection: str, record_id: str) -> str | None:
    end = past.ending(rows, collection, record_id)
    return end.merged_into if end else None


def only_the_touched(connection: Any, touched: links.Touched) -> links.Touched:
    return {name: set(seqs) for name, seqs in touched.items()}


def forget_the_name(writer: Writer, changed: Any, removed: Any = None) -> None:
    writer.author = type(writer.author)(reason=writer.author.reason)
    _apply(writer, changed, removed)


Mutant = Callable[[], Any]
MUTANTS: dict[str, Mutant] = {
    "If-Match is not looked at": lambda: mock.patch.object(Condition, "check", return_value=None),
    "what others point to is deleted": lambda: mock.patch("api.store.removing.delete", delete_anyway),
    "a deletion is no change": lambda: mock.patch.object(Writer, "keep", keep_no_deletion),
    "a restored file goes unnoticed": lambda: mock.patch("api.store.history.check_place", return_value=None),
}
MORE_MUTANTS: dict[str, Mutant] = {
    "a repeated request is done again": lambda: mock.patch("api.store.answers.recall", return_value=None),
    "a dry run is done": lambda: mock.patch("api.web.writes.Reply", do_it_even_so),
    "a merge leaves what pointed there": lambda: mock.patch("api.store.removing._referring", return_value={}),
    "an old id leads to another old one": lambda: mock.patch("api.store.reading.successor", one_step),
    "what shows a record is not rendered": lambda: mock.patch("api.store.links.reached", only_the_touched),
    "what was deleted comes back unasked": lambda: mock.patch.object(Receiver, "_meet_the_past", return_value=set()),
    "nobody made it": lambda: mock.patch.object(Writer, "apply", forget_the_name),
}


def assert_caught(mutant: Mutant) -> None:
    with mutant(), counted(), pytest.raises(AssertionError):
        run(40, 40, phases=[Phase.generate])


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_store_that_breaks_a_rule_is_caught(mutant: Mutant) -> None:
    assert_caught(mutant)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MORE_MUTANTS.values(), ids=MORE_MUTANTS)
def test_more_stores_that_break_a_rule_are_caught(mutant: Mutant) -> None:
    assert_caught(mutant)
