"""The two worlds that most of these tests ask: the seed, and a larger one that is made up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import synthetic
from contract.worlds import World, close_world, load_into, open_world


@pytest.fixture(scope="session")
def seed_world(database: Path) -> Iterator[World]:
    """The seed."""
    world = open_world("seed", database)
    yield world
    close_world(world)


@pytest.fixture(scope="session")
def made_up_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three hundred events in six countries, across the antimeridian and round both poles, written at three moments."""
    path = tmp_path_factory.mktemp("made-up") / "made-up.db"
    for at, bundle in synthetic.history():
        load_into(path, bundle, at)
    world = open_world("made-up", path)
    yield world
    close_world(world)


@pytest.fixture(scope="session", params=["seed", "made-up"])
def world(request: pytest.FixtureRequest, seed_world: World, made_up_world: World) -> World:
    """One after the other."""
    return seed_world if request.param == "seed" else made_up_world
