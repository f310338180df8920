-- Signing up where an address is confirmed before the first login.
ALTER TABLE user ADD COLUMN awaits_confirmation INTEGER NOT NULL DEFAULT 0;
-- As it was so far in a connection that says so: for every account, wherever it came from.
UPDATE user SET awaits_confirmation = 1 WHERE is_email_verified = 0 AND connection IN
    (SELECT name FROM connection
     WHERE json_extract(options, '$.attributes.email.signup.verification.active') = 1);
-- Whose address the browser of a login is to confirm by a code, and where that code went.
ALTER TABLE authorization_request ADD COLUMN signup_user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_request ADD COLUMN signup_email TEXT NOT NULL DEFAULT '';
