/* The table of identity providers. */
#include "oauth/provider.h"

/* "@audience" in a path stands for each audience of this protected resource: Keycloak keeps the
 * roles of one client apart from those of another that way, and so must we. */
static const char *const auth0_claims[] = {"permissions", NULL};
static const char *const cognito_claims[] = {"cognito:groups", NULL};
static const char *const entra_claims[] = {"roles", NULL};
static const char *const keycloak_claims[] = {"realm_access.roles",
                                              "resource_access.@audience.roles", NULL};
static const char *const no_claims[] = {NULL};

static const struct dw_provider rows[] = {
    {.name = "auth0",
     .permission_claims = auth0_claims,
     .audience_help = "create an API with this identifier in the Auth0 dashboard, and send "
                      "audience=IDENTIFIER when asking for a token"},
    {.name = "okta",
     .permission_claims = no_claims,
     .audience_help = "set this value as the audience of the custom authorization server in Okta"},
    {.name = "cognito",
     .permission_claims = cognito_claims,
     .is_audience_optional = true,
     .audience_help = "list the app clients in client_ids: Cognito's access tokens have no "
                      "audience unless a resource is bound"},
    {.name = "entra",
     .permission_claims = entra_claims,
     .is_discovery_issuer_templated = true,
     .audience_help = "put the application (client) id or its Application ID URI into audience: "
                      "Entra's v2 tokens carry the id"},
    {.name = "keycloak",
     .permission_claims = keycloak_claims,
     .audience_help = "add an audience mapper with this value to a client scope in Keycloak"},
    {.name = "google",
     .permission_claims = no_claims,
     .issuer_alias = "accounts.google.com",
     .audience_help = "Google's access tokens are opaque; put a provider that issues JWTs before "
                      "it"},
    {.name = "oidc",
     .permission_claims = no_claims,
     .audience_help = "make the authorization server issue tokens for this audience"},
};

const struct dw_provider *dw_provider_find(struct dw_slice name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (dw_slice_eq(name, dw_slice_from_text(rows[i].name)))
            return &rows[i];
    return NULL;
}

/* Google's documentation of OpenID Connect, "Validating an ID token": both are its `iss`. */
bool dw_provider_is_issuer(const struct dw_provider *provider, struct dw_slice configured,
                           struct dw_slice iss)
{
    if (dw_slice_eq(iss, configured))
        return true;
    return provider->issuer_alias && dw_slice_eat(&configured, DW_LIT("https://")) &&
           dw_slice_eq(configured, dw_slice_from_text(provider->issuer_alias)) &&
           dw_slice_eq(iss, configured);
}

const char *dw_provider_names(void)
{
    return "auth0, okta, cognito, entra, keycloak, google, oidc";
}
