/* Sending what is in the queue: one at a time, again and ever later when the server cannot now,
 * never again when it says that it never will. Two processes on one store share the work. */
#include "tenant/account/mail_sender_internal.h"

#include <stdatomic.h>

#include "base/text.h"
#include "crypto/seal.h"
#include "net/smtp.h"
#include "sys/sys.h"
#include "tenant/account/mail_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/settings_internal.h"

#define TICK_MS 500
#define LOOK_EVERY_TICKS                                                                           \
    20 /* for mails of `doorward tenant ticket` and for those to be tried again */
#define MAILS_A_RUN 50
#define LEASE_S 120 /* longer than a dialogue takes */
#define FIRST_PAUSE_S 10
#define LONGEST_PAUSE_S 3600
#define MAX_ATTEMPTS 20
#define SEND_ARENA_BYTES ((size_t)1024 * 1024)
#define PASSWORD_FILE_MAX_BYTES 4096

static bool read_password(struct dw_tenant *tenant, struct dw_error *reterr)
{
    char *path = dw_arena_text(tenant->arena, tenant->config.mail_password_file);
    struct dw_slice text;

    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (tenant->config.mail_password_file.len == 0)
        return true;
    if (!dw_sys_read_file(path, PASSWORD_FILE_MAX_BYTES, tenant->arena, &text, reterr))
        return false;
    text.len = dw_slice_index(text, '\n');
    tenant->config.mail_password = dw_secret_from(dw_slice_trim(text));
    return true;
}

bool dw_mail_open(struct dw_tenant *tenant, struct dw_error *reterr)
{
    const struct dw_tenant_config *config = &tenant->config;

    if (config->sms_url.len > 0 && !dw_slice_starts_with(config->sms_url, DW_LIT("https://")) &&
        !dw_slice_starts_with(config->sms_url, DW_LIT("http://127.0.0.1:")))
        return dw_fail(reterr, DW_CONFIG, "[mail] sms_url must be an https URL; it is \"%.*s\"",
                       DW_PRINT(config->sms_url));
    if (config->mail_url.len == 0)
        return true;
    if (!dw_slice_starts_with(config->mail_url, DW_LIT("smtp://")) &&
        !dw_slice_starts_with(config->mail_url, DW_LIT("smtps://")))
        return dw_fail(reterr, DW_CONFIG,
                       "[mail] url must be like smtp://mail.example.com:587 or "
                       "smtps://mail.example.com:465; it is \"%.*s\"",
                       DW_PRINT(config->mail_url));
    if (!dw_mail_is_address(config->mail_from))
        return dw_fail(reterr, DW_CONFIG,
                       "[mail] from must be the address that mails come from; it is \"%.*s\"",
                       DW_PRINT(config->mail_from));
    return read_password(tenant, reterr);
}

bool dw_mail_unseal(const struct dw_tenant *tenant, const struct dw_mail_record *record,
                    struct dw_arena *arena, struct dw_mail_parts *ret_parts,
                    struct dw_error *reterr)
{
    struct dw_secret key = {
        dw_slice_from((const char *)tenant->master_key, sizeof tenant->master_key)};
    struct dw_secret plain;

    return dw_unseal(key, dw_mail_seal_context(record->id, arena), record->sealed_text, arena,
                     &plain, reterr) &&
           dw_mail_parts_read(plain.hidden, arena, ret_parts, reterr);
}

static bool send_record(struct dw_tenant *tenant, const struct dw_mail_record *record,
                        int64_t now_s, struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_tenant_config *config = &tenant->config;
    struct dw_mail_envelope envelope = {
        .from = config->mail_from,
        .id = record->id,
        .at_s = now_s,
    };
    struct dw_smtp_request request = {
        .url = config->mail_url,
        .user = config->mail_user,
        .password = config->mail_password,
        .from = config->mail_from,
    };
    const struct dw_tenant_settings *settings;
    struct dw_mail_parts parts;

    if (!dw_tenant_settings(tenant, arena, &settings, reterr))
        return false;
    envelope.from_name = settings->friendly_name;
    if (!dw_mail_unseal(tenant, record, arena, &parts, reterr))
        return false;
    if (dw_slice_eq(record->template_name,
                    dw_slice_from_text(dw_mail_template_names[DW_MAIL_SMS_CODE])))
        return dw_sms_send(tenant, parts.to, parts.text, arena, reterr);
    if (!dw_mail_message(&envelope, &parts, arena, &request.message, reterr))
        return false;
    request.to = parts.to;
    return dw_smtp_send(&request, arena, reterr);
}

/* 10 s, 40 s, 160 s, ... up to an hour. */
static int64_t pause_s(int64_t attempts)
{
    int64_t pause = FIRST_PAUSE_S;

    for (int64_t i = 1; i < attempts && pause < LONGEST_PAUSE_S; i++)
        pause *= 4;
    return pause < LONGEST_PAUSE_S ? pause : LONGEST_PAUSE_S;
}

static void note_failure(struct dw_tenant *tenant, const struct dw_mail_record *record,
                         int64_t now_s, const struct dw_error *failure)
{
    int64_t next_at_s = now_s + pause_s(record->attempts);
    bool is_over = failure->code == DW_FORBIDDEN || failure->code == DW_INVALID_REQUEST ||
                   record->attempts >= MAX_ATTEMPTS || next_at_s >= record->expires_at_s;
    struct dw_slice text =
        dw_slice_from_text(failure->cause[0] != '\0' ? failure->cause : failure->message);
    struct dw_error error = {0};

    dw_log(tenant->log, DW_LOG_WARN, is_over ? "mail_failed" : "mail_delayed",
           DW_S("template", record->template_name), DW_I("attempts", record->attempts),
           DW_S("reason", text));
    if (is_over)
        dw_audit_write(tenant, NULL,
                       &(struct dw_audit_facts){.type = DW_AUDIT_FN, .description = text});
    if (!dw_store_mail_failed(tenant->store, record->id, is_over ? DW_MAIL_FAILED : DW_MAIL_QUEUED,
                              next_at_s, dw_text_is_utf8(text) ? text : DW_EMPTY, &error))
        dw_log_error(tenant->log, "mail_not_noted", &error);
}

/* False: none is due, or the store does not answer. */
static bool send_one(struct dw_tenant *tenant, int64_t now_s)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(SEND_ARENA_BYTES);
    struct dw_mail_record *record = NULL;
    struct dw_error error = {0};

    if (!arena || !dw_store_take_mail(tenant->store, now_s, LEASE_S, arena, &record, &error)) {
        dw_log_error(tenant->log, "mail_queue_unreadable", &error);
        return false;
    }
    if (!record)
        return false;
    if (!send_record(tenant, record, now_s, arena, &error)) {
        note_failure(tenant, record, now_s, &error);
        return true;
    }
    dw_log(tenant->log, DW_LOG_INFO, "mail_sent", DW_S("template", record->template_name),
           DW_I("attempts", record->attempts));
    if (!dw_store_delete_mail(tenant->store, record->id, &error))
        dw_log_error(tenant->log, "mail_not_noted", &error);
    return true;
}

size_t dw_mail_send_due(struct dw_tenant *tenant, int64_t now_s)
{
    size_t count = 0;

    if (tenant->config.mail_url.len == 0 && tenant->config.sms_url.len == 0)
        return 0;
    while (count < MAILS_A_RUN && send_one(tenant, now_s))
        count++;
    return count;
}

static void work(void *user)
{
    struct dw_tenant *tenant = user;

    /* More than a run may be there. */
    if (dw_mail_send_due(tenant, tenant->now_s()) == MAILS_A_RUN)
        dw_mail_sender_wake(tenant);
}

static void work_done(void *user)
{
    struct dw_tenant *tenant = user;

    tenant->mail_sender.is_sending = false;
}

static void tick(void *user)
{
    struct dw_tenant *tenant = user;
    struct dw_mail_sender *sender = &tenant->mail_sender;

    if (sender->is_sending)
        return;
    if (!atomic_exchange(&sender->is_awake, false) && ++sender->ticks < LOOK_EVERY_TICKS)
        return;
    sender->ticks = 0;
    sender->is_sending = dw_job_run(dw_net_loop(tenant->net, 0), DW_POOL_FETCH, work, work_done,
                                    tenant, NULL); /* a full queue: the next look comes */
}

bool dw_mail_sender_start(struct dw_tenant *tenant, struct dw_error *reterr)
{
    if (!dw_mail_arrives(tenant))
        dw_log(
            tenant->log, DW_LOG_WARN, "mail_not_set_up",
            DW_S("without", DW_LIT("signing up on pages, new passwords, codes and links by mail")),
            DW_S("set", DW_LIT("[mail] url (a mail server), or [mail] outbox = true on loopback")));
    else if (tenant->config.mail_url.len == 0)
        dw_log(tenant->log, DW_LOG_INFO, "mail_outbox", DW_S("where", tenant->config.issuer),
               DW_S("path", DW_LIT("dev/outbox")));
    if (tenant->config.mail_url.len == 0 && tenant->config.sms_url.len == 0)
        return true;
    tenant->mail_sender.timer =
        dw_timer_new(dw_net_loop(tenant->net, 0), TICK_MS, TICK_MS, tick, tenant);
    return tenant->mail_sender.timer || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

void dw_mail_sender_stop(struct dw_tenant *tenant)
{
    if (tenant->mail_sender.timer)
        dw_timer_free(tenant->mail_sender.timer);
}

void dw_mail_sender_wake(struct dw_tenant *tenant)
{
    atomic_store(&tenant->mail_sender.is_awake, true);
}
