/* Whether a second factor is there, and whether the one that is shown is right; see mfa_internal.h.
 */
#include "tenant/factor/mfa_internal.h"

#include "oauth/totp.h"
#include "tenant/account/mail_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/factor/otp_internal.h"
#include "json/json.h"

#define DAY_S 86400

bool dw_mfa_load(struct dw_tenant_call *call, const struct dw_user *user,
                 struct dw_mfa_state *ret_state, struct dw_error *reterr)
{
    struct dw_mfa_settings *settings;

    *ret_state = (struct dw_mfa_state){.user = user, .settings = dw_mfa_standard_settings};
    if (!dw_store_mfa_settings(call->tenant->store, call->arena, &settings, reterr) ||
        !dw_store_authenticators(call->tenant->store, user->id, call->arena,
                                 &ret_state->authenticators, &ret_state->count, reterr))
        return false;
    if (settings)
        ret_state->settings = *settings;
    ret_state->is_enrolled = dw_mfa_is_enrolled(ret_state->authenticators, ret_state->count);
    return true;
}

const struct dw_authenticator *dw_mfa_by_id(const struct dw_mfa_state *state, struct dw_slice id)
{
    for (size_t i = 0; i < state->count; i++)
        if (dw_slice_eq(state->authenticators[i].id, id) &&
            state->authenticators[i].confirmed_at_s != 0 &&
            dw_mfa_has_factor(&state->settings, state->authenticators[i].type))
            return &state->authenticators[i];
    return NULL;
}

/* --- the MFA API ------------------------------------------------------------------------------ */

struct dw_slice dw_mfa_audience(const struct dw_tenant *tenant, struct dw_arena *arena)
{
    return dw_tenant_url(tenant, arena, "mfa/");
}

bool dw_mfa_seed_api(struct dw_tenant *tenant, struct dw_error *reterr)
{
    static const struct dw_api_scope scopes[] = {
        {{"enroll", 6}, {"Enroll an authenticator", 23}},
        {{"read:authenticators", 19}, {"List your authenticators", 24}},
        {{"remove:authenticators", 21}, {"Remove an authenticator", 23}},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new((size_t)64 * 1024);
    struct dw_slice audience;
    struct dw_api *there;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    audience = dw_mfa_audience(tenant, arena);
    struct dw_api api = {
        .id = dw_tenant_random_hex(arena, "", 12),
        .identifier = audience,
        .name = DW_LIT("MFA API"),
        .scopes = scopes,
        .scope_count = sizeof scopes / sizeof *scopes,
        .token_lifetime_s = DW_MFA_TOKEN_LIFETIME_S,
        .token_lifetime_web_s = DW_MFA_TOKEN_LIFETIME_S,
        .signing_alg = DW_ALG_RS256,
        .skips_consent = true,
        .is_system = true,
        .user_policy = DW_API_POLICY_ALLOW_ALL,
        .client_policy = DW_API_POLICY_DENY_ALL,
        .created_at_s = tenant->now_s(),
    };
    if (!audience.ptr || !api.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_store_api(tenant->store, audience, arena, &there, reterr) &&
           (there || dw_store_put_api(tenant->store, &api, reterr));
}

bool dw_mfa_check_issue(struct dw_tenant_call *call, const struct dw_user *user,
                        struct dw_slice audience, bool is_mfa, struct dw_error *reterr)
{
    struct dw_slice mfa_audience = dw_mfa_audience(call->tenant, call->arena);
    struct dw_mfa_state state;

    if (!mfa_audience.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (is_mfa || !dw_slice_eq(audience, mfa_audience))
        return true;
    if (!dw_mfa_load(call, user, &state, reterr))
        return false;
    return !state.is_enrolled ||
           dw_fail(reterr, DW_ACCESS_DENIED, "Multifactor authentication required");
}

/* --- limits ----------------------------------------------------------------------------------- */

static struct dw_rate pause_rate(const struct dw_mfa_state *state)
{
    return (struct dw_rate){.space = DW_LIT("mfa"),
                            .key = state->user->id,
                            .limit = DW_MFA_FAILURES,
                            .window_s = DW_MFA_FAILURES_WINDOW_S};
}

static struct dw_rate day_rate(const struct dw_mfa_state *state)
{
    return (struct dw_rate){.space = DW_LIT("mfa_day"),
                            .key = state->user->id,
                            .limit = DW_MFA_DAY_FAILURES,
                            .window_s = DAY_S};
}

/* Counted before a code is looked at, so that many at once are no more tries. */
static bool take_try(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                     enum dw_audit_type over_limit, struct dw_error *reterr)
{
    struct dw_rate rates[] = {day_rate(state), pause_rate(state)};
    bool is_allowed = true;

    for (size_t i = 0; is_allowed && i < 2; i++)
        if (!dw_store_rate_take(call->tenant->store, &rates[i], call->now_s, &is_allowed, reterr))
            return false;
    if (is_allowed)
        return true;
    dw_audit(call, over_limit, .user = state->user);
    return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS,
                   "Too many failed codes. Wait for some minutes before retrying.");
}

static bool forget_tries(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                         struct dw_error *reterr)
{
    struct dw_rate rates[] = {day_rate(state), pause_rate(state)};

    for (size_t i = 0; i < 2; i++)
        if (!dw_store_rate_reset(call->tenant->store, rates[i].space, rates[i].key, reterr))
            return false;
    return true;
}

static bool succeed(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                    bool was_enrolment, struct dw_error *reterr)
{
    dw_audit(call, was_enrolment ? DW_AUDIT_GD_ENROLLED : DW_AUDIT_GD_AUTH_SUCCEED,
             .user = state->user);
    return forget_tries(call, state, reterr);
}

static bool fail_check(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                       enum dw_code code, const char *text, struct dw_error *reterr)
{
    struct dw_error error = {0};

    (void)dw_fail(&error, code, "%s", text);
    dw_audit(call, code == DW_MFA_REJECTED ? DW_AUDIT_GD_AUTH_REJECTED : DW_AUDIT_GD_AUTH_FAILED,
             .user = state->user, .error = &error);
    *reterr = error;
    return false;
}

/* --- authenticator apps ----------------------------------------------------------------------- */

static bool is_in_enrolment(const struct dw_authenticator *authenticator,
                            const struct dw_mfa_check *check)
{
    return authenticator->confirmed_at_s == 0 && check->enrolment_id.len > 0 &&
           dw_slice_eq(authenticator->enrolment_id, check->enrolment_id);
}

/* One authenticator, which may be the one the code is from. */
static bool try_totp(struct dw_tenant_call *call, const struct dw_mfa_check *check,
                     const struct dw_authenticator *authenticator, struct dw_slice code,
                     bool *ret_is_done, struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;
    struct dw_secret secret;
    int64_t step;

    *ret_is_done = false;
    if (!dw_mfa_totp_secret(call, authenticator, &secret, reterr) ||
        !dw_totp_find_step(secret, code, call->now_s, authenticator->last_step, &step, reterr))
        return false;
    if (step == 0)
        return true;
    if (authenticator->confirmed_at_s != 0)
        return dw_store_use_authenticator(store, authenticator->id, step, call->now_s, ret_is_done,
                                          reterr);
    return dw_store_confirm_authenticator(store, authenticator, check->rule, step, call->now_s,
                                          ret_is_done, reterr);
}

bool dw_mfa_check_totp(struct dw_tenant_call *call, const struct dw_mfa_check *check,
                       struct dw_slice code, struct dw_error *reterr)
{
    const struct dw_mfa_state *state = check->state;
    struct dw_slice plain = dw_recovery_code_plain(call->arena, code); /* "123 456" */
    bool is_done = false, was_enrolment = false;

    if (!plain.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!take_try(call, state, DW_AUDIT_GD_OTP_LIMIT, reterr))
        return false;
    for (size_t i = 0; !is_done && i < state->count; i++) {
        const struct dw_authenticator *one = &state->authenticators[i];

        if (one->type != DW_AUTHENTICATOR_TOTP || !dw_mfa_has_factor(&state->settings, one->type) ||
            (one->confirmed_at_s == 0 && !is_in_enrolment(one, check)))
            continue;
        was_enrolment = one->confirmed_at_s == 0;
        if (!try_totp(call, check, one, plain, &is_done, reterr))
            return false;
    }
    if (!is_done)
        return fail_check(call, state, DW_INVALID_GRANT, "Invalid otp_code.", reterr);
    return succeed(call, state, was_enrolment, reterr);
}

/* --- codes that are sent
 * -------------------------------------------------------------------------- */

static struct dw_otp sent_code(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                               struct dw_slice subject)
{
    return (struct dw_otp){
        .purpose = "mfa-email",
        .subject =
            dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(state->user->id), DW_PRINT(subject)),
        .lifetime_s = DW_MFA_CODE_LIFETIME_S,
    };
}

static bool may_send(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                     struct dw_error *reterr)
{
    struct dw_rate rate = {.space = DW_LIT("mfa_send"),
                           .key = state->user->id,
                           .limit = DW_MFA_SENDS,
                           .window_s = DW_MFA_SENDS_WINDOW_S};
    bool is_allowed = false;

    if (!dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed ||
           dw_fail(reterr, DW_TOO_MANY, "Too many codes were sent. Wait an hour, then try again.");
}

bool dw_mfa_send_code(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                      const struct dw_authenticator *authenticator, struct dw_slice subject,
                      struct dw_slice client_name, struct dw_error *reterr)
{
    struct dw_otp otp = sent_code(call, state, subject);
    bool is_sms = authenticator->type == DW_AUTHENTICATOR_SMS;
    struct dw_secret code;

    otp.detail_json =
        dw_arena_printf(call->arena, "{\"id\":\"%.*s\"}", DW_PRINT(authenticator->id));
    if (!otp.subject.ptr || !otp.detail_json.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!may_send(call, state, reterr) || !dw_otp_new_code(call, &otp, &code, reterr))
        return false;
    struct dw_mail mail = {
        .template = is_sms ? DW_MAIL_SMS_CODE : DW_MAIL_MFA_CODE,
        .to = authenticator->address,
        .language = dw_tenant_language(call),
        .client_name = client_name,
        .code = code.hidden,
        .lifetime_s = DW_MFA_CODE_LIFETIME_S,
    };
    dw_audit(call, is_sms ? DW_AUDIT_GD_SEND_SMS : DW_AUDIT_GD_SEND_EMAIL, .user = state->user);
    return dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr);
}

bool dw_mfa_sent_code_stands(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                             struct dw_slice subject, enum dw_otp_verdict *ret_verdict,
                             struct dw_error *reterr)
{
    struct dw_otp otp = sent_code(call, state, subject);

    if (!otp.subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_otp_look_at_code(call, &otp, ret_verdict, reterr);
}

/* The authenticator the code was sent to, as it is now. */
static bool finish_sent(struct dw_tenant_call *call, const struct dw_mfa_check *check,
                        struct dw_slice detail_json, struct dw_error *reterr)
{
    const struct dw_mfa_state *state = check->state;
    const struct dw_json *detail;
    bool is_done = false, was_enrolment = false;

    if (!dw_json_parse(detail_json, call->arena, &detail, reterr))
        return false;
    for (size_t i = 0; !is_done && i < state->count; i++) {
        const struct dw_authenticator *one = &state->authenticators[i];

        if (!dw_slice_eq(one->id, dw_json_text(detail, "id")) ||
            !dw_mfa_has_factor(&state->settings, one->type))
            continue;
        was_enrolment = is_in_enrolment(one, check);
        if (was_enrolment ? !dw_store_confirm_authenticator(call->tenant->store, one, check->rule,
                                                            0, call->now_s, &is_done, reterr)
                          : !dw_store_use_authenticator(call->tenant->store, one->id, 0,
                                                        call->now_s, &is_done, reterr))
            return false;
    }
    if (!is_done)
        return fail_check(call, state, DW_INVALID_GRANT, "Invalid binding_code.", reterr);
    return succeed(call, state, was_enrolment, reterr);
}

bool dw_mfa_check_sent_code(struct dw_tenant_call *call, const struct dw_mfa_check *check,
                            struct dw_slice subject, struct dw_slice code, struct dw_error *reterr)
{
    struct dw_otp otp = sent_code(call, check->state, subject);
    enum dw_otp_verdict verdict = DW_OTP_WRONG;
    struct dw_slice detail;

    if (!otp.subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!take_try(call, check->state, DW_AUDIT_GD_OTP_LIMIT, reterr) ||
        !dw_otp_use_code(call, &otp, code, &verdict, &detail, reterr))
        return false;
    switch (verdict) {
    case DW_OTP_RIGHT:
        return finish_sent(call, check, detail, reterr);
    case DW_OTP_DEAD:
    case DW_OTP_LOCKED:
        return fail_check(call, check->state, DW_MFA_REJECTED, "MFA Authorization rejected.",
                          reterr);
    case DW_OTP_EXPIRED:
        return fail_check(call, check->state, DW_EXPIRED_TOKEN, "oob_code is expired", reterr);
    case DW_OTP_WRONG:
    default:
        return fail_check(call, check->state, DW_INVALID_GRANT, "Invalid binding_code.", reterr);
    }
}

/* --- recovery codes --------------------------------------------------------------------------- */

bool dw_mfa_check_recovery_code(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                                struct dw_slice code, struct dw_slice *ret_next,
                                struct dw_error *reterr)
{
    struct dw_slice plain = dw_recovery_code_plain(call->arena, code);
    struct dw_authenticator next;
    struct dw_slice digest;
    bool is_done = false;

    if (!plain.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!take_try(call, state, DW_AUDIT_GD_RECOVERY_LIMIT, reterr) ||
        !dw_mfa_make_recovery_code(call, state->user->id, DW_EMPTY, call->now_s, ret_next, &next,
                                   reterr) ||
        !dw_mfa_recovery_digest(call, state->user->id, plain, &digest, reterr))
        return false;
    if (dw_mfa_has_factor(&state->settings, DW_AUTHENTICATOR_RECOVERY_CODE) &&
        !dw_store_replace_recovery_code(call->tenant->store, digest, &next, &is_done, reterr))
        return false;
    if (!is_done) {
        dw_audit(call, DW_AUDIT_GD_RECOVERY_FAILED, .user = state->user);
        return dw_fail(reterr, DW_INVALID_GRANT, "MFA Authorization rejected.");
    }
    dw_audit(call, DW_AUDIT_GD_RECOVERY_OK, .user = state->user);
    return forget_tries(call, state, reterr);
}
