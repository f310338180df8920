/* The queue of mails; see store/mail.h. */
#include "store/mail.h"

#include "store/sqlite_internal.h"

static const char *const phase_names[] = {"queued", "outbox", "failed", "nobody", NULL};

#define ROW struct dw_mail_record
/* clang-format off */
#define MAIL(first, next) \
    first(TEXT, id, id) \
    next(TEXT, template_name, template_name) \
    next(BLOB, sealed_text, sealed_text) \
    next(ENUM, phase, phase, phase_names) \
    next(INT, attempts, attempts) \
    next(INT, next_at, next_at_s) \
    next(INT, created_at, created_at_s) \
    next(INT, expires_at, expires_at_s) \
    next(TEXT, failure, failure)
/* clang-format on */

static const struct dw_sql_column mail_columns[] = DW_SQL_COLUMNS(MAIL);
static const struct dw_sql_table mail_table = DW_SQL_TABLE("a mail", mail_columns);
#undef ROW

static struct dw_sql_value phase_value(enum dw_mail_phase phase)
{
    return dw_sql_text(dw_slice_from_text(phase_names[phase]));
}

struct add_mail {
    const struct dw_mail_record *mail;
    int64_t queue_max;
    bool is_added;
};

static bool add_mail(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct add_mail *add = user;
    int64_t count;

    if (!dw_sql_number(connection, "SELECT count(*) FROM mail WHERE phase = ?",
                       DW_SQL_ARGS(phase_value(add->mail->phase)), &count, reterr))
        return false;
    add->is_added = count < add->queue_max;
    return !add->is_added || dw_sql_write_row(connection, DW_SQL_INSERT("mail", MAIL), &mail_table,
                                              add->mail, reterr);
}

bool dw_store_add_mail(struct dw_store *store, const struct dw_mail_record *mail, int64_t queue_max,
                       bool *ret_is_added, struct dw_error *reterr)
{
    struct add_mail add = {mail, queue_max, false};

    if (!dw_store_write(store, add_mail, &add, reterr))
        return false;
    *ret_is_added = add.is_added;
    return true;
}

struct take_mail {
    int64_t now_s, lease_s;
    struct dw_arena *arena;
    struct dw_mail_record *mail;
};

static bool take_mail(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct take_mail *take = user;

    if (!dw_sql_read_row(connection,
                         "SELECT " DW_SQL_NAMES(MAIL) " FROM mail WHERE phase = 'queued'"
                                                      " AND next_at <= ? ORDER BY next_at LIMIT 1",
                         DW_SQL_ARGS(dw_sql_int(take->now_s)), &mail_table, take->arena,
                         &take->mail, reterr))
        return false;
    if (!take->mail)
        return true;
    take->mail->attempts++;
    return dw_sql_run(connection, "UPDATE mail SET next_at = ?, attempts = ? WHERE id = ?",
                      DW_SQL_ARGS(dw_sql_int(take->now_s + take->lease_s),
                                  dw_sql_int(take->mail->attempts), dw_sql_text(take->mail->id)),
                      reterr);
}

bool dw_store_take_mail(struct dw_store *store, int64_t now_s, int64_t lease_s,
                        struct dw_arena *arena, struct dw_mail_record **ret_mail,
                        struct dw_error *reterr)
{
    struct take_mail take = {now_s, lease_s, arena, NULL};

    if (!dw_store_write(store, take_mail, &take, reterr))
        return false;
    *ret_mail = take.mail;
    return true;
}

bool dw_store_mail_failed(struct dw_store *store, struct dw_slice id, enum dw_mail_phase phase,
                          int64_t next_at_s, struct dw_slice failure, struct dw_error *reterr)
{
    return dw_store_write_sql(store,
                              "UPDATE mail SET phase = ?, next_at = ?, failure = ? WHERE id = ?",
                              DW_SQL_ARGS(phase_value(phase), dw_sql_int(next_at_s),
                                          dw_sql_text(failure), dw_sql_text(id)),
                              NULL, reterr);
}

bool dw_store_delete_mail(struct dw_store *store, struct dw_slice id, struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM mail WHERE id = ?", DW_SQL_ARGS(dw_sql_text(id)),
                              NULL, reterr);
}

bool dw_store_mails(struct dw_store *store, enum dw_mail_phase phase, struct dw_page page,
                    struct dw_arena *arena, struct dw_mail_record **ret_mails, size_t *ret_count,
                    int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &mail_table,
        "SELECT " DW_SQL_NAMES(MAIL) " FROM mail WHERE phase = ?"
                                     " ORDER BY created_at DESC, rowid DESC"
                                     " LIMIT ? OFFSET ?",
        "SELECT count(*) FROM mail WHERE phase = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(phase_value(phase)), page, arena, ret_mails,
                              ret_count, ret_total, reterr);
}
