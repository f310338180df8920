/* Host, Origin and CORS. */
#include "guard/origin.h"

#include "base/buf.h"
#include "http/field.h"
#include "http/url.h"

#define ALLOWED_HEADERS                                                                            \
    "authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, "      \
    "mcp-name, last-event-id, traceparent, tracestate, dpop"
#define EXPOSED_HEADERS "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version"
#define MAX_PARAM_HEADERS 32

static bool is_allowed_host(const struct dw_origin_rules *rules, struct dw_slice host, int port)
{
    for (size_t i = 0; i < rules->allowed_hosts.count; i++) {
        struct dw_slice allowed;
        int allowed_port;

        if (dw_url_parse_authority(rules->allowed_hosts.items[i], &allowed, &allowed_port, NULL) &&
            dw_slice_eq_nocase(allowed, host) && (allowed_port == 0 || allowed_port == port))
            return true;
    }
    return false;
}

bool dw_host_check(const struct dw_origin_rules *rules, struct dw_slice authority, bool is_loopback,
                   struct dw_error *reterr)
{
    struct dw_slice host;
    int port;

    if (rules->is_any_host_allowed || dw_slice_eq(authority, rules->public_authority))
        return true;
    if (dw_url_parse_authority(authority, &host, &port, NULL) &&
        ((is_loopback && dw_url_is_loopback_host(host)) ||
         dw_slice_eq_nocase(host, rules->public_host) || is_allowed_host(rules, host, port)))
        return true;
    return dw_fail(reterr, DW_MISDIRECTED,
                   "the host \"%.*s\" is not served here: allowed_hosts can allow it",
                   DW_PRINT(authority));
}

static bool is_allowed_origin(const struct dw_origin_rules *rules, struct dw_slice origin,
                              bool is_loopback)
{
    struct dw_url url;

    if (rules->is_any_origin_allowed || dw_slice_eq_nocase(origin, rules->public_origin))
        return true;
    for (size_t i = 0; i < rules->allowed_origins.count; i++)
        if (dw_slice_eq_nocase(origin, rules->allowed_origins.items[i]))
            return true;
    return is_loopback && dw_url_parse(origin, &url, NULL) &&
           (dw_url_has_scheme(&url, "http") || dw_url_has_scheme(&url, "https")) &&
           url.path.len == 0 && !url.has_userinfo && dw_url_is_loopback_host(url.host);
}

bool dw_origin_check(const struct dw_origin_rules *rules, struct dw_http_fields fields,
                     bool is_loopback, struct dw_error *reterr)
{
    struct dw_slice origin = dw_http_field(fields, "origin");

    if (!origin.ptr)
        return true;
    if (dw_http_field_count(fields, "origin") != 1)
        return dw_fail(reterr, DW_BAD_ORIGIN, "the Origin field was sent twice");
    if (is_allowed_origin(rules, origin, is_loopback))
        return true;
    return dw_fail(reterr, DW_BAD_ORIGIN,
                   "the origin \"%.*s\" is not allowed: allowed_origins can allow it",
                   DW_PRINT(origin));
}

void dw_cors_add(struct dw_http_fields request_fields, struct dw_field_list *out)
{
    struct dw_slice origin = dw_http_field(request_fields, "origin");

    if (!origin.ptr)
        return;
    dw_field_list_add(out, DW_LIT("Access-Control-Allow-Origin"), origin);
    dw_field_list_add(out, DW_LIT("Vary"), DW_LIT("Origin"));
    dw_field_list_add(out, DW_LIT("Access-Control-Expose-Headers"), DW_LIT(EXPOSED_HEADERS));
}

void dw_cors_add_public(struct dw_http_fields request_fields, struct dw_field_list *out)
{
    if (dw_http_field(request_fields, "origin").ptr)
        dw_field_list_add(out, DW_LIT("Access-Control-Allow-Origin"), DW_LIT("*"));
}

void dw_cors_add_preflight(struct dw_http_fields request_fields, struct dw_arena *arena,
                           struct dw_field_list *out)
{
    struct dw_slice wanted = dw_http_field(request_fields, "access-control-request-headers");
    struct dw_buf names = dw_buf_in(arena);
    struct dw_slice name, text;
    size_t count = 0;

    dw_buf_add(&names, DW_LIT(ALLOWED_HEADERS));
    while (count < MAX_PARAM_HEADERS && dw_http_list_next(&wanted, &name)) {
        struct dw_slice rest = name;

        if (!dw_slice_eat_nocase(&rest, DW_LIT("mcp-param-")) || !dw_http_is_token(name))
            continue;
        dw_buf_add(&names, DW_LIT(", "));
        dw_buf_add(&names, name);
        count++;
    }
    if (!dw_buf_finish(&names, &text, NULL))
        text = (struct dw_slice){NULL, 0};
    dw_field_list_add(out, DW_LIT("Access-Control-Allow-Headers"), text);
    dw_field_list_add(out, DW_LIT("Access-Control-Allow-Methods"),
                      DW_LIT("GET, POST, DELETE, OPTIONS"));
    dw_field_list_add(out, DW_LIT("Access-Control-Max-Age"), DW_LIT("600"));
}
