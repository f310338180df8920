/* Requests that some other HTTP server has read: they become exchanges like those of our own
 * connections (net/server.h), and their answers go back through callbacks. */
#ifndef DW_NET_OUTSIDE_H
#define DW_NET_OUTSIDE_H

#include "net/server.h"

struct dw_outside;

struct dw_outside_request {
    struct dw_slice method, target;
    struct dw_http_fields fields; /* with Host; framing (Content-Length and the like) is dropped */
    struct dw_slice body;
    struct dw_slice peer_address;
    bool is_loopback;
};

/* Called on the loop, one after the other: start, any number of writes, end. None of them may call
 * back into the exchange. */
struct dw_outside_answer {
    /* body_bytes -1: a stream, each write is to leave at once. */
    void (*start)(void *user, int status, struct dw_http_fields fields, int64_t body_bytes);
    /* False: the peer is gone. */
    bool (*write)(void *user, struct dw_slice bytes);
    /* is_complete false: the answer broke off, and the peer must see that. */
    void (*end)(void *user, bool is_complete);
    void *user;
};

/* Any thread. Everything is copied; the handler runs on the loop. NULL and *reterr, and nothing is
 * called, when the request is not HTTP (DW_MALFORMED and what http/parse.h names) or memory is
 * short. What is returned must be given back with dw_outside_leave, exactly once. */
struct dw_outside *dw_outside_enter(struct dw_loop *loop, const struct dw_handler *handler,
                                    const struct dw_outside_request *request,
                                    const struct dw_outside_answer *answer,
                                    struct dw_error *reterr) dw_must_check;
/* Any thread, also from within a callback: the end was seen, or the peer has left before. No
 * callback runs any more once it has returned, so hold no lock that a callback takes. */
void dw_outside_leave(struct dw_outside *outside);

#endif
