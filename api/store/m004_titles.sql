-- Migration 004. What records are called, and whether their dead are disputed, in columns: filters that compare them
-- row by row need not read documents. Every document is rendered anew after this, which fills them.

ALTER TABLE locations ADD COLUMN name TEXT NOT NULL DEFAULT '';
CREATE INDEX locations_by_exact_name ON locations (name);
ALTER TABLE actors ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN fatalities_disputed INTEGER NOT NULL DEFAULT 0 CHECK (fatalities_disputed IN (0, 1));
ALTER TABLE statements ADD COLUMN title TEXT NOT NULL DEFAULT '';
