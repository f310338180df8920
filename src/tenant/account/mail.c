/* From a template to a mail in the queue; see mail_internal.h. */
#include "tenant/account/mail_internal.h"

#include "base/text.h"
#include "crypto/seal.h"
#include "oauth/identifier.h"
#include "store/mail.h"
#include "sys/sys.h"
#include "tenant/account/mail_message_internal.h"
#include "tenant/account/mail_sender_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/brand_internal.h"
#include "tenant/settings_internal.h"
#include "tenant/texts_internal.h"

#define FIELD_MAX_BYTES 200
#define MAIL_KEEP_S 86400 /* a mail that expires later, or never, is tried for a day */

const char *const dw_mail_template_names[] = {
    [DW_MAIL_VERIFY_EMAIL] = "verify_email",
    [DW_MAIL_VERIFY_CODE] = "verify_email_by_code",
    [DW_MAIL_RESET_PASSWORD] = "reset_email",
    [DW_MAIL_PASSWORD_CHANGED] = "password_changed",
    [DW_MAIL_BLOCKED_ACCOUNT] = "blocked_account",
    [DW_MAIL_PASSWORDLESS_CODE] = "passwordless_code",
    [DW_MAIL_PASSWORDLESS_LINK] = "passwordless_link",
    [DW_MAIL_SMS_CODE] = "sms_code",
    [DW_MAIL_MFA_CODE] = "mfa_code",
    [DW_MAIL_CIBA_APPROVAL] = "ciba_approval",
    [DW_MAIL_PASSWORD_LEAKED] = "stolen_credentials",
    [DW_MAIL_INVITATION] = "invitation",
    [DW_MAIL_SIGNUP_KNOWN] = "signup_known",
    [DW_MAIL_TEMPLATE_COUNT] = NULL,
};

/* The keys of a template's own texts; NULL: the one that all share, or none. */
static const struct {
    const char *subject, *lead, *button, *note;
} keys[DW_MAIL_TEMPLATE_COUNT] = {
#define KEYS(name) .subject = "mail." name ".subject", .lead = "mail." name ".lead"
    [DW_MAIL_VERIFY_EMAIL] = {KEYS("verify_email"), .button = "mail.verify_email.button"},
    [DW_MAIL_VERIFY_CODE] = {KEYS("verify_email_by_code")},
    [DW_MAIL_RESET_PASSWORD] = {KEYS("reset_email"), .button = "mail.reset_email.button"},
    [DW_MAIL_PASSWORD_CHANGED] = {KEYS("password_changed"), .note = "mail.password_changed.note"},
    [DW_MAIL_BLOCKED_ACCOUNT] = {KEYS("blocked_account"), .button = "mail.blocked_account.button",
                                 .note = "mail.blocked_account.note"},
    [DW_MAIL_PASSWORDLESS_CODE] = {KEYS("passwordless_code")},
    [DW_MAIL_PASSWORDLESS_LINK] = {KEYS("passwordless_link"),
                                   .button = "mail.passwordless_link.button"},
    [DW_MAIL_SMS_CODE] = {KEYS("sms_code")},
    [DW_MAIL_MFA_CODE] = {KEYS("mfa_code")},
    [DW_MAIL_CIBA_APPROVAL] = {KEYS("ciba_approval"), .button = "mail.ciba_approval.button"},
    [DW_MAIL_PASSWORD_LEAKED] = {KEYS("stolen_credentials"),
                                 .button = "mail.stolen_credentials.button",
                                 .note = "mail.stolen_credentials.note"},
    [DW_MAIL_INVITATION] = {KEYS("invitation"), .button = "mail.invitation.button"},
    [DW_MAIL_SIGNUP_KNOWN] = {KEYS("signup_known"), .button = "mail.reset_email.button",
                              .note = "mail.signup_known.note"},
#undef KEYS
};

/* What strangers wrote stays one short line. */
static struct dw_slice one_line(struct dw_slice text, struct dw_arena *arena)
{
    size_t len = dw_text_head(text, FIELD_MAX_BYTES).len;
    char *copy = dw_arena_text(arena, dw_slice_sub(text, 0, len));

    for (size_t i = 0; copy && i < len; i++)
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = ' ';
    return dw_slice_from(copy, copy ? len : 0);
}

/* "for 10 minutes", in the largest unit that is exact enough. */
static const char *lifetime_key(int64_t lifetime_s, int64_t *ret_count)
{
    if (lifetime_s < 2 * 3600) {
        *ret_count = (lifetime_s + 59) / 60;
        return "mail.minutes";
    }
    if (lifetime_s < 2 * 86400) {
        *ret_count = lifetime_s / 3600;
        return "mail.hours";
    }
    *ret_count = lifetime_s / 86400;
    return "mail.days";
}

enum word {
    WORD_HEADING,
    WORD_LEAD,
    WORD_BUTTON,
    WORD_NOTE,
    WORD_FOOTER,
    WORD_LINK_HELP,
    WORD_LIFETIME,
    WORD_COUNT
};

struct filled {
    struct dw_slice words[WORD_COUNT];
    struct dw_slice tenant_name;
    struct dw_brand brand;
};

static bool fill_words(const struct dw_tenant *tenant, const struct dw_mail *mail,
                       struct dw_arena *arena, struct filled *ret_filled, struct dw_error *reterr)
{
    int64_t count = 0;
    const char *lifetime = mail->lifetime_s > 0 ? lifetime_key(mail->lifetime_s, &count) : NULL;
    const char *const wanted[WORD_COUNT] = {
        [WORD_HEADING] = keys[mail->template].subject,
        [WORD_LEAD] = keys[mail->template].lead,
        [WORD_BUTTON] = keys[mail->template].button,
        [WORD_NOTE] = keys[mail->template].note ? keys[mail->template].note : "mail.note",
        [WORD_FOOTER] = "mail.footer",
        [WORD_LINK_HELP] = keys[mail->template].button ? "mail.link_help" : NULL,
        [WORD_LIFETIME] = lifetime,
    };
    const struct dw_tenant_settings *settings = NULL;
    struct dw_slice tenant_name = dw_tenant_settings(tenant, arena, &settings, reterr)
                                      ? one_line(settings->friendly_name, arena)
                                      : (struct dw_slice){0};
    struct dw_slice client_name = one_line(mail->client_name, arena);
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = client_name.len > 0 ? client_name : tenant_name},
        {.name = "tenant_name", .text = tenant_name},
        {.name = "host", .text = tenant->host},
        {.name = "detail", .text = one_line(mail->detail, arena)},
        {.name = "code", .text = mail->code},
        {.name = "count", .text = dw_arena_printf(arena, "%lld", (long long)count)},
    };
    struct dw_html_row row = {fields, sizeof fields / sizeof *fields};

    if (!settings || !dw_brand_make(settings, arena, &ret_filled->brand, reterr))
        return false;
    ret_filled->tenant_name = tenant_name;
    for (int i = 0; i < WORD_COUNT; i++) {
        ret_filled->words[i] = DW_EMPTY;
        if (wanted[i] &&
            !dw_text_fill(mail->language, wanted[i], &row, arena, &ret_filled->words[i], reterr))
            return false;
    }
    if (dw_slice_eq(tenant_name, tenant->host)) /* once is enough */
        ret_filled->words[WORD_FOOTER] = tenant->host;
    return true;
}

static bool make_html(const struct dw_mail *mail, const struct filled *filled,
                      struct dw_arena *arena, struct dw_slice *ret_html, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "language", .text = dw_slice_from_text(mail->language->tag)},
        {.name = "direction", .text = dw_slice_from_text(mail->language->direction)},
        {.name = "tenant_name", .text = filled->tenant_name},
        {.name = "logo_url", .text = filled->brand.logo_url},
        {.name = "button_color", .text = filled->brand.button},
        {.name = "on_button_color", .text = filled->brand.on_button},
        {.name = "heading", .text = filled->words[WORD_HEADING]},
        {.name = "lead", .text = filled->words[WORD_LEAD]},
        {.name = "code", .text = mail->code},
        {.name = "url", .text = mail->url},
        {.name = "button", .text = filled->words[WORD_BUTTON]},
        {.name = "link_help", .text = filled->words[WORD_LINK_HELP]},
        {.name = "lifetime", .text = filled->words[WORD_LIFETIME]},
        {.name = "note", .text = filled->words[WORD_NOTE]},
        {.name = "footer", .text = filled->words[WORD_FOOTER]},
    };
    struct dw_html_row row = {fields, sizeof fields / sizeof *fields};

    return dw_html_render_text(dw_mail_html, mail->language, &row, arena, ret_html, reterr);
}

static bool make_text(const struct dw_mail *mail, const struct filled *filled,
                      struct dw_arena *arena, struct dw_slice *ret_text, struct dw_error *reterr)
{
    const struct dw_slice *words = filled->words;
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_printf(&out, "%.*s\n\n%.*s\n\n", DW_PRINT(words[WORD_HEADING]),
                  DW_PRINT(words[WORD_LEAD]));
    if (mail->code.len > 0)
        dw_buf_printf(&out, "    %.*s\n\n", DW_PRINT(mail->code));
    if (mail->url.len > 0)
        dw_buf_printf(&out, "%.*s\n%.*s\n\n", DW_PRINT(words[WORD_BUTTON]), DW_PRINT(mail->url));
    if (words[WORD_LIFETIME].len > 0)
        dw_buf_printf(&out, "%.*s\n", DW_PRINT(words[WORD_LIFETIME]));
    dw_buf_printf(&out, "%.*s\n\n-- \n%.*s\n", DW_PRINT(words[WORD_NOTE]),
                  DW_PRINT(words[WORD_FOOTER]));
    return dw_buf_finish(&out, ret_text, reterr);
}

struct dw_slice dw_mail_seal_context(struct dw_slice id, struct dw_arena *arena)
{
    return dw_arena_printf(arena, "mail:%.*s", DW_PRINT(id));
}

static bool seal_parts(const struct dw_tenant *tenant, const struct dw_mail *mail,
                       struct dw_slice id, struct dw_arena *arena, struct dw_slice *ret_sealed,
                       struct dw_error *reterr)
{
    struct dw_secret key = {
        dw_slice_from((const char *)tenant->master_key, sizeof tenant->master_key)};
    unsigned char nonce[DW_SEAL_NONCE_BYTES];
    struct dw_slice context = dw_mail_seal_context(id, arena);
    struct dw_mail_parts parts = {.to = mail->to};
    struct filled filled;
    struct dw_slice json;

    dw_sys_random(nonce, sizeof nonce);
    if (!fill_words(tenant, mail, arena, &filled, reterr) ||
        !make_html(mail, &filled, arena, &parts.html, reterr) ||
        !make_text(mail, &filled, arena, &parts.text, reterr))
        return false;
    parts.subject = filled.words[WORD_HEADING];
    if (mail->template == DW_MAIL_SMS_CODE) /* a text message is one line */
        parts.text = filled.words[WORD_LEAD];
    if (!dw_mail_parts_write(&parts, arena, &json, reterr))
        return false;
    if (!context.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (json.len > DW_MAIL_MAX_BYTES)
        return dw_fail(reterr, DW_INTERNAL, "a mail is too large");
    return dw_seal(key, nonce, context, dw_secret_from(json), arena, ret_sealed, reterr);
}

bool dw_mail_has_outbox(const struct dw_tenant *tenant)
{
    return tenant->config.mail_outbox && tenant->is_on_loopback;
}

bool dw_mail_arrives(const struct dw_tenant *tenant)
{
    return tenant->config.mail_url.len > 0 || dw_mail_has_outbox(tenant);
}

bool dw_mail_check(const struct dw_tenant *tenant, struct dw_error *reterr)
{
    return dw_mail_arrives(tenant) ||
           dw_fail(reterr, DW_BAD_CONNECTION, "This service is not set up to send mail.");
}

/* What happens to a mail: sent, shown in the outbox, or nothing. */
static enum dw_mail_phase first_phase(const struct dw_tenant *tenant, const struct dw_mail *mail)
{
    struct dw_slice url =
        mail->template == DW_MAIL_SMS_CODE ? tenant->config.sms_url : tenant->config.mail_url;

    if (mail->is_to_nobody)
        return DW_MAIL_TO_NOBODY;
    if (url.len > 0)
        return DW_MAIL_QUEUED;
    return dw_mail_has_outbox(tenant) ? DW_MAIL_OUTBOX : DW_MAIL_TO_NOBODY;
}

static void note_unsent(struct dw_tenant *tenant, const struct dw_mail *mail, const char *reason)
{
    dw_audit_write(tenant, NULL,
                   &(struct dw_audit_facts){.type = DW_AUDIT_FN,
                                            .user_name = mail->to,
                                            .description = dw_slice_from_text(reason)});
}

static void note_mail(struct dw_tenant *tenant, const struct dw_mail *mail,
                      const struct dw_mail_record *record, bool is_added)
{
    if (!is_added) {
        note_unsent(tenant, mail, "the queue of mails is full");
        dw_log(tenant->log, DW_LOG_WARN, "mail_queue_full",
               DW_S("template", record->template_name));
    } else if (record->phase == DW_MAIL_OUTBOX) {
        dw_log(tenant->log, DW_LOG_INFO, "mail_in_outbox", DW_S("template", record->template_name),
               DW_S("where", tenant->config.issuer), DW_S("path", DW_LIT("dev/outbox")));
    } else if (record->phase == DW_MAIL_QUEUED) {
        dw_mail_sender_wake(tenant);
    } else if (!mail->is_to_nobody) {
        note_unsent(tenant, mail, "there is no [mail] url");
        dw_log(tenant->log, DW_LOG_WARN, "mail_dropped", DW_S("template", record->template_name),
               DW_S("reason", DW_LIT("there is no [mail] url")));
    }
}

struct dw_slice dw_mail_client_name(const struct dw_oauth_client *client)
{
    return client && client->kind == DW_CLIENT_STATIC ? client->name : DW_EMPTY;
}

/* Whoever asks for mails to somebody else's address cannot bury that address in them. */
static bool is_allowed(struct dw_tenant *tenant, const struct dw_mail *mail, int64_t now_s,
                       struct dw_arena *arena, bool *ret_is_allowed, struct dw_error *reterr)
{
    struct dw_rate rate = {.space = DW_LIT("mail"), .limit = DW_MAIL_PER_ADDRESS, .window_s = 3600};
    struct dw_slice to = dw_text_lower(arena, mail->to);

    if (!to.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    /* Each kind of mail by itself: who asks for new passwords silences no warning, and no code. */
    rate.key =
        dw_arena_printf(arena, "%s %.*s", dw_mail_template_names[mail->template], DW_PRINT(to));
    if (!rate.key.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_store_rate_take(tenant->store, &rate, now_s, ret_is_allowed, reterr);
}

bool dw_mail_send(struct dw_tenant *tenant, const struct dw_mail *mail, int64_t now_s,
                  struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_mail filled = *mail;
    struct dw_mail_record record = {
        .id = dw_tenant_random_hex(arena, "", 16),
        .template_name = dw_slice_from_text(dw_mail_template_names[mail->template]),
        .phase = first_phase(tenant, mail),
        .next_at_s = now_s,
        .created_at_s = now_s,
        .expires_at_s = now_s + MAIL_KEEP_S,
    };
    bool is_good = false, is_added = false;

    if (mail->template == DW_MAIL_SMS_CODE ? !dw_identifier_is_phone_number(mail->to)
                                           : !dw_mail_is_address(mail->to))
        return dw_fail(reterr, DW_INVALID_REQUEST, "this is no address that a mail can be sent to");
    if (!record.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!filled.language)
        filled.language = &dw_languages[0];
    if (mail->lifetime_s > 0 && mail->lifetime_s < MAIL_KEEP_S && record.phase == DW_MAIL_QUEUED)
        record.expires_at_s = now_s + mail->lifetime_s;
    if (record.phase == DW_MAIL_TO_NOBODY)
        record.expires_at_s = now_s;
    if (!is_allowed(tenant, mail, now_s, arena, &is_good, reterr))
        return false;
    if (!is_good) {
        dw_log(tenant->log, DW_LOG_WARN, "mail_limit", DW_S("template", record.template_name));
        return true;
    }
    if (!seal_parts(tenant, &filled, record.id, arena, &record.sealed_text, reterr) ||
        !dw_store_add_mail(tenant->store, &record, DW_MAIL_QUEUE_MAX, &is_added, reterr))
        return false;
    note_mail(tenant, mail, &record, is_added);
    return true;
}
