/* Attack protection; see protection_internal.h. */
#include "tenant/account/protection_internal.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "store/documents.h"
#include "sys/sorted_file.h"
#include "tenant/account/account_internal.h"
#include "tenant/audit_internal.h"

#define SHA1_BYTES 20
#define KNOWN_S (30 * 86400)

/* The peer gets the code's stock text, which is Auth0's. */
static bool too_many(struct dw_error *reterr, const char *cause)
{
    return dw_fail_because(reterr, DW_TOO_MANY_ATTEMPTS, NULL, 0, "%s", cause);
}

static bool settings_of(struct dw_tenant_call *call, const char *name, struct dw_slice *ret_json,
                        struct dw_error *reterr)
{
    return dw_store_document(call->tenant->store, dw_slice_from_text(name), call->arena, ret_json,
                             reterr);
}

/* An entry that is no address or range allows nobody. */
static bool is_allowed(const struct dw_tenant_call *call, struct dw_slices allowlist)
{
    struct dw_address_range range;

    for (size_t i = 0; i < allowlist.count; i++)
        if (dw_address_range_parse(allowlist.items[i], &range, NULL) &&
            dw_address_is_in(call->peer_address, &range, 1))
            return true;
    return false;
}

/* ---- logins ---- */

/* Whoever fails at one account after the other from here uses up the bucket of this address. Not so
 * for people who logged in from here before: one bad neighbour must not lock an office out. */
static bool plan_counting(struct dw_tenant_call *call, struct dw_slice subject,
                          struct dw_login_attempt *attempt, struct dw_error *reterr)
{
    const struct dw_brute_force *brute_force = &attempt->brute_force;
    const struct dw_suspicious_ip *suspicious_ip = &attempt->suspicious_ip;
    bool counts =
        brute_force->is_enabled && brute_force->blocks && !is_allowed(call, brute_force->allowlist);
    bool throttles = suspicious_ip->is_enabled && suspicious_ip->blocks &&
                     !is_allowed(call, suspicious_ip->allowlist);
    struct dw_slice address;

    if (!dw_tenant_rate_key(call, &address, reterr))
        return false;
    attempt->counting = (struct dw_login_counting){
        .attempt = {.subject = subject,
                    .address = brute_force->counts_by_address ? address : DW_EMPTY,
                    .limit = counts ? brute_force->max_attempts : 0,
                    .block_s = DW_BLOCK_S},
        .bucket = {.space = DW_LIT("pre-login"),
                   .key = address,
                   .size = throttles ? suspicious_ip->login.max_attempts : 0,
                   .refill_ms = suspicious_ip->login.rate_ms},
        .known_key =
            dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(address), DW_PRINT(subject)),
        .known_s = KNOWN_S,
    };
    return attempt->counting.known_key.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_protection_take_login(struct dw_tenant_call *call, struct dw_slice subject,
                              struct dw_login_attempt *ret_attempt, struct dw_error *reterr)
{
    struct dw_slice brute_force, suspicious_ip;

    *ret_attempt = (struct dw_login_attempt){0};
    if (!settings_of(call, DW_BRUTE_FORCE, &brute_force, reterr) ||
        !settings_of(call, DW_SUSPICIOUS_IP, &suspicious_ip, reterr) ||
        !dw_brute_force_read(brute_force, call->arena, &ret_attempt->brute_force, reterr) ||
        !dw_suspicious_ip_read(suspicious_ip, call->arena, &ret_attempt->suspicious_ip, reterr) ||
        !plan_counting(call, subject, ret_attempt, reterr) ||
        !dw_store_login_take(call->tenant->store, &ret_attempt->counting, call->now_s,
                             &ret_attempt->count, reterr))
        return false;
    switch (ret_attempt->count.verdict) {
    case DW_LOGIN_COUNTED:
        return true;
    case DW_LOGIN_THROTTLED:
        dw_audit(call, DW_AUDIT_LIMIT_MU);
        return too_many(reterr, "too many failed logins from this address");
    case DW_LOGIN_BLOCKED:
    default:
        return too_many(reterr, "too many failures of this account");
    }
}

void dw_protection_login_undecided(struct dw_tenant_call *call,
                                   const struct dw_login_attempt *attempt)
{
    struct dw_error error = {0};

    if (!dw_store_login_give(call->tenant->store, &attempt->counting, &attempt->count, &error))
        dw_log_error(call->tenant->log, "login_not_given_back", &error);
}

bool dw_protection_login_succeeded(struct dw_tenant_call *call,
                                   const struct dw_login_attempt *attempt, struct dw_slice user_id,
                                   struct dw_error *reterr)
{
    return dw_store_login_succeeded(call->tenant->store, &attempt->counting, &attempt->count,
                                    user_id, call->peer_address, call->now_s, reterr);
}

/* Whoever has no account has no address to write to either: as much is done for nobody. */
static bool mail_block(struct dw_tenant_call *call, const struct dw_user *user,
                       struct dw_error *reterr)
{
    bool has_address = user && dw_mail_is_address(user->email);
    struct dw_account_link link = {.purpose = DW_TICKET_UNBLOCK,
                                   .user = has_address ? user : NULL,
                                   .client_id = call->client_id,
                                   .lifetime_s = DW_UNBLOCK_LINK_LIFETIME_S};
    struct dw_mail mail = {.template = DW_MAIL_BLOCKED_ACCOUNT,
                           .to = has_address ? user->email : DW_LIT("nobody@invalid"),
                           .is_to_nobody = !has_address,
                           .language = dw_tenant_language(call),
                           .detail = call->peer_address,
                           .lifetime_s = DW_UNBLOCK_LINK_LIFETIME_S};

    return dw_account_link(call->tenant, &link, call->now_s, call->arena, &mail.url, reterr) &&
           dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr);
}

bool dw_protection_login_failed(struct dw_tenant_call *call, const struct dw_login_attempt *attempt,
                                const struct dw_user *user, struct dw_error *reterr)
{
    if (attempt->count.failures == 0 || attempt->count.failures < attempt->brute_force.max_attempts)
        return true;
    dw_audit(call, DW_AUDIT_LIMIT_WC, .user = user);
    dw_log(call->tenant->log, DW_LOG_WARN, "account_blocked", DW_S("address", call->peer_address),
           DW_S("user", user ? user->id : DW_EMPTY));
    return !attempt->brute_force.notifies || mail_block(call, user, reterr);
}

/* ---- sign-ups ---- */

bool dw_protection_take_sign_up(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_suspicious_ip settings;
    struct dw_bucket bucket = {.space = DW_LIT("pre-user-registration")};
    struct dw_slice json;
    bool may_go_on = true;

    if (!settings_of(call, DW_SUSPICIOUS_IP, &json, reterr) ||
        !dw_suspicious_ip_read(json, call->arena, &settings, reterr) ||
        !dw_tenant_rate_key(call, &bucket.key, reterr))
        return false;
    bucket.size = settings.registration.max_attempts;
    bucket.refill_ms = settings.registration.rate_ms;
    if (!settings.is_enabled || !settings.blocks || is_allowed(call, settings.allowlist))
        return true;
    if (!dw_store_bucket_take(call->tenant->store, &bucket, call->now_s * 1000, &may_go_on, reterr))
        return false;
    if (may_go_on)
        return true;
    dw_audit(call, DW_AUDIT_LIMIT_MU);
    return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS, "Too many sign-ups from your address.");
}

/* ---- breached passwords ---- */

static struct dw_leak_verdict stage_verdict(const struct dw_breached_passwords *settings,
                                            enum dw_protection_stage stage)
{
    switch (stage) {
    case DW_STAGE_LOGIN:
        return (struct dw_leak_verdict){settings->blocks_login, settings->notifies_login};
    case DW_STAGE_REGISTRATION:
        return (struct dw_leak_verdict){settings->blocks_registration, false};
    case DW_STAGE_CHANGE:
    default:
        return (struct dw_leak_verdict){settings->blocks_change, false};
    }
}

static bool is_listed(const struct dw_tenant *tenant, struct dw_secret password,
                      struct dw_arena *arena, bool *ret_is_listed, struct dw_error *reterr)
{
    char *path = dw_arena_text(arena, tenant->config.breached_passwords);
    unsigned char digest[DW_DIGEST_MAX_BYTES];
    struct dw_slice key;

    if (!dw_digest(DW_SHA1, password.hidden, digest, reterr))
        return false;
    key = dw_text_hex(arena, dw_slice_from((const char *)digest, SHA1_BYTES));
    if (!path || !key.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_sys_sorted_file_has(path, key, ret_is_listed, reterr);
}

bool dw_protection_find_leak(struct dw_tenant *tenant, struct dw_secret password,
                             enum dw_protection_stage stage, struct dw_arena *arena,
                             struct dw_leak_verdict *ret_verdict, struct dw_error *reterr)
{
    struct dw_breached_passwords settings;
    struct dw_leak_verdict verdict;
    struct dw_slice json;
    bool is_there = false;

    *ret_verdict = (struct dw_leak_verdict){0};
    if (tenant->config.breached_passwords.len == 0)
        return true;
    if (!dw_store_document(tenant->store, DW_LIT(DW_BREACHED_PASSWORDS), arena, &json, reterr) ||
        !dw_breached_passwords_read(json, arena, &settings, reterr))
        return false;
    verdict = stage_verdict(&settings, stage);
    if (!settings.is_enabled || !(verdict.refuses || verdict.notifies))
        return true;
    if (!is_listed(tenant, password, arena, &is_there, reterr))
        return false;
    if (is_there)
        *ret_verdict = verdict;
    return true;
}
