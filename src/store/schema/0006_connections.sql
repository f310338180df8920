-- Where accounts come from, and which applications may use which of them.
CREATE TABLE connection (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    strategy TEXT NOT NULL,
    options TEXT NOT NULL,
    realms TEXT NOT NULL,
    is_domain_connection INTEGER NOT NULL,
    shows_as_button INTEGER NOT NULL,
    is_active INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE connection_client (
    connection_id TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    PRIMARY KEY (connection_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX connection_client_client ON connection_client (client_id);

-- Auth0's flag enable_client_connections: a new application of ours may use the databases there
-- are. Third-party applications use those of the domain.
CREATE TRIGGER client_gets_connections AFTER INSERT ON client WHEN new.is_first_party BEGIN
    INSERT INTO connection_client (connection_id, client_id)
        SELECT id, new.id FROM connection WHERE strategy = 'auth0';
END;
