-- The audit log. A sequence is never used twice, so that a reader can follow.
CREATE TABLE log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    description TEXT NOT NULL,
    connection TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    organization_name TEXT NOT NULL,
    audience TEXT NOT NULL,
    scope TEXT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    hostname TEXT NOT NULL,
    details TEXT NOT NULL,
    bytes INTEGER GENERATED ALWAYS AS (
        length(CAST(description AS BLOB)) + length(CAST(client_id AS BLOB)) + length(CAST(client_name AS BLOB))
        + length(CAST(user_id AS BLOB)) + length(CAST(user_name AS BLOB)) + length(CAST(organization_name AS BLOB))
        + length(CAST(audience AS BLOB)) + length(CAST(scope AS BLOB)) + length(CAST(user_agent AS BLOB))
        + length(CAST(details AS BLOB)) + 200) VIRTUAL
) STRICT;

CREATE TABLE log_size (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO log_size (id, bytes) VALUES (1, 0);

CREATE TRIGGER log_grows AFTER INSERT ON log BEGIN
    UPDATE log_size SET bytes = bytes + new.bytes;
END;
CREATE TRIGGER log_shrinks AFTER DELETE ON log BEGIN
    UPDATE log_size SET bytes = bytes - old.bytes;
END;
