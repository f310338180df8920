/* Numbered migrations: src/store/schema/NNNN_*.sql, compiled in. The database says how many it has
 * in `user_version`, and whose it is in `application_id`. Each is applied whole or not at all. */
#include <stdio.h>

#include "store/sqlite_internal.h"

#define APPLICATION_ID 0x44577264 /* "DWrd" */

static bool execute(struct dw_connection *connection, const char *sql, struct dw_error *reterr)
{
    return sqlite3_exec(connection->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           dw_sqlite_fail(connection, "migrating the database", reterr);
}

static bool read_pragmas(struct dw_connection *connection, int64_t *ret_version,
                         int64_t *ret_application_id, int64_t *ret_tables, struct dw_error *reterr)
{
    return dw_sql_number(connection, "PRAGMA user_version", DW_SQL_NO_ARGS, ret_version, reterr) &&
           dw_sql_number(connection, "PRAGMA application_id", DW_SQL_NO_ARGS, ret_application_id,
                         reterr) &&
           dw_sql_number(connection, "SELECT count(*) FROM sqlite_schema", DW_SQL_NO_ARGS,
                         ret_tables, reterr);
}

static bool apply(struct dw_connection *connection, const char *path, struct dw_error *reterr)
{
    int64_t version, application_id, tables;
    char done[80];

    /* Inside the transaction: another process may have migrated a moment ago. */
    if (!read_pragmas(connection, &version, &application_id, &tables, reterr))
        return false;
    if (application_id != APPLICATION_ID && (tables != 0 || version != 0))
        return dw_fail(reterr, DW_CONFIG, "%s is a database of another program", path);
    if (version > dw_store_schema_version)
        return dw_fail(
            reterr, DW_CONFIG,
            "%s was written by a newer doorward (schema %d, this one knows %d): use that "
            "version",
            path, (int)version, dw_store_schema_version);
    for (int64_t next = version; next < dw_store_schema_version; next++)
        if (!execute(connection, dw_store_schema[next], reterr))
            return false;
    snprintf(done, sizeof done, "PRAGMA user_version = %d; PRAGMA application_id = %d",
             dw_store_schema_version, APPLICATION_ID);
    return version == dw_store_schema_version || execute(connection, done, reterr);
}

bool dw_migrate(struct dw_connection *connection, const char *path, struct dw_error *reterr)
{
    struct dw_error error = {0};

    if (execute(connection, "BEGIN IMMEDIATE", &error)) {
        if (apply(connection, path, &error) && execute(connection, "COMMIT", &error))
            return true;
        sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (error.code != DW_UNAVAILABLE) {
        *reterr = error;
        return false;
    }
    return dw_fail(reterr, DW_CONFIG, "cannot prepare the database %s: %s", path, error.cause);
}
