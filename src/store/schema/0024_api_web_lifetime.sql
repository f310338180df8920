-- Auth0 token_lifetime_for_web: kept and shown for who manages APIs by Auth0's names.
ALTER TABLE api ADD COLUMN token_lifetime_web_s INTEGER NOT NULL DEFAULT 7200;
UPDATE api SET token_lifetime_web_s = token_lifetime_s WHERE token_lifetime_s < 7200;
