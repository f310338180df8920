-- The rows of one application by its key: SQLite looks for it in a view of UNION ALL, and reads every application for one of UNION.
DROP TRIGGER client_has_origins;
DROP TRIGGER client_has_other_origins;
DROP VIEW client_origin_row;

CREATE VIEW client_origin_row AS
SELECT scheme || authority AS origin, '' AS pattern, client_id FROM client_address WHERE instr(authority, '*') = 0
UNION ALL
SELECT scheme || '*' || substr(authority, instr(authority, '.')), scheme || authority, client_id
FROM client_address WHERE instr(authority, '*') > 0 AND instr(authority, '.') > 0
UNION ALL
SELECT 'http://' || host.name || ':*', '', client_id
FROM client_address, (SELECT 'localhost' AS name UNION ALL SELECT '127.0.0.1' UNION ALL SELECT '[::1]') AS host
WHERE is_for_any_port AND (authority = host.name OR authority LIKE host.name || ':%');

-- DISTINCT: one row an origin, however often it is registered.
CREATE TRIGGER client_has_origins AFTER INSERT ON client BEGIN
    INSERT INTO client_origin SELECT DISTINCT origin, pattern, client_id FROM client_origin_row WHERE client_id = NEW.id;
END;
CREATE TRIGGER client_has_other_origins AFTER UPDATE ON client
WHEN OLD.redirect_uris <> NEW.redirect_uris OR OLD.web_origins <> NEW.web_origins OR OLD.allowed_origins <> NEW.allowed_origins
    OR OLD.app_type <> NEW.app_type OR OLD.kind <> NEW.kind BEGIN
    DELETE FROM client_origin WHERE client_id = NEW.id;
    INSERT INTO client_origin SELECT DISTINCT origin, pattern, client_id FROM client_origin_row WHERE client_id = NEW.id;
END;
