"""Conditions of a write: which version its sender knows (RFC 9110, section 13)."""

from dataclasses import dataclass

from api.model.problem import Problem


@dataclass(frozen=True)
class Condition:
    """What the sender knows of what is stored.

    `versions` are those that `If-Match` names, None where it was not sent; `any_version` is its `*`, `only_new` is
    `If-None-Match: *`.
    """

    versions: frozenset[int] | None = None
    any_version: bool = False
    only_new: bool = False

    def check(self, stored: int | None, overwrites: bool = True) -> None:
        """May what is stored in this version (None: nothing is) be written?

        Raises `Problem` 412 where the sender knew something else, 428 where it would overwrite without saying what it knew.
        """
        if self.only_new and stored is not None:
            raise _failed(f"Version {stored} is stored here already; If-None-Match: * allows none.")
        if self.versions is not None or self.any_version:
            if stored is None:
                raise _failed("There is nothing here yet that If-Match could name.")
            if not self.any_version and stored not in (self.versions or ()):
                raise _failed(f"The newest version is {stored}, which If-Match does not name.")
        elif stored is not None and overwrites:
            detail = f'Version {stored} is stored here. To change it, send the version that you have read: If-Match: "{stored}".'
            raise Problem(428, "precondition-required", detail)


def _failed(detail: str) -> Problem:
    return Problem(412, "precondition-failed", detail)
