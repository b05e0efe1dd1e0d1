"""The 49 columns of UCDP GED, and where each of them goes.

The rule that makes the mapping lossless: a cell that the records do not hold word for word stands in the event's
`attributes` under its column's name. A cell is read back from there, and where it is not there from the place below.
A cell of nothing but blanks counts as empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """Where a column goes (collection and member), and how."""

    goes_to: str
    how: str


ATTRIBUTES = "events.attributes"
VERBATIM = Column(ATTRIBUTES, "As it is.")
SIDE = "events.participants"
SOURCES = "sources"

COLUMNS: Mapping[str, Column] = {
    "id": Column("events.external_ids", "As `ucdp`; the event's own id is `ucdp-ged-` and this number."),
    "relid": VERBATIM,
    "year": VERBATIM,
    "active_year": VERBATIM,
    "code_status": Column(ATTRIBUTES, "As it is; anything but `Clear` also gives the quality word `provisional`."),
    "type_of_violence": Column(
        "events.type", "1 and 2: armed_clash, 3: attack_on_civilians. The number is kept in `attributes`."
    ),
    "conflict_dset_id": VERBATIM,
    "conflict_new_id": VERBATIM,
    "conflict_name": VERBATIM,
    "dyad_dset_id": VERBATIM,
    "dyad_new_id": VERBATIM,
    "dyad_name": VERBATIM,
    "side_a_dset_id": VERBATIM,
    "side_a_new_id": Column(
        "actors", "The actor `ucdp-actor-` and this number; its role is side_a, in one-sided violence initiator."
    ),
    "side_a": Column(
        "actors.name",
        "`Government of …` is a government with that country's code, any other an armed group; also in `attributes`, as"
        " one actor bears several names in different rows and releases.",
    ),
    "side_b_dset_id": VERBATIM,
    "side_b_new_id": Column(
        "actors", "As side_a_new_id, with the role side_b or victim. 1 and 9999 are both civilians, `ucdp-actor-1`."
    ),
    "side_b": Column("actors.name", "As side_a; `Civilians` are of the type civilians."),
    "number_of_sources": Column(ATTRIBUTES, "As it is; -1 stands in rows that were coded before sources were counted."),
    "source_article": Column(
        SOURCES,
        'Each `"office,date,headline"` is a source of type article and cited by the event; where the cell has another'
        " form, all of it is one source's title. A headline of more than 500 characters is cut and kept whole in `note`.",
    ),
    "source_office": Column("sources.publisher", "Read from source_article; kept in `attributes` where it differs."),
    "source_date": Column("sources.published_at", "Read from source_article; kept in `attributes` where it differs."),
    "source_headline": Column("sources.title", "Read from source_article; kept in `attributes` where it differs."),
    "source_original": Column(
        "statements.speaker",
        "The actor who reported the event: a statement `ucdp-ged-…-report` of theirs without figures, which are the"
        " dataset's own. Also in `attributes`, as spellings of one name share an actor.",
    ),
    "where_prec": Column(
        "events.location_precision", "1 exact, 2 near, 3 district, 4 province, 5 route, 6 country, 7 water."
    ),
    "where_coordinates": Column(
        "locations.name",
        "The event's location, inside adm_2, adm_1 and country, told apart by name and coordinates. Where it bears the"
        " name of one of these it is that one, and the cell is kept in `attributes`.",
    ),
    "where_description": VERBATIM,
    "adm_1": Column("locations.name", "A province; also in `attributes`, as spellings of one name share a location."),
    "adm_2": Column("locations.name", "A district, as adm_1."),
    "latitude": Column("locations.latitude", "As a number; kept in `attributes` where the location is a shared area."),
    "longitude": Column("locations.longitude", "As latitude."),
    "geom_wkt": Column(
        "locations.longitude", "Kept in `attributes` where it is not the point of the row's coordinates."
    ),
    "priogrid_gid": VERBATIM,
    "country": Column("locations.name", "The root of the location's tree, with its ISO code; also in `attributes`."),
    "country_id": Column(
        "locations.external_ids", "As `ucdp` of the country, whose id is `ucdp-country-` and this number."
    ),
    "region": VERBATIM,
    "event_clarity": Column(ATTRIBUTES, "As it is; 2 also gives the quality word `aggregate`."),
    "date_prec": Column(
        "events.date_precision",
        "1 day, 2 days, 3 week, 4 month, 5 year; 1 with two different days is `days` with the quality word"
        " `date_precision_differs`.",
    ),
    "date_start": Column("events.start_date", "The day; a time of midnight after it is kept in `attributes`."),
    "date_end": Column("events.end_date", "As date_start."),
    "deaths_a": Column(f"{SIDE}.deaths", "Of side A."),
    "deaths_b": Column(
        f"{SIDE}.deaths",
        "Of side B. Where that is civilians, their dead are deaths_civilians, and this cell is kept in `attributes`.",
    ),
    "deaths_civilians": Column("events.coded_fatalities.civilians", "The number."),
    "deaths_unknown": Column(ATTRIBUTES, "As it is; a whole number."),
    "best": Column("events.coded_fatalities.best", "The number, even where it contradicts the others."),
    "high": Column("events.coded_fatalities.high", "As best."),
    "low": Column("events.coded_fatalities.low", "As best."),
    "gwnoa": VERBATIM,
    "gwnob": VERBATIM,
}

OTHER_NAMES: Mapping[str, str] = {
    "conflict_id": "conflict_new_id",
    "dyad_id": "dyad_new_id",
    "side_a_id": "side_a_new_id",
    "side_b_id": "side_b_new_id",
    "best_est": "best",
    "high_est": "high",
    "low_est": "low",
}
"""Column names of other releases. One that stands beside the column it means is a column of its own."""

NEEDED = ("id", "type_of_violence", "date_prec", "date_start", "date_end", "where_prec", "latitude", "longitude")
"""Without these columns a file is no GED file: each of its rows would be refused."""
