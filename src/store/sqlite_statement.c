/* Statements: prepared once a connection, bound, stepped, and always reset. And records as rows, by
 * tables of columns. */
#include "store/sqlite_internal.h"
#include "json/json_writer.h"

#define MAX_LIST_BYTES (256 * 1024)

/* --- one statement ---------------------------------------------------------------------------- */

/* Ends the read transaction, and lets go of what the caller lent. */
static void finish(sqlite3_stmt **statement)
{
    if (!*statement)
        return;
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
}

static bool prepare(struct dw_connection *connection, const char *sql, sqlite3_stmt **ret_statement,
                    struct dw_error *reterr)
{
    size_t slot = ((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 32;

    for (size_t tried = 0; tried < DW_STATEMENT_SLOTS; tried++, slot++) {
        slot &= DW_STATEMENT_SLOTS - 1;
        if (connection->statements[slot].sql == sql) {
            *ret_statement = connection->statements[slot].statement;
            return true;
        }
        if (connection->statements[slot].sql)
            continue;
        if (sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement,
                               NULL) != SQLITE_OK)
            return dw_sqlite_fail(connection, "preparing a statement", reterr);
        connection->statements[slot].sql = sql;
        connection->statements[slot].statement = *ret_statement;
        return true;
    }
    return dw_fail(reterr, DW_INTERNAL, "more statements than DW_STATEMENT_SLOTS");
}

static int bind(sqlite3_stmt *statement, int index, const struct dw_sql_value *value)
{
    const char *bytes = value->bytes.ptr ? value->bytes.ptr : "";

    switch (value->kind) {
    case DW_VALUE_INT:
        return sqlite3_bind_int64(statement, index, value->integer);
    case DW_VALUE_TEXT:
        return sqlite3_bind_text64(statement, index, bytes, value->bytes.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case DW_VALUE_BLOB:
        return sqlite3_bind_blob64(statement, index, bytes, value->bytes.len, SQLITE_STATIC);
    case DW_VALUE_NULL:
    default:
        return sqlite3_bind_null(statement, index);
    }
}

static bool start(struct dw_connection *connection, const char *sql, struct dw_sql_args args,
                  sqlite3_stmt **ret_statement, struct dw_error *reterr)
{
    if (!prepare(connection, sql, ret_statement, reterr))
        return false;
    for (size_t index = 0; index < args.count; index++)
        if (bind(*ret_statement, (int)index + 1, &args.items[index]) != SQLITE_OK)
            return dw_sqlite_fail(connection, "binding a value", reterr);
    return true;
}

/* *ret_has_row false: the end. */
static bool step(struct dw_connection *connection, sqlite3_stmt *statement, bool *ret_has_row,
                 struct dw_error *reterr)
{
    int result = sqlite3_step(statement);

    *ret_has_row = result == SQLITE_ROW;
    return result == SQLITE_ROW || result == SQLITE_DONE ||
           dw_sqlite_fail(connection, sqlite3_sql(statement), reterr);
}

static bool step_to_end(struct dw_connection *connection, sqlite3_stmt *statement,
                        struct dw_error *reterr)
{
    bool has_row = true;

    while (has_row)
        if (!step(connection, statement, &has_row, reterr))
            return false;
    return true;
}

bool dw_sql_run(struct dw_connection *connection, const char *sql, struct dw_sql_args args,
                struct dw_error *reterr)
{
    dw_auto(finish) sqlite3_stmt *statement = NULL;

    return start(connection, sql, args, &statement, reterr) &&
           step_to_end(connection, statement, reterr);
}

int64_t dw_sql_changes(const struct dw_connection *connection)
{
    return sqlite3_changes64(connection->db);
}

bool dw_sql_number(struct dw_connection *connection, const char *sql, struct dw_sql_args args,
                   int64_t *ret_number, struct dw_error *reterr)
{
    dw_auto(finish) sqlite3_stmt *statement = NULL;
    bool has_row;

    if (!start(connection, sql, args, &statement, reterr) ||
        !step(connection, statement, &has_row, reterr))
        return false;
    *ret_number = has_row ? sqlite3_column_int64(statement, 0) : 0;
    return true;
}

/* --- columns ---------------------------------------------------------------------------------- */

static bool no_memory(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool read_bytes(sqlite3_stmt *statement, int index, struct dw_arena *arena,
                       struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    const char *bytes = sqlite3_column_blob(statement, index); /* of a text: its UTF-8 */
    size_t len = (size_t)sqlite3_column_bytes(statement, index);

    if (len == 0) {
        *ret_bytes = DW_EMPTY;
        return true;
    }
    if (!bytes)
        return no_memory(reterr);
    *ret_bytes = dw_arena_copy(arena, dw_slice_from(bytes, len));
    return ret_bytes->ptr || no_memory(reterr);
}

static bool read_list(struct dw_slice json, struct dw_arena *arena, struct dw_slices *ret_list,
                      struct dw_error *reterr)
{
    const struct dw_json *document;
    struct dw_slice *items;

    *ret_list = (struct dw_slices){NULL, 0};
    if (json.len <= 2) /* "[]" */
        return true;
    if (!dw_json_parse(json, arena, &document, reterr))
        return false;
    if (document->type != DW_JSON_ARRAY)
        return dw_fail_because(reterr, DW_UNAVAILABLE, "sqlite", 0, "a list is no JSON array");
    items = dw_arena_new_array(arena, document->array.count, sizeof *items);
    if (!items)
        return no_memory(reterr);
    for (size_t at = 0; at < document->array.count; at++)
        items[at] = document->array.items[at].text;
    *ret_list = (struct dw_slices){items, document->array.count};
    return true;
}

static bool write_list(struct dw_slices list, struct dw_arena *arena, struct dw_slice *ret_json,
                       struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&buf);

    buf.limit_bytes = MAX_LIST_BYTES;
    dw_json_write_array_start(&writer);
    for (size_t at = 0; at < list.count; at++)
        dw_json_write_text(&writer, list.items[at]);
    dw_json_write_array_end(&writer);
    return dw_buf_finish(&buf, ret_json, reterr);
}

static bool read_name(struct dw_slice name, const struct dw_sql_column *column,
                      unsigned *ret_member, struct dw_error *reterr)
{
    if (column->kind == DW_SQL_ALG) {
        *ret_member = dw_jose_alg_from(name);
        if (*ret_member != DW_ALG_UNKNOWN ||
            dw_slice_eq(name, dw_slice_from_text(dw_jose_alg_name(DW_ALG_UNKNOWN))))
            return true;
    } else if (dw_enum_from(column->names, name, ret_member)) {
        return true;
    }
    return dw_fail_because(reterr, DW_UNAVAILABLE, "sqlite", 0,
                           "the database has \"%.*s\", which this version does not know",
                           DW_PRINT(name));
}

static bool read_column(sqlite3_stmt *statement, int index, const struct dw_sql_column *column,
                        struct dw_arena *arena, void *field, struct dw_error *reterr)
{
    struct dw_slice bytes;

    switch (column->kind) {
    case DW_SQL_INT:
        *(int64_t *)field = sqlite3_column_int64(statement, index);
        return true;
    case DW_SQL_BOOL:
        *(bool *)field = sqlite3_column_int64(statement, index) != 0;
        return true;
    case DW_SQL_LIST:
        return read_bytes(statement, index, arena, &bytes, reterr) &&
               read_list(bytes, arena, field, reterr);
    case DW_SQL_ENUM:
    case DW_SQL_ALG:
        return read_bytes(statement, index, arena, &bytes, reterr) &&
               read_name(bytes, column, field, reterr);
    case DW_SQL_TEXT:
    case DW_SQL_NULLABLE:
    case DW_SQL_BLOB:
    case DW_SQL_JSON:
    default:
        return read_bytes(statement, index, arena, field, reterr);
    }
}

static bool column_value(struct dw_connection *connection, const struct dw_sql_column *column,
                         const void *field, struct dw_sql_value *ret_value, struct dw_error *reterr)
{
    struct dw_slice bytes = DW_EMPTY;

    switch (column->kind) {
    case DW_SQL_INT:
        *ret_value = dw_sql_int(*(const int64_t *)field);
        return true;
    case DW_SQL_BOOL:
        *ret_value = dw_sql_int(*(const bool *)field);
        return true;
    case DW_SQL_BLOB:
        *ret_value = dw_sql_blob(*(const struct dw_slice *)field);
        return true;
    case DW_SQL_LIST:
        if (!write_list(*(const struct dw_slices *)field, connection->scratch, &bytes, reterr))
            return false;
        break;
    case DW_SQL_ENUM:
        bytes = dw_slice_from_text(column->names[*(const unsigned *)field]);
        break;
    case DW_SQL_ALG:
        bytes = dw_slice_from_text(dw_jose_alg_name(*(const enum dw_jose_alg *)field));
        break;
    case DW_SQL_JSON:
        bytes = *(const struct dw_slice *)field;
        if (bytes.len == 0)
            bytes = DW_LIT("{}");
        break;
    case DW_SQL_TEXT:
    case DW_SQL_NULLABLE:
    default:
        bytes = *(const struct dw_slice *)field;
    }
    *ret_value = dw_sql_text(bytes);
    if (column->kind == DW_SQL_NULLABLE && bytes.len == 0)
        ret_value->kind = DW_VALUE_NULL;
    return true;
}

/* --- rows ------------------------------------------------------------------------------------- */

bool dw_sql_write_row(struct dw_connection *connection, const char *sql,
                      const struct dw_sql_table *table, const void *record, struct dw_error *reterr)
{
    dw_auto(finish) sqlite3_stmt *statement = NULL;

    if (!prepare(connection, sql, &statement, reterr))
        return false;
    for (size_t index = 0; index < table->count; index++) {
        const struct dw_sql_column *column = &table->columns[index];
        struct dw_sql_value value;

        if (!column_value(connection, column, (const char *)record + column->offset, &value,
                          reterr))
            return false;
        if (bind(statement, (int)index + 1, &value) != SQLITE_OK)
            return dw_sqlite_fail(connection, table->what, reterr);
    }
    return step_to_end(connection, statement, reterr);
}

bool dw_sql_write_changes(struct dw_connection *connection, const char *sql,
                          const struct dw_sql_table *table, const void *before, const void *after,
                          struct dw_slice key, struct dw_error *reterr)
{
    const void *const records[] = {before, after, after};
    dw_auto(finish) sqlite3_stmt *statement = NULL;
    struct dw_sql_value value;
    int place = 0;

    if (!prepare(connection, sql, &statement, reterr))
        return false;
    for (size_t index = 0; index < table->count; index++)
        for (size_t at = 0; at < sizeof records / sizeof *records; at++) {
            const struct dw_sql_column *column = &table->columns[index];

            if (!column_value(connection, column, (const char *)records[at] + column->offset,
                              &value, reterr))
                return false;
            if (bind(statement, ++place, &value) != SQLITE_OK)
                return dw_sqlite_fail(connection, table->what, reterr);
        }
    value = dw_sql_text(key);
    if (bind(statement, ++place, &value) != SQLITE_OK)
        return dw_sqlite_fail(connection, table->what, reterr);
    return step_to_end(connection, statement, reterr);
}

static bool read_record(sqlite3_stmt *statement, const struct dw_sql_table *table,
                        struct dw_arena *arena, char *record, struct dw_error *reterr)
{
    for (size_t index = 0; index < table->count; index++)
        if (!read_column(statement, (int)index, &table->columns[index], arena,
                         record + table->columns[index].offset, reterr))
            return false;
    return true;
}

bool dw_sql_read_rows(struct dw_connection *connection, const char *sql, struct dw_sql_args args,
                      const struct dw_sql_table *table, struct dw_arena *arena, void *ret_records,
                      size_t *ret_count, struct dw_error *reterr)
{
    dw_auto(finish) sqlite3_stmt *statement = NULL;
    char *records = NULL;
    size_t count = 0;
    size_t room = 0;
    bool has_row;

    if (!start(connection, sql, args, &statement, reterr))
        return false;
    for (;; count++) {
        if (!step(connection, statement, &has_row, reterr))
            return false;
        if (!has_row)
            break;
        if (count == room) {
            size_t more = room ? room * 2 : 4;

            records =
                dw_arena_resize(arena, records, room * table->row_bytes, more * table->row_bytes);
            if (!records)
                return no_memory(reterr);
            memset(records + room * table->row_bytes, 0, (more - room) * table->row_bytes);
            room = more;
        }
        if (!read_record(statement, table, arena, records + count * table->row_bytes, reterr))
            return false;
    }
    *(void **)ret_records = records;
    *ret_count = count;
    return true;
}

bool dw_sql_read_row(struct dw_connection *connection, const char *sql, struct dw_sql_args args,
                     const struct dw_sql_table *table, struct dw_arena *arena, void *ret_record,
                     struct dw_error *reterr)
{
    dw_auto(finish) sqlite3_stmt *statement = NULL;
    void *record;
    bool has_row;

    *(void **)ret_record = NULL;
    if (!start(connection, sql, args, &statement, reterr) ||
        !step(connection, statement, &has_row, reterr))
        return false;
    if (!has_row)
        return true;
    record = dw_arena_new_array(arena, 1, table->row_bytes);
    if (!record)
        return no_memory(reterr);
    if (!read_record(statement, table, arena, record, reterr))
        return false;
    *(void **)ret_record = record;
    return true;
}

bool dw_sql_texts(struct dw_connection *connection, const char *sql, struct dw_sql_args args,
                  struct dw_arena *arena, struct dw_slices *ret_texts, struct dw_error *reterr)
{
    static const struct dw_sql_column column = {DW_SQL_TEXT, 0, NULL};
    static const struct dw_sql_table table = {"a list", sizeof(struct dw_slice), &column, 1};
    struct dw_slice *texts;
    size_t count;

    if (!dw_sql_read_rows(connection, sql, args, &table, arena, &texts, &count, reterr))
        return false;
    *ret_texts = (struct dw_slices){texts, count};
    return true;
}
