/* How a client and the server get to know each other: initialize (up to 2025-11-25),
 * server/discover (2026-07-28), and the level of log messages. */
#include "sdk/sdk_internal.h"
#include "sdk/tasks_internal.h"

static const struct dw_slice levels[] = {
    {"debug", 5}, {"info", 4},     {"notice", 6}, {"warning", 7},
    {"error", 5}, {"critical", 8}, {"alert", 5},  {"emergency", 9},
};

bool dw_mcp_log_level_read(struct dw_slice name, int *ret_level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (!dw_slice_eq(levels[i], name))
            continue;
        *ret_level = (int)i;
        return true;
    }
    return false;
}

static void put_empty(struct dw_json_writer *writer, const char *key)
{
    dw_json_put_raw(writer, key, DW_LIT("{}"));
}

/* Exactly what is served. */
static void put_capabilities(const struct dw_call *call, struct dw_json_writer *writer)
{
    const struct dw_server *server = call->server;

    dw_json_write_key(writer, DW_LIT("capabilities"));
    dw_json_write_object_start(writer);
    if (server->tools.count > 0)
        dw_json_put_raw(writer, "tools", DW_LIT("{\"listChanged\":true}"));
    if (server->prompts.count > 0)
        dw_json_put_raw(writer, "prompts", DW_LIT("{\"listChanged\":true}"));
    if (server->resources.count + server->templates.count > 0)
        dw_json_put_raw(writer, "resources", DW_LIT("{\"subscribe\":true,\"listChanged\":true}"));
    if (server->complete)
        put_empty(writer, "completions");
    put_empty(writer, "logging");
    if (call->era == DW_MCP_ERA_MODERN && dw_tasks_are_offered(server))
        dw_json_put_raw(writer, "extensions", DW_LIT("{\"" DW_TASKS_EXTENSION "\":{}}"));
    dw_json_write_object_end(writer);
}

static void finish(struct dw_call *call, struct dw_buf *out)
{
    struct dw_error error = {0};
    struct dw_slice result;

    if (dw_buf_finish(out, &result, &error))
        dw_call_finish(call, result);
    else
        dw_call_fail(call, &error, DW_EMPTY);
}

/* Copies what the session must remember. */
static bool remember(struct dw_call *call, struct dw_slice version, struct dw_error *reterr)
{
    const struct dw_json *capabilities = dw_json_get(call->message.params, "capabilities");
    struct dw_session *session = call->session;

    if (!session)
        return true;
    session->is_primed = dw_slice_eq(version, DW_LIT(DW_MCP_VERSION_LEGACY));
    session->log_level = DW_MCP_LOG_DEBUG; /* until logging/setLevel says otherwise */
    if (!capabilities || capabilities->type != DW_JSON_OBJECT)
        capabilities = NULL;
    return dw_json_parse(capabilities ? capabilities->raw : DW_LIT("{}"), session->arena,
                         &session->capabilities, reterr);
}

void dw_call_initialize(struct dw_call *call)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice version = dw_json_text(call->message.params, "protocolVersion");
    struct dw_error error = {0};

    if (dw_mcp_version_era(version) != DW_MCP_ERA_LEGACY)
        version = DW_LIT(DW_MCP_VERSION_LEGACY);
    if (!remember(call, version, &error)) {
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "protocolVersion", version);
    put_capabilities(call, &writer);
    dw_json_put_raw(&writer, "serverInfo", call->server->info);
    if (call->server->instructions.len > 0)
        dw_json_put_text(&writer, "instructions", call->server->instructions);
    dw_json_write_object_end(&writer);
    finish(call, &out);
}

void dw_call_discover(struct dw_call *call)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_put_raw(&writer, "supportedVersions", DW_LIT("[\"" DW_MCP_VERSION_MODERN "\"]"));
    put_capabilities(call, &writer);
    if (call->server->instructions.len > 0)
        dw_json_put_text(&writer, "instructions", call->server->instructions);
    dw_call_put_caching(call, false, &writer);
    dw_json_write_object_end(&writer);
    finish(call, &out);
}

void dw_call_set_level(struct dw_call *call)
{
    struct dw_error error = {0};
    int level;

    if (!dw_mcp_log_level_read(dw_json_text(call->message.params, "level"), &level)) {
        dw_error_set(&error, DW_INVALID_PARAMS, __FILE__, __LINE__,
                     "level must be debug, info, notice, warning, error, critical, alert or "
                     "emergency");
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    if (call->session)
        call->session->log_level = level;
    dw_call_finish(call, DW_LIT("{}"));
}
