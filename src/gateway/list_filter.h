/* Lists (tools, prompts, resources, templates, tasks) without what the principal may not use: "MAY
 * vary by the authorization presented" (MCP tools). Pure; knows nothing of the guard but one
 * question. */
#ifndef DW_GATEWAY_LIST_FILTER_H
#define DW_GATEWAY_LIST_FILTER_H

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"
#include "mcp/method.h"

#define DW_LIST_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct dw_list_filter {
    /* One with is_list; or NULL for a stream that may bring any answer again (a legacy GET with
     * Last-Event-ID): then every result that has a list is filtered. */
    const struct dw_mcp_method *method;
    bool is_modern; /* then the result says cacheScope "private" */
    bool (*may_see)(void *user, enum dw_mcp_kind kind, struct dw_slice name);
    void *user;
};

/* One JSON-RPC message. Answers with a result lose the items that may not be seen, and items
 * without a name; errors, notifications and requests stay as they are, byte for byte. Fails with
 * DW_BAD_GATEWAY when the message is not one we understand: what cannot be filtered is not sent. */
bool dw_must_check dw_list_filter_message(const struct dw_list_filter *filter,
                                          struct dw_slice message, struct dw_arena *arena,
                                          struct dw_slice *ret_message, struct dw_error *reterr);

/* A stream of server-sent events, each event's data being such a message. */
struct dw_list_stream;

struct dw_list_stream *dw_list_stream_new(const struct dw_list_filter *filter,
                                          struct dw_error *reterr) dw_must_check;
void dw_list_stream_free(struct dw_list_stream *stream);
/* ret_bytes: the events that became complete with these bytes; lives until the next call. Fails
 * with DW_BAD_GATEWAY; the stream must then be cut. */
bool dw_must_check dw_list_stream_feed(struct dw_list_stream *stream, struct dw_slice bytes,
                                       struct dw_slice *ret_bytes, struct dw_error *reterr);

#endif
