/* Tickets and changes of passwords; see store/accounts.h. */
#include "store/accounts.h"

#include "store/sqlite_internal.h"

static const char *const purpose_names[] = {"verify_email", "change_password", "unblock", NULL};

#define ROW struct dw_ticket
/* clang-format off */
#define TICKET(first, next) \
    first(BLOB, digest, digest) \
    next(ENUM, purpose, purpose, purpose_names) \
    next(TEXT, user_id, user_id) \
    next(TEXT, email, email) \
    next(TEXT, client_id, client_id) \
    next(TEXT, result_url, result_url) \
    next(BOOL, marks_email_verified, marks_email_verified) \
    next(INT, created_at, created_at_s) \
    next(INT, expires_at, expires_at_s)
/* clang-format on */

static const struct dw_sql_column ticket_columns[] = DW_SQL_COLUMNS(TICKET);
static const struct dw_sql_table ticket_table = DW_SQL_TABLE("a ticket", ticket_columns);
#undef ROW

/* As long as the account has the address that the link went to: who has the old one has nothing. */
#define SELECT_TICKET                                                                              \
    "SELECT " DW_SQL_NAMES(                                                                        \
        TICKET) " FROM ticket WHERE digest = ? AND purpose = ? AND expires_at > ?"                 \
                " AND EXISTS (SELECT 1 FROM user WHERE user.id = ticket.user_id"                   \
                " AND user.email = lower(ticket.email))"

static struct dw_sql_value purpose_value(enum dw_ticket_purpose purpose)
{
    return dw_sql_text(dw_slice_from_text(purpose_names[purpose]));
}

static bool add_ticket(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_ticket *ticket = *(const struct dw_ticket *const *)user;

    return dw_sql_write_row(connection, DW_SQL_INSERT("ticket", TICKET), &ticket_table, ticket,
                            reterr) &&
           dw_sql_run(connection,
                      "DELETE FROM ticket WHERE user_id = ?1 AND purpose = ?2 AND digest NOT IN"
                      " (SELECT digest FROM ticket WHERE user_id = ?1 AND purpose = ?2"
                      " ORDER BY created_at DESC, rowid DESC LIMIT ?3)",
                      DW_SQL_ARGS(dw_sql_text(ticket->user_id), purpose_value(ticket->purpose),
                                  dw_sql_int(DW_TICKETS_MAX)),
                      reterr);
}

bool dw_store_add_ticket(struct dw_store *store, const struct dw_ticket *ticket,
                         struct dw_error *reterr)
{
    return dw_store_write(store, add_ticket, &ticket, reterr);
}

bool dw_store_ticket(struct dw_store *store, struct dw_slice digest, enum dw_ticket_purpose purpose,
                     int64_t now_s, struct dw_arena *arena, struct dw_ticket **ret_ticket,
                     struct dw_error *reterr)
{
    return dw_store_read_row(
        store, SELECT_TICKET,
        DW_SQL_ARGS(dw_sql_blob(digest), purpose_value(purpose), dw_sql_int(now_s)), &ticket_table,
        arena, ret_ticket, reterr);
}

struct take_ticket {
    struct dw_slice digest;
    enum dw_ticket_purpose purpose;
    int64_t now_s;
    struct dw_arena *arena;
    struct dw_ticket *ticket;
};

static bool take_ticket(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_ticket *take = user;

    if (!dw_sql_read_row(connection, SELECT_TICKET,
                         DW_SQL_ARGS(dw_sql_blob(take->digest), purpose_value(take->purpose),
                                     dw_sql_int(take->now_s)),
                         &ticket_table, take->arena, &take->ticket, reterr))
        return false;
    return !take->ticket ||
           dw_sql_run(connection, "DELETE FROM ticket WHERE user_id = ? AND purpose = ?",
                      DW_SQL_ARGS(dw_sql_text(take->ticket->user_id), purpose_value(take->purpose)),
                      reterr);
}

bool dw_store_take_ticket(struct dw_store *store, struct dw_slice digest,
                          enum dw_ticket_purpose purpose, int64_t now_s, struct dw_arena *arena,
                          struct dw_ticket **ret_ticket, struct dw_error *reterr)
{
    struct take_ticket take = {digest, purpose, now_s, arena, NULL};

    if (!dw_store_write(store, take_ticket, &take, reterr))
        return false;
    *ret_ticket = take.ticket;
    return true;
}

struct confirm {
    struct dw_slice user_id, email;
    int64_t now_s;
    bool is_done;
};

static bool confirm_email(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct confirm *confirm = user;

    if (!dw_sql_run(connection,
                    "UPDATE user SET is_email_verified = 1, awaits_confirmation = 0, updated_at = ?"
                    " WHERE id = ? AND email = lower(?) AND is_email_verified = 0",
                    DW_SQL_ARGS(dw_sql_int(confirm->now_s), dw_sql_text(confirm->user_id),
                                dw_sql_text(confirm->email)),
                    reterr))
        return false;
    confirm->is_done = dw_sql_changes(connection) > 0;
    return true;
}

bool dw_store_confirm_email(struct dw_store *store, struct dw_slice user_id, struct dw_slice email,
                            int64_t now_s, bool *ret_is_done, struct dw_error *reterr)
{
    struct confirm confirm = {user_id, email, now_s, false};

    if (!dw_store_write(store, confirm_email, &confirm, reterr))
        return false;
    *ret_is_done = confirm.is_done;
    return true;
}

static bool mark_verified(struct dw_connection *connection, const struct dw_ticket *ticket,
                          int64_t now_s, struct dw_error *reterr)
{
    struct confirm confirm = {ticket->user_id, ticket->email, now_s, false};

    return confirm_email(connection, &confirm, reterr);
}

static bool verify_email(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_ticket *take = user;

    return take_ticket(connection, take, reterr) &&
           (!take->ticket || mark_verified(connection, take->ticket, take->now_s, reterr));
}

bool dw_store_verify_email(struct dw_store *store, struct dw_slice digest, int64_t now_s,
                           struct dw_arena *arena, struct dw_ticket **ret_ticket,
                           struct dw_error *reterr)
{
    struct take_ticket take = {digest, DW_TICKET_VERIFY_EMAIL, now_s, arena, NULL};

    if (!dw_store_write(store, verify_email, &take, reterr))
        return false;
    *ret_ticket = take.ticket;
    return true;
}

/* --- passwords -------------------------------------------------------------------------------- */

struct change_password {
    const struct dw_password_change *change;
    bool is_done;
};

/* True with *ret_is_there false when the ticket is not there. */
static bool use_ticket(struct dw_connection *connection, const struct dw_password_change *change,
                       bool *ret_is_there, struct dw_error *reterr)
{
    struct take_ticket take = {change->ticket_digest, DW_TICKET_CHANGE_PASSWORD, change->now_s,
                               connection->scratch, NULL};

    if (change->ticket_digest.len == 0) {
        *ret_is_there = true;
        return true;
    }
    if (!take_ticket(connection, &take, reterr))
        return false;
    *ret_is_there = take.ticket && dw_slice_eq(take.ticket->user_id, change->user_id);
    return !*ret_is_there || !take.ticket->marks_email_verified ||
           mark_verified(connection, take.ticket, change->now_s, reterr);
}

static bool keep_old(struct dw_connection *connection, const struct dw_password_change *change,
                     struct dw_error *reterr)
{
    return dw_sql_run(connection,
                      "INSERT INTO old_password (user_id, password_hash, changed_at)"
                      " SELECT id, password_hash, ?1 FROM user"
                      " WHERE id = ?2 AND password_hash <> '' AND ?3 > 0",
                      DW_SQL_ARGS(dw_sql_int(change->now_s), dw_sql_text(change->user_id),
                                  dw_sql_int(change->history_size)),
                      reterr) &&
           dw_sql_run(connection,
                      "DELETE FROM old_password WHERE user_id = ?1 AND id NOT IN"
                      " (SELECT id FROM old_password WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2)",
                      DW_SQL_ARGS(dw_sql_text(change->user_id), dw_sql_int(change->history_size)),
                      reterr);
}

static bool end_what_hangs_on_it(struct dw_connection *connection,
                                 const struct dw_password_change *change, struct dw_error *reterr)
{
    static const char *const deletes[] = {
        "DELETE FROM ticket WHERE user_id = ? AND purpose <> 'verify_email'",
        "DELETE FROM attempt WHERE subject = ?",
    };

    for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++)
        if (!dw_sql_run(connection, deletes[i], DW_SQL_ARGS(dw_sql_text(change->user_id)), reterr))
            return false;
    return dw_store_end_logins(connection, change->user_id, change->now_s, reterr);
}

static bool change_password(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct change_password *run = user;
    const struct dw_password_change *change = run->change;

    if (!use_ticket(connection, change, &run->is_done, reterr))
        return false;
    if (!run->is_done)
        return true;
    if (!keep_old(connection, change, reterr) ||
        !dw_sql_run(connection,
                    "UPDATE user SET password_hash = ?, last_password_reset_at = ?, updated_at = ?"
                    " WHERE id = ?",
                    DW_SQL_ARGS(dw_sql_text(change->hash.hidden), dw_sql_int(change->now_s),
                                dw_sql_int(change->now_s), dw_sql_text(change->user_id)),
                    reterr))
        return false;
    if (dw_sql_changes(connection) == 0)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no such user");
    return end_what_hangs_on_it(connection, change, reterr);
}

bool dw_store_change_password(struct dw_store *store, const struct dw_password_change *change,
                              bool *ret_is_done, struct dw_error *reterr)
{
    struct change_password run = {change, false};

    if (!dw_store_write(store, change_password, &run, reterr))
        return false;
    *ret_is_done = run.is_done;
    return true;
}

bool dw_store_rehash_password(struct dw_store *store, struct dw_slice user_id,
                              struct dw_secret old_hash, struct dw_secret new_hash,
                              struct dw_error *reterr)
{
    return dw_store_write_sql(
        store, "UPDATE user SET password_hash = ? WHERE id = ? AND password_hash = ?",
        DW_SQL_ARGS(dw_sql_text(new_hash.hidden), dw_sql_text(user_id),
                    dw_sql_text(old_hash.hidden)),
        NULL, reterr);
}

bool dw_store_old_passwords(struct dw_store *store, struct dw_slice user_id, int64_t count,
                            struct dw_arena *arena, struct dw_slices *ret_hashes,
                            struct dw_error *reterr)
{
    return dw_store_read_texts(store,
                               "SELECT password_hash FROM old_password WHERE user_id = ?"
                               " ORDER BY id DESC LIMIT ?",
                               DW_SQL_ARGS(dw_sql_text(user_id), dw_sql_int(count)), arena,
                               ret_hashes, reterr);
}
