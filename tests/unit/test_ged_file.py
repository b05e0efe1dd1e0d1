"""Files of UCDP GED as they come: packed, marked, tagged, renamed, damaged; each line's number, and what is refused."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.importers.ged_columns import COLUMNS, NEEDED
from api.importers.ged_file import LONGEST_CELL, LONGEST_LINE, GedFile, Refused, Row
from api.model.problem import Refusal
from unit.ged_rows import CELLS, MADE_UP, read, table

HEADER = [*COLUMNS]
ONE = [*CELLS.values()]
TWO = [*(CELLS | {"id": "1002"}).values()]
GOOD = table(HEADER, ONE, TWO)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ged.csv"


def told(path: Path, data: bytes) -> list[tuple[int, str]]:
    """Of each row its line and its id, or why it was refused."""
    path.write_bytes(data)
    return [(each.line, each.cells["id"] if isinstance(each, Row) else each.reason) for each in read(path)]


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(Refusal) as raised:
        read(path)
    return raised.value.detail


def zipped(**tables: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in tables.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_csv", ".csv")), each)
    return data.getvalue()


TAGS = ["#event+id", *[""] * 10, *["#meta"] * (len(HEADER) - 11)]
BROKEN_LINE = [*(CELLS | {"id": "1003", "where_description": "two\nlines"}).values()]
FORMS: list[tuple[bytes, list[tuple[int, str]]]] = [
    (GOOD, [(2, "1001"), (3, "1002")]),
    (GOOD.replace(b"\r\n", b"\n"), [(2, "1001"), (3, "1002")]),
    (b"\xef\xbb\xbf" + GOOD, [(2, "1001"), (3, "1002")]),
    (gzip.compress(GOOD, mtime=0), [(2, "1001"), (3, "1002")]),
    (zipped(a_csv=GOOD, notes=b"no table", b_csv=table(HEADER, ONE)), [(2, "1001"), (3, "1002"), (2, "1001")]),
    (table(HEADER), []),
    (table(HEADER, TAGS, ONE), [(3, "1001")]),
    (table(HEADER, ONE, TAGS), [(2, "1001"), (3, "#event+id")]),
    (table(HEADER, BROKEN_LINE, ONE), [(2, "1003"), (4, "1001")]),
    (table(HEADER, [], ONE, []), [(3, "1001")]),
    (table(HEADER[::-1], ONE[::-1]), [(2, "1001")]),
    (table([each.upper() + " " for each in HEADER], ONE), [(2, "1001")]),
    (table(HEADER, ONE[:-1], TWO), [(2, "has 48 cells; the header has 49 columns"), (3, "1002")]),
    (table(HEADER, [*ONE, "more"], TWO), [(2, "has 50 cells; the header has 49 columns"), (3, "1002")]),
    (table(HEADER, ["x" * (LONGEST_CELL + 1)], TWO),
     [(2, f"has a cell of more than {LONGEST_CELL} characters; is a quotation mark not closed?"), (3, "1002")]),
    (table(HEADER, ONE) + b'1,"open\r\n', [(2, "1001"), (3, "has a quotation mark that is not closed")]),
    (table(HEADER) + b'1,"a"b,2\r\n' + table(TWO), [(2, "is not CSV: ',' expected after '\"'"), (3, "1002")]),
    (table(HEADER) + b"1\r2\n" + table(TWO), [(2, "has a line end of a single carriage return"), (3, "1002")]),
    (table(HEADER) + b"," * (LONGEST_LINE + 5) + b"\n" + table(TWO),
     [(2, f"has a line of more than {LONGEST_LINE} bytes"), (3, "1002")]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "rows"), FORMS, ids=range(len(FORMS)))
def test_forms_of_a_file(path: Path, data: bytes, rows: list[tuple[int, str]]) -> None:
    assert told(path, data) == rows


def test_a_quotation_mark_that_nobody_closed_costs_no_more_than_a_cell(path: Path) -> None:
    plain = [*(CELLS | {"id": "1002"} | dict.fromkeys((each for each in HEADER if "source" in each), "")).values()]
    rows = told(path, table(HEADER) + b'1,"open\r\n' + table(*[plain] * 400))
    assert rows[0][0] == 2
    assert "not closed" in rows[0][1]
    assert rows[-1] == (402, "1002")
    assert len(rows) > 50


NO_FILE: list[tuple[bytes, str]] = [
    (b"", "ged.csv has no header of UCDP GED: the columns id, type_of_violence, date_prec"),
    (b"\n", "has no header"),
    (b'"', "has no header of UCDP GED: its first line has a quotation mark that is not closed"),
    (table(ONE, TWO), "has no header"),
    (table(HEADER).replace(b",", b";"), "has no header"),
    (os.urandom(2000).replace(b"\x1f", b"").replace(b"PK", b""), "has no header"),
    (table([each for each in HEADER if each != "latitude"]), "the columns latitude are missing"),
    (table([*HEADER, "extra", " Extra"]), 'has two columns "extra"'),
    (table([*HEADER, *(f"c{number}" for number in range(52))]), "has 101 columns; at most 100 can be kept"),
    (zipped(notes=b"x"), "ged.csv holds no .csv file"),
    (zipped(a_csv=b"x,y\n"), "ged.csv: a.csv has no header of UCDP GED"),
    (b"PK\x03\x04 no archive", "ged.csv cannot be unpacked"),
    (b"\x1f\x8b no archive", "ged.csv cannot be unpacked"),
    (gzip.compress(GOOD, mtime=0)[:-30], "ged.csv cannot be unpacked"),
]


@pytest.mark.parametrize(("data", "said"), NO_FILE, ids=range(len(NO_FILE)))
def test_what_is_no_ged_file(path: Path, data: bytes, said: str) -> None:
    assert said in refusal(path, data)


def test_a_missing_file_is_the_systems_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError), GedFile(path):
        pass


def test_columns_of_other_releases_and_of_nobody(path: Path) -> None:
    names = {"best": "best_est", "side_a_new_id": "side_a_id", "conflict_new_id": "conflict_id"}
    more = {"dyad_id": "7", "": "a", "Unnamed: 0": "b", "2nd": "c", "Größe (km)": "d"}
    path.write_bytes(table([*(names.get(each, each) for each in HEADER), *more], [*ONE, *more.values()]))
    (row,) = read(path)
    assert isinstance(row, Row)
    assert list(row.cells)[:49] == HEADER
    assert list(row.cells)[49:] == ["column_2nd", "column_51", "dyad_id", "große_km".replace("ß", "ss"), "unnamed_0"]
    assert {name: row.cells[name] for name in names} == {name: CELLS[name] for name in names}
    assert row.cells["dyad_id"] == "7"
    assert row.cells["dyad_new_id"] == CELLS["dyad_new_id"]


def test_bytes_that_are_no_text_reach_the_row(path: Path) -> None:
    path.write_bytes(GOOD.replace(b"Exland", b"Ex\xffl\x00nd", 1))
    (row, _) = read(path)
    assert isinstance(row, Row)
    assert row.cells["conflict_name"] == "Ex\udcffl\0nd: Government"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: zipped(a_csv=data)])
def test_it_tells_how_far_it_has_read(path: Path, pack: object) -> None:
    assert callable(pack)
    path.write_bytes(pack(table(HEADER, *[[*(CELLS | {"relid": os.urandom(99).hex()}).values()] for _ in range(3000)])))
    with GedFile(path) as rows:
        seen = [rows.position for _ in rows]
        assert seen == sorted(seen)
        assert seen[0] < rows.size / 2 < seen[-1] <= rows.size == path.stat().st_size


PARTS = st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"#", b'";"', ",".join(HEADER).encode(), b"\xef\xbb\xbf"]
)
HOSTILE = st.lists(PARTS | st.binary(max_size=9), max_size=60).map(b"".join)


@given(HOSTILE, st.booleans(), st.sampled_from([bytes, gzip.compress, lambda data: zipped(a_csv=data)]), st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_is_worse_than_refused(
    path: Path, rest: bytes, has_header: bool, pack: object, data: st.DataObject
) -> None:
    assert callable(pack)
    whole = bytearray(pack(GOOD + rest if has_header else rest))
    for _ in range(data.draw(st.integers(0, 3))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole))
    try:
        found = read(path)
    except Refusal:
        return
    lines = [each.line for each in found]
    assert lines == sorted(set(lines))
    assert all(each.reason for each in found if isinstance(each, Refused))
    assert all({*NEEDED} < set(each.cells) for each in found if isinstance(each, Row))


def test_the_made_up_file_has_every_column() -> None:
    assert MADE_UP.read_text("utf-8").partition("\n")[0].split(",") == HEADER
