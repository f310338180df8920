/* Settings that are one JSON document each. */
#include "store/documents.h"
#include "store/sqlite_internal.h"

bool dw_store_document(struct dw_store *store, struct dw_slice name, struct dw_arena *arena,
                       struct dw_slice *ret_json, struct dw_error *reterr)
{
    return dw_store_read_text(store, "SELECT json FROM document WHERE name = ?",
                              DW_SQL_ARGS(dw_sql_text(name)), arena, ret_json, reterr);
}

bool dw_store_put_document(struct dw_store *store, struct dw_slice name, struct dw_slice json,
                           int64_t now_s, struct dw_error *reterr)
{
    return dw_store_write_sql(store,
                              "INSERT INTO document (name, json, updated_at, version)"
                              " SELECT ?, ?, ?, coalesce(max(version), 0) + 1 FROM document"
                              " WHERE true ON CONFLICT (name) DO UPDATE SET json = excluded.json,"
                              " updated_at = excluded.updated_at, version = excluded.version",
                              DW_SQL_ARGS(dw_sql_text(name), dw_sql_text(json), dw_sql_int(now_s)),
                              NULL, reterr);
}

bool dw_store_documents_version(struct dw_store *store, int64_t *ret_version,
                                struct dw_error *reterr)
{
    return dw_store_read_number(store, "SELECT coalesce(max(version), 0) FROM document",
                                DW_SQL_NO_ARGS, ret_version, reterr);
}
