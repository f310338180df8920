/* The configuration of an Auth0 tenant, as the environment has it, and the URLs under it. */
#include <doorward/auth.h>

#include <stdio.h>

#include "base/text.h"
#include "http/url.h"
#include "sys/sys.h"

/* Where each variable goes. */
static const struct {
    const char *variable;
    size_t offset, size;
    bool is_needed;
} rows[] = {
    {"AUTH0_DOMAIN", offsetof(struct dw_auth0_config, domain),
     sizeof((struct dw_auth0_config *)0)->domain, true},
    {"AUTH0_AUDIENCE", offsetof(struct dw_auth0_config, audience),
     sizeof((struct dw_auth0_config *)0)->audience, true},
    {"AUTH0_CLIENT_ID", offsetof(struct dw_auth0_config, client_id),
     sizeof((struct dw_auth0_config *)0)->client_id, false},
    {"AUTH0_CLIENT_SECRET", offsetof(struct dw_auth0_config, client_secret),
     sizeof((struct dw_auth0_config *)0)->client_secret, false},
};

/* The value is not shown: it may be the secret, or a secret in the wrong variable. */
static bool check_value(const char *variable, struct dw_slice value, size_t size, bool is_needed,
                        struct dw_error *reterr)
{
    if (value.len == 0 && is_needed)
        return dw_fail(reterr, DW_CONFIG, "the environment variable %s is not set", variable);
    if (value.len >= size)
        return dw_fail(reterr, DW_CONFIG,
                       "the environment variable %s is longer than %zu characters", variable,
                       size - 1);
    if (!dw_text_is_printable_ascii(value) || dw_slice_contains(value, ' '))
        return dw_fail(reterr, DW_CONFIG,
                       "the environment variable %s has spaces or other characters that do not "
                       "belong there",
                       variable);
    return true;
}

/* "https://t.auth0.com/" and "t.auth0.com" mean the same, as in the configuration file. */
static struct dw_slice plain_domain(struct dw_slice domain)
{
    (void)dw_slice_eat_nocase(&domain, DW_LIT("https://"));
    if (dw_slice_ends_with(domain, DW_LIT("/")))
        domain.len--;
    return domain;
}

static bool check_domain(struct dw_slice domain, struct dw_error *reterr)
{
    struct dw_slice host;
    int port;

    if (!dw_url_parse_authority(domain, &host, &port, NULL))
        return dw_fail(reterr, DW_CONFIG,
                       "AUTH0_DOMAIN \"%.*s\" is no domain; write it as your-tenant.auth0.com",
                       DW_PRINT(dw_slice_sub(domain, 0, 64)));
    return true;
}

bool dw_auth0_config_from_env(struct dw_auth0_config *ret_config, struct dw_error *reterr)
{
    struct dw_auth0_config config = {.size = sizeof config};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dw_slice value = dw_sys_environment(rows[i].variable);

        if (!check_value(rows[i].variable, value, rows[i].size, rows[i].is_needed, reterr))
            return false;
        if (i == 0) {
            value = plain_domain(value);
            if (!check_domain(value, reterr))
                return false;
        }
        if (value.len)
            memcpy((char *)&config + rows[i].offset, value.ptr, value.len);
    }
    if (config.client_secret[0] && !config.client_id[0])
        return dw_fail(reterr, DW_CONFIG,
                       "AUTH0_CLIENT_SECRET is set, but AUTH0_CLIENT_ID, whose secret it is, is "
                       "not");
    *ret_config = config;
    return true;
}

/* http for what never leaves this machine: a loopback host with a port. */
static const char *scheme_of(struct dw_slice domain)
{
    struct dw_slice host;
    int port;

    return dw_url_parse_authority(domain, &host, &port, NULL) && port &&
                   dw_url_is_loopback_host(host)
               ? "http"
               : "https";
}

static bool write_url(const struct dw_auth0_config *config, const char *path, char *ret_url,
                      size_t size)
{
    size_t len = strnlen(config->domain, sizeof config->domain);
    struct dw_slice domain = {config->domain, len};
    int written;

    if (len == 0 || len == sizeof config->domain || size == 0)
        return false;
    written = snprintf(ret_url, size, "%s://%.*s/%s", scheme_of(domain), DW_PRINT(domain), path);
    return written > 0 && (size_t)written < size;
}

bool dw_auth0_issuer(const struct dw_auth0_config *config, char *ret_url, size_t size)
{
    return write_url(config, "", ret_url, size);
}

bool dw_auth0_jwks_uri(const struct dw_auth0_config *config, char *ret_url, size_t size)
{
    return write_url(config, ".well-known/jwks.json", ret_url, size);
}

bool dw_auth0_token_endpoint(const struct dw_auth0_config *config, char *ret_url, size_t size)
{
    return write_url(config, "oauth/token", ret_url, size);
}
