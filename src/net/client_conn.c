/* One connection to an upstream: looking up, connecting, TLS, sending a request, taking its answer
 * apart, and being kept or closed. Every failure of the peer is found by reading. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "http/field.h"
#include "net/client_internal.h"

static void connect_next(struct dw_client_conn *conn);
static void start_exchange(struct dw_client_conn *conn);

/* ---- the end of a connection ---- */

static void free_conn(struct dw_client_conn *conn)
{
    if (conn->addresses)
        uv_freeaddrinfo(conn->addresses);
    dw_tls_session_free(conn->tls);
    dw_mem_free(conn->head);
    dw_mem_free(conn);
}

static void on_closed(uv_handle_t *handle)
{
    struct dw_client_conn *conn = handle->data;

    conn->has_handle = false;
    if (!conn->is_closing)
        connect_next(conn); /* the address before did not answer */
    else if (!conn->is_resolving)
        free_conn(conn);
}

void dw_client_conn_close(struct dw_client_conn *conn)
{
    struct dw_client *client = conn->client;

    if (conn->is_closing)
        return;
    if (conn->phase == DW_CLIENT_IDLE)
        dw_client_forget_idle(conn);
    conn->is_closing = true;
    conn->call = NULL;
    conn->client = NULL; /* it may be gone before we are */
    if (conn->next)
        conn->next->previous = conn->previous;
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        client->conns = conn->next;
    dw_deadline_remove(client->loop, &conn->deadline);
    dw_loop_undefer(&conn->deferred);
    if (conn->is_resolving)
        (void)uv_cancel((uv_req_t *)&conn->resolving);
    if (conn->has_handle) {
        if (!uv_is_closing(&conn->uv.handle))
            uv_close(&conn->uv.handle, on_closed);
    } else if (!conn->is_resolving) {
        free_conn(conn);
    }
}

/* Closes; the call, if there is one, is told why. status: of libuv, or 0. */
static void fail(struct dw_client_conn *conn, enum dw_code code, int status, const char *what)
{
    struct dw_upstream_call *call = conn->call;
    struct dw_upstream_handler handler;
    struct dw_error error;

    if (!call) {
        dw_client_conn_close(conn);
        return;
    }
    dw_fail_because(&error, code, status ? "libuv" : NULL, status, "%s: %s%s%s", call->client->name,
                    what, status ? ": " : "", status ? uv_strerror(status) : "");
    handler = call->handler;
    dw_client_conn_close(conn);
    dw_client_release(call);
    handler.on_error(handler.user, &error);
}

static bool is_idempotent(enum dw_http_method method)
{
    return method == DW_HTTP_GET || method == DW_HTTP_HEAD || method == DW_HTTP_OPTIONS ||
           method == DW_HTTP_PUT || method == DW_HTTP_DELETE;
}

/* Whether the peer cannot have acted upon the request. A reset says that it was not (all) read; so
 * does a TCP socket that a reset has closed after the peer's FIN. A plain end may also be that of a
 * server that died over this very request: a tool must not be called twice for that. */
static bool was_not_read(const struct dw_client_conn *conn, int status)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    uv_os_fd_t fd;

    if (status == UV_ECONNRESET || status == UV_EPIPE)
        return true;
    if (conn->client->is_unix || uv_fileno(&conn->uv.handle, &fd) != 0 ||
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return false;
    return info.tcpi_state == TCP_CLOSE;
}

/* The connection ended before the answer did. */
static void lose(struct dw_client_conn *conn, int status)
{
    struct dw_upstream_call *call = conn->call;
    struct dw_client *client = conn->client;

    if (!call || conn->phase != DW_CLIENT_HEAD || conn->has_answer || !conn->is_reused ||
        call->is_retry || (!is_idempotent(call->method) && !was_not_read(conn, status))) {
        fail(conn, DW_BAD_GATEWAY, status == UV_EOF ? 0 : status,
             conn->phase == DW_CLIENT_BODY ? "the connection ended before the answer did"
                                           : "the connection ended without an answer");
        return;
    }
    call->is_retry = true;
    conn->call = NULL;
    dw_client_conn_close(conn);
    if (!dw_client_conn_open(client, call)) {
        struct dw_upstream_handler handler = call->handler;
        struct dw_error error;

        dw_fail(&error, DW_NO_MEMORY, "out of memory");
        dw_client_release(call);
        handler.on_error(handler.user, &error);
    }
}

static void on_deferred(struct dw_deferred *deferred)
{
    struct dw_client_conn *conn =
        (struct dw_client_conn *)(void *)((char *)deferred -
                                          offsetof(struct dw_client_conn, deferred));

    fail(conn, DW_BAD_GATEWAY, conn->failure, "the request cannot be sent");
}

/* Nothing may be told inside dw_client_send. */
static void fail_later(struct dw_client_conn *conn, int status)
{
    conn->failure = status;
    dw_loop_defer(conn->client->loop, &conn->deferred, on_deferred);
}

static void on_deadline(struct dw_deadline *deadline)
{
    struct dw_client_conn *conn =
        (struct dw_client_conn *)(void *)((char *)deadline -
                                          offsetof(struct dw_client_conn, deadline));

    fail(conn, DW_GATEWAY_TIMEOUT, 0,
         conn->phase == DW_CLIENT_HEAD ? "no answer in time" : "no connection in time");
}

/* ---- writing ---- */

/* The rest of what one write(2) did not take. */
struct unsent {
    uv_write_t request;
    size_t len;
    char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    struct unsent *unsent = request->data;
    struct dw_client_conn *conn = request->handle->data;

    (void)status; /* reading tells */
    conn->unsent_bytes -= unsent->len;
    dw_mem_free(unsent);
}

static bool queue(struct dw_client_conn *conn, const uv_buf_t *parts, unsigned count, size_t skip)
{
    struct unsent *unsent;
    uv_buf_t bytes;
    size_t len = 0, at = 0;

    for (unsigned i = 0; i < count; i++)
        len += parts[i].len;
    len -= skip;
    unsent = dw_mem_alloc(sizeof *unsent + len);
    if (!unsent)
        return false;
    for (unsigned i = 0; i < count; i++) {
        size_t from = skip < parts[i].len ? skip : parts[i].len;

        skip -= from;
        if (parts[i].len > from)
            memcpy(unsent->bytes + at, parts[i].base + from, parts[i].len - from);
        at += parts[i].len - from;
    }
    unsent->len = len;
    unsent->request.data = unsent;
    bytes = uv_buf_init(unsent->bytes, (unsigned)len);
    if (uv_write(&unsent->request, &conn->uv.stream, &bytes, 1, on_written) != 0) {
        dw_mem_free(unsent);
        return false;
    }
    conn->unsent_bytes += len;
    return true;
}

/* One write(2) now; what it does not take is copied and sent when the socket is ready. */
static void write_parts(struct dw_client_conn *conn, const uv_buf_t *parts, unsigned count)
{
    size_t len = 0;
    int sent = conn->unsent_bytes ? UV_EAGAIN : uv_try_write(&conn->uv.stream, parts, count);

    for (unsigned i = 0; i < count; i++)
        len += parts[i].len;
    if (sent == UV_EPIPE || sent == UV_ECONNRESET)
        return; /* reading tells, and what the peer said before it closed may be an answer */
    if (sent < 0 && sent != UV_EAGAIN)
        fail_later(conn, sent);
    else if ((sent < 0 ? 0 : (size_t)sent) < len &&
             !queue(conn, parts, count, sent < 0 ? 0 : (size_t)sent))
        fail_later(conn, UV_ENOMEM);
}

static uv_buf_t part_of(struct dw_slice bytes)
{
    union {
        const char *readable;
        char *base;
    } same = {.readable = bytes.ptr}; /* libuv only reads it */

    return uv_buf_init(same.base, (unsigned)bytes.len);
}

static void flush_tls(struct dw_client_conn *conn)
{
    struct dw_slice bytes = dw_tls_unsent(conn->tls);
    uv_buf_t part = part_of(bytes);

    if (bytes.len == 0)
        return;
    write_parts(conn, &part, 1);
    dw_tls_sent(conn->tls, bytes.len);
}

/* ---- the answer ---- */

/* A connection that the server wants to close soon is closed by us a second before. */
static int64_t idle_ms(const struct dw_client *client, struct dw_http_fields fields)
{
    struct dw_slice list = dw_http_field(fields, "keep-alive"), element;
    int64_t seconds;

    while (list.ptr && dw_http_list_next(&list, &element))
        if (dw_slice_eat_nocase(&element, DW_LIT("timeout=")) &&
            dw_text_to_int(element, &seconds) && seconds >= 0 &&
            seconds < client->idle_timeout_ms / 1000 + 1)
            return seconds > 1 ? (seconds - 1) * 1000 : 0;
    return client->idle_timeout_ms;
}

/* The answer is complete: the connection is free before the caller is told, so that its next
 * request can use it. */
static void finish(struct dw_client_conn *conn, bool may_keep)
{
    struct dw_upstream_call *call = conn->call;
    struct dw_upstream_handler handler = call->handler;

    conn->call = NULL;
    dw_client_release(call);
    if (may_keep && conn->is_keep_alive && conn->idle_ms && conn->unsent_bytes == 0 &&
        conn->body.kind != DW_HTTP_BODY_UNTIL_CLOSE) {
        dw_mem_free(conn->head);
        conn->head = NULL;
        conn->head_len = 0;
        conn->is_reused = true;
        dw_client_conn_read(conn, true);
        dw_client_keep(conn);
    } else {
        dw_client_conn_close(conn);
    }
    handler.on_end(handler.user);
}

static void take_body(struct dw_client_conn *conn, struct dw_slice bytes)
{
    struct dw_upstream_call *call = conn->call;
    enum dw_http_step step;
    struct dw_slice data;
    struct dw_error error;

    do {
        step = dw_http_body_next(&conn->body, &bytes, &data, &error);
        if (step == DW_HTTP_FAILED) {
            fail(conn, DW_BAD_GATEWAY, 0, error.message);
            return;
        }
        if (data.len) {
            call->handler.on_body(call->handler.user, data);
            if (conn->call != call)
                return; /* cancelled */
        }
        if (step == DW_HTTP_DONE) {
            finish(conn, bytes.len == 0);
            return;
        }
    } while (data.len || bytes.len);
}

/* The head is not complete: keeps it, since the read buffer is everybody's. */
static bool save_head(struct dw_client_conn *conn, struct dw_slice bytes)
{
    char *head = conn->head;

    if (bytes.len && bytes.ptr >= head && head && bytes.ptr < head + conn->head_len) {
        memmove(head, bytes.ptr, bytes.len);
        conn->head_len = bytes.len;
        return true;
    }
    head = dw_mem_resize(head, conn->head_len + bytes.len);
    if (!head)
        return false;
    memcpy(head + conn->head_len, bytes.ptr, bytes.len);
    conn->head = head;
    conn->head_len += bytes.len;
    return true;
}

static enum dw_http_step parse_head(struct dw_client_conn *conn, struct dw_slice *bytes,
                                    struct dw_http_response_head *head, struct dw_error *error)
{
    struct dw_client *client = conn->client;
    struct dw_http_head_parser parser;
    enum dw_http_step step;
    size_t head_bytes;

    do {
        dw_http_head_init(&parser, client->room, DW_HTTP_MAX_FIELDS, 0);
        step = dw_http_parse_response(&parser, *bytes, head, &head_bytes, error);
        if (step == DW_HTTP_DONE)
            *bytes = dw_slice_sub(*bytes, head_bytes, bytes->len);
        /* 100, 103 and their like come before the answer (RFC 9110 15.2). We ask for no upgrade. */
    } while (step == DW_HTTP_DONE && head->status < 200 && head->status != 101);
    if (step == DW_HTTP_DONE && head->status == 101) {
        dw_fail(error, DW_BAD_GATEWAY, "an upgrade nobody asked for");
        return DW_HTTP_FAILED;
    }
    return step;
}

/* True: *bytes is the beginning of the body. */
static bool take_head(struct dw_client_conn *conn, struct dw_slice *bytes)
{
    struct dw_upstream_call *call = conn->call;
    struct dw_http_response_head head;
    struct dw_error error;

    if (conn->head_len) {
        if (!save_head(conn, *bytes)) {
            fail(conn, DW_NO_MEMORY, 0, "out of memory");
            return false;
        }
        *bytes = dw_slice_from(conn->head, conn->head_len);
    }
    switch (parse_head(conn, bytes, &head, &error)) {
    case DW_HTTP_FAILED:
        fail(conn, DW_BAD_GATEWAY, 0, error.message);
        return false;
    case DW_HTTP_MORE:
        if (bytes->len == 0)
            conn->head_len = 0;
        else if (bytes->ptr != conn->head && !save_head(conn, *bytes))
            fail(conn, DW_NO_MEMORY, 0, "out of memory");
        return false;
    case DW_HTTP_DONE:
        break;
    }
    dw_deadline_set(conn->client->loop, &conn->deadline, 0);
    dw_http_body_init_response(&conn->body, call->method, &head);
    conn->phase = DW_CLIENT_BODY;
    conn->is_keep_alive = head.is_keep_alive;
    conn->idle_ms = idle_ms(conn->client, head.fields);
    call->handler.on_head(call->handler.user, &head);
    return conn->call == call;
}

static void take_bytes(struct dw_client_conn *conn, struct dw_slice bytes)
{
    if (!conn->call) { /* idle, and the server talks on */
        dw_client_conn_close(conn);
        return;
    }
    conn->has_answer = true;
    if (conn->phase == DW_CLIENT_HEAD && !take_head(conn, &bytes))
        return;
    take_body(conn, bytes);
}

/* is_told: the end of a TLS connection was announced, so nobody cut it (RFC 8446 6.1). */
static void take_end(struct dw_client_conn *conn, bool is_told)
{
    if (conn->phase == DW_CLIENT_BODY && is_told && dw_http_body_close(&conn->body, NULL))
        finish(conn, false);
    else
        lose(conn, UV_EOF);
}

/* ---- reading ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct dw_client_conn *conn = handle->data;

    (void)suggested;
    *ret_room = uv_buf_init(conn->client->loop->read_buffer, (unsigned)DW_LOOP_READ_BYTES);
}

/* The read buffer's bytes are copied by dw_tls_take, so it can hold what comes out of them. */
static void take_tls_bytes(struct dw_client_conn *conn, struct dw_slice bytes)
{
    char *room = conn->client->loop->read_buffer;
    struct dw_error error;
    size_t len;

    if (!dw_tls_take(conn->tls, bytes)) {
        fail(conn, DW_NO_MEMORY, 0, "out of memory");
        return;
    }
    while (!conn->is_closing) {
        enum dw_tls_step step = dw_tls_read(conn->tls, room, DW_LOOP_READ_BYTES, &len, &error);

        flush_tls(conn);
        if (step == DW_TLS_FAILED) {
            fail(conn, DW_BAD_GATEWAY, 0, error.cause[0] ? error.cause : error.message);
            return;
        }
        if (conn->phase == DW_CLIENT_HANDSHAKE && dw_tls_is_ready(conn->tls))
            start_exchange(conn);
        if (step == DW_TLS_DONE)
            take_bytes(conn, dw_slice_from(room, len));
        else if (step == DW_TLS_CLOSED)
            take_end(conn, true);
        if (step != DW_TLS_DONE)
            return;
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *room)
{
    struct dw_client_conn *conn = stream->data;

    if (len == 0 || conn->is_closing)
        return;
    if (len == UV_EOF)
        take_end(conn, !conn->tls);
    else if (len < 0)
        lose(conn, (int)len);
    else if (conn->tls)
        take_tls_bytes(conn, dw_slice_from(room->base, (size_t)len));
    else
        take_bytes(conn, dw_slice_from(room->base, (size_t)len));
}

void dw_client_conn_read(struct dw_client_conn *conn, bool is_wanted)
{
    if (conn->is_closing || conn->phase < DW_CLIENT_IDLE || conn->is_reading == is_wanted)
        return;
    conn->is_reading = is_wanted;
    if (is_wanted)
        uv_read_start(&conn->uv.stream, on_room, on_read);
    else
        uv_read_stop(&conn->uv.stream);
}

/* ---- sending ---- */

void dw_client_conn_send(struct dw_client_conn *conn, struct dw_upstream_call *call,
                         struct dw_slice head)
{
    struct dw_client *client = conn->client;
    uv_buf_t parts[2];

    call->conn = conn;
    conn->call = call;
    conn->phase = DW_CLIENT_HEAD;
    conn->has_answer = false;
    dw_deadline_set(client->loop, &conn->deadline, client->answer_timeout_ms);
    if (conn->tls) {
        if (dw_tls_write(conn->tls, head) &&
            (call->body.len == 0 || dw_tls_write(conn->tls, call->body)))
            flush_tls(conn);
        else
            fail_later(conn, UV_EIO);
        return;
    }
    parts[0] = part_of(head);
    parts[1] = part_of(call->body);
    write_parts(conn, parts, call->body.len ? 2 : 1);
}

/* The connection stands. */
static void start_exchange(struct dw_client_conn *conn)
{
    struct dw_upstream_call *call = conn->call;
    struct dw_slice head;

    /* It was rendered once when the call was made, to see that it can be. */
    if (!dw_client_render(conn->client, call, &head, NULL)) {
        fail(conn, DW_INTERNAL, 0, "the request cannot be sent");
        return;
    }
    dw_client_conn_send(conn, call, head);
    if (call->is_paused)
        dw_client_conn_read(conn, false);
}

/* ---- connecting ---- */

static void on_connected(uv_connect_t *connecting, int status)
{
    struct dw_client_conn *conn = connecting->handle->data;
    struct dw_error error;

    if (conn->is_closing)
        return;
    if (status != 0) {
        conn->failure = status;
        uv_close(&conn->uv.handle, on_closed);
        return;
    }
    dw_metrics_add(dw_loop_metrics(conn->client->loop), DW_METRIC_UPSTREAM_CONNECTS, 1);
    conn->is_reading = true;
    uv_read_start(&conn->uv.stream, on_room, on_read);
    if (!conn->client->tls) {
        start_exchange(conn);
        return;
    }
    conn->phase = DW_CLIENT_HANDSHAKE;
    conn->tls = dw_tls_connect(conn->client->tls, conn->client->host);
    if (!conn->tls)
        fail(conn, DW_NO_MEMORY, 0, "out of memory");
    else if (dw_tls_handshake(conn->tls, &error) == DW_TLS_FAILED)
        fail(conn, DW_BAD_GATEWAY, 0, error.cause);
    else
        flush_tls(conn);
}

static const struct sockaddr *take_address(struct dw_client_conn *conn)
{
    const struct sockaddr *address;

    if (conn->client->has_address)
        return conn->failure ? NULL : (const struct sockaddr *)&conn->client->address;
    if (!conn->next_address)
        return NULL;
    address = conn->next_address->ai_addr;
    conn->next_address = conn->next_address->ai_next;
    return address;
}

static void connect_unix(struct dw_client_conn *conn)
{
    if (conn->failure) {
        fail(conn, DW_BAD_GATEWAY, conn->failure, "connecting");
        return;
    }
    uv_pipe_init(&conn->client->loop->uv, &conn->uv.pipe, 0);
    conn->uv.handle.data = conn;
    conn->has_handle = true;
    uv_pipe_connect(&conn->connecting, &conn->uv.pipe, conn->client->host, on_connected);
}

/* Tries the next address; there is no handle now. */
static void connect_next(struct dw_client_conn *conn)
{
    const struct sockaddr *address;
    int status;

    if (conn->client->is_unix) {
        connect_unix(conn);
        return;
    }
    address = take_address(conn);
    if (!address) {
        fail(conn, DW_BAD_GATEWAY, conn->failure, "connecting");
        return;
    }
    uv_tcp_init(&conn->client->loop->uv, &conn->uv.tcp);
    conn->uv.handle.data = conn;
    conn->has_handle = true;
    uv_tcp_nodelay(&conn->uv.tcp, 1);
    status = uv_tcp_connect(&conn->connecting, &conn->uv.tcp, address, on_connected);
    if (status != 0) {
        conn->failure = status;
        uv_close(&conn->uv.handle, on_closed);
    }
}

static void on_resolved(uv_getaddrinfo_t *resolving, int status, struct addrinfo *addresses)
{
    struct dw_client_conn *conn = resolving->data;

    conn->is_resolving = false;
    conn->addresses = conn->next_address = addresses;
    if (conn->is_closing)
        free_conn(conn);
    else if (status != 0)
        fail(conn, DW_BAD_GATEWAY, status, "looking up the address");
    else
        connect_next(conn);
}

static bool resolve(struct dw_client_conn *conn)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];

    snprintf(port, sizeof port, "%d", conn->client->port);
    conn->resolving.data = conn;
    conn->is_resolving = uv_getaddrinfo(&conn->client->loop->uv, &conn->resolving, on_resolved,
                                        conn->client->host, port, &hints) == 0;
    return conn->is_resolving;
}

struct dw_client_conn *dw_client_conn_open(struct dw_client *client, struct dw_upstream_call *call)
{
    struct dw_client_conn *conn = dw_mem_new(sizeof *conn);

    if (!conn)
        return NULL;
    conn->client = client;
    conn->call = call;
    call->conn = conn;
    conn->next = client->conns;
    if (client->conns)
        client->conns->previous = conn;
    client->conns = conn;
    dw_deadline_add(client->loop, &conn->deadline, on_deadline);
    dw_deadline_set(client->loop, &conn->deadline, client->connect_timeout_ms);
    if (client->is_unix || client->has_address) {
        connect_next(conn);
    } else if (!resolve(conn)) {
        conn->call = NULL;
        dw_client_conn_close(conn);
        return NULL;
    }
    return conn;
}
