/* mcp/version.h: whatever the headers and the body say, a modern message that passes has headers
 * that agree with it. Input: lines "Name: value", an empty line, the body. The first byte's lowest
 * bit says whether the session is known. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "mcp/header.h"
#include "mcp/method.h"

static void must(bool property)
{
    if (!property)
        abort();
}

static void check(const struct dw_mcp_headers *headers, const struct dw_mcp_message *message,
                  enum dw_mcp_path path, struct dw_arena *arena)
{
    struct dw_slice name;

    must(path != DW_MCP_PATH_REFUSED);
    if (path != DW_MCP_PATH_MODERN)
        return;
    must(dw_mcp_version_era(headers->protocol_version) == DW_MCP_ERA_MODERN);
    must(message->method.len > 0);
    if (!message->id)
        return;
    must(dw_slice_eq(headers->method, message->method));
    must(dw_slice_eq(dw_json_text(message->meta, DW_MCP_META_VERSION), headers->protocol_version));
    if (dw_slice_eq(message->method, DW_LIT("tools/call")))
        must(dw_mcp_header_decode(headers->name, arena, &name, NULL) &&
             dw_slice_eq(name, message->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct dw_slice rest = dw_slice_from((const char *)bytes, size), line, data;
    struct dw_arena *arena = dw_arena_new(8 << 20);
    struct dw_http_field room[32];
    struct dw_http_fields fields = {room, 0};
    struct dw_mcp_headers headers;
    struct dw_mcp_message message;
    struct dw_error error = {0};
    enum dw_mcp_path path;
    bool session_is_known = size > 0 && (bytes[0] & 1);

    if (size > 0)
        rest = dw_slice_from(rest.ptr + 1, rest.len - 1);
    while (fields.count < 32 && dw_slice_split(&rest, '\n', &line) && line.len > 0) {
        size_t colon = dw_slice_index(line, ':');
        size_t value = colon + 2 < line.len ? colon + 2 : line.len;

        room[fields.count++] = (struct dw_http_field){
            dw_slice_from(line.ptr, colon), dw_slice_from(line.ptr + value, line.len - value)};
    }
    if (dw_mcp_message_parse(rest, arena, &message, &error) &&
        dw_mcp_headers_read(fields, &headers, &error)) {
        if (dw_mcp_dispatch(&headers, &message, session_is_known, arena, &path, &data, &error))
            check(&headers, &message, path, arena);
        else
            must(path == DW_MCP_PATH_REFUSED && error.code != DW_OK);
    }
    dw_arena_free(arena);
    return 0;
}
