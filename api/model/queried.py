"""What can be queried of each noun in CQL2: a new property is one line."""

from api.model.event_types import EVENT_TYPE_NAMES
from api.model.queryables import (
    Country,
    Dataset,
    Day,
    Geometry,
    Named,
    Number,
    Queryable,
    Text,
    Truth,
    member,
    place,
    stored,
)
from api.model.taxonomy import (
    ACTOR_TYPES,
    DATE_PRECISIONS,
    LOCATION_PRECISIONS,
    LOCATION_TYPES,
    STATEMENT_KINDS,
    STATEMENT_TYPES,
    STATUSES,
)

COUNTRY = "ISO 3166-1 alpha-2 code, or English name."
NORTH, EAST = "WGS 84 degrees north.", "WGS 84 degrees east."

EVENTS = (
    Queryable("geometry", Geometry("events"), "The point of its location."),
    Queryable("type", Text(EVENT_TYPE_NAMES), "What kind of event it is.", "events.type", "type"),
    Queryable("title", Text(), "Its title.", "events.title"),
    Queryable("summary", Text(), "What happened.", member("events", "summary")),
    Queryable("start_date", Day("first"), "The earliest possible day.", "events.start_date"),
    Queryable("end_date", Day("last"), "The latest possible day.", "events.end_date"),
    Queryable(
        "date_precision", Text(DATE_PRECISIONS), "How closely the day is known.", "events.date_precision", "date_precision"
    ),
    Queryable("actor", Named("actors"), "A participant, or an organisation that a participant belongs to.", by="actor"),
    Queryable("location", Named("locations"), "Its place or one around it, by id, name or alias.", by="location"),
    place("location_id", "id", "The id of its place."),
    place("location_name", "name", "The name of its place."),
    place("location_type", "type", "The type of its place."),
    Queryable(
        "location_precision", Text(LOCATION_PRECISIONS), "How closely the place is known.",
        "events.location_precision", "location_precision",
    ),
    Queryable("country", Country(), COUNTRY, "events.country", "country"),
    Queryable("latitude", Number(is_whole=False), NORTH, "events.latitude"),
    Queryable("longitude", Number(is_whole=False), EAST, "events.longitude"),
    Queryable("fatalities_low", Number(), "The least dead that anybody gave.", "events.fatalities_low"),
    Queryable("fatalities_best", Number(), "The dead, by the accepted or newest figure.", "events.fatalities"),
    Queryable("fatalities_high", Number(), "The most dead that anybody gave.", "events.fatalities_high"),
    Queryable("fatalities_civilians", Number(), "Civilians among the dead.", "events.fatalities_civilians"),
    Queryable("fatalities_disputed", Truth(), "Do speakers differ?", "events.fatalities_disputed"),
    Queryable("injured_best", Number(), "The injured, by the accepted or newest figure.", "events.injured"),
    Queryable("displaced_best", Number(), "The displaced, by the accepted or newest figure.", "events.displaced"),
    Queryable("part_of", Named("events"), "A longer event that it is part of, at any depth.", by="part_of"),
    Queryable("source", Named("sources"), "A source that reports it, or one that such a source rewrites.", by="source"),
    Queryable("status", Text(STATUSES), "How well it is established.", "events.status", "status"),
    Queryable("dataset", Dataset(), "The dataset it belongs to.", "events.dataset", "dataset"),
    Queryable("source_count", Number(), "Sources that report it.", "events.source_count"),
    Queryable(
        "independent_source_count", Number(), "Sources that report it independently of each other.",
        "events.independent_source_count",
    ),
    *stored("events"),
)  # fmt: skip

STATEMENTS = (
    Queryable("geometry", Geometry("statements"), "Where it was said, and where what it is about took place."),
    Queryable("type", Text(STATEMENT_TYPES), "What kind of utterance it is.", "statements.type", "type"),
    Queryable("kind", Text(STATEMENT_KINDS), "Verbatim or in other words.", "statements.kind", "kind"),
    Queryable("title", Text(), "Who said it and how it begins.", "statements.title"),
    Queryable("text", Text(), "What was said.", member("statements", "text")),
    Queryable("note", Text(), "What the editors add.", member("statements", "note")),
    Queryable("date", Day("first"), "The earliest possible day.", "statements.date"),
    Queryable("end_date", Day("last"), "The latest possible day.", "statements.end_date"),
    Queryable("actor", Named("actors"), "Speaker, addressee or represented, or an organisation of theirs.", by="actor"),
    Queryable("speaker", Named("actors"), "Who said it, or an organisation that the speaker belongs to.", by="speaker"),
    Queryable("on_behalf_of", Named("actors"), "For whom it was said.", by="on_behalf_of"),
    Queryable("event", Named("events"), "An event that it is about.", by="event"),
    Queryable(
        "location", Named("locations"), "Where it was said or what it is about took place, or around.", by="location"
    ),
    Queryable("country", Country(), f"Of its places. {COUNTRY}", by="country"),
    Queryable("source", Named("sources"), "A source that reports it, or one that such a source rewrites.", by="source"),
    Queryable("dataset", Dataset(), "The dataset it belongs to.", "statements.dataset", "dataset"),
    *stored("statements"),
)

ACTORS = (
    Queryable("name", Text(), "Its name.", "actors.name"),
    Queryable("type", Text(ACTOR_TYPES), "What kind of actor it is.", "actors.type", "type"),
    Queryable("country", Country(), COUNTRY, "actors.country", "country"),
    Queryable("description", Text(), "Who or what it is.", member("actors", "description")),
    Queryable("events", Number(), "Events in which it or a member of it takes part.", "actors.events"),
    Queryable("statements", Number(), "Statements by, for or to it or a member of it.", "actors.statements"),
    *stored("actors"),
)

LOCATIONS = (
    Queryable("geometry", Geometry("locations"), "Its point."),
    Queryable("name", Text(), "Its name.", "locations.name"),
    Queryable("type", Text(LOCATION_TYPES), "What kind of place it is.", "locations.type", "type"),
    Queryable("within", Named("locations"), "A place around it, by id, name or alias.", by="within"),
    Queryable("parent", Text(), "The id of the place right around it.", member("locations", "parent")),
    Queryable("country", Country(), COUNTRY, "locations.country", "country"),
    Queryable("latitude", Number(is_whole=False), NORTH, "locations.latitude"),
    Queryable("longitude", Number(is_whole=False), EAST, "locations.longitude"),
    Queryable("description", Text(), "What it is.", member("locations", "description")),
    Queryable("events", Number(), "Events there and inside it.", "locations.events"),
    Queryable(
        "statements", Number(), "Statements made there or about events there, and inside it.", "locations.statements"
    ),
    *stored("locations"),
)
