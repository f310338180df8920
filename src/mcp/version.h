/* Protocol versions, and which of the two eras one HTTP request belongs to. "Legacy" peers open
 * with `initialize` and may have a session (up to 2025-11-25); "modern" ones carry everything in
 * each request (2026-07-28). */
#ifndef DW_MCP_VERSION_H
#define DW_MCP_VERSION_H

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"
#include "mcp/jsonrpc.h"

#define DW_MCP_VERSION_MODERN "2026-07-28"
#define DW_MCP_VERSION_LEGACY "2025-11-25"

/* Keys of params._meta (MCP 2026-07-28 basic). */
#define DW_MCP_META_VERSION "io.modelcontextprotocol/protocolVersion"
#define DW_MCP_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define DW_MCP_META_CLIENT_INFO "io.modelcontextprotocol/clientInfo"
#define DW_MCP_META_LOG_LEVEL "io.modelcontextprotocol/logLevel"
#define DW_MCP_META_SERVER_INFO "io.modelcontextprotocol/serverInfo"
#define DW_MCP_META_SUBSCRIPTION "io.modelcontextprotocol/subscriptionId"

enum dw_mcp_era {
    DW_MCP_ERA_ANY, /* of a version: we do not know it */
    DW_MCP_ERA_LEGACY,
    DW_MCP_ERA_MODERN,
};

/* Of "2025-11-25" and the like. */
enum dw_mcp_era dw_mcp_version_era(struct dw_slice version);

/* How one POST is to be served. */
enum dw_mcp_path {
    DW_MCP_PATH_REFUSED,
    DW_MCP_PATH_LEGACY_SESSION,     /* Mcp-Session-Id names a session */
    DW_MCP_PATH_LEGACY_HANDSHAKE,   /* initialize */
    DW_MCP_PATH_LEGACY_SESSIONLESS, /* neither: only servers without sessions take it */
    DW_MCP_PATH_MODERN,
};

struct dw_mcp_headers; /* header.h */

/* What an endpoint that serves both eras does with a POST (MCP 2026-07-28 versioning; the header
 * rules of streamable HTTP, "Request Metadata"). The body is the truth; headers must agree.
 *
 * headers           from dw_mcp_headers_read
 * session_is_known  whether Mcp-Session-Id names a live session of this principal
 * ret_data          the error's `data` as JSON in `arena` when there is any, else empty
 *
 * Fails with DW_UNKNOWN_SESSION, DW_HEADER_MISMATCH, DW_INVALID_META, DW_UNSUPPORTED_VERSION,
 * DW_METHOD_UNKNOWN, DW_INVALID_JSONRPC, DW_INVALID_PARAMS or DW_NO_MEMORY; *ret_path is then
 * DW_MCP_PATH_REFUSED. */
bool dw_must_check dw_mcp_dispatch(const struct dw_mcp_headers *headers,
                                   const struct dw_mcp_message *message, bool session_is_known,
                                   struct dw_arena *arena, enum dw_mcp_path *ret_path,
                                   struct dw_slice *ret_data, struct dw_error *reterr);

#endif
