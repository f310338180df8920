-- Settings as Auth0 writes them, one JSON document each. The version rises with every change of any.
DROP TABLE settings;
CREATE TABLE document (
    name TEXT PRIMARY KEY,
    json TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
