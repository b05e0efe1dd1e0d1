"""A parameter that holds JSON: read strictly, its faults told by JSON pointers (RFC 6901)."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.model.kinds import JsonSchema
from api.model.problem import Fault, Problem
from api.model.strict_json import read_json
from api.model.text import nearest, shown

LONGEST_JSON = 256 * 1024
"""Characters: a hundred names to match, with several long properties each."""
LONGEST_TEXT = 500
"""Characters of one text in it: more than twice as many as a name here may have."""
MOST_TOLD = 100
"""Faults that one answer lists."""
SCHEMA: JsonSchema = {
    "type": "string",
    "minLength": 2,
    "maxLength": LONGEST_JSON,
    "contentMediaType": "application/json",
}


class Faults:
    """Collects what is wrong with one parameter, each with its place."""

    def __init__(self, parameter: str) -> None:
        self.parameter, self.found = parameter, list[Fault]()

    def add(self, pointer: str, detail: str, allowed: Sequence[str] | None = None, meant: str | None = None) -> None:
        self.found.append(Fault(detail, self.parameter, pointer, allowed, meant))

    def check(self) -> None:
        if self.found:
            said = "; ".join(f"{each.pointer or 'the whole'} {each.detail}" for each in self.found[:3])
            more = f", and {len(self.found) - 3} more" if len(self.found) > 3 else ""
            raise Problem(400, "invalid-parameter", f"{self.parameter}: {said}{more}.", self.found[:MOST_TOLD])

    def fail(self, pointer: str, detail: str) -> None:
        """Add it and look no further."""
        self.add(pointer, detail)
        self.check()

    def members(self, pointer: str, value: Any, known: Sequence[str]) -> Mapping[str, Any]:
        """The members of an object that has no others; without any where it is none."""
        if not isinstance(value, dict):
            self.add(pointer, "is not an object")
            return {}
        for name in value.keys() - set(known):
            self.add(f"{pointer}/{escaped(name)}", "is not known here", tuple(known), nearest(name, known))
        return value

    def one_of(self, pointer: str, value: Any, known: Sequence[str]) -> bool:
        if isinstance(value, str) and value in known:
            return True
        said = shown(value) if isinstance(value, str) else "this"
        self.add(pointer, f"{said} is none", tuple(known), nearest(value, known) if isinstance(value, str) else None)
        return False


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def read_parameter(parameter: str, text: str) -> Any:
    if len(text) > LONGEST_JSON:
        Faults(parameter).fail("", f"has {len(text)} characters; it takes {LONGEST_JSON}: send fewer queries at once")
    try:
        return read_json(text.encode())
    except Problem as problem:
        faults = [Fault(problem.detail, parameter)]
        raise Problem(400, problem.kind, f"{parameter}: {problem.detail}", faults) from None


def is_text(value: Any) -> bool:
    """Is it a text that is neither blank nor too long?"""
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and bool(value.strip())
