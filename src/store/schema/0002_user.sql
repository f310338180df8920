-- What Auth0's user record has besides. A phone number can be what a user logs in with.
ALTER TABLE user ADD COLUMN is_phone_verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN last_password_reset_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX user_phone ON user (connection, phone_number) WHERE phone_number <> '';
