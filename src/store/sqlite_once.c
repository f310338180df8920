/* Things that may happen once, or so often in a while; and the removal of what has expired. */
#include "store/sqlite_internal.h"

#define PURGE_MAX_ROWS 1000               /* of a table in a transaction: others wait for its end */
#define PURGE_MAX_ROUNDS 500              /* of such transactions in a call */
#define IDLE_WALK_ROWS 10000              /* families looked at in a call ... */
#define IDLE_WALK_STEP 500                /* ... so many in a transaction */
#define KEEP_USED_CODE_S 86400            /* a replay is seen for a day */
#define KEEP_DECOUPLED_S 3600             /* so that a client hears "expired" */
#define KEEP_REVOKED_FAMILY_S (7 * 86400) /* so is a reused refresh token, for a week */
#define KEEP_EXPIRED_CODE_S 3600 /* "it has expired" is a better answer than "it is wrong" */
#define UNFINISHED_ENROLMENT_S 86400
#define EXPIRED_INVITATION_S (30 * 86400)    /* so long a list of them shows it */
#define UNUSED_DYNAMIC_CLIENT_S (30 * 86400) /* a DCR client nobody ever consented to */
#define UNUSED_DYNAMIC_CLIENTS "1000" /* of many such, only the newest; not the ones just made */
#define FRESH_DYNAMIC_CLIENT_S 3600
#define UNUSED_CIMD_CLIENT_S 3600 /* longer than a login and its code take */

struct first_use {
    struct dw_slice space;
    struct dw_slice key;
    int64_t now_s;
    int64_t expires_at_s;
    bool is_first;
};

static bool first_use(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct first_use *use = user;

    if (!dw_sql_run(connection,
                    "INSERT INTO first_use (space, key, expires_at) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT DO UPDATE SET expires_at = ?3 WHERE expires_at <= ?4",
                    DW_SQL_ARGS(dw_sql_text(use->space), dw_sql_blob(use->key),
                                dw_sql_int(use->expires_at_s), dw_sql_int(use->now_s)),
                    reterr))
        return false;
    use->is_first = dw_sql_changes(connection) > 0;
    return true;
}

bool dw_store_first_use(struct dw_store *store, struct dw_slice space, struct dw_slice key,
                        int64_t now_s, int64_t expires_at_s, bool *ret_is_first,
                        struct dw_error *reterr)
{
    struct first_use use = {space, key, now_s, expires_at_s, false};

    if (!dw_store_write(store, first_use, &use, reterr))
        return false;
    *ret_is_first = use.is_first;
    return true;
}

struct take_rate {
    const struct dw_rate *rate;
    int64_t now_s;
    bool is_allowed;
};

/* ?3: when a window that begins now would end. ?4: now. */
#define IS_OVER "(window_ends_at <= ?4 OR window_ends_at > ?3 + " DW_SQL_WRONG_CLOCK_S ")"

/* A window starts with the first event in it; a full one is not changed. */
static bool take_rate(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_rate *take = user;
    const struct dw_rate *rate = take->rate;

    if (rate->limit <= 0)
        return true;
    if (!dw_sql_run(connection,
                    "INSERT INTO rate (space, key, window_ends_at, used) VALUES (?1, ?2, ?3, 1)"
                    " ON CONFLICT DO UPDATE SET"
                    " used = CASE WHEN " IS_OVER " THEN 1 ELSE used + 1 END,"
                    " window_ends_at = CASE WHEN " IS_OVER " THEN ?3 ELSE window_ends_at END"
                    " WHERE used < ?5 OR " IS_OVER,
                    DW_SQL_ARGS(dw_sql_text(rate->space), dw_sql_blob(rate->key),
                                dw_sql_int(take->now_s + rate->window_s), dw_sql_int(take->now_s),
                                dw_sql_int(rate->limit)),
                    reterr))
        return false;
    take->is_allowed = dw_sql_changes(connection) > 0;
    return true;
}

bool dw_store_rate_take(struct dw_store *store, const struct dw_rate *rate, int64_t now_s,
                        bool *ret_is_allowed, struct dw_error *reterr)
{
    struct take_rate take = {rate, now_s, false};

    if (!dw_store_write(store, take_rate, &take, reterr))
        return false;
    *ret_is_allowed = take.is_allowed;
    return true;
}

bool dw_store_rate_has_room(struct dw_store *store, const struct dw_rate *rate, int64_t now_s,
                            bool *ret_is_allowed, struct dw_error *reterr)
{
    int64_t used;

    if (!dw_store_read_number(
            store, "SELECT used FROM rate WHERE space = ?1 AND key = ?2 AND NOT " IS_OVER,
            DW_SQL_ARGS(dw_sql_text(rate->space), dw_sql_blob(rate->key),
                        dw_sql_int(now_s + rate->window_s), dw_sql_int(now_s)),
            &used, reterr))
        return false;
    *ret_is_allowed = used < rate->limit;
    return true;
}

bool dw_store_rate_reset(struct dw_store *store, struct dw_slice space, struct dw_slice key,
                         struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM rate WHERE space = ? AND key = ?",
                              DW_SQL_ARGS(dw_sql_text(space), dw_sql_blob(key)), NULL, reterr);
}

/* --- purge ------------------------------------------------------------------------------------ */

/* Rows whose time, plus a while that they are kept, is over. ?1: now minus the while. ?2: how many.
 */
static const struct {
    const char *sql;
    int64_t keep_s;
} purges[] = {
    {"DELETE FROM authorization_request WHERE rowid IN"
     " (SELECT rowid FROM authorization_request WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM authorization_code WHERE rowid IN"
     " (SELECT rowid FROM authorization_code WHERE expires_at <= ?1 LIMIT ?2)",
     KEEP_USED_CODE_S},
    {"DELETE FROM login_session WHERE rowid IN"
     " (SELECT rowid FROM login_session WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM refresh_family WHERE rowid IN"
     " (SELECT rowid FROM refresh_family WHERE expires_at > 0 AND expires_at <= ?1 LIMIT ?2)",
     KEEP_REVOKED_FAMILY_S},
    {"DELETE FROM refresh_family WHERE rowid IN"
     " (SELECT rowid FROM refresh_family WHERE revoked_at > 0 AND revoked_at <= ?1 LIMIT ?2)",
     KEEP_REVOKED_FAMILY_S},
    {"DELETE FROM pushed_request WHERE rowid IN"
     " (SELECT rowid FROM pushed_request WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM decoupled_request WHERE rowid IN"
     " (SELECT rowid FROM decoupled_request WHERE expires_at <= ?1 LIMIT ?2)",
     KEEP_DECOUPLED_S},
    {"DELETE FROM first_use WHERE (space, key) IN"
     " (SELECT space, key FROM first_use WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM one_time WHERE (purpose, subject_digest) IN"
     " (SELECT purpose, subject_digest FROM one_time WHERE expires_at <= ?1 LIMIT ?2)",
     KEEP_EXPIRED_CODE_S},
    {"DELETE FROM mfa_transaction WHERE rowid IN"
     " (SELECT rowid FROM mfa_transaction WHERE expires_at <= ?1 LIMIT ?2)",
     KEEP_EXPIRED_CODE_S},
    {"DELETE FROM authenticator WHERE rowid IN (SELECT rowid FROM authenticator"
     " WHERE confirmed_at = 0 AND created_at <= ?1 LIMIT ?2)",
     UNFINISHED_ENROLMENT_S},
    {"DELETE FROM ticket WHERE rowid IN"
     " (SELECT rowid FROM ticket WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM attempt WHERE (subject, address) IN"
     " (SELECT subject, address FROM attempt WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM bucket WHERE (space, key) IN"
     " (SELECT space, key FROM bucket WHERE full_at_ms <= ?1 * 1000 LIMIT ?2)",
     0},
    {"DELETE FROM mail WHERE rowid IN (SELECT rowid FROM mail WHERE expires_at <= ?1 LIMIT ?2)", 0},
    {"DELETE FROM opaque_token WHERE rowid IN"
     " (SELECT rowid FROM opaque_token WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM dead_family WHERE family_id IN"
     " (SELECT family_id FROM dead_family WHERE expires_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM invitation WHERE rowid IN"
     " (SELECT rowid FROM invitation WHERE expires_at <= ?1 LIMIT ?2)",
     EXPIRED_INVITATION_S},
    {"DELETE FROM rate WHERE (space, key) IN"
     " (SELECT space, key FROM rate WHERE window_ends_at <= ?1 LIMIT ?2)",
     0},
    {"DELETE FROM client WHERE rowid IN (SELECT rowid FROM client AS c"
     " WHERE kind <> 'static' AND kind = 'dcr' AND created_at <= ?1"
     " AND NOT EXISTS (SELECT 1 FROM consent WHERE consent.client_id = c.id)"
     " AND NOT EXISTS (SELECT 1 FROM refresh_family WHERE refresh_family.client_id = c.id)"
     " LIMIT ?2)",
     UNUSED_DYNAMIC_CLIENT_S},
    {"DELETE FROM client WHERE rowid IN (SELECT rowid FROM client AS c"
     " WHERE kind <> 'static' AND kind = 'dcr' AND created_at <= ?1"
     " AND NOT EXISTS (SELECT 1 FROM consent WHERE consent.client_id = c.id)"
     " AND NOT EXISTS (SELECT 1 FROM refresh_family WHERE refresh_family.client_id = c.id)"
     " ORDER BY created_at DESC LIMIT ?2 OFFSET " UNUSED_DYNAMIC_CLIENTS ")",
     FRESH_DYNAMIC_CLIENT_S},
    {"DELETE FROM client WHERE rowid IN (SELECT rowid FROM client AS c"
     " WHERE kind <> 'static' AND kind = 'cimd' AND document_expires_at <= ?1"
     " AND NOT EXISTS (SELECT 1 FROM consent WHERE consent.client_id = c.id)"
     " AND NOT EXISTS (SELECT 1 FROM refresh_family WHERE refresh_family.client_id = c.id)"
     " LIMIT ?2)",
     UNUSED_CIMD_CLIENT_S},
};

struct purge {
    int64_t now_s;
    bool has_more;
};

static bool purge(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct purge *run = user;

    run->has_more = false;
    for (size_t at = 0; at < sizeof purges / sizeof *purges; at++) {
        if (!dw_sql_run(
                connection, purges[at].sql,
                DW_SQL_ARGS(dw_sql_int(run->now_s - purges[at].keep_s), dw_sql_int(PURGE_MAX_ROWS)),
                reterr))
            return false;
        run->has_more = run->has_more || dw_sql_changes(connection) >= PURGE_MAX_ROWS;
    }
    return true;
}

/* Families that nobody has used for too long have no time of their own to be found by: it moves
 * with every use, and an index would cost each of them a write. So they are looked through, some a
 * minute, from the first to the last and over again. */
struct walk {
    int64_t now_s, first_row;
};

static bool purge_idle(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct walk *walk = user;

    return dw_sql_run(connection,
                      "DELETE FROM refresh_family WHERE rowid IN (SELECT rowid FROM refresh_family"
                      " WHERE rowid >= ?1 AND rowid < ?2 AND idle_lifetime_s > 0"
                      " AND last_used_at + idle_lifetime_s <= ?3)",
                      DW_SQL_ARGS(dw_sql_int(walk->first_row),
                                  dw_sql_int(walk->first_row + IDLE_WALK_STEP),
                                  dw_sql_int(walk->now_s - KEEP_REVOKED_FAMILY_S)),
                      reterr);
}

static bool walk_idle(struct dw_store *store, int64_t now_s, struct dw_error *reterr)
{
    struct walk walk = {.now_s = now_s};
    int64_t last_row, minute = now_s / 60;

    if (!dw_store_read_number(store, "SELECT max(rowid) FROM refresh_family", DW_SQL_NO_ARGS,
                              &last_row, reterr))
        return false;
    walk.first_row = minute % (last_row / IDLE_WALK_ROWS + 1) * IDLE_WALK_ROWS;
    for (int64_t done = 0; done < IDLE_WALK_ROWS && walk.first_row <= last_row;
         done += IDLE_WALK_STEP, walk.first_row += IDLE_WALK_STEP)
        if (!dw_store_write(store, purge_idle, &walk, reterr))
            return false;
    return true;
}

bool dw_store_purge(struct dw_store *store, int64_t now_s, struct dw_error *reterr)
{
    struct purge run = {.now_s = now_s, .has_more = true};

    for (int round = 0; run.has_more && round < PURGE_MAX_ROUNDS; round++)
        if (!dw_store_write(store, purge, &run, reterr))
            return false;
    return walk_idle(store, now_s, reterr);
}
