/* APIs (resource servers) with their scopes, which are rows of their own: roles and users refer to
 * them, so that a permission of a scope that is gone cannot exist. */
#include "store/sqlite_internal.h"

#define ROW struct dw_api
#define API(first, next)                                                                           \
    first(TEXT, id, id) next(TEXT, identifier, identifier) next(TEXT, name, name)                  \
        next(INT, token_lifetime_s, token_lifetime_s) next(INT, token_lifetime_web_s,              \
                                                           token_lifetime_web_s)                   \
            next(ENUM, token_dialect, token_dialect,                                               \
                 dw_token_dialect_names) next(ALG, signing_alg, signing_alg)                       \
                next(BLOB, sealed_signing_secret,                                                  \
                     sealed_signing_secret) next(BOOL, enforces_policies, enforces_policies)       \
                    next(BOOL, allows_offline_access, allows_offline_access)                       \
                        next(BOOL, skips_consent, skips_consent) next(BOOL, is_system, is_system)  \
                            next(ENUM, user_policy, user_policy, dw_api_policy_names)              \
                                next(ENUM, client_policy, client_policy, dw_api_policy_names)      \
                                    next(INT, created_at, created_at_s)

static const struct dw_sql_column api_columns[] = DW_SQL_COLUMNS(API);
static const struct dw_sql_table api_table = DW_SQL_TABLE("an API", api_columns);
#undef ROW

#define ROW struct dw_api_scope
#define API_SCOPE(first, next) first(TEXT, value, value) next(TEXT, description, description)

static const struct dw_sql_column scope_columns[] = DW_SQL_COLUMNS(API_SCOPE);
static const struct dw_sql_table scope_table = DW_SQL_TABLE("a scope", scope_columns);
#undef ROW

static bool recall_scopes(struct dw_store *store, struct dw_api *api, struct dw_arena *arena,
                          struct dw_error *reterr)
{
    return dw_store_recall_rows(store,
                                "SELECT " DW_SQL_NAMES(API_SCOPE) " FROM api_scope WHERE api_id = ?"
                                                                  " ORDER BY position, value",
                                DW_SQL_ARGS(dw_sql_text(api->id)), &scope_table, arena,
                                &api->scopes, &api->scope_count, reterr);
}

bool dw_store_api(struct dw_store *store, struct dw_slice identifier, struct dw_arena *arena,
                  struct dw_api **ret_api, struct dw_error *reterr)
{
    return dw_store_recall_row(store, "SELECT " DW_SQL_NAMES(API) " FROM api WHERE identifier = ?",
                               DW_SQL_ARGS(dw_sql_text(identifier)), &api_table, arena, ret_api,
                               reterr) &&
           (!*ret_api || recall_scopes(store, *ret_api, arena, reterr));
}

/* Scopes that stay keep their permissions: they are changed, not made anew. Positions under 0 mark
 * those that the new list has not named yet. */
static bool put_scopes(struct dw_connection *connection, const struct dw_api *api,
                       struct dw_error *reterr)
{
    if (!dw_sql_run(connection, "UPDATE api_scope SET position = -1 WHERE api_id = ?",
                    DW_SQL_ARGS(dw_sql_text(api->id)), reterr))
        return false;
    for (size_t at = 0; at < api->scope_count; at++)
        if (!dw_sql_run(connection,
                        "INSERT INTO api_scope (api_id, value, description, position)"
                        " VALUES (?, ?, ?, ?) ON CONFLICT (api_id, value) DO UPDATE"
                        " SET description = excluded.description, position = excluded.position",
                        DW_SQL_ARGS(dw_sql_text(api->id), dw_sql_text(api->scopes[at].value),
                                    dw_sql_text(api->scopes[at].description),
                                    dw_sql_int((int64_t)at)),
                        reterr))
            return false;
    return dw_sql_run(connection, "DELETE FROM api_scope WHERE api_id = ? AND position < 0",
                      DW_SQL_ARGS(dw_sql_text(api->id)), reterr);
}

static bool put_api(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_api *const *api = user;

    return dw_sql_write_row(
               connection,
               DW_SQL_INSERT("api", API) " ON CONFLICT (id) DO UPDATE SET " DW_SQL_SETS(API),
               &api_table, *api, reterr) &&
           put_scopes(connection, *api, reterr);
}

bool dw_store_put_api(struct dw_store *store, const struct dw_api *api, struct dw_error *reterr)
{
    if (api->scope_count > DW_SCOPES_MAX)
        return dw_fail(reterr, DW_TOO_LARGE, "an API has at most %d scopes", DW_SCOPES_MAX);
    return dw_store_write(store, put_api, &api, reterr);
}

bool dw_store_delete_api(struct dw_store *store, struct dw_slice id, struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM api WHERE id = ?", DW_SQL_ARGS(dw_sql_text(id)),
                              "API", reterr);
}

bool dw_store_apis(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                   struct dw_api **ret_apis, size_t *ret_count, int64_t *ret_total,
                   struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &api_table,
        "SELECT " DW_SQL_NAMES(API) " FROM api ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM api"};

    if (!dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_apis, ret_count,
                            ret_total, reterr))
        return false;
    for (size_t at = 0; at < *ret_count; at++)
        if (!recall_scopes(store, *ret_apis + at, arena, reterr))
            return false;
    return true;
}
