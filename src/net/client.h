/* The HTTP/1.1 client of the data plane: one upstream, a keep-alive pool a loop, bodies streamed as
 * they come. For control-plane fetches (JWKS, discovery) see net/fetch.h. */
#ifndef DW_NET_CLIENT_H
#define DW_NET_CLIENT_H

#include "http/message.h"
#include "net/loop.h"

struct dw_client; /* one upstream on one loop */
struct dw_upstream_call;

struct dw_client_config {
    size_t size;
    struct dw_slice url;        /* http://host:port/path, https://..., unix:/path[:/http/path] */
    size_t max_idle;            /* kept connections a loop; default 64 */
    int64_t connect_timeout_ms; /* default 5,000 */
    int64_t answer_timeout_ms;  /* to the first byte; 0: none; default 0 */
    int64_t idle_timeout_ms;    /* kept connections; default 30,000 */
    const char *ca_file;        /* NULL: the system's */
};

struct dw_client *dw_client_new(struct dw_loop *loop, const struct dw_client_config *config,
                                struct dw_error *reterr) dw_must_check;
void dw_client_free(struct dw_client *client);
/* The path of the URL, "/" when it has none. */
struct dw_slice dw_client_path(const struct dw_client *client);

struct dw_upstream_handler {
    void (*on_head)(void *user, const struct dw_http_response_head *head);
    void (*on_body)(void *user, struct dw_slice bytes); /* as it comes, de-chunked */
    void (*on_end)(void *user);
    /* Instead of on_end: DW_BAD_GATEWAY or DW_GATEWAY_TIMEOUT. Nothing follows it. */
    void (*on_error)(void *user, const struct dw_error *error);
    void *user;
};

/* Sends a request; Host, Content-Length and Connection are added here. The bytes of target, fields
 * and body must live until on_head or on_error. A kept connection that turns out to be closed
 * before any answer byte is retried once on a fresh one, if the server cannot have acted upon the
 * request: it was reset unread, or the method is idempotent (RFC 9110 9.2.2). Fields that say how
 * messages are framed (Host, Content-Length, Transfer-Encoding, Connection) are left out of
 * `fields`. NULL: *reterr, DW_NO_MEMORY, DW_HEADER_TOO_LARGE or DW_INTERNAL (a target or field that
 * must not be sent). No callback runs before this returns. */
struct dw_upstream_call *dw_client_send(struct dw_client *client, enum dw_http_method method,
                                        struct dw_slice target, struct dw_http_fields fields,
                                        struct dw_slice body,
                                        const struct dw_upstream_handler *handler,
                                        struct dw_error *reterr) dw_must_check;
/* No callback runs after it; the connection is closed. Not after on_end or on_error. */
void dw_upstream_call_cancel(struct dw_upstream_call *call);
/* Back-pressure: stop and resume reading the answer. What is read already still comes. */
void dw_upstream_call_pause(struct dw_upstream_call *call);
void dw_upstream_call_resume(struct dw_upstream_call *call);

#endif
