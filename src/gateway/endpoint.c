/* What is served where: the MCP endpoint, the metadata, health and metrics; and what is checked
 * before anything else: the host, the origin, the method, the size. */
#include "gateway/gateway_internal.h"
#include "guard/origin.h"

/* Who has not even tried to authenticate cannot make us hold more than this. */
#define ANONYMOUS_BODY_BYTES ((size_t)64 * 1024)

#define METADATA_ROOT "/.well-known/oauth-protected-resource"

static size_t on_head(void *user, struct dw_exchange *exchange)
{
    const struct dw_gateway *gateway = user;
    const struct dw_http_request *request = dw_exchange_request(exchange);
    size_t most = (size_t)gateway->config->max_body_bytes;

    if (request->method != DW_HTTP_POST)
        return 0;
    if (dw_http_field(request->fields, "authorization").ptr || gateway->config->guard->is_public)
        return most;
    return most < ANONYMOUS_BODY_BYTES ? most : ANONYMOUS_BODY_BYTES;
}

static void fail(struct dw_exchange *exchange, enum dw_code code, const char *text)
{
    struct dw_error error;

    dw_error_set(&error, code, __FILE__, __LINE__, "%s", text);
    dw_answer_error(exchange, &error, DW_EMPTY);
}

static void fail_method(struct dw_exchange *exchange, struct dw_slice allow)
{
    struct dw_error error;

    dw_error_set(&error, DW_METHOD_NOT_ALLOWED, __FILE__, __LINE__, "allowed here: %.*s",
                 DW_PRINT(allow));
    dw_answer_error(exchange, &error, allow);
}

static void preflight(struct dw_exchange *exchange, bool is_public)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct dw_field_list out = dw_field_list_in(arena, DW_CORS_FIELDS + 1);

    if (is_public)
        dw_cors_add_public(request->fields, &out);
    else
        dw_cors_add(request->fields, &out);
    dw_cors_add_preflight(request->fields, arena, &out);
    if (out.has_failed)
        fail(exchange, DW_NO_MEMORY, "out of memory");
    else
        dw_exchange_respond(exchange, 204, dw_field_list_view(&out), DW_EMPTY);
}

/* RFC 9728: for everybody, without a token. */
static void metadata(const struct dw_gateway *gateway, struct dw_exchange *exchange)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_field_list out = dw_field_list_in(dw_exchange_arena(exchange), DW_CORS_FIELDS + 2);

    if (request->method == DW_HTTP_OPTIONS) {
        preflight(exchange, true);
        return;
    }
    if (request->method != DW_HTTP_GET && request->method != DW_HTTP_HEAD) {
        fail_method(exchange, DW_LIT("GET, HEAD, OPTIONS"));
        return;
    }
    dw_field_list_add(&out, DW_LIT("Content-Type"), DW_LIT("application/json"));
    dw_field_list_add(&out, DW_LIT("Cache-Control"), DW_LIT("public, max-age=60"));
    dw_cors_add_public(request->fields, &out);
    dw_exchange_respond(exchange, 200, dw_field_list_view(&out), dw_guard_metadata(gateway->guard));
}

static void health(const struct dw_gateway *gateway, struct dw_exchange *exchange)
{
    static const struct dw_http_field items[] = {
        {{"Content-Type", 12}, {"application/json", 16}},
        {{"Cache-Control", 13}, {"no-store", 8}},
    };
    struct dw_http_fields fields = {items, 2};

    if (dw_net_is_draining(gateway->net))
        dw_exchange_respond(exchange, 503, fields, DW_LIT("{\"status\":\"stopping\"}"));
    else
        dw_exchange_respond(exchange, 200, fields, DW_LIT("{\"status\":\"ok\"}"));
}

static void mcp(struct dw_gateway *gateway, struct dw_exchange *exchange)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_error error;

    if (!dw_origin_check(&gateway->rules.origin, request->fields, dw_exchange_is_loopback(exchange),
                         &error)) {
        dw_answer_error(exchange, &error, DW_EMPTY);
        return;
    }
    switch (request->method) {
    case DW_HTTP_OPTIONS:
        preflight(exchange, false);
        return;
    case DW_HTTP_POST:
    case DW_HTTP_GET:
    case DW_HTTP_DELETE:
        dw_passage_begin(gateway, exchange);
        return;
    case DW_HTTP_HEAD:
    case DW_HTTP_PUT:
    case DW_HTTP_PATCH:
    case DW_HTTP_OTHER:
        break;
    }
    fail_method(exchange, DW_LIT(DW_ENDPOINT_METHODS));
}

static void not_found(const struct dw_gateway *gateway, struct dw_exchange *exchange)
{
    struct dw_error error;

    dw_error_set(&error, DW_NOT_FOUND, __FILE__, __LINE__,
                 "there is nothing here: the MCP endpoint is %.*s",
                 DW_PRINT(gateway->rules.public_url));
    dw_answer_error(exchange, &error, DW_EMPTY);
}

static void on_request(void *user, struct dw_exchange *exchange)
{
    struct dw_gateway *gateway = user;
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_error error;

    if (dw_slice_eq(request->path, DW_LIT("/healthz"))) { /* load balancers know no names */
        health(gateway, exchange);
        return;
    }
    if (!dw_host_check(&gateway->rules.origin, request->authority,
                       dw_exchange_is_loopback(exchange), &error)) {
        dw_answer_error(exchange, &error, DW_EMPTY);
        return;
    }
    if (dw_slice_eq(request->path, gateway->rules.path))
        mcp(gateway, exchange);
    else if (dw_slice_eq(request->path, dw_guard_metadata_path(gateway->guard)) ||
             dw_slice_eq(request->path, DW_LIT(METADATA_ROOT)))
        metadata(gateway, exchange);
    else
        not_found(gateway, exchange);
}

static void metrics(struct dw_exchange *exchange)
{
    static const struct dw_http_field type = {{"Content-Type", 12},
                                              {"text/plain; version=0.0.4", 25}};
    struct dw_buf out = dw_buf_in(dw_exchange_arena(exchange));
    struct dw_slice text;
    struct dw_error error;

    dw_metrics_render(dw_loop_metrics(dw_exchange_loop(exchange)), &out);
    if (dw_buf_finish(&out, &text, &error))
        dw_exchange_respond(exchange, 200, (struct dw_http_fields){&type, 1}, text);
    else
        dw_answer_error(exchange, &error, DW_EMPTY);
}

/* The operators' listener. Its host is checked by nobody: it shows no secrets and changes nothing.
 */
static void on_admin_request(void *user, struct dw_exchange *exchange)
{
    const struct dw_gateway *gateway = user;
    struct dw_slice path = dw_exchange_request(exchange)->path;

    if (dw_slice_eq(path, DW_LIT("/healthz")))
        health(gateway, exchange);
    else if (dw_slice_eq(path, DW_LIT("/metrics")))
        metrics(exchange);
    else
        fail(exchange, DW_NOT_FOUND, "there are /metrics and /healthz here");
}

static size_t on_admin_head(void *user, struct dw_exchange *exchange)
{
    (void)user;
    (void)exchange;
    return 0;
}

const struct dw_handler dw_endpoint_handler = {on_head, on_request, NULL};
const struct dw_handler dw_admin_handler = {on_admin_head, on_admin_request, NULL};
