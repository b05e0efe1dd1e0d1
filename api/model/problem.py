"""The one exception that carries an answer: a status, a kind, a sentence, and which inputs were at fault (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.model.text import shown


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one input: a query `parameter`, or a `pointer` (RFC 6901) into a document."""

    detail: str
    parameter: str | None = None
    pointer: str | None = None
    allowed: Sequence[str] | None = None
    did_you_mean: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The members that are set, for an `errors` list."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class Problem(Exception):
    """An answer that is not the one asked for. `kind` names a section of the page of problems."""

    status: int
    kind: str
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.detail


def bad_parameters(faults: Sequence[Fault]) -> Problem:
    """The 400 that names each parameter at fault."""
    said = []
    for fault in faults:
        hint = f"; did you mean {shown(fault.did_you_mean)}?" if fault.did_you_mean else ""
        said.append(f"{fault.parameter}: {fault.detail}{hint}")
    return Problem(400, "invalid-parameter", " | ".join(said), faults)


class Refusal(ValueError):
    """A value that a parameter does not take, said in a sentence; `allowed` and `did_you_mean` show the way out."""

    def __init__(self, detail: str, allowed: Sequence[str] | None = None, did_you_mean: str | None = None) -> None:
        super().__init__(detail)
        self.detail, self.allowed, self.did_you_mean = detail, allowed, did_you_mean

    def of(self, parameter: str) -> Fault:
        """The same, as the fault of a parameter."""
        return Fault(self.detail, parameter, None, self.allowed, self.did_you_mean)
