/* GET and POST /userinfo (OpenID Connect Core 5.3): who the bearer is, by the token's scopes. */
#include "jose/jwt.h"
#include "oauth/access_token.h"
#include "oauth/bearer.h"
#include "oauth/token_claims.h"
#include "tenant/endpoints_internal.h"

static bool check_token(struct dw_tenant_call *call, struct dw_access_token *ret_token,
                        struct dw_error *reterr)
{
    struct dw_http_request request = {
        .method = call->method, .path = call->path, .query = call->query, .fields = call->fields};
    struct dw_slice audience = dw_userinfo_audience(call->tenant->config.issuer, call->arena);
    struct dw_access_token_rules rules = {
        .issuer = call->tenant->config.issuer,
        .audiences = {&audience, 1},
        .provider = dw_provider_find(DW_LIT("auth0")),
    };
    struct dw_slice text;
    struct dw_jwt jwt;
    struct dw_jwks *keys;
    bool is_good, is_kid_unknown;

    if (!audience.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_bearer_find(&request, &text, reterr) || !dw_jwt_parse(text, call->arena, &jwt, reterr))
        return false;
    keys = dw_keyring_jwks(call->tenant->keyring);
    is_good = dw_jwt_verify(&jwt, keys, 1u << DW_ALG_RS256, &is_kid_unknown, reterr);
    dw_jwks_unref(keys);
    return is_good &&
           dw_access_token_check(&jwt, &rules, call->now_s, call->arena, ret_token, reterr);
}

bool dw_endpoint_userinfo(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_access_token token;
    struct dw_user *user;
    struct dw_buf out = dw_buf_in(call->arena);

    if (!check_token(call, &token, reterr))
        return false;
    if (!dw_slices_have(token.scopes, DW_LIT("openid"))) /* OpenID Connect Core 5.3.1 */
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "the access token lacks the scope openid");
    if (!dw_store_user(call->tenant->store, token.subject, call->arena, &user, reterr))
        return false;
    if (!user || user->is_blocked)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the user of the access token is gone or blocked");
    call->user_id = user->id;
    dw_userinfo_write(user, token.scopes, &out);
    return dw_answer_json(call, 200, &out, reterr);
}
