-- The one connection that an authorization request asked to log in by.
ALTER TABLE authorization_request ADD COLUMN connection TEXT NOT NULL DEFAULT '';
