/* grant_type=client_credentials (RFC 6749 section 4.4): the application itself. */
#include "tenant/login/organization_internal.h"
#include "tenant/token/token_grants_internal.h"

/* The one that was asked for, else the client's standard one where its grant is for organizations,
 * else none. */
static bool find_organization(struct dw_token_call *token, const struct dw_client_grant *grant,
                              struct dw_organization **ret_organization, struct dw_error *reterr)
{
    struct dw_slice asked = token->request.organization;

    *ret_organization = NULL;
    if (asked.len == 0 && grant && grant->organization_usage != DW_ORGANIZATION_DENY)
        asked = token->client->default_organization;
    if (asked.len == 0)
        return true;
    if (!dw_organization_is_id(asked) && !token->call->settings->allows_organization_name)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization must be an organization id");
    return dw_organization_find(token->call, token->client, asked, ret_organization, reterr);
}

/* Whether the client's grant for the API goes with this organization, or with none. */
static bool check_grant(struct dw_token_call *token, struct dw_client_grant *grant,
                        struct dw_slice organization_id, struct dw_error *reterr)
{
    bool has_grant = false;

    if (!grant && organization_id.len == 0)
        return true; /* the usual answer is the better one */
    if (grant && organization_id.len > 0 &&
        !dw_store_has_organization_grant(token->call->tenant->store, organization_id, grant->id,
                                         &has_grant, reterr))
        return false;
    if (grant && !token->client->is_first_party)
        grant->allows_any_organization = false; /* each one says so for itself */
    return dw_organization_check_grant(grant, organization_id, has_grant, reterr);
}

static bool choose_organization(struct dw_token_call *token, struct dw_slice audience,
                                struct dw_slice *ret_id, struct dw_error *reterr)
{
    struct dw_client_grant *grant = NULL;
    struct dw_organization *organization = NULL;

    if (!dw_store_client_grant(token->call->tenant->store, token->client->id, audience,
                               DW_GRANT_SUBJECT_CLIENT, token->call->arena, &grant, reterr) ||
        !find_organization(token, grant, &organization, reterr))
        return false;
    *ret_id = organization ? organization->id : DW_EMPTY;
    return check_grant(token, grant, *ret_id, reterr);
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
    if (!choose_organization(token, issue.subjects.audience, &issue.organization, reterr))
        return false;
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr);
}
