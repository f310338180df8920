/* Which issuers there are: one maker of a configuration a provider. */
#include <doorward/auth.h>

#include <stdio.h>

#include "base/slice.h"

#define DEFAULT_LEEWAY_S 60
#define MAX_PARTS 3

/* Fills a field of fixed size. A text that does not fit leaves it full, without the NUL: that is
 * how the validator knows. A missing part leaves it empty. */
static void fill(char *field, size_t size, const char *const parts[MAX_PARTS])
{
    size_t used = 0;

    memset(field, 0, size);
    for (size_t i = 0; i < MAX_PARTS; i++)
        if (!parts[i] || !*parts[i])
            return;
    for (size_t i = 0; i < MAX_PARTS; i++) {
        size_t len = strnlen(parts[i], size - used);

        memcpy(field + used, parts[i], len);
        used += len;
    }
}

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
    struct dw_jwt_validator_config config = config_of("okta", audience);
    const char *const parts[MAX_PARTS] = {"https://", domain, "/oauth2/default"};

    fill(config.issuer, sizeof config.issuer, parts);
    return config;
}

struct dw_jwt_validator_config dw_jwt_validator_config_cognito(const char *region,
                                                               const char *user_pool_id,
                                                               const char *client_id)
{
    /* An access token of Cognito names its client; only one bound to a resource has an audience. */
    struct dw_jwt_validator_config config = config_of("cognito", client_id);
    char host[128];
    int len =
        snprintf(host, sizeof host, "https://cognito-idp.%s.amazonaws.com", region ? region : "");
    const char *const parts[MAX_PARTS] = {host, "/", user_pool_id};

    if (region && *region && len > 0 && (size_t)len < sizeof host)
        fill(config.issuer, sizeof config.issuer, parts);
    put(config.client_ids, sizeof config.client_ids, client_id);
    return config;
}

struct dw_jwt_validator_config dw_jwt_validator_config_entra(const char *tenant_id,
                                                             const char *audience)
{
    struct dw_jwt_validator_config config = config_of("entra", audience);
    const char *const parts[MAX_PARTS] = {"https://login.microsoftonline.com/", tenant_id, "/v2.0"};

    fill(config.issuer, sizeof config.issuer, parts);
    return config;
}

struct dw_jwt_validator_config dw_jwt_validator_config_keycloak(const char *base_url,
                                                                const char *realm,
                                                                const char *audience)
{
    struct dw_jwt_validator_config config = config_of("keycloak", audience);
    size_t len = base_url ? strlen(base_url) : 0;
    bool has_slash = len && base_url[len - 1] == '/';
    const char *const parts[MAX_PARTS] = {base_url, has_slash ? "realms/" : "/realms/", realm};

    fill(config.issuer, sizeof config.issuer, parts);
    return config;
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
