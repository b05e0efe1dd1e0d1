-- Migration 003. For a million events: documents lie in tables of their own, so that what filters and sorts look at is
-- small; and who and where an event belongs to is kept in the order of days.
-- Every document is rendered anew after this, which fills the new tables.

CREATE TABLE sources_doc (seq INTEGER PRIMARY KEY REFERENCES sources (seq) ON DELETE CASCADE, doc TEXT NOT NULL) STRICT;
CREATE TABLE locations_doc (seq INTEGER PRIMARY KEY REFERENCES locations (seq) ON DELETE CASCADE, doc TEXT NOT NULL) STRICT;
CREATE TABLE actors_doc (seq INTEGER PRIMARY KEY REFERENCES actors (seq) ON DELETE CASCADE, doc TEXT NOT NULL) STRICT;
CREATE TABLE events_doc (seq INTEGER PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE, doc TEXT NOT NULL) STRICT;
CREATE TABLE statements_doc (seq INTEGER PRIMARY KEY REFERENCES statements (seq) ON DELETE CASCADE, doc TEXT NOT NULL) STRICT;
ALTER TABLE sources DROP COLUMN doc;
ALTER TABLE locations DROP COLUMN doc;
ALTER TABLE actors DROP COLUMN doc;
ALTER TABLE events DROP COLUMN doc;
ALTER TABLE statements DROP COLUMN doc;

ALTER TABLE events ADD COLUMN latitude REAL; -- of its location
ALTER TABLE events ADD COLUMN longitude REAL;
ALTER TABLE events ADD COLUMN days INTEGER NOT NULL DEFAULT 0; -- from the first possible day to the last
ALTER TABLE statements ADD COLUMN days INTEGER NOT NULL DEFAULT 0;
-- Where its text stands: the first day in the high bits and seq in the low ones, so that a search finds in order of days.
ALTER TABLE events ADD COLUMN text_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE statements ADD COLUMN text_row INTEGER NOT NULL DEFAULT 0;
DELETE FROM events_text;
DELETE FROM statements_text;

-- The events of each actor and each place, those of their members and of the places inside included, in order of days.
CREATE TABLE actors_events (
    owner INTEGER NOT NULL,
    start_date TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    end_date TEXT NOT NULL,
    PRIMARY KEY (owner, start_date, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE locations_events (
    owner INTEGER NOT NULL,
    start_date TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    end_date TEXT NOT NULL,
    PRIMARY KEY (owner, start_date, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX actors_events_by_event ON actors_events (event);
CREATE INDEX locations_events_by_event ON locations_events (event);

-- How many rows have a value: what the order in which filters are applied is chosen by. Counted after large changes.
CREATE TABLE tallies (
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (collection, name, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX events_by_days ON events (days);
CREATE INDEX statements_by_days ON statements (days);
CREATE INDEX events_with_1_dead ON events (start_date) WHERE fatalities >= 1;
CREATE INDEX events_with_10_dead ON events (start_date) WHERE fatalities >= 10;
CREATE INDEX events_with_100_dead ON events (start_date) WHERE fatalities >= 100;
CREATE INDEX events_with_1000_dead ON events (start_date) WHERE fatalities >= 1000;
CREATE INDEX events_with_2_sources ON events (start_date) WHERE source_count >= 2;
CREATE INDEX events_with_5_sources ON events (start_date) WHERE source_count >= 5;
CREATE INDEX events_with_2_independent_sources ON events (start_date) WHERE independent_source_count >= 2;
CREATE INDEX events_with_5_independent_sources ON events (start_date) WHERE independent_source_count >= 5;
-- The row number in the tree makes `part_of` of one event cheap to rule out.
DROP INDEX events_by_part_of;
CREATE INDEX events_by_part_of ON events (part_of) WHERE part_of IS NOT NULL;
DROP INDEX event_actors_by_actor;
CREATE INDEX event_actors_by_actor ON event_actors (actor, role, event);
-- What these served, the ones above do.
DROP INDEX events_by_sources;
DROP INDEX events_by_independent_sources;
-- All that summaries add up, so that they need not read the rows themselves.
CREATE INDEX events_for_sums ON events (
    country, type, start_date, end_date, fatalities, fatalities_low, fatalities_high, fatalities_civilians, injured,
    displaced, part_of
);
