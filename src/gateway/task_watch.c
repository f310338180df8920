/* Looks for the ids of tasks in answers; see task_watch.h. */
#include "gateway/task_watch.h"

#include "base/mem.h"
#include "http/sse.h"

#define EXTENSION "io.modelcontextprotocol/tasks"
/* A tree of small values takes far more memory than its text. */
#define ARENA_BYTES (DW_TASK_ANSWER_MAX_BYTES * 32)

bool dw_task_may_come(const struct dw_mcp_message *message)
{
    const struct dw_json *capabilities =
        dw_json_get(message->meta, "io.modelcontextprotocol/clientCapabilities");

    return message->id && (dw_json_get(message->params, "task") ||
                           dw_json_get(dw_json_get(capabilities, "extensions"), EXTENSION));
}

struct dw_slice dw_task_made_by(struct dw_slice message, struct dw_arena *arena)
{
    struct dw_mcp_message parsed;
    struct dw_slice id;

    if (!dw_mcp_message_parse(message, arena, &parsed, NULL) || !parsed.result)
        return DW_EMPTY;
    id = dw_json_text(dw_json_get(parsed.result, "task"), "taskId"); /* 2025-11-25 */
    if (id.len == 0 && dw_slice_eq(dw_json_text(parsed.result, "resultType"), DW_LIT("task")))
        id = dw_json_text(parsed.result, "taskId");
    return id;
}

struct dw_task_watch {
    void (*found)(void *user, struct dw_slice task_id);
    void *user;
    struct dw_sse_parser *events; /* NULL: a JSON body */
    struct dw_arena *arena;
    struct dw_buf body;
    bool is_over; /* too large: it makes no task */
};

struct dw_task_watch *dw_task_watch_new(bool is_stream,
                                        void (*found)(void *user, struct dw_slice task_id),
                                        void *user, struct dw_error *reterr)
{
    struct dw_task_watch *watch = dw_mem_new(sizeof *watch);

    if (watch) {
        watch->found = found;
        watch->user = user;
        watch->arena = dw_arena_new(ARENA_BYTES);
        watch->events = is_stream ? dw_sse_parser_new(DW_TASK_ANSWER_MAX_BYTES) : NULL;
    }
    if (watch && watch->arena && (watch->events || !is_stream)) {
        watch->body = dw_buf_in(watch->arena);
        watch->body.limit_bytes = DW_TASK_ANSWER_MAX_BYTES;
        return watch;
    }
    dw_task_watch_free(watch);
    dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
    return NULL;
}

void dw_task_watch_free(struct dw_task_watch *watch)
{
    if (!watch)
        return;
    if (watch->events)
        dw_sse_parser_free(watch->events);
    dw_arena_free(watch->arena);
    dw_mem_free(watch);
}

static void look_at(struct dw_task_watch *watch, struct dw_slice message)
{
    struct dw_slice id = dw_task_made_by(message, watch->arena);

    if (id.len > 0)
        watch->found(watch->user, id);
}

void dw_task_watch_feed(struct dw_task_watch *watch, struct dw_slice bytes)
{
    struct dw_sse_event event;

    if (watch->is_over)
        return;
    if (!watch->events) {
        dw_buf_add(&watch->body, bytes);
        watch->is_over = watch->body.has_failed;
        return;
    }
    for (;;) {
        switch (dw_sse_next(watch->events, &bytes, &event, NULL)) {
        case DW_HTTP_FAILED: /* nothing behind it can be told apart any more */
            watch->is_over = true;
            return;
        case DW_HTTP_MORE:
            return;
        case DW_HTTP_DONE:
            dw_arena_reset(watch->arena);
            look_at(watch, event.data);
            break;
        }
    }
}

void dw_task_watch_end(struct dw_task_watch *watch)
{
    if (!watch->events && !watch->is_over)
        look_at(watch, dw_buf_view(&watch->body));
    watch->is_over = true;
}
