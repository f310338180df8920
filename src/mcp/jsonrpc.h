/* One JSON-RPC message of MCP, decoded once, strictly: what the guard decides on and what is
 * forwarded are the same bytes (MCP 2026-07-28 basic; 2025-11-25 basic). Batches are refused. */
#ifndef DW_MCP_JSONRPC_H
#define DW_MCP_JSONRPC_H

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"

/* What a message is about, for the policy. */
enum dw_mcp_kind {
    DW_MCP_OTHER,
    DW_MCP_TOOL,
    DW_MCP_PROMPT,
    DW_MCP_RESOURCE,
    DW_MCP_RESOURCE_TEMPLATE,
    DW_MCP_TASK,
};

struct dw_mcp_method; /* method.h */

struct dw_mcp_message {
    const struct dw_json *document;
    struct dw_slice method;            /* empty: a response */
    const struct dw_mcp_method *known; /* its row; NULL: a method we do not know, or a response */
    const struct dw_json *id;          /* string or integer; NULL: a notification */
    const struct dw_json *params;      /* an object, or NULL */
    const struct dw_json *meta;        /* params._meta, or NULL */
    const struct dw_json *result;      /* a response's; or NULL */
    const struct dw_json *error;
    enum dw_mcp_kind kind;     /* by method and params, from mcp/methods.def */
    struct dw_slice name;      /* the tool, prompt, URI or task it is about; empty: none */
    struct dw_slices names;    /* subscriptions/listen: its resourceSubscriptions; kind RESOURCE */
    struct dw_slices task_ids; /* subscriptions/listen: its taskIds */
};

/* A request has an id, and only a request: a method "notifications/..." has none, every other one
 * must have it, so that nothing is run by a call nobody can answer. Fails with DW_MALFORMED (no
 * JSON), DW_INVALID_JSONRPC (batch, id null, ...), DW_INVALID_PARAMS (no name where the method
 * needs one) or DW_NO_MEMORY; ret_message->id is then set when it could be read. */
bool dw_must_check dw_mcp_message_parse(struct dw_slice body, struct dw_arena *arena,
                                        struct dw_mcp_message *ret_message,
                                        struct dw_error *reterr);
/* {"jsonrpc":"2.0","id":...,"error":{"code","message"[,"data"]}}; id NULL: without the member.
 * data: JSON, or empty. ptr NULL when memory is short. */
struct dw_slice dw_mcp_error(const struct dw_json *id, const struct dw_error *error,
                             struct dw_slice data, struct dw_arena *arena);

#endif
