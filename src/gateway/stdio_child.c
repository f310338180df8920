/* One MCP server process: requests go in under our own ids, and what comes out goes to the one
 * client it belongs to, or to nobody. On the hub's loop. */
#include "gateway/stdio_internal.h"

#include "base/mem.h"
#include "sys/sys.h"

#define SCRATCH_BYTES ((size_t)160 * 1024 * 1024)
#define GREETING_BYTES ((size_t)16 * 1024 * 1024)

#define OWN_CAPABILITIES "{}"
#define OWN_INFO "{\"name\":\"doorward\",\"version\":\"" DW_VERSION "\"}"

static struct dw_slice key_of(const int64_t *id)
{
    return dw_slice_from((const char *)id, sizeof *id);
}

static const struct dw_log *log_of(const struct dw_stdio_child *child)
{
    return dw_loop_log(child->stdio->loop);
}

bool dw_stdio_child_write(struct dw_stdio_child *child, struct dw_slice line)
{
    return child->process && child->phase != DW_CHILD_STOPPING &&
           dw_process_write_line(child->process, line);
}

void dw_stdio_child_drop(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    if (dw_map_take(child->pending, key_of(&call->id)))
        dw_stdio_call_unref(call);
}

void dw_stdio_child_unqueue(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    struct dw_stdio_call **at = &child->first_waiting, *previous = NULL;

    while (*at && *at != call) {
        previous = *at;
        at = &previous->next;
    }
    if (!*at)
        return;
    *at = call->next;
    if (child->last_waiting == call)
        child->last_waiting = previous;
    dw_stdio_call_unref(call);
}

static void refuse(struct dw_stdio_call *call, enum dw_code code, const char *text)
{
    struct dw_error error;

    dw_error_set(&error, code, __FILE__, __LINE__, "%s", text);
    dw_stdio_mail_error(call, &error);
    dw_stdio_call_unref(call);
}

static void send_now(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    bool is_bridged = child->role == DW_CHILD_BRIDGE;

    if (dw_map_count(child->pending) >= DW_STDIO_MAX_PENDING ||
        !dw_map_put(child->pending, key_of(&call->id), call)) {
        refuse(call, DW_BUSY, "the MCP server has too many requests already");
        return;
    }
    call->child = child;
    child->used_ms = dw_loop_now_ms(child->stdio->loop);
    if (dw_stdio_child_write(child, is_bridged ? call->bridged_line : call->line))
        return;
    (void)dw_map_take(child->pending, key_of(&call->id));
    refuse(call, DW_BAD_GATEWAY, "the MCP server takes no more requests now");
}

/* server/discover is answered for a bridged process from what it said at its greeting. */
static void answer_discover(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    struct dw_slice message;

    dw_arena_reset(child->scratch);
    if (dw_stdio_bridge_discover(child->greeting, call->names.client_id, child->scratch, &message,
                                 NULL)) {
        dw_stdio_mail_result(call, message);
        dw_stdio_call_unref(call);
        return;
    }
    refuse(call, DW_NO_MEMORY, "out of memory");
}

void dw_stdio_child_send(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    if (call->is_gone) {
        dw_stdio_call_unref(call);
        return;
    }
    if (child->phase == DW_CHILD_STOPPING) {
        refuse(call, DW_BAD_GATEWAY, "the MCP server is stopping");
        return;
    }
    if (child->phase != DW_CHILD_READY) {
        call->next = NULL;
        if (child->last_waiting)
            child->last_waiting->next = call;
        else
            child->first_waiting = call;
        child->last_waiting = call;
        return;
    }
    if (child->role != DW_CHILD_BRIDGE)
        send_now(child, call);
    else if (dw_slice_eq(call->method, DW_LIT("server/discover")))
        answer_discover(child, call);
    else if (dw_slice_eq(call->method, DW_LIT("subscriptions/listen")))
        refuse(call, DW_METHOD_UNKNOWN,
               "the MCP server behind this gateway is older and has no subscriptions");
    else
        send_now(child, call);
}

void dw_stdio_child_flush(struct dw_stdio_child *child)
{
    struct dw_stdio_call *call = child->first_waiting;

    child->first_waiting = child->last_waiting = NULL;
    while (call) {
        struct dw_stdio_call *next = call->next;

        dw_stdio_child_send(child, call);
        call = next;
    }
}

struct dw_stdio_call *dw_stdio_child_find(const struct dw_stdio_child *child,
                                          struct dw_slice client_id)
{
    struct dw_slice key;
    size_t cursor = 0;
    void *value;

    while (dw_map_next(child->pending, &cursor, &key, &value)) {
        struct dw_stdio_call *call = value;

        if (dw_slice_eq(call->names.client_id, client_id))
            return call;
    }
    return NULL;
}

static void drop_queue(struct dw_stdio_child *child)
{
    for (size_t i = 0; i < child->queued_count; i++)
        dw_mem_free((void *)(uintptr_t)child->queued[i].ptr);
    child->queued_count = child->queued_bytes = 0;
}

void dw_stdio_child_set_stream(struct dw_stdio_child *child, struct dw_stdio_call *call)
{
    if (child->stream) { /* the newer one wins; each message goes to one stream only */
        dw_stdio_mail_end(child->stream);
        dw_stdio_call_unref(child->stream);
    }
    child->stream = call;
    if (!call)
        return;
    dw_stdio_mail_open(call);
    for (size_t i = 0; i < child->queued_count; i++)
        dw_stdio_mail_event(call, child->queued[i]);
    drop_queue(child);
}

static void keep_for_stream(struct dw_stdio_child *child, struct dw_slice message)
{
    char *copy;

    if (child->queued_count == DW_STDIO_MAX_QUEUED ||
        message.len > DW_STDIO_MAX_QUEUED_BYTES - child->queued_bytes)
        return; /* nobody listens */
    copy = dw_mem_alloc(message.len + 1);
    if (!copy)
        return;
    memcpy(copy, message.ptr, message.len);
    child->queued[child->queued_count++] = dw_slice_from(copy, message.len);
    child->queued_bytes += message.len;
}

/* A session's message that names no request: with one request under way it belongs to that one's
 * stream, else to the session's own stream. */
static void deliver_unrelated(struct dw_stdio_child *child, struct dw_slice line)
{
    struct dw_stdio_call *only = NULL;
    struct dw_slice key;
    size_t cursor = 0;
    void *value = NULL;

    if (dw_map_count(child->pending) == 1 && dw_map_next(child->pending, &cursor, &key, &value))
        only = value;
    if (only && !only->is_gone && !only->is_handshake)
        dw_stdio_mail_event(only, line);
    else if (child->stream)
        dw_stdio_mail_event(child->stream, line);
    else
        keep_for_stream(child, line);
}

/* A request of the process. Only a legacy session's client can answer it. */
static void take_request(struct dw_stdio_child *child, const struct dw_mcp_message *message,
                         struct dw_slice line)
{
    struct dw_slice answer;

    if (child->role == DW_CHILD_SESSION && dw_map_count(child->asked) < DW_STDIO_MAX_ASKED &&
        dw_map_put(child->asked, message->id->raw, child)) {
        deliver_unrelated(child, line);
        return;
    }
    if (dw_stdio_answer_line(message, child->scratch, &answer, NULL))
        (void)dw_stdio_child_write(child, answer);
}

static void take_notification(struct dw_stdio_child *child, const struct dw_mcp_message *message,
                              struct dw_slice line)
{
    struct dw_stdio_call *call = NULL;
    struct dw_slice restored;
    int64_t id;

    if (dw_stdio_related_id(message, &id))
        call = dw_map_get(child->pending, key_of(&id));
    if (call) {
        if (!call->is_gone &&
            dw_stdio_restore(message, &call->names, child->scratch, &restored, NULL))
            dw_stdio_mail_event(call, restored);
        return;
    }
    /* What a shared process says to nobody in particular goes to nobody. */
    if (child->role == DW_CHILD_SESSION)
        deliver_unrelated(child, line);
}

static void take_answer(struct dw_stdio_child *child, const struct dw_mcp_message *message)
{
    const struct dw_json *info = dw_json_get(child->greeting, "serverInfo");
    struct dw_stdio_call *call = NULL;
    struct dw_slice answer;
    struct dw_error error = {0};
    int64_t id;

    if (dw_stdio_related_id(message, &id))
        call = dw_map_take(child->pending, key_of(&id));
    if (!call) {
        dw_log(log_of(child), DW_LOG_DEBUG, "mcp_server_answered_nothing");
        return;
    }
    child->used_ms = dw_loop_now_ms(child->stdio->loop);
    if (child->role == DW_CHILD_BRIDGE
            ? !dw_stdio_bridge_answer(message, call->method, call->names.client_id,
                                      info ? info->raw : DW_EMPTY, child->scratch, &answer, &error)
            : !dw_stdio_restore(message, &call->names, child->scratch, &answer, &error)) {
        dw_stdio_mail_error(call, &error);
    } else {
        dw_stdio_mail_result(call, answer);
        if (call->is_handshake && message->error) {
            child->is_doomed = true;
        } else {
            child->has_answered = true;
            child->stdio->failures = 0;
        }
    }
    dw_stdio_call_unref(call);
}

/* ---- what we ask ourselves, before modern clients are served ---- */

static bool write_own(struct dw_stdio_child *child, const char *method, const char *params)
{
    struct dw_slice line;

    dw_arena_reset(child->scratch);
    child->own_id = atomic_fetch_add(&child->stdio->next_id, 1);
    line = dw_arena_printf(child->scratch,
                           "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\",\"params\":%s}",
                           (long long)child->own_id, method, params);
    return line.ptr && dw_stdio_child_write(child, line);
}

void dw_stdio_child_probe(struct dw_stdio_child *child)
{
    child->phase = DW_CHILD_PROBING;
    child->started_ms = dw_loop_now_ms(child->stdio->loop);
    if (!write_own(child, "server/discover",
                   "{\"_meta\":{\"" DW_MCP_META_VERSION "\":\"" DW_MCP_VERSION_MODERN
                   "\",\"" DW_MCP_META_CAPABILITIES "\":" OWN_CAPABILITIES
                   ",\"" DW_MCP_META_CLIENT_INFO "\":" OWN_INFO "}}"))
        child->is_doomed = true;
}

void dw_stdio_child_greet(struct dw_stdio_child *child)
{
    child->phase = DW_CHILD_GREETING;
    child->started_ms = dw_loop_now_ms(child->stdio->loop);
    if (!write_own(child, "initialize",
                   "{\"protocolVersion\":\"" DW_MCP_VERSION_LEGACY
                   "\",\"capabilities\":" OWN_CAPABILITIES ",\"clientInfo\":" OWN_INFO "}"))
        child->is_doomed = true;
}

/* MCP 2026-07-28 stdio: any answer but a modern one means legacy. */
static void take_probe(struct dw_stdio_child *child, const struct dw_mcp_message *message)
{
    struct dw_slices versions = {0};
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1024 * 1024);
    bool is_modern = arena && message->result &&
                     dw_json_texts(message->result, "supportedVersions", arena, &versions, NULL) &&
                     dw_slices_have(versions, DW_LIT(DW_MCP_VERSION_MODERN));

    dw_stdio_hub_probed(child, is_modern ? DW_MCP_ERA_MODERN : DW_MCP_ERA_LEGACY);
}

static void take_greeting(struct dw_stdio_child *child, const struct dw_mcp_message *message)
{
    child->greeting_arena = dw_arena_new(GREETING_BYTES);
    if (!message->result || message->result->type != DW_JSON_OBJECT || !child->greeting_arena ||
        !dw_json_parse(message->result->raw, child->greeting_arena, &child->greeting, NULL)) {
        child->is_doomed = true;
        return;
    }
    child->phase = DW_CHILD_READY;
    child->has_answered = true;
    child->stdio->failures = 0;
    (void)dw_stdio_child_write(
        child, DW_LIT("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
    dw_stdio_child_flush(child);
}

static bool is_own(const struct dw_stdio_child *child, const struct dw_mcp_message *message)
{
    return child->own_id != 0 && message->method.len == 0 && message->id &&
           message->id->type == DW_JSON_INT && message->id->integer == child->own_id;
}

static void on_line(void *user, struct dw_slice line)
{
    struct dw_stdio_child *child = user;
    struct dw_mcp_message message;
    struct dw_error error = {0};

    dw_arena_reset(child->scratch);
    if (!dw_mcp_message_parse(line, child->scratch, &message, &error)) {
        dw_log(log_of(child), DW_LOG_WARN, "mcp_server_line_ignored",
               DW_S("reason", dw_slice_from_text(error.message)));
        return;
    }
    if (is_own(child, &message)) {
        child->own_id = 0;
        if (child->phase == DW_CHILD_PROBING)
            take_probe(child, &message);
        else
            take_greeting(child, &message);
    } else if (message.method.len == 0) {
        take_answer(child, &message);
    } else if (message.id) {
        take_request(child, &message, line);
    } else {
        take_notification(child, &message, line);
    }
}

static void on_long_line(void *user, struct dw_slice begin, struct dw_slice end)
{
    struct dw_stdio_child *child = user;
    struct dw_stdio_call *call;
    int64_t id;

    if (!dw_stdio_long_answer_id(begin, end, &id))
        return; /* in the log already */
    call = dw_map_take(child->pending, key_of(&id));
    child->is_doomed = child->is_doomed || (call && call->is_handshake) || child->own_id == id;
    if (call)
        refuse(call, DW_BAD_GATEWAY, "the answer of the MCP server is longer than 32 MiB");
}

static void on_talk(void *user, struct dw_slice line)
{
    const struct dw_stdio_child *child = user;

    dw_log(log_of(child), DW_LOG_INFO, "mcp_server_says",
           DW_I("pid", dw_process_id(child->process)), DW_S("text", line));
}

static void on_exit(void *user, int64_t status, int number)
{
    struct dw_stdio_child *child = user;
    struct dw_error error;

    dw_log(log_of(child), child->phase == DW_CHILD_STOPPING ? DW_LOG_INFO : DW_LOG_WARN,
           "mcp_server_ended", DW_I("pid", dw_process_id(child->process)), DW_I("status", status),
           DW_I("signal", number));
    if (number)
        dw_error_set(&error, DW_BAD_GATEWAY, __FILE__, __LINE__,
                     "the MCP server ended by signal %d", number);
    else
        dw_error_set(&error, DW_BAD_GATEWAY, __FILE__, __LINE__,
                     "the MCP server ended with status %d", (int)status);
    dw_stdio_hub_lost(child, &error);
}

/* ---- begin and end ---- */

static bool allocate(struct dw_stdio_child *child, struct dw_slice key, struct dw_error *reterr)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();
    char *copy = dw_mem_alloc(key.len + 1);

    if (copy) {
        memcpy(copy, key.ptr, key.len);
        child->key = dw_slice_from(copy, key.len);
    }
    child->pending = dw_map_new(&seed, DW_STDIO_MAX_PENDING);
    child->asked = dw_map_new(&seed, DW_STDIO_MAX_ASKED);
    child->scratch = dw_arena_new(SCRATCH_BYTES);
    return (copy && child->pending && child->asked && child->scratch) ||
           dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static struct dw_process_config process_config(const struct dw_stdio *stdio)
{
    const struct dw_gateway_config *gateway = stdio->gateway->config;

    return (struct dw_process_config){
        .size = sizeof(struct dw_process_config),
        .command = gateway->command,
        .environment = stdio->environment,
        .directory = gateway->directory,
        .is_environment_clean = true,
        .max_line_bytes = DW_STDIO_MAX_LINE,
        .on_line = on_line,
        .on_long_line = on_long_line,
        .on_talk = on_talk,
        .on_exit = on_exit,
    };
}

bool dw_stdio_check_command(const struct dw_stdio *stdio, struct dw_error *reterr)
{
    struct dw_process_config config = process_config(stdio);

    return dw_process_check(&config, reterr);
}

static bool start_process(struct dw_stdio_child *child, struct dw_error *reterr)
{
    struct dw_process_config config = process_config(child->stdio);

    config.user = child;
    child->process = dw_process_start(child->stdio->loop, &config, reterr);
    if (!child->process)
        return false;
    dw_metrics_add(dw_loop_metrics(child->stdio->loop), DW_METRIC_STDIO_STARTS, 1);
    dw_log(log_of(child), DW_LOG_INFO, "mcp_server_started",
           DW_I("pid", dw_process_id(child->process)), DW_S("program", config.command.items[0]));
    return true;
}

static void free_child(struct dw_stdio_child *child)
{
    drop_queue(child);
    if (child->process)
        dw_process_free(child->process);
    dw_map_free(child->pending);
    dw_map_free(child->asked);
    if (child->scratch)
        dw_arena_free(child->scratch);
    if (child->greeting_arena)
        dw_arena_free(child->greeting_arena);
    dw_mem_free((void *)(uintptr_t)child->key.ptr);
    dw_mem_free(child);
}

struct dw_stdio_child *dw_stdio_child_start(struct dw_stdio *stdio, enum dw_child_role role,
                                            struct dw_slice key, struct dw_error *reterr)
{
    struct dw_stdio_child *child = dw_mem_new(sizeof *child);

    if (!child) {
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    child->stdio = stdio;
    child->role = role;
    child->phase = DW_CHILD_READY;
    child->started_ms = child->used_ms = dw_loop_now_ms(stdio->loop);
    if (!allocate(child, key, reterr) || !start_process(child, reterr)) {
        free_child(child);
        return NULL;
    }
    child->next = stdio->children;
    if (child->next)
        child->next->previous = child;
    stdio->children = child;
    stdio->child_count++;
    return child;
}

void dw_stdio_child_end(struct dw_stdio_child *child, const struct dw_error *error)
{
    struct dw_stdio *stdio = child->stdio;
    struct dw_slice key;
    size_t cursor = 0;
    void *value;

    child->phase = DW_CHILD_STOPPING;
    while (dw_map_next(child->pending, &cursor, &key, &value)) {
        dw_stdio_mail_error(value, error);
        dw_stdio_call_unref(value);
    }
    while (child->first_waiting) {
        struct dw_stdio_call *call = child->first_waiting;

        child->first_waiting = call->next;
        dw_stdio_mail_error(call, error);
        dw_stdio_call_unref(call);
    }
    dw_stdio_child_set_stream(child, NULL);
    if (child->previous)
        child->previous->next = child->next;
    else
        stdio->children = child->next;
    if (child->next)
        child->next->previous = child->previous;
    stdio->child_count--;
    free_child(child);
}
