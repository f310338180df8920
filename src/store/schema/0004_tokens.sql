-- HS256 APIs; which further APIs a client's refresh tokens are good for; who may exchange tokens.
ALTER TABLE api ADD COLUMN sealed_signing_secret BLOB NOT NULL DEFAULT x'';
ALTER TABLE client ADD COLUMN refresh_policies TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN resource_server_identifier TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN token_exchange_types TEXT NOT NULL DEFAULT '[]';
ALTER TABLE refresh_family ADD COLUMN grant_type TEXT NOT NULL DEFAULT 'authorization_code';

-- Each algorithm has its own current and next key.
DROP INDEX signing_key_one_current;
DROP INDEX signing_key_one_next;
CREATE UNIQUE INDEX signing_key_one_current ON signing_key (alg) WHERE phase = 'current';
CREATE UNIQUE INDEX signing_key_one_next ON signing_key (alg) WHERE phase = 'next';

-- Access tokens for /userinfo alone, which are no JWTs.
CREATE TABLE opaque_token (
    token_digest BLOB PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    organization TEXT NOT NULL,
    family_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    dpop_jkt TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX opaque_token_expiry ON opaque_token (expires_at);
CREATE INDEX opaque_token_client ON opaque_token (client_id);
CREATE INDEX opaque_token_user ON opaque_token (user_id);

-- Families whose access tokens are dead before they expire: a code or refresh token was replayed.
CREATE TABLE dead_family (
    family_id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_family_expiry ON dead_family (expires_at);

-- Who may vouch for our users with tokens of their own.
CREATE TABLE trusted_issuer (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL UNIQUE,
    jwks TEXT NOT NULL,
    jwks_uri TEXT NOT NULL,
    user_by TEXT NOT NULL,
    connection TEXT NOT NULL,
    takes_id_jag INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- issuer '': subject tokens are looked up in external_subject alone.
CREATE TABLE token_exchange_profile (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    subject_token_type TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    action_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    audience TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- owner: a trusted issuer's or a profile's id.
CREATE TABLE external_subject (
    owner TEXT NOT NULL,
    subject_digest BLOB NOT NULL,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (owner, subject_digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX external_subject_user ON external_subject (user_id);
