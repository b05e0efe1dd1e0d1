"""The rooms of the house stand in an order, and each imports only from those before it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "api"
LEVELS = {"config": 0, "model": 0, "query": 1, "store": 2, "formats": 2, "importers": 3, "web": 4, "cli": 5}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT or path.stem in LEVELS)


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, by its full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_rooms_before_its_own(path: Path) -> None:
    own = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "api" or len(parts) < 2 or parts[1] == "create_app":
            continue
        other = parts[1]
        assert other == own or LEVELS[other] < LEVELS[own] or {own, other} == {"config", "model"}, (
            f"{path} imports {name}"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_flask_and_werkzeug_stay_in_the_web_room(path: Path) -> None:
    if room(path) != "web":
        assert not any(name.split(".")[0] in ("flask", "werkzeug", "granian") for name in imported(path))


def test_one_module_chooses_the_sqlite() -> None:
    choosing = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if any(name.split(".")[0] in ("sqlite3", "pysqlite3") for name in imported(path))
    }
    assert choosing == {"store/sqlite.py"}
