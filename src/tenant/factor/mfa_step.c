/* When a visit needs a second factor, and how it may be shown; see mfa_step_internal.h. */
#include "tenant/factor/mfa_step_internal.h"

const char *const dw_mfa_method_names[] = {
    [DW_MFA_BY_NOTHING] = "",
    [DW_MFA_BY_OTP] = "otp",
    [DW_MFA_BY_EMAIL] = "email",
    [DW_MFA_BY_SMS] = "sms",
    [DW_MFA_BY_RECOVERY_CODE] = "recovery-code",
    [DW_MFA_METHOD_COUNT] = NULL,
};

bool dw_mfa_visit_need(struct dw_tenant_call *call, const struct dw_visit *visit,
                       const struct dw_login *login, struct dw_mfa_state *ret_state,
                       enum dw_mfa_need *ret_need, struct dw_error *reterr)
{
    struct dw_slice mfa_audience = dw_mfa_audience(call->tenant, call->arena);
    struct dw_mfa_question question = {.is_shown = login->session->mfa_at_s != 0};

    if (!mfa_audience.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_mfa_load(call, login->user, ret_state, reterr) ||
        !dw_mfa_is_remembered(call, ret_state, &question.is_remembered, reterr))
        return false;
    question.settings = &ret_state->settings;
    question.is_enrolled = ret_state->is_enrolled;
    question.is_requested =
        visit->request->wants_mfa ||
        (ret_state->is_enrolled && dw_slice_eq(visit->request->audience, mfa_audience));
    *ret_need = dw_mfa_decide(&question);
    return true;
}

bool dw_mfa_step_is_due(const struct dw_visit_walk *walk, bool *ret_is_due, struct dw_error *reterr)
{
    enum dw_mfa_method methods[DW_MFA_METHOD_COUNT];
    struct dw_mfa_state state;
    enum dw_mfa_need need;

    if (!dw_mfa_visit_need(walk->call, walk->visit, walk->login, &state, &need, reterr))
        return false;
    *ret_is_due = need != DW_MFA_NOTHING;
    if (*ret_is_due && dw_mfa_methods(&state, need, methods) == 0)
        return dw_fail(reterr, DW_ACCESS_DENIED,
                       "A second factor is needed, and none is enabled that this user could show.");
    walk->visit->request->mfa_at_s = walk->login->session->mfa_at_s;
    return true;
}

static bool has(const struct dw_mfa_state *state, enum dw_mfa_need need,
                enum dw_authenticator_type type)
{
    if (need == DW_MFA_CHALLENGE)
        return dw_mfa_find(state->authenticators, state->count, &state->settings, type) != NULL;
    /* To enrol: what is enabled. A recovery code is no factor of its own. */
    return type != DW_AUTHENTICATOR_RECOVERY_CODE && dw_mfa_has_factor(&state->settings, type) &&
           (type != DW_AUTHENTICATOR_EMAIL || state->user->email.len > 0) &&
           (type != DW_AUTHENTICATOR_SMS || state->user->phone_number.len > 0);
}

size_t dw_mfa_methods(const struct dw_mfa_state *state, enum dw_mfa_need need,
                      enum dw_mfa_method ret_methods[static DW_MFA_METHOD_COUNT])
{
    static const struct {
        enum dw_mfa_method method;
        enum dw_authenticator_type type;
    } all[] = {
        {DW_MFA_BY_OTP, DW_AUTHENTICATOR_TOTP},
        {DW_MFA_BY_EMAIL, DW_AUTHENTICATOR_EMAIL},
        {DW_MFA_BY_SMS, DW_AUTHENTICATOR_SMS},
        {DW_MFA_BY_RECOVERY_CODE, DW_AUTHENTICATOR_RECOVERY_CODE},
    };
    size_t count = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (has(state, need, all[i].type))
            ret_methods[count++] = all[i].method;
    return count;
}
