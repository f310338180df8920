/* Connections, and which applications may use them. */
#include "store/connections.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_connection_record
#define CONNECTION(first, next)                                                                    \
    first(TEXT, id, id) next(TEXT, name, name) next(TEXT, display_name, display_name)              \
        next(ENUM, strategy, strategy, dw_strategy_names) next(JSON, options, options_json)        \
            next(LIST, realms, realms) next(BOOL, is_domain_connection, is_domain_connection)      \
                next(BOOL, shows_as_button, shows_as_button) next(BOOL, is_active, is_active)      \
                    next(JSON, metadata, metadata_json) next(INT, created_at, created_at_s)        \
                        next(INT, updated_at, updated_at_s)

static const struct dw_sql_column connection_columns[] = DW_SQL_COLUMNS(CONNECTION);
static const struct dw_sql_table connection_table =
    DW_SQL_TABLE("a connection", connection_columns);
#undef ROW

#define SELECT "SELECT " DW_SQL_NAMES(CONNECTION) " FROM connection "

static bool read_clients(struct dw_store *store, struct dw_connection_record *connections,
                         size_t count, struct dw_arena *arena, struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    if (count > 0 && !dw_reader_start(&reader, store, reterr))
        return false;
    for (size_t at = 0; at < count; at++)
        if (!dw_sql_texts(reader.connection,
                          "SELECT client_id FROM connection_client WHERE connection_id = ?"
                          " ORDER BY client_id",
                          DW_SQL_ARGS(dw_sql_text(connections[at].id)), arena,
                          &connections[at].enabled_clients, reterr))
            return false;
    return true;
}

static bool read_one(struct dw_store *store, const char *sql, struct dw_slice key,
                     struct dw_arena *arena, struct dw_connection_record **ret_connection,
                     struct dw_error *reterr)
{
    return dw_store_read_row(store, sql, DW_SQL_ARGS(dw_sql_text(key)), &connection_table, arena,
                             ret_connection, reterr) &&
           read_clients(store, *ret_connection, *ret_connection ? 1 : 0, arena, reterr);
}

bool dw_store_connection(struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
                         struct dw_connection_record **ret_connection, struct dw_error *reterr)
{
    return read_one(store, SELECT "WHERE id = ?", id, arena, ret_connection, reterr);
}

bool dw_store_connection_by_name(struct dw_store *store, struct dw_slice name,
                                 struct dw_arena *arena,
                                 struct dw_connection_record **ret_connection,
                                 struct dw_error *reterr)
{
    return read_one(store, SELECT "WHERE name = ?", name, arena, ret_connection, reterr);
}

bool dw_store_put_connection(struct dw_store *store, const struct dw_connection_record *connection,
                             struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("connection", CONNECTION) " ON CONFLICT (id) DO UPDATE SET"
                                                " name = excluded.name,"
                                                " display_name = excluded.display_name,"
                                                " options = excluded.options,"
                                                " realms = excluded.realms,"
                                                " is_domain_connection ="
                                                " excluded.is_domain_connection,"
                                                " shows_as_button = excluded.shows_as_button,"
                                                " is_active = excluded.is_active,"
                                                " metadata = excluded.metadata,"
                                                " updated_at = excluded.updated_at",
        &connection_table, connection, reterr);
}

static bool add_first(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_connection_record *const *record = user;

    if (!dw_sql_write_row(connection,
                          DW_SQL_INSERT("connection", CONNECTION) " ON CONFLICT DO NOTHING",
                          &connection_table, *record, reterr))
        return false;
    return dw_sql_changes(connection) == 0 ||
           dw_sql_run(connection,
                      "INSERT INTO connection_client (connection_id, client_id)"
                      " SELECT ?, id FROM client WHERE is_first_party",
                      DW_SQL_ARGS(dw_sql_text((*record)->id)), reterr);
}

bool dw_store_add_first_connection(struct dw_store *store,
                                   const struct dw_connection_record *connection,
                                   struct dw_error *reterr)
{
    struct dw_connection_record *there = NULL;
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    /* Every start but the first: nothing is written. */
    if (!dw_store_connection_by_name(store, connection->name, arena, &there, reterr))
        return false;
    return there || dw_store_write(store, add_first, &connection, reterr);
}

static bool delete_connection(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_slice *id = user;

    if (!dw_sql_run(connection,
                    "DELETE FROM user WHERE connection = (SELECT name FROM connection"
                    " WHERE id = ?)",
                    DW_SQL_ARGS(dw_sql_text(*id)), reterr) ||
        !dw_sql_run(connection, "DELETE FROM connection WHERE id = ?",
                    DW_SQL_ARGS(dw_sql_text(*id)), reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no such connection");
}

bool dw_store_delete_connection(struct dw_store *store, struct dw_slice id, struct dw_error *reterr)
{
    return dw_store_write(store, delete_connection, &id, reterr);
}

bool dw_store_connections(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                          struct dw_connection_record **ret_connections, size_t *ret_count,
                          int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {&connection_table,
                                            SELECT "ORDER BY created_at, id LIMIT ? OFFSET ?",
                                            "SELECT count(*) FROM connection"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_connections, ret_count,
                              ret_total, reterr) &&
           read_clients(store, *ret_connections, *ret_count, arena, reterr);
}

bool dw_store_enable_connection(struct dw_store *store, struct dw_slice id,
                                struct dw_slice client_id, bool is_enabled, struct dw_error *reterr)
{
    if (is_enabled)
        return dw_store_write_sql(store,
                                  "INSERT INTO connection_client (connection_id, client_id)"
                                  " VALUES (?, ?) ON CONFLICT DO NOTHING",
                                  DW_SQL_ARGS(dw_sql_text(id), dw_sql_text(client_id)), NULL,
                                  reterr);
    return dw_store_write_sql(store,
                              "DELETE FROM connection_client"
                              " WHERE connection_id = ? AND client_id = ?",
                              DW_SQL_ARGS(dw_sql_text(id), dw_sql_text(client_id)), NULL, reterr);
}

bool dw_store_connections_of_client(struct dw_store *store, struct dw_slice client_id,
                                    bool is_first_party, struct dw_arena *arena,
                                    struct dw_connection_record **ret_connections,
                                    size_t *ret_count, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &connection_table,
        SELECT "WHERE is_active AND CASE WHEN ? THEN id IN (SELECT connection_id"
               " FROM connection_client WHERE client_id = ?) ELSE is_domain_connection END"
               " ORDER BY created_at, id LIMIT ? OFFSET ?",
        NULL};

    return dw_store_read_page(
               store, &list, DW_SQL_ARGS(dw_sql_int(is_first_party), dw_sql_text(client_id)),
               (struct dw_page){0}, arena, ret_connections, ret_count, NULL, reterr) &&
           read_clients(store, *ret_connections, *ret_count, arena, reterr);
}

bool dw_store_is_client_served(struct dw_store *store, struct dw_slice client_id,
                               bool is_first_party, struct dw_slice name, bool *ret_is_served,
                               struct dw_error *reterr)
{
    return dw_store_read_bool(
        store,
        "SELECT EXISTS (SELECT 1 FROM connection WHERE is_active"
        " AND ?3 IN ('', name) AND CASE WHEN ?1 THEN EXISTS (SELECT 1"
        " FROM connection_client WHERE connection_id = connection.id"
        " AND client_id = ?2) ELSE is_domain_connection END)",
        DW_SQL_ARGS(dw_sql_int(is_first_party), dw_sql_text(client_id), dw_sql_text(name)),
        ret_is_served, reterr);
}
