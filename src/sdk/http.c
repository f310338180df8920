/* The library's HTTP endpoint: what is served where, and one request from its token to dispatch.
 * Both eras come in here (MCP 2026-07-28 versioning); every request passes the guard. */
#include "sdk/http_internal.h"

#include "base/mem.h"
#include "base/text.h"
#include "http/field_list.h"
#include "http/url.h"
#include "mcp/header.h"
#include "mcp/param_header.h"
#include "sys/sys.h"

#define ARENA_BYTES ((size_t)64 * 1024)
#define ANONYMOUS_BODY_BYTES ((size_t)64 * 1024)
#define METADATA_ROOT "/.well-known/oauth-protected-resource"
#define METHODS "GET, POST, DELETE, OPTIONS"

static const struct dw_slices no_scopes = {0};

/* ---- answers that are not a call's ---- */

static void refuse(struct dw_http *http, struct dw_exchange *exchange, const struct dw_error *error,
                   struct dw_slices needed, struct dw_slice body)
{
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct dw_field_list out = dw_field_list_in(arena, DW_SDK_ANSWER_FIELDS);
    struct dw_slice challenge = dw_guard_challenge(http->server->guard, error, needed, arena);

    dw_exchange_note(exchange, "error", dw_slice_from_text(dw_code_row(error->code)->name));
    dw_exchange_note(exchange, "reason", dw_slice_from_text(error->message));
    dw_exchange_note(exchange, "cause", dw_slice_from_text(error->cause));
    if (body.len == 0)
        body = dw_mcp_error(NULL, error, DW_EMPTY, arena);
    dw_field_list_add(&out, DW_LIT("Content-Type"), DW_LIT("application/json"));
    dw_field_list_add(&out, DW_LIT("Cache-Control"), DW_LIT("no-store"));
    if (!challenge.ptr || challenge.len > 0)
        dw_field_list_add(&out, DW_LIT("WWW-Authenticate"), challenge);
    if (error->code == DW_METHOD_NOT_ALLOWED)
        dw_field_list_add(&out, DW_LIT("Allow"), DW_LIT(METHODS));
    dw_cors_add(dw_exchange_request(exchange)->fields, &out);
    if (out.has_failed || !body.ptr)
        dw_exchange_respond(exchange, 503, (struct dw_http_fields){0}, DW_EMPTY);
    else
        dw_exchange_respond(exchange, dw_code_row(error->code)->http_status,
                            dw_field_list_view(&out), body);
}

static void fail(struct dw_http *http, struct dw_exchange *exchange, enum dw_code code,
                 const char *text)
{
    struct dw_error error = {0};

    dw_error_set(&error, code, __FILE__, __LINE__, "%s", text);
    refuse(http, exchange, &error, no_scopes, DW_EMPTY);
}

static void preflight(struct dw_exchange *exchange, bool is_public)
{
    struct dw_http_fields fields = dw_exchange_request(exchange)->fields;
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct dw_field_list out = dw_field_list_in(arena, DW_CORS_FIELDS + 1);

    if (is_public)
        dw_cors_add_public(fields, &out);
    else
        dw_cors_add(fields, &out);
    dw_cors_add_preflight(fields, arena, &out);
    dw_exchange_respond(exchange, out.has_failed ? 503 : 204, dw_field_list_view(&out), DW_EMPTY);
}

/* RFC 9728: for everybody, without a token. */
static void metadata(struct dw_http *http, struct dw_exchange *exchange)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_field_list out = dw_field_list_in(dw_exchange_arena(exchange), DW_CORS_FIELDS + 2);

    if (request->method == DW_HTTP_OPTIONS) {
        preflight(exchange, true);
        return;
    }
    if (request->method != DW_HTTP_GET && request->method != DW_HTTP_HEAD) {
        fail(http, exchange, DW_METHOD_NOT_ALLOWED, "allowed here: GET, HEAD, OPTIONS");
        return;
    }
    dw_field_list_add(&out, DW_LIT("Content-Type"), DW_LIT("application/json"));
    dw_field_list_add(&out, DW_LIT("Cache-Control"), DW_LIT("public, max-age=60"));
    dw_cors_add_public(request->fields, &out);
    dw_exchange_respond(exchange, out.has_failed ? 503 : 200, dw_field_list_view(&out),
                        dw_guard_metadata(http->server->guard));
}

static void health(struct dw_http *http, struct dw_exchange *exchange)
{
    static const struct dw_http_field items[] = {
        {{"Content-Type", 12}, {"application/json", 16}},
        {{"Cache-Control", 13}, {"no-store", 8}},
    };
    struct dw_http_fields fields = {items, 2};

    if (dw_net_is_draining(http->server->net))
        dw_exchange_respond(exchange, 503, fields, DW_LIT("{\"status\":\"stopping\"}"));
    else
        dw_exchange_respond(exchange, 200, fields, DW_LIT("{\"status\":\"ok\"}"));
}

/* ---- one MCP request ---- */

/* Until there is a call; in the exchange's arena. */
struct arrival {
    struct dw_http *http;
    struct dw_exchange *exchange;
    struct dw_guard_wait *wait;
    const struct dw_principal *principal; /* a reference */
};

static void arrival_gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    struct arrival *arrival = user;

    (void)exchange;
    (void)is_complete;
    if (arrival->wait)
        dw_guard_wait_cancel(arrival->wait);
    if (arrival->principal)
        dw_guard_release(arrival->principal);
}

static bool check_post(struct dw_http_fields fields, struct dw_error *reterr)
{
    struct dw_slice type = dw_http_field(fields, "content-type");
    struct dw_slice coding = dw_http_field(fields, "content-encoding");

    type.len = dw_slice_index(type, ';');
    if (dw_http_field_count(fields, "content-type") != 1 ||
        !dw_slice_eq_nocase(dw_slice_trim(type), DW_LIT("application/json")))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA, "the Content-Type must be application/json");
    if (coding.ptr && !dw_slice_eq_nocase(coding, DW_LIT("identity")))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA, "the body must not be compressed");
    return true;
}

static bool open_session(struct arrival *arrival, struct dw_call *call,
                         struct dw_session **ret_session, struct dw_error *reterr)
{
    unsigned char random[16];
    struct dw_slice id;

    dw_sys_random(random, sizeof random);
    id = dw_text_base64url(call->arena, dw_slice_from((const char *)random, sizeof random));
    if (!id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *ret_session = dw_session_new(arrival->http->server, id, arrival->principal->key, reterr);
    return *ret_session;
}

/* Which era, which session. *ret_data: of the error. */
static bool place(struct arrival *arrival, struct dw_call *call, bool *ret_is_new,
                  struct dw_slice *ret_data, struct dw_error *reterr)
{
    struct dw_mcp_headers headers;
    struct dw_session *session;
    enum dw_mcp_path path;

    *ret_is_new = false;
    if (!dw_mcp_headers_read(dw_exchange_request(arrival->exchange)->fields, &headers, reterr))
        return false;
    session = dw_session_find(arrival->http->server, headers.session_id, arrival->principal->key);
    if (!dw_mcp_dispatch(&headers, &call->message, session != NULL, call->arena, &path, ret_data,
                         reterr))
        return false;
    call->era = path == DW_MCP_PATH_MODERN ? DW_MCP_ERA_MODERN : DW_MCP_ERA_LEGACY;
    if (path == DW_MCP_PATH_MODERN)
        return true;
    if (path == DW_MCP_PATH_LEGACY_SESSIONLESS)
        return dw_fail(reterr, DW_NO_SESSION, "begin with initialize, then send Mcp-Session-Id");
    if (path == DW_MCP_PATH_LEGACY_HANDSHAKE) {
        if (!open_session(arrival, call, &session, reterr))
            return false;
        *ret_is_new = true;
    }
    return dw_session_add_call(session, call, reterr);
}

/* MCP 2026-07-28 streamable HTTP MUST: fields that mirror arguments are equal to them. */
static bool check_params(const struct arrival *arrival, struct dw_call *call,
                         struct dw_error *reterr)
{
    const struct dw_item *tool = NULL;

    if (call->era == DW_MCP_ERA_MODERN && dw_slice_eq(call->message.method, DW_LIT("tools/call")))
        tool = dw_items_find(&call->server->tools, call->message.name);
    return !tool || !tool->has_param_headers ||
           dw_mcp_param_headers_agree(
               dw_exchange_request(arrival->exchange)->fields, tool->input_json,
               dw_json_get(call->message.params, "arguments"), call->arena, reterr);
}

static void refuse_call(struct arrival *arrival, struct dw_call *call, const struct dw_error *error,
                        struct dw_slice data)
{
    struct dw_slice body = dw_mcp_error(call->message.id, error, data, call->arena);

    refuse(arrival->http, arrival->exchange, error, no_scopes, body);
    dw_call_free(call);
}

/* The answer to a request of ours. */
static void take_answer(struct arrival *arrival, struct dw_call *call)
{
    (void)dw_session_answer(call->session, &call->message);
    dw_exchange_respond(arrival->exchange, 202, (struct dw_http_fields){0}, DW_EMPTY);
    dw_call_free(call);
}

static void post(struct arrival *arrival)
{
    struct dw_exchange *exchange = arrival->exchange;
    struct dw_call *call = dw_call_new(arrival->http->server);
    struct dw_slice data = DW_EMPTY;
    struct dw_error error = {0};
    struct dw_stream *stream;
    bool is_new;

    if (!call) {
        fail(arrival->http, exchange, DW_NO_MEMORY, "out of memory");
        return;
    }
    if (!check_post(dw_exchange_request(exchange)->fields, &error) ||
        !dw_mcp_message_parse(dw_exchange_body(exchange), call->arena, &call->message, &error) ||
        !place(arrival, call, &is_new, &data, &error) || !check_params(arrival, call, &error)) {
        refuse_call(arrival, call, &error, data);
        return;
    }
    if (call->message.method.len > 0)
        dw_exchange_note(exchange, "method", call->message.method);
    if (call->message.method.len == 0) {
        take_answer(arrival, call);
        return;
    }
    call->principal = arrival->principal;
    arrival->principal = NULL; /* the call's from here */
    call->principal_key = call->principal->key;
    if (call->server->issuer_count > 0)
        call->auth.token = call->principal->token;
    stream = dw_stream_new(arrival->http, exchange, call);
    if (!stream) {
        dw_error_set(&error, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        refuse_call(arrival, call, &error, DW_EMPTY);
        return;
    }
    stream->is_new_session = is_new;
    dw_dispatch(call);
}

/* The session's stream, or its end. A modern peer has only POST. */
static void get_or_delete(struct arrival *arrival)
{
    const struct dw_http_request *request = dw_exchange_request(arrival->exchange);
    struct dw_slice id = dw_http_field(request->fields, "mcp-session-id");
    struct dw_session *session =
        dw_session_find(arrival->http->server, id, arrival->principal->key);

    if (!id.ptr) {
        fail(arrival->http, arrival->exchange, DW_METHOD_NOT_ALLOWED,
             "without an MCP session only POST is allowed here");
    } else if (!session) {
        fail(arrival->http, arrival->exchange, DW_UNKNOWN_SESSION,
             "there is no such session: start again with initialize");
    } else if (request->method == DW_HTTP_DELETE) {
        dw_session_end(session);
        dw_exchange_respond(arrival->exchange, 204, (struct dw_http_fields){0}, DW_EMPTY);
    } else {
        int64_t expires_at_s = arrival->principal->token->expires_at_s;

        dw_guard_release(arrival->principal);
        arrival->principal = NULL;
        dw_stream_open(arrival->http, arrival->exchange, session, expires_at_s);
    }
}

static void authenticated(void *user, const struct dw_principal *principal,
                          const struct dw_error *error)
{
    struct arrival *arrival = user;

    arrival->wait = NULL;
    arrival->principal = principal;
    if (!principal) {
        refuse(arrival->http, arrival->exchange, error, no_scopes, DW_EMPTY);
        return;
    }
    if (principal->token->subject.len > 0) {
        dw_exchange_note(arrival->exchange, "sub", principal->token->subject);
        dw_exchange_note(arrival->exchange, "client", principal->token->client_id);
    }
    if (dw_exchange_request(arrival->exchange)->method == DW_HTTP_POST)
        post(arrival);
    else
        get_or_delete(arrival);
}

static void arrive(struct dw_http *http, struct dw_exchange *exchange)
{
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct arrival *arrival = DW_ARENA_NEW(arena, struct arrival);
    struct dw_guard_wait *wait;

    if (!arrival) {
        fail(http, exchange, DW_NO_MEMORY, "out of memory");
        return;
    }
    arrival->http = http;
    arrival->exchange = exchange;
    dw_exchange_set_user(exchange, arrival, arrival_gone);
    wait = dw_guard_authenticate(http->server->guard, dw_exchange_loop(exchange),
                                 dw_exchange_request(exchange), arena, dw_exchange_kept(exchange),
                                 authenticated, arrival);
    if (wait) /* otherwise it is decided */
        arrival->wait = wait;
}

static void mcp(struct dw_http *http, struct dw_exchange *exchange)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_error error = {0};

    if (!dw_origin_check(&http->origin, request->fields, dw_exchange_is_loopback(exchange), &error))
        refuse(http, exchange, &error, no_scopes, DW_EMPTY);
    else if (request->method == DW_HTTP_OPTIONS)
        preflight(exchange, false);
    else if (request->method == DW_HTTP_POST || request->method == DW_HTTP_GET ||
             request->method == DW_HTTP_DELETE)
        arrive(http, exchange);
    else
        fail(http, exchange, DW_METHOD_NOT_ALLOWED, "allowed here: " METHODS);
}

/* ---- the listener ---- */

static size_t on_head(void *user, struct dw_exchange *exchange)
{
    const struct dw_http *http = user;
    const struct dw_http_request *request = dw_exchange_request(exchange);

    if (request->method != DW_HTTP_POST)
        return 0;
    if (http->server->issuer_count == 0 || dw_http_field(request->fields, "authorization").ptr)
        return DW_SDK_MAX_BODY_BYTES;
    return ANONYMOUS_BODY_BYTES;
}

/* Of a server without OAuth; our own listener has seen to it when it was opened. */
static bool may_come(const struct dw_http *http, const struct dw_exchange *exchange,
                     struct dw_error *reterr)
{
    const struct dw_server *server = http->server;

    if (!server->is_own_http || server->issuer_count > 0 || server->is_without_auth ||
        dw_exchange_is_loopback(exchange))
        return true;
    return dw_fail(reterr, DW_FORBIDDEN,
                   "without OAuth only requests that come by loopback are answered");
}

static void on_request(void *user, struct dw_exchange *exchange)
{
    struct dw_http *http = user;
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_error error = {0};

    if (!may_come(http, exchange, &error)) {
        refuse(http, exchange, &error, no_scopes, DW_EMPTY);
        return;
    }
    if (dw_slice_eq(request->path, DW_LIT("/healthz"))) { /* load balancers know no names */
        health(http, exchange);
        return;
    }
    if (!dw_host_check(&http->origin, request->authority, dw_exchange_is_loopback(exchange),
                       &error)) {
        refuse(http, exchange, &error, no_scopes, DW_EMPTY);
        return;
    }
    if (dw_slice_eq(request->path, http->path))
        mcp(http, exchange);
    else if (http->server->issuer_count > 0 &&
             (dw_slice_eq(request->path, dw_guard_metadata_path(http->server->guard)) ||
              dw_slice_eq(request->path, DW_LIT(METADATA_ROOT))))
        metadata(http, exchange);
    else
        fail(http, exchange, DW_NOT_FOUND, "there is nothing here but the MCP endpoint");
}

struct dw_handler dw_http_handler(struct dw_http *http)
{
    return (struct dw_handler){on_head, on_request, http};
}

/* ---- opening ---- */

/* "127.0.0.1" of "127.0.0.1:0", "::1" of "[::1]:80", "" of ":80". */
static struct dw_slice host_of(struct dw_slice listen)
{
    while (listen.len > 0 && listen.ptr[listen.len - 1] != ':')
        listen.len--;
    if (listen.len > 0)
        listen.len--;
    if (listen.len > 2 && listen.ptr[0] == '[')
        listen = dw_slice_from(listen.ptr + 1, listen.len - 2);
    return listen;
}

static bool is_loopback(struct dw_slice listen)
{
    return dw_slice_starts_with(listen, DW_LIT("unix:")) ||
           dw_url_is_loopback_host(host_of(listen));
}

static bool check_exposure(struct dw_server *server, struct dw_error *reterr)
{
    if (server->issuer_count > 0)
        return true;
    if (!server->is_without_auth && !server->is_own_http && !is_loopback(server->listen))
        return dw_fail(reterr, DW_CONFIG,
                       "\"%.*s\" is not a loopback address, and there is no OAuth: set "
                       "AUTH0_DOMAIN and AUTH0_AUDIENCE, or call dw_server_without_auth",
                       DW_PRINT(dw_slice_sub(server->listen, 0, 40)));
    dw_log(server->log, DW_LOG_WARN, "WITHOUT_OAUTH",
           DW_S("meaning", DW_LIT("anybody who reaches this address may call every tool")),
           DW_S("listen", server->listen));
    return true;
}

static bool read_url(struct dw_http *http, int port, struct dw_error *reterr)
{
    struct dw_server *server = http->server;
    struct dw_slice listen = server->listen;
    struct dw_error wrong = {0};
    struct dw_url url;

    http->public_url = server->public_url;
    if (http->public_url.len == 0) {
        struct dw_slice host = host_of(listen);

        if (!is_loopback(listen) || dw_slice_starts_with(listen, DW_LIT("unix:")))
            return dw_fail(reterr, DW_CONFIG,
                           "a public URL is needed when \"%.*s\" is not a loopback address",
                           DW_PRINT(dw_slice_sub(listen, 0, 60)));
        http->public_url = dw_arena_printf(http->arena,
                                           dw_slice_contains(host, ':') ? "http://[%.*s]:%d/mcp"
                                                                        : "http://%.*s:%d/mcp",
                                           DW_PRINT(host), port);
    }
    if (!dw_url_parse(http->public_url, &url, &wrong) || url.has_query || url.has_fragment ||
        url.has_userinfo || url.host.len == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "the public URL \"%.*s\" is not like "
                       "https://mcp.example.com/mcp",
                       DW_PRINT(dw_slice_sub(http->public_url, 0, 60)));
    http->path = url.path.len > 0 ? url.path : DW_LIT("/");
    http->origin.public_host = url.host;
    http->origin.public_authority =
        dw_slice_sub(http->public_url, url.scheme.len + 3,
                     http->public_url.len - url.scheme.len - 3 - url.path.len);
    return dw_url_origin(&url, http->arena, &http->origin.public_origin, reterr);
}

static bool listen(struct dw_http *http, struct dw_error *reterr)
{
    struct dw_listener_config config = {
        .size = sizeof config,
        .address = http->server->listen,
        .handler = dw_http_handler(http),
    };

    if (http->server->is_own_http)
        return true;
    http->listener = dw_listener_open(http->server->net, &config, reterr);
    if (!http->listener)
        return false;
    atomic_store(&http->server->port, dw_listener_port(http->listener));
    return true;
}

bool dw_http_open(struct dw_server *server, struct dw_error *reterr)
{
    struct dw_http *http = dw_mem_new(sizeof *http);

    server->http = http;
    if (http)
        http->arena = dw_arena_new(ARENA_BYTES);
    if (!http || !http->arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    http->server = server;
    if (!check_exposure(server, reterr) || !listen(http, reterr) ||
        !read_url(http, atomic_load(&server->port), reterr))
        return false;
    server->public_url = http->public_url;
    return true;
}

void dw_http_close(struct dw_server *server)
{
    if (!server->http)
        return;
    if (server->http->arena)
        dw_arena_free(server->http->arena);
    dw_mem_free(server->http);
    server->http = NULL;
}
