/* The audit log. Rows are added in batches and only ever removed at the old end; triggers keep the
 * sum of their sizes, so that the limit on it costs no scan. */
#include "store/logs.h"
#include "store/sqlite_internal.h"
#include "json/json_writer.h"

#define PURGE_ROWS 2000
#define PURGE_ROUNDS 50 /* a call: 100,000 rows */

#define ROW struct dw_log_entry
#define ENTRY(first, next)                                                                         \
    first(INT, at_ms, at_ms) next(TEXT, type, type) next(TEXT, description, description)           \
        next(TEXT, connection, connection) next(TEXT, connection_id, connection_id)                \
            next(TEXT, strategy, strategy) next(TEXT, client_id, client_id)                        \
                next(TEXT, client_name, client_name) next(TEXT, user_id, user_id)                  \
                    next(TEXT, user_name, user_name) next(TEXT, organization_id, organization_id)  \
                        next(TEXT, organization_name, organization_name)                           \
                            next(TEXT, audience, audience) next(TEXT, scope, scope)                \
                                next(TEXT, ip, ip) next(TEXT, user_agent, user_agent)              \
                                    next(TEXT, hostname, hostname)                                 \
                                        next(JSON, details, details_json)

static const struct dw_sql_column entry_columns[] = DW_SQL_COLUMNS(ENTRY);
static const struct dw_sql_table entry_table = DW_SQL_TABLE("a log entry", entry_columns);

#define READ_ENTRY(first, next) ENTRY(first, next) next(INT, sequence, sequence)
static const struct dw_sql_column read_columns[] = DW_SQL_COLUMNS(READ_ENTRY);
static const struct dw_sql_table read_table = DW_SQL_TABLE("a log entry", read_columns);
#undef ROW

struct batch {
    const struct dw_log_entry *entries;
    size_t count;
};

static bool add_entries(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct batch *batch = user;

    for (size_t at = 0; at < batch->count; at++)
        if (!dw_sql_write_row(connection, DW_SQL_INSERT("log", ENTRY), &entry_table,
                              &batch->entries[at], reterr))
            return false;
    return true;
}

bool dw_store_add_log_entries(struct dw_store *store, const struct dw_log_entry *entries,
                              size_t count, struct dw_error *reterr)
{
    struct batch batch = {entries, count};

    return dw_store_write(store, add_entries, &batch, reterr);
}

/* An empty text or list, and 0, match everything. */
#define MATCHING                                                                                   \
    "SELECT " DW_SQL_NAMES(READ_ENTRY) " FROM log WHERE sequence > ?1 AND sequence < ?2"           \
                                       " AND at_ms >= ?3"                                          \
                                       " AND (?4 = '[]' OR type IN (SELECT value"                  \
                                       " FROM json_each(?4)))"                                     \
                                       " AND (?5 = '' OR user_id = ?5 OR user_name = ?5)"          \
                                       " AND (?6 = '' OR client_id = ?6)"

bool dw_store_log_entries(struct dw_store *store, const struct dw_log_query *query,
                          struct dw_arena *arena, struct dw_log_entry **ret_entries,
                          size_t *ret_count, struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&buf);
    size_t take =
        query->take > 0 && query->take < DW_STORE_MAX_PAGE ? query->take : DW_STORE_MAX_PAGE;
    struct dw_slice types;

    dw_json_write_array_start(&json);
    for (size_t at = 0; at < query->types.count; at++)
        dw_json_write_text(&json, query->types.items[at]);
    dw_json_write_array_end(&json);
    return dw_buf_finish(&buf, &types, reterr) && dw_reader_start(&reader, store, reterr) &&
           dw_sql_read_rows(
               reader.connection,
               query->is_newest_first ? MATCHING " ORDER BY sequence DESC LIMIT ?7"
                                      : MATCHING " ORDER BY sequence LIMIT ?7",
               DW_SQL_ARGS(
                   dw_sql_int(query->after_sequence),
                   dw_sql_int(query->before_sequence > 0 ? query->before_sequence : INT64_MAX),
                   dw_sql_int(query->since_ms), dw_sql_text(types), dw_sql_text(query->user),
                   dw_sql_text(query->client_id), dw_sql_int((int64_t)take)),
               &read_table, arena, ret_entries, ret_count, reterr);
}

struct purge {
    int64_t before_ms, max_bytes, removed;
};

#define OLDEST " FROM (SELECT sequence, at_ms FROM log ORDER BY sequence LIMIT ?1)"

static bool purge_some(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct purge *purge = user;
    int64_t bytes;

    if (!dw_sql_number(connection, "SELECT bytes FROM log_size", DW_SQL_NO_ARGS, &bytes, reterr) ||
        !dw_sql_run(connection,
                    "DELETE FROM log WHERE sequence IN (SELECT sequence" OLDEST
                    " WHERE at_ms < ?2 OR ?3)",
                    DW_SQL_ARGS(dw_sql_int(PURGE_ROWS), dw_sql_int(purge->before_ms),
                                dw_sql_int(bytes > purge->max_bytes)),
                    reterr))
        return false;
    purge->removed = dw_sql_changes(connection);
    return true;
}

bool dw_store_purge_log(struct dw_store *store, int64_t before_ms, int64_t max_bytes,
                        struct dw_error *reterr)
{
    struct purge purge = {.before_ms = before_ms, .max_bytes = max_bytes, .removed = 1};

    for (int round = 0; purge.removed > 0 && round < PURGE_ROUNDS; round++)
        if (!dw_store_write(store, purge_some, &purge, reterr))
            return false;
    return true;
}
