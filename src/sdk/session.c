/* Sessions of peers up to 2025-11-25, and the one of stdio: who opened them, which calls run in
 * them, and when they end. A session's id opens nothing for another principal. */
#include "sdk/sdk_internal.h"

#include "base/mem.h"
#include "sys/sys.h"

#define SESSION_BYTES ((size_t)256 * 1024)

static bool init(struct dw_session *session, struct dw_slice id, struct dw_slice principal)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();

    session->id = dw_arena_copy(session->arena, id);
    session->principal = dw_arena_copy(session->arena, principal);
    session->subscriptions = dw_map_new(&seed, DW_SDK_MAX_SUBSCRIPTIONS);
    if (id.len > 0)
        session->events = dw_event_log_new();
    return session->id.ptr && session->principal.ptr && session->subscriptions &&
           (id.len == 0 || session->events);
}

static void free_session(struct dw_session *session)
{
    if (session->subscriptions)
        dw_map_free(session->subscriptions);
    dw_event_log_free(session->events);
    if (session->arena)
        dw_arena_free(session->arena);
    dw_mem_free(session);
}

static void link_session(struct dw_session *session)
{
    struct dw_server *server = session->server;

    session->next = server->first_session;
    if (session->next)
        session->next->previous = session;
    server->first_session = session;
}

struct dw_session *dw_session_new(struct dw_server *server, struct dw_slice id,
                                  struct dw_slice principal, struct dw_error *reterr)
{
    struct dw_session *session = dw_mem_new(sizeof *session);

    if (session)
        session->arena = dw_arena_new(SESSION_BYTES);
    if (!session || !session->arena || !init(session, id, principal)) {
        if (session)
            free_session(session);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    session->server = server;
    session->references = 1;
    session->log_level = DW_MCP_LOG_NONE;
    session->next_stream = 1;
    session->used_at_ms = dw_loop_now_ms(server->loop);
    if (id.len > 0 && !dw_map_put(server->sessions, id, session)) {
        free_session(session);
        (void)dw_fail(reterr, DW_BUSY, "no more MCP sessions can be opened now");
        return NULL;
    }
    link_session(session);
    return session;
}

struct dw_session *dw_session_ref(struct dw_session *session)
{
    session->references++;
    return session;
}

void dw_session_unref(struct dw_session *session)
{
    if (--session->references == 0)
        free_session(session);
    else
        session->used_at_ms = dw_loop_now_ms(session->server->loop);
}

struct dw_session *dw_session_find(struct dw_server *server, struct dw_slice id,
                                   struct dw_slice principal)
{
    struct dw_session *session = id.len > 0 ? dw_map_get(server->sessions, id) : NULL;

    if (!session || !dw_slice_eq(session->principal, principal))
        return NULL;
    session->used_at_ms = dw_loop_now_ms(server->loop);
    return session;
}

void dw_session_end(struct dw_session *session)
{
    struct dw_server *server = session->server;
    struct dw_call *call, *next;

    if (session->is_over)
        return;
    session->is_over = true;
    if (session->id.len > 0)
        dw_map_take(server->sessions, session->id);
    if (session->previous)
        session->previous->next = session->next;
    else
        server->first_session = session->next;
    if (session->next)
        session->next->previous = session->previous;
    for (call = session->first_call; call; call = next) {
        next = call->next;
        dw_call_cancel(call);
    }
    if (session->stream)
        dw_http_end_stream(session);
    dw_session_unref(session);
}

void dw_server_reap_sessions(struct dw_server *server)
{
    int64_t now_ms = dw_loop_now_ms(server->loop);
    struct dw_session *session, *next;

    for (session = server->first_session; session; session = next) {
        next = session->next;
        if (session->id.len > 0 && !session->first_call && !session->stream &&
            now_ms - session->used_at_ms >= DW_SDK_SESSION_IDLE_MS)
            dw_session_end(session);
    }
}

void dw_session_send(struct dw_session *session, struct dw_slice message)
{
    if (session->id.len > 0)
        dw_http_session_send(session, message);
    else
        dw_lines_send(session->server, message);
}

/* ---- the calls in it ---- */

bool dw_session_add_call(struct dw_session *session, struct dw_call *call, struct dw_error *reterr)
{
    if (session->call_count == DW_SDK_MAX_SESSION_CALLS)
        return dw_fail(reterr, DW_TOO_MANY, "%d requests of this session are running already",
                       DW_SDK_MAX_SESSION_CALLS);
    call->session = dw_session_ref(session);
    call->next = session->first_call;
    if (call->next)
        call->next->previous = call;
    session->first_call = call;
    session->call_count++;
    return true;
}

void dw_session_remove_call(struct dw_call *call)
{
    struct dw_session *session = call->session;

    if (call->previous)
        call->previous->next = call->next;
    else
        session->first_call = call->next;
    if (call->next)
        call->next->previous = call->previous;
    session->call_count--;
}

void dw_session_cancel(struct dw_session *session, const struct dw_mcp_message *message)
{
    const struct dw_json *id = dw_json_get(message->params, "requestId");
    struct dw_call *call, *next;

    if (!id)
        return;
    for (call = session->first_call; call; call = next) {
        next = call->next;
        /* MCP 2025-11-25 cancellation MUST NOT: initialize is never cancelled; it is not here. */
        if (call->task) /* its request was answered; SEP-2663: tasks/cancel ends it */
            continue;
        if (call->message.id && call->message.id->type == id->type &&
            dw_slice_eq(call->message.id->raw, id->raw))
            dw_call_cancel(call);
    }
}
