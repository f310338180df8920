/* Requests that wait for a user on another device, and pushed authorization requests. The rules are
 * in oauth/decoupled.c; here they are asked and obeyed in one transaction. */
#include "store/decoupled.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_decoupled_request
#define DECOUPLED(first, next)                                                                     \
    first(TEXT, id, id) next(ENUM, kind, kind, dw_decoupled_kind_names)                            \
        next(BLOB, poll_digest, poll_digest) next(BLOB, approval_digest, approval_digest)          \
            next(TEXT, client_id, client_id) next(LIST, scopes, scopes)                            \
                next(TEXT, audience, audience) next(TEXT, binding_message, binding_message)        \
                    next(ENUM, phase, phase, dw_decoupled_phase_names)                             \
                        next(TEXT, user_id, user_id) next(TEXT, session_id, session_id)            \
                            next(TEXT, organization, organization) next(LIST, granted, granted)    \
                                next(TEXT, family_id, family_id)                                   \
                                    next(INT, authenticated_at, authenticated_at_s)                \
                                        next(INT, created_at, created_at_s)                        \
                                            next(INT, expires_at, expires_at_s)                    \
                                                next(INT, last_polled_at, last_polled_at_s)        \
                                                    next(INT, mfa_at, mfa_at_s)

static const struct dw_sql_column decoupled_columns[] = DW_SQL_COLUMNS(DECOUPLED);
static const struct dw_sql_table decoupled_table =
    DW_SQL_TABLE("a decoupled request", decoupled_columns);
#undef ROW

#define ROW struct dw_pushed_request
#define PUSHED(first, next)                                                                        \
    first(BLOB, uri_digest, uri_digest) next(TEXT, client_id, client_id)                           \
        next(TEXT, parameters, parameters) next(INT, expires_at, expires_at_s)

static const struct dw_sql_column pushed_columns[] = DW_SQL_COLUMNS(PUSHED);
static const struct dw_sql_table pushed_table = DW_SQL_TABLE("a pushed request", pushed_columns);
#undef ROW

#define SELECT_DECOUPLED "SELECT " DW_SQL_NAMES(DECOUPLED) " FROM decoupled_request WHERE "

static struct dw_sql_value kind_value(enum dw_decoupled_kind kind)
{
    return dw_sql_text(dw_slice_from_text(dw_decoupled_kind_names[kind]));
}

static struct dw_sql_value phase_value(enum dw_decoupled_phase phase)
{
    return dw_sql_text(dw_slice_from_text(dw_decoupled_phase_names[phase]));
}

bool dw_store_add_decoupled(struct dw_store *store, const struct dw_decoupled_request *request,
                            struct dw_error *reterr)
{
    return dw_store_write_row(store, DW_SQL_INSERT("decoupled_request", DECOUPLED),
                              &decoupled_table, request, reterr);
}

bool dw_store_decoupled_by_approval(struct dw_store *store, enum dw_decoupled_kind kind,
                                    struct dw_slice approval_digest, int64_t now_s,
                                    struct dw_arena *arena,
                                    struct dw_decoupled_request **ret_request,
                                    struct dw_error *reterr)
{
    return dw_store_read_row(
        store,
        SELECT_DECOUPLED
        "approval_digest = ? AND kind = ? AND phase = 'pending' AND expires_at > ?",
        DW_SQL_ARGS(dw_sql_blob(approval_digest), kind_value(kind), dw_sql_int(now_s)),
        &decoupled_table, arena, ret_request, reterr);
}

bool dw_store_decoupled(struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
                        struct dw_decoupled_request **ret_request, struct dw_error *reterr)
{
    return dw_store_read_row(store, SELECT_DECOUPLED "id = ?", DW_SQL_ARGS(dw_sql_text(id)),
                             &decoupled_table, arena, ret_request, reterr);
}

struct decide {
    const struct dw_decoupled_request *decided;
    int64_t now_s;
};

static bool decide(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct decide *call = user;
    int64_t is_open;

    if (!dw_sql_number(connection,
                       "SELECT count(*) FROM decoupled_request"
                       " WHERE id = ? AND phase = 'pending' AND expires_at > ?",
                       DW_SQL_ARGS(dw_sql_text(call->decided->id), dw_sql_int(call->now_s)),
                       &is_open, reterr))
        return false;
    if (!is_open)
        return dw_fail(reterr, DW_CONFLICT,
                       "this request has been answered already, or has expired");
    /* What only a poll changes stays as it is in the table. */
    return dw_sql_write_row(
        connection,
        DW_SQL_INSERT(
            "decoupled_request",
            DECOUPLED) " ON CONFLICT (id) DO UPDATE SET"
                       " phase = excluded.phase, user_id = excluded.user_id, session_id = "
                       "excluded.session_id,"
                       " organization = excluded.organization, granted = excluded.granted,"
                       " family_id = excluded.family_id, authenticated_at = "
                       "excluded.authenticated_at, mfa_at = excluded.mfa_at",
        &decoupled_table, call->decided, reterr);
}

bool dw_store_decide_decoupled(struct dw_store *store, const struct dw_decoupled_request *decided,
                               int64_t now_s, struct dw_error *reterr)
{
    struct decide call = {decided, now_s};

    return dw_store_write(store, decide, &call, reterr);
}

struct poll {
    enum dw_decoupled_kind kind;
    struct dw_slice poll_digest, client_id;
    int64_t now_s;
    struct dw_arena *arena;
    struct dw_decoupled_request *request;
    enum dw_decoupled_verdict verdict;
};

static bool apply_verdict(struct dw_connection *connection, const struct poll *call,
                          struct dw_error *reterr)
{
    struct dw_slice id = call->request ? call->request->id : DW_EMPTY;

    switch (call->verdict) {
    case DW_DECOUPLED_GIVE:
        return dw_sql_run(connection, "UPDATE decoupled_request SET phase = ? WHERE id = ?",
                          DW_SQL_ARGS(phase_value(DW_DECOUPLED_USED), dw_sql_text(id)), reterr);
    case DW_DECOUPLED_WAIT:
    case DW_DECOUPLED_SLOW_DOWN:
        return dw_sql_run(connection,
                          "UPDATE decoupled_request SET last_polled_at = ? WHERE id = ?",
                          DW_SQL_ARGS(dw_sql_int(call->now_s), dw_sql_text(id)), reterr);
    case DW_DECOUPLED_UNKNOWN:
    case DW_DECOUPLED_REFUSED:
    case DW_DECOUPLED_EXPIRED:
    default:
        return true;
    }
}

static bool poll(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct poll *call = user;

    if (!dw_sql_read_row(connection, SELECT_DECOUPLED "poll_digest = ?",
                         DW_SQL_ARGS(dw_sql_blob(call->poll_digest)), &decoupled_table, call->arena,
                         &call->request, reterr))
        return false;
    call->verdict = dw_decoupled_judge(call->request, call->kind, call->client_id, call->now_s);
    return apply_verdict(connection, call, reterr);
}

bool dw_store_poll_decoupled(struct dw_store *store, enum dw_decoupled_kind kind,
                             struct dw_slice poll_digest, struct dw_slice client_id, int64_t now_s,
                             struct dw_arena *arena, enum dw_decoupled_verdict *ret_verdict,
                             struct dw_decoupled_request **ret_request, struct dw_error *reterr)
{
    struct poll call = {.kind = kind,
                        .poll_digest = poll_digest,
                        .client_id = client_id,
                        .now_s = now_s,
                        .arena = arena};

    if (!dw_store_write(store, poll, &call, reterr))
        return false;
    *ret_verdict = call.verdict;
    *ret_request = call.request;
    return true;
}

bool dw_store_decoupled_list(struct dw_store *store, enum dw_decoupled_kind kind,
                             struct dw_page page, struct dw_arena *arena,
                             struct dw_decoupled_request **ret_requests, size_t *ret_count,
                             int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &decoupled_table, SELECT_DECOUPLED "kind = ? ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM decoupled_request WHERE kind = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(kind_value(kind)), page, arena,
                              ret_requests, ret_count, ret_total, reterr);
}

/* --- pushed authorization requests ------------------------------------------------------------ */

bool dw_store_add_pushed_request(struct dw_store *store, const struct dw_pushed_request *request,
                                 struct dw_error *reterr)
{
    return dw_store_write_row(store, DW_SQL_INSERT("pushed_request", PUSHED), &pushed_table,
                              request, reterr);
}

struct take_pushed {
    struct dw_slice uri_digest, client_id;
    int64_t now_s;
    struct dw_arena *arena;
    struct dw_pushed_request *request;
};

static bool take_pushed(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_pushed *take = user;

    return dw_sql_read_row(connection,
                           "SELECT " DW_SQL_NAMES(
                               PUSHED) " FROM pushed_request"
                                       " WHERE uri_digest = ? AND client_id = ? AND expires_at > ?",
                           DW_SQL_ARGS(dw_sql_blob(take->uri_digest), dw_sql_text(take->client_id),
                                       dw_sql_int(take->now_s)),
                           &pushed_table, take->arena, &take->request, reterr) &&
           (!take->request ||
            dw_sql_run(connection, "DELETE FROM pushed_request WHERE uri_digest = ?",
                       DW_SQL_ARGS(dw_sql_blob(take->uri_digest)), reterr));
}

bool dw_store_take_pushed_request(struct dw_store *store, struct dw_slice uri_digest,
                                  struct dw_slice client_id, int64_t now_s, struct dw_arena *arena,
                                  struct dw_pushed_request **ret_request, struct dw_error *reterr)
{
    struct take_pushed take = {uri_digest, client_id, now_s, arena, NULL};

    if (!dw_store_write(store, take_pushed, &take, reterr))
        return false;
    *ret_request = take.request;
    return true;
}
