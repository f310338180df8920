/* User accounts. */
#include "store/sqlite_internal.h"

#define ROW struct dw_user
/* clang-format off */
#define USER(first, next) \
    first(TEXT, id, id) \
    next(TEXT, connection, connection) \
    next(TEXT, email, email) \
    next(BOOL, is_email_verified, is_email_verified) \
    next(TEXT, username, username) \
    next(TEXT, name, name) \
    next(TEXT, given_name, given_name) \
    next(TEXT, family_name, family_name) \
    next(TEXT, nickname, nickname) \
    next(TEXT, picture, picture) \
    next(TEXT, phone_number, phone_number) \
    next(BOOL, is_phone_verified, is_phone_verified) \
    next(TEXT, password_hash, password_hash.hidden) \
    next(INT, last_password_reset_at, last_password_reset_at_s) \
    next(BOOL, is_blocked, is_blocked) \
    next(JSON, app_metadata, app_metadata_json) \
    next(JSON, user_metadata, user_metadata_json) \
    next(INT, created_at, created_at_s) \
    next(INT, updated_at, updated_at_s) \
    next(INT, last_login_at, last_login_at_s) \
    next(TEXT, last_ip, last_ip) \
    next(INT, logins_count, logins_count) \
    next(BOOL, awaits_confirmation, awaits_confirmation)
/* clang-format on */

static const struct dw_sql_column user_columns[] = DW_SQL_COLUMNS(USER);
static const struct dw_sql_table user_table = DW_SQL_TABLE("a user", user_columns);
#undef ROW

/* For the update that may follow. */
static bool keep_as_read(struct dw_user *user, struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_user *kept;

    if (!user)
        return true;
    kept = dw_arena_new_array(arena, 1, sizeof *kept);
    if (!kept)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *kept = *user;
    user->as_read = kept;
    return true;
}

#define SELECT_USER "SELECT " DW_SQL_NAMES(USER) " FROM user WHERE id = ?"

bool dw_store_user(struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
                   struct dw_user **ret_user, struct dw_error *reterr)
{
    return dw_store_read_row(store, SELECT_USER, DW_SQL_ARGS(dw_sql_text(id)), &user_table, arena,
                             ret_user, reterr) &&
           keep_as_read(*ret_user, arena, reterr);
}

bool dw_store_user_by_login(struct dw_store *store, struct dw_slice connection,
                            struct dw_slice login, struct dw_arena *arena,
                            struct dw_user **ret_user, struct dw_error *reterr)
{
    *ret_user = NULL;
    if (login.len == 0)
        return true;
    /* Each part says what its partial index does, or SQLite would read every user. lower() is ASCII
     * only, as is the rule that addresses are stored by. An address wins over another user's
     * username of the same text, and a username over a phone number. */
    return dw_store_read_row(
               store,
               "SELECT " DW_SQL_NAMES(USER) " FROM user WHERE connection = ?1"
                                            " AND ((email = lower(?2) AND email <> '')"
                                            " OR (username = ?2 AND username <> '')"
                                            " OR (phone_number = ?2 AND phone_number <> ''))"
                                            " ORDER BY email = lower(?2) DESC, username = ?2 DESC"
                                            " LIMIT 1",
               DW_SQL_ARGS(dw_sql_text(connection), dw_sql_text(login)), &user_table, arena,
               ret_user, reterr) &&
           keep_as_read(*ret_user, arena, reterr);
}

static bool lower_email(struct dw_connection *connection, struct dw_slice id,
                        struct dw_error *reterr)
{
    return dw_sql_run(connection,
                      "UPDATE user SET email = lower(email) WHERE id = ? AND email <> lower(email)",
                      DW_SQL_ARGS(dw_sql_text(id)), reterr);
}

static bool add_user(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_user *const *record = user;

    return dw_sql_write_row(connection, DW_SQL_INSERT("user", USER), &user_table, *record,
                            reterr) &&
           lower_email(connection, (*record)->id, reterr);
}

bool dw_store_add_user(struct dw_store *store, const struct dw_user *user, struct dw_error *reterr)
{
    return dw_store_write(store, add_user, &user, reterr);
}

bool dw_store_end_logins(struct dw_connection *connection, struct dw_slice user_id, int64_t now_s,
                         struct dw_error *reterr)
{
    static const char *const ends[] = {
        "DELETE FROM login_session WHERE user_id = ?",
        "DELETE FROM authorization_code WHERE user_id = ? AND used_at = 0",
        "DELETE FROM mfa_transaction WHERE user_id = ?",
        "UPDATE decoupled_request SET phase = 'denied' WHERE user_id = ? AND phase = 'approved'",
    };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!dw_sql_run(connection, ends[i], DW_SQL_ARGS(dw_sql_text(user_id)), reterr))
            return false;
    return dw_store_kill_logins(connection, user_id, DW_EMPTY, now_s, reterr) &&
           dw_store_revoke_families(connection, user_id, DW_EMPTY, now_s, reterr);
}

static bool ends_logins(const struct dw_user *before, const struct dw_user *after)
{
    return (after->is_blocked && !before->is_blocked) ||
           !dw_slice_eq(before->password_hash.hidden, after->password_hash.hidden);
}

static bool update_user(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_user *after = *(const struct dw_user *const *)user;
    const struct dw_user *before = after->as_read;

    if (!before && !dw_sql_read_row(connection, SELECT_USER, DW_SQL_ARGS(dw_sql_text(after->id)),
                                    &user_table, connection->scratch, &before, reterr))
        return false;
    if (!before)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no such user");
    if (!dw_sql_write_changes(connection, "UPDATE user SET " DW_SQL_CHANGES(USER) " WHERE id = ?",
                              &user_table, before, after, after->id, reterr))
        return false;
    if (dw_sql_changes(connection) == 0)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no such user");
    return lower_email(connection, after->id, reterr) &&
           (!ends_logins(before, after) ||
            dw_store_end_logins(connection, after->id, after->updated_at_s, reterr));
}

bool dw_store_update_user(struct dw_store *store, const struct dw_user *user,
                          struct dw_error *reterr)
{
    if (!dw_store_write(store, update_user, &user, reterr))
        return false;
    if (user->as_read) /* for the next update with the same record */
        *user->as_read = *user;
    return true;
}

bool dw_store_note_login(struct dw_store *store, struct dw_slice user_id, struct dw_slice ip,
                         int64_t now_s, struct dw_error *reterr)
{
    return dw_store_write_sql(store,
                              "UPDATE user SET last_login_at = ?, last_ip = ?,"
                              " logins_count = logins_count + 1 WHERE id = ?",
                              DW_SQL_ARGS(dw_sql_int(now_s), dw_sql_text(ip), dw_sql_text(user_id)),
                              "user", reterr);
}

struct delete_user {
    struct dw_slice id;
    int64_t now_s;
};

/* What refers to the user goes by itself; an approval on another device does not. */
static bool delete_user(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct delete_user *drop = user;

    if (!dw_store_end_logins(connection, drop->id, drop->now_s, reterr) ||
        !dw_sql_run(connection, "DELETE FROM user WHERE id = ?", DW_SQL_ARGS(dw_sql_text(drop->id)),
                    reterr))
        return false;
    return dw_sql_changes(connection) > 0 || dw_fail(reterr, DW_NOT_FOUND, "there is no such user");
}

bool dw_store_delete_user(struct dw_store *store, struct dw_slice id, int64_t now_s,
                          struct dw_error *reterr)
{
    struct delete_user drop = {id, now_s};

    return dw_store_write(store, delete_user, &drop, reterr);
}

bool dw_store_users(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                    struct dw_user **ret_users, size_t *ret_count, int64_t *ret_total,
                    struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &user_table,
        "SELECT " DW_SQL_NAMES(USER) " FROM user ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM user"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_users, ret_count,
                              ret_total, reterr);
}

bool dw_store_role_users(struct dw_store *store, struct dw_slice role_id, struct dw_page page,
                         struct dw_arena *arena, struct dw_user **ret_users, size_t *ret_count,
                         int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &user_table,
        "SELECT " DW_SQL_NAMES(
            USER) " FROM user"
                  " WHERE id IN (SELECT user_id FROM user_role WHERE role_id = ?)"
                  " ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM user_role WHERE role_id = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(role_id)), page, arena,
                              ret_users, ret_count, ret_total, reterr);
}
