/* One request at the MCP endpoint, from its token to the decision. Every protocol version and every
 * kind of upstream comes through here, and nothing reaches an upstream another way. */
#include "gateway/gateway_internal.h"

#include "mcp/header.h"
#include "sys/sys.h"

static const struct dw_slices no_scopes = {0};

static void refuse(struct dw_passage *passage, const struct dw_error *error)
{
    dw_passage_refuse(passage, error, no_scopes, DW_EMPTY);
}

static void hand_over(struct dw_passage *passage)
{
    dw_exchange_note_int(passage->exchange, "guard_us", dw_sys_monotonic_us() - passage->began_us);
    if (passage->gateway->stdio)
        dw_stdio_start(passage);
    else
        dw_forward_start(passage);
}

/* Whether Mcp-Session-Id names a session of this principal; it is entered then. */
static bool enter_session(struct dw_passage *passage, struct dw_slice id)
{
    if (id.len == 0 || !dw_owned_enter(passage->gateway->sessions, id, passage->principal->key,
                                       dw_loop_now_ms(dw_exchange_loop(passage->exchange))))
        return false;
    passage->session_id = id;
    return true;
}

/* "application/json", or that with charset=utf-8. Nothing else: an upstream that decodes the body
 * by another charset would read another message than we did. */
static bool is_json(struct dw_slice type)
{
    if (!dw_slice_eat_nocase(&type, DW_LIT("application/json")))
        return false;
    while (dw_slice_eat(&type, DW_LIT(" ")))
        continue;
    if (type.len == 0)
        return true;
    if (!dw_slice_eat(&type, DW_LIT(";")))
        return false;
    while (dw_slice_eat(&type, DW_LIT(" ")))
        continue;
    return dw_slice_eq_nocase(type, DW_LIT("charset=utf-8")) ||
           dw_slice_eq_nocase(type, DW_LIT("charset=\"utf-8\""));
}

static bool check_post(struct dw_http_fields fields, struct dw_error *reterr)
{
    struct dw_slice coding = dw_http_field(fields, "content-encoding");

    if (dw_http_field_count(fields, "content-type") != 1 ||
        !is_json(dw_http_field(fields, "content-type")))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA,
                       "the Content-Type must be application/json (in UTF-8)");
    if (coding.ptr && (dw_http_field_count(fields, "content-encoding") != 1 ||
                       !dw_slice_eq_nocase(coding, DW_LIT("identity"))))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA, "the body must not be compressed");
    return true;
}

static void note_message(struct dw_passage *passage)
{
    static const char *const names[] = {
        [DW_MCP_TOOL] = "tool",         [DW_MCP_PROMPT] = "prompt",
        [DW_MCP_RESOURCE] = "resource", [DW_MCP_RESOURCE_TEMPLATE] = "resource",
        [DW_MCP_TASK] = "task",
    };
    const struct dw_mcp_message *message = &passage->message;

    if (message->method.len > 0)
        dw_exchange_note(passage->exchange, "method", message->method);
    if (message->name.len > 0 && names[message->kind])
        dw_exchange_note(passage->exchange, names[message->kind], message->name);
}

static bool authorize(struct dw_passage *passage, struct dw_slices *ret_needed,
                      struct dw_error *reterr)
{
    struct dw_slice rule = DW_EMPTY;
    bool is_allowed =
        dw_guard_authorize(passage->gateway->guard, passage->principal, &passage->message,
                           passage->arena, ret_needed, &rule, reterr);

    dw_exchange_note(passage->exchange, "decision", is_allowed ? DW_LIT("allow") : DW_LIT("deny"));
    if (rule.len > 0)
        dw_exchange_note(passage->exchange, "rule", rule);
    return is_allowed;
}

static void post(struct dw_passage *passage)
{
    struct dw_http_fields fields = dw_exchange_request(passage->exchange)->fields;
    struct dw_mcp_headers headers;
    struct dw_slices needed = no_scopes;
    struct dw_slice data = DW_EMPTY;
    struct dw_error error = {0};
    bool session_is_known;

    if (!check_post(fields, &error) ||
        !dw_mcp_message_parse(dw_exchange_body(passage->exchange), passage->arena,
                              &passage->message, &error)) {
        refuse(passage, &error);
        return;
    }
    passage->method = passage->message.known;
    note_message(passage);
    if (!dw_mcp_headers_read(fields, &headers, &error)) {
        refuse(passage, &error);
        return;
    }
    session_is_known = enter_session(passage, headers.session_id);
    if (!dw_mcp_dispatch(&headers, &passage->message, session_is_known, passage->arena,
                         &passage->path, &data, &error) ||
        !authorize(passage, &needed, &error) || !dw_passage_check_tasks(passage, &needed, &error)) {
        dw_passage_refuse(passage, &error, needed, data);
        return;
    }
    hand_over(passage);
}

/* GET opens the stream of a legacy session, DELETE ends it. Both belong to the session's owner, so
 * the policy has no row for them. */
static void get_or_delete(struct dw_passage *passage)
{
    const struct dw_http_request *request = dw_exchange_request(passage->exchange);
    struct dw_mcp_headers headers;
    struct dw_error error = {0};

    if (!dw_mcp_headers_read(request->fields, &headers, &error)) {
        refuse(passage, &error);
        return;
    }
    if (headers.session_id.ptr && !enter_session(passage, headers.session_id)) {
        dw_error_set(&error, DW_UNKNOWN_SESSION, __FILE__, __LINE__,
                     "there is no such session: start again with initialize");
        refuse(passage, &error);
        return;
    }
    /* A modern peer has only POST. Without a session only an HTTP server may have such a stream. */
    if (!headers.session_id.ptr &&
        (passage->gateway->stdio || request->method == DW_HTTP_DELETE ||
         dw_mcp_version_era(headers.protocol_version) == DW_MCP_ERA_MODERN)) {
        dw_error_set(&error, DW_METHOD_NOT_ALLOWED, __FILE__, __LINE__,
                     "without an MCP session only POST is allowed here");
        refuse(passage, &error);
        return;
    }
    passage->path =
        headers.session_id.ptr ? DW_MCP_PATH_LEGACY_SESSION : DW_MCP_PATH_LEGACY_SESSIONLESS;
    dw_exchange_note(passage->exchange, "decision", DW_LIT("allow"));
    hand_over(passage);
}

static void authenticated(void *user, const struct dw_principal *principal,
                          const struct dw_error *error)
{
    struct dw_passage *passage = user;

    passage->wait = NULL;
    passage->principal = principal;
    if (!principal) {
        dw_exchange_note(passage->exchange, "decision", DW_LIT("deny"));
        refuse(passage, error);
        return;
    }
    if (principal->token) {
        dw_exchange_note(passage->exchange, "sub", principal->token->subject);
        dw_exchange_note(passage->exchange, "client", principal->token->client_id);
    }
    if (dw_exchange_request(passage->exchange)->method == DW_HTTP_POST)
        post(passage);
    else
        get_or_delete(passage);
}

static void gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    struct dw_passage *passage = user;

    if (passage->wait)
        dw_guard_wait_cancel(passage->wait);
    if (passage->session_id.len > 0)
        dw_owned_leave(passage->gateway->sessions, passage->session_id,
                       dw_loop_now_ms(dw_exchange_loop(exchange)));
    if (passage->on_gone)
        passage->on_gone(passage, is_complete);
    dw_guard_release(passage->principal);
}

void dw_passage_begin(struct dw_gateway *gateway, struct dw_exchange *exchange)
{
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct dw_passage *passage = DW_ARENA_NEW(arena, struct dw_passage);
    struct dw_guard_wait *wait;
    struct dw_error error;

    if (!passage) {
        dw_error_set(&error, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        dw_answer_error(exchange, &error, DW_EMPTY);
        return;
    }
    passage->gateway = gateway;
    passage->exchange = exchange;
    passage->arena = arena;
    passage->began_us = dw_sys_monotonic_us();
    dw_exchange_set_user(exchange, passage, gone);
    wait = dw_guard_authenticate(gateway->guard, dw_exchange_loop(exchange),
                                 dw_exchange_request(exchange), arena, dw_exchange_kept(exchange),
                                 authenticated, passage);
    if (wait) /* otherwise it is decided, and the passage may be gone */
        passage->wait = wait;
}
