/* Making tokens: the last steps of every grant. */
#ifndef DW_TENANT_ISSUE_INTERNAL_H
#define DW_TENANT_ISSUE_INTERNAL_H

#include "oauth/token_response.h"
#include "tenant/grants_internal.h"

struct dw_issue {
    struct dw_grant_subjects subjects; /* whose, for what */
    const struct dw_user *user;        /* NULL: the client itself */
    struct dw_slice session_id;
    struct dw_slice organization;
    struct dw_slice oidc_nonce;
    int64_t auth_time_s; /* for the ID token; 0: not asked for */
};

struct dw_issued {
    struct dw_api *api; /* NULL: /userinfo only */
    struct dw_grant_answer answer;
    struct dw_token_response response; /* without a refresh token yet */
};

/* Decides the scopes, signs the access token and, with openid, the ID token. */
bool dw_must_check dw_tokens_issue(struct dw_tenant_call *call, const struct dw_issue *issue,
                                   struct dw_issued *ret_issued, struct dw_error *reterr);

#endif
