"""Places by distance and by box: the sphere, the boxes that propose, and the SQL that decides."""

import math
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.model.areas import EARTH_RADIUS_KM, _around, great_circle_km
from api.model.event import EVENTS
from api.model.kinds import EARTH_HALF_ROUND_KM
from api.model.location import LOCATIONS
from api.store import sqlite
from api.store.connections import open_writer
from unit.samples import bundle, event, location, opened, store

DEGREE_KM = math.pi * EARTH_RADIUS_KM / 180
Box = tuple[float, float, float, float]

KNOWN = [
    # From, to, kilometres on a sphere of radius 6371.0088, and within how many: WGS 84 differs by up to 0.56 per cent.
    ((0.0, 0.0), (0.0, 0.0), 0.0, 0.0),
    ((36.2, 37.16), (36.2, 37.16), 0.0, 0.0),
    ((0.0, 0.0), (0.0, 1.0), DEGREE_KM, 1e-9),
    ((0.0, 0.0), (1.0, 0.0), DEGREE_KM, 1e-9),
    ((60.0, 0.0), (60.0, 180.0), 60 * DEGREE_KM, 1e-6),
    ((90.0, 0.0), (-90.0, 0.0), math.pi * EARTH_RADIUS_KM, 1e-9),
    ((90.0, 0.0), (90.0, 123.0), 0.0, 1e-9),
    ((0.0, 0.0), (0.0, 180.0), math.pi * EARTH_RADIUS_KM, 1e-9),
    ((0.0, 179.5), (0.0, -179.5), DEGREE_KM, 1e-9),
    ((0.0, 180.0), (0.0, -180.0), 0.0, 1e-9),
    ((-17.0, 179.9), (-17.0, -179.9), 21.27, 0.01),
    ((36.2021, 37.1343), (33.5138, 36.2765), 309.3, 1.0),  # Aleppo to Damascus
    ((36.2021, 37.1343), (35.9306, 36.6339), 54.2, 1.0),  # Aleppo to Idlib
    ((51.5074, -0.1278), (40.7128, -74.0060), 5570.2, 2.0),  # London to New York
    ((51.4700, -0.4543), (33.9425, -118.4081), 8756.0, 20.0),  # Heathrow to Los Angeles
    ((35.6762, 139.6503), (-33.8688, 151.2093), 7823.0, 10.0),  # Tokyo to Sydney
    ((55.7558, 37.6173), (39.9042, 116.4074), 5794.0, 10.0),  # Moscow to Beijing
]

LATITUDES = st.floats(-90, 90) | st.sampled_from([-90.0, -89.9999, 0.0, 89.9999, 90.0])
LONGITUDES = st.floats(-180, 180) | st.sampled_from([-180.0, -179.9999, 0.0, 179.9999, 180.0])
RADII = st.floats(0.001, EARTH_HALF_ROUND_KM) | st.sampled_from(
    [0.001, 25.0, 1000.0, 10_007.0, float(EARTH_HALF_ROUND_KM)]
)
TURNS = st.floats(0, 1, exclude_max=True)


def destination(latitude: float, longitude: float, kilometres: float, bearing: float) -> tuple[float, float]:
    """The point at a distance and bearing (in radians from north)."""
    angle, a = kilometres / EARTH_RADIUS_KM, math.radians(latitude)
    sine = math.sin(a) * math.cos(angle) + math.cos(a) * math.sin(angle) * math.cos(bearing)
    b = math.asin(max(-1.0, min(1.0, sine)))
    turn = math.atan2(math.sin(bearing) * math.sin(angle) * math.cos(a), math.cos(angle) - math.sin(a) * math.sin(b))
    east = (longitude + math.degrees(turn) + 540) % 360 - 180
    return math.degrees(b), east


def holds(boxes: tuple[Box, ...], latitude: float, longitude: float) -> bool:
    return any(west <= longitude <= east and south <= latitude <= north for west, south, east, north in boxes)


@pytest.mark.parametrize(("one", "other", "kilometres", "about"), KNOWN)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], kilometres: float, about: float) -> None:
    assert great_circle_km(*one, *other) == pytest.approx(kilometres, abs=max(about, 1e-9))
    assert great_circle_km(*other, *one) == pytest.approx(great_circle_km(*one, *other))


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_distance_is_one(a: float, b: float, c: float, d: float) -> None:
    distance = great_circle_km(a, b, c, d)
    assert 0 <= distance <= math.pi * EARTH_RADIUS_KM + 1e-9
    assert great_circle_km(a, b, a, b) == 0
    assert distance == pytest.approx(great_circle_km(c, d, a, b), abs=1e-6)


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, RADII, st.floats(0, 1), TURNS)
@example(89.9, 0.0, 11.0, 1.0, 0.5)
@example(-17.0, 179.95, 50.0, 1.0, 0.25)
@example(-17.0, -179.95, 50.0, 1.0, 0.75)
@example(0.0, 180.0, 0.001, 1.0, 0.25)
def test_boxes_hold_the_whole_circle(
    latitude: float, longitude: float, radius: float, part: float, turn: float
) -> None:
    boxes = _around(latitude, longitude, radius)
    there = destination(latitude, longitude, radius * part, turn * math.tau)
    if great_circle_km(latitude, longitude, *there) <= radius:
        assert holds(boxes, *there)


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, RADII, LATITUDES, LONGITUDES)
def test_no_point_of_the_circle_is_outside_its_boxes(a: float, b: float, radius: float, c: float, d: float) -> None:
    if great_circle_km(a, b, c, d) <= radius:
        assert holds(_around(a, b, radius), c, d)


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, RADII)
def test_boxes_are_on_the_globe(latitude: float, longitude: float, radius: float) -> None:
    boxes = _around(latitude, longitude, radius)
    assert 1 <= len(boxes) <= 2
    for west, south, east, north in boxes:
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90


@settings(deadline=None)
@given(st.floats(-85, 85), LONGITUDES, st.floats(0.001, 300))
def test_boxes_are_not_much_larger_than_the_circle(latitude: float, longitude: float, radius: float) -> None:
    height = radius / DEGREE_KM
    boxes = _around(latitude, longitude, radius)
    assert boxes[0][3] - boxes[0][1] == pytest.approx(2 * height, rel=1e-3, abs=1e-9)
    width = sum(east - west for west, _, east, _ in boxes)
    assert width <= 2.2 * height / math.cos(math.radians(min(89.0, abs(latitude) + height))) + 1e-9


POINTS = {
    "aleppo": (36.2, 37.16), "idlib": (35.93, 36.63), "suva": (-18.14, 178.44), "taveuni": (-16.85, -179.98),
    "apia": (-13.83, -171.77), "pole": (90.0, 0.0), "other-pole": (-90.0, 45.0), "alert": (82.5, -62.35),
    "null-island": (0.0, 0.0), "line-east": (0.0, 180.0), "line-west": (0.0, -180.0), "quito": (-0.22, -78.51),
}  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite.Connection]:
    """A database with an event at each of the points, and with places that are no points."""
    path = tmp_path_factory.mktemp("places") / "places.db"
    at = [location(name, latitude=point[0], longitude=point[1]) for name, point in POINTS.items()]
    nowhere = [location(f"nowhere-{n}", type="country") for n in range(20)]
    events = [event(f"at-{each['id']}", location=each["id"], location_precision="exact") for each in (*at, *nowhere)]
    with opened(path, bundle(sources=[{"id": "paper"}], locations=[*nowhere, *at], events=events)):
        pass
    connection = open_writer(path)
    yield connection
    connection.close()


def found(connection: sqlite.Connection, collection: str, name: str, text: str, **also: float) -> set[str]:
    """The points that a filter finds."""
    resource = {"locations": LOCATIONS, "events": EVENTS}[collection]
    each = resource.filter(name)
    assert each.clause is not None
    clause = each.clause(each.kind.parse(text), also)
    rows = connection.execute(f"SELECT id FROM {collection} WHERE {clause.sql}", clause.values)
    return {record_id.removeprefix("at-") for (record_id,) in rows}


def plain(number: float) -> str:
    return f"{number:.9f}"


@pytest.mark.parametrize("collection", ["locations", "events"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(latitude=LATITUDES, longitude=LONGITUDES, radius=RADII)
@example(latitude=0.0, longitude=180.0, radius=1.0)
@example(latitude=-17.0, longitude=-179.99, radius=250.0)
@example(latitude=89.0, longitude=10.0, radius=111.5)
@example(latitude=0.0, longitude=0.0, radius=20038.0)
def test_near_finds_what_is_near(
    places: sqlite.Connection, collection: str, latitude: float, longitude: float, radius: float
) -> None:
    latitude, longitude = float(plain(latitude)), float(plain(longitude))
    wanted = {name for name, point in POINTS.items() if great_circle_km(latitude, longitude, *point) <= radius}
    assert found(places, collection, "near", f"{plain(latitude)},{plain(longitude)}", radius=radius) == wanted


@pytest.mark.parametrize("collection", ["locations", "events"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(west=LONGITUDES, east=LONGITUDES, latitudes=st.tuples(LATITUDES, LATITUDES))
@example(west=-180.0, east=180.0, latitudes=(-90.0, 90.0))
@example(west=180.0, east=-180.0, latitudes=(-90.0, 90.0))
@example(west=37.16, east=37.16, latitudes=(36.2, 36.2))
def test_bbox_finds_what_is_inside(
    places: sqlite.Connection, collection: str, west: float, east: float, latitudes: tuple[float, float]
) -> None:
    west, east, south, north = (float(plain(each)) for each in (west, east, min(latitudes), max(latitudes)))

    def inside(latitude: float, longitude: float) -> bool:
        meridians = (180.0, -180.0) if abs(longitude) == 180 else (longitude,)  # the antimeridian has two names
        between = any(west <= each <= east if west <= east else each >= west or each <= east for each in meridians)
        return south <= latitude <= north and between

    text = ",".join(plain(each) for each in (west, south, east, north))
    assert found(places, collection, "bbox", text) == {name for name, point in POINTS.items() if inside(*point)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("37.16,36.2,37.16,36.2", {"aleppo"}),
        ("37.1600001,36.2,38,37", set()),
        ("36,36.2000001,38,37", set()),
        ("-180,0,-180,0", {"line-east", "line-west"}),
        ("179,0,180,0", {"line-east", "line-west"}),
        ("180,0,-180,0", {"line-east", "line-west"}),
        ("178,-20,-179,-16", {"suva", "taveuni"}),
        ("-179,-20,178,-10", {"apia"}),
    ],
)
def test_edges_are_inside_and_exact(places: sqlite.Connection, text: str, wanted: set[str]) -> None:
    """The R*Tree keeps 32-bit floats, some metres off; the columns decide."""
    assert found(places, "locations", "bbox", text) == wanted


def test_a_place_that_loses_its_point_is_found_no_more(places: sqlite.Connection) -> None:
    store(places, bundle(locations=[location("idlib")]))
    try:
        assert found(places, "locations", "near", "35.93,36.63", radius=1) == set()
        assert found(places, "events", "near", "35.93,36.63", radius=1) == set()
    finally:
        store(places, bundle(locations=[location("idlib", latitude=35.93, longitude=36.63)]))
    assert found(places, "locations", "near", "35.93,36.63", radius=1) == {"idlib"}
