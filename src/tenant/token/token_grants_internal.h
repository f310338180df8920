/* POST /oauth/token from the inside: one request that has been parsed and whose client is
 * authenticated, one function and one file a grant type (grant_*.c), and the steps that grants
 * share. The table of grants is in token_endpoint.c. */
#ifndef DW_TENANT_TOKEN_GRANTS_INTERNAL_H
#define DW_TENANT_TOKEN_GRANTS_INTERNAL_H

#include "oauth/token_request.h"
#include "tenant/token/issue_internal.h"

struct dw_token_call {
    struct dw_tenant_call *call;
    struct dw_form form;
    struct dw_oauth_client *client; /* authenticated, and registered for this grant type */
    struct dw_token_request request;
    enum dw_grant_type grant_type; /* as asked; a later step may put its first one into request */
    struct dw_issued issued;       /* what the grant makes */
    bool is_audited;               /* the grant has said in the audit log how it ended */
};

/* Decides, and makes token->issued. Its errors are the wire's. */
typedef bool dw_grant_function(struct dw_token_call *token, struct dw_error *reterr);

dw_grant_function dw_grant_code;               /* grant_code.c */
dw_grant_function dw_grant_refresh;            /* grant_refresh.c */
dw_grant_function dw_grant_client_credentials; /* grant_client_credentials.c */
dw_grant_function dw_grant_decoupled;          /* grant_decoupled.c: device_code and ciba */
dw_grant_function dw_grant_password;           /* grant_password.c */
dw_grant_function dw_grant_token_exchange;     /* grant_token_exchange.c */
dw_grant_function dw_grant_jwt_bearer;         /* grant_jwt_bearer.c */
dw_grant_function dw_grant_mfa_otp, dw_grant_mfa_oob, dw_grant_mfa_recovery_code; /* grant_mfa.c */

dw_grant_function dw_grant_passwordless; /* grant_passwordless.c */

/* ---- token_audit.c ---- */
/* How the request ended; error NULL: well. */
void dw_token_audit(const struct dw_token_call *token, enum dw_grant_type grant_type,
                    const struct dw_error *error);

/* ---- token_login.c ---- */

/* A user who logs in at the token endpoint, without a browser: by password or by a code. */
struct dw_token_login {
    const struct dw_user *user;
    enum dw_grant_type grant_type; /* the one that knows the user; what `gty` says */
    struct dw_slice audience;
    struct dw_slices scopes; /* as asked */
    struct dw_slice organization;
    int64_t authenticated_at_s;
    int64_t mfa_at_s; /* 0: no second factor yet */
};
/* Issues the tokens; before, where a second factor is due, fails with DW_MFA_REQUIRED and leaves
 * the mfa_token in the call. */
bool dw_must_check dw_token_log_in(struct dw_token_call *token, const struct dw_token_login *login,
                                   struct dw_error *reterr);

/* ---- token_steps.c ---- */

/* A user may have been blocked or deleted since the code or the refresh token was made. Fails with
 * DW_INVALID_GRANT or DW_USER_BLOCKED. */
bool dw_must_check dw_token_load_user(struct dw_token_call *token, struct dw_slice user_id,
                                      struct dw_user **ret_user, struct dw_error *reterr);
/* Whether the client may have tokens for users of this connection. Fails with DW_ACCESS_DENIED. */
bool dw_must_check dw_token_check_connection(struct dw_token_call *token,
                                             const struct dw_user *user, struct dw_error *reterr);
/* RFC 8707 section 2.2: at the token endpoint only what the authorization was for. Fails with
 * DW_INVALID_TARGET. */
bool dw_must_check dw_token_check_audience(const struct dw_token_request *request,
                                           struct dw_slice audience, struct dw_error *reterr);
/* The one that was asked for, else the tenant's default; may be empty. */
struct dw_slice dw_token_audience(const struct dw_token_call *token);
/* The first token of a family, for a grant that was just redeemed, into token->issued; nothing when
 * this client gets none (dw_grant_has_refresh_token). `code` is what the family descends from: a
 * grant without a code fills one in for the occasion. */
bool dw_must_check dw_token_start_family(struct dw_token_call *token,
                                         const struct dw_authorization_code *code,
                                         struct dw_error *reterr);
/* What every grant does that ends a user's authorization: loads the user, issues the tokens for
 * code->scopes, starts the family. */
bool dw_must_check dw_token_redeem(struct dw_token_call *token,
                                   const struct dw_authorization_code *code,
                                   struct dw_error *reterr);

#endif
