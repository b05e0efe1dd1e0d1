-- Migration 001. Every noun has a table of narrow columns, one for each filter and sort, beside `doc`, the record as it
-- is read, as JSON text ready to send. `changes` holds each version of each record as it was written; all else can be
-- made again from it. Columns ending in _key are what a sort orders by: folded, and never NULL.
-- No JSON functions here: with trusted_schema off, SQLite 3.40 (Debian 12) refuses them inside a schema.

CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch TEXT NOT NULL,
    created_at TEXT NOT NULL,
    documents INTEGER NOT NULL -- the form that documents were rendered in
) STRICT;

CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    licence TEXT NOT NULL,
    attribution TEXT NOT NULL,
    url TEXT
) STRICT;

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    collection TEXT NOT NULL, -- a noun's, or datasets
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    change TEXT NOT NULL CHECK (change IN ('created', 'updated', 'merged', 'deleted')),
    record TEXT NOT NULL,
    UNIQUE (collection, id, version)
) STRICT;

CREATE TABLE sources (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES changes (seq),
    type TEXT NOT NULL,
    title_key TEXT NOT NULL,
    published_at TEXT CHECK (published_at GLOB '????-??-??'),
    published_key TEXT NOT NULL,
    derived_from INTEGER REFERENCES sources (seq) DEFERRABLE INITIALLY DEFERRED,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE locations (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES changes (seq),
    name_key TEXT NOT NULL,
    type TEXT NOT NULL,
    country TEXT CHECK (length(country) = 2),
    parent INTEGER REFERENCES locations (seq) DEFERRABLE INITIALLY DEFERRED,
    latitude REAL CHECK (latitude BETWEEN -90 AND 90),
    longitude REAL CHECK (longitude BETWEEN -180 AND 180),
    events INTEGER NOT NULL DEFAULT 0,
    statements INTEGER NOT NULL DEFAULT 0,
    doc TEXT NOT NULL,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

CREATE TABLE actors (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES changes (seq),
    name_key TEXT NOT NULL,
    type TEXT NOT NULL,
    country TEXT CHECK (length(country) = 2),
    events INTEGER NOT NULL DEFAULT 0,
    statements INTEGER NOT NULL DEFAULT 0,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES changes (seq),
    type TEXT NOT NULL,
    title_key TEXT NOT NULL,
    start_date TEXT NOT NULL CHECK (start_date GLOB '????-??-??'),
    end_date TEXT NOT NULL CHECK (end_date GLOB '????-??-??'),
    date_precision TEXT NOT NULL,
    location INTEGER REFERENCES locations (seq),
    location_precision TEXT,
    country TEXT CHECK (length(country) = 2),
    part_of INTEGER REFERENCES events (seq) DEFERRABLE INITIALLY DEFERRED,
    dataset TEXT REFERENCES datasets (id),
    status TEXT NOT NULL DEFAULT 'reported',
    source_count INTEGER NOT NULL DEFAULT 0,
    independent_source_count INTEGER NOT NULL DEFAULT 0,
    fatalities INTEGER CHECK (fatalities >= 0),
    fatalities_key INTEGER NOT NULL DEFAULT -1,
    fatalities_low INTEGER,
    fatalities_high INTEGER,
    fatalities_civilians INTEGER,
    injured INTEGER,
    displaced INTEGER,
    doc TEXT NOT NULL,
    CHECK (start_date <= end_date)
) STRICT;

CREATE TABLE statements (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES changes (seq),
    kind TEXT NOT NULL CHECK (kind IN ('quote', 'paraphrase')),
    type TEXT NOT NULL,
    title_key TEXT NOT NULL DEFAULT '',
    date TEXT NOT NULL CHECK (date GLOB '????-??-??'),
    end_date TEXT NOT NULL CHECK (end_date GLOB '????-??-??'),
    dataset TEXT REFERENCES datasets (id),
    doc TEXT NOT NULL,
    CHECK (date <= end_date)
) STRICT;

-- Who is joined to what. Each is read from both sides.

CREATE TABLE event_actors (
    event INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    actor INTEGER NOT NULL REFERENCES actors (seq),
    role TEXT NOT NULL,
    PRIMARY KEY (event, actor, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_actors_by_actor ON event_actors (actor, event, role);

CREATE TABLE event_sources (
    event INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    source INTEGER NOT NULL REFERENCES sources (seq),
    PRIMARY KEY (event, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_sources_by_source ON event_sources (source, event);

CREATE TABLE statement_actors (
    statement INTEGER NOT NULL REFERENCES statements (seq) ON DELETE CASCADE,
    actor INTEGER NOT NULL REFERENCES actors (seq),
    part TEXT NOT NULL CHECK (part IN ('speaker', 'on_behalf_of', 'addressee')),
    PRIMARY KEY (statement, actor, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_actors_by_actor ON statement_actors (actor, part, statement);

CREATE TABLE statement_events (
    statement INTEGER NOT NULL REFERENCES statements (seq) ON DELETE CASCADE,
    event INTEGER NOT NULL REFERENCES events (seq),
    PRIMARY KEY (statement, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_events_by_event ON statement_events (event, statement);

CREATE TABLE statement_sources (
    statement INTEGER NOT NULL REFERENCES statements (seq) ON DELETE CASCADE,
    source INTEGER NOT NULL REFERENCES sources (seq),
    PRIMARY KEY (statement, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_sources_by_source ON statement_sources (source, statement);

-- Where it was said, and where the events that it is about took place.
CREATE TABLE statement_locations (
    statement INTEGER NOT NULL REFERENCES statements (seq) ON DELETE CASCADE,
    location INTEGER NOT NULL REFERENCES locations (seq),
    PRIMARY KEY (statement, location)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_locations_by_location ON statement_locations (location, statement);

CREATE TABLE actor_relations (
    actor INTEGER NOT NULL REFERENCES actors (seq) ON DELETE CASCADE,
    relation TEXT NOT NULL,
    other INTEGER NOT NULL REFERENCES actors (seq) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (actor, relation, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX actor_relations_by_other ON actor_relations (other, relation, actor);

-- What lies inside what, to any depth, itself left out: places in places, members in organisations, events in longer
-- events, sources in the sources that they rewrite.
CREATE TABLE tree (
    collection TEXT NOT NULL,
    ancestor INTEGER NOT NULL,
    descendant INTEGER NOT NULL,
    PRIMARY KEY (collection, ancestor, descendant)
) STRICT, WITHOUT ROWID;
CREATE INDEX tree_by_descendant ON tree (collection, descendant, ancestor);

CREATE TABLE names (
    collection TEXT NOT NULL,
    folded TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (collection, folded, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX names_by_record ON names (collection, seq);

CREATE VIRTUAL TABLE locations_box USING rtree (seq, west, east, south, north);

-- Folded texts; the row number is the record's seq.
CREATE VIRTUAL TABLE sources_text USING fts5 (text, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE locations_text USING fts5 (text, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE actors_text USING fts5 (text, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE events_text USING fts5 (text, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE statements_text USING fts5 (text, tokenize = "unicode61 remove_diacritics 0");

CREATE INDEX sources_by_type ON sources (type);
CREATE INDEX sources_by_title ON sources (title_key);
CREATE INDEX sources_by_published ON sources (published_key);
CREATE INDEX sources_by_published_at ON sources (published_at);
CREATE INDEX sources_by_updated ON sources (updated_at);
CREATE INDEX sources_by_created ON sources (created_at);
CREATE INDEX sources_by_origin ON sources (derived_from);
CREATE INDEX locations_by_name ON locations (name_key);
CREATE INDEX locations_by_type ON locations (type);
CREATE INDEX locations_by_country ON locations (country);
CREATE INDEX locations_by_parent ON locations (parent);
CREATE INDEX locations_by_events ON locations (events);
CREATE INDEX locations_by_statements ON locations (statements);
CREATE INDEX locations_by_updated ON locations (updated_at);
CREATE INDEX locations_by_created ON locations (created_at);
CREATE INDEX actors_by_name ON actors (name_key);
CREATE INDEX actors_by_type ON actors (type);
CREATE INDEX actors_by_country ON actors (country);
CREATE INDEX actors_by_events ON actors (events);
CREATE INDEX actors_by_statements ON actors (statements);
CREATE INDEX actors_by_updated ON actors (updated_at);
CREATE INDEX actors_by_created ON actors (created_at);
CREATE INDEX events_by_start ON events (start_date);
CREATE INDEX events_by_end ON events (end_date);
CREATE INDEX events_by_title ON events (title_key);
CREATE INDEX events_by_type ON events (type, start_date);
CREATE INDEX events_by_location ON events (location, start_date);
CREATE INDEX events_by_country ON events (country, start_date, end_date);
CREATE INDEX events_by_part_of ON events (part_of);
CREATE INDEX events_by_dataset ON events (dataset, start_date, end_date);
CREATE INDEX events_by_status ON events (status, start_date);
CREATE INDEX events_by_date_precision ON events (date_precision, start_date);
CREATE INDEX events_by_location_precision ON events (location_precision, start_date);
CREATE INDEX events_by_sources ON events (source_count);
CREATE INDEX events_by_independent_sources ON events (independent_source_count);
CREATE INDEX events_by_fatalities ON events (fatalities);
CREATE INDEX events_by_fatalities_key ON events (fatalities_key);
CREATE INDEX events_by_updated ON events (updated_at);
CREATE INDEX events_by_created ON events (created_at);
CREATE INDEX statements_by_date ON statements (date);
CREATE INDEX statements_by_end ON statements (end_date);
CREATE INDEX statements_by_kind ON statements (kind, date);
CREATE INDEX statements_by_type ON statements (type, date);
CREATE INDEX statements_by_title ON statements (title_key);
CREATE INDEX statements_by_dataset ON statements (dataset, date);
CREATE INDEX statements_by_updated ON statements (updated_at);
CREATE INDEX statements_by_created ON statements (created_at);
