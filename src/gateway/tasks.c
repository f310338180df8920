/* Tasks (SEP-2663; MCP 2025-11-25 tasks): the gateway remembers whose call made which, because "who
 * knows the id" is no authorization. A task that it does not remember, such as one from before it
 * was started, is nobody's. */
#include "gateway/gateway_internal.h"
#include "gateway/task_watch.h"

static int64_t now_ms(const struct dw_passage *passage)
{
    return dw_loop_now_ms(dw_exchange_loop(passage->exchange));
}

bool dw_passage_watches_tasks(const struct dw_passage *passage)
{
    /* GET: it may replay the answer that made one. */
    return dw_exchange_request(passage->exchange)->method == DW_HTTP_GET ||
           (dw_task_may_come(&passage->message) && !(passage->method && passage->method->is_list));
}

void dw_passage_own_task(void *user, struct dw_slice task_id)
{
    struct dw_passage *passage = user;
    struct dw_owned_id id = {
        .id = task_id,
        .principal = passage->principal->key,
        .about = passage->message.kind == DW_MCP_TOOL ? passage->message.name : DW_EMPTY,
    };
    struct dw_slice about;
    struct dw_error error = {0};

    /* Said again, by a replay: the first time counts. */
    if (dw_owned_find(passage->gateway->tasks, task_id, id.principal, now_ms(passage),
                      passage->arena, &about))
        return;
    if (!dw_owned_add(passage->gateway->tasks, &id, now_ms(passage), &error))
        dw_log_error(dw_loop_log(dw_exchange_loop(passage->exchange)), "task_not_remembered",
                     &error);
}

static bool check_task(struct dw_passage *passage, struct dw_slice id, struct dw_slices *ret_needed,
                       struct dw_error *reterr)
{
    struct dw_mcp_message call = {.method = DW_LIT("tools/call"), .kind = DW_MCP_TOOL};
    struct dw_slice rule;

    /* The same words whether there is none or it is another's. */
    if (!dw_owned_find(passage->gateway->tasks, id, passage->principal->key, now_ms(passage),
                       passage->arena, &call.name))
        return dw_fail(reterr, DW_INVALID_PARAMS, "there is no such task");
    call.id = passage->message.id;
    return call.name.len == 0 ||
           dw_guard_authorize(passage->gateway->guard, passage->principal, &call, passage->arena,
                              ret_needed, &rule, reterr);
}

bool dw_passage_check_tasks(struct dw_passage *passage, struct dw_slices *ret_needed,
                            struct dw_error *reterr)
{
    const struct dw_mcp_message *message = &passage->message;

    if (message->kind == DW_MCP_TASK && message->name.len > 0 &&
        !check_task(passage, message->name, ret_needed, reterr))
        return false;
    for (size_t i = 0; i < message->task_ids.count; i++)
        if (!check_task(passage, message->task_ids.items[i], ret_needed, reterr))
            return false;
    return true;
}
