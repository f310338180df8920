/* The table of MCP methods and the questions asked of it. */
#include "mcp/method.h"

static const struct dw_mcp_method methods[] = {
#define X(method, kind, name_in, era, is_for_every_session, is_list)                               \
    {{method, sizeof(method) - 1}, DW_MCP_##kind, DW_MCP_NAME_IN_##name_in, DW_MCP_ERA_##era,      \
     is_for_every_session,         is_list},
#include "mcp/methods.def"
#undef X
};

const struct dw_mcp_method *dw_mcp_method_find(struct dw_slice method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (dw_slice_eq(methods[i].name, method))
            return &methods[i];
    return NULL;
}

bool dw_mcp_is_for_every_session(const struct dw_mcp_message *message)
{
    if (message->method.len == 0) /* an answer to the server's own request */
        return true;
    if (!message->id) /* only notifications have none */
        return true;
    return message->known && message->known->is_for_every_session;
}
