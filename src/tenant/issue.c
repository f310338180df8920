/* Access tokens and ID tokens; see issue_internal.h. */
#include "tenant/issue_internal.h"

#include "jose/jwt.h"
#include "oauth/token_claims.h"

/* A token for /userinfo alone, without an API (Auth0: 24 h). */
#define USERINFO_TOKEN_LIFETIME_S 86400

static bool sign(struct dw_tenant_call *call, const char *typ, struct dw_buf *claims,
                 struct dw_slice *ret_token, struct dw_error *reterr)
{
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *key =
        dw_keyring_current(call->tenant->keyring);
    struct dw_slice json;

    if (!key)
        return dw_fail(reterr, DW_UNAVAILABLE, "the tenant has no signing key");
    return dw_buf_finish(claims, &json, reterr) &&
           dw_jwt_sign(key, typ, json, call->arena, ret_token, reterr);
}

static bool sign_access_token(struct dw_tenant_call *call, const struct dw_issue *issue,
                              struct dw_issued *issued, struct dw_error *reterr)
{
    const struct dw_api *api = issued->api;
    struct dw_buf out = dw_buf_in(call->arena);
    int64_t lifetime_s = USERINFO_TOKEN_LIFETIME_S;

    if (api)
        lifetime_s = api->token_lifetime_s > 0 ? api->token_lifetime_s
                                               : call->tenant->config.access_token_ttl_s;
    struct dw_access_claims claims = {
        .issuer = call->tenant->config.issuer,
        .api = api,
        .client_id = issue->subjects.client->id,
        .user_id = issue->user ? issue->user->id : DW_EMPTY,
        .session_id = issue->session_id,
        .organization = issue->organization,
        .token_id = dw_tenant_random_text(call->arena, "", 16),
        .grant_type = issue->subjects.grant_type,
        .answer = &issued->answer,
        .now_s = call->now_s,
        .lifetime_s = lifetime_s,
    };
    if (!claims.token_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    dw_access_claims_write(&claims, &out);
    issued->response.expires_in_s = lifetime_s;
    return sign(call, dw_access_token_typ(api ? api->token_dialect : DW_DIALECT_ACCESS_TOKEN), &out,
                &issued->response.access_token, reterr);
}

static bool sign_id_token(struct dw_tenant_call *call, const struct dw_issue *issue,
                          struct dw_issued *issued, struct dw_error *reterr)
{
    const struct dw_oauth_client *client = issue->subjects.client;
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_id_claims claims = {
        .issuer = call->tenant->config.issuer,
        .client_id = client->id,
        .user = issue->user,
        .session_id = issue->session_id,
        .oidc_nonce = issue->oidc_nonce,
        .organization = issue->organization,
        .scopes = issued->answer.scopes,
        .authenticated_at_s = issue->auth_time_s,
        .now_s = call->now_s,
        .lifetime_s = client->id_token_lifetime_s > 0 ? client->id_token_lifetime_s
                                                      : call->tenant->config.id_token_ttl_s,
    };

    dw_id_claims_write(&claims, &out);
    return sign(call, "JWT", &out, &issued->response.id_token, reterr);
}

bool dw_tokens_issue(struct dw_tenant_call *call, const struct dw_issue *issue,
                     struct dw_issued *ret_issued, struct dw_error *reterr)
{
    *ret_issued = (struct dw_issued){0};
    if (!dw_tenant_decide(call, &issue->subjects, &ret_issued->api, &ret_issued->answer, reterr) ||
        !sign_access_token(call, issue, ret_issued, reterr))
        return false;
    ret_issued->response.scopes = ret_issued->answer.scopes;
    return !issue->user || !dw_slices_have(ret_issued->answer.scopes, DW_LIT("openid")) ||
           sign_id_token(call, issue, ret_issued, reterr);
}
