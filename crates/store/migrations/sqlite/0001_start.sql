-- One value each: the tenant's name, the key of the key hashes, secrets of the server, the count of commits.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE connections (
    pk              INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: a running import holds it
    id              TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL UNIQUE,
    strategy        TEXT NOT NULL,
    enabled         INTEGER NOT NULL,
    enabled_clients TEXT NOT NULL,               -- JSON array of client ids
    options         TEXT NOT NULL,               -- JSON object
    extra           TEXT NOT NULL,               -- JSON object
    users           INTEGER NOT NULL DEFAULT 0   -- kept in step by every write, so that counts are free
);

-- A profile is one JSON text, packed: frequent fragments are single control characters (core/packed.rs); `import` is the job that wrote it last, which tells a duplicate inside
-- a file from a user who was there before.
CREATE TABLE users (
    pk         INTEGER PRIMARY KEY,
    connection INTEGER NOT NULL REFERENCES connections (pk),
    import     INTEGER,
    profile    TEXT NOT NULL
);

-- Every way to find a user, as a keyed 64-bit hash of (kind, value): a third of the size of text indexes, and batches
-- of them are written in key order. A hit is verified against the profile. The first user with a hash stands in
-- user_keys, so that one insert both claims a free key and tells a taken one; further users with the same hash (the
-- same address in another connection, or a collision) stand in user_keys_more, never without one in user_keys.
CREATE TABLE user_keys (
    hash       INTEGER PRIMARY KEY,
    pk         INTEGER NOT NULL,
    connection INTEGER NOT NULL
);
CREATE TABLE user_keys_more (
    hash       INTEGER NOT NULL,
    pk         INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    PRIMARY KEY (hash, pk)
) WITHOUT ROWID;

-- Password hashes and second factors, apart from the profiles: no search and no export reads this table.
CREATE TABLE credentials (
    pk      INTEGER PRIMARY KEY,                 -- users.pk
    secrets TEXT NOT NULL
);

CREATE TABLE jobs (
    pk              INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    type            TEXT NOT NULL,
    status          TEXT NOT NULL,
    runner          TEXT NOT NULL,
    kind            TEXT NOT NULL,               -- JSON: what is asked
    connection_id   TEXT,
    connection_name TEXT,
    external_id     TEXT,
    created_at      INTEGER NOT NULL,            -- all times: milliseconds since 1970
    started_at      INTEGER,
    finished_at     INTEGER,
    file            TEXT,
    done            INTEGER NOT NULL DEFAULT 0,
    total_work      INTEGER NOT NULL DEFAULT 0,
    failed          INTEGER NOT NULL DEFAULT 0,
    updated         INTEGER NOT NULL DEFAULT 0,
    inserted        INTEGER NOT NULL DEFAULT 0,
    total           INTEGER NOT NULL DEFAULT 0,
    failure         TEXT,                        -- JSON
    notes           TEXT NOT NULL DEFAULT '[]',  -- JSON
    checkpoint      TEXT,                        -- JSON: where the next attempt goes on
    attempts        INTEGER NOT NULL DEFAULT 0,
    lease_token     INTEGER NOT NULL DEFAULT 0,  -- grows with every claim: the fencing token
    lease_until     INTEGER
);
CREATE INDEX jobs_open ON jobs (status, pk) WHERE status IN ('pending', 'processing');

CREATE TABLE row_errors (
    job    INTEGER NOT NULL REFERENCES jobs (pk),
    row    INTEGER NOT NULL,
    line   INTEGER NOT NULL,
    byte   INTEGER NOT NULL,
    record TEXT NOT NULL,                        -- as submitted, secrets masked
    errors TEXT NOT NULL,                        -- JSON array
    PRIMARY KEY (job, row)
) WITHOUT ROWID;

CREATE TABLE clients (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    secret_hash BLOB NOT NULL,                   -- SHA-256 of a random secret of 64 characters
    scopes      TEXT NOT NULL,                   -- separated by spaces, in the order given
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;

-- Attribute indexes (core/index.rs): of every attribute, for 16,384 consecutive users each, the distinct values and a code
-- for each user. Segments without `declared` are not indexed, or not yet.
CREATE TABLE segments (
    segment  INTEGER PRIMARY KEY,                -- users.pk >> 14
    token    INTEGER NOT NULL,                   -- counts up with everything that makes blocks being made worthless
    declared INTEGER,                            -- the highest declared index that it has blocks of
    users    BLOB                                -- who was there when it was indexed, one bit each
);
CREATE TABLE index_heads (
    key  INTEGER PRIMARY KEY,                    -- index << 32 | segment
    head BLOB NOT NULL
);
CREATE TABLE index_parts (
    key  INTEGER PRIMARY KEY,                    -- index << 48 | segment << 16 | part
    part BLOB NOT NULL
);

-- Paths into the metadata that many users have; indexed like the attributes that always are.
CREATE TABLE common_paths (
    id   INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
);

-- Users made, changed or deleted since their segment was indexed.
CREATE TABLE changed_users (
    pk INTEGER PRIMARY KEY
);

-- Indexes that somebody declared, on paths into the metadata and the like.
CREATE TABLE indexes (
    id         INTEGER PRIMARY KEY,
    path       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
);
