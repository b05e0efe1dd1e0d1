"""A dataset: what records belong to, and how its licence wants it named."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """One dataset; `licence` is an SPDX identifier such as CC-BY-4.0."""

    id: str
    title: str
    licence: str
    attribution: str
    url: str | None

    @property
    def credit(self) -> str:
        """A line that credits it."""
        return f"{self.title}. {self.attribution}. Licence: {self.licence}."
