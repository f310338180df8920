/* Checking the gateway's configuration. */
#include "gateway/rules.h"

#include "gateway/identity.h"

static bool add_default_url(const struct dw_gateway_config *config, int listen_port,
                            struct dw_arena *arena, struct dw_slice *ret_url,
                            struct dw_error *reterr)
{
    const char *scheme = config->tls || config->tls_certificate.len > 0 ? "https" : "http";
    struct dw_slice host = config->listen;

    while (host.len > 0 && host.ptr[host.len - 1] != ':')
        host.len--;
    if (host.len > 0)
        host.len--;
    if (host.len > 2 && host.ptr[0] == '[')
        host = dw_slice_from(host.ptr + 1, host.len - 2);
    if (!dw_url_is_loopback_host(host))
        return dw_fail(reterr, DW_CONFIG,
                       "public_url is needed when listen (\"%.*s\") is not a loopback address",
                       DW_PRINT(config->listen));
    *ret_url = dw_arena_printf(
        arena, dw_slice_contains(host, ':') ? "%s://[%.*s]:%d/mcp" : "%s://%.*s:%d/mcp", scheme,
        DW_PRINT(host), listen_port);
    return ret_url->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool check_public_url(const struct dw_url *url, struct dw_error *reterr)
{
    if (!dw_url_has_scheme(url, "http") && !dw_url_has_scheme(url, "https"))
        return dw_fail(reterr, DW_CONFIG, "public_url must begin with https:// or http://");
    if (url->has_userinfo || url->has_query || url->has_fragment)
        return dw_fail(reterr, DW_CONFIG, "public_url must not have a user, a query or a fragment");
    if (dw_url_has_dot_segments(url))
        return dw_fail(reterr, DW_CONFIG, "public_url must not have . or .. in its path");
    return true;
}

static bool read_public_url(const struct dw_gateway_config *config, int listen_port,
                            struct dw_arena *arena, struct dw_gateway_rules *rules,
                            struct dw_error *reterr)
{
    struct dw_error wrong;
    struct dw_url url;

    rules->public_url = config->public_url;
    if (rules->public_url.len == 0 &&
        !add_default_url(config, listen_port, arena, &rules->public_url, reterr))
        return false;
    if (!dw_url_parse(rules->public_url, &url, &wrong))
        return dw_fail(reterr, DW_CONFIG, "public_url: %s", wrong.message);
    if (!check_public_url(&url, reterr))
        return false;
    rules->origin.public_authority =
        dw_slice_sub(rules->public_url, url.scheme.len + 3,
                     rules->public_url.len - url.scheme.len - 3 - url.path.len);
    rules->origin.public_host = url.host;
    rules->path = url.path.len > 0 ? url.path : DW_LIT("/");
    return dw_url_origin(&url, arena, &rules->origin.public_origin, reterr);
}

/* Origins in normal form, so that a byte comparison is enough later. */
static bool read_origins(const struct dw_gateway_config *config, struct dw_arena *arena,
                         struct dw_gateway_rules *rules, struct dw_error *reterr)
{
    struct dw_slices given = config->allowed_origins;
    struct dw_slice *origins = dw_arena_new_array(arena, given.count + 1, sizeof *origins);
    struct dw_error wrong;
    struct dw_url url;
    size_t count = 0;

    if (!origins)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < given.count; i++) {
        if (dw_slice_eq(given.items[i], DW_LIT("*"))) {
            rules->origin.is_any_origin_allowed = true;
            continue;
        }
        if (dw_slice_eq(given.items[i], DW_LIT("null"))) {
            origins[count++] = given.items[i];
            continue;
        }
        if (!dw_url_parse(given.items[i], &url, &wrong) || url.path.len > 1 || url.has_query ||
            !dw_url_origin(&url, arena, &origins[count], &wrong))
            return dw_fail(reterr, DW_CONFIG,
                           "allowed_origins: \"%.*s\" is not like https://app.example.com",
                           DW_PRINT(given.items[i]));
        count++;
    }
    rules->origin.allowed_origins = (struct dw_slices){origins, count};
    return true;
}

static bool read_hosts(const struct dw_gateway_config *config, struct dw_gateway_rules *rules,
                       struct dw_error *reterr)
{
    struct dw_slice host;
    int port;

    rules->origin.allowed_hosts = config->allowed_hosts;
    for (size_t i = 0; i < config->allowed_hosts.count; i++) {
        if (dw_slice_eq(config->allowed_hosts.items[i], DW_LIT("*")))
            rules->origin.is_any_host_allowed = true;
        else if (!dw_url_parse_authority(config->allowed_hosts.items[i], &host, &port, NULL))
            return dw_fail(reterr, DW_CONFIG,
                           "allowed_hosts: \"%.*s\" is not like mcp.example.com or [::1]:8443",
                           DW_PRINT(config->allowed_hosts.items[i]));
    }
    return true;
}

static bool read_proxies(const struct dw_gateway_config *config, struct dw_arena *arena,
                         struct dw_gateway_rules *rules, struct dw_error *reterr)
{
    size_t count = config->trusted_proxies.count;
    struct dw_address_range *ranges = dw_arena_new_array(arena, count + 1, sizeof *ranges);

    if (!ranges)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct dw_error wrong;

        if (!dw_address_range_parse(config->trusted_proxies.items[i], &ranges[i], &wrong))
            return dw_fail(reterr, DW_CONFIG, "trusted_proxies: %s", wrong.message);
    }
    rules->trusted_proxies = ranges;
    rules->trusted_proxy_count = count;
    return true;
}

static bool read_identity(const struct dw_gateway_config *config, struct dw_arena *arena,
                          struct dw_gateway_rules *rules, struct dw_error *reterr)
{
    size_t count = config->identity_headers.count;
    struct dw_identity_header *headers = dw_arena_new_array(arena, count + 1, sizeof *headers);

    if (!headers)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (count > DW_IDENTITY_MAX_HEADERS)
        return dw_fail(reterr, DW_CONFIG, "identity_headers: at most %d", DW_IDENTITY_MAX_HEADERS);
    for (size_t i = 0; i < count; i++)
        if (!dw_identity_header_parse(config->identity_headers.items[i], arena, &headers[i],
                                      reterr))
            return false;
    rules->identity_headers = headers;
    rules->identity_header_count = count;
    return true;
}

bool dw_gateway_rules_make(const struct dw_gateway_config *config, int listen_port,
                           struct dw_arena *arena, struct dw_gateway_rules *ret_rules,
                           struct dw_error *reterr)
{
    *ret_rules = (struct dw_gateway_rules){0};
    if (config->upstream.len == 0 && config->command.count == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "the gateway needs an MCP server: set upstream, or command");
    if (config->upstream.len > 0 && config->command.count > 0)
        return dw_fail(reterr, DW_CONFIG, "set either upstream or command, not both");
    if ((config->tls_certificate.len == 0) != (config->tls_key.len == 0))
        return dw_fail(reterr, DW_CONFIG, "tls_certificate and tls_key go together");
    return read_public_url(config, listen_port, arena, ret_rules, reterr) &&
           read_origins(config, arena, ret_rules, reterr) &&
           read_hosts(config, ret_rules, reterr) &&
           read_proxies(config, arena, ret_rules, reterr) &&
           read_identity(config, arena, ret_rules, reterr);
}
