/* The mfa_token: what a program holds between a password and a second factor. Opaque, good for ten
 * minutes, for one client, and for one grant that waits. */
#ifndef DW_TENANT_MFA_TOKEN_INTERNAL_H
#define DW_TENANT_MFA_TOKEN_INTERNAL_H

#include "tenant/factor/mfa_internal.h"

/* Stores *transaction, with its digest, enrolment_id and expiry filled in. */
bool dw_must_check dw_mfa_token_make(struct dw_tenant_call *call,
                                     struct dw_mfa_transaction *transaction,
                                     struct dw_secret *ret_token, struct dw_error *reterr);

/* Who shows an mfa_token, or in its place an access token for the audience ISSUER/mfa/ (Auth0 calls
 * both so). */
struct dw_mfa_caller {
    struct dw_mfa_state state;
    struct dw_mfa_transaction *transaction; /* of an access token: one that stands for it */
    bool has_access_token;
    enum dw_enrolment_rule rule; /* what may be enrolled with it */
};
/* client_id  who presents it; empty: whoever it was made for
 * scope      what an access token needs
 * Fails with DW_INVALID_GRANT "Malformed mfa_token", DW_EXPIRED_TOKEN "mfa_token is expired",
 * DW_INVALID_REQUEST "mfa_token not issued to this client", DW_USER_BLOCKED, DW_INVALID_TOKEN or
 * DW_INSUFFICIENT_SCOPE. */
bool dw_must_check dw_mfa_caller_find(struct dw_tenant_call *call, struct dw_slice token,
                                      struct dw_slice client_id, const char *scope,
                                      struct dw_mfa_caller *ret_caller, struct dw_error *reterr);
/* Uses an mfa_token up: of several callers one gets it, the others fail with DW_INVALID_GRANT. An
 * access token just expires. */
bool dw_must_check dw_mfa_caller_finish(struct dw_tenant_call *call,
                                        const struct dw_mfa_caller *caller,
                                        struct dw_error *reterr);
/* What binds a code sent by e-mail to this mfa_token and to its oob_code. ptr NULL: out of memory.
 */
struct dw_slice dw_mfa_token_subject(struct dw_tenant_call *call,
                                     const struct dw_mfa_transaction *transaction,
                                     struct dw_slice oob_code);

#endif
