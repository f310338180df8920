/* What listener.c, conn.c and exchange.c share: a connection with its one exchange at a time. A
 * connection without a request holds no buffers: those come from free lists of its loop. */
#ifndef DW_NET_SERVER_INTERNAL_H
#define DW_NET_SERVER_INTERNAL_H

#include "http/parse.h"
#include "net/net_internal.h"
#include "net/server.h"
#include "net/tls_internal.h"

#define DW_CONN_BLOCK_BYTES ((size_t)4096)
#define DW_CONN_WRITE_BYTES ((size_t)64 * 1024) /* room for a head, or for one flush over TLS */
#define DW_SERVER_KEPT_ARENAS 64
#define DW_CONN_PEER_SIZE 46 /* INET6_ADDRSTRLEN */

/* Bytes from the free list (size == DW_CONN_BLOCK_BYTES) or the heap. */
struct dw_bytes {
    char *ptr;
    size_t len, size;
};

/* What the connections of one loop share. */
struct dw_server_loop {
    struct dw_loop *loop;
    struct dw_conn *first_conn, *last_conn; /* the newest first */
    struct dw_free_block *free_blocks;
    size_t free_block_count;
    struct dw_arena *free_arenas[DW_SERVER_KEPT_ARENAS];
    size_t free_arena_count;
    struct dw_drainable drainable;
    struct dw_http_field room[DW_HTTP_MAX_FIELDS]; /* of the head that is being parsed */
    char write_buffer[DW_CONN_WRITE_BYTES];
};

enum dw_answer_phase {
    DW_ANSWER_NONE,
    DW_ANSWER_STREAMING,
    DW_ANSWER_ENDED, /* all of it is handed over; it may still wait to be sent */
};

struct dw_exchange {
    struct dw_conn *conn;       /* or NULL, and: */
    struct dw_outside *outside; /* outside.c: another HTTP server has read the request */
    struct dw_http_request request;
    struct dw_arena *arena; /* NULL: no request is being handled */
    struct dw_slice body;
    struct dw_bytes body_bytes; /* when it does not fit behind the head */
    void *user;
    void (*on_gone)(void *user, struct dw_exchange *exchange, bool is_complete);
    void (*on_drain)(void *user);
    void *on_drain_user;
    struct dw_note *first_note, **last_note;
    size_t note_count;
    uint64_t started_ns;
    int64_t announced_bytes; /* Content-Length of the answer; -1: none */
    int64_t answer_bytes;    /* of its body, handed over so far */
    int status;
    enum dw_answer_phase answer;
    bool is_chunked, has_no_body, keeps_alive, waits_for_drain;
    char trace_id[33], span_id[17]; /* empty until somebody asks */
};

enum dw_conn_phase {
    DW_CONN_HEAD,       /* between requests, or in a head */
    DW_CONN_BODY,       /* of a request */
    DW_CONN_ANSWERING,  /* the request is there, the answer is not all sent */
    DW_CONN_DISCARDING, /* answered early: the rest of the body is read and dropped */
    DW_CONN_LINGERING,  /* answered for the last time: read until the peer has seen it */
    DW_CONN_CLOSED,     /* memory goes when libuv has let go */
};

struct dw_conn {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    uv_write_t write;
    struct dw_server_loop *server;
    struct dw_listener *listener;
    struct dw_conn *next, **at; /* of server->first_conn */
    struct dw_deadline deadline;
    struct dw_deferred turn;
    struct dw_tls_session *tls; /* NULL: plain */
    struct dw_bytes in;         /* [0, used) is the request at hand, what follows is unread */
    size_t used;
    struct dw_http_body body;
    int64_t welcome_bytes; /* of the body at hand */
    int64_t body_began_ms;
    size_t lingered_bytes;
    struct dw_bytes flying;  /* with the kernel */
    struct dw_bytes waiting; /* to be sent after it, or at the end of the turn */
    size_t unsent_at_deadline;
    enum dw_conn_phase phase;
    bool is_reading, is_handling, is_held, is_loopback, is_body_read, has_sent_continue;
    bool is_writing;
    char peer[DW_CONN_PEER_SIZE];
    struct dw_kept kept;
    struct dw_exchange exchange;
};

/* ---- listener.c ---- */
const struct dw_listener_config *dw_listener_settings(const struct dw_listener *listener);
/* The connection is closed: it no longer counts. */
void dw_listener_forget(struct dw_listener *listener, const char *peer);
void dw_listeners_free(struct dw_net *net);

/* ---- conn.c ---- */
/* Takes over fd. False: out of memory, and fd is closed. */
bool dw_must_check dw_conn_open(struct dw_server_loop *server, struct dw_listener *listener, int fd,
                                bool is_unix, const char *peer, bool is_loopback);
void dw_conn_close(struct dw_conn *conn);
/* Closes the listener's connection that has waited longest for a request, or for the rest of its
 * head. False: there is none among those that are looked at. */
bool dw_conn_make_room(struct dw_server_loop *server, const struct dw_listener *listener);
/* Something was written, or the answer has ended: looks at it at the end of the turn. */
void dw_conn_schedule(struct dw_conn *conn);
/* Whether an early answer may keep the connection, although the body is not read. */
bool dw_conn_can_stay(const struct dw_conn *conn);

/* ---- conn_write.c ---- */
/* Sends, in one system call where the kernel takes it all; the rest is copied. False: the peer is
 * gone, and the connection is being closed. */
bool dw_conn_send(struct dw_conn *conn, const struct dw_slice *parts, size_t count);
/* The same, but may wait until the end of the turn to be sent with what follows. */
bool dw_conn_send_soon(struct dw_conn *conn, const struct dw_slice *parts, size_t count);
bool dw_conn_flush(struct dw_conn *conn);
size_t dw_conn_unsent_bytes(const struct dw_conn *conn);
/* Room for `size` more bytes, or false. */
bool dw_must_check dw_bytes_reserve(struct dw_server_loop *server, struct dw_bytes *bytes,
                                    size_t size);
void dw_bytes_release(struct dw_server_loop *server, struct dw_bytes *bytes);
/* The free list. */
void dw_blocks_free(struct dw_server_loop *server);

/* ---- exchange.c ---- */
/* False: out of memory. */
bool dw_must_check dw_exchange_begin(struct dw_conn *conn);
/* Log line, metrics, on_gone, memory. */
void dw_exchange_finish(struct dw_exchange *exchange, bool is_complete);
void dw_exchange_drained(struct dw_exchange *exchange);

/* ---- outside.c: the same for exchanges without a connection ---- */
struct dw_loop *dw_outside_loop(const struct dw_exchange *exchange);
struct dw_slice dw_outside_peer(const struct dw_exchange *exchange);
bool dw_outside_is_loopback(const struct dw_exchange *exchange);
struct dw_exchange *dw_outside_exchange(const struct dw_exchange *exchange);
void dw_outside_respond(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                        struct dw_slice body);
void dw_outside_start(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                      int64_t content_length);
bool dw_outside_write(struct dw_exchange *exchange, struct dw_slice bytes);
void dw_outside_end(struct dw_exchange *exchange);
void dw_outside_abort(struct dw_exchange *exchange);

#endif
