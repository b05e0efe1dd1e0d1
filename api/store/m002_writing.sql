-- Migration 002. Who may write, what each write was answered, and for each change who made it and why.

-- `digest` is the SHA-256 of the whole key, as hex; in a snapshot it is empty.
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    digest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;

-- What requests with an Idempotency-Key were answered, for as long as they may be repeated.
CREATE TABLE answers (
    key TEXT NOT NULL REFERENCES keys (id),
    token TEXT NOT NULL,
    digest TEXT NOT NULL, -- of the request, to tell a repetition from another use of the same token
    at TEXT NOT NULL,
    answer TEXT NOT NULL, -- JSON: status, headers, body
    PRIMARY KEY (key, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_time ON answers (at);

-- `key` made the change; none for the command line. A record that was deleted or merged leaves the JSON text null.
ALTER TABLE changes ADD COLUMN key TEXT REFERENCES keys (id);
ALTER TABLE changes ADD COLUMN reason TEXT;
ALTER TABLE changes ADD COLUMN merged_into TEXT;
CREATE INDEX changes_by_collection ON changes (collection); -- for the feed of some collections

-- Which records point to which, whatever member says so: what stands in the way of a deletion, and what a merge takes along.
CREATE TABLE pointers (
    to_collection TEXT NOT NULL,
    to_seq INTEGER NOT NULL,
    collection TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (to_collection, to_seq, collection, seq)
) STRICT, WITHOUT ROWID;

-- The highest row number that a record of each noun had when it was taken away: numbers are not used again.
CREATE TABLE removed (
    collection TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
