/* What client.c (calls and the pool) and client_conn.c (one connection) share. */
#ifndef DW_NET_CLIENT_INTERNAL_H
#define DW_NET_CLIENT_INTERNAL_H

#include "http/parse.h"
#include "net/client.h"
#include "net/net_internal.h"
#include "net/tls_internal.h"

struct dw_client_conn;

struct dw_client {
    struct dw_loop *loop;
    struct dw_client_tls *tls; /* NULL: plain */
    char *host;                /* a name, an address without brackets, or the path of a socket */
    char *name;                /* for messages: "127.0.0.1:3000" */
    struct dw_slice host_line; /* "Host: ...\r\n" */
    struct dw_slice path;
    struct dw_arena *arena; /* the texts above */
    int port;
    bool is_unix;
    bool has_address; /* host is an address: nothing to look up */
    struct sockaddr_storage address;
    size_t max_idle;
    int64_t connect_timeout_ms, answer_timeout_ms, idle_timeout_ms;
    struct dw_client_conn *conns;  /* all that are open */
    struct dw_client_conn *newest; /* the idle ones, the last used first */
    size_t idle_count;
    struct dw_upstream_call *free_calls;
    size_t free_call_count;
    /* One answer's head is parsed and one request's written at a time. */
    struct dw_http_field room[DW_HTTP_MAX_FIELDS];
    char head[DW_HTTP_MAX_HEAD_BYTES];
};

struct dw_upstream_call {
    struct dw_client *client;
    struct dw_client_conn *conn;
    struct dw_upstream_call *next; /* in free_calls */
    struct dw_upstream_handler handler;
    enum dw_http_method method;
    struct dw_slice target;
    struct dw_http_fields fields;
    struct dw_slice body;
    bool is_retry;
    bool is_paused;
};

enum dw_client_phase {
    DW_CLIENT_CONNECTING, /* also looking up the name */
    DW_CLIENT_HANDSHAKE,  /* TLS */
    DW_CLIENT_IDLE,
    DW_CLIENT_HEAD, /* the request is sent, or on its way */
    DW_CLIENT_BODY,
};

struct dw_client_conn {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    uv_connect_t connecting;
    uv_getaddrinfo_t resolving;
    struct addrinfo *addresses, *next_address;
    struct dw_client *client;
    struct dw_upstream_call *call;          /* NULL: idle or closing */
    struct dw_client_conn *next, *previous; /* in client->conns */
    struct dw_client_conn *older, *newer;   /* while idle */
    struct dw_deadline deadline;
    struct dw_deferred deferred;
    struct dw_tls_session *tls;
    struct dw_http_body body;
    char *head; /* of an answer whose head came in parts */
    size_t head_len;
    size_t unsent_bytes; /* in libuv's queue */
    int64_t idle_ms;     /* how long it may be kept */
    int failure;         /* of libuv, to be told at the end of the turn */
    enum dw_client_phase phase;
    bool is_closing;
    bool is_resolving;
    bool has_handle;
    bool is_reading;
    bool is_reused;  /* it has served a call before this one */
    bool has_answer; /* a byte of it */
    bool is_keep_alive;
};

/* ---- client_conn.c ---- */
/* A new connection that sends the call's request when it is ready. NULL: out of memory. */
struct dw_client_conn *dw_client_conn_open(struct dw_client *client,
                                           struct dw_upstream_call *call) dw_must_check;
/* Sends on a connection that is ready and not in the pool (any more). */
void dw_client_conn_send(struct dw_client_conn *conn, struct dw_upstream_call *call,
                         struct dw_slice head);
/* Tells nobody. */
void dw_client_conn_close(struct dw_client_conn *conn);
void dw_client_conn_read(struct dw_client_conn *conn, bool is_wanted);

/* ---- client.c ---- */
bool dw_must_check dw_client_render(struct dw_client *client, const struct dw_upstream_call *call,
                                    struct dw_slice *ret_head, struct dw_error *reterr);
/* The call is over: its memory may be used again. */
void dw_client_release(struct dw_upstream_call *call);
/* Takes an idle connection into the pool, or closes it when the pool is full. */
void dw_client_keep(struct dw_client_conn *conn);
void dw_client_forget_idle(struct dw_client_conn *conn);

#endif
