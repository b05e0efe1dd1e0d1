"""What `bbox` and `datetime` select (OGC API - Features Part 1, 7.15.3 and 7.15.4)."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from ogc import MANY, NAMES, PLACES, SPANS, get, lies_in, matching, point, records, refused, target, wide


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with wide(tmp_path_factory.mktemp("ogc") / "wide.db") as client:
        yield client


# Space

BOXES = (
    "36,35,38,37", "-180,-90,180,90", "37.1612,36.2012,37.1612,36.2012", "170,-20,-179,-10", "179.9,-18,-179.9,-16",
    "180,-90,-180,90", "170,-20,180,-10", "-180,-17,-180,-17", "0,0,0,0", "-1,-1,1,1", "12.5,90,12.5,90", "-180,89.9,180,90",
    "100,10,101,11",
    "36.1000000000000014,35.2000000000000028,38.2999999999999972,37.3999999999999986",
    "1.00000000000000008e-05,-1.00000000000000008e-05,1E-5,1.0e-0", "-0,-0.0,0,0.0",
)  # fmt: skip
"""GDAL writes numbers as the last but one and the third last do."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("box", BOXES)
def test_bbox_finds_what_lies_in_it(client: FlaskClient, world: FlaskClient, name: str, box: str) -> None:
    """A west beyond its east crosses the antimeridian; edges belong to it; what has no geometry lies nowhere."""
    numbers = [float(each) for each in box.split(",")]
    west, south, east, north = box.split(",")
    for each in (client, world):
        expected = {record["id"] for record in records(each, name) if lies_in(numbers, point(record))}
        assert matching(each, name, bbox=box) == expected
        assert matching(each, name, bbox=f"{west},{south},-10,{east},{north},1e4") == expected


def test_the_boxes_tell_places_apart(world: FlaskClient) -> None:
    found = {frozenset(matching(world, "locations", bbox=each)) for each in BOXES}
    assert len(found) > 7
    assert matching(world, "locations", bbox="170,-20,-179,-10") == {"suva", "taveuni", "line-east", "line-west"}
    assert "nowhere" not in set().union(*found)


@pytest.mark.parametrize(
    "box",
    [
        "", "36", "36,35,38", "36,35,38,37,1", "36,35,38,37,1,2,3", "36,35,38,", "36,,38,37", "a,b,c,d", "36 35 38 37",
        " 36,35,38,37", "+36,35,38,37", "036,35,38,37", ".5,0,1,1", "1.,0,2,1", "0x1,0,2,1", "1e,0,2,1", "٣,0,4,1",
        "nan,0,1,1", "inf,0,1,1", "-Infinity,0,1,1", "1e999,0,1,1", f"1{'.'}{'0' * 40},0,2,1", "[36,35,38,37]",
        "-180.1,0,1,1", "0,0,180.0001,1", "0,-90.5,1,1", "160.6,-55.95,-170,160", "36,37,38,35",
        "36,35,x,38,37,1", "36,35,0,38,37,", "36,35,5,38,37,4",
    ],
)  # fmt: skip
def test_a_bbox_that_is_none_is_refused(client: FlaskClient, box: str) -> None:
    for name in NAMES:
        refused(client, target(name, bbox=box), "bbox")


# Time

EARLY, LATE = "0001-01-01", "9999-12-31"
TIMES: tuple[tuple[str, str, str], ...] = (
    ("2024-11-27", "2024-11-27", "2024-11-27"),
    ("2020-02-29", "2020-02-29", "2020-02-29"),
    ("2021-02-10T12:00:00Z", "2021-02-10", "2021-02-10"),
    ("2021-02-10t12:00:00z", "2021-02-10", "2021-02-10"),
    ("2021-01-31T23:30:00-01:00", "2021-02-01", "2021-02-01"),
    ("2021-03-01T00:30:00.25+01:00", "2021-02-28", "2021-02-28"),
    ("2021-03-01T00:00:00-00:00", "2021-03-01", "2021-03-01"),
    ("2019-12-31T23:59:60Z", "2019-12-31", "2019-12-31"),
    ("2019-12-31T15:59:60.5-08:00", "2019-12-31", "2019-12-31"),
    ("2020-01-01/2021-02-01", "2020-01-01", "2021-02-01"),
    ("2020-01-02T00:00:00Z/2021-01-31T23:59:59Z", "2020-01-02", "2021-01-31"),
    ("2020-02-29/2020-02-29", "2020-02-29", "2020-02-29"),
    ("2021-02-28T23:00:00Z/2021-02-28T01:00:00Z", "2021-02-28", "2021-02-28"),
    ("2021-03-01/..", "2021-03-01", LATE),
    ("2021-03-01/", "2021-03-01", LATE),
    ("2021-03-01T/..", "2021-03-01", LATE),
    ("../2019-12-31", EARLY, "2019-12-31"),
    ("/2019-12-31", EARLY, "2019-12-31"),
    ("../2019-12-30T23:59:59Z", EARLY, "2019-12-30"),
    ("0000-01-01T00:00:00Z/2020-01-01", EARLY, "2020-01-01"),
    ("2024-12-31/9999-12-31T00:00:00Z", "2024-12-31", LATE),
    ("9999-12-31T23:59:59-10:00/..", LATE, LATE),
)
"""Each with the first and the last day that it stands for."""


@pytest.mark.parametrize(("given", "since", "until"), TIMES)
def test_datetime_finds_what_shares_a_day_with_it(world: FlaskClient, given: str, since: str, until: str) -> None:
    expected = {
        each["id"] for each in records(world, "events") if each["start_date"] <= until and each["end_date"] >= since
    }
    assert matching(world, "events", datetime=given) == expected
    assert len(expected) < MANY or since <= "2000-01-01" <= until
    assert get(world, target("locations", datetime=given, resultType="hits"))["numberMatched"] == len(
        records(world, "locations")
    )


def test_the_times_tell_events_apart(world: FlaskClient) -> None:
    found = {frozenset(matching(world, "events", datetime=each)) for each, _, _ in TIMES}
    assert len(found) > len(SPANS) + 3
    at_one = {f"{place}-2020-02-29" for place in PLACES}
    assert matching(world, "events", datetime="2020-02-29", filter="title <> 'x' AND dataset IS NULL") >= at_one


@pytest.mark.parametrize(
    "given",
    [
        "", "..", "/", "../..", "../", "/..", "yesterday", "2024", "2024-11", "2024-13-01", "2023-02-29", "20241127",
        "2024-11-27T08:00Z", "2024-11-27T08:00:00", "2024-11-27 08:00:00Z", "2024-11-27T25:00:00Z", "2024-11-27T08:61:00Z",
        "2024-11-27T08:00:00+25:00", "2024-11-27T08:00:00+0200", "2024-11-27T08:00:61Z", "2024-11-27T08:00:00.Z",
        "2024-W48-3", "٢٠٢٤-11-27", "2024-11-28/2024-11-27", "2024-11-27/2024-11-28/2024-11-29", "2024-11-27,2024-11-28",
        "2024-11-27/x", "x/2024-11-27", "2024-11-27/2024-11-28/", "P1D/2024-11-27",
        "2024-11-28T00:00:00Z/2024-11-28T00:00:00+01:00",
    ],
)  # fmt: skip
def test_a_datetime_that_is_none_is_refused(client: FlaskClient, given: str) -> None:
    for name in NAMES:
        refused(client, target(name, datetime=given), "datetime")
