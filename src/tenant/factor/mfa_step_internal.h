/* The second factor as a step of a visit: between the login and the consent. */
#ifndef DW_TENANT_MFA_STEP_INTERNAL_H
#define DW_TENANT_MFA_STEP_INTERNAL_H

#include "tenant/factor/mfa_internal.h"
#include "tenant/login/visit_internal.h"

#define DW_MFA_PATH "/u/mfa"

/* What this visit's user must do, and all that is known about it. */
bool dw_must_check dw_mfa_visit_need(struct dw_tenant_call *call, const struct dw_visit *visit,
                                     const struct dw_login *login, struct dw_mfa_state *ret_state,
                                     enum dw_mfa_need *ret_need, struct dw_error *reterr);
/* The row of visit_steps.c. Not due: the visit knows when the second factor was shown, if it was.
 */
bool dw_mfa_step_is_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                        struct dw_error *reterr);

/* How a user shows a factor on a page; `method` of the URL. */
enum dw_mfa_method {
    DW_MFA_BY_NOTHING,
    DW_MFA_BY_OTP,
    DW_MFA_BY_EMAIL,
    DW_MFA_BY_SMS,
    DW_MFA_BY_RECOVERY_CODE,
    DW_MFA_METHOD_COUNT
};
extern const char *const dw_mfa_method_names[]; /* otp email sms recovery-code */
/* Which ones this user may use now, the best first; returns how many. */
size_t dw_mfa_methods(const struct dw_mfa_state *state, enum dw_mfa_need need,
                      enum dw_mfa_method ret_methods[static DW_MFA_METHOD_COUNT]);

#endif
