/* Telling clients that something has changed: resources/subscribe and the standalone stream of
 * sessions (up to 2025-11-25), subscriptions/listen (2026-07-28). */
#include "sdk/sdk_internal.h"

#include <stdio.h>

#include "base/mem.h"

/* ---- resources/subscribe ---- */

static bool is_resource(struct dw_call *call)
{
    const struct dw_item *item = dw_items_find(&call->server->resources, call->message.name);

    if (!item)
        item = dw_templates_match(call->server, call->message.name, call->arena, &call->variables,
                                  &call->variable_count);
    return item && dw_call_may_use(call, item);
}

static void fail(struct dw_call *call, enum dw_code code, const char *text)
{
    struct dw_error error = {0};

    dw_error_set(&error, code, __FILE__, __LINE__, "%s", text);
    dw_call_fail(call, &error, DW_EMPTY);
}

void dw_call_subscribe(struct dw_call *call)
{
    struct dw_session *session = call->session;

    if (!session)
        fail(call, DW_NO_SESSION, "subscriptions need a session");
    else if (!is_resource(call))
        fail(call, DW_UNKNOWN_RESOURCE, "there is no such resource");
    else if (!dw_map_put(session->subscriptions, call->message.name, session))
        fail(call, DW_TOO_MANY, "this session has too many subscriptions");
    else
        dw_call_finish(call, DW_LIT("{}"));
}

void dw_call_unsubscribe(struct dw_call *call)
{
    if (call->session)
        (void)dw_map_take(call->session->subscriptions, call->message.name);
    dw_call_finish(call, DW_LIT("{}"));
}

/* ---- subscriptions/listen ---- */

struct dw_listen_stream {
    struct dw_listen_stream *next, *previous;
    struct dw_call *call;
    bool wants[3]; /* by enum list */
    struct dw_slices uris;
};

enum list {
    LIST_TOOLS,
    LIST_PROMPTS,
    LIST_RESOURCES
};

static const struct {
    const char *member;
    const char *method;
} list_rows[] = {
    [LIST_TOOLS] = {"toolsListChanged", "notifications/tools/list_changed"},
    [LIST_PROMPTS] = {"promptsListChanged", "notifications/prompts/list_changed"},
    [LIST_RESOURCES] = {"resourcesListChanged", "notifications/resources/list_changed"},
};

/* {"jsonrpc","method","params":{...,"_meta":{"...subscriptionId":ID}}} */
static void send_event(struct dw_listen_stream *stream, const char *method, struct dw_slice members)
{
    struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice message;

    if (!arena)
        return;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "jsonrpc", DW_LIT("2.0"));
    dw_json_put_text(&writer, "method", dw_slice_from_text(method));
    dw_json_write_key(&writer, DW_LIT("params"));
    dw_json_write_object_start(&writer);
    if (members.len > 0)
        dw_json_write_raw(&writer, members);
    dw_json_write_key(&writer, DW_LIT("_meta"));
    dw_json_write_object_start(&writer);
    dw_json_put_raw(&writer, DW_MCP_META_SUBSCRIPTION, stream->call->message.id->raw);
    dw_json_write_object_end(&writer);
    dw_json_write_object_end(&writer);
    dw_json_write_object_end(&writer);
    if (dw_buf_finish(&out, &message, NULL))
        stream->call->outlet.send(&stream->call->outlet, message);
    dw_arena_free(arena);
}

/* "notifications":{...} with what is honoured. */
static struct dw_slice honoured(const struct dw_listen_stream *stream, struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice members;

    dw_json_write_key(&writer, DW_LIT("notifications"));
    dw_json_write_object_start(&writer);
    for (size_t i = 0; i < sizeof list_rows / sizeof *list_rows; i++)
        if (stream->wants[i])
            dw_json_put_bool(&writer, list_rows[i].member, true);
    if (stream->uris.count > 0)
        dw_json_put_texts(&writer, "resourceSubscriptions", stream->uris);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, &members, NULL) ? members : DW_EMPTY;
}

/* Only what is served, and resources the caller may read. */
static bool read_wishes(struct dw_call *call, struct dw_listen_stream *stream)
{
    const struct dw_server *server = call->server;
    const struct dw_json *wanted = dw_json_get(call->message.params, "notifications");
    const bool is_served[] = {server->tools.count > 0, server->prompts.count > 0,
                              server->resources.count + server->templates.count > 0};
    struct dw_slice *uris =
        dw_arena_new_array(call->arena, call->message.names.count + 1, sizeof *uris);
    size_t count = 0;

    for (size_t i = 0; i < sizeof list_rows / sizeof *list_rows; i++) {
        bool is_wanted = false;

        stream->wants[i] =
            is_served[i] && dw_json_bool(wanted, list_rows[i].member, &is_wanted) && is_wanted;
    }
    for (size_t i = 0; uris && i < call->message.names.count && count < DW_SDK_MAX_SUBSCRIPTIONS;
         i++) {
        call->message.name = call->message.names.items[i];
        if (is_resource(call))
            uris[count++] = call->message.names.items[i];
    }
    stream->uris = (struct dw_slices){uris, count};
    return uris;
}

void dw_call_listen(struct dw_call *call)
{
    struct dw_server *server = call->server;
    struct dw_listen_stream *stream = DW_ARENA_NEW(call->arena, struct dw_listen_stream);

    if (!stream || !read_wishes(call, stream)) {
        fail(call, DW_NO_MEMORY, "out of memory");
        return;
    }
    stream->call = call;
    stream->next = server->first_listen;
    if (stream->next)
        stream->next->previous = stream;
    server->first_listen = stream;
    call->is_listening = true;
    send_event(stream, "notifications/subscriptions/acknowledged", honoured(stream, call->arena));
}

static struct dw_listen_stream *find_stream(struct dw_call *call)
{
    struct dw_listen_stream *stream = call->server->first_listen;

    while (stream && stream->call != call)
        stream = stream->next;
    return stream;
}

void dw_listen_end(struct dw_call *call, bool is_graceful)
{
    struct dw_listen_stream *stream = find_stream(call);
    struct dw_slice result;

    call->is_listening = false;
    if (stream && stream->previous)
        stream->previous->next = stream->next;
    else if (stream)
        call->server->first_listen = stream->next;
    if (stream && stream->next)
        stream->next->previous = stream->previous;
    if (!is_graceful) {
        dw_call_end(call);
        return;
    }
    call->has_meta = true;
    result = dw_arena_printf(call->arena, "{\"_meta\":{\"" DW_MCP_META_SUBSCRIPTION "\":%.*s}}",
                             DW_PRINT(call->message.id->raw));
    dw_call_finish(call, result.ptr ? result : DW_LIT("{}"));
}

void dw_listens_expire(struct dw_server *server, int64_t now_s)
{
    struct dw_listen_stream *stream, *next;

    for (stream = server->first_listen; stream; stream = next) {
        const struct dw_access_token *token = stream->call->auth.token;

        next = stream->next;
        if (token && now_s >= token->expires_at_s + server->leeway_s)
            dw_listen_end(stream->call, true);
    }
}

void dw_listens_end(struct dw_server *server)
{
    while (server->first_listen)
        dw_listen_end(server->first_listen->call, true);
}

/* ---- what has changed ---- */

static void send_list_changed(struct dw_server *server, enum list list)
{
    char text[96];
    struct dw_slice message = DW_EMPTY;
    struct dw_listen_stream *stream, *next_stream;
    struct dw_session *session, *next;

    message.ptr = text;
    message.len = (size_t)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"}",
                                   list_rows[list].method);
    for (session = server->first_session; session; session = next) {
        next = session->next;
        if (session->capabilities) /* after initialize */
            dw_session_send(session, message);
    }
    for (stream = server->first_listen; stream; stream = next_stream) {
        next_stream = stream->next;
        if (stream->wants[list])
            send_event(stream, list_rows[list].method, DW_EMPTY);
    }
}

static void tools_changed(void *user)
{
    send_list_changed(user, LIST_TOOLS);
}

static void prompts_changed(void *user)
{
    send_list_changed(user, LIST_PROMPTS);
}

static void resources_changed(void *user)
{
    send_list_changed(user, LIST_RESOURCES);
}

/* What is lost when memory is short is a hint, not data. */
static void post(struct dw_server *server, void (*task)(void *user))
{
    if (server && server->loop)
        (void)!dw_loop_post(server->loop, task, server);
}

void dw_server_tools_changed(struct dw_server *server)
{
    post(server, tools_changed);
}

void dw_server_prompts_changed(struct dw_server *server)
{
    post(server, prompts_changed);
}

void dw_server_resources_changed(struct dw_server *server)
{
    post(server, resources_changed);
}

struct update {
    struct dw_server *server;
    size_t len;
    char uri[];
};

static void send_updates(struct dw_server *server, struct dw_slice uri, struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena), whole = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice member, message;
    struct dw_listen_stream *stream, *next_stream;
    struct dw_session *session, *next;

    dw_json_put_text(&writer, "uri", uri);
    if (!dw_buf_finish(&out, &member, NULL))
        return;
    dw_buf_printf(&whole,
                  "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\","
                  "\"params\":{%.*s}}",
                  DW_PRINT(member));
    if (!dw_buf_finish(&whole, &message, NULL))
        return;
    for (session = server->first_session; session; session = next) {
        next = session->next;
        if (dw_map_get(session->subscriptions, uri))
            dw_session_send(session, message);
    }
    for (stream = server->first_listen; stream; stream = next_stream) {
        next_stream = stream->next;
        if (dw_slices_have(stream->uris, uri))
            send_event(stream, "notifications/resources/updated", member);
    }
}

static void resource_updated(void *user)
{
    struct update *update = user;
    struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);

    if (arena) {
        send_updates(update->server, dw_slice_from(update->uri, update->len), arena);
        dw_arena_free(arena);
    }
    dw_mem_free(update);
}

void dw_server_resource_updated(struct dw_server *server, const char *uri)
{
    struct dw_slice text = dw_slice_from_text(uri);
    struct update *update;

    if (!server || !server->loop)
        return;
    update = dw_mem_alloc(sizeof *update + text.len);
    if (!update)
        return;
    update->server = server;
    update->len = text.len;
    memcpy(update->uri, text.ptr, text.len);
    if (!dw_loop_post(server->loop, resource_updated, update))
        dw_mem_free(update);
}
