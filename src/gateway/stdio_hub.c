/* The hub: which process serves which call, when processes begin and end. On loop 0 only.
 *
 * A legacy client has a process of its own for each session. Modern clients share one process when
 * the server speaks 2026-07-28; when it does not, each principal gets one that we greet ourselves
 * (docs/adr, "modern clients and older stdio servers"). */
#include "gateway/stdio_internal.h"

#define PROBE_MS 15000    /* silence for so long means a legacy server */
#define GREETING_MS 60000 /* npx may have to fetch the server first */
#define YOUNG_MS 10000    /* a process that ends before is one that cannot be started */
#define FIRST_BACKOFF_MS 250
/* Some clients do nothing else until the head of an answer has come: no cancelling, no second call.
 */
#define FIRST_SIGN_MS 500
#define NEXT_SIGN_MS 15000 /* proxies between close what is silent for a minute */
#define MAX_BACKOFF_MS 30000

static int64_t now_of(const struct dw_stdio *stdio)
{
    return dw_loop_now_ms(stdio->loop);
}

static void refuse(struct dw_stdio_call *call, const struct dw_error *error)
{
    dw_stdio_mail_error(call, error);
    dw_stdio_call_unref(call);
}

static void refuse_with(struct dw_stdio_call *call, enum dw_code code, const char *text)
{
    struct dw_error error;

    dw_error_set(&error, code, __FILE__, __LINE__, "%s", text);
    refuse(call, &error);
}

static void count_failure(struct dw_stdio *stdio)
{
    int64_t wait_ms = MAX_BACKOFF_MS;

    if (stdio->failures < 16 && (FIRST_BACKOFF_MS << stdio->failures) < MAX_BACKOFF_MS)
        wait_ms = FIRST_BACKOFF_MS << stdio->failures;
    stdio->failures++;
    stdio->not_before_ms = now_of(stdio) + wait_ms;
}

static struct dw_stdio_child *start_child(struct dw_stdio *stdio, enum dw_child_role role,
                                          struct dw_slice key, struct dw_error *reterr)
{
    struct dw_stdio_child *child;

    if (stdio->is_stopping) {
        dw_error_set(reterr, DW_UNAVAILABLE, __FILE__, __LINE__, "the gateway is stopping");
        return NULL;
    }
    if (stdio->failures > 0 && now_of(stdio) < stdio->not_before_ms) {
        dw_error_set(reterr, DW_UNAVAILABLE, __FILE__, __LINE__,
                     "the MCP server failed %u time%s in a row: the next try is in %d s",
                     stdio->failures, stdio->failures == 1 ? "" : "s",
                     (int)((stdio->not_before_ms - now_of(stdio)) / 1000 + 1));
        return NULL;
    }
    if (stdio->child_count > (size_t)stdio->gateway->config->max_sessions) {
        dw_error_set(reterr, DW_BUSY, __FILE__, __LINE__,
                     "no more MCP server processes can be started now");
        return NULL;
    }
    child = dw_stdio_child_start(stdio, role, key, reterr);
    if (!child)
        count_failure(stdio);
    return child;
}

/* Out of the tables, so that nobody finds it any more. */
static void forget(struct dw_stdio_child *child)
{
    struct dw_stdio *stdio = child->stdio;

    switch (child->role) {
    case DW_CHILD_SESSION:
        if (dw_map_get(stdio->sessions, child->key) == child)
            (void)dw_map_take(stdio->sessions, child->key);
        dw_owned_remove(stdio->gateway->sessions, child->key);
        break;
    case DW_CHILD_BRIDGE:
        if (dw_map_get(stdio->bridges, child->key) == child)
            (void)dw_map_take(stdio->bridges, child->key);
        break;
    case DW_CHILD_SHARED:
        if (stdio->shared == child)
            stdio->shared = NULL;
        break;
    }
}

/* Nobody needs it any more: its stdin is closed, and it has time to end. */
static void retire(struct dw_stdio_child *child)
{
    forget(child);
    if (child->phase == DW_CHILD_STOPPING)
        return;
    child->phase = DW_CHILD_STOPPING;
    dw_stdio_child_set_stream(child, NULL);
    dw_process_stop(child->process);
}

void dw_stdio_hub_lost(struct dw_stdio_child *child, const struct dw_error *error)
{
    struct dw_stdio *stdio = child->stdio;

    if (child->phase != DW_CHILD_STOPPING) {
        dw_metrics_add(dw_loop_metrics(stdio->loop), DW_METRIC_STDIO_CRASHES, 1);
        /* A session or a bridge that began well and crashed is its client's affair: it must not
         * keep others from beginning theirs. */
        if (child->phase != DW_CHILD_READY ||
            (!child->has_answered && now_of(stdio) - child->started_ms < YOUNG_MS))
            count_failure(stdio);
    }
    forget(child);
    dw_stdio_child_end(child, error);
}

/* ---- modern clients ---- */

static struct dw_stdio_child *find_bridge(struct dw_stdio *stdio, struct dw_slice principal,
                                          struct dw_error *reterr)
{
    struct dw_stdio_child *child = dw_map_get(stdio->bridges, principal);

    if (child)
        return child;
    child = start_child(stdio, DW_CHILD_BRIDGE, principal, reterr);
    if (!child)
        return NULL;
    if (!dw_map_put(stdio->bridges, child->key, child)) {
        dw_error_set(reterr, DW_BUSY, __FILE__, __LINE__,
                     "no more MCP server processes can be started now");
        dw_stdio_child_end(child, reterr);
        return NULL;
    }
    dw_stdio_child_greet(child);
    return child;
}

static struct dw_stdio_child *find_shared(struct dw_stdio *stdio, struct dw_error *reterr)
{
    if (stdio->shared)
        return stdio->shared;
    stdio->shared = start_child(stdio, DW_CHILD_SHARED, DW_EMPTY, reterr);
    if (stdio->shared && stdio->era == DW_MCP_ERA_ANY)
        dw_stdio_child_probe(stdio->shared);
    return stdio->shared;
}

static void route_modern(struct dw_stdio *stdio, struct dw_stdio_call *call)
{
    struct dw_error error = {0};
    struct dw_stdio_child *child = stdio->era == DW_MCP_ERA_LEGACY
                                       ? find_bridge(stdio, call->principal, &error)
                                       : find_shared(stdio, &error);

    if (child)
        dw_stdio_child_send(child, call);
    else
        refuse(call, &error);
}

void dw_stdio_hub_probed(struct dw_stdio_child *child, enum dw_mcp_era era)
{
    struct dw_stdio *stdio = child->stdio;
    struct dw_stdio_call *call = child->first_waiting;

    stdio->era = era;
    stdio->failures = 0;
    dw_log(dw_loop_log(stdio->loop), DW_LOG_INFO, "mcp_server_era",
           DW_S("era", era == DW_MCP_ERA_MODERN ? DW_LIT("modern") : DW_LIT("legacy")));
    if (era == DW_MCP_ERA_MODERN) {
        child->phase = DW_CHILD_READY;
        dw_stdio_child_flush(child);
        return;
    }
    /* A process that has been asked something before initialize may be confused: it is not used
     * again. */
    child->first_waiting = child->last_waiting = NULL;
    retire(child);
    while (call) {
        struct dw_stdio_call *next = call->next;

        route_modern(stdio, call);
        call = next;
    }
}

/* ---- legacy clients ---- */

static void begin_session(struct dw_stdio *stdio, struct dw_stdio_call *call)
{
    struct dw_error error = {0};
    struct dw_stdio_child *child = start_child(stdio, DW_CHILD_SESSION, call->session_id, &error);

    if (child && dw_map_put(stdio->sessions, child->key, child)) {
        dw_stdio_child_send(child, call);
        return;
    }
    if (child) {
        dw_error_set(&error, DW_BUSY, __FILE__, __LINE__, "no more MCP sessions can be opened now");
        dw_stdio_child_end(child, &error);
    }
    dw_owned_remove(stdio->gateway->sessions, call->session_id);
    refuse(call, &error);
}

static void cancel(struct dw_stdio_child *child, struct dw_stdio_call *request)
{
    struct dw_slice line;

    dw_arena_reset(child->scratch);
    line = dw_stdio_cancel_line(request->id, child->role == DW_CHILD_SHARED, child->scratch);
    if (line.ptr)
        (void)dw_stdio_child_write(child, line);
    dw_stdio_child_drop(child, request);
}

static void take_cancel(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    struct dw_stdio_call *request = dw_stdio_child_find(child, call->target);

    if (request) { /* its answer will not come: its exchange ends without one */
        dw_stdio_mail_end(request);
        cancel(child, request);
    }
    dw_stdio_mail_accepted(call);
    dw_stdio_call_unref(call);
}

static void take_response(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    if (!dw_map_take(child->asked, call->target)) {
        refuse_with(call, DW_INVALID_JSONRPC, "the MCP server has asked nothing with this id");
        return;
    }
    (void)dw_stdio_child_write(child, call->line);
    dw_stdio_mail_accepted(call);
    dw_stdio_call_unref(call);
}

static void take_legacy(struct dw_stdio *stdio, struct dw_stdio_call *call)
{
    struct dw_stdio_child *child = dw_map_get(stdio->sessions, call->session_id);

    if (!child) {
        refuse_with(call, DW_UNKNOWN_SESSION,
                    "the session's MCP server has ended: start again with initialize");
        return;
    }
    child->used_ms = now_of(stdio);
    switch (call->kind) {
    case DW_STDIO_REQUEST:
        dw_stdio_child_send(child, call);
        return;
    case DW_STDIO_CANCEL:
        take_cancel(child, call);
        return;
    case DW_STDIO_RESPONSE:
        take_response(child, call);
        return;
    case DW_STDIO_STREAM:
        dw_stdio_child_set_stream(child, call);
        return;
    case DW_STDIO_DELETE:
        retire(child);
        break;
    case DW_STDIO_NOTIFICATION:
        (void)dw_stdio_child_write(child, call->line);
        break;
    }
    dw_stdio_mail_accepted(call);
    dw_stdio_call_unref(call);
}

void dw_stdio_hub_take(void *user)
{
    struct dw_stdio_call *call = user;
    struct dw_stdio *stdio = call->stdio;

    call->began_ms = now_of(stdio);
    if (call->is_gone) {
        dw_stdio_call_unref(call);
    } else if (call->is_handshake) {
        begin_session(stdio, call);
    } else if (!call->is_modern) {
        take_legacy(stdio, call);
    } else if (call->kind == DW_STDIO_REQUEST) {
        route_modern(stdio, call);
    } else { /* MCP 2026-07-28 has no client notification over HTTP that means anything */
        dw_stdio_mail_accepted(call);
        dw_stdio_call_unref(call);
    }
}

/* The client has left; the reference is the client's side's. */
void dw_stdio_hub_leave(void *user)
{
    struct dw_stdio_call *call = user;
    struct dw_stdio *stdio = call->stdio;
    struct dw_stdio_child *child;

    call->is_gone = true;
    if (call->kind == DW_STDIO_STREAM) {
        child = dw_map_get(stdio->sessions, call->session_id);
        if (child && child->stream == call) {
            child->stream = NULL;
            dw_stdio_call_unref(call);
        }
    } else {
        for (child = stdio->children; child; child = child->next) {
            dw_stdio_child_unqueue(child, call);
            if (dw_map_get(child->pending,
                           dw_slice_from((const char *)&call->id, sizeof call->id)) == call) {
                cancel(child, call);
                break;
            }
        }
    }
    dw_stdio_call_unref(call);
}

/* ---- time ---- */

static void show_life(struct dw_stdio_call *call, int64_t now_ms)
{
    /* The head of a handshake's answer says whether there is a session: it waits. */
    if (!call->is_handshake && !call->is_gone &&
        (call->told_ms ? now_ms - call->told_ms >= NEXT_SIGN_MS
                       : now_ms - call->began_ms >= FIRST_SIGN_MS))
        dw_stdio_mail_open(call);
}

static void look_after_requests(struct dw_stdio_child *child, int64_t now_ms)
{
    int64_t most_ms = child->stdio->gateway->config->upstream_timeout_s * 1000;
    struct dw_error error;
    struct dw_slice key;
    size_t cursor = 0;
    void *value;

    while (dw_map_next(child->pending, &cursor, &key, &value)) {
        struct dw_stdio_call *call = value;

        if (call->has_answer_begun || now_ms - call->began_ms < most_ms) {
            show_life(call, now_ms);
            continue;
        }
        dw_error_set(&error, DW_GATEWAY_TIMEOUT, __FILE__, __LINE__,
                     "the MCP server did not answer within %d s", (int)(most_ms / 1000));
        dw_stdio_mail_error(call, &error);
        cancel(child, call);
    }
}

static void look_after(struct dw_stdio_child *child, int64_t now_ms)
{
    const struct dw_stdio *stdio = child->stdio;
    bool is_quiet = dw_map_count(child->pending) == 0 && !child->first_waiting;
    struct dw_error error;

    if (child->phase == DW_CHILD_STOPPING)
        return;
    if (child->phase == DW_CHILD_PROBING && now_ms - child->started_ms > PROBE_MS) {
        dw_stdio_hub_probed(child, DW_MCP_ERA_LEGACY);
        return;
    }
    if (child->phase == DW_CHILD_GREETING &&
        (child->is_doomed || now_ms - child->started_ms > GREETING_MS)) {
        dw_error_set(&error, DW_BAD_GATEWAY, __FILE__, __LINE__,
                     "the MCP server did not answer initialize as it should");
        dw_stdio_hub_lost(child, &error);
        return;
    }
    look_after_requests(child, now_ms);
    if (child->stream)
        show_life(child->stream, now_ms);
    if (is_quiet && (child->is_doomed || stdio->is_stopping ||
                     (child->role == DW_CHILD_BRIDGE &&
                      now_ms - child->used_ms > stdio->gateway->config->session_idle_s * 1000)))
        retire(child);
}

/* With the sessions' lock held: only marks. */
static void reaped(void *user, struct dw_slice id)
{
    struct dw_stdio *stdio = user;
    struct dw_stdio_child *child = dw_map_get(stdio->sessions, id);

    if (child)
        child->is_doomed = true;
}

void dw_stdio_hub_tick(void *user)
{
    struct dw_stdio *stdio = user;
    int64_t now_ms = now_of(stdio);
    struct dw_stdio_child *child;

    dw_owned_reap(stdio->gateway->sessions, now_ms, stdio->gateway->config->session_idle_s * 1000,
                  reaped, stdio);
    child = stdio->children;
    while (child) {
        struct dw_stdio_child *next = child->next;

        look_after(child, now_ms);
        child = next;
    }
}

void dw_stdio_hub_stop(void *user)
{
    struct dw_stdio *stdio = user;

    stdio->is_stopping = true;
    for (struct dw_stdio_child *child = stdio->children; child; child = child->next)
        dw_stdio_child_set_stream(child, NULL);
    dw_stdio_hub_tick(stdio);
}
