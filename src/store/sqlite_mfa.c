/* Second factors; see mfa.h. */
#include "store/mfa.h"
#include "store/sqlite_internal.h"

/* clang-format off */
#define ROW struct dw_mfa_settings
#define SETTINGS(first, next) \
    first(ENUM, policy, policy, dw_mfa_policy_names) \
    next(LIST, factors, factors)

static const struct dw_sql_column settings_columns[] = DW_SQL_COLUMNS(SETTINGS);
static const struct dw_sql_table settings_table = DW_SQL_TABLE("MFA settings", settings_columns);
#undef ROW

#define ROW struct dw_authenticator
#define AUTHENTICATOR(first, next) \
    first(TEXT, id, id) \
    next(TEXT, user_id, user_id) \
    next(ENUM, type, type, dw_authenticator_type_names) \
    next(TEXT, email, address) \
    next(BLOB, sealed_secret, sealed_secret) \
    next(BLOB, code_digest, code_digest) \
    next(INT, last_step, last_step) \
    next(TEXT, enrolment_id, enrolment_id) \
    next(INT, created_at, created_at_s) \
    next(INT, confirmed_at, confirmed_at_s) \
    next(INT, last_auth_at, last_auth_at_s)

static const struct dw_sql_column authenticator_columns[] = DW_SQL_COLUMNS(AUTHENTICATOR);
static const struct dw_sql_table authenticator_table =
    DW_SQL_TABLE("an authenticator", authenticator_columns);
#undef ROW

#define ROW struct dw_mfa_transaction
#define TRANSACTION(first, next) \
    first(BLOB, token_digest, token_digest) \
    next(TEXT, client_id, client_id) \
    next(TEXT, user_id, user_id) \
    next(TEXT, grant_type, grant_type) \
    next(LIST, scopes, scopes) \
    next(TEXT, audience, audience) \
    next(TEXT, organization, organization) \
    next(TEXT, dpop_jkt, dpop_jkt) \
    next(TEXT, enrolment_id, enrolment_id) \
    next(INT, authenticated_at, authenticated_at_s) \
    next(INT, expires_at, expires_at_s)

static const struct dw_sql_column transaction_columns[] = DW_SQL_COLUMNS(TRANSACTION);
static const struct dw_sql_table transaction_table =
    DW_SQL_TABLE("an MFA transaction", transaction_columns);
#undef ROW
/* clang-format on */

/* Counts as a second factor: confirmed, and no recovery code. */
#define IS_FACTOR "confirmed_at > 0 AND type <> 'recovery-code'"

bool dw_store_mfa_settings(struct dw_store *store, struct dw_arena *arena,
                           struct dw_mfa_settings **ret_settings, struct dw_error *reterr)
{
    return dw_store_read_row(store,
                             "SELECT " DW_SQL_NAMES(SETTINGS) " FROM mfa_settings WHERE id = 1",
                             DW_SQL_NO_ARGS, &settings_table, arena, ret_settings, reterr);
}

bool dw_store_put_mfa_settings(struct dw_store *store, const struct dw_mfa_settings *settings,
                               struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        "INSERT INTO mfa_settings (id, " DW_SQL_NAMES(SETTINGS) ") VALUES (1, " DW_SQL_MARKS(
            SETTINGS) ") ON CONFLICT (id) DO UPDATE "
                      "SET " DW_SQL_SETS(SETTINGS),
        &settings_table, settings, reterr);
}

/* --- authenticators --------------------------------------------------------------------------- */

bool dw_store_authenticators(struct dw_store *store, struct dw_slice user_id,
                             struct dw_arena *arena, struct dw_authenticator **ret_authenticators,
                             size_t *ret_count, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        .table = &authenticator_table,
        .rows_sql = "SELECT " DW_SQL_NAMES(AUTHENTICATOR) " FROM authenticator WHERE user_id = ?"
                                                          " ORDER BY created_at, id"
                                                          " LIMIT ? OFFSET ?",
    };

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(user_id)),
                              (struct dw_page){.take = DW_MFA_MAX_AUTHENTICATORS}, arena,
                              ret_authenticators, ret_count, NULL, reterr);
}

struct enrolment {
    const struct dw_authenticator *authenticators;
    size_t count;
    enum dw_enrolment_rule rule;
    int64_t step, now_s;
    bool is_done;
};

/* Whether the rule lets this user enrol now. */
static bool ask_rule(struct dw_connection *connection, const struct enrolment *enrolment,
                     bool *ret_is_allowed, struct dw_error *reterr)
{
    int64_t factors;

    if (!dw_sql_number(
            connection, "SELECT count(*) FROM authenticator WHERE user_id = ? AND " IS_FACTOR,
            DW_SQL_ARGS(dw_sql_text(enrolment->authenticators[0].user_id)), &factors, reterr))
        return false;
    *ret_is_allowed = factors == 0 || enrolment->rule == DW_ENROL_FURTHER;
    return true;
}

static bool make_room(struct dw_connection *connection, const struct enrolment *enrolment,
                      bool *ret_has_room, struct dw_error *reterr)
{
    struct dw_slice user_id = enrolment->authenticators[0].user_id;
    int64_t room = DW_MFA_MAX_AUTHENTICATORS - (int64_t)enrolment->count;
    int64_t kept;

    *ret_has_room = false;
    if (!dw_sql_run(connection,
                    "DELETE FROM authenticator WHERE user_id = ?1 AND confirmed_at = 0"
                    " AND (enrolment_id = ?2 OR id NOT IN (SELECT id FROM authenticator"
                    " WHERE user_id = ?1 ORDER BY confirmed_at = 0, created_at DESC, id LIMIT ?3))",
                    DW_SQL_ARGS(dw_sql_text(user_id),
                                dw_sql_text(enrolment->authenticators[0].enrolment_id),
                                dw_sql_int(room)),
                    reterr) ||
        !dw_sql_number(connection, "SELECT count(*) FROM authenticator WHERE user_id = ?",
                       DW_SQL_ARGS(dw_sql_text(user_id)), &kept, reterr))
        return false;
    *ret_has_room = kept <= room;
    return true;
}

static bool add_authenticators(struct dw_connection *connection, void *user,
                               struct dw_error *reterr)
{
    struct enrolment *enrolment = user;
    bool is_allowed, has_room = false;

    if (!ask_rule(connection, enrolment, &is_allowed, reterr) ||
        (is_allowed && !make_room(connection, enrolment, &has_room, reterr)))
        return false;
    if (!is_allowed || !has_room)
        return true;
    for (size_t i = 0; i < enrolment->count; i++)
        if (!dw_sql_write_row(connection, DW_SQL_INSERT("authenticator", AUTHENTICATOR),
                              &authenticator_table, &enrolment->authenticators[i], reterr))
            return false;
    enrolment->is_done = true;
    return true;
}

bool dw_store_add_authenticators(struct dw_store *store,
                                 const struct dw_authenticator *authenticators, size_t count,
                                 enum dw_enrolment_rule rule, bool *ret_is_done,
                                 struct dw_error *reterr)
{
    struct enrolment enrolment = {.authenticators = authenticators, .count = count, .rule = rule};

    if (!dw_store_write(store, add_authenticators, &enrolment, reterr))
        return false;
    *ret_is_done = enrolment.is_done;
    return true;
}

/* The recovery code that was shown with it takes the place of the one before. */
static bool confirm_recovery_code(struct dw_connection *connection,
                                  const struct enrolment *enrolment, struct dw_error *reterr)
{
    const struct dw_authenticator *confirmed = enrolment->authenticators;
    int64_t fresh;

    if (!dw_sql_number(
            connection,
            "SELECT count(*) FROM authenticator WHERE user_id = ? AND enrolment_id = ?"
            " AND type = 'recovery-code' AND confirmed_at = 0",
            DW_SQL_ARGS(dw_sql_text(confirmed->user_id), dw_sql_text(confirmed->enrolment_id)),
            &fresh, reterr))
        return false;
    if (fresh == 0)
        return true;
    return dw_sql_run(
               connection,
               "DELETE FROM authenticator WHERE user_id = ? AND type = 'recovery-code'"
               " AND enrolment_id <> ?",
               DW_SQL_ARGS(dw_sql_text(confirmed->user_id), dw_sql_text(confirmed->enrolment_id)),
               reterr) &&
           dw_sql_run(connection,
                      "UPDATE authenticator SET confirmed_at = ? WHERE user_id = ?"
                      " AND enrolment_id = ? AND type = 'recovery-code'",
                      DW_SQL_ARGS(dw_sql_int(enrolment->now_s), dw_sql_text(confirmed->user_id),
                                  dw_sql_text(confirmed->enrolment_id)),
                      reterr);
}

static bool confirm_authenticator(struct dw_connection *connection, void *user,
                                  struct dw_error *reterr)
{
    struct enrolment *enrolment = user;
    bool is_allowed;

    if (!ask_rule(connection, enrolment, &is_allowed, reterr))
        return false;
    if (!is_allowed)
        return true;
    if (!dw_sql_run(connection,
                    "UPDATE authenticator SET confirmed_at = ?1, last_auth_at = ?1, last_step = ?2"
                    " WHERE id = ?3 AND user_id = ?4 AND confirmed_at = 0"
                    " AND (?2 = 0 OR last_step < ?2)",
                    DW_SQL_ARGS(dw_sql_int(enrolment->now_s), dw_sql_int(enrolment->step),
                                dw_sql_text(enrolment->authenticators[0].id),
                                dw_sql_text(enrolment->authenticators[0].user_id)),
                    reterr))
        return false;
    enrolment->is_done = dw_sql_changes(connection) > 0;
    return !enrolment->is_done || confirm_recovery_code(connection, enrolment, reterr);
}

bool dw_store_confirm_authenticator(struct dw_store *store,
                                    const struct dw_authenticator *authenticator,
                                    enum dw_enrolment_rule rule, int64_t step, int64_t now_s,
                                    bool *ret_is_done, struct dw_error *reterr)
{
    struct enrolment enrolment = {
        .authenticators = authenticator, .count = 1, .rule = rule, .step = step, .now_s = now_s};

    if (!dw_store_write(store, confirm_authenticator, &enrolment, reterr))
        return false;
    *ret_is_done = enrolment.is_done;
    return true;
}

struct change {
    struct dw_slice id, code_digest;
    const struct dw_authenticator *next;
    int64_t step, now_s;
    bool is_done;
};

static bool use_authenticator(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct change *change = user;

    if (!dw_sql_run(connection,
                    "UPDATE authenticator SET last_auth_at = ?1, last_step = max(last_step, ?2)"
                    " WHERE id = ?3 AND confirmed_at > 0 AND (?2 = 0 OR last_step < ?2)",
                    DW_SQL_ARGS(dw_sql_int(change->now_s), dw_sql_int(change->step),
                                dw_sql_text(change->id)),
                    reterr))
        return false;
    change->is_done = dw_sql_changes(connection) > 0;
    return true;
}

bool dw_store_use_authenticator(struct dw_store *store, struct dw_slice id, int64_t step,
                                int64_t now_s, bool *ret_is_done, struct dw_error *reterr)
{
    struct change change = {.id = id, .step = step, .now_s = now_s};

    if (!dw_store_write(store, use_authenticator, &change, reterr))
        return false;
    *ret_is_done = change.is_done;
    return true;
}

static bool replace_recovery_code(struct dw_connection *connection, void *user,
                                  struct dw_error *reterr)
{
    struct change *change = user;
    bool is_any = change->code_digest.len == 0;

    if (!dw_sql_run(connection,
                    "DELETE FROM authenticator WHERE user_id = ?1 AND type = 'recovery-code'"
                    " AND (?2 OR (code_digest = ?3 AND confirmed_at > 0))",
                    DW_SQL_ARGS(dw_sql_text(change->next->user_id), dw_sql_int(is_any),
                                dw_sql_blob(change->code_digest)),
                    reterr))
        return false;
    change->is_done = is_any || dw_sql_changes(connection) > 0;
    return !change->is_done ||
           dw_sql_write_row(connection, DW_SQL_INSERT("authenticator", AUTHENTICATOR),
                            &authenticator_table, change->next, reterr);
}

bool dw_store_replace_recovery_code(struct dw_store *store, struct dw_slice code_digest,
                                    const struct dw_authenticator *next, bool *ret_is_done,
                                    struct dw_error *reterr)
{
    struct change change = {.code_digest = code_digest, .next = next};

    if (!dw_store_write(store, replace_recovery_code, &change, reterr))
        return false;
    *ret_is_done = change.is_done;
    return true;
}

struct removal {
    struct dw_slice user_id, id;
};

static bool delete_authenticator(struct dw_connection *connection, void *user,
                                 struct dw_error *reterr)
{
    const struct removal *removal = user;

    if (!dw_sql_run(connection, "DELETE FROM authenticator WHERE user_id = ? AND id = ?",
                    DW_SQL_ARGS(dw_sql_text(removal->user_id), dw_sql_text(removal->id)), reterr))
        return false;
    if (dw_sql_changes(connection) == 0)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no such authenticator");
    return dw_sql_run(connection,
                      "DELETE FROM authenticator WHERE user_id = ?1 AND type = 'recovery-code'"
                      " AND confirmed_at > 0 AND NOT EXISTS"
                      " (SELECT 1 FROM authenticator WHERE user_id = ?1 AND " IS_FACTOR ")",
                      DW_SQL_ARGS(dw_sql_text(removal->user_id)), reterr);
}

bool dw_store_delete_authenticator(struct dw_store *store, struct dw_slice user_id,
                                   struct dw_slice id, struct dw_error *reterr)
{
    struct removal removal = {user_id, id};

    return dw_store_write(store, delete_authenticator, &removal, reterr);
}

static bool delete_authenticators(struct dw_connection *connection, void *user,
                                  struct dw_error *reterr)
{
    const struct removal *removal = user;

    return dw_sql_run(connection, "DELETE FROM authenticator WHERE user_id = ?",
                      DW_SQL_ARGS(dw_sql_text(removal->user_id)), reterr) &&
           dw_sql_run(connection, "DELETE FROM mfa_transaction WHERE user_id = ?",
                      DW_SQL_ARGS(dw_sql_text(removal->user_id)), reterr);
}

bool dw_store_delete_authenticators_of(struct dw_store *store, struct dw_slice user_id,
                                       struct dw_error *reterr)
{
    struct removal removal = {user_id, DW_EMPTY};

    return dw_store_write(store, delete_authenticators, &removal, reterr);
}

/* --- grants that wait ------------------------------------------------------------------------- */

bool dw_store_add_mfa_transaction(struct dw_store *store,
                                  const struct dw_mfa_transaction *transaction,
                                  struct dw_error *reterr)
{
    return dw_store_write_row(store, DW_SQL_INSERT("mfa_transaction", TRANSACTION),
                              &transaction_table, transaction, reterr);
}

bool dw_store_mfa_transaction(struct dw_store *store, struct dw_slice token_digest,
                              struct dw_arena *arena, struct dw_mfa_transaction **ret_transaction,
                              struct dw_error *reterr)
{
    return dw_store_read_row(
        store, "SELECT " DW_SQL_NAMES(TRANSACTION) " FROM mfa_transaction WHERE token_digest = ?",
        DW_SQL_ARGS(dw_sql_blob(token_digest)), &transaction_table, arena, ret_transaction, reterr);
}

static bool take_transaction(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct change *change = user;

    if (!dw_sql_run(connection, "DELETE FROM mfa_transaction WHERE token_digest = ?",
                    DW_SQL_ARGS(dw_sql_blob(change->code_digest)), reterr))
        return false;
    change->is_done = dw_sql_changes(connection) > 0;
    return true;
}

bool dw_store_take_mfa_transaction(struct dw_store *store, struct dw_slice token_digest,
                                   bool *ret_is_done, struct dw_error *reterr)
{
    struct change change = {.code_digest = token_digest};

    if (!dw_store_write(store, take_transaction, &change, reterr))
        return false;
    *ret_is_done = change.is_done;
    return true;
}
