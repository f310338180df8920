/* GET and POST /userinfo (OpenID Connect Core 5.3): who the bearer is, by the token's scopes. */
#include "oauth/bearer.h"
#include "oauth/token_claims.h"
#include "tenant/endpoints_internal.h"
#include "tenant/token/dpop_internal.h"
#include "tenant/token/own_token_internal.h"

/* The proof that the bearer holds the token's key (RFC 9449 section 7.1). At a resource the same
 * failures have another status than at the token endpoint. */
static bool check_proof(struct dw_tenant_call *call, struct dw_slice text,
                        const struct dw_own_token *token, bool is_dpop, struct dw_error *reterr)
{
    struct dw_error error = {0};

    /* MUST: a token bound to a key is no bearer token. */
    if (!is_dpop)
        return token->dpop_jkt.len == 0 ||
               dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token is bound to a key (cnf) and cannot be used as a bearer token");
    if (!dw_dpop_take_with_token(call, text, "userinfo", &error)) {
        if (error.code == DW_INVALID_DPOP_PROOF)
            error.code = DW_DPOP_PROOF_REFUSED;
        if (error.code == DW_USE_DPOP_NONCE)
            error.code = DW_DPOP_NONCE_NEEDED;
        *reterr = error;
        return false;
    }
    return dw_slice_eq(call->dpop_jkt, token->dpop_jkt) ||
           dw_fail(reterr, DW_INVALID_TOKEN, "the token is not bound to the key of the DPoP proof");
}

/* passport-auth0 sends the token in the query (RFC 6750 section 2.3), and nothing else. Taken here
 * alone, where the answer is no more than the client could have had in the ID token: queries are in
 * no log of ours and no answer is cached. A token bound to a key is no good like that. */
static bool find_token(struct dw_tenant_call *call, const struct dw_http_request *request,
                       struct dw_slice *ret_text, bool *ret_is_dpop, struct dw_error *reterr)
{
    static const struct dw_slices repeatable = {0};
    struct dw_form form;

    if (call->method != DW_HTTP_GET || call->query.len == 0 ||
        dw_http_field(call->fields, "authorization").len > 0)
        return dw_access_token_find(request, ret_text, ret_is_dpop, reterr);
    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_form_check_doubles(&form, repeatable, reterr))
        return false;
    *ret_text = dw_form_value(&form, "access_token");
    *ret_is_dpop = false;
    return ret_text->len > 0 || dw_fail(reterr, DW_NO_TOKEN, "an access token is needed");
}

static bool check_token(struct dw_tenant_call *call, struct dw_own_token *token,
                        struct dw_error *reterr)
{
    struct dw_http_request request = {
        .method = call->method, .path = call->path, .query = call->query, .fields = call->fields};
    struct dw_slice audience = dw_userinfo_audience(call->tenant->config.issuer, call->arena);
    struct dw_slice text;
    bool is_dpop;

    if (!audience.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!find_token(call, &request, &text, &is_dpop, reterr) ||
        !dw_own_token_read(call, text, token, reterr) ||
        !check_proof(call, text, token, is_dpop, reterr))
        return false;
    return dw_slices_have(token->audiences, audience) ||
           dw_fail(reterr, DW_INVALID_TOKEN, "the access token is not for /userinfo");
}

bool dw_endpoint_userinfo(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_own_token token;
    const struct dw_user *user;
    struct dw_buf out = dw_buf_in(call->arena);

    if (!check_token(call, &token, reterr))
        return false;
    call->client_id = token.client_id;
    if (!dw_slices_have(token.scopes, DW_LIT("openid"))) /* OpenID Connect Core 5.3.1 */
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "the access token lacks the scope openid");
    user = token.user;
    if (!user || user->is_blocked)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the user of the access token is gone or blocked");
    call->user_id = user->id;
    dw_userinfo_write(user, call->tenant->config.issuer, token.scopes, &out);
    return dw_answer_json(call, 200, &out, reterr);
}
