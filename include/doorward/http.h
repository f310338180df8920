/* Bring your own HTTP server: one request in, its answer out through callbacks. */
#ifndef DOORWARD_HTTP_H
#define DOORWARD_HTTP_H

#include <doorward/server.h>

DW_BEGIN_C

struct dw_http_header {
    struct dw_slice name;
    struct dw_slice value;
};

struct dw_server_request {
    size_t size;                          /* sizeof(struct dw_server_request) */
    struct dw_slice method;               /* "POST" */
    struct dw_slice target;               /* "/mcp?x=1" */
    const struct dw_http_header *headers; /* with Host */
    size_t header_count;
    struct dw_slice body;
    struct dw_slice peer_address; /* "192.0.2.7" */
    bool is_loopback;             /* the socket it came on is bound to loopback */
};

/* Called on any thread, one after the other for a request: start once, write any number of times,
 * end once. write returns false when the peer is gone. */
struct dw_server_responder {
    size_t size;
    void (*start)(void *user, int status, const struct dw_http_header *headers,
                  size_t header_count);
    bool (*write)(void *user, struct dw_slice bytes);
    void (*end)(void *user);
    void *user;
};

struct dw_server_exchange;

/* Any thread; everything given is copied. The server must be built (dw_server_build) and is not to
 * be served as well. Returns a handle for dw_server_abandon, valid until end was called; NULL when
 * the answer is already complete. */
DW_EXPORT struct dw_server_exchange *dw_server_handle(struct dw_server *server,
                                                      const struct dw_server_request *request,
                                                      const struct dw_server_responder *responder);
/* The peer has left: nothing is written any more, the call is cancelled where the protocol says so.
 */
DW_EXPORT void dw_server_abandon(struct dw_server_exchange *exchange);

DW_END_C

#endif
