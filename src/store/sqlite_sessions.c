/* The login sessions of browsers: found by their cookies, listed and ended by operators. */
#include "store/sessions.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_login_session
#define SESSION(first, next)                                                                       \
    first(BLOB, id_digest, id_digest) next(TEXT, id, id) next(TEXT, user_id, user_id)              \
        next(INT, created_at, created_at_s) next(INT, authenticated_at, authenticated_at_s)        \
            next(INT, last_seen_at, last_seen_at_s) next(INT, idle_expires_at, idle_expires_at_s)  \
                next(INT, expires_at, expires_at_s) next(TEXT, ip, ip)                             \
                    next(TEXT, user_agent, user_agent) next(INT, mfa_at, mfa_at_s)

static const struct dw_sql_column session_columns[] = DW_SQL_COLUMNS(SESSION);
static const struct dw_sql_table session_table = DW_SQL_TABLE("a login session", session_columns);
#undef ROW

bool dw_store_add_session(struct dw_store *store, const struct dw_login_session *session,
                          struct dw_error *reterr)
{
    /* A login with a password alone begins one, before the second factor. */
    const struct dw_sql_share share = {
        DW_SQL_TRIM_BY("login_session",
                       "rowid = last_insert_rowid() DESC, mfa_at > 0 DESC, rowid DESC"),
        session->user_id, DW_STORE_MAX_SESSIONS};

    return dw_store_write_row_of(store, DW_SQL_INSERT("login_session", SESSION), &session_table,
                                 session, &share, reterr);
}

bool dw_store_session(struct dw_store *store, struct dw_slice id_digest, int64_t now_s,
                      struct dw_arena *arena, struct dw_login_session **ret_session,
                      struct dw_error *reterr)
{
    return dw_store_read_row(
        store,
        "SELECT " DW_SQL_NAMES(
            SESSION) " FROM login_session"
                     " WHERE id_digest = ?1 AND expires_at > ?2 AND idle_expires_at > ?2",
        DW_SQL_ARGS(dw_sql_blob(id_digest), dw_sql_int(now_s)), &session_table, arena, ret_session,
        reterr);
}

bool dw_store_update_session(struct dw_store *store, struct dw_slice old_id_digest,
                             const struct dw_login_session *session, struct dw_error *reterr)
{
    return dw_store_write_sql(
        store,
        "UPDATE login_session SET id_digest = ?, authenticated_at = ?, mfa_at = ?,"
        " last_seen_at = ?,"
        " idle_expires_at = ?, expires_at = ?, ip = ?, user_agent = ?"
        " WHERE id_digest = ? AND user_id = ?",
        DW_SQL_ARGS(dw_sql_blob(session->id_digest), dw_sql_int(session->authenticated_at_s),
                    dw_sql_int(session->mfa_at_s), dw_sql_int(session->last_seen_at_s),
                    dw_sql_int(session->idle_expires_at_s), dw_sql_int(session->expires_at_s),
                    dw_sql_text(session->ip), dw_sql_text(session->user_agent),
                    dw_sql_blob(old_id_digest), dw_sql_text(session->user_id)),
        "login session", reterr);
}

bool dw_store_delete_session(struct dw_store *store, struct dw_slice id_digest,
                             struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM login_session WHERE id_digest = ?",
                              DW_SQL_ARGS(dw_sql_blob(id_digest)), NULL, reterr);
}

bool dw_store_delete_sessions_of(struct dw_store *store, struct dw_slice user_id,
                                 struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM login_session WHERE user_id = ?",
                              DW_SQL_ARGS(dw_sql_text(user_id)), NULL, reterr);
}

bool dw_store_sessions(struct dw_store *store, struct dw_slice user_id, int64_t now_s,
                       struct dw_page page, struct dw_arena *arena,
                       struct dw_login_session **ret_sessions, size_t *ret_count,
                       int64_t *ret_total, struct dw_error *reterr)
{
#define LIVING                                                                                     \
    " FROM login_session WHERE ?1 IN ('', user_id) AND expires_at > ?2 AND idle_expires_at > ?2"
    static const struct dw_sql_list list = {&session_table,
                                            "SELECT " DW_SQL_NAMES(SESSION) LIVING
                                            " ORDER BY created_at, id LIMIT ?3 OFFSET ?4",
                                            "SELECT count(*)" LIVING};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(user_id), dw_sql_int(now_s)),
                              page, arena, ret_sessions, ret_count, ret_total, reterr);
#undef LIVING
}

struct end_session {
    struct dw_slice id;
    bool with_refresh_tokens;
    int64_t now_s;
};

static bool end_session(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct end_session *end = user;

    if (end->with_refresh_tokens &&
        !dw_sql_run(connection,
                    "UPDATE refresh_family SET revoked_at = ?1 WHERE session_id = ?2"
                    " AND user_id = (SELECT user_id FROM login_session WHERE id = ?2)"
                    " AND revoked_at = 0",
                    DW_SQL_ARGS(dw_sql_int(end->now_s), dw_sql_text(end->id)), reterr))
        return false;
    return dw_sql_run(connection, "DELETE FROM login_session WHERE id = ?",
                      DW_SQL_ARGS(dw_sql_text(end->id)), reterr) &&
           (dw_sql_changes(connection) > 0 ||
            dw_fail(reterr, DW_NOT_FOUND, "there is no such login session"));
}

bool dw_store_end_session(struct dw_store *store, struct dw_slice id, bool with_refresh_tokens,
                          int64_t now_s, struct dw_error *reterr)
{
    struct end_session end = {id, with_refresh_tokens, now_s};

    return dw_store_write(store, end_session, &end, reterr);
}
