/* grant_type=client_credentials (RFC 6749 section 4.4): the application itself. */
#include "tenant/login/organization_internal.h"
#include "tenant/token/token_grants_internal.h"

/* The one that was asked for, else the client's standard one; by its grant for this API. */
static bool settle_organization(struct dw_token_call *token, struct dw_slice audience,
                                struct dw_slice *ret_id, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_store *store = call->tenant->store;
    struct dw_slice asked = token->request.organization;
    struct dw_organization *organization = NULL;
    struct dw_client_grant *grant = NULL;
    bool has_grant = false;

    *ret_id = DW_EMPTY;
    if (!dw_store_client_grant(store, token->client->id, audience, DW_GRANT_SUBJECT_CLIENT,
                               call->arena, &grant, reterr))
        return false;
    if (asked.len == 0 && grant && grant->organization_usage != DW_ORGANIZATION_DENY)
        asked = token->client->default_organization;
    if (asked.len > 0) {
        if (!dw_organization_is_id(asked) && !call->settings->allows_organization_name)
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "parameter organization must be an organization id");
        if (!dw_organization_find(call, token->client, asked, &organization, reterr))
            return false;
        *ret_id = organization->id;
    }
    if (organization && grant &&
        !dw_store_has_organization_grant(store, organization->id, grant->id, &has_grant, reterr))
        return false;
    if (grant && !token->client->is_first_party)
        grant->allows_any_organization = false; /* each one says so for itself */
    return (asked.len == 0 && !grant) || /* without a grant the usual answer is the better one */
           dw_organization_check_grant(grant, *ret_id, has_grant, reterr);
}

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
    if (!settle_organization(token, issue.subjects.audience, &issue.organization, reterr))
        return false;
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr);
}
