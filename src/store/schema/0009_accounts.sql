-- Links that were mailed: the digest of what is in the link, never the link.
CREATE TABLE ticket (
    digest BLOB PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    client_id TEXT NOT NULL,
    result_url TEXT NOT NULL,
    marks_email_verified INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_user ON ticket (user_id, purpose, created_at);
CREATE INDEX ticket_expiry ON ticket (expires_at);

-- Hashes of passwords a user had before.
CREATE TABLE old_password (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    password_hash TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX old_password_user ON old_password (user_id, id);

-- Failures in a row. The subject is no reference: what was typed may be no user.
CREATE TABLE attempt (
    subject TEXT NOT NULL,
    address TEXT NOT NULL,
    failures INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (subject, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_expiry ON attempt (expires_at);

-- Buckets that fill up again; a full one has no row.
CREATE TABLE bucket (
    space TEXT NOT NULL,
    key BLOB NOT NULL,
    full_at_ms INTEGER NOT NULL,
    PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX bucket_full ON bucket (full_at_ms);

CREATE TABLE attack_protection (
    name TEXT PRIMARY KEY,
    settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;
