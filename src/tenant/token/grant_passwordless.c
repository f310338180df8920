/* grant_type=http://auth0.com/oauth/grant-type/passwordless/otp: a code that was sent to an address
 * by /passwordless/start. */
#include "tenant/audit_internal.h"
#include "tenant/factor/passwordless_internal.h"
#include "tenant/token/token_grants_internal.h"

static bool check(struct dw_token_call *token, struct dw_user **ret_user, struct dw_error *reterr)
{
    const struct dw_token_request *request = &token->request;
    struct dw_connection_record *connection;
    struct dw_passwordless passwordless;
    enum dw_strategy strategy = DW_STRATEGY_EMAIL;

    if (!dw_store_connection_by_name(token->call->tenant->store, request->realm, token->call->arena,
                                     &connection, reterr))
        return false;
    if (connection && connection->strategy == DW_STRATEGY_SMS)
        strategy = DW_STRATEGY_SMS;
    return dw_passwordless_open(token->call, request->realm, strategy, token->client,
                                request->username, &passwordless, reterr) &&
           dw_passwordless_check_code(token->call, &passwordless, request->otp.hidden, ret_user,
                                      reterr);
}

bool dw_grant_passwordless(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_user *user = NULL;
    struct dw_error error = {0};

    if (!check(token, &user, &error)) {
        dw_audit(call, DW_AUDIT_FEPOTPFT, .client = token->client,
                 .user_name = token->request.username, .error = &error);
        *reterr = error;
        return false;
    }
    dw_audit(call, DW_AUDIT_SEPOTPFT, .client = token->client, .user = user);
    struct dw_token_login login = {
        .user = user,
        .grant_type = token->request.grant_type,
        .audience = dw_token_audience(token),
        .scopes = token->request.scopes,
        .authenticated_at_s = call->now_s,
    };
    return dw_token_log_in(token, &login, reterr);
}
