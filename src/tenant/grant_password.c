/* grant_type=password and Auth0's password-realm, for scripts and tests of an operator who switched
 * it on twice: for the tenant and for the application. OAuth 2.1 has no such grant. */
#include "tenant/password_internal.h"
#include "tenant/token_grants_internal.h"

bool dw_grant_password(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    const struct dw_token_request *request = &token->request;
    struct dw_user *user;

    if (!call->tenant->config.allow_password_grant)
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "The password grant is switched off: [tenant] allow_password_grant.");
    if (request->realm.len > 0 && !dw_slice_eq(request->realm, DW_LIT(DW_TENANT_CONNECTION)))
        return dw_fail(reterr, DW_INVALID_REQUEST, "unknown or disabled connection");
    if (!dw_password_check(call, request->username, request->password, &user, reterr))
        return false;
    struct dw_token_login login = {
        .user = user,
        .grant_type = request->grant_type,
        .audience = dw_token_audience(token),
        .scopes = request->scopes,
        .authenticated_at_s = call->now_s,
    };
    return dw_token_log_in(token, &login, reterr);
}
