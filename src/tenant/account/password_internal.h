/* Checking a user's password, for the login page and the password grant alike: one text and one
 * amount of work for a wrong password, an unknown user and an imported hash, and attack protection
 * around it. */
#ifndef DW_TENANT_PASSWORD_INTERNAL_H
#define DW_TENANT_PASSWORD_INTERNAL_H

#include "tenant/tenant_internal.h"

struct dw_password_login {
    struct dw_slice connection; /* its name */
    struct dw_slice identifier;
    struct dw_secret password;
    bool takes_unconfirmed; /* an account that signed up and has not confirmed its address is one
                               already: for whoever may know that it exists */
};
/* On DW_POOL_PASSWORD. A hash that is not of today's form is replaced. Fails with DW_INVALID_GRANT
 * "Wrong email or password.", DW_USER_BLOCKED and DW_PASSWORD_LEAKED_LOGIN (both only when the
 * password is right) or DW_TOO_MANY_ATTEMPTS. */
bool dw_must_check dw_password_check_in(struct dw_tenant_call *call,
                                        const struct dw_password_login *login,
                                        struct dw_user **ret_user, struct dw_error *reterr);

/* A PHC string for a new password that nobody judged. Fails with DW_INVALID_REQUEST when it is too
 * short for an operator's own. */
#define DW_PASSWORD_MIN_BYTES 8
bool dw_must_check dw_password_make(struct dw_secret password, struct dw_arena *arena,
                                    struct dw_secret *ret_hash, struct dw_error *reterr);
/* The same for one that a policy has judged. */
bool dw_must_check dw_password_make_any(struct dw_secret password, struct dw_arena *arena,
                                        struct dw_secret *ret_hash, struct dw_error *reterr);
/* Whether `password` is what `hash` was made of, native or imported. */
bool dw_must_check dw_password_matches(struct dw_arena *arena, struct dw_secret hash,
                                       struct dw_secret password, bool *ret_is_right,
                                       struct dw_error *reterr);

#endif
