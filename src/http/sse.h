/* Server-sent events (WHATWG HTML 9.2, text/event-stream): writing and reading. */
#ifndef DW_HTTP_SSE_H
#define DW_HTTP_SSE_H

#include "base/buf.h"
#include "http/parse.h"

struct dw_sse_event {
    struct dw_slice type; /* empty: "message" */
    struct dw_slice data; /* lines joined by LF */
    struct dw_slice id;   /* the id field of this event; see has_id */
    bool has_id;
    int64_t retry_ms; /* -1: none */
};

/* Appends an event and its empty line. Every line of `data` gets its own "data:" (CR LF, CR and LF
 * all end a line). A type or id with CR, LF or NUL makes the buffer fail. */
void dw_sse_write(struct dw_buf *buf, const struct dw_sse_event *event);
/* A comment line, to keep the connection alive. */
#define DW_SSE_COMMENT DW_LIT(":\n\n")

struct dw_sse_parser;

/* max_event_bytes  of one event with all its lines. NULL: out of memory. */
struct dw_sse_parser *dw_sse_parser_new(size_t max_event_bytes) dw_must_check;
void dw_sse_parser_free(struct dw_sse_parser *parser);
/* Takes bytes off the front of *bytes up to the end of the next event.
 *
 * DW_HTTP_DONE    *ret_event; its views live until the next call
 * DW_HTTP_MORE    *bytes is used up
 * DW_HTTP_FAILED  DW_TOO_LARGE or DW_NO_MEMORY
 *
 * Events without data are not returned unless they have an id or a retry (a priming event). An
 * event that the stream ends in is dropped, as the standard says. */
enum dw_http_step dw_sse_next(struct dw_sse_parser *parser, struct dw_slice *bytes,
                              struct dw_sse_event *ret_event,
                              struct dw_error *reterr) dw_must_check;

#endif
