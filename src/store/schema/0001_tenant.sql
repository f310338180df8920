-- The tenant. Times are Unix seconds, 0 is "none". Lists are JSON arrays of texts.
-- Digests are the 32 raw bytes of a SHA-256; no token, code or secret is kept in the clear.

CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    friendly_name TEXT NOT NULL,
    default_audience TEXT NOT NULL,
    default_directory TEXT NOT NULL,
    allowed_logout_urls TEXT NOT NULL,
    resource_profile TEXT NOT NULL,
    session_idle_s INTEGER NOT NULL,
    session_lifetime_s INTEGER NOT NULL,
    sends_iss_parameter INTEGER NOT NULL,
    is_dcr_enabled INTEGER NOT NULL,
    is_cimd_enabled INTEGER NOT NULL,
    is_third_party_oidc_allowed INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    alg TEXT NOT NULL,
    phase TEXT NOT NULL,
    sealed_private_key BLOB NOT NULL,
    certificate_der BLOB NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    current_since INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX signing_key_one_current ON signing_key (phase) WHERE phase = 'current';
CREATE UNIQUE INDEX signing_key_one_next ON signing_key (phase) WHERE phase = 'next';

CREATE TABLE client (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    logo_uri TEXT NOT NULL,
    client_uri TEXT NOT NULL,
    kind TEXT NOT NULL,
    app_type TEXT NOT NULL,
    is_first_party INTEGER NOT NULL,
    auth_method TEXT NOT NULL,
    secret_digest BLOB NOT NULL,
    sealed_secret BLOB NOT NULL,
    grant_types TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    allowed_logout_urls TEXT NOT NULL,
    web_origins TEXT NOT NULL,
    scopes TEXT NOT NULL,
    refresh_is_rotating INTEGER NOT NULL,
    refresh_leeway_s INTEGER NOT NULL,
    refresh_lifetime_s INTEGER NOT NULL,
    refresh_idle_lifetime_s INTEGER NOT NULL,
    id_token_lifetime_s INTEGER NOT NULL,
    jwks TEXT NOT NULL,
    jwks_uri TEXT NOT NULL,
    metadata TEXT NOT NULL,
    document_digest BLOB NOT NULL,
    document_expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX client_dynamic ON client (kind, created_at) WHERE kind <> 'static';

CREATE TABLE api (
    id TEXT PRIMARY KEY,
    identifier TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    token_lifetime_s INTEGER NOT NULL,
    token_dialect TEXT NOT NULL,
    signing_alg TEXT NOT NULL,
    enforces_policies INTEGER NOT NULL,
    allows_offline_access INTEGER NOT NULL,
    skips_consent INTEGER NOT NULL,
    is_system INTEGER NOT NULL,
    user_policy TEXT NOT NULL,
    client_policy TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_scope (
    api_id TEXT NOT NULL REFERENCES api (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (api_id, value)
) STRICT, WITHOUT ROWID;

-- client_id NULL: the default for third parties.
CREATE TABLE client_grant (
    id TEXT PRIMARY KEY,
    client_id TEXT REFERENCES client (id) ON DELETE CASCADE,
    audience TEXT NOT NULL REFERENCES api (identifier) ON DELETE CASCADE ON UPDATE CASCADE,
    subject TEXT NOT NULL,
    scopes TEXT NOT NULL,
    allows_all_scopes INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX client_grant_own ON client_grant (client_id, audience, subject)
    WHERE client_id IS NOT NULL;
CREATE UNIQUE INDEX client_grant_default ON client_grant (audience, subject)
    WHERE client_id IS NULL;

CREATE TABLE user (
    id TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    email TEXT NOT NULL,
    is_email_verified INTEGER NOT NULL,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    nickname TEXT NOT NULL,
    picture TEXT NOT NULL,
    phone_number TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_blocked INTEGER NOT NULL,
    app_metadata TEXT NOT NULL,
    user_metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_login_at INTEGER NOT NULL,
    last_ip TEXT NOT NULL,
    logins_count INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_email ON user (connection, email) WHERE email <> '';
CREATE UNIQUE INDEX user_username ON user (connection, username) WHERE username <> '';

CREATE TABLE role (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE role_permission (
    role_id TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    api_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (role_id, api_id, scope),
    FOREIGN KEY (api_id, scope) REFERENCES api_scope (api_id, value) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX role_permission_scope ON role_permission (api_id, scope);

CREATE TABLE user_role (
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_role_role ON user_role (role_id);

CREATE TABLE user_permission (
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    api_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (user_id, api_id, scope),
    FOREIGN KEY (api_id, scope) REFERENCES api_scope (api_id, value) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX user_permission_scope ON user_permission (api_id, scope);

-- audience '' is consent to the OpenID scopes alone, so it refers to no API.
CREATE TABLE consent (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (user_id, client_id, audience)
) STRICT;
CREATE INDEX consent_client ON consent (client_id);

CREATE TABLE authorization_request (
    id_digest BLOB PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    has_redirect_uri INTEGER NOT NULL,
    response_mode TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    oauth_state TEXT NOT NULL,
    has_state INTEGER NOT NULL,
    oidc_nonce TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    prompts_none INTEGER NOT NULL,
    prompts_login INTEGER NOT NULL,
    prompts_consent INTEGER NOT NULL,
    prompts_select_account INTEGER NOT NULL,
    max_age_s INTEGER NOT NULL,
    login_hint TEXT NOT NULL,
    ui_locales TEXT NOT NULL,
    organization TEXT NOT NULL,
    csrf_digest BLOB NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX authorization_request_expiry ON authorization_request (expires_at);
CREATE INDEX authorization_request_client ON authorization_request (client_id);

-- A used code stays until it is purged, so that a replay is seen.
CREATE TABLE authorization_code (
    code_digest BLOB PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    family_id TEXT NOT NULL UNIQUE,
    redirect_uri TEXT NOT NULL,
    has_redirect_uri INTEGER NOT NULL,
    code_challenge TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    oidc_nonce TEXT NOT NULL,
    organization TEXT NOT NULL,
    max_age_s INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    replayed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX authorization_code_expiry ON authorization_code (expires_at);
CREATE INDEX authorization_code_client ON authorization_code (client_id);
CREATE INDEX authorization_code_user ON authorization_code (user_id);

CREATE TABLE refresh_family (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    organization TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    is_rotating INTEGER NOT NULL,
    leeway_s INTEGER NOT NULL,
    idle_lifetime_s INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX refresh_family_owner ON refresh_family (user_id, client_id, created_at);
CREATE INDEX refresh_family_client ON refresh_family (client_id);
CREATE INDEX refresh_family_expiry ON refresh_family (expires_at) WHERE expires_at > 0;
CREATE INDEX refresh_family_revoked ON refresh_family (revoked_at) WHERE revoked_at > 0;

CREATE TABLE refresh_token (
    token_digest BLOB PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES refresh_family (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    spent_at INTEGER NOT NULL,
    successor_digest BLOB NOT NULL,
    UNIQUE (family_id, generation)
) STRICT;

CREATE TABLE login_session (
    id_digest BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL
) STRICT;
CREATE INDEX login_session_user ON login_session (user_id);
CREATE INDEX login_session_expiry ON login_session (expires_at);

CREATE TABLE first_use (
    space TEXT NOT NULL,
    key BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX first_use_expiry ON first_use (expires_at);

CREATE TABLE rate (
    space TEXT NOT NULL,
    key BLOB NOT NULL,
    window_ends_at INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_expiry ON rate (window_ends_at);
