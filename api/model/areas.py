"""Areas on the globe: boxes, circles and shapes, as clauses over coordinates in WGS 84 degrees."""

import math
from dataclasses import dataclass

from api.model.parameters import Clause, SqlValue

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the Earth (IUGG)."""
BOX = "locations_box WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?"
Box = tuple[float, float, float, float]
"""West, south, east, north."""


@dataclass(frozen=True)
class Area:
    """Boxes that cover it, each from west to east, and for a circle its middle (latitude, longitude) and radius.

    For a shape, GeoJSON text and `where` points lie to it (`model/shapes.py`): such as `> 0`, not outside.
    """

    boxes: tuple[Box, ...]
    middle: tuple[float, float] | None = None
    radius: float = 0.0
    shape: str = ""
    where: str = ""

    def holds(self, table: str) -> Clause:
        """Do the coordinates of this table's row lie in it? Edges belong to it."""
        one = f"(+{table}.longitude BETWEEN ? AND ? AND +{table}.latitude BETWEEN ? AND ?)"
        values: tuple[SqlValue, ...] = self._corners()
        sql = f"({' OR '.join([one] * len(self.boxes))})"
        if self.middle:
            sql += f" AND great_circle_km(?, ?, {table}.latitude, {table}.longitude) <= ?"
            values += (*self.middle, self.radius)
        if self.shape:
            sql += f" AND lies(?, {table}.longitude, {table}.latitude) {self.where}"
            values += (self.shape,)
        return Clause(sql, values)

    def places(self) -> Clause:
        """The SELECT of the locations in it: the R*Tree, whose 32-bit floats lie 3 m about, proposes; the columns decide."""
        one = f"SELECT seq FROM {BOX}"
        proposed = self._corners()
        inside = self.holds("locations")
        return Clause(
            f"SELECT locations.seq FROM locations WHERE locations.seq IN ({' UNION ALL '.join([one] * len(self.boxes))})"
            f" AND {inside.sql}",
            (*proposed, *inside.values),
        )

    def some(self, most: int) -> Clause:
        """The SELECT of the first locations that may lie in it."""
        one = f"SELECT * FROM (SELECT seq FROM {BOX} LIMIT {most})"
        return Clause(" UNION ALL ".join([one] * len(self.boxes)), self._corners())

    def _corners(self) -> tuple[float, ...]:
        return tuple(each for west, south, east, north in self.boxes for each in (west, east, south, north))


def box(corners: Box) -> Area:
    """A box whose west may lie beyond its east: it crosses the antimeridian, which is both 180 and -180."""
    return Area(_split(corners))


def circle(middle: tuple[float, float], radius: float) -> Area:
    """All within so many kilometres, on the great circle, of a latitude and longitude."""
    return Area(_around(*middle, radius), middle, radius)


def _split(corners: Box) -> tuple[Box, ...]:
    west, south, east, north = corners
    if west > east:
        return (west, south, 180.0, north), (-180.0, south, east, north)
    edge = -180.0 if east == 180.0 else 180.0 if west == -180.0 else None
    return (corners,) if edge is None else (corners, (edge, south, edge, north))


def _around(latitude: float, longitude: float, radius: float) -> tuple[Box, ...]:
    """Boxes that hold the whole circle, a little more rather than less; round a pole they take every longitude."""
    angle = radius / EARTH_RADIUS_KM * 1.000001
    degrees = math.degrees(angle)
    south, north = latitude - degrees, latitude + degrees
    if south <= -90 or north >= 90:
        return ((-180.0, max(south, -90.0), 180.0, min(north, 90.0)),)
    reach = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude)))))
    west, east = longitude - reach, longitude + reach
    return _split((west + 360 if west < -180 else west, south, east - 360 if east > 180 else east, north))


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The distance of two points on a sphere of the Earth's mean radius, by the haversine formula."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half_chord = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half_chord)))
