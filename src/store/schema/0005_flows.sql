-- Pushed authorization requests (RFC 9126), the device flow (RFC 8628), CIBA, and DPoP (RFC 9449).
ALTER TABLE settings ADD COLUMN is_par_enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE client ADD COLUMN requires_par INTEGER NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN requires_dpop INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorization_request ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_request ADD COLUMN decoupled_id TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_request ADD COLUMN is_confirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorization_code ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE refresh_family ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';

-- The parameters as they came, without what authenticated the client.
CREATE TABLE pushed_request (
    uri_digest BLOB PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    parameters TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pushed_request_expiry ON pushed_request (expires_at);
CREATE INDEX pushed_request_client ON pushed_request (client_id);

-- user_id '' while nobody has approved a device.
CREATE TABLE decoupled_request (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    poll_digest BLOB NOT NULL UNIQUE,
    approval_digest BLOB NOT NULL UNIQUE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    binding_message TEXT NOT NULL,
    phase TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    organization TEXT NOT NULL,
    granted TEXT NOT NULL,
    family_id TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_polled_at INTEGER NOT NULL
) STRICT;
CREATE INDEX decoupled_request_expiry ON decoupled_request (expires_at);
CREATE INDEX decoupled_request_client ON decoupled_request (client_id);
CREATE INDEX decoupled_request_list ON decoupled_request (kind, created_at, id);
