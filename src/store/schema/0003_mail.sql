-- Mails that wait to be sent; in development, mails to be looked at. The text is sealed.
CREATE TABLE mail (
    id TEXT PRIMARY KEY,
    template_name TEXT NOT NULL,
    sealed_text BLOB NOT NULL,
    phase TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    failure TEXT NOT NULL
) STRICT;
CREATE INDEX mail_due ON mail (phase, next_at);
CREATE INDEX mail_newest ON mail (phase, created_at, id);
CREATE INDEX mail_expiry ON mail (expires_at);
