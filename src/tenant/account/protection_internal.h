/* Attack protection at work: who is blocked or throttled, and which passwords are known to be
 * stolen. The settings are oauth/attack_protection.h's, read from the store each time, so that a
 * change counts at once and in every process. */
#ifndef DW_TENANT_PROTECTION_INTERNAL_H
#define DW_TENANT_PROTECTION_INTERNAL_H

#include "oauth/attack_protection.h"
#include "store/accounts.h"
#include "tenant/tenant_internal.h"

/* Auth0: until somebody unblocks, but no longer than 30 days. */
#define DW_BLOCK_S (30 * 86400)

/* A login under way: what was counted for it, to be given back when it succeeds. */
struct dw_login_attempt {
    struct dw_brute_force brute_force;
    struct dw_suspicious_ip suspicious_ip;
    struct dw_login_counting counting;
    struct dw_login_count count;
};
/* Counts the attempt before the password is looked at, so that many requests at once get no more
 * tries. subject: a user's id, or what was typed when there is no such user. Fails with
 * DW_TOO_MANY_ATTEMPTS, in Auth0's words. */
bool dw_must_check dw_protection_take_login(struct dw_tenant_call *call, struct dw_slice subject,
                                            struct dw_login_attempt *ret_attempt,
                                            struct dw_error *reterr);
/* Whether the password is right could not be found out, for want of memory for example: that is no
 * failure of who typed it. */
void dw_protection_login_undecided(struct dw_tenant_call *call,
                                   const struct dw_login_attempt *attempt);
/* The password was right. user_id: who is logged in now; empty: may not be. */
bool dw_must_check dw_protection_login_succeeded(struct dw_tenant_call *call,
                                                 const struct dw_login_attempt *attempt,
                                                 struct dw_slice user_id, struct dw_error *reterr);
/* The password was wrong. When that blocks the account, its user is told by mail; user NULL:
 * nobody, and as much is done. */
bool dw_must_check dw_protection_login_failed(struct dw_tenant_call *call,
                                              const struct dw_login_attempt *attempt,
                                              const struct dw_user *user, struct dw_error *reterr);

/* Counts a sign-up from this address. Fails with DW_TOO_MANY_ATTEMPTS. */
bool dw_must_check dw_protection_take_sign_up(struct dw_tenant_call *call, struct dw_error *reterr);

enum dw_protection_stage {
    DW_STAGE_LOGIN,
    DW_STAGE_REGISTRATION,
    DW_STAGE_CHANGE,
};
/* What is to be done about a password in the operator's list of breached ones; nothing when it is
 * not in it. */
struct dw_leak_verdict {
    bool refuses;
    bool notifies; /* at login: the user is told by mail */
};
bool dw_must_check dw_protection_find_leak(struct dw_tenant *tenant, struct dw_secret password,
                                           enum dw_protection_stage stage, struct dw_arena *arena,
                                           struct dw_leak_verdict *ret_verdict,
                                           struct dw_error *reterr);

#endif
