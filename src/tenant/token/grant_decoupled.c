/* grant_type=device_code (RFC 8628 section 3.4) and ciba (CIBA Core 10.1): a client asks whether
 * the user has decided, and gets its tokens once. */
#include "store/decoupled.h"
#include "tenant/token/token_grants_internal.h"

bool dw_grant_decoupled(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    enum dw_decoupled_kind kind =
        token->request.grant_type == DW_GRANT_CIBA ? DW_DECOUPLED_CIBA : DW_DECOUPLED_DEVICE;
    struct dw_decoupled_request *request;
    struct dw_authorization_code code;
    enum dw_decoupled_verdict verdict;
    struct dw_slice digest;

    if (!dw_tenant_digest(token->request.poll_code.hidden, call->arena, &digest, reterr) ||
        !dw_store_poll_decoupled(call->tenant->store, kind, digest, token->client->id, call->now_s,
                                 call->arena, &verdict, &request, reterr) ||
        !dw_decoupled_verdict_check(verdict, kind, reterr) ||
        !dw_token_check_audience(&token->request, request->audience, reterr))
        return false;
    dw_decoupled_code(request, &code);
    return dw_token_redeem(token, &code, reterr);
}
