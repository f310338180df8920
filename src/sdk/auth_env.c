/* OAuth as the environment has it: an Auth0 tenant, or any other OpenID provider. What is set must
 * be whole and right: a typing error must not leave a server open. */
#include "sdk/auth_internal.h"

#include <stdio.h>

#include "sys/sys.h"

static const char *const auth0_variables[] = {"AUTH0_DOMAIN", "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID",
                                              "AUTH0_CLIENT_SECRET", NULL};
static const char *const oidc_variables[] = {"OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_PROVIDER", NULL};

/* The first of them that is set, or NULL. One that is set to nothing is not set. */
static const char *first_set(const char *const *variables)
{
    for (; *variables; variables++)
        if (dw_sys_environment(*variables).len)
            return *variables;
    return NULL;
}

static bool take(const char *variable, const char *standard, char *field, size_t size,
                 struct dw_error *reterr)
{
    struct dw_slice value = dw_sys_environment(variable);

    if (value.len == 0 && !standard)
        return dw_fail(reterr, DW_CONFIG, "%s is set, but the environment variable %s is not",
                       first_set(oidc_variables), variable);
    if (value.len == 0)
        value = dw_slice_from_text(standard);
    if (value.len >= size)
        return dw_fail(reterr, DW_CONFIG,
                       "the environment variable %s is longer than %zu characters", variable,
                       size - 1);
    memset(field, 0, size);
    memcpy(field, value.ptr, value.len);
    return true;
}

static bool from_oidc(struct dw_jwt_validator_config *config, struct dw_error *reterr)
{
    struct dw_slice provider = dw_sys_environment("OIDC_PROVIDER");

    *config = dw_jwt_validator_config_oidc("", "");
    if (provider.len && !dw_provider_find(provider))
        return dw_fail(reterr, DW_CONFIG, "OIDC_PROVIDER \"%.*s\" is no provider; there are %s",
                       DW_PRINT(dw_slice_sub(provider, 0, 32)), dw_provider_names());
    if (!take("OIDC_PROVIDER", "oidc", config->provider, sizeof config->provider, reterr) ||
        !take("OIDC_ISSUER", NULL, config->issuer, sizeof config->issuer, reterr) ||
        !take("OIDC_AUDIENCE", NULL, config->audience, sizeof config->audience, reterr))
        return false;
    /* Cognito's access tokens name a client where others have an audience. */
    if (dw_slice_eq(provider, DW_LIT("cognito")))
        memcpy(config->client_ids, config->audience, sizeof config->client_ids);
    return true;
}

bool dw_auth_config_from_env(struct dw_jwt_validator_config *ret_config, bool *ret_is_set,
                             struct dw_error *reterr)
{
    const char *auth0 = first_set(auth0_variables), *oidc = first_set(oidc_variables);
    struct dw_auth0_config tenant;

    *ret_is_set = auth0 || oidc;
    if (auth0 && oidc)
        return dw_fail(reterr, DW_CONFIG, "%s and %s are both set; unset the one that is not meant",
                       auth0, oidc);
    if (oidc)
        return from_oidc(ret_config, reterr);
    if (!auth0)
        return true;
    if (!dw_auth0_config_from_env(&tenant, reterr))
        return false;
    *ret_config = dw_jwt_validator_config_from_auth0(&tenant);
    return true;
}
