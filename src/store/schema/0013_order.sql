-- Lists come in the order of creation, a page at a time: without these each page would read and sort the whole table.
CREATE INDEX user_order ON user (created_at, id);
CREATE INDEX client_order ON client (created_at, id);
CREATE INDEX consent_order ON consent (created_at, id);
CREATE INDEX organization_order ON organization (created_at, id);
CREATE INDEX organization_member_order ON organization_member (organization_id, created_at, user_id);
-- What goes with an organization; almost all rows belong to none.
CREATE INDEX consent_organization ON consent (organization) WHERE organization <> '';
CREATE INDEX refresh_family_organization ON refresh_family (organization) WHERE organization <> '';
