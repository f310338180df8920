/* The MCP fields of an HTTP request: read once, decoded, and compared with the body (MCP 2026-07-28
 * streamable HTTP, "Request Metadata"; SEP-2243). */
#ifndef DW_MCP_HEADER_H
#define DW_MCP_HEADER_H

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"
#include "mcp/jsonrpc.h"

#define DW_MCP_MAX_SESSION_ID_BYTES 256

/* As sent; ptr NULL: the field is absent. */
struct dw_mcp_headers {
    struct dw_slice protocol_version;
    struct dw_slice session_id;
    struct dw_slice method;
    struct dw_slice name;
};

/* Fails with DW_HEADER_MISMATCH when one of them comes twice, or the session id is not 1 to
 * DW_MCP_MAX_SESSION_ID_BYTES visible ASCII characters. */
bool dw_must_check dw_mcp_headers_read(struct dw_http_fields fields,
                                       struct dw_mcp_headers *ret_headers, struct dw_error *reterr);

/* "=?base64?aGk=?=" becomes "hi"; anything without exactly that prefix and suffix is itself. Fails
 * with DW_HEADER_MISMATCH when the base64 is not strict or not UTF-8, or DW_NO_MEMORY. */
bool dw_must_check dw_mcp_header_decode(struct dw_slice value, struct dw_arena *arena,
                                        struct dw_slice *ret_value, struct dw_error *reterr);

/* Mcp-Method and Mcp-Name of a modern message: there when the method needs them, equal to the body
 * when there. Fails with DW_HEADER_MISMATCH or DW_NO_MEMORY. */
bool dw_must_check dw_mcp_headers_agree(const struct dw_mcp_headers *headers,
                                        const struct dw_mcp_message *message,
                                        struct dw_arena *arena, struct dw_error *reterr);

#endif
