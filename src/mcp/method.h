/* What is known about each MCP method: one table for the parser, the policy and the gateway. */
#ifndef DW_MCP_METHOD_H
#define DW_MCP_METHOD_H

#include "mcp/jsonrpc.h"
#include "mcp/version.h"

/* Where a request says what it is about. */
enum dw_mcp_name_in {
    DW_MCP_NAME_IN_NOWHERE,
    DW_MCP_NAME_IN_NAME,    /* params.name */
    DW_MCP_NAME_IN_URI,     /* params.uri */
    DW_MCP_NAME_IN_TASK_ID, /* params.taskId */
    DW_MCP_NAME_IN_REF,     /* params.ref.name or params.ref.uri */
    DW_MCP_NAME_IN_LISTEN,  /* params.notifications: resourceSubscriptions and taskIds */
};

struct dw_mcp_method {
    struct dw_slice name;
    enum dw_mcp_kind kind; /* of its name, or of the items of a list */
    enum dw_mcp_name_in name_in;
    enum dw_mcp_era era; /* which peers may use it; DW_MCP_ERA_ANY: both */
    bool is_for_every_session;
    bool is_list;
};

/* NULL: a method we do not know, such as an extension's. */
const struct dw_mcp_method *dw_mcp_method_find(struct dw_slice method);

/* Whether the message is one that every session needs, whatever its principal may do: the
 * handshake, discovery, ping, notifications, and answers to the server's own requests. */
bool dw_mcp_is_for_every_session(const struct dw_mcp_message *message);

#endif
