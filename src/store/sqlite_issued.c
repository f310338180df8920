/* Opaque access tokens, and families whose access tokens are dead. */
#include "store/issued_tokens.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_opaque_token
#define OPAQUE(first, next)                                                                        \
    first(BLOB, token_digest, token_digest) next(TEXT, client_id, client_id)                       \
        next(TEXT, user_id, user_id) next(TEXT, session_id, session_id)                            \
            next(TEXT, organization, organization) next(TEXT, family_id, family_id)                \
                next(LIST, scopes, scopes) next(TEXT, dpop_jkt, dpop_jkt)                          \
                    next(INT, created_at, created_at_s) next(INT, expires_at, expires_at_s)

static const struct dw_sql_column opaque_columns[] = DW_SQL_COLUMNS(OPAQUE);
static const struct dw_sql_table opaque_table = DW_SQL_TABLE("an opaque token", opaque_columns);
#undef ROW

bool dw_store_add_opaque_token(struct dw_store *store, const struct dw_opaque_token *token,
                               struct dw_error *reterr)
{
    const struct dw_sql_share share = {DW_SQL_TRIM("opaque_token"), token->user_id,
                                       DW_STORE_MAX_OPAQUE_TOKENS};

    return dw_store_write_row_of(store, DW_SQL_INSERT("opaque_token", OPAQUE), &opaque_table, token,
                                 &share, reterr);
}

bool dw_store_opaque_token(struct dw_store *store, struct dw_slice token_digest, int64_t now_s,
                           struct dw_arena *arena, struct dw_opaque_token **ret_token,
                           struct dw_error *reterr)
{
    return dw_store_read_row(
        store,
        "SELECT " DW_SQL_NAMES(OPAQUE) " FROM opaque_token"
                                       " WHERE token_digest = ? AND expires_at > ?",
        DW_SQL_ARGS(dw_sql_blob(token_digest), dw_sql_int(now_s)), &opaque_table, arena, ret_token,
        reterr);
}

bool dw_store_kill_family(struct dw_connection *connection, struct dw_slice family_id,
                          int64_t now_s, struct dw_error *reterr)
{
    return dw_sql_run(
        connection,
        "INSERT INTO dead_family (family_id, expires_at) VALUES (?, ?)"
        " ON CONFLICT (family_id) DO UPDATE SET expires_at = excluded.expires_at",
        DW_SQL_ARGS(dw_sql_text(family_id), dw_sql_int(now_s + DW_ACCESS_TOKEN_MAX_LIFETIME_S)),
        reterr);
}

#define KILL_USED(owner)                                                                           \
    "INSERT INTO dead_family (family_id, expires_at) SELECT family_id, ? FROM authorization_code"  \
    " WHERE " owner " = ? AND used_at > 0"                                                         \
    " ON CONFLICT (family_id) DO UPDATE SET expires_at = excluded.expires_at"

bool dw_store_kill_logins(struct dw_connection *connection, struct dw_slice user_id,
                          struct dw_slice client_id, int64_t now_s, struct dw_error *reterr)
{
    struct dw_sql_value ends_at = dw_sql_int(now_s + DW_ACCESS_TOKEN_MAX_LIFETIME_S);

    if (user_id.len > 0)
        return dw_sql_run(connection, KILL_USED("user_id"),
                          DW_SQL_ARGS(ends_at, dw_sql_text(user_id)), reterr);
    return dw_sql_run(connection, KILL_USED("client_id"),
                      DW_SQL_ARGS(ends_at, dw_sql_text(client_id)), reterr);
}

bool dw_store_family_is_dead(struct dw_store *store, struct dw_slice family_id, bool *ret_is_dead,
                             struct dw_error *reterr)
{
    return dw_store_read_bool(store, "SELECT count(*) FROM dead_family WHERE family_id = ?",
                              DW_SQL_ARGS(dw_sql_text(family_id)), ret_is_dead, reterr);
}

bool dw_store_refresh_token_is_current(struct dw_store *store, struct dw_slice token_digest,
                                       bool *ret_is_current, struct dw_error *reterr)
{
    return dw_store_read_bool(
        store, "SELECT count(*) FROM refresh_token WHERE token_digest = ? AND spent_at = 0",
        DW_SQL_ARGS(dw_sql_blob(token_digest)), ret_is_current, reterr);
}

bool dw_store_dead_families(struct dw_store *store, int64_t expires_at_s, int64_t limit,
                            struct dw_arena *arena, struct dw_slices *ret_ids,
                            int64_t *ret_newest_at_s, struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    /* The time first: what is noted in between comes again. */
    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_number(reader.connection, "SELECT max(expires_at) FROM dead_family",
                         DW_SQL_NO_ARGS, ret_newest_at_s, reterr) &&
           dw_sql_texts(reader.connection,
                        "SELECT family_id FROM dead_family WHERE expires_at >= ?"
                        " ORDER BY expires_at DESC LIMIT ?",
                        DW_SQL_ARGS(dw_sql_int(expires_at_s), dw_sql_int(limit)), arena, ret_ids,
                        reterr);
}
