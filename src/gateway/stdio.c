/* MCP servers that are processes, the client's side: an authorized request becomes a call for the
 * hub. See stdio_internal.h for who runs where. */
#include "gateway/stdio_internal.h"

#include "base/mem.h"
#include "base/text.h"
#include "sys/sys.h"

#define CALL_BYTES ((size_t)256 * 1024 * 1024) /* max_body_bytes is the real limit */
#define TICK_MS 500

/* The exchange is over; a hub that may still work for it is told. */
static void passage_gone(struct dw_passage *passage, bool is_complete)
{
    struct dw_stdio_call *call = passage->carrier;

    call->passage = NULL;
    if (call->has_stream)
        dw_metrics_add(dw_loop_metrics(call->loop), DW_METRIC_STREAMS_OPEN, -1);
    /* MCP 2025-11-25 transports: a legacy client that disconnects has not cancelled. */
    if (!is_complete && (call->is_modern || call->kind == DW_STDIO_STREAM) &&
        dw_loop_post(call->stdio->loop, dw_stdio_hub_leave, call))
        return;
    dw_stdio_call_unref(call);
}

static enum dw_stdio_kind kind_of(const struct dw_passage *passage)
{
    const struct dw_mcp_message *message = &passage->message;

    switch (dw_exchange_request(passage->exchange)->method) {
    case DW_HTTP_GET:
        return DW_STDIO_STREAM;
    case DW_HTTP_DELETE:
        return DW_STDIO_DELETE;
    case DW_HTTP_POST:
    case DW_HTTP_HEAD:
    case DW_HTTP_PUT:
    case DW_HTTP_PATCH:
    case DW_HTTP_OPTIONS:
    case DW_HTTP_OTHER:
        break;
    }
    if (message->method.len == 0)
        return DW_STDIO_RESPONSE;
    if (message->id)
        return DW_STDIO_REQUEST;
    if (dw_slice_eq(message->method, DW_LIT("notifications/cancelled")))
        return DW_STDIO_CANCEL;
    return DW_STDIO_NOTIFICATION;
}

static struct dw_slice copy_raw(const struct dw_json *value, struct dw_arena *arena)
{
    return value ? dw_arena_copy(arena, value->raw) : DW_EMPTY;
}

static bool fill_message(struct dw_stdio_call *call, const struct dw_mcp_message *message,
                         struct dw_error *reterr)
{
    struct dw_arena *arena = call->arena;

    call->method = dw_arena_copy(arena, message->method);
    switch (call->kind) {
    case DW_STDIO_REQUEST:
        call->names.client_id = copy_raw(message->id, arena);
        call->names.progress_token = copy_raw(dw_json_get(message->meta, "progressToken"), arena);
        return dw_stdio_request_line(message, call->id, false, arena, &call->line, reterr) &&
               (!call->is_modern ||
                dw_stdio_request_line(message, call->id, true, arena, &call->bridged_line, reterr));
    case DW_STDIO_CANCEL:
        call->target = copy_raw(dw_json_get(message->params, "requestId"), arena);
        return true;
    case DW_STDIO_RESPONSE:
        call->target = copy_raw(message->id, arena);
        return dw_stdio_plain_line(message, arena, &call->line, reterr);
    case DW_STDIO_NOTIFICATION:
        return dw_stdio_plain_line(message, arena, &call->line, reterr);
    case DW_STDIO_STREAM:
    case DW_STDIO_DELETE:
        break;
    }
    return true;
}

static bool fill(struct dw_stdio_call *call, struct dw_passage *passage, struct dw_error *reterr)
{
    call->stdio = passage->gateway->stdio;
    call->loop = dw_exchange_loop(passage->exchange);
    call->kind = kind_of(passage);
    call->is_modern = passage->path == DW_MCP_PATH_MODERN;
    call->is_handshake = passage->path == DW_MCP_PATH_LEGACY_HANDSHAKE;
    call->id = atomic_fetch_add(&call->stdio->next_id, 1);
    call->session_id = dw_arena_copy(call->arena, passage->session_id);
    call->principal = dw_arena_copy(call->arena, passage->principal->key);
    if (!call->session_id.ptr || !call->principal.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return fill_message(call, &passage->message, reterr);
}

/* A fresh session for an `initialize`: 128 random bits, of this principal. */
static bool open_session(struct dw_passage *passage, struct dw_error *reterr)
{
    struct dw_owned *sessions = passage->gateway->sessions;
    int64_t now_ms = dw_loop_now_ms(dw_exchange_loop(passage->exchange));
    unsigned char random[16];
    struct dw_slice id;

    dw_sys_random(random, sizeof random);
    id = dw_text_hex(passage->arena, dw_slice_from((const char *)random, sizeof random));
    if (!id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_owned_add(sessions, &(struct dw_owned_id){id, passage->principal->key}, now_ms, reterr))
        return false;
    if (dw_owned_enter(sessions, id, passage->principal->key, now_ms))
        passage->session_id = id;
    return true;
}

static struct dw_stdio_call *make_call(struct dw_passage *passage, struct dw_error *reterr)
{
    struct dw_arena *arena = dw_arena_new(CALL_BYTES);
    struct dw_stdio_call *call = arena ? DW_ARENA_NEW(arena, struct dw_stdio_call) : NULL;

    if (!call) {
        if (arena)
            dw_arena_free(arena);
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    call->arena = arena;
    if (fill(call, passage, reterr))
        return call;
    dw_arena_free(arena);
    return NULL;
}

static bool start(struct dw_passage *passage, struct dw_error *reterr)
{
    struct dw_stdio_call *call;

    if (passage->path == DW_MCP_PATH_LEGACY_SESSIONLESS)
        return dw_fail(reterr, DW_NO_SESSION,
                       "this MCP server needs a session: begin with initialize");
    if (passage->path == DW_MCP_PATH_LEGACY_HANDSHAKE && !open_session(passage, reterr))
        return false;
    call = make_call(passage, reterr);
    if (!call)
        return false;
    atomic_store(&call->references, 2); /* ours and the hub's */
    if (!dw_loop_post(call->stdio->loop, dw_stdio_hub_take, call)) {
        dw_arena_free(call->arena);
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    call->passage = passage;
    passage->carrier = call;
    passage->on_gone = passage_gone;
    return true;
}

void dw_stdio_start(struct dw_passage *passage)
{
    struct dw_error error = {0};

    if (start(passage, &error))
        return;
    if (passage->path == DW_MCP_PATH_LEGACY_HANDSHAKE && passage->session_id.len > 0)
        dw_owned_remove(passage->gateway->sessions, passage->session_id);
    dw_passage_refuse(passage, &error, (struct dw_slices){0}, DW_EMPTY);
}

static bool fill_environment(struct dw_stdio *stdio, struct dw_error *reterr)
{
    const struct dw_field_pairs *pairs = &stdio->gateway->config->environment;
    struct dw_slice *items =
        dw_arena_new_array(stdio->gateway->arena, pairs->count + 1, sizeof *items);

    for (size_t i = 0; items && i < pairs->count; i++) {
        items[i] = dw_arena_printf(stdio->gateway->arena, "%.*s=%.*s",
                                   DW_PRINT(pairs->items[i].name), DW_PRINT(pairs->items[i].value));
        if (!items[i].ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    stdio->environment = (struct dw_slices){items, pairs->count};
    return items || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool open_all(struct dw_stdio *stdio, struct dw_error *reterr)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();
    size_t most = (size_t)stdio->gateway->config->max_sessions;

    stdio->sessions = dw_map_new(&seed, most);
    stdio->bridges = dw_map_new(&seed, most);
    stdio->timer = dw_timer_new(stdio->loop, TICK_MS, TICK_MS, dw_stdio_hub_tick, stdio);
    if (!stdio->sessions || !stdio->bridges || !stdio->timer)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return fill_environment(stdio, reterr) && dw_stdio_check_command(stdio, reterr) &&
           (dw_net_on_stop(stdio->gateway->net, dw_stdio_hub_stop, stdio) ||
            dw_fail(reterr, DW_NO_MEMORY, "out of memory"));
}

struct dw_stdio *dw_stdio_open(struct dw_gateway *gateway, struct dw_error *reterr)
{
    struct dw_stdio *stdio = dw_mem_new(sizeof *stdio);

    if (!stdio) {
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    stdio->gateway = gateway;
    stdio->loop = dw_net_loop(gateway->net, 0);
    atomic_store(&stdio->next_id, 1);
    if (open_all(stdio, reterr))
        return stdio;
    dw_stdio_close(stdio);
    return NULL;
}

void dw_stdio_close(struct dw_stdio *stdio)
{
    struct dw_error error;

    dw_error_set(&error, DW_UNAVAILABLE, __FILE__, __LINE__, "the gateway is stopping");
    while (stdio->children)
        dw_stdio_child_end(stdio->children, &error);
    if (stdio->timer)
        dw_timer_free(stdio->timer);
    dw_map_free(stdio->sessions);
    dw_map_free(stdio->bridges);
    dw_mem_free(stdio);
}
