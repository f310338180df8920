/* Making tokens: the last steps of every grant. */
#ifndef DW_TENANT_ISSUE_INTERNAL_H
#define DW_TENANT_ISSUE_INTERNAL_H

#include "oauth/token_response.h"
#include "tenant/token/grants_internal.h"

struct dw_issue {
    struct dw_grant_subjects subjects; /* whose, for what */
    const struct dw_user *user;        /* NULL: the client itself */
    struct dw_slice session_id;
    struct dw_slice organization;      /* `org_id` */
    struct dw_slice organization_name; /* `org_name`; dw_tokens_issue knows it */
    struct dw_slice oidc_nonce;
    int64_t auth_time_s; /* for the ID token; 0: not asked for */
    bool is_mfa;         /* a second factor was shown */
    /* Of the authorization's refresh tokens: a part of `jti`, so that a replay can kill the access
     * tokens, too. Empty: none. */
    struct dw_slice family_id;
    enum dw_grant_type first_grant_type; /* a refresh: the grant that made the family */
    struct dw_slice act_json;            /* the claim `act`, an object; empty: none */
    struct dw_slice dpop_jkt;            /* `cnf.jkt`, and token_type DPoP; empty: the key that this
                                            call has proven, else Bearer */
    /* Custom claims as JSON objects, not yet judged; empty: none. */
    struct dw_slice access_claims_json, id_claims_json;
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
