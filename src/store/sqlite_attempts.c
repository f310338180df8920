/* Counting failed logins and what comes too fast; see store/accounts.h. */
#include "store/accounts.h"

#include "store/sqlite_internal.h"

struct take_attempt {
    const struct dw_attempt *attempt;
    int64_t now_s;
    int64_t count;
};

/* ?3: when a block that begins now would end. ?4: now. */
#define IS_OVER "(expires_at <= ?4 OR expires_at > ?3 + " DW_SQL_WRONG_CLOCK_S ")"

/* The row of a failure in a row lives as long as a block does. */
static bool take_attempt(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_attempt *take = user;
    const struct dw_attempt *attempt = take->attempt;
    struct dw_sql_args args =
        DW_SQL_ARGS(dw_sql_text(attempt->subject), dw_sql_text(attempt->address),
                    dw_sql_int(take->now_s + attempt->block_s), dw_sql_int(take->now_s),
                    dw_sql_int(attempt->limit));

    take->count = 0;
    if (attempt->limit <= 0)
        return true;
    if (!dw_sql_run(connection,
                    "INSERT INTO attempt (subject, address, failures, expires_at)"
                    " VALUES (?1, ?2, 1, ?3) ON CONFLICT DO UPDATE SET"
                    " failures = CASE WHEN " IS_OVER " THEN 1 ELSE failures + 1 END,"
                    " expires_at = ?3 WHERE failures < ?5 OR " IS_OVER,
                    args, reterr))
        return false;
    return dw_sql_changes(connection) == 0 ||
           dw_sql_number(connection,
                         "SELECT failures FROM attempt WHERE subject = ? AND address = ?",
                         DW_SQL_ARGS(dw_sql_text(attempt->subject), dw_sql_text(attempt->address)),
                         &take->count, reterr);
}

bool dw_store_unblock(struct dw_store *store, struct dw_slice subject, struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM attempt WHERE subject = ?",
                              DW_SQL_ARGS(dw_sql_text(subject)), NULL, reterr);
}

bool dw_store_blocks(struct dw_store *store, struct dw_slice subject, int64_t limit, int64_t now_s,
                     struct dw_arena *arena, struct dw_slices *ret_addresses,
                     struct dw_error *reterr)
{
    return dw_store_read_texts(
        store,
        "SELECT address FROM attempt WHERE subject = ? AND failures >= ?"
        " AND expires_at > ? ORDER BY address LIMIT 100",
        DW_SQL_ARGS(dw_sql_text(subject), dw_sql_int(limit), dw_sql_int(now_s)), arena,
        ret_addresses, reterr);
}

/* --- buckets ---------------------------------------------------------------------------------- */

struct take_bucket {
    const struct dw_bucket *bucket;
    int64_t now_ms;
    bool is_allowed;
};

#define IS_WRONG "(full_at_ms - ?3 > ?5 + ?4 + " DW_SQL_WRONG_CLOCK_S " * 1000)"

/* full_at_ms is when it will be full again: it has room as long as that is less than size steps
 * away. */
static bool take_bucket(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_bucket *take = user;
    const struct dw_bucket *bucket = take->bucket;
    struct dw_sql_args args = DW_SQL_ARGS(dw_sql_text(bucket->space), dw_sql_blob(bucket->key),
                                          dw_sql_int(take->now_ms), dw_sql_int(bucket->refill_ms),
                                          dw_sql_int((bucket->size - 1) * bucket->refill_ms));

    take->is_allowed = false;
    if (bucket->size <= 0)
        return true;
    if (!dw_sql_run(connection,
                    "INSERT INTO bucket (space, key, full_at_ms) VALUES (?1, ?2, ?3 + ?4)"
                    " ON CONFLICT DO UPDATE SET"
                    " full_at_ms = CASE WHEN " IS_WRONG " THEN ?3 ELSE max(full_at_ms, ?3) END + ?4"
                    " WHERE full_at_ms - ?3 <= ?5 OR " IS_WRONG,
                    args, reterr))
        return false;
    take->is_allowed = dw_sql_changes(connection) > 0;
    return true;
}

static bool give_bucket(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_bucket *bucket = user;

    return dw_sql_run(connection,
                      "UPDATE bucket SET full_at_ms = full_at_ms - ? WHERE space = ? AND key = ?",
                      DW_SQL_ARGS(dw_sql_int(bucket->refill_ms), dw_sql_text(bucket->space),
                                  dw_sql_blob(bucket->key)),
                      reterr);
}

bool dw_store_bucket_take(struct dw_store *store, const struct dw_bucket *bucket, int64_t now_ms,
                          bool *ret_is_allowed, struct dw_error *reterr)
{
    struct take_bucket take = {bucket, now_ms, false};

    if (!dw_store_write(store, take_bucket, &take, reterr))
        return false;
    *ret_is_allowed = take.is_allowed;
    return true;
}

bool dw_store_bucket_give(struct dw_store *store, const struct dw_bucket *bucket,
                          struct dw_error *reterr)
{
    return dw_store_write(store, give_bucket, (void *)(uintptr_t)bucket, reterr);
}

/* --- logins ----------------------------------------------------------------------------------- */

struct count_login {
    const struct dw_login_counting *counting;
    struct dw_login_count *count;
    struct dw_slice user_id, ip;
    int64_t now_s;
};

static bool is_known(struct dw_connection *connection, const struct count_login *run,
                     bool *ret_is_known, struct dw_error *reterr)
{
    int64_t count;

    if (!dw_sql_number(connection,
                       "SELECT count(*) FROM rate WHERE space = 'login_known' AND key = ?"
                       " AND window_ends_at > ?",
                       DW_SQL_ARGS(dw_sql_blob(run->counting->known_key), dw_sql_int(run->now_s)),
                       &count, reterr))
        return false;
    *ret_is_known = count > 0;
    return true;
}

/* False with `verdict` set undoes what was counted before. */
static bool login_take(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct count_login *run = user;
    struct take_attempt attempt = {&run->counting->attempt, run->now_s, 0};
    struct take_bucket bucket = {&run->counting->bucket, run->now_s * 1000, false};
    bool was_here = true;

    *run->count = (struct dw_login_count){.verdict = DW_LOGIN_BLOCKED};
    if (!take_attempt(connection, &attempt, reterr))
        return false;
    if (attempt.count == 0 && attempt.attempt->limit > 0)
        return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS, "blocked");
    run->count->failures = attempt.count;
    run->count->verdict = DW_LOGIN_THROTTLED;
    if (bucket.bucket->size > 0 && !is_known(connection, run, &was_here, reterr))
        return false;
    if (!was_here && !take_bucket(connection, &bucket, reterr))
        return false;
    if (!was_here && !bucket.is_allowed)
        return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS, "throttled");
    run->count->is_bucket_taken = bucket.is_allowed;
    run->count->verdict = DW_LOGIN_COUNTED;
    return true;
}

bool dw_store_login_take(struct dw_store *store, const struct dw_login_counting *counting,
                         int64_t now_s, struct dw_login_count *ret_count, struct dw_error *reterr)
{
    struct count_login run = {.counting = counting, .count = ret_count, .now_s = now_s};
    struct dw_error error = {0};

    if (dw_store_write(store, login_take, &run, &error))
        return true;
    if (error.code == DW_TOO_MANY_ATTEMPTS)
        return true; /* an answer: the verdict says which */
    *reterr = error;
    return false;
}

static bool login_give(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct count_login *run = user;
    const struct dw_login_counting *counting = run->counting;

    return (run->count->failures == 0 ||
            dw_sql_run(connection,
                       "UPDATE attempt SET failures = failures - 1"
                       " WHERE subject = ? AND address = ? AND failures > 0",
                       DW_SQL_ARGS(dw_sql_text(counting->attempt.subject),
                                   dw_sql_text(counting->attempt.address)),
                       reterr)) &&
           (!run->count->is_bucket_taken ||
            give_bucket(connection, (void *)(uintptr_t)&counting->bucket, reterr));
}

bool dw_store_login_give(struct dw_store *store, const struct dw_login_counting *counting,
                         const struct dw_login_count *count, struct dw_error *reterr)
{
    struct dw_login_count taken = *count;
    struct count_login run = {.counting = counting, .count = &taken};

    return dw_store_write(store, login_give, &run, reterr);
}

static bool login_succeeded(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct count_login *run = user;
    const struct dw_login_counting *counting = run->counting;

    return dw_sql_run(connection, "DELETE FROM attempt WHERE subject = ? AND address = ?",
                      DW_SQL_ARGS(dw_sql_text(counting->attempt.subject),
                                  dw_sql_text(counting->attempt.address)),
                      reterr) &&
           (!run->count->is_bucket_taken ||
            give_bucket(connection, (void *)(uintptr_t)&counting->bucket, reterr)) &&
           dw_sql_run(connection,
                      "INSERT INTO rate (space, key, window_ends_at, used)"
                      " VALUES ('login_known', ?1, ?2, 1)"
                      " ON CONFLICT DO UPDATE SET window_ends_at = ?2",
                      DW_SQL_ARGS(dw_sql_blob(counting->known_key),
                                  dw_sql_int(run->now_s + counting->known_s)),
                      reterr) &&
           (run->user_id.len == 0 ||
            dw_sql_run(connection,
                       "UPDATE user SET last_login_at = ?, last_ip = ?,"
                       " logins_count = logins_count + 1 WHERE id = ?",
                       DW_SQL_ARGS(dw_sql_int(run->now_s), dw_sql_text(run->ip),
                                   dw_sql_text(run->user_id)),
                       reterr));
}

bool dw_store_login_succeeded(struct dw_store *store, const struct dw_login_counting *counting,
                              const struct dw_login_count *count, struct dw_slice user_id,
                              struct dw_slice ip, int64_t now_s, struct dw_error *reterr)
{
    struct dw_login_count taken = *count;
    struct count_login run = {counting, &taken, user_id, ip, now_s};

    return dw_store_write(store, login_succeeded, &run, reterr);
}
