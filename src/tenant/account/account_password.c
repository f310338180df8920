/* Whether a new password may be taken, and what is said when a stolen one is used; see
 * account_internal.h. */
#include "tenant/account/account_internal.h"

#include "crypto/password.h"
#include "sys/sys.h"
#include "tenant/account/password_internal.h"

#define WORDS_FILE_MAX_BYTES ((size_t)1024 * 1024)
#define LEAK_MAILS_WINDOW_S 3600

/* The operator's file: one password a line, in any case. Read each time, as rarely as passwords are
 * chosen, so that a change counts at once. */
static bool is_in_file(struct dw_tenant_call *call, struct dw_secret password, bool *ret_is_there,
                       struct dw_error *reterr)
{
    char *path = dw_arena_text(call->arena, call->tenant->config.common_passwords);
    struct dw_slice rest, line;
    struct dw_error error = {0};

    *ret_is_there = false;
    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (path[0] == '\0')
        return true;
    if (!dw_sys_read_file(path, WORDS_FILE_MAX_BYTES, call->arena, &rest, &error))
        return dw_fail_because(reterr, DW_UNAVAILABLE, NULL, 0, "[tenant] common_passwords: %s",
                               error.message);
    while (!*ret_is_there && dw_slice_split(&rest, '\n', &line)) {
        if (dw_slice_ends_with(line, DW_LIT("\r")))
            line.len--;
        *ret_is_there = line.len > 0 && dw_slice_eq_nocase(line, password.hidden);
    }
    return true;
}

/* The current one counts as one of the old ones. */
static bool was_used(struct dw_tenant_call *call, const struct dw_user *user,
                     struct dw_secret password, int64_t history_size, bool *ret_was_used,
                     struct dw_error *reterr)
{
    struct dw_slices old;

    *ret_was_used = false;
    if (history_size == 0)
        return true;
    if (user->password_hash.hidden.len > 0 &&
        !dw_password_matches(call->arena, user->password_hash, password, ret_was_used, reterr))
        return false;
    if (!dw_store_old_passwords(call->tenant->store, user->id, history_size, call->arena, &old,
                                reterr))
        return false;
    for (size_t i = 0; !*ret_was_used && i < old.count; i++)
        if (!dw_password_matches(call->arena, dw_secret_from(old.items[i]), password, ret_was_used,
                                 reterr))
            return false;
    return true;
}

/* What the policy by itself does not know. */
static bool look_further(struct dw_tenant_call *call, const struct dw_account_judgement *judgement,
                         enum dw_password_problem *problem, struct dw_error *reterr)
{
    const struct dw_password_policy *policy = &judgement->home->policy;
    struct dw_leak_verdict leak;
    bool is_common = false, is_old = false;

    if ((policy->uses_dictionary && !is_in_file(call, judgement->password, &is_common, reterr)) ||
        !dw_protection_find_leak(call->tenant, judgement->password, judgement->stage, call->arena,
                                 &leak, reterr) ||
        (judgement->stage == DW_STAGE_CHANGE &&
         !was_used(call, judgement->user, judgement->password, policy->history_size, &is_old,
                   reterr)))
        return false;
    if (is_common)
        *problem = DW_PASSWORD_COMMON;
    else if (leak.refuses)
        *problem = DW_PASSWORD_LEAKED;
    else if (is_old)
        *problem = DW_PASSWORD_USED_BEFORE;
    return true;
}

bool dw_account_judge(struct dw_tenant_call *call, const struct dw_account_judgement *judgement,
                      struct dw_account_refusal *ret_refusal, struct dw_error *reterr)
{
    const struct dw_json *metadata = NULL;

    *ret_refusal = (struct dw_account_refusal){.kind = DW_ACCOUNT_ACCEPTED};
    if (judgement->password.hidden.len > DW_PASSWORD_MAX_BYTES) {
        ret_refusal->kind = DW_ACCOUNT_INVALID;
        (void)dw_fail(&ret_refusal->error, DW_INVALID_REQUEST, "the password has over %d bytes",
                      DW_PASSWORD_MAX_BYTES);
        return true;
    }
    if (judgement->home->policy.refuses_personal_info && judgement->user &&
        judgement->user->user_metadata_json.len > 0 &&
        !dw_json_parse(judgement->user->user_metadata_json, call->arena, &metadata, reterr))
        return false;
    ret_refusal->problem =
        dw_password_judge(&judgement->home->policy, judgement->password, judgement->user, metadata);
    if (ret_refusal->problem == DW_PASSWORD_FINE &&
        !look_further(call, judgement, &ret_refusal->problem, reterr))
        return false;
    if (ret_refusal->problem != DW_PASSWORD_FINE)
        ret_refusal->kind = DW_ACCOUNT_PASSWORD;
    return true;
}

bool dw_account_mail_leak(struct dw_tenant_call *call, const struct dw_user *user,
                          struct dw_error *reterr)
{
    struct dw_account_link link = {.purpose = DW_TICKET_CHANGE_PASSWORD,
                                   .user = user,
                                   .client_id = call->client_id,
                                   .lifetime_s = DW_PASSWORD_LINK_LIFETIME_S,
                                   .marks_email_verified = true};
    struct dw_mail mail = {.template = DW_MAIL_PASSWORD_LEAKED,
                           .to = user->email,
                           .language = dw_tenant_language(call),
                           .lifetime_s = DW_PASSWORD_LINK_LIFETIME_S};
    struct dw_rate rate = {
        .space = DW_LIT("leak_mail"), .key = user->id, .limit = 1, .window_s = LEAK_MAILS_WINDOW_S};
    bool is_allowed = false;

    if (!dw_mail_is_address(user->email))
        return true;
    if (!dw_store_rate_take(call->tenant->store, &rate, call->now_s, &is_allowed, reterr))
        return false;
    return !is_allowed ||
           (dw_account_link(call->tenant, &link, call->now_s, call->arena, &mail.url, reterr) &&
            dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr));
}
