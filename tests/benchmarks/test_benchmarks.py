"""The benchmarks themselves work: the made-up world is sound, every row of the table is answered, every floor is judged."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import load, main, repeat, world
from benchmarks.results import Results, floors

ROWS = 300
needs_wrk = pytest.mark.skipif(not load.is_here(), reason="the load generator wrk is not installed")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world") / "world.csv"
    world.write(path, ROWS)
    return path


def test_the_world_is_always_the_same(made_up: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.csv"
    world.write(again, ROWS)
    assert again.read_bytes() == made_up.read_bytes()


def test_the_world_is_skewed_and_its_rows_agree_with_themselves(made_up: Path) -> None:
    rows = read(made_up)
    assert list(rows[0]) == world.COLUMNS.split()
    assert len(rows[0]) == 49
    assert len({row["id"] for row in rows}) == ROWS
    [(_, most), *_] = Counter(row["country"] for row in rows).most_common()
    assert 0.1 < most / ROWS < 0.3
    for row in rows:
        assert row["date_start"] <= row["date_end"]
        assert int(row["low"]) <= int(row["best"]) <= int(row["high"])
        dead = sum(int(row[f"deaths_{side}"]) for side in ("a", "b", "civilians", "unknown"))
        assert dead == int(row["best"])
        assert -90 <= float(row["latitude"]) <= 90
        assert -180 <= float(row["longitude"]) <= 180
        articles = row["source_article"].split('";"')
        assert len(articles) == int(row["number_of_sources"]) == len(row["source_office"].split(";"))


def test_a_repeated_file_has_other_events_each_time(made_up: Path, tmp_path: Path) -> None:
    path = tmp_path / "repeated.csv"
    repeat.write(made_up, path, ROWS + 5)
    rows, longer = read(made_up), read(path)
    assert longer[:ROWS] == rows
    assert len({row["id"] for row in longer}) == len(longer) == ROWS + 5
    first, again = longer[0], longer[ROWS]
    assert again["date_start"] < first["date_start"]
    assert again["source_date"] < first["source_date"]
    assert again["source_article"].count(again["source_date"].split(";")[0])
    assert again["latitude"] != first["latitude"]


@needs_wrk
def test_the_harness_measures(tmp_path: Path) -> None:
    names = ("page 1", "304")
    (results,) = measured(tmp_path, ROWS, "--seconds", "0.2", "--parts", "table", "exports", "--only", *names)
    assert [each.row.name.split(" (")[0] for each in results.measured] == list(names)
    assert "| page 1 (newest) | 100 |" in (tmp_path / "RESULTS.md").read_text("utf-8")


@pytest.mark.slow
@needs_wrk
def test_every_row_is_answered_and_every_floor_is_judged(tmp_path: Path) -> None:
    (results,) = measured(tmp_path, 10_000, "--seconds", "0.6", "--parts", "table", "exports", "start")
    peers = ("datasette", "pygeoapi")
    unjudged = [each.text for each in floors(results, results) if each.is_met is None]
    assert all(any(peer in text for peer in peers) for text in unjudged)


def measured(folder: Path, rows: int, *options: str) -> list[Results]:
    """The results of a run without peers, none of which may be an error."""
    kept = ("--cache", str(folder), "--output", str(folder / "RESULTS.md"))
    found = main.main(["--sizes", str(rows), *kept, "--peers", *options])
    assert [note for each in found for note in each.notes] == []
    return found
