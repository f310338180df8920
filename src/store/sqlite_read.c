/* Reads that are one statement: on a reader of the store, which is back in the pool when they
 * return. */
#include "store/sqlite_internal.h"

bool dw_store_read_row(struct dw_store *store, const char *sql, struct dw_sql_args args,
                       const struct dw_sql_table *table, struct dw_arena *arena, void *ret_record,
                       struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_read_row(reader.connection, sql, args, table, arena, ret_record, reterr);
}

bool dw_store_read_rows(struct dw_store *store, const char *sql, struct dw_sql_args args,
                        const struct dw_sql_table *table, struct dw_arena *arena, void *ret_records,
                        size_t *ret_count, struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_read_rows(reader.connection, sql, args, table, arena, ret_records, ret_count,
                            reterr);
}

bool dw_store_read_number(struct dw_store *store, const char *sql, struct dw_sql_args args,
                          int64_t *ret_number, struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_number(reader.connection, sql, args, ret_number, reterr);
}

bool dw_store_read_bool(struct dw_store *store, const char *sql, struct dw_sql_args args,
                        bool *ret_is_true, struct dw_error *reterr)
{
    int64_t number;

    if (!dw_store_read_number(store, sql, args, &number, reterr))
        return false;
    *ret_is_true = number > 0;
    return true;
}

bool dw_store_read_texts(struct dw_store *store, const char *sql, struct dw_sql_args args,
                         struct dw_arena *arena, struct dw_slices *ret_texts,
                         struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_texts(reader.connection, sql, args, arena, ret_texts, reterr);
}

bool dw_store_read_text(struct dw_store *store, const char *sql, struct dw_sql_args args,
                        struct dw_arena *arena, struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_slices texts = {0};

    if (!dw_store_read_texts(store, sql, args, arena, &texts, reterr))
        return false;
    *ret_text = texts.count > 0 ? texts.items[0] : DW_EMPTY;
    return true;
}

bool dw_store_read_page(struct dw_store *store, const struct dw_sql_list *list,
                        struct dw_sql_args args, struct dw_page page, struct dw_arena *arena,
                        void *ret_records, size_t *ret_count, int64_t *ret_total,
                        struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};
    struct dw_sql_value values[DW_SQL_LIST_MAX_ARGS + 2];
    size_t take = page.take && page.take < DW_STORE_MAX_PAGE ? page.take : DW_STORE_MAX_PAGE;

    if (args.count > DW_SQL_LIST_MAX_ARGS)
        return dw_fail(reterr, DW_INTERNAL, "more arguments than DW_SQL_LIST_MAX_ARGS");
    for (size_t at = 0; at < args.count; at++)
        values[at] = args.items[at];
    values[args.count] = dw_sql_int((int64_t)take);
    values[args.count + 1] = dw_sql_int(page.skip > INT64_MAX ? INT64_MAX : (int64_t)page.skip);
    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_read_rows(reader.connection, list->rows_sql,
                            (struct dw_sql_args){values, args.count + 2}, list->table, arena,
                            ret_records, ret_count, reterr) &&
           (!ret_total ||
            dw_sql_number(reader.connection, list->total_sql, args, ret_total, reterr));
}
