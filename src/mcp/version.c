/* Protocol versions and the dispatch of one POST to its era. */
#include "mcp/version.h"

#include "mcp/header.h"
#include "mcp/method.h"
#include "json/json_writer.h"

static const struct {
    struct dw_slice name;
    enum dw_mcp_era era;
} versions[] = {
    {{"2024-11-05", 10}, DW_MCP_ERA_LEGACY}, /* old servers still negotiate it over this transport
                                              */
    {{"2025-03-26", 10}, DW_MCP_ERA_LEGACY},
    {{"2025-06-18", 10}, DW_MCP_ERA_LEGACY},
    {{DW_MCP_VERSION_LEGACY, 10}, DW_MCP_ERA_LEGACY},
    {{DW_MCP_VERSION_MODERN, 10}, DW_MCP_ERA_MODERN},
};

enum dw_mcp_era dw_mcp_version_era(struct dw_slice version)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (dw_slice_eq(versions[i].name, version))
            return versions[i].era;
    return DW_MCP_ERA_ANY;
}

/* {"supported":["2026-07-28"],"requested":"..."} */
static bool version_data(struct dw_slice requested, struct dw_arena *arena,
                         struct dw_slice *ret_data, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_write_key(&writer, DW_LIT("supported"));
    dw_json_write_array_start(&writer);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (versions[i].era == DW_MCP_ERA_MODERN)
            dw_json_write_text(&writer, versions[i].name);
    dw_json_write_array_end(&writer);
    dw_json_put_text(&writer, "requested", requested);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_data, reterr);
}

static bool has_modern_meta(const struct dw_json *meta)
{
    return meta &&
           (dw_json_get(meta, DW_MCP_META_VERSION) || dw_json_get(meta, DW_MCP_META_CAPABILITIES) ||
            dw_json_get(meta, DW_MCP_META_CLIENT_INFO) || dw_json_get(meta, DW_MCP_META_LOG_LEVEL));
}

/* Only requests must carry the fields; a notification may. */
static bool check_meta(const struct dw_mcp_headers *headers, const struct dw_mcp_message *message,
                       struct dw_error *reterr)
{
    const struct dw_json *version = dw_json_get(message->meta, DW_MCP_META_VERSION);
    const struct dw_json *capabilities = dw_json_get(message->meta, DW_MCP_META_CAPABILITIES);

    if ((!version && message->id) || (version && version->type != DW_JSON_TEXT))
        return dw_fail(reterr, DW_INVALID_META, "params._meta needs the text \"%s\"",
                       DW_MCP_META_VERSION);
    if ((!capabilities && message->id) || (capabilities && capabilities->type != DW_JSON_OBJECT))
        return dw_fail(reterr, DW_INVALID_META, "params._meta needs the object \"%s\"",
                       DW_MCP_META_CAPABILITIES);
    if (version && !dw_slice_eq(version->text, headers->protocol_version))
        return dw_fail(reterr, DW_HEADER_MISMATCH,
                       "the MCP-Protocol-Version header is not the version in params._meta");
    return true;
}

/* MCP 2026-07-28: the order of these checks is what the official suites expect. */
static bool check_modern(const struct dw_mcp_headers *headers, const struct dw_mcp_message *message,
                         struct dw_arena *arena, struct dw_slice *ret_data, struct dw_error *reterr)
{
    const struct dw_mcp_method *method = message->known;

    if (!headers->protocol_version.ptr)
        return dw_fail(reterr, DW_HEADER_MISMATCH, "the MCP-Protocol-Version header is missing");
    if (message->method.len == 0)
        return dw_fail(reterr, DW_INVALID_JSONRPC,
                       "clients of " DW_MCP_VERSION_MODERN " send no responses");
    if (!check_meta(headers, message, reterr))
        return false;
    if (dw_mcp_version_era(headers->protocol_version) != DW_MCP_ERA_MODERN)
        return version_data(headers->protocol_version, arena, ret_data, reterr) &&
               dw_fail(reterr, DW_UNSUPPORTED_VERSION,
                       "this protocol version is not supported: use " DW_MCP_VERSION_MODERN);
    if (message->id && method && method->era == DW_MCP_ERA_LEGACY)
        return dw_fail(reterr, DW_METHOD_UNKNOWN, "%.*s is not a method of " DW_MCP_VERSION_MODERN,
                       DW_PRINT(message->method));
    return dw_mcp_headers_agree(headers, message, arena, reterr);
}

static bool check_legacy(const struct dw_mcp_headers *headers, const struct dw_mcp_message *message,
                         struct dw_error *reterr)
{
    const struct dw_mcp_method *method = message->known;

    /* MCP 2025-11-25 transports MUST: an invalid version gets 400. */
    if (headers->protocol_version.ptr &&
        dw_mcp_version_era(headers->protocol_version) == DW_MCP_ERA_ANY)
        return dw_fail(reterr, DW_UNSUPPORTED_VERSION,
                       "the MCP-Protocol-Version header names no version we know");
    if (message->id && method && method->era == DW_MCP_ERA_MODERN)
        return dw_fail(reterr, DW_METHOD_UNKNOWN,
                       "%.*s needs the headers and _meta of " DW_MCP_VERSION_MODERN,
                       DW_PRINT(message->method));
    if (method && method->name_in != DW_MCP_NAME_IN_NOWHERE && message->name.len == 0)
        return dw_fail(reterr, DW_INVALID_PARAMS, "%.*s needs to say what it is about",
                       DW_PRINT(message->method));
    return true;
}

bool dw_mcp_dispatch(const struct dw_mcp_headers *headers, const struct dw_mcp_message *message,
                     bool session_is_known, struct dw_arena *arena, enum dw_mcp_path *ret_path,
                     struct dw_slice *ret_data, struct dw_error *reterr)
{
    enum dw_mcp_path path;
    bool claims_modern;

    *ret_path = DW_MCP_PATH_REFUSED;
    *ret_data = DW_EMPTY;
    claims_modern = has_modern_meta(message->meta) ||
                    (headers->protocol_version.ptr &&
                     dw_mcp_version_era(headers->protocol_version) != DW_MCP_ERA_LEGACY);
    if (headers->session_id.ptr && session_is_known)
        path = DW_MCP_PATH_LEGACY_SESSION;
    else if (claims_modern) /* a session id is nothing to a modern peer: it is ignored */
        path = DW_MCP_PATH_MODERN;
    else if (headers->session_id.ptr)
        return dw_fail(reterr, DW_UNKNOWN_SESSION,
                       "there is no such session: start again with initialize");
    else if (dw_slice_eq(message->method, DW_LIT("initialize")))
        path = DW_MCP_PATH_LEGACY_HANDSHAKE;
    else
        path = DW_MCP_PATH_LEGACY_SESSIONLESS;
    if (path == DW_MCP_PATH_MODERN ? !check_modern(headers, message, arena, ret_data, reterr)
                                   : !check_legacy(headers, message, reterr))
        return false;
    *ret_path = path;
    return true;
}
