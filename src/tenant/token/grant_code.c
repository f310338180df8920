/* grant_type=authorization_code (RFC 6749 section 4.1.3, RFC 7636): a code, once. */
#include "oauth/authorization_code.h"
#include "tenant/token/token_grants_internal.h"

/* The code is spent by the first try of the client it was made for, also by one that fails. RFC
 * 6749 section 4.1.3: no other client can spend it, or whoever sees a code could end a stranger's
 * login. Section 4.1.2, RFC 9700 section 4.5: a try of the right client with a wrong verifier,
 * redirect URI or key is a code in wrong hands, which is not let try again; so nobody guesses. */
bool dw_grant_code(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_authorization_code *code;
    struct dw_slice digest;
    bool was_used = false;

    if (!dw_tenant_digest(token->request.code.hidden, call->arena, &digest, reterr) ||
        !dw_store_take_authorization_code(call->tenant->store, digest, token->client->id,
                                          call->now_s, call->arena, &code, &was_used, reterr))
        return false;
    if (was_used)
        dw_log(call->tenant->log, DW_LOG_WARN, "authorization_code_replayed",
               DW_S("oauth_client", token->client->id), DW_S("address", call->peer_address));
    if (!dw_authorization_code_redeem(code, was_used, token->client, &token->request, call->now_s,
                                      reterr) ||
        !dw_token_check_audience(&token->request, code->audience, reterr))
        return false;
    /* RFC 9449 section 10 MUST */
    if (code->dpop_jkt.len > 0 && !dw_slice_eq(code->dpop_jkt, call->dpop_jkt))
        return dw_fail(reterr, DW_INVALID_DPOP_PROOF,
                       "The code is bound to a key: send a DPoP proof with it.");
    return dw_token_redeem(token, code, reterr);
}
