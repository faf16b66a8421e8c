-- Schema 1 to 2: what was seen on the wire.
--
-- One row for each listener and name that was looked at ("padlock scan --inventory"), the newest
-- sight of it; so that what is stored, what is loaded and what is served can be compared.

CREATE TABLE sightings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    listener TEXT NOT NULL CHECK (listener <> ''),
    address TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    host TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    tried_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('seen', 'unreachable', 'not_tls')),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    not_after_ms INTEGER NOT NULL,
    fault TEXT NOT NULL,
    der BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX sightings_live_listener ON sightings (listener) WHERE deleted_ms IS NULL;
CREATE INDEX sightings_live_end ON sightings (not_after_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX sightings_live_sha256 ON sightings (sha256, id) WHERE deleted_ms IS NULL;
CREATE INDEX sightings_deleted ON sightings (deleted_ms) WHERE deleted_ms IS NOT NULL;
