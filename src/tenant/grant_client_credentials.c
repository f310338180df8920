/* grant_type=client_credentials (RFC 6749 section 4.4): the application itself. */
#include "tenant/token_grants_internal.h"

bool dw_grant_client_credentials(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_CLIENT_CREDENTIALS,
                     .client = token->client,
                     .audience = dw_token_audience(token),
                     .requested = token->request.scopes},
    };

    if (token->client->auth_method == DW_CLIENT_AUTH_NONE) /* RFC 6749 section 4.4 MUST NOT */
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "A public client has no credentials: client_credentials is not for it.");
    if (issue.subjects.audience.len == 0)
        return dw_fail(reterr, DW_ACCESS_DENIED,
                       "Non-global clients are not allowed access to APIv1");
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr);
}
