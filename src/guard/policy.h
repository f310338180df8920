/* The policy: rows that say which scopes an MCP operation needs. Default deny once a row exists;
 * with no row every valid token may do everything. */
#ifndef DW_GUARD_POLICY_H
#define DW_GUARD_POLICY_H

#include "base/error.h"
#include "base/slice.h"
#include "mcp/jsonrpc.h"

/* The first row whose globs all match decides. Rows that name a tool, prompt or resource match only
 * messages about such a thing. Messages that every session needs (initialize, notifications, ping,
 * server/discover, answers to the server's own requests) pass with any valid token unless a row
 * denies them; lists pass too and are filtered by the rows. So do messages about a task: whoever
 * asks the guard has found out first that the task is the principal's own. */
struct dw_policy_row {
    struct dw_slice name;   /* for logs; empty: "policy[3]" */
    struct dw_slice method; /* glob; empty: any */
    struct dw_slice tool;   /* glob on tools/call params.name */
    struct dw_slice prompt;
    struct dw_slice resource; /* glob on the URI */
    struct dw_slices all_scopes;
    struct dw_slices any_scopes;
    bool is_deny;
};

#endif
