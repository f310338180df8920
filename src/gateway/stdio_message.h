/* Rewriting MCP messages between clients and a process that many of them may share: ids, progress
 * tokens and subscription ids become ours on the way in and theirs again on the way out. And
 * between the eras: a legacy process's answers as a 2026-07-28 peer expects them. Pure. */
#ifndef DW_GATEWAY_STDIO_MESSAGE_H
#define DW_GATEWAY_STDIO_MESSAGE_H

#include "mcp/jsonrpc.h"

/* A client's request as one line, with this id in place of the client's, also as progress token.
 * is_bridged: the _meta members that only 2026-07-28 knows are left out. Fails with DW_NO_MEMORY.
 */
bool dw_must_check dw_stdio_request_line(const struct dw_mcp_message *message, int64_t id,
                                         bool is_bridged, struct dw_arena *arena,
                                         struct dw_slice *ret_line, struct dw_error *reterr);
/* A notification or response as one line, as it is. */
bool dw_must_check dw_stdio_plain_line(const struct dw_mcp_message *message, struct dw_arena *arena,
                                       struct dw_slice *ret_line, struct dw_error *reterr);
/* notifications/cancelled for the request we gave this id. is_modern: with the _meta a 2026-07-28
 * process wants. ptr NULL: out of memory. */
struct dw_slice dw_stdio_cancel_line(int64_t id, bool is_modern, struct dw_arena *arena);

/* What a message of the process belongs to: the id we gave the request it answers, reports progress
 * of, or whose subscription it is about. False: to none. */
bool dw_stdio_related_id(const struct dw_mcp_message *message, int64_t *ret_id);

/* The client's own names for what it asked. Raw JSON; progress_token may be empty. */
struct dw_stdio_names {
    struct dw_slice client_id;
    struct dw_slice progress_token;
};

/* A message of the process with the client's names put back. */
bool dw_must_check dw_stdio_restore(const struct dw_mcp_message *message,
                                    const struct dw_stdio_names *names, struct dw_arena *arena,
                                    struct dw_slice *ret_message, struct dw_error *reterr);

/* The answer of a legacy process to a modern client's request: resultType, ttlMs and cacheScope
 * where they are required, serverInfo in _meta, errors without the codes 2026-07-28 took away.
 * server_info: raw JSON, or empty. */
bool dw_must_check dw_stdio_bridge_answer(const struct dw_mcp_message *message,
                                          struct dw_slice method, struct dw_slice client_id,
                                          struct dw_slice server_info, struct dw_arena *arena,
                                          struct dw_slice *ret_message, struct dw_error *reterr);
/* The answer to server/discover, made from a legacy process's InitializeResult. */
bool dw_must_check dw_stdio_bridge_discover(const struct dw_json *initialize_result,
                                            struct dw_slice client_id, struct dw_arena *arena,
                                            struct dw_slice *ret_message, struct dw_error *reterr);

/* A refusal of a request the process made to a client that takes none, or the answer to its ping.
 */
bool dw_must_check dw_stdio_answer_line(const struct dw_mcp_message *message,
                                        struct dw_arena *arena, struct dw_slice *ret_line,
                                        struct dw_error *reterr);

/* The id of an answer that was too long to be read, from its two ends: servers write it before the
 * result or after it. False: it is not there, or this is a request. */
bool dw_must_check dw_stdio_long_answer_id(struct dw_slice begin, struct dw_slice end,
                                           int64_t *ret_id);

#endif
