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
    struct dw_authorization_code code = {
        .client_id = token->client->id,
        .user_id = user->id,
        .family_id = dw_tenant_random_text(call->arena, "", 16),
        .audience = dw_token_audience(token),
        .max_age_s = -1,
        .authenticated_at_s = call->now_s,
    };
    struct dw_issue issue = {
        .subjects = {.grant_type = request->grant_type,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = code.audience,
                     .requested = request->scopes},
        .user = user,
        .family_id = code.family_id,
    };
    if (!code.family_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_tokens_issue(call, &issue, &token->issued, reterr))
        return false;
    code.scopes = token->issued.answer.scopes;
    return dw_token_start_family(token, &code, reterr);
}
