-- Auth0 client.allowed_origins: whose scripts may call from another origin, besides web_origins and the callbacks' own.
ALTER TABLE client ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT '[]';

-- Which origins some application has, so that a preflight costs a look into an index (oauth/web_origin.h has the rule).
-- pattern: of an origin with a placeholder, "https://app-*.example.com", whose `origin` is "https://*.example.com"; else ''.
-- "http://localhost:*" is every port of loopback (RFC 8252 section 7.3).
CREATE TABLE client_origin (
    origin TEXT NOT NULL,
    pattern TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    PRIMARY KEY (origin, pattern, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_origin_by_client ON client_origin (client_id);

-- "https://Host:8443/path" as "https://" and "host:8443", and whether it is the callback of an application that may have any port.
CREATE VIEW client_address AS
SELECT client_id, scheme,
       CASE WHEN scheme = 'https://' AND authority LIKE '%:443' THEN substr(authority, 1, length(authority) - 4)
            WHEN scheme = 'http://' AND authority LIKE '%:80' THEN substr(authority, 1, length(authority) - 3)
            ELSE authority END AS authority,
       is_for_any_port AND scheme = 'http://' AS is_for_any_port
FROM (SELECT client_id, is_for_any_port, lower(substr(url, 1, instr(url, '://') + 2)) AS scheme,
             lower(substr(url, instr(url, '://') + 3,
                          instr(replace(replace(substr(url, instr(url, '://') + 3), '?', '/'), '#', '/') || '/', '/') - 1))
                 AS authority
      FROM (SELECT client.id AS client_id, item.value AS url, kind <> 'static' OR app_type = 'native' AS is_for_any_port
            FROM client, json_each(client.redirect_uris) AS item
            UNION ALL SELECT client.id, item.value, 0 FROM client, json_each(client.web_origins) AS item
            UNION ALL SELECT client.id, item.value, 0 FROM client, json_each(client.allowed_origins) AS item)
      WHERE instr(url, '://') > 0);

-- By one application's key: SQLite looks for it in a view of UNION ALL, and reads every application for one of UNION.
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
INSERT INTO client_origin SELECT DISTINCT origin, pattern, client_id FROM client_origin_row;
