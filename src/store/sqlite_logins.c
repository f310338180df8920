/* What lives while somebody logs in: authorization requests and authorization codes. */
#include "store/sqlite_internal.h"

#define ROW struct dw_authorization_request
/* clang-format off */
#define REQUEST(first, next) \
    first(BLOB, id_digest, id_digest) \
    next(TEXT, client_id, client_id) \
    next(TEXT, redirect_uri, redirect_uri) \
    next(BOOL, has_redirect_uri, has_redirect_uri) \
    next(ENUM, response_mode, response_mode, dw_response_mode_names) \
    next(LIST, scopes, scopes) \
    next(TEXT, audience, audience) \
    next(TEXT, oauth_state, oauth_state) \
    next(BOOL, has_state, has_state) \
    next(TEXT, oidc_nonce, oidc_nonce) \
    next(TEXT, code_challenge, code_challenge) \
    next(BOOL, prompts_none, prompts_none) \
    next(BOOL, prompts_login, prompts_login) \
    next(BOOL, prompts_consent, prompts_consent) \
    next(BOOL, prompts_select_account, prompts_select_account) \
    next(INT, max_age_s, max_age_s) \
    next(TEXT, login_hint, login_hint) \
    next(TEXT, ui_locales, ui_locales) \
    next(TEXT, organization, organization) \
    next(BLOB, csrf_digest, csrf_digest) \
    next(TEXT, user_id, user_id) \
    next(TEXT, session_id, session_id) \
    next(INT, authenticated_at, authenticated_at_s) \
    next(INT, created_at, created_at_s) \
    next(INT, expires_at, expires_at_s) \
    next(TEXT, dpop_jkt, dpop_jkt) \
    next(TEXT, decoupled_id, decoupled_id) \
    next(BOOL, is_confirmed, is_confirmed) \
    next(BOOL, wants_mfa, wants_mfa) \
    next(INT, mfa_at, mfa_at_s) \
    next(TEXT, invitation_id, invitation_id) \
    next(TEXT, connection, connection) \
    next(TEXT, signup_user_id, signup_user_id) \
    next(TEXT, signup_email, signup_email)
/* clang-format on */

static const struct dw_sql_column request_columns[] = DW_SQL_COLUMNS(REQUEST);
static const struct dw_sql_table request_table =
    DW_SQL_TABLE("an authorization request", request_columns);
#undef ROW

#define ROW struct dw_authorization_code
#define CODE(first, next)                                                                          \
    first(BLOB, code_digest, code_digest) next(TEXT, client_id, client_id)                         \
        next(TEXT, user_id, user_id) next(TEXT, session_id, session_id)                            \
            next(TEXT, family_id, family_id) next(TEXT, redirect_uri, redirect_uri)                \
                next(BOOL, has_redirect_uri, has_redirect_uri)                                     \
                    next(TEXT, code_challenge, code_challenge) next(LIST, scopes, scopes)          \
                        next(TEXT, audience, audience) next(TEXT, oidc_nonce, oidc_nonce)          \
                            next(TEXT, organization, organization) next(INT, max_age_s, max_age_s) \
                                next(INT, authenticated_at, authenticated_at_s)                    \
                                    next(INT, created_at, created_at_s)                            \
                                        next(INT, expires_at, expires_at_s)                        \
                                            next(INT, used_at, used_at_s)                          \
                                                next(TEXT, dpop_jkt, dpop_jkt)                     \
                                                    next(INT, mfa_at, mfa_at_s)

static const struct dw_sql_column code_columns[] = DW_SQL_COLUMNS(CODE);
static const struct dw_sql_table code_table = DW_SQL_TABLE("an authorization code", code_columns);
#undef ROW

/* --- authorization requests ------------------------------------------------------------------- */

#define SELECT_REQUEST                                                                             \
    "SELECT " DW_SQL_NAMES(REQUEST) " FROM authorization_request"                                  \
                                    " WHERE id_digest = ? AND expires_at > ?"

bool dw_store_add_authorization_request(struct dw_store *store,
                                        const struct dw_authorization_request *request,
                                        struct dw_error *reterr)
{
    return dw_store_write_row(store, DW_SQL_INSERT("authorization_request", REQUEST),
                              &request_table, request, reterr);
}

bool dw_store_authorization_request(struct dw_store *store, struct dw_slice id_digest,
                                    int64_t now_s, struct dw_arena *arena,
                                    struct dw_authorization_request **ret_request,
                                    struct dw_error *reterr)
{
    return dw_store_read_row(store, SELECT_REQUEST,
                             DW_SQL_ARGS(dw_sql_blob(id_digest), dw_sql_int(now_s)), &request_table,
                             arena, ret_request, reterr);
}

static bool update_request(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_authorization_request *const *request = user;
    int64_t exists;

    if (!dw_sql_number(connection, "SELECT count(*) FROM authorization_request WHERE id_digest = ?",
                       DW_SQL_ARGS(dw_sql_blob((*request)->id_digest)), &exists, reterr))
        return false;
    if (!exists)
        return dw_fail(reterr, DW_NOT_FOUND, "this login has ended already");
    return dw_sql_write_row(
        connection,
        DW_SQL_INSERT("authorization_request",
                      REQUEST) " ON CONFLICT (id_digest) DO UPDATE SET " DW_SQL_SETS(REQUEST),
        &request_table, *request, reterr);
}

bool dw_store_update_authorization_request(struct dw_store *store,
                                           const struct dw_authorization_request *request,
                                           struct dw_error *reterr)
{
    return dw_store_write(store, update_request, &request, reterr);
}

struct take_request {
    struct dw_slice id_digest;
    int64_t now_s;
    struct dw_arena *arena;
    struct dw_authorization_request *request;
};

static bool take_request(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_request *take = user;

    return dw_sql_read_row(connection, SELECT_REQUEST,
                           DW_SQL_ARGS(dw_sql_blob(take->id_digest), dw_sql_int(take->now_s)),
                           &request_table, take->arena, &take->request, reterr) &&
           dw_sql_run(connection, "DELETE FROM authorization_request WHERE id_digest = ?",
                      DW_SQL_ARGS(dw_sql_blob(take->id_digest)), reterr);
}

bool dw_store_take_authorization_request(struct dw_store *store, struct dw_slice id_digest,
                                         int64_t now_s, struct dw_arena *arena,
                                         struct dw_authorization_request **ret_request,
                                         struct dw_error *reterr)
{
    struct take_request take = {id_digest, now_s, arena, NULL};

    if (!dw_store_write(store, take_request, &take, reterr))
        return false;
    *ret_request = take.request;
    return true;
}

/* --- authorization codes ---------------------------------------------------------------------- */

bool dw_store_add_authorization_code(struct dw_store *store,
                                     const struct dw_authorization_code *code,
                                     struct dw_error *reterr)
{
    const struct dw_sql_share share = {DW_SQL_TRIM("authorization_code"), code->user_id,
                                       DW_STORE_MAX_CODES};

    return dw_store_write_row_of(store, DW_SQL_INSERT("authorization_code", CODE), &code_table,
                                 code, &share, reterr);
}

struct take_code {
    struct dw_slice code_digest;
    struct dw_slice client_id;
    int64_t now_s;
    struct dw_arena *arena;
    struct dw_authorization_code *code;
    bool was_used;
};

/* RFC 6749 4.1.2 SHOULD: a code that comes twice revokes what it has given. */
static bool note_replay(struct dw_connection *connection, const struct take_code *take,
                        struct dw_error *reterr)
{
    return dw_sql_run(
               connection, "UPDATE authorization_code SET replayed_at = ? WHERE code_digest = ?",
               DW_SQL_ARGS(dw_sql_int(take->now_s), dw_sql_blob(take->code_digest)), reterr) &&
           dw_sql_run(connection,
                      "UPDATE refresh_family SET revoked_at = ? WHERE id = ? AND revoked_at = 0",
                      DW_SQL_ARGS(dw_sql_int(take->now_s), dw_sql_text(take->code->family_id)),
                      reterr) &&
           dw_store_kill_family(connection, take->code->family_id, take->now_s, reterr);
}

static bool take_code(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_code *take = user;

    if (!dw_sql_read_row(
            connection,
            "SELECT " DW_SQL_NAMES(CODE) " FROM authorization_code WHERE code_digest = ?",
            DW_SQL_ARGS(dw_sql_blob(take->code_digest)), &code_table, take->arena, &take->code,
            reterr))
        return false;
    if (take->code && !dw_slice_eq(take->code->client_id, take->client_id))
        take->code = NULL; /* not to be spent, and nothing to be revoked, by who may not have it */
    if (!take->code)
        return true;
    take->was_used = take->code->used_at_s != 0;
    if (take->was_used)
        return note_replay(connection, take, reterr);
    return dw_sql_run(connection, "UPDATE authorization_code SET used_at = ? WHERE code_digest = ?",
                      DW_SQL_ARGS(dw_sql_int(take->now_s), dw_sql_blob(take->code_digest)), reterr);
}

bool dw_store_take_authorization_code(struct dw_store *store, struct dw_slice code_digest,
                                      struct dw_slice client_id, int64_t now_s,
                                      struct dw_arena *arena,
                                      struct dw_authorization_code **ret_code, bool *ret_was_used,
                                      struct dw_error *reterr)
{
    struct take_code take = {
        .code_digest = code_digest, .client_id = client_id, .now_s = now_s, .arena = arena};

    if (!dw_store_write(store, take_code, &take, reterr))
        return false;
    *ret_code = take.code;
    *ret_was_used = take.was_used;
    return true;
}
