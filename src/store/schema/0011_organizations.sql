-- Organizations; what third-party applications may do; consents for each organization.
ALTER TABLE client ADD COLUMN organization_usage TEXT NOT NULL DEFAULT 'deny';
ALTER TABLE client ADD COLUMN organization_prompt TEXT NOT NULL DEFAULT 'no_prompt';
ALTER TABLE client ADD COLUMN default_organization TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN security_mode TEXT NOT NULL DEFAULT 'permissive';
ALTER TABLE client ADD COLUMN redirection_policy TEXT NOT NULL DEFAULT 'allow_always';
ALTER TABLE client ADD COLUMN skips_callback_confirmation TEXT NOT NULL DEFAULT '';
ALTER TABLE client_grant ADD COLUMN organization_usage TEXT NOT NULL DEFAULT 'deny';
ALTER TABLE client_grant ADD COLUMN allows_any_organization INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorization_request ADD COLUMN invitation_id TEXT NOT NULL DEFAULT '';

CREATE TABLE consent_with_organization (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    organization TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (user_id, client_id, audience, organization)
) STRICT;
INSERT INTO consent_with_organization
    SELECT id, user_id, client_id, audience, '', scopes, created_at, updated_at FROM consent;
DROP TABLE consent;
ALTER TABLE consent_with_organization RENAME TO consent;
CREATE INDEX consent_client ON consent (client_id);

CREATE TABLE organization (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    branding TEXT NOT NULL,
    metadata TEXT NOT NULL,
    allows_third_party INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE organization_member (
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_member_user ON organization_member (user_id);

CREATE TABLE organization_member_role (
    organization_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role_id TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (organization_id, user_id, role_id),
    FOREIGN KEY (organization_id, user_id)
        REFERENCES organization_member (organization_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_member_role_role ON organization_member_role (role_id);

CREATE TABLE organization_connection (
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    assigns_membership INTEGER NOT NULL,
    shows_as_button INTEGER NOT NULL,
    is_signup_enabled INTEGER NOT NULL,
    PRIMARY KEY (organization_id, connection_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_connection_connection ON organization_connection (connection_id);

CREATE TABLE organization_grant (
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    grant_id TEXT NOT NULL REFERENCES client_grant (id) ON DELETE CASCADE,
    PRIMARY KEY (organization_id, grant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_grant_grant ON organization_grant (grant_id);

CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL,
    inviter_name TEXT NOT NULL,
    invitee_email TEXT NOT NULL,
    ticket_digest BLOB NOT NULL UNIQUE,
    role_ids TEXT NOT NULL,
    app_metadata TEXT NOT NULL,
    user_metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invitation_organization ON invitation (organization_id, created_at);
CREATE INDEX invitation_client ON invitation (client_id);
CREATE INDEX invitation_expiry ON invitation (expires_at);
