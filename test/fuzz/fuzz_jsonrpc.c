/* mcp/jsonrpc.h: whatever is accepted obeys the rules the guard relies on. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "mcp/method.h"

static void must(bool property)
{
    if (!property)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct dw_arena *arena = dw_arena_new(8 << 20);
    struct dw_mcp_message message;
    struct dw_error error = {0};

    if (dw_mcp_message_parse(dw_slice_from((const char *)bytes, size), arena, &message, &error)) {
        const struct dw_mcp_method *method = dw_mcp_method_find(message.method);
        bool is_call = message.method.len > 0;

        must(message.document->type == DW_JSON_OBJECT);
        must(!message.id || message.id->type == DW_JSON_TEXT || message.id->type == DW_JSON_INT);
        must(is_call || (message.id && !message.result != !message.error));
        must(!is_call || (!message.result && !message.error));
        must(!is_call ||
             !message.id == dw_slice_starts_with(message.method, DW_LIT("notifications/")));
        must(!method || method->name_in == DW_MCP_NAME_IN_NOWHERE ||
             method->name_in == DW_MCP_NAME_IN_LISTEN || message.name.len > 0);
    } else {
        must(error.code == DW_MALFORMED || error.code == DW_INVALID_JSONRPC ||
             error.code == DW_INVALID_PARAMS || error.code == DW_NO_MEMORY);
        must(dw_mcp_error(message.id, &error, DW_EMPTY, arena).ptr ||
             dw_arena_used_bytes(arena) > (4 << 20));
    }
    dw_arena_free(arena);
    return 0;
}
