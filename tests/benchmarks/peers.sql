-- The same events as one flat table, with all that their documents say, as one would give them to Datasette or pygeoapi,
-- and an index for each filter that is measured. `main` is our database, `peer` the new file.

CREATE TABLE peer.events (
    seq INTEGER PRIMARY KEY, id TEXT, type TEXT, title TEXT, summary TEXT, start_date TEXT, end_date TEXT, date_precision TEXT,
    country TEXT, province TEXT, place TEXT, place_name TEXT, place_type TEXT, location_precision TEXT, latitude REAL,
    longitude REAL, actor_a TEXT, actor_b TEXT, participants TEXT, fatalities INTEGER, fatalities_low INTEGER,
    fatalities_high INTEGER, fatalities_civilians INTEGER, injured INTEGER, displaced INTEGER, part_of TEXT, status TEXT,
    dataset TEXT, source_count INTEGER, independent_source_count INTEGER, evidence TEXT, external_ids TEXT,
    attributes TEXT, quality TEXT, version INTEGER, created_at TEXT, updated_at TEXT
);

CREATE TEMP TABLE provinces AS
SELECT inside.place, max(provinces.id) AS province
FROM (
    SELECT seq AS place, seq AS ancestor FROM locations
    UNION ALL SELECT descendant, ancestor FROM tree WHERE collection = 'locations'
) AS inside
JOIN locations AS provinces ON provinces.seq = inside.ancestor
JOIN locations AS countries ON countries.seq = provinces.parent AND countries.type = 'country'
GROUP BY inside.place;
CREATE UNIQUE INDEX temp.provinces_by_place ON provinces (place);

INSERT INTO peer.events
SELECT seq, id, type, doc ->> 'title', doc ->> 'summary', start_date, end_date, date_precision,
    country, provinces.province, doc ->> '$.location.id', doc ->> '$.location.name', doc ->> '$.location.type',
    location_precision, doc ->> '$.location.latitude', doc ->> '$.location.longitude',
    NULL, NULL, doc -> 'participants', fatalities, fatalities_low, fatalities_high, fatalities_civilians, injured, displaced,
    doc ->> 'part_of', status, dataset, source_count, independent_source_count, doc -> 'evidence',
    doc -> 'external_ids', doc -> 'attributes', doc -> 'quality', version, created_at, updated_at
FROM DOCUMENTS LEFT JOIN temp.provinces ON provinces.place = location;

CREATE TABLE peer.event_actors (
    event INTEGER NOT NULL REFERENCES events (seq), actor TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (event, actor, role)
) WITHOUT ROWID;
INSERT INTO peer.event_actors SELECT event, actors.id, role FROM event_actors JOIN actors ON actors.seq = actor ORDER BY event;
CREATE INDEX peer.event_actors_by_actor ON event_actors (actor, event);
UPDATE peer.events SET
    actor_a = (SELECT actor FROM peer.event_actors WHERE event = events.seq ORDER BY role, actor LIMIT 1),
    actor_b = (SELECT actor FROM peer.event_actors WHERE event = events.seq ORDER BY role, actor LIMIT 1 OFFSET 1);

CREATE VIRTUAL TABLE peer.events_fts USING fts5 (title, summary, place_name, participants, content = 'events', content_rowid = 'seq');
INSERT INTO peer.events_fts (events_fts) VALUES ('rebuild');

CREATE UNIQUE INDEX peer.events_by_id ON events (id);
CREATE INDEX peer.events_by_start ON events (start_date);
CREATE INDEX peer.events_by_end ON events (end_date);
CREATE INDEX peer.events_by_title ON events (title);
CREATE INDEX peer.events_by_type ON events (type, start_date);
CREATE INDEX peer.events_by_country ON events (country, start_date);
CREATE INDEX peer.events_by_province ON events (province, start_date);
CREATE INDEX peer.events_by_place ON events (place, start_date);
CREATE INDEX peer.events_by_actor_a ON events (actor_a, start_date);
CREATE INDEX peer.events_by_actor_b ON events (actor_b, start_date);
CREATE INDEX peer.events_by_fatalities ON events (fatalities);
CREATE INDEX peer.events_by_point ON events (latitude, longitude);
ANALYZE peer;
