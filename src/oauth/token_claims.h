/* The claims of what the authorization server signs: access tokens in four dialects (Auth0's and
 * RFC 9068), ID tokens, and the answer of /userinfo. Writing only: each is a JSON object; failure
 * shows at dw_buf_finish. */
#ifndef DW_OAUTH_TOKEN_CLAIMS_H
#define DW_OAUTH_TOKEN_CLAIMS_H

#include "base/buf.h"
#include "oauth/grant.h"
#include "oauth/records.h"
#include "json/json.h"

struct dw_access_claims {
    struct dw_slice issuer;
    const struct dw_api *api; /* NULL: a token for /userinfo alone */
    struct dw_slice client_id;
    struct dw_slice user_id;             /* empty: the client itself, "CLIENTID@clients" */
    struct dw_slice session_id;          /* `sid`; empty: none */
    struct dw_slice organization;        /* `org_id`; empty: none */
    struct dw_slice organization_name;   /* `org_name`; empty: none */
    struct dw_slice token_id;            /* `jti`: random, always written */
    enum dw_grant_type grant_type;       /* `gty` in Auth0's dialects; absent for codes */
    enum dw_grant_type first_grant_type; /* refresh: what made the family; its `gty` comes second */
    struct dw_slice act_json;            /* `act` (RFC 8693 section 4.1), an object; empty: none */
    bool is_mfa;                         /* `amr`: a second factor was shown */
    struct dw_slice dpop_jkt;            /* `cnf` (RFC 9449 section 6); empty: a bearer token */
    const struct dw_json *custom;        /* further claims, of dw_custom_claims_merge; NULL: none */
    const struct dw_grant_answer *answer;
    int64_t now_s;
    int64_t lifetime_s;
};
/* `aud` becomes an array with /userinfo when openid is among the scopes. */
void dw_access_claims_write(const struct dw_access_claims *claims, struct dw_buf *out);
/* "at+jwt" or "JWT", for dw_jwt_sign. */
const char *dw_access_token_typ(enum dw_token_dialect dialect);
/* ISSUER + "userinfo": the audience of /userinfo. ptr NULL when memory is short. */
struct dw_slice dw_userinfo_audience(struct dw_slice issuer, struct dw_arena *arena);

struct dw_id_claims {
    struct dw_slice issuer;
    struct dw_slice client_id;
    const struct dw_user *user;
    struct dw_slice session_id;
    struct dw_slice oidc_nonce;
    struct dw_slice organization;
    struct dw_slice organization_name;
    struct dw_slice act_json;
    const struct dw_json *custom; /* of dw_custom_claims_merge; win over the profile's; or NULL */
    struct dw_slices scopes;
    int64_t authenticated_at_s; /* 0: no auth_time */
    bool is_mfa;                /* amr and acr say that a second factor was shown */
    int64_t now_s;
    int64_t lifetime_s;
};
void dw_id_claims_write(const struct dw_id_claims *claims, struct dw_buf *out);

/* sub and what the scopes let through (OpenID Connect Core 5.4; Auth0 writes updated_at as text).
 */
void dw_userinfo_write(const struct dw_user *user, struct dw_slice issuer, struct dw_slices scopes,
                       struct dw_buf *out);

#endif
