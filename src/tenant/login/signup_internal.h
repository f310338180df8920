/* Signing up where the address is confirmed before the first login: a code goes to it, and the page
 * for that code is the next one in the same visit. For an address that was known all is the same,
 * to the last write, but for the words of the mail and that no code fits. */
#ifndef DW_TENANT_SIGNUP_INTERNAL_H
#define DW_TENANT_SIGNUP_INTERNAL_H

#include "tenant/account/account_internal.h"
#include "tenant/login/visit_internal.h"

#define DW_SIGNUP_CODE_LIFETIME_S 900 /* the page says so */

/* Before an account is made: fails with DW_TOO_MANY when no more codes may go to the address. */
bool dw_must_check dw_signup_code_check(struct dw_tenant_call *call, struct dw_slice email,
                                        struct dw_error *reterr);
/* To the page for the code, as the answer of this call.
 *
 * user  what dw_account_sign_up made, or made up, with mails_nothing */
bool dw_must_check dw_signup_code_begin(struct dw_tenant_call *call, struct dw_visit *visit,
                                        const struct dw_account_home *home,
                                        const struct dw_user *user, struct dw_error *reterr);
/* Who has an account now goes on with it. */
bool dw_must_check dw_signup_go_on(struct dw_tenant_call *call, struct dw_visit *visit,
                                   struct dw_user *user, struct dw_error *reterr);

#endif
