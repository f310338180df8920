/* Looks for the ids of tasks in what an MCP server answers, so that each can be bound to who made
 * it (SEP-2663 "authorization"; MCP 2025-11-25 tasks). Only looks: the bytes go on unchanged and
 * undelayed. The answer that makes a task is small; larger ones are passed over. */
#ifndef DW_GATEWAY_TASK_WATCH_H
#define DW_GATEWAY_TASK_WATCH_H

#include "base/error.h"
#include "mcp/jsonrpc.h"

#define DW_TASK_ANSWER_MAX_BYTES ((size_t)64 * 1024)

/* Whether the answer to this request may be a task: its sender said that it can take one. */
bool dw_task_may_come(const struct dw_mcp_message *message);
/* The id of the task that this JSON-RPC message says was made; empty: it says no such thing. */
struct dw_slice dw_task_made_by(struct dw_slice message, struct dw_arena *arena);

/* One answer: a JSON body, or a stream of server-sent events. */
struct dw_task_watch;
struct dw_task_watch *dw_task_watch_new(bool is_stream,
                                        void (*found)(void *user, struct dw_slice task_id),
                                        void *user, struct dw_error *reterr) dw_must_check;
void dw_task_watch_free(struct dw_task_watch *watch);
/* Bytes of the answer, before they are passed on; then the end of it. Call `found`. */
void dw_task_watch_feed(struct dw_task_watch *watch, struct dw_slice bytes);
void dw_task_watch_end(struct dw_task_watch *watch);

#endif
