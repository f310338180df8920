/* From a parsed request to the code that answers it: one table of methods for every transport and
 * both eras. */
#include "sdk/sdk_internal.h"

#include "oauth/access_token.h"
#include "sdk/tasks_internal.h"

/* The first scope of the item that the caller lacks; NULL: none. */
static const struct dw_slice *find_missing(const struct dw_call *call, const struct dw_item *item)
{
    for (size_t i = 0; i < item->scopes.count; i++)
        if (!call->auth.token || !dw_scopes_cover(call->auth.token->scopes, item->scopes.items[i]))
            return &item->scopes.items[i];
    return NULL;
}

bool dw_call_may_use(const struct dw_call *call, const struct dw_item *item)
{
    return !find_missing(call, item);
}

bool dw_call_require(struct dw_call *call, const struct dw_item *item, struct dw_error *reterr)
{
    const struct dw_slice *missing = find_missing(call, item);

    if (!missing)
        return true;
    call->auth.needed = item->scopes;
    if (call->auth.token)
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "\"%.*s\" needs the scope %.*s",
                       DW_PRINT(dw_slice_sub(item->name, 0, 60)),
                       DW_PRINT(dw_slice_sub(*missing, 0, 60)));
    return dw_fail(reterr, DW_FORBIDDEN,
                   "\"%.*s\" is for callers with a token, and this server runs without OAuth",
                   DW_PRINT(dw_slice_sub(item->name, 0, 60)));
}

/* item: not NULL. */
static void run_item(struct dw_call *call, const struct dw_item *item)
{
    struct dw_error error = {0};

    if (!dw_call_require(call, item, &error)) {
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    call->item = item;
    call->run = item->run;
    call->run_user = item->user;
    call->is_quick = item->is_quick;
    call->arguments = dw_json_get(call->message.params, "arguments");
    call->progress_token = dw_json_get(call->message.meta, "progressToken");
    dw_call_start(call);
}

static void unknown(struct dw_call *call, const char *what)
{
    struct dw_error error = {0};

    dw_error_set(&error, DW_INVALID_PARAMS, __FILE__, __LINE__, "there is no %s \"%.*s\"", what,
                 DW_PRINT(dw_slice_sub(call->message.name, 0, 80)));
    dw_call_fail(call, &error, DW_EMPTY);
}

static void call_tool(struct dw_call *call)
{
    const struct dw_item *item = dw_items_find(&call->server->tools, call->message.name);

    if (item)
        run_item(call, item);
    else
        unknown(call, "tool");
}

static void get_prompt(struct dw_call *call)
{
    const struct dw_item *item = dw_items_find(&call->server->prompts, call->message.name);

    if (item)
        run_item(call, item);
    else
        unknown(call, "prompt");
}

/* MCP 2026-07-28 server/resources: -32602 with data.uri; before that, -32002. */
void dw_call_fail_unknown_resource(struct dw_call *call, const char *text)
{
    struct dw_error error = {0};
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice data = DW_EMPTY;

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "uri", call->message.name);
    dw_json_write_object_end(&writer);
    if (!dw_buf_finish(&out, &data, NULL))
        data = DW_EMPTY;
    dw_error_set(&error, call->era == DW_MCP_ERA_MODERN ? DW_INVALID_PARAMS : DW_UNKNOWN_RESOURCE,
                 __FILE__, __LINE__, "%s", text);
    dw_call_fail(call, &error, data);
}

static void unknown_resource(struct dw_call *call)
{
    struct dw_error error = {0};

    dw_error_set(&error, DW_UNKNOWN_RESOURCE, __FILE__, __LINE__, "there is no resource \"%.*s\"",
                 DW_PRINT(dw_slice_sub(call->message.name, 0, 80)));
    dw_call_fail_unknown_resource(call, error.message);
}

static void read_resource(struct dw_call *call)
{
    const struct dw_item *item = dw_items_find(&call->server->resources, call->message.name);

    if (!item)
        item = dw_templates_match(call->server, call->message.name, call->arena, &call->variables,
                                  &call->variable_count);
    if (item)
        run_item(call, item);
    else
        unknown_resource(call);
}

/* What the completion is about must be something the caller may use. */
static void complete(struct dw_call *call)
{
    const struct dw_server *server = call->server;
    const struct dw_item *item = call->message.kind == DW_MCP_PROMPT
                                     ? dw_items_find(&server->prompts, call->message.name)
                                     : dw_items_find(&server->templates, call->message.name);
    struct dw_error error = {0};

    if (!item && call->message.kind != DW_MCP_PROMPT)
        item = dw_items_find(&server->resources, call->message.name);
    if (!item) {
        unknown(call, "prompt or template");
        return;
    }
    if (!dw_call_require(call, item, &error)) {
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    call->run = server->complete;
    call->run_user = server->complete_user;
    dw_call_start(call);
}

static void ping(struct dw_call *call)
{
    dw_call_finish(call, DW_LIT("{}"));
}

static bool has_tools(const struct dw_server *server)
{
    return server->tools.count > 0;
}

static bool has_prompts(const struct dw_server *server)
{
    return server->prompts.count > 0;
}

static bool has_resources(const struct dw_server *server)
{
    return server->resources.count + server->templates.count > 0;
}

static bool has_completion(const struct dw_server *server)
{
    return server->complete != NULL;
}

/* The eras were checked before: mcp/methods.def says which method belongs to which. */
static const struct {
    struct dw_slice method;
    void (*answer)(struct dw_call *call);
    bool (*is_there)(const struct dw_server *server); /* NULL: always */
} methods[] = {
    {{"tools/call", 10}, call_tool, has_tools},
    {{"tools/list", 10}, dw_call_list, has_tools},
    {{"resources/read", 14}, read_resource, has_resources},
    {{"resources/list", 14}, dw_call_list, has_resources},
    {{"resources/templates/list", 24}, dw_call_list, has_resources},
    {{"resources/subscribe", 19}, dw_call_subscribe, has_resources},
    {{"resources/unsubscribe", 21}, dw_call_unsubscribe, has_resources},
    {{"prompts/get", 11}, get_prompt, has_prompts},
    {{"prompts/list", 12}, dw_call_list, has_prompts},
    {{"completion/complete", 19}, complete, has_completion},
    {{"server/discover", 15}, dw_call_discover, NULL},
    {{"subscriptions/listen", 20}, dw_call_listen, NULL},
    {{"tasks/get", 9}, dw_call_task_get, dw_tasks_are_offered},
    {{"tasks/update", 12}, dw_call_task_update, dw_tasks_are_offered},
    {{"tasks/cancel", 12}, dw_call_task_cancel, dw_tasks_are_offered},
    {{"initialize", 10}, dw_call_initialize, NULL},
    {{"ping", 4}, ping, NULL},
    {{"logging/setLevel", 16}, dw_call_set_level, NULL},
};

/* Modern peers say with each request what they are able to do and want to hear. */
static bool read_meta(struct dw_call *call, struct dw_error *reterr)
{
    const struct dw_json *level = dw_json_get(call->message.meta, DW_MCP_META_LOG_LEVEL);

    if (call->era != DW_MCP_ERA_MODERN) {
        call->capabilities = call->session ? call->session->capabilities : NULL;
        call->log_level = call->session ? call->session->log_level : DW_MCP_LOG_NONE;
        return true;
    }
    call->capabilities = dw_json_get(call->message.meta, DW_MCP_META_CAPABILITIES);
    if (level &&
        (level->type != DW_JSON_TEXT || !dw_mcp_log_level_read(level->text, &call->log_level)))
        return dw_fail(reterr, DW_INVALID_PARAMS, "params._meta: there is no such log level");
    return true;
}

void dw_dispatch(struct dw_call *call)
{
    struct dw_slice method = call->message.method;
    struct dw_error error = {0};

    if (!read_meta(call, &error)) {
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    if (!call->message.id) { /* notifications change nothing but the cancelled ones */
        if (call->session && dw_slice_eq(method, DW_LIT("notifications/cancelled")))
            dw_session_cancel(call->session, &call->message);
        dw_call_end(call);
        return;
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (!dw_slice_eq(methods[i].method, method))
            continue;
        if (methods[i].is_there && !methods[i].is_there(call->server))
            break;
        methods[i].answer(call);
        return;
    }
    dw_error_set(&error, DW_METHOD_UNKNOWN, __FILE__, __LINE__, "there is no method \"%.*s\" here",
                 DW_PRINT(dw_slice_sub(method, 0, 80)));
    dw_call_fail(call, &error, DW_EMPTY);
}
