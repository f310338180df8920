/* What differs between identity providers, one row each: where the issuer and the keys are, and
 * which claims carry permissions. */
#ifndef DW_OAUTH_PROVIDER_H
#define DW_OAUTH_PROVIDER_H

#include "base/slice.h"

struct dw_provider {
    const char *name;                     /* auth0 okta cognito entra keycloak google oidc */
    const char *const *permission_claims; /* paths like "realm_access.roles"; NULL ends */
    bool is_audience_optional;            /* Cognito access tokens have client_id, no aud */
    bool is_discovery_issuer_templated;   /* Entra: {tenantid} in the common document's issuer */
    const char *issuer_alias;             /* another spelling of its issuer in tokens; or NULL */
    const char *audience_help;            /* what to change at the provider when aud is wrong */
};

/* NULL when there is no such provider. */
const struct dw_provider *dw_provider_find(struct dw_slice name);
/* Whether the `iss` of a token is the issuer that was configured. Byte for byte, but for the
 * provider's alias: that is the configured issuer without "https://". */
bool dw_provider_is_issuer(const struct dw_provider *provider, struct dw_slice configured,
                           struct dw_slice iss);
/* "auth0, okta, ..." for messages. */
const char *dw_provider_names(void);

#endif
