"""libhxl reads the tagged CSVs over HTTP, and its commands count and sum by tag what SQL counts and sums."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from live import Server

from clients.programs import read, run
from clients.truth import COLUMNS, Row, events, in_order, same, select

TAGS = (
    "#event+id", "#event+type", "#event+name", "#date+start", "#date+end", "#country+code+v_iso2", "#loc+id", "#geo+lat",
    "#geo+lon", "#affected+killed+low", "#affected+killed+best", "#affected+killed+high", "#indicator+num+sources", "#actor+name",
)  # fmt: skip
"""Of each column that is compared, its tag. Asked for less, libhxl gives the first cell that fits and is not empty."""
CASES = {
    "": "true",
    "?type=shelling,armed_clash&country=SY": "e.type IN ('shelling', 'armed_clash') AND l.country = 'SY'",
}
LISTS = ("events", "statements", "timeline", "actors", "locations", "sources")
NUMBERS = ("latitude", "longitude", "fatalities_low", "fatalities_best", "fatalities_high", "source_count")


def typed(row: Sequence[str]) -> Row:
    """A row of cells as SQL has it; libhxl makes no numbers of them."""
    pairs = zip(COLUMNS, row, strict=True)
    return tuple(None if cell == "" else float(cell) if name in NUMBERS else cell for name, cell in pairs)


def test_every_row_is_found_by_its_tags(server: Server, client_python: Path) -> None:
    job = {query: {"address": f"{server.address}/v1/events.hxl.csv{query}", "tags": TAGS} for query in CASES}
    found = read(client_python, "hxl_reader", job)
    for query, where in CASES.items():
        expected = events(server.database, where)
        assert expected
        same(in_order(map(typed, found[query])), expected, query)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_valid(seed_server: Server, client_python: Path, name: str) -> None:
    """By the schema that libhxl brings."""
    told = run(client_python.with_name("hxlvalidate"), f"{seed_server.address}/v1/{name}.hxl.csv")
    assert "Validation succeeded" in told
    assert "0 error(s), 0 warnings" in told


def sums(told: str) -> list[list[Any]]:
    """What the command prints: a header, the tags, the rows."""
    return list(csv.reader(io.StringIO(told)))[2:]


def test_counts_and_sums_by_country(server: Server, client_python: Path) -> None:
    tags = (
        "-t",
        "#country+code",
        "-a",
        "count() as Count#meta+count",
        "-a",
        "sum(#affected+killed) as Sum#affected+killed",
    )
    told = run(client_python.with_name("hxlcount"), *tags, f"{server.address}/v1/events.hxl.csv?min_fatalities=1")
    expected = select(
        server.database,
        "SELECT country, count(*), sum(fatalities) FROM events WHERE fatalities >= 1 GROUP BY country ORDER BY country",
    )
    assert expected
    assert sorted((code, int(count), int(killed)) for code, count, killed in sums(told)) == [
        (code or "", count, killed) for code, count, killed in expected
    ]
