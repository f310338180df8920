/* The table of endpoints, and what all answers have in common: caching, security fields, and errors
 * in the form the caller can read. */
#include "http/route.h"

#include <inttypes.h>

#include "http/url.h"
#include "oauth/dpop.h"
#include "tenant/cross_origin_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/settings_internal.h"

enum audience {
    FOR_CLIENTS,  /* programs: errors are JSON */
    FOR_BROWSERS, /* people: errors are pages */
};

struct endpoint {
    struct dw_route route;
    dw_tenant_endpoint *run;
    enum audience audience;
    enum dw_cross_origin cross_origin;
    enum dw_job_pool pool;
};

static const struct endpoint endpoints[] = {
#define X(method, path, name, audience, cross_origin, pool)                                        \
    {{DW_HTTP_##method, path},                                                                     \
     dw_endpoint_##name,                                                                           \
     FOR_##audience,                                                                               \
     DW_CORS_##cross_origin,                                                                       \
     DW_POOL_##pool},
#include "tenant/endpoints.def"
#undef X
};

/* No name of ours needs escapes, so one that has them may be any name. */
static bool has_escaped_name(struct dw_slice form)
{
    bool is_name = true;

    for (size_t i = 0; i < form.len; i++) {
        if (is_name && form.ptr[i] == '%')
            return true;
        is_name = form.ptr[i] == '&' || (is_name && form.ptr[i] != '=');
    }
    return dw_slice_has(form, DW_LIT("\\u")); /* or the JSON form */
}

/* Clients prove who they are here, perhaps with keys that are fetched. */
static dw_tenant_endpoint *const authenticating[] = {
    dw_endpoint_token,         dw_endpoint_revoke,        dw_endpoint_par,
    dw_endpoint_device_code,   dw_endpoint_bc_authorize,  dw_endpoint_introspect,
    dw_endpoint_mfa_challenge, dw_endpoint_mfa_associate, dw_endpoint_passwordless_start,
};

/* A metadata document or a client's keys, perhaps from a slow server: such a call must not hold up
 * the others, also when its sender hides what it is. */
static bool may_fetch(dw_tenant_endpoint *run, struct dw_slice form)
{
    if (run == dw_endpoint_authorize)
        return dw_slice_has(form, DW_LIT("client_id=http")) ||
               dw_slice_has(form, DW_LIT("client_id=%")) || has_escaped_name(form);
    for (size_t i = 0; i < sizeof authenticating / sizeof *authenticating; i++)
        if (run == authenticating[i])
            return dw_slice_has(form, DW_LIT("assertion")) ||
                   dw_slice_has(form, DW_LIT("subject_token")) || has_escaped_name(form);
    return false;
}

enum dw_job_pool dw_tenant_pool(const struct dw_tenant_call *call)
{
    struct dw_route_match match;

    if (!dw_route_find(DW_ROUTE_TABLE(endpoints), call->method, call->path, &match, NULL))
        return DW_POOL_STORE;
    const struct endpoint *endpoint = (const struct endpoint *)(const void *)match.route;
    /* Guesses from the bytes: a wrong one only costs a place in another queue. */
    if (endpoint->run == dw_endpoint_token && dw_slice_has(call->body, DW_LIT("password")))
        return DW_POOL_PASSWORD;
    return may_fetch(endpoint->run, call->query) || may_fetch(endpoint->run, call->body)
               ? DW_POOL_FETCH
               : endpoint->pool;
}

/* Whether `path` is one of a pattern that ends in a parameter: "/mfa/authenticators/{id}". */
static bool is_below(const char *pattern, struct dw_slice path)
{
    struct dw_slice prefix = dw_slice_from_text(pattern);

    prefix.len = dw_slice_index(prefix, '{');
    return pattern[prefix.len] != '\0' && dw_slice_starts_with(path, prefix);
}

/* The rows of one path agree. */
static enum dw_cross_origin cross_origin_of(struct dw_slice path)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
        if (dw_slice_eq(dw_slice_from_text(endpoints[i].route.pattern), path) ||
            is_below(endpoints[i].route.pattern, path))
            return endpoints[i].cross_origin;
    return DW_CORS_NEVER;
}

/* A browser that was tricked into asking us by a foreign name (DNS rebinding) sends that name. Only
 * where the socket is loopback: behind a reverse proxy the name is the proxy's business. */
static bool check_host(const struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice host, own_host;
    int port;

    if (!call->is_loopback || call->authority.len == 0)
        return true;
    if (!dw_url_parse_authority(call->authority, &host, &port, reterr))
        return false;
    if (dw_url_is_loopback_host(host))
        return true;
    return (dw_url_parse_authority(call->tenant->host, &own_host, &port, NULL) &&
            dw_slice_eq_nocase(host, own_host)) ||
           dw_fail(reterr, DW_MISDIRECTED, "This server is not %.*s.", DW_PRINT(host));
}

/* Our forms are posted from our pages only; every current browser says where a request comes
 * from (Fetch Metadata). Next to the cookie-bound state, not instead of it. */
static bool check_site(const struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice site = dw_http_field(call->fields, "sec-fetch-site");

    if (call->method != DW_HTTP_POST || !dw_slice_starts_with(call->path, DW_LIT("/u/")))
        return true;
    if (site.len == 0 || dw_slice_eq(site, DW_LIT("same-origin")) ||
        dw_slice_eq(site, DW_LIT("none")))
        return true;
    return dw_fail(reterr, DW_BAD_ORIGIN, "This form was sent by another site.");
}

static bool has_field(const struct dw_tenant_call *call, const char *name)
{
    for (size_t i = 0; i < call->out_count; i++)
        if (dw_slice_eq_nocase(call->out[i].name, dw_slice_from_text(name)))
            return true;
    return false;
}

static bool finish(struct dw_tenant_call *call, struct dw_error *reterr)
{
    /* RFC 6749 section 5.1 MUST for tokens; nothing else here is worth caching either. */
    return (has_field(call, "Cache-Control") ||
            dw_answer_field(call, "Cache-Control", DW_LIT("no-store"), reterr)) &&
           dw_answer_field(call, "X-Content-Type-Options", DW_LIT("nosniff"), reterr) &&
           dw_answer_field(call, "Referrer-Policy", DW_LIT("no-referrer"), reterr) &&
           (call->dpop_nonce.len == 0 ||
            dw_answer_field(call, "DPoP-Nonce", call->dpop_nonce, reterr)) &&
           (!call->tenant->is_https ||
            dw_answer_field(call, "Strict-Transport-Security", DW_LIT("max-age=31536000"), reterr));
}

static bool uses_dpop(const struct dw_tenant_call *call)
{
    struct dw_slice value = dw_http_field(call->fields, "authorization");

    return dw_slice_eat_nocase(&value, DW_LIT("DPoP "));
}

#define SLOW_DOWN_RETRY_S 5 /* the interval of polling (oauth/decoupled.h) */
#define TOO_MANY_RETRY_S 900

/* For HTTP clients, and in the words that Auth0's clients read. */
static bool add_retry(struct dw_tenant_call *call, int64_t seconds, struct dw_error *reterr)
{
    return dw_answer_field(call, "Retry-After", dw_arena_printf(call->arena, "%" PRId64, seconds),
                           reterr) &&
           dw_answer_field(call, "X-RateLimit-Remaining", DW_LIT("0"), reterr) &&
           dw_answer_field(call, "X-RateLimit-Reset",
                           dw_arena_printf(call->arena, "%" PRId64, call->now_s + seconds), reterr);
}

/* RFC 6749 section 5.2: a client that tried Basic is told the scheme; RFC 6750 section 3. */
static bool add_challenge(struct dw_tenant_call *call, const struct dw_error *error,
                          struct dw_error *reterr)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    bool is_bearer = dw_slice_eq(call->path, DW_LIT("/userinfo"));
    struct dw_slice value = DW_LIT("Basic realm=\"token\"");

    if (row->http_status == 405) /* RFC 9110 section 15.5.6 MUST */
        return dw_answer_field(call, "Allow", call->allow, reterr);
    if (row->http_status == 429)
        return add_retry(call, error->code == DW_SLOW_DOWN ? SLOW_DOWN_RETRY_S : TOO_MANY_RETRY_S,
                         reterr);
    if (row->http_status != 401 && !(is_bearer && row->http_status == 403))
        return true;
    if (is_bearer && row->oauth_error && uses_dpop(call))
        value = dw_arena_printf(call->arena, "DPoP error=\"%s\", algs=\"" DW_DPOP_ALGS "\"",
                                row->oauth_error);
    else if (is_bearer && row->oauth_error)
        value = dw_arena_printf(call->arena, "Bearer error=\"%s\"", row->oauth_error);
    else if (is_bearer)
        value = DW_LIT("Bearer");
    return dw_answer_field(call, "WWW-Authenticate", value, reterr);
}

static void answer_error(struct dw_tenant_call *call, enum audience audience,
                         const struct dw_error *error)
{
    struct dw_error ignored;

    dw_log_error(call->tenant->log, "tenant_request_failed", error);
    if (audience == FOR_BROWSERS)
        dw_answer_error_page(call, error);
    else
        dw_answer_error_json(call, error);
    (void)!(add_challenge(call, error, &ignored) &&
            dw_cross_origin_add(call, cross_origin_of(call->path), &ignored));
}

static bool run(struct dw_tenant_call *call, enum audience *ret_audience, struct dw_error *reterr)
{
    struct dw_route_match match;
    const struct endpoint *endpoint;
    enum dw_cross_origin who = cross_origin_of(call->path);

    if (!check_host(call, reterr))
        return false;
    if (who != DW_CORS_NEVER && call->method == DW_HTTP_OPTIONS)
        return dw_cross_origin_answer_preflight(call, who, reterr);
    if (!dw_route_find(DW_ROUTE_TABLE(endpoints), call->method, call->path, &match, reterr)) {
        *ret_audience =
            dw_slice_starts_with(call->path, DW_LIT("/u/")) ? FOR_BROWSERS : FOR_CLIENTS;
        call->allow = dw_arena_copy(call->arena, dw_slice_from_text(match.allow));
        return false;
    }
    endpoint = (const struct endpoint *)(const void *)match.route;
    *ret_audience = endpoint->audience;
    return check_site(call, reterr) && endpoint->run(call, reterr) &&
           dw_cross_origin_add(call, who, reterr);
}

static const struct dw_tenant_settings no_settings;

void dw_tenant_serve(struct dw_tenant_call *call)
{
    struct dw_error error = {0};
    enum audience audience = FOR_CLIENTS;

    dw_store_moment_start();
    if (!dw_tenant_settings(call->tenant, call->arena, &call->settings, &error)) {
        call->settings = &no_settings; /* out of memory: at least answer */
        answer_error(call, audience, &error);
    } else if (!run(call, &audience, &error)) {
        answer_error(call, audience, &error);
    }
    dw_store_moment_end();
    if (!finish(call, &error)) {
        call->out_count = 0;
        call->answer = DW_EMPTY;
        call->status = 503;
    }
}
