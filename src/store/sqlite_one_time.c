/* One-time codes and links; see one_time.h. */
#include "store/one_time.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_one_time
/* clang-format off */
#define ONE_TIME(first, next) \
    first(TEXT, purpose, purpose) \
    next(BLOB, subject_digest, subject_digest) \
    next(BLOB, code_digest, code_digest) \
    next(JSON, detail, detail_json) \
    next(INT, tries, tries) \
    next(INT, max_tries, max_tries) \
    next(INT, created_at, created_at_s) \
    next(INT, expires_at, expires_at_s)
/* clang-format on */

static const struct dw_sql_column one_time_columns[] = DW_SQL_COLUMNS(ONE_TIME);
static const struct dw_sql_table one_time_table = DW_SQL_TABLE("a one-time code", one_time_columns);
#undef ROW

#define SELECT_ONE_TIME                                                                            \
    "SELECT " DW_SQL_NAMES(ONE_TIME) " FROM one_time WHERE purpose = ? AND subject_digest = ?"

bool dw_store_put_one_time(struct dw_store *store, const struct dw_one_time *one_time,
                           struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT(
            "one_time",
            ONE_TIME) " ON CONFLICT (purpose, subject_digest) DO UPDATE SET " DW_SQL_SETS(ONE_TIME),
        &one_time_table, one_time, reterr);
}

struct use {
    struct dw_slice purpose, subject_digest, code_digest;
    int64_t now_s;
    struct dw_arena *arena;
    enum dw_one_time_verdict verdict;
    struct dw_one_time *found;
};

static enum dw_one_time_verdict judge(const struct use *use)
{
    const struct dw_one_time *found = use->found;

    if (!found)
        return DW_ONE_TIME_NONE;
    if (found->expires_at_s <= use->now_s)
        return DW_ONE_TIME_EXPIRED;
    if (found->tries >= found->max_tries)
        return DW_ONE_TIME_DEAD;
    if (dw_secret_eq(dw_secret_from(found->code_digest), dw_secret_from(use->code_digest)))
        return DW_ONE_TIME_RIGHT;
    return found->tries + 1 >= found->max_tries ? DW_ONE_TIME_DEAD : DW_ONE_TIME_WRONG;
}

static bool use_one_time(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct use *use = user;
    struct dw_sql_args key =
        DW_SQL_ARGS(dw_sql_text(use->purpose), dw_sql_blob(use->subject_digest));

    if (!dw_sql_read_row(connection, SELECT_ONE_TIME, key, &one_time_table, use->arena, &use->found,
                         reterr))
        return false;
    use->verdict = judge(use);
    if (use->verdict == DW_ONE_TIME_RIGHT)
        return dw_sql_run(connection,
                          "DELETE FROM one_time WHERE purpose = ? AND subject_digest = ?", key,
                          reterr);
    return dw_sql_run(connection,
                      "UPDATE one_time SET tries = tries + 1"
                      " WHERE purpose = ? AND subject_digest = ? AND tries < max_tries",
                      key, reterr);
}

bool dw_store_use_one_time(struct dw_store *store, struct dw_slice purpose,
                           struct dw_slice subject_digest, struct dw_slice code_digest,
                           int64_t now_s, struct dw_arena *arena,
                           enum dw_one_time_verdict *ret_verdict, struct dw_slice *ret_detail,
                           struct dw_error *reterr)
{
    struct use use = {
        .purpose = purpose,
        .subject_digest = subject_digest,
        .code_digest = code_digest,
        .now_s = now_s,
        .arena = arena,
    };

    if (!dw_store_write(store, use_one_time, &use, reterr))
        return false;
    *ret_verdict = use.verdict;
    *ret_detail = use.verdict == DW_ONE_TIME_RIGHT ? use.found->detail_json : DW_EMPTY;
    return true;
}

bool dw_store_one_time(struct dw_store *store, struct dw_slice purpose,
                       struct dw_slice subject_digest, struct dw_arena *arena,
                       struct dw_one_time **ret_one_time, struct dw_error *reterr)
{
    return dw_store_read_row(store, SELECT_ONE_TIME,
                             DW_SQL_ARGS(dw_sql_text(purpose), dw_sql_blob(subject_digest)),
                             &one_time_table, arena, ret_one_time, reterr);
}
