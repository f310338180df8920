/* Bring your own HTTP server: it reads requests and writes answers, the library decides what they
 * are. One request in, its answer out through callbacks; streams of events too.
 *
 *     dw_server_with_own_http(server);
 *     dw_server_with_public_url(server, "https://mcp.example.com/mcp");
 *     if (!dw_server_build(server, &error)) ...
 *     exchange = dw_server_handle(server, &request, &responder, &error);
 *
 * Hand over every request for the path of the public URL, and those under
 * /.well-known/oauth-protected-resource. See examples/own_event_loop.c. */
#ifndef DOORWARD_HTTP_H
#define DOORWARD_HTTP_H

#include <doorward/server.h>

DW_BEGIN_C

/* Requests come by dw_server_handle: nothing is listened on, no signal is handled. The library's
 * own thread is started by the first request and ended by dw_server_free. Without OAuth only
 * requests with is_loopback are answered, unless dw_server_without_auth was called. Needs
 * dw_server_with_public_url (or DOORWARD_PUBLIC_URL). */
DW_EXPORT void dw_server_with_own_http(struct dw_server *server);

struct dw_http_header {
    struct dw_slice name;
    struct dw_slice value;
};

struct dw_server_request {
    size_t size;                          /* sizeof(struct dw_server_request) */
    struct dw_slice method;               /* "POST" */
    struct dw_slice target;               /* "/mcp?x=1" */
    const struct dw_http_header *headers; /* with Host; those of framing are ignored */
    size_t header_count;
    struct dw_slice body;
    struct dw_slice peer_address; /* "192.0.2.7" */
    bool is_loopback;             /* the socket it came on is bound to loopback */
};

/* Called on the library's thread, one after the other for a request: start once, write any number
 * of times, end once. They must not block: copy, wake your own loop, return. */
struct dw_server_responder {
    size_t size; /* sizeof(struct dw_server_responder) */
    /* body_bytes: how long the body will be, or -1: a stream, whose writes are to leave at once.
     * Content-Length, Transfer-Encoding, Connection and Date are yours to add. */
    void (*start)(void *user, int status, const struct dw_http_header *headers, size_t header_count,
                  int64_t body_bytes);
    /* False: the peer is gone, or takes nothing any more. */
    bool (*write)(void *user, struct dw_slice bytes);
    /* is_complete false: the answer broke off; the peer must see that, so cut the connection. */
    void (*end)(void *user, bool is_complete);
    void *user;
};

struct dw_server_exchange;

/* Any thread; everything given is copied. What it returns goes back by dw_server_exchange_free,
 * exactly once, before dw_server_free. NULL when the request is not HTTP (DW_MALFORMED and the
 * like: answer 400) or memory is short: then no callback was and none will be called. */
DW_EXPORT_CHECKED struct dw_server_exchange *dw_server_handle(
    struct dw_server *server, const struct dw_server_request *request,
    const struct dw_server_responder *responder, struct dw_error *reterr);
/* Any thread, also in a callback: the answer has ended, or the peer has left before, and the call
 * is cancelled where the protocol says so. No callback runs any more once it has returned: hold no
 * lock that a callback takes. */
DW_EXPORT void dw_server_exchange_free(struct dw_server_exchange *exchange);

DW_END_C

#endif
