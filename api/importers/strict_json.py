"""JSON as RFC 8259 and I-JSON (RFC 7493) mean it: one reading, or an error.

Python's reader takes NaN, lets the last of two members win and turns `1e999` into infinity; what it lets through would
be stored and break every later list.
"""

import json
import math
from typing import Any

from api.model.fields import LARGEST
from api.model.problem import Problem
from api.model.text import shown, unstorable

DEEPEST = 32
MOST_MEMBERS = 1000
"""Of one object; no record has a tenth of it, and each that is unknown would be told."""


def read_json(data: bytes) -> Any:
    """The value; `Problem` 400 (`invalid-json`) for anything that another reader might read differently."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_exact,
        )
        _check_depth(value, DEEPEST)
    except UnicodeDecodeError as error:
        raise _invalid(f"The text is not UTF-8: byte {error.start} cannot be read.") from None
    except json.JSONDecodeError as error:
        raise _invalid(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise _invalid(f"The document is more than {DEEPEST} levels deep.") from None
    return value


def _invalid(detail: str) -> Problem:
    return Problem(400, "invalid-json", detail)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_MEMBERS:
        raise _invalid(f"An object has {len(pairs)} members; it takes {MOST_MEMBERS} at the most.")
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _invalid(f"The member {shown(twice)} stands twice in one object.")
    for name in members:
        if character := unstorable(name):
            raise _invalid(f"A member's name must not hold the character {character}.")
    return members


def _refuse_constant(text: str) -> float:
    raise _invalid(f"{text} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _invalid(f"The number {shown(text)} is too large.")
    return number


def _exact(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST:
        raise _invalid(f"The number {shown(text)} is outside ±2^53.")
    return int(text)


def _check_depth(value: Any, left: int) -> None:
    if isinstance(value, dict | list):
        if not left:
            raise RecursionError
        for each in value.values() if isinstance(value, dict) else value:
            _check_depth(each, left - 1)
