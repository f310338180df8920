-- Second factors, and short secrets that are sent to people.

-- code_digest is keyed: six digits are no secret for who has the file.
CREATE TABLE one_time (
    purpose TEXT NOT NULL,
    subject_digest BLOB NOT NULL,
    code_digest BLOB NOT NULL,
    detail TEXT NOT NULL,
    tries INTEGER NOT NULL,
    max_tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, subject_digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_expiry ON one_time (expires_at);

-- What a user can show besides the password. confirmed_at 0: being enrolled.
CREATE TABLE authenticator (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    email TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    code_digest BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    enrolment_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL,
    last_auth_at INTEGER NOT NULL
) STRICT;
CREATE INDEX authenticator_user ON authenticator (user_id, created_at);
CREATE INDEX authenticator_enrolment ON authenticator (created_at) WHERE confirmed_at = 0;

-- A grant that waits for the second factor: what an mfa_token stands for.
CREATE TABLE mfa_transaction (
    token_digest BLOB PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    grant_type TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    organization TEXT NOT NULL,
    dpop_jkt TEXT NOT NULL,
    enrolment_id TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mfa_transaction_expiry ON mfa_transaction (expires_at);
CREATE INDEX mfa_transaction_client ON mfa_transaction (client_id);
CREATE INDEX mfa_transaction_user ON mfa_transaction (user_id);

CREATE TABLE mfa_settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    policy TEXT NOT NULL,
    factors TEXT NOT NULL
) STRICT;

ALTER TABLE authorization_request ADD COLUMN wants_mfa INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorization_request ADD COLUMN mfa_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorization_code ADD COLUMN mfa_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refresh_family ADD COLUMN mfa_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE login_session ADD COLUMN mfa_at INTEGER NOT NULL DEFAULT 0;
