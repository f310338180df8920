-- Whatever revokes a family ends its access tokens, too (RFC 7009 section 2.1): by /oauth/revoke, with the consent, the membership,
-- the password. 2592000: DW_ACCESS_TOKEN_MAX_LIFETIME_S.
CREATE TRIGGER refresh_family_dies AFTER UPDATE OF revoked_at ON refresh_family WHEN old.revoked_at = 0 AND new.revoked_at > 0 BEGIN
    INSERT INTO dead_family (family_id, expires_at) VALUES (new.id, new.revoked_at + 2592000)
        ON CONFLICT (family_id) DO UPDATE SET expires_at = excluded.expires_at;
END;
