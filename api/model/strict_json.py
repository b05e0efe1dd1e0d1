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
        value = DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise not_utf8(error.start) from None
    except json.JSONDecodeError as error:
        raise invalid_json(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise too_deep() from None
    check_depth(value)
    return value


def check_depth(value: Any, most: int = DEEPEST) -> None:
    """`Problem` 400 for a value with more levels than that."""
    if isinstance(value, dict | list):
        if not most:
            raise too_deep()
        for each in value.values() if isinstance(value, dict) else value:
            check_depth(each, most - 1)


def check_name(name: str) -> None:
    """`Problem` 400 for the name of a member that no text here may hold."""
    if character := unstorable(name):
        raise invalid_json(f"A member's name must not hold the character {character}.")


def invalid_json(detail: str) -> Problem:
    """The answer to what is no JSON, or might be read in two ways."""
    return Problem(400, "invalid-json", detail)


def not_utf8(place: int) -> Problem:
    """The answer to a text whose byte at this place begins no character."""
    return invalid_json(f"The text is not UTF-8: byte {place} cannot be read.")


def too_deep() -> Problem:
    """The answer to brackets in brackets without end."""
    return invalid_json(f"The document is more than {DEEPEST} levels deep.")


def twice(name: str) -> Problem:
    """The answer to two members of one name."""
    return invalid_json(f"The member {shown(name)} stands twice in one object.")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_MEMBERS:
        raise invalid_json(f"An object has {len(pairs)} members; it takes {MOST_MEMBERS} at the most.")
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        raise twice(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    for name in members:
        check_name(name)
    return members


def _refuse_constant(text: str) -> float:
    raise invalid_json(f"{text} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise invalid_json(f"The number {shown(text)} is too large.")
    return number


def _exact(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST:
        raise invalid_json(f"The number {shown(text)} is outside ±2^53.")
    return int(text)


DECODER = json.JSONDecoder(
    object_pairs_hook=_without_repeats, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_exact
)
"""Reads a value strictly but for its depth, which `check_depth` looks at."""
