/* Presented refresh tokens; see refresh_internal.h. */
#include "tenant/token/refresh_internal.h"

struct dw_secret dw_tenant_refresh_key(const struct dw_tenant *tenant)
{
    return dw_secret_from(
        dw_slice_from((const char *)tenant->refresh_key, sizeof tenant->refresh_key));
}

bool dw_refresh_token_find(struct dw_tenant_call *call, struct dw_secret text,
                           struct dw_presented_token *ret_token, struct dw_error *reterr)
{
    *ret_token = (struct dw_presented_token){.family = NULL};
    return dw_tenant_digest(text.hidden, call->arena, &ret_token->digest, reterr) &&
           dw_refresh_token_family(dw_tenant_refresh_key(call->tenant), text, call->arena,
                                   &ret_token->named_family, reterr) &&
           dw_store_refresh_family_of(call->tenant->store, ret_token->digest,
                                      ret_token->named_family, call->arena, &ret_token->family,
                                      reterr);
}
