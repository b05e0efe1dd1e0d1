"""The seed: the sample articles' records, which the package carries and an empty database starts with."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def seed_files() -> list[Traversable]:
    """The bundles of the seed: inside an installed package, or beside it in a checkout."""
    carried = resources.files("api").joinpath("seed")
    folder: Traversable = carried if carried.is_dir() else Path(__file__).parents[2] / "seed"
    return sorted((each for each in folder.iterdir() if each.name.endswith(".json")), key=lambda each: each.name)
