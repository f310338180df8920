/* The HTTP transport's own memory; only for http*.c. */
#ifndef DW_SDK_HTTP_INTERNAL_H
#define DW_SDK_HTTP_INTERNAL_H

#include "guard/origin.h"
#include "net/server.h"
#include "sdk/sdk_internal.h"

#define DW_SDK_ANSWER_FIELDS (DW_CORS_FIELDS + 6)

struct dw_http {
    struct dw_server *server;
    struct dw_arena *arena;
    struct dw_origin_rules origin;
    struct dw_slice public_url, path;
    struct dw_listener *listener;
    struct dw_stream *first_stream; /* answers under way: calls that run, open SSE streams */
};

/* One answer under way: a POST's, or the standalone stream of a session. A POST's lives in its
 * call's arena, a standalone one on the heap. */
struct dw_stream {
    struct dw_http *http;
    struct dw_exchange *exchange; /* NULL: the peer is gone, or was told to come back */
    struct dw_call *call;         /* NULL: the standalone stream */
    struct dw_session *session;   /* for the event log; NULL: modern */
    int64_t number;               /* in the session; 0: standalone */
    int64_t expires_at_s;         /* standalone: the token that opened it; 0: it needed none */
    int64_t came_at_ms;           /* a POST's */
    bool is_sse;                  /* the answer has begun as a stream of events */
    bool is_new_session;          /* the answer tells the session's id */
    bool is_in_list;
    struct dw_stream *next, *previous;
};

/* ---- http_stream.c ---- */

/* The outlet of a call that came in this exchange. NULL: out of memory. */
struct dw_stream *dw_stream_new(struct dw_http *http, struct dw_exchange *exchange,
                                struct dw_call *call) dw_must_check;
/* GET: the session's stream, or the rest of one that was interrupted (Last-Event-ID).
 * expires_at_s: of the caller's token; 0: none was needed. */
void dw_stream_open(struct dw_http *http, struct dw_exchange *exchange, struct dw_session *session,
                    int64_t expires_at_s);
/* Ends the standalone streams whose token is over: their clients come back with a new one. */
void dw_streams_expire(struct dw_http *http, int64_t now_s);
/* Comments on quiet streams, so that nobody on the way takes them for dead. */
void dw_streams_keep_alive(struct dw_http *http);

/* ---- http.c ---- */

/* What answers each request, wherever it was read. */
struct dw_handler dw_http_handler(struct dw_http *http);

#endif
