/* The HTTP/1.1 server on the loops: listeners, connections, and one exchange (a request and its
 * answer) as handlers see it. Handlers never block; work that does goes through net/job.h. */
#ifndef DW_NET_SERVER_H
#define DW_NET_SERVER_H

#include "base/arena.h"
#include "http/message.h"
#include "net/loop.h"

struct dw_server_tls;
struct dw_exchange;
struct dw_listener;

struct dw_listener_limits {
    int64_t head_timeout_ms;            /* first byte to end of head; default 10,000 */
    int64_t body_timeout_ms;            /* for the first 512 bytes of a body, and for
                                         * each read; a second more for each 512; default 30,000 */
    int64_t idle_timeout_ms;            /* between two requests; default 75,000 */
    int64_t write_timeout_ms;           /* a peer that takes no bytes; default 60,000 */
    size_t max_head_bytes;              /* default and most: DW_HTTP_MAX_HEAD_BYTES */
    size_t max_connections;             /* a listener; default 10,000; then idle ones give way */
    size_t max_connections_per_address; /* default 0: no limit */
};

struct dw_handler {
    /* After the head. Returns how many bytes of body are welcome (more: 413 and close); or answers
     * at once with dw_exchange_respond*, then the return value does not matter, on_request is not
     * called, and the body is read and dropped (a large one: the connection ends). NULL: 1 MiB. */
    size_t (*on_head)(void *user, struct dw_exchange *exchange);
    /* After the whole body; answer now or later, from the same loop. */
    void (*on_request)(void *user, struct dw_exchange *exchange);
    void *user;
};

struct dw_listener_config {
    size_t size;
    struct dw_slice address; /* "127.0.0.1:8420", "[::1]:0", "unix:/path", ":8420" */
    struct dw_handler handler;
    struct dw_listener_limits limits;
    struct dw_server_tls *tls; /* NULL: plain. Borrowed */
    const char *log_event;     /* "http_request"; NULL: no line a request */
};

/* Binds on every loop (SO_REUSEPORT; a unix socket on loop 0). Before dw_net_run. Fails with DW_IO:
 * "127.0.0.1:8420 is in use by another program" and the like. */
struct dw_listener *dw_listener_open(struct dw_net *net, const struct dw_listener_config *config,
                                     struct dw_error *reterr) dw_must_check;
/* The port it got, when 0 was asked for. */
int dw_listener_port(const struct dw_listener *listener);

/* Certificate chain and key, PEM files, TLS 1.2 and 1.3. Reloaded by dw_server_tls_reload, which
 * keeps the old pair when the new one is bad. A listener does so at each SIGHUP and logs
 * the outcome. */
struct dw_server_tls *dw_server_tls_open(const char *certificate_file, const char *key_file,
                                         struct dw_error *reterr) dw_must_check;
bool dw_must_check dw_server_tls_reload(struct dw_server_tls *tls, struct dw_error *reterr);
void dw_server_tls_free(struct dw_server_tls *tls);

/* Certificates that are made while serving, by the name a client asks for: development. */
struct dw_certificate {
    struct dw_slice certificate_pem;
    struct dw_secret key_pem;
    int64_t renew_at_s; /* when the next one should be made */
};

struct dw_certificate_source {
    /* host  in lower case, as the client wrote it (it may be anything); empty: it named none.
     * Any loop, one at a time; fast. False: not for that name. */
    bool (*issue)(void *user, struct dw_slice host, struct dw_arena *arena,
                  struct dw_certificate *ret_certificate, struct dw_error *reterr);
    void *user;
};

/* At most 64 names are kept. Fails when there is no certificate for the empty host. */
struct dw_server_tls *dw_server_tls_open_issuing(const struct dw_certificate_source *source,
                                                 struct dw_error *reterr) dw_must_check;

/* ---- what a handler sees ---- */
const struct dw_http_request *dw_exchange_request(const struct dw_exchange *exchange);
struct dw_slice dw_exchange_body(const struct dw_exchange *exchange); /* from on_request on */
/* Lives until the answer is written; at most 8 MiB over the body. */
struct dw_arena *dw_exchange_arena(struct dw_exchange *exchange);
struct dw_loop *dw_exchange_loop(const struct dw_exchange *exchange);
/* "192.0.2.7", without port; "unix" for a unix socket. */
struct dw_slice dw_exchange_peer_address(const struct dw_exchange *exchange);
/* Whether the accepted socket's own address is loopback (or unix): for the Host check. */
bool dw_exchange_is_loopback(const struct dw_exchange *exchange);
bool dw_exchange_is_tls(const struct dw_exchange *exchange);
/* 32 hex digits, from traceparent (W3C) or made; and this hop's 16-digit span id. */
struct dw_slice dw_exchange_trace_id(const struct dw_exchange *exchange);
struct dw_slice dw_exchange_span_id(const struct dw_exchange *exchange);
/* A handler's own state; `on_gone` runs exactly once: after the answer is written, or when the peer
 * leaves before (is_complete tells which). Notes may still be added in it; after it the exchange
 * must not be touched. It never runs inside another dw_exchange_* call, but at the end of the turn;
 * until then all calls are safe and do nothing. A peer that closes its sending half counts as gone
 * (a modern MCP client cancels that way). */
void dw_exchange_set_user(struct dw_exchange *exchange, void *user,
                          void (*on_gone)(void *user, struct dw_exchange *exchange,
                                          bool is_complete));
void *dw_exchange_user(const struct dw_exchange *exchange);
/* What a handler keeps with the connection from one request to the next. NULL: there is none
 * (another HTTP server has it). */
struct dw_kept {
    void *memory;               /* NULL: nothing */
    void (*free)(void *memory); /* when the connection ends */
};
struct dw_kept *dw_exchange_kept(struct dw_exchange *exchange);
/* Adds to this request's log line; the name is a literal, the value is copied to the arena. */
void dw_exchange_note(struct dw_exchange *exchange, const char *name, struct dw_slice value);
void dw_exchange_note_int(struct dw_exchange *exchange, const char *name, int64_t value);

/* The whole answer. Content-Length, Date, Connection are added here. Bytes are copied or written
 * before it returns. */
void dw_exchange_respond(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                         struct dw_slice body);
/* {"error","error_description"} or, with is_jsonrpc, a JSON-RPC error without id; by the table. */
void dw_exchange_respond_error(struct dw_exchange *exchange, const struct dw_error *error);

/* A streamed answer: start, write as often as needed, end. content_length -1: chunked (or, to an
 * HTTP/1.0 peer, closed at the end). Each write goes out at once. */
void dw_exchange_start(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                       int64_t content_length);
/* False when the peer is gone or unsent bytes exceed 1 MiB: wait for on_drain. (The bytes are taken
 * all the same; over 8 MiB the connection is cut.) */
bool dw_exchange_write(struct dw_exchange *exchange, struct dw_slice bytes);
void dw_exchange_end(struct dw_exchange *exchange);
/* Cuts the connection without ending the body: the peer must see that it is incomplete. */
void dw_exchange_abort(struct dw_exchange *exchange);
void dw_exchange_on_drain(struct dw_exchange *exchange, void (*on_drain)(void *user), void *user);
size_t dw_exchange_unsent_bytes(const struct dw_exchange *exchange);
bool dw_exchange_has_started(const struct dw_exchange *exchange);

#endif
