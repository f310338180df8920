/* Checking a user's password, for the login page and the password grant alike: one text and one
 * time for a wrong password and an unknown user, and a limit on attempts. */
#ifndef DW_TENANT_PASSWORD_INTERNAL_H
#define DW_TENANT_PASSWORD_INTERNAL_H

#include "tenant/tenant_internal.h"

/* So many failures of one identifier from one address, and from one address for all identifiers,
 * before it has to wait. */
#define DW_LOGIN_FAILURES 10
#define DW_LOGIN_WINDOW_S 900
#define DW_LOGIN_ADDRESS_FAILURES 100
#define DW_LOGIN_ADDRESS_WINDOW_S 3600

/* On DW_POOL_PASSWORD. Fails with DW_INVALID_GRANT "Wrong email or password.", DW_USER_BLOCKED
 * (only when the password is right) or DW_TOO_MANY_ATTEMPTS. */
bool dw_must_check dw_password_check(struct dw_tenant_call *call, struct dw_slice identifier,
                                     struct dw_secret password, struct dw_user **ret_user,
                                     struct dw_error *reterr);
/* A PHC string for a new password. Fails with DW_INVALID_REQUEST when it is too short. */
#define DW_PASSWORD_MIN_BYTES 8
bool dw_must_check dw_password_make(struct dw_secret password, struct dw_arena *arena,
                                    struct dw_secret *ret_hash, struct dw_error *reterr);

#endif
