/* POST /oauth/revoke (RFC 7009): refresh tokens, and with one all that came of the same login. */
#include "tenant/audit_internal.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/token/refresh_internal.h"

/* With Auth0's switch revoke_refresh_token_grant the user's consent goes, too, and every other
 * refresh token of the user and the application for that API. */
static bool revoke(struct dw_tenant_call *call, const struct dw_refresh_family *family,
                   struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;

    return call->settings->revokes_grant_with_token
               ? dw_store_revoke_grant(store, family, call->now_s, reterr)
               : dw_store_revoke_refresh_family(store, family->id, call->now_s, reterr);
}

bool dw_endpoint_revoke(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_presented_token presented;
    const struct dw_refresh_family *family;
    struct dw_oauth_client *client;
    struct dw_form form;
    struct dw_slice token;

    if (!dw_call_parameters(call, &form, reterr) ||
        !dw_client_authenticate(call, &form, &client, reterr))
        return false;
    token = dw_form_value(&form, "token");
    if (dw_slice_is_empty(token))
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: token");
    if (!dw_refresh_token_find(call, dw_secret_from(token), &presented, reterr))
        return false;
    family = presented.family;
    /* RFC 7009 section 2.2: an unknown token is revoked already. Section 2.1: another client's is
     * none of its business, and it learns nothing. */
    if (family && dw_slice_eq(family->client_id, client->id)) {
        if (!revoke(call, family, reterr))
            return false;
        dw_audit(call, DW_AUDIT_SRRT, .client = client, .audience = family->audience);
    }
    call->status = 200;
    return true;
}
