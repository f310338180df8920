-- A number that every change of an application, an API or a client grant moves, so that what is
-- known of them in memory is known to be old, also when another process has changed them.
CREATE TABLE definition_version (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO definition_version (id, version) VALUES (1, 0);

CREATE TRIGGER client_was_added AFTER INSERT ON client BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER client_was_changed AFTER UPDATE ON client BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER client_was_deleted AFTER DELETE ON client BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER api_was_added AFTER INSERT ON api BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER api_was_changed AFTER UPDATE ON api BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER api_was_deleted AFTER DELETE ON api BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER api_scope_was_added AFTER INSERT ON api_scope BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER api_scope_was_changed AFTER UPDATE ON api_scope BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER api_scope_was_deleted AFTER DELETE ON api_scope BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER client_grant_was_added AFTER INSERT ON client_grant BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER client_grant_was_changed AFTER UPDATE ON client_grant BEGIN
    UPDATE definition_version SET version = version + 1;
END;
CREATE TRIGGER client_grant_was_deleted AFTER DELETE ON client_grant BEGIN
    UPDATE definition_version SET version = version + 1;
END;
