/* Which issuers there are: one maker of a configuration a provider. */
#include <doorward/auth.h>

#include <stdio.h>

#include "base/slice.h"

#define DEFAULT_LEEWAY_S 60

/* Fills a field of fixed size. A text that does not fit leaves it full, without the NUL: that is
 * how the validator knows. */
static void put(char *field, size_t size, const char *text)
{
    size_t len = text ? strnlen(text, size) : 0;

    memset(field, 0, size);
    if (len)
        memcpy(field, text, len);
}

static struct dw_jwt_validator_config config_of(const char *provider, const char *audience)
{
    struct dw_jwt_validator_config config = {.size = sizeof config, .leeway_s = DEFAULT_LEEWAY_S};

    put(config.provider, sizeof config.provider, provider);
    put(config.audience, sizeof config.audience, audience);
    return config;
}

/* The issuer is the three in a row; empty when one of them is missing. */
static struct dw_jwt_validator_config config_at(const char *provider, const char *audience,
                                                const char *start, const char *middle,
                                                const char *end)
{
    struct dw_jwt_validator_config config = config_of(provider, audience);
    const char *const parts[] = {start, middle, end};
    size_t used = 0;

    for (size_t i = 0; i < 3; i++)
        if (!parts[i] || !*parts[i])
            return config;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strnlen(parts[i], sizeof config.issuer - used);

        memcpy(config.issuer + used, parts[i], len);
        used += len;
    }
    return config;
}

struct dw_jwt_validator_config dw_jwt_validator_config_from_auth0(
    const struct dw_auth0_config *config)
{
    struct dw_jwt_validator_config made = config_of("auth0", "");

    _Static_assert(sizeof made.audience == sizeof config->audience, "both hold the same text");
    memcpy(made.audience, config->audience, sizeof made.audience);
    if (!dw_auth0_issuer(config, made.issuer, sizeof made.issuer) ||
        !dw_auth0_jwks_uri(config, made.jwks_uri, sizeof made.jwks_uri))
        made.issuer[0] = '\0';
    put(made.algorithms, sizeof made.algorithms, "RS256");
    return made;
}

struct dw_jwt_validator_config dw_jwt_validator_config_okta(const char *domain,
                                                            const char *audience)
{
    return config_at("okta", audience, "https://", domain, "/oauth2/default");
}

struct dw_jwt_validator_config dw_jwt_validator_config_cognito(const char *region,
                                                               const char *user_pool_id,
                                                               const char *client_id)
{
    /* An access token of Cognito names its client; only one bound to a resource has an audience. */
    char host[128];
    int len =
        snprintf(host, sizeof host, "https://cognito-idp.%s.amazonaws.com", region ? region : "");
    bool has_host = region && *region && len > 0 && (size_t)len < sizeof host;
    struct dw_jwt_validator_config config =
        config_at("cognito", client_id, has_host ? host : NULL, "/", user_pool_id);

    put(config.client_ids, sizeof config.client_ids, client_id);
    return config;
}

struct dw_jwt_validator_config dw_jwt_validator_config_entra(const char *tenant_id,
                                                             const char *audience)
{
    return config_at("entra", audience, "https://login.microsoftonline.com/", tenant_id, "/v2.0");
}

struct dw_jwt_validator_config dw_jwt_validator_config_keycloak(const char *base_url,
                                                                const char *realm,
                                                                const char *audience)
{
    size_t len = base_url ? strlen(base_url) : 0;
    bool has_slash = len && base_url[len - 1] == '/';

    return config_at("keycloak", audience, base_url, has_slash ? "realms/" : "/realms/", realm);
}

struct dw_jwt_validator_config dw_jwt_validator_config_google(const char *audience)
{
    struct dw_jwt_validator_config config = config_of("google", audience);

    put(config.issuer, sizeof config.issuer, "https://accounts.google.com");
    return config;
}

struct dw_jwt_validator_config dw_jwt_validator_config_oidc(const char *issuer,
                                                            const char *audience)
{
    struct dw_jwt_validator_config config = config_of("oidc", audience);

    put(config.issuer, sizeof config.issuer, issuer);
    return config;
}
