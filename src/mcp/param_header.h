/* Arguments of a tool that are mirrored in header fields, Mcp-Param-NAME, where the input schema
 * has "x-mcp-header" (MCP 2026-07-28 streamable HTTP, "Custom Headers from Tool Parameters"). */
#ifndef DW_MCP_PARAM_HEADER_H
#define DW_MCP_PARAM_HEADER_H

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"
#include "json/json.h"

#define DW_MCP_MAX_PARAM_HEADERS 64 /* of one tool */

/* Whether the annotations of the schema are allowed: a token, each name once, on strings, integers
 * and booleans, in reach through "properties" alone. Fails with DW_CONFIG. */
bool dw_must_check dw_mcp_param_headers_check(const struct dw_json *schema, bool *ret_has_any,
                                              struct dw_error *reterr);
/* Each annotated argument has its field and is equal to it; one that is absent or null has none.
 * Fields that no annotation names are ignored. Fails with DW_HEADER_MISMATCH or DW_NO_MEMORY. */
bool dw_must_check dw_mcp_param_headers_agree(struct dw_http_fields fields,
                                              const struct dw_json *schema,
                                              const struct dw_json *arguments,
                                              struct dw_arena *arena, struct dw_error *reterr);

#endif
