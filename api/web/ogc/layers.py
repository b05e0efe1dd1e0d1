"""What is offered as collections of features, and what can be asked of them."""

from dataclasses import dataclass, replace
from functools import cached_property

from api.model.event import EVENTS
from api.model.kinds import Word
from api.model.location import LOCATIONS
from api.model.parameters import Parameter
from api.model.queryables import Geometry, Queryable
from api.model.resource import CURSOR, MOST_RECORDS, Column, Resource
from api.web.ogc.kinds import Equal, Interval, Lowered, SpaceBox

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
DEFAULT_LIMIT = 100
RENAMED = {"location": "location_name"}
"""A property has the name of its queryable: `location` is asked for with all inside it, the property is a name."""
LEFT_OUT = ("id", "created_at", "updated_at")
"""The id of a feature is no property, as GDAL would then have two columns of that name. A time of writing is none, as QGIS 3.22
sends a condition on any property that looks like a date as `datetime`, and does not look at the answer again."""
LIMIT = Parameter(
    "limit", Lowered(1, MOST_RECORDS),
    f"How many features a page holds at the most. More than {MOST_RECORDS} is lowered to it, as the standard says.",
    "10", default=str(DEFAULT_LIMIT),
)  # fmt: skip
BBOX = Parameter(
    "bbox", SpaceBox(),
    "west,south,east,north in WGS 84 degrees, or six numbers with heights, which do not count. Edges are included; a west"
    " beyond its east crosses the antimeridian. Features without geometry are never inside.", "36,35,38,37",
)  # fmt: skip
DATETIME = Parameter(
    "datetime", Interval(),
    "A date, a date-time, or two with a slash between, `..` for an open end: features whose span of days shares one with it"
    " (an instant stands for its day in UTC). Features that have no time all match.", "2024-11-27/2024-11-30",
)  # fmt: skip
FILTER_CRS = Parameter("filter-crs", Word((CRS84,)), "The reference system of geometries in `filter`.", CRS84)
RESULT_TYPE = Parameter(
    "resultType",
    Word(("results", "hits")),
    "`hits` gives `numberMatched` alone, without features.",
    "hits",
    default="results",
)


@dataclass(frozen=True)
class Collection:
    """A noun as features."""

    noun: Resource
    title: str
    about: str
    example: str

    @property
    def path(self) -> str:
        return f"/ogc/collections/{self.noun.name}"

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The properties of its features."""
        return tuple(
            replace(each, name=RENAMED.get(each.name, each.name))
            for each in self.noun.columns
            if each.name not in LEFT_OUT
        )

    @cached_property
    def queryables(self) -> tuple[Queryable, ...]:
        """Those that may stand as parameters of their own: all but the geometry."""
        return tuple(each for each in self.noun.queryables if not isinstance(each.kind, Geometry))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What its items take."""
        expressions = (replace(each, needs=()) for each in self.noun.all_filters[len(self.noun.filters) :])
        equal = (Parameter(each.name, Equal(each, self.noun.expressions), each.about, "") for each in self.queryables)
        return (LIMIT, CURSOR, BBOX, DATETIME, *expressions, FILTER_CRS, RESULT_TYPE, *equal)


COLLECTIONS = (
    Collection(
        EVENTS, "Conflict events",
        "What happened, somewhere, between two days: points with participants, figures and how well each is established. An"
        " event whose place is known only as a province or a country lies at its middle or has no geometry;"
        " `location_precision` says so, and `filter=location_precision IN ('exact', 'near')` leaves such out.",
        "shelling-of-student-residence",
    ),
    Collection(
        LOCATIONS, "Places",
        "The places of the events, from neighbourhoods to countries, with how many events each has. Areas and places"
        " without known coordinates have no geometry.",
        "aleppo",
    ),
)  # fmt: skip
