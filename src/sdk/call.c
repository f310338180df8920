/* The life of one call: made for a request, run on a worker or here, answered once, freed. */
#include "sdk/sdk_internal.h"

#include "base/mem.h"
#include "net/job.h"
#include "sdk/tasks_internal.h"
#include "sdk/workers_internal.h"

/* Tools that wait for users leave workers for the others. */
_Static_assert(DW_SDK_MAX_WAITING < DW_JOB_TOOL_THREADS, "no worker would be left");

/* What usually goes around a result: id, resultType, the server's name. */
#define ENVELOPE_BYTES 256

/* ---- making and freeing ---- */

/* An arena of a call that has ended, empty; or a new one. */
static struct dw_arena *take_arena(struct dw_server *server)
{
    if (server->free_arena_count == 0)
        return dw_arena_new(DW_SDK_CALL_BYTES);
    return server->free_arenas[--server->free_arena_count];
}

static void give_arena(struct dw_server *server, struct dw_arena *arena)
{
    if (server->free_arena_count == DW_SDK_KEPT_ARENAS) {
        dw_arena_free(arena);
        return;
    }
    dw_arena_reset(arena);
    server->free_arenas[server->free_arena_count++] = arena;
}

struct dw_call *dw_call_new(struct dw_server *server)
{
    struct dw_arena *arena = take_arena(server);
    struct dw_call *call = arena ? DW_ARENA_NEW(arena, struct dw_call) : NULL;

    if (!call) {
        if (arena)
            dw_arena_free(arena);
        return NULL;
    }
    call->server = server;
    call->arena = arena;
    call->auth.arena = arena;
    call->log_level = DW_MCP_LOG_NONE;
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->wake, NULL);
    return call;
}

void dw_call_free(struct dw_call *call)
{
    if (!call)
        return;
    if (call->session) {
        dw_session_remove_call(call);
        dw_session_unref(call->session);
    }
    if (call->principal)
        dw_guard_release(call->principal);
    pthread_cond_destroy(&call->wake);
    pthread_mutex_destroy(&call->lock);
    give_arena(call->server, call->arena);
}

/* ---- answering ---- */

void dw_call_put_meta(struct dw_call *call, struct dw_json_writer *writer, struct dw_slice own)
{
    bool is_modern = call->era == DW_MCP_ERA_MODERN;

    call->has_meta = true;
    if (own.len > 2 && own.ptr[0] == '{') {
        dw_json_write_key(writer, DW_LIT("_meta"));
        if (!is_modern) {
            dw_json_write_raw(writer, own);
            return;
        }
        dw_json_write_raw(writer, dw_slice_sub(own, 0, own.len - 1));
        writer->needs_comma = true;
    } else if (is_modern) {
        dw_json_write_key(writer, DW_LIT("_meta"));
        dw_json_write_object_start(writer);
    } else {
        return;
    }
    dw_json_put_raw(writer, DW_MCP_META_SERVER_INFO, call->server->info);
    dw_json_write_object_end(writer);
}

/* "{...}", to which modern peers get resultType and _meta. Every answer comes by here: what does
 * not change is written as it is. */
static void add_result(struct dw_call *call, struct dw_slice result, struct dw_buf *out)
{
    struct dw_slice inside = dw_slice_sub(result, 1, result.len - 2);
    bool has_type = dw_slice_starts_with(inside, DW_LIT("\"resultType\":"));

    if (call->era != DW_MCP_ERA_MODERN) {
        dw_buf_add(out, result);
        return;
    }
    dw_buf_add(out, has_type ? DW_LIT("{") : DW_LIT("{\"resultType\":\"complete\""));
    if (!has_type && inside.len > 0)
        dw_buf_add_byte(out, ',');
    dw_buf_add(out, inside);
    if (!call->has_meta) {
        dw_buf_add(out, DW_LIT(",\"_meta\":{\"" DW_MCP_META_SERVER_INFO "\":"));
        dw_buf_add(out, call->server->info);
        dw_buf_add_byte(out, '}');
    }
    dw_buf_add_byte(out, '}');
}

static void send_finish(struct dw_call *call, struct dw_slice message, const struct dw_error *error)
{
    call->outlet.finish(&call->outlet, message, error, call->auth.needed);
    dw_call_free(call);
}

void dw_call_end(struct dw_call *call)
{
    send_finish(call, DW_EMPTY, NULL);
}

void dw_call_finish(struct dw_call *call, struct dw_slice result)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_error error = {0};
    struct dw_slice message;

    if (call->is_cancelled) {
        dw_call_end(call);
        return;
    }
    (void)dw_buf_reserve(&out, result.len + ENVELOPE_BYTES);
    dw_buf_add(&out, DW_LIT("{\"jsonrpc\":\"2.0\",\"id\":"));
    dw_buf_add(&out, call->message.id->raw);
    dw_buf_add(&out, DW_LIT(",\"result\":"));
    add_result(call, result, &out);
    dw_buf_add_byte(&out, '}');
    if (dw_buf_finish(&out, &message, &error))
        send_finish(call, message, NULL);
    else
        dw_call_fail(call, &error, DW_EMPTY);
}

void dw_call_fail(struct dw_call *call, const struct dw_error *error, struct dw_slice data)
{
    struct dw_slice message;

    if (call->is_cancelled) {
        dw_call_end(call);
        return;
    }
    if (dw_code_row(error->code)->log_level >= DW_LOG_WARN)
        dw_log_error(call->server->log, "mcp_call_failed", error);
    message = dw_mcp_error(call->message.id, error, data, call->arena);
    if (!message.ptr)
        message = DW_LIT("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,"
                         "\"message\":\"out of memory\"}}");
    send_finish(call, message, error);
}

/* ---- sending on the way ---- */

struct parcel {
    struct dw_call *call;
    size_t len;
    char bytes[];
};

static void deliver(void *user)
{
    struct parcel *parcel = user;
    struct dw_call *call = parcel->call;

    if (!call->is_cancelled)
        call->outlet.send(&call->outlet, dw_slice_from(parcel->bytes, parcel->len));
    dw_mem_free(parcel);
}

bool dw_call_send(struct dw_call *call, struct dw_slice message)
{
    struct parcel *parcel;

    if (dw_loop_here() == call->server->loop) {
        if (!call->is_cancelled)
            call->outlet.send(&call->outlet, message);
        return true;
    }
    parcel = dw_mem_alloc(sizeof *parcel + message.len);
    if (!parcel)
        return false;
    parcel->call = call;
    parcel->len = message.len;
    memcpy(parcel->bytes, message.ptr, message.len);
    /* What a worker posts runs before its job is done: the call still lives then. */
    if (dw_loop_post(call->server->loop, deliver, parcel))
        return true;
    dw_mem_free(parcel);
    return false;
}

void dw_call_cancel(struct dw_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->is_cancelled = true;
    pthread_cond_broadcast(&call->wake);
    pthread_mutex_unlock(&call->lock);
    if (call->is_listening)
        dw_listen_end(call, false);
}

bool dw_call_is_cancelled(const struct dw_call *call)
{
    return call->is_cancelled;
}

const struct dw_auth *dw_call_auth(const struct dw_call *call)
{
    return &call->auth;
}

/* ---- running ---- */

static void work(void *user)
{
    struct dw_call *call = user;

    if (call->is_cancelled) /* while it waited for a worker: done() ends it */
        return;
    call->is_done = call->run(call->run_user, call, &call->error);
    if (!call->is_done && call->error.code == DW_OK)
        dw_error_set(&call->error, DW_INTERNAL, __FILE__, __LINE__, "it failed");
}

/* Refusals that the HTTP answer must show; every other failure of a tool is for the model. */
static bool is_refusal(enum dw_code code)
{
    return code == DW_INSUFFICIENT_SCOPE || code == DW_NO_TOKEN || code == DW_INVALID_TOKEN ||
           code == DW_MISSING_CAPABILITY;
}

/* MCP 2026-07-28 basic, "Error Codes": -32021 says in data.requiredCapabilities what it lacks. */
void dw_call_refuse(struct dw_call *call, const struct dw_error *error)
{
    struct dw_slice data = DW_EMPTY;

    if (error->code == DW_MISSING_CAPABILITY && call->missing_capability.len)
        data = dw_arena_printf(call->arena, "{\"requiredCapabilities\":%.*s}",
                               DW_PRINT(call->missing_capability));
    dw_call_fail(call, error, data.ptr ? data : DW_EMPTY);
}

/* What the author of a prompt, a resource or a completion says is not there: the parameters were
 * wrong. "Not found" by itself would be the method, or the session. */
static void fail_for_author(struct dw_call *call, struct dw_error *error)
{
    const enum dw_mcp_kind kind = call->item ? call->item->kind : DW_MCP_OTHER;
    bool is_missing = error->code == DW_NOT_FOUND || error->code == DW_UNKNOWN_RESOURCE;

    if (is_missing && (kind == DW_MCP_RESOURCE || kind == DW_MCP_RESOURCE_TEMPLATE)) {
        dw_call_fail_unknown_resource(call, error->message);
        return;
    }
    if (is_missing)
        error->code = DW_INVALID_PARAMS;
    dw_call_fail(call, error, DW_EMPTY);
}

/* Where no token counts, a 401 would send clients to look for one. */
static void refuse_for_author(struct dw_call *call)
{
    if (call->error.code == DW_NO_TOKEN && call->server->issuer_count == 0)
        call->error.code = DW_FORBIDDEN;
    dw_call_refuse(call, &call->error);
}

static void done(void *user)
{
    struct dw_call *call = user;
    struct dw_error error = {0};
    struct dw_slice result = DW_EMPTY;
    bool is_made;

    if (call->is_cancelled) {
        dw_call_end(call);
        return;
    }
    if (!call->is_done && is_refusal(call->error.code)) {
        refuse_for_author(call);
        return;
    }
    if (!call->is_done && call->error.code == DW_INPUT_REQUIRED && call->task) {
        dw_task_park(call);
        return;
    }
    if (!call->is_done && call->error.code == DW_INPUT_REQUIRED)
        is_made = dw_call_input_required(call, &result, &error);
    else
        is_made = dw_call_result(call, &result, &error);
    if (is_made)
        dw_call_finish(call, result);
    else
        fail_for_author(call, &error);
}

static void to_worker(struct dw_call *call);

static void worker_done(void *user)
{
    struct dw_call *next = dw_workers_leave(user);

    done(user);
    if (next)
        to_worker(next);
}

/* Takes the call, and those that wait behind it while the pool takes none. */
static void to_worker(struct dw_call *call)
{
    struct dw_error error = {0};
    struct dw_call *next;

    while (call && !dw_job_run(call->server->loop, DW_POOL_TOOL, work, worker_done, call, &error)) {
        next = dw_workers_leave(call);
        dw_call_fail(call, &error, DW_EMPTY);
        call = next;
    }
}

/* Takes the call: on a worker, or here. */
static void run(struct dw_call *call)
{
    struct dw_error error = {0};

    if (call->is_quick) {
        work(call);
        done(call);
        return;
    }
    switch (dw_workers_enter(call)) {
    case DW_WORKERS_GO:
        to_worker(call);
        break;
    case DW_WORKERS_HELD:
        break;
    case DW_WORKERS_FULL:
        (void)dw_fail(&error, DW_TOO_MANY, "too many calls of yours wait already");
        dw_call_fail(call, &error, DW_EMPTY);
        break;
    }
}

static bool is_task_at_once(const struct dw_item *item)
{
    return item->task_support == DW_TASK_OPTIONAL || item->task_support == DW_TASK_REQUIRED;
}

void dw_call_start(struct dw_call *call)
{
    struct dw_error error = {0};
    struct dw_slice report = DW_EMPTY;

    if (!dw_call_asks_read(call, &error) || !dw_call_check_arguments(call, &report, &error)) {
        if (report.len > 0)
            dw_call_finish(call, report);
        else
            dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    if (call->item && is_task_at_once(call->item) && !dw_task_begin(call, &error)) {
        dw_call_refuse(call, &error);
        return;
    }
    run(call);
}

void dw_call_run_again(struct dw_call *call)
{
    call->content = NULL;
    call->error = (struct dw_error){0};
    call->has_memory_failed = false;
    run(call);
}
