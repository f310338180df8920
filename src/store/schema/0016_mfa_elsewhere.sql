-- Whether who approved on another device had shown a second factor.
ALTER TABLE decoupled_request ADD COLUMN mfa_at INTEGER NOT NULL DEFAULT 0;
