/* Links that confirm an address, change a password or end a block: the ticket in them is 256 random
 * bits, of which only the digest is kept; it works once, for one user and one purpose. */
#include "tenant/account/account_internal.h"

#include "tenant/account/password_internal.h"
#include "tenant/account/protection_internal.h"
#include "tenant/audit_internal.h"

#define REQUESTS 100 /* for new passwords, from one address ... */
#define REQUESTS_WINDOW_S 3600

bool dw_account_ticket_digest(struct dw_slice ticket, struct dw_arena *arena,
                              struct dw_slice *ret_digest, struct dw_error *reterr)
{
    return dw_tenant_digest(ticket, arena, ret_digest, reterr);
}

/* As much work on the disk as a ticket is. */
static bool add_nothing(struct dw_tenant *tenant, struct dw_slice digest, int64_t now_s,
                        struct dw_error *reterr)
{
    bool is_first;

    return dw_store_first_use(tenant->store, DW_LIT("no-ticket"), digest, now_s, now_s, &is_first,
                              reterr);
}

bool dw_account_link(struct dw_tenant *tenant, const struct dw_account_link *link, int64_t now_s,
                     struct dw_arena *arena, struct dw_slice *ret_url, struct dw_error *reterr)
{
    static const char *const paths[DW_TICKET_PURPOSE_COUNT] = {
        [DW_TICKET_VERIFY_EMAIL] = "u/email-verification",
        [DW_TICKET_CHANGE_PASSWORD] = "u/reset-password",
        [DW_TICKET_UNBLOCK] = "u/unblock",
    };
    struct dw_slice value = dw_tenant_random_text(arena, "", 32);
    struct dw_ticket ticket = {
        .purpose = link->purpose,
        .client_id = link->client_id,
        .result_url = link->result_url,
        .marks_email_verified = link->marks_email_verified,
        .created_at_s = now_s,
        .expires_at_s = now_s + link->lifetime_s,
    };

    *ret_url = dw_arena_printf(arena, "%.*s%s?ticket=%.*s", DW_PRINT(tenant->config.issuer),
                               paths[link->purpose], DW_PRINT(value));
    if (!value.ptr || !ret_url->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_account_ticket_digest(value, arena, &ticket.digest, reterr))
        return false;
    if (!link->user)
        return add_nothing(tenant, ticket.digest, now_s, reterr);
    ticket.user_id = link->user->id;
    ticket.email = link->user->email;
    return dw_store_add_ticket(tenant->store, &ticket, reterr);
}

bool dw_account_mail_verification(struct dw_tenant_call *call, const struct dw_user *user,
                                  const struct dw_oauth_client *client, struct dw_error *reterr)
{
    struct dw_account_link link = {.purpose = DW_TICKET_VERIFY_EMAIL,
                                   .user = user,
                                   .client_id = client ? client->id : DW_EMPTY,
                                   .lifetime_s = DW_VERIFY_LINK_LIFETIME_S};
    struct dw_mail mail = {.template = DW_MAIL_VERIFY_EMAIL,
                           .to = user->email,
                           .language = dw_tenant_language(call),
                           .client_name = dw_mail_client_name(client),
                           .lifetime_s = DW_VERIFY_LINK_LIFETIME_S};

    if (!dw_account_link(call->tenant, &link, call->now_s, call->arena, &mail.url, reterr) ||
        !dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr)) {
        dw_audit(call, DW_AUDIT_FVR, .client = client, .user = user, .error = reterr);
        return false;
    }
    dw_audit(call, DW_AUDIT_SVR, .client = client, .user = user);
    return true;
}

/* Whose address it is; not that of somebody whose user name or phone number looks like it. */
static bool find_owner(struct dw_tenant_call *call, const struct dw_account_home *home,
                       struct dw_slice email, struct dw_user **ret_owner, struct dw_error *reterr)
{
    if (!dw_store_user_by_login(call->tenant->store, home->connection->name, email, call->arena,
                                ret_owner, reterr))
        return false;
    if (*ret_owner && !dw_slice_eq_nocase((*ret_owner)->email, email))
        *ret_owner = NULL;
    return true;
}

bool dw_account_mail_known(struct dw_tenant_call *call, const struct dw_account_home *home,
                           struct dw_slice email, const struct dw_oauth_client *client,
                           struct dw_error *reterr)
{
    struct dw_user *owner = NULL; /* NULL: it is the user name or the phone number that is taken */
    struct dw_account_link link = {.purpose = DW_TICKET_CHANGE_PASSWORD,
                                   .client_id = client ? client->id : DW_EMPTY,
                                   .lifetime_s = DW_PASSWORD_LINK_LIFETIME_S,
                                   .marks_email_verified = true};
    struct dw_mail mail = {.template = DW_MAIL_SIGNUP_KNOWN,
                           .to = email,
                           .language = dw_tenant_language(call),
                           .client_name = dw_mail_client_name(client),
                           .lifetime_s = DW_PASSWORD_LINK_LIFETIME_S};

    if (!find_owner(call, home, email, &owner, reterr))
        return false;
    link.user = owner;
    if (!dw_account_link(call->tenant, &link, call->now_s, call->arena, &mail.url, reterr))
        return false;
    if (!owner) {
        mail.url = DW_EMPTY;
        mail.lifetime_s = 0;
    }
    dw_audit(call, owner ? DW_AUDIT_SCPR : DW_AUDIT_FCPR, .client = client, .user = owner,
             .user_name = email, .connection = home->connection->name);
    return dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr);
}

bool dw_account_mail_code(struct dw_tenant_call *call, const struct dw_account_home *home,
                          const struct dw_user *user, struct dw_secret code, int64_t lifetime_s,
                          const struct dw_oauth_client *client, struct dw_error *reterr)
{
    struct dw_account_link nothing = {.purpose = DW_TICKET_VERIFY_EMAIL, .lifetime_s = lifetime_s};
    struct dw_mail mail = {.template = DW_MAIL_VERIFY_CODE,
                           .to = user->email,
                           .language = dw_tenant_language(call),
                           .client_name = dw_mail_client_name(client),
                           .code = code.hidden,
                           .lifetime_s = lifetime_s};
    struct dw_user *owner;
    struct dw_slice url;

    if (!find_owner(call, home, user->email, &owner, reterr) ||
        !dw_account_link(call->tenant, &nothing, call->now_s, call->arena, &url, reterr))
        return false;
    dw_audit(call, DW_AUDIT_SVR, .client = client, .user = user);
    return dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr);
}

/* ---- passwords ---- */

static bool may_ask(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_rate rate = {
        .space = DW_LIT("reset"), .limit = REQUESTS, .window_s = REQUESTS_WINDOW_S};
    bool is_allowed = false;

    if (!dw_tenant_rate_key(call, &rate.key, reterr) ||
        !dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed || dw_fail(reterr, DW_TOO_MANY_ATTEMPTS,
                                 "Too many requests for a new password from your address.");
}

bool dw_account_mail_password_link(struct dw_tenant_call *call, const struct dw_account_home *home,
                                   const struct dw_oauth_client *client, struct dw_slice email,
                                   struct dw_error *reterr)
{
    struct dw_user *user = NULL;
    struct dw_account_link link = {.purpose = DW_TICKET_CHANGE_PASSWORD,
                                   .client_id = client->id,
                                   .lifetime_s = DW_PASSWORD_LINK_LIFETIME_S,
                                   .marks_email_verified = true};
    struct dw_mail mail = {.template = DW_MAIL_RESET_PASSWORD,
                           .to = email,
                           .language = dw_tenant_language(call),
                           .client_name = dw_mail_client_name(client),
                           .lifetime_s = DW_PASSWORD_LINK_LIFETIME_S};

    if (!dw_identifier_is_email(email))
        return dw_fail(reterr, DW_INVALID_REQUEST, "email is not valid");
    if (!may_ask(call, reterr) || !find_owner(call, home, email, &user, reterr))
        return false;
    link.user = user;
    mail.is_to_nobody = !user;
    if (!dw_account_link(call->tenant, &link, call->now_s, call->arena, &mail.url, reterr) ||
        !dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr))
        return false;
    dw_audit(call, user ? DW_AUDIT_SCPR : DW_AUDIT_FCPR, .client = client, .user = user,
             .user_name = email, .connection = home->connection->name);
    return true;
}

/* The password is changed, mail or no mail. */
static void tell_user(struct dw_tenant_call *call, const struct dw_user *user)
{
    struct dw_mail mail = {.template = DW_MAIL_PASSWORD_CHANGED,
                           .to = user->email,
                           .language = dw_tenant_language(call)};
    struct dw_error error = {0};

    if (dw_mail_is_address(user->email) &&
        !dw_mail_send(call->tenant, &mail, call->now_s, call->arena, &error))
        dw_log_error(call->tenant->log, "mail_not_queued", &error);
}

bool dw_account_change_password(struct dw_tenant_call *call,
                                const struct dw_account_new_password *change,
                                struct dw_account_refusal *ret_refusal, bool *ret_is_done,
                                struct dw_error *reterr)
{
    struct dw_password_change record = {
        .ticket_digest = change->ticket_digest, .user_id = change->user->id, .now_s = call->now_s};
    struct dw_account_home home;

    *ret_is_done = false;
    if (!dw_account_home_of(call->tenant, change->user, call->arena, &home, reterr))
        return false;
    if (!home.connection)
        return dw_fail(reterr, DW_INVALID_REQUEST, "This account has no password here.");
    struct dw_account_judgement judgement = {.home = &home,
                                             .password = change->password,
                                             .user = change->user,
                                             .stage = DW_STAGE_CHANGE};
    if (!dw_account_judge(call, &judgement, ret_refusal, reterr))
        return false;
    if (ret_refusal->kind != DW_ACCOUNT_ACCEPTED) {
        dw_audit(call,
                 ret_refusal->problem == DW_PASSWORD_LEAKED ? DW_AUDIT_RESET_PWD_LEAK
                                                            : DW_AUDIT_FCP,
                 .user = change->user);
        return true;
    }
    record.history_size = home.policy.history_size;
    if (!dw_password_make_any(change->password, call->arena, &record.hash, reterr) ||
        !dw_store_change_password(call->tenant->store, &record, ret_is_done, reterr))
        return false;
    if (!*ret_is_done)
        return true;
    dw_audit(call, DW_AUDIT_SCP, .user = change->user);
    tell_user(call, change->user);
    return true;
}
