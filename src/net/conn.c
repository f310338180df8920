/* One connection: bytes in, the phases of its requests one after the other, deadlines, the end.
 * How bytes leave is in conn_write.c, what handlers call in exchange.c. */
#include "net/server_internal.h"

#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_WELCOME_BYTES ((int64_t)1024 * 1024)
#define FIRST_BODY_BYTES ((int64_t)64 * 1024)
#define CHUNK_ROOM_BYTES 1024              /* behind a head, for raw chunks to be read into */
#define DISCARD_BYTES ((int64_t)64 * 1024) /* of a body nobody wants, to keep the connection */
#define SLOWEST_BODY_BYTES_PER_S 512
#define LINGER_BYTES ((size_t)1024 * 1024)
#define LINGER_MS 2000
#define MOST_LOOKED_AT 256 /* to find one to close, when there are too many */

static void start_reading(struct dw_conn *conn);

static const struct dw_listener_limits *limits_of(const struct dw_conn *conn)
{
    return &dw_listener_settings(conn->listener)->limits;
}

static void set_deadline(struct dw_conn *conn, int64_t after_ms)
{
    dw_deadline_set(conn->server->loop, &conn->deadline, after_ms);
}

/* ---- the end ---- */

static void release_hold(struct dw_conn *conn)
{
    if (conn->is_held)
        dw_loop_release(conn->server->loop);
    conn->is_held = false;
}

static void list_first(struct dw_conn *conn)
{
    struct dw_server_loop *server = conn->server;

    conn->next = server->first_conn;
    conn->at = &server->first_conn;
    if (conn->next)
        conn->next->at = &conn->next;
    else
        server->last_conn = conn;
    server->first_conn = conn;
}

static void unlist(struct dw_conn *conn)
{
    struct dw_server_loop *server = conn->server;

    *conn->at = conn->next;
    if (conn->next)
        conn->next->at = conn->at;
    else if (conn->at == &server->first_conn)
        server->last_conn = NULL;
    else
        server->last_conn = (struct dw_conn *)((char *)conn->at - offsetof(struct dw_conn, next));
}

static void on_closed(uv_handle_t *handle)
{
    struct dw_conn *conn = handle->data;
    struct dw_server_loop *server = conn->server;

    if (conn->exchange.arena)
        dw_exchange_finish(&conn->exchange, false);
    release_hold(conn);
    dw_tls_session_free(conn->tls);
    if (conn->in.ptr)
        dw_bytes_release(server, &conn->in);
    if (conn->waiting.ptr)
        dw_bytes_release(server, &conn->waiting);
    if (conn->kept.memory)
        conn->kept.free(conn->kept.memory);
    dw_listener_forget(conn->listener, conn->peer);
    unlist(conn);
    dw_mem_free(conn);
}

void dw_conn_close(struct dw_conn *conn)
{
    if (conn->phase == DW_CONN_CLOSED)
        return;
    conn->phase = DW_CONN_CLOSED;
    dw_deadline_remove(conn->server->loop, &conn->deadline);
    dw_loop_undefer(&conn->turn);
    uv_close(&conn->uv.handle, on_closed);
}

/* Looking is cheap on average: what is busy goes to the front and is not met again soon. */
bool dw_conn_make_room(struct dw_server_loop *server, const struct dw_listener *listener)
{
    for (int i = 0; i < MOST_LOOKED_AT && server->last_conn; i++) {
        struct dw_conn *conn = server->last_conn;
        bool is_waiting = conn->phase == DW_CONN_HEAD && conn->listener == listener;

        unlist(conn);
        list_first(conn);
        if (is_waiting) {
            dw_conn_close(conn);
            return true;
        }
    }
    return false;
}

static void say_goodbye(struct dw_conn *conn)
{
    if (!conn->tls || conn->is_writing)
        return;
    dw_tls_close(conn->tls);
    (void)dw_conn_flush(conn);
}

/* Closing with unread bytes makes the kernel send a reset, which may destroy the answer before the
 * peer has read it (RFC 9112 9.6): so end our side and read on for a while. */
static void linger(struct dw_conn *conn)
{
    uv_os_fd_t fd;

    say_goodbye(conn);
    if (conn->phase == DW_CONN_CLOSED || uv_fileno(&conn->uv.handle, &fd) != 0)
        return;
    shutdown(fd, SHUT_WR);
    conn->phase = DW_CONN_LINGERING;
    conn->in.len = conn->used = conn->lingered_bytes = 0;
    set_deadline(conn, LINGER_MS);
}

static bool refuse_error(struct dw_conn *conn, const struct dw_error *error)
{
    if (!conn->exchange.arena && !dw_exchange_begin(conn)) {
        dw_conn_close(conn);
        return true;
    }
    conn->phase = DW_CONN_ANSWERING;
    conn->is_body_read = false; /* where the next request would begin is not known */
    conn->exchange.keeps_alive = false;
    set_deadline(conn, 0);
    if (conn->exchange.answer == DW_ANSWER_NONE)
        dw_exchange_respond_error(&conn->exchange, error);
    else
        dw_conn_close(conn);
    return true;
}

static bool refuse(struct dw_conn *conn, enum dw_code code, const char *message)
{
    struct dw_error error;

    (void)dw_fail(&error, code, "%s", message);
    return refuse_error(conn, &error);
}

/* ---- phases: each step is true when the next can be taken at once ---- */

static bool grow_in(struct dw_conn *conn)
{
    if (dw_bytes_reserve(conn->server, &conn->in, conn->in.size ? conn->in.size : 1))
        return true;
    dw_conn_close(conn);
    return false;
}

static bool call_handler(struct dw_conn *conn)
{
    const struct dw_handler *handler = &dw_listener_settings(conn->listener)->handler;

    conn->is_body_read = true;
    conn->phase = DW_CONN_ANSWERING;
    set_deadline(conn, 0);
    handler->on_request(handler->user, &conn->exchange);
    return true;
}

/* Each read may take body_timeout_ms, and so may all of them, but for what came meanwhile: a byte
 * now and then keeps no connection. */
static void await_body(struct dw_conn *conn)
{
    int64_t timeout_ms = limits_of(conn)->body_timeout_ms;
    size_t got = conn->exchange.body_bytes.len + conn->in.len - conn->used;
    int64_t left_ms = conn->body_began_ms + timeout_ms +
                      (int64_t)got * 1000 / SLOWEST_BODY_BYTES_PER_S -
                      (int64_t)uv_now(&conn->server->loop->uv);

    if (left_ms > timeout_ms)
        left_ms = timeout_ms;
    set_deadline(conn, left_ms > 0 ? left_ms : 1);
}

static bool begin_body(struct dw_conn *conn)
{
    static const struct dw_slice go_on = DW_LIT("HTTP/1.1 100 Continue\r\n\r\n");
    struct dw_exchange *exchange = &conn->exchange;
    size_t present = conn->in.len - conn->used;
    int64_t length = exchange->request.content_length;

    conn->phase = DW_CONN_BODY;
    conn->body_began_ms = (int64_t)uv_now(&conn->server->loop->uv);
    await_body(conn);
    if (exchange->request.expects_continue && !present) {
        conn->has_sent_continue = true;
        if (!dw_conn_send(conn, &go_on, 1))
            return true;
    }
    if (conn->body.kind != DW_HTTP_BODY_LENGTH || length <= (int64_t)(conn->in.size - conn->used))
        return true;
    /* It grows as bytes arrive: a peer pays for the memory it takes. */
    if (!dw_bytes_reserve(conn->server, &exchange->body_bytes,
                          (size_t)(length < FIRST_BODY_BYTES ? length : FIRST_BODY_BYTES)))
        return refuse(conn, DW_NO_MEMORY, "out of memory");
    memcpy(exchange->body_bytes.ptr, conn->in.ptr + conn->used, present);
    exchange->body_bytes.len = present;
    conn->in.len = conn->used;
    return true;
}

static bool begin_request(struct dw_conn *conn)
{
    const struct dw_handler *handler = &dw_listener_settings(conn->listener)->handler;
    struct dw_exchange *exchange = &conn->exchange;

    dw_http_body_init_request(&conn->body, &exchange->request);
    conn->is_body_read = conn->body.kind == DW_HTTP_BODY_NONE;
    conn->has_sent_continue = false;
    conn->welcome_bytes = DEFAULT_WELCOME_BYTES;
    if (handler->on_head) {
        size_t welcome = handler->on_head(handler->user, exchange);

        conn->welcome_bytes =
            welcome < DW_HTTP_MAX_BODY_BYTES ? (int64_t)welcome : DW_HTTP_MAX_BODY_BYTES;
    }
    if (conn->phase == DW_CONN_CLOSED)
        return false;
    if (exchange->answer != DW_ANSWER_NONE) {
        conn->phase = DW_CONN_ANSWERING;
        set_deadline(conn, conn->is_writing ? limits_of(conn)->write_timeout_ms : 0);
        return true;
    }
    if (exchange->request.content_length > conn->welcome_bytes)
        return refuse(conn, DW_TOO_LARGE, "the body is larger than this server takes");
    return conn->is_body_read ? call_handler(conn) : begin_body(conn);
}

static bool step_head(struct dw_conn *conn)
{
    struct dw_http_head_parser parser;
    struct dw_http_request *request = &conn->exchange.request;
    struct dw_error error;
    size_t head_bytes = 0;

    if (!conn->in.len)
        return false;
    /* The fields go to room shared by the loop, so each call starts over; heads rarely come in
     * parts. */
    dw_http_head_init(&parser, conn->server->room, DW_HTTP_MAX_FIELDS,
                      limits_of(conn)->max_head_bytes);
    switch (dw_http_parse_request(&parser, dw_slice_from(conn->in.ptr, conn->in.len), request,
                                  &head_bytes, &error)) {
    case DW_HTTP_FAILED:
        *request = (struct dw_http_request){.content_length = -1};
        return refuse_error(conn, &error);
    case DW_HTTP_MORE:
        /* What was read so far points into bytes that may move. */
        *request = (struct dw_http_request){.content_length = -1};
        if (conn->deadline.at_ms == 0)
            set_deadline(conn, limits_of(conn)->head_timeout_ms);
        if (conn->in.len == conn->in.size)
            (void)grow_in(conn);
        return false;
    case DW_HTTP_DONE:
        break;
    }
    if (request->is_chunked && conn->in.size - head_bytes < CHUNK_ROOM_BYTES)
        return grow_in(conn); /* now: later the views into it must stay */
    conn->used = head_bytes;
    if (!dw_exchange_begin(conn))
        return refuse(conn, DW_NO_MEMORY, "out of memory");
    return begin_request(conn);
}

static bool step_length_body(struct dw_conn *conn)
{
    struct dw_exchange *exchange = &conn->exchange;
    size_t length = (size_t)exchange->request.content_length;
    struct dw_bytes *bytes = &exchange->body_bytes;

    if (bytes->ptr) {
        if (bytes->len < length && bytes->len == bytes->size) {
            size_t more = length - bytes->len;

            if (!dw_bytes_reserve(conn->server, bytes, more < bytes->size ? more : bytes->size))
                return refuse(conn, DW_NO_MEMORY, "out of memory");
        }
        if (bytes->len < length)
            return false;
        exchange->body = dw_slice_from(bytes->ptr, bytes->len);
        return call_handler(conn);
    }
    if (conn->in.len - conn->used < length)
        return false;
    exchange->body = dw_slice_from(conn->in.ptr + conn->used, length);
    conn->used += length;
    return call_handler(conn);
}

/* What is unread moves to the end of what is used. */
static void keep_unread(struct dw_conn *conn, struct dw_slice unread)
{
    if (unread.len)
        memmove(conn->in.ptr + conn->used, unread.ptr, unread.len);
    conn->in.len = conn->used + unread.len;
}

static bool step_chunked_body(struct dw_conn *conn)
{
    struct dw_exchange *exchange = &conn->exchange;
    struct dw_bytes *bytes = &exchange->body_bytes;
    struct dw_slice unread = dw_slice_from(conn->in.ptr + conn->used, conn->in.len - conn->used);
    struct dw_slice data = DW_EMPTY;
    struct dw_error error;

    for (;;) {
        enum dw_http_step step = dw_http_body_next(&conn->body, &unread, &data, &error);

        if (step == DW_HTTP_FAILED)
            return refuse_error(conn, &error);
        if (step == DW_HTTP_DONE)
            break;
        if (!data.len) {
            conn->in.len = conn->used;
            return false;
        }
        if ((int64_t)(bytes->len + data.len) > conn->welcome_bytes)
            return refuse(conn, DW_TOO_LARGE, "the body is larger than this server takes");
        if (!dw_bytes_reserve(conn->server, bytes, data.len))
            return refuse(conn, DW_NO_MEMORY, "out of memory");
        memcpy(bytes->ptr + bytes->len, data.ptr, data.len);
        bytes->len += data.len;
    }
    keep_unread(conn, unread);
    exchange->body = dw_slice_from(bytes->ptr ? bytes->ptr : "", bytes->len);
    return call_handler(conn);
}

static bool step_body(struct dw_conn *conn)
{
    bool goes_on =
        conn->body.kind == DW_HTTP_BODY_LENGTH ? step_length_body(conn) : step_chunked_body(conn);

    if (!goes_on)
        await_body(conn);
    return goes_on;
}

static bool next_request(struct dw_conn *conn)
{
    struct dw_slice unread = dw_slice_from(conn->in.ptr + conn->used, conn->in.len - conn->used);

    release_hold(conn);
    conn->phase = DW_CONN_HEAD;
    conn->used = 0;
    keep_unread(conn, unread);
    if (!unread.len && dw_net_is_draining(conn->server->loop->net)) {
        say_goodbye(conn);
        dw_conn_close(conn);
        return false;
    }
    set_deadline(conn,
                 unread.len ? limits_of(conn)->head_timeout_ms : limits_of(conn)->idle_timeout_ms);
    return true;
}

static bool step_answering(struct dw_conn *conn)
{
    bool keeps_alive = conn->exchange.keeps_alive;

    if (conn->exchange.answer != DW_ANSWER_ENDED || conn->is_writing || conn->waiting.len)
        return false;
    dw_exchange_finish(&conn->exchange, true);
    if (keeps_alive && conn->is_body_read)
        return next_request(conn);
    if (keeps_alive) {
        struct dw_slice unread =
            dw_slice_from(conn->in.ptr + conn->used, conn->in.len - conn->used);

        conn->phase = DW_CONN_DISCARDING;
        conn->used = 0;
        keep_unread(conn, unread);
        set_deadline(conn, limits_of(conn)->body_timeout_ms);
        return true;
    }
    if (!conn->is_body_read || conn->in.len > conn->used) {
        linger(conn);
        return false;
    }
    say_goodbye(conn);
    dw_conn_close(conn);
    return false;
}

static bool step_discarding(struct dw_conn *conn)
{
    struct dw_slice unread = dw_slice_from(conn->in.ptr + conn->used, conn->in.len - conn->used);
    struct dw_slice data = DW_EMPTY;
    struct dw_error error;
    enum dw_http_step step;

    do
        step = dw_http_body_next(&conn->body, &unread, &data, &error);
    while (step == DW_HTTP_MORE && data.len);
    if (step == DW_HTTP_FAILED) {
        dw_conn_close(conn);
        return false;
    }
    keep_unread(conn, unread);
    return step == DW_HTTP_DONE && next_request(conn);
}

static bool step_nowhere(struct dw_conn *conn)
{
    (void)conn;
    return false;
}

/* Whether an early answer may keep the connection, although the body is not read. */
bool dw_conn_can_stay(const struct dw_conn *conn)
{
    const struct dw_http_request *request = &conn->exchange.request;

    return conn->is_body_read ||
           (conn->phase == DW_CONN_HEAD && conn->body.kind == DW_HTTP_BODY_LENGTH &&
            request->content_length <= DISCARD_BYTES &&
            (!request->expects_continue || conn->has_sent_continue));
}

/* ---- bytes in ---- */

static struct dw_slice room_for_bytes(struct dw_conn *conn, char **ret_room)
{
    struct dw_bytes *bytes = &conn->in;
    size_t size;

    if (conn->phase == DW_CONN_LINGERING) {
        *ret_room = conn->server->loop->read_buffer;
        return dw_slice_from(*ret_room, DW_LOOP_READ_BYTES);
    }
    if (conn->phase == DW_CONN_BODY && conn->exchange.body_bytes.ptr &&
        conn->body.kind == DW_HTTP_BODY_LENGTH)
        bytes = &conn->exchange.body_bytes;
    else if (!bytes->ptr && !dw_bytes_reserve(conn->server, bytes, 1))
        return DW_EMPTY;
    size = bytes->size - bytes->len;
    if (bytes != &conn->in && size > (size_t)conn->exchange.request.content_length - bytes->len)
        size = (size_t)conn->exchange.request.content_length - bytes->len;
    *ret_room = bytes->ptr + bytes->len;
    return dw_slice_from(*ret_room, size);
}

static void count_bytes(struct dw_conn *conn, size_t len)
{
    if (conn->phase == DW_CONN_LINGERING) {
        conn->lingered_bytes += len;
        if (conn->lingered_bytes > LINGER_BYTES)
            dw_conn_close(conn);
    } else if (conn->phase == DW_CONN_BODY && conn->exchange.body_bytes.ptr &&
               conn->body.kind == DW_HTTP_BODY_LENGTH) {
        conn->exchange.body_bytes.len += len;
    } else {
        if (conn->phase == DW_CONN_HEAD && !conn->in.len)
            set_deadline(conn, limits_of(conn)->head_timeout_ms);
        conn->in.len += len;
    }
}

static void process(struct dw_conn *conn)
{
    static bool (*const steps[])(struct dw_conn *) = {
        [DW_CONN_HEAD] = step_head,           [DW_CONN_BODY] = step_body,
        [DW_CONN_ANSWERING] = step_answering, [DW_CONN_DISCARDING] = step_discarding,
        [DW_CONN_LINGERING] = step_nowhere,   [DW_CONN_CLOSED] = step_nowhere,
    };

    if (conn->is_handling)
        return;
    conn->is_handling = true;
    while (steps[conn->phase](conn))
        continue;
    conn->is_handling = false;
    if (conn->phase == DW_CONN_CLOSED)
        return;
    if (conn->phase == DW_CONN_HEAD && !conn->in.len && conn->in.ptr)
        dw_bytes_release(conn->server, &conn->in);
    if (conn->waiting.len && !conn->is_writing)
        dw_conn_schedule(conn);
    start_reading(conn);
}

/* The peer has ended its side. With an answer still to come that means it has left: a modern MCP
 * client cancels a request that way. */
static void on_end_of_input(struct dw_conn *conn)
{
    if (conn->phase == DW_CONN_ANSWERING && conn->exchange.answer == DW_ANSWER_ENDED) {
        conn->exchange.keeps_alive = false; /* let it have the rest */
        conn->is_body_read = true;
        conn->in.len = conn->used;
        uv_read_stop(&conn->uv.stream);
        conn->is_reading = true; /* not to be started again */
        return;
    }
    dw_conn_close(conn);
}

static void pump_tls(struct dw_conn *conn)
{
    struct dw_error error;
    enum dw_tls_step step = DW_TLS_DONE;

    while (step == DW_TLS_DONE && conn->phase != DW_CONN_CLOSED) {
        char *room = NULL;
        size_t size = room_for_bytes(conn, &room).len, len = 0;

        if (!size)
            break; /* the answer comes first */
        step = dw_tls_read(conn->tls, room, size, &len, &error);
        if (step == DW_TLS_DONE) {
            count_bytes(conn, len);
            process(conn);
        }
    }
    if (conn->phase == DW_CONN_CLOSED || !dw_conn_flush(conn))
        return;
    if (step == DW_TLS_CLOSED)
        on_end_of_input(conn);
    else if (step == DW_TLS_FAILED)
        dw_conn_close(conn);
    else
        process(conn); /* gives back the buffer of an idle connection */
}

static void lend_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct dw_conn *conn = handle->data;
    char *room = conn->server->loop->read_buffer;
    size_t size = DW_LOOP_READ_BYTES;

    (void)suggested;
    if (!conn->tls)
        size = room_for_bytes(conn, &room).len;
    *ret_buffer = uv_buf_init(room, (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct dw_conn *conn = stream->data;

    if (count < 0) {
        if (count == UV_EOF && conn->phase != DW_CONN_LINGERING)
            on_end_of_input(conn);
        else
            dw_conn_close(conn);
        return;
    }
    if (conn->tls && conn->phase != DW_CONN_LINGERING) {
        if (dw_tls_take(conn->tls, dw_slice_from(buffer->base, (size_t)count)))
            pump_tls(conn);
        else
            dw_conn_close(conn);
        return;
    }
    count_bytes(conn, (size_t)count);
    process(conn);
}

/* Reads while there is room: a peer that sends more than one request at a time waits in the
 * kernel's buffers. */
static void start_reading(struct dw_conn *conn)
{
    bool has_room =
        conn->phase != DW_CONN_ANSWERING || !conn->in.ptr || conn->in.len < conn->in.size;

    if (has_room == conn->is_reading)
        return;
    conn->is_reading = has_room;
    if (has_room)
        uv_read_start(&conn->uv.stream, lend_room, on_read);
    else
        uv_read_stop(&conn->uv.stream);
}

/* ---- turns and deadlines ---- */

static void on_turn(struct dw_deferred *turn)
{
    struct dw_conn *conn = (struct dw_conn *)((char *)turn - offsetof(struct dw_conn, turn));

    if (!dw_conn_flush(conn))
        return;
    process(conn);
    if (conn->tls && conn->phase != DW_CONN_CLOSED)
        pump_tls(conn);
}

void dw_conn_schedule(struct dw_conn *conn)
{
    if (conn->phase != DW_CONN_CLOSED && !conn->is_handling)
        dw_loop_defer(conn->server->loop, &conn->turn, on_turn);
}

static void on_deadline(struct dw_deadline *deadline)
{
    struct dw_conn *conn =
        (struct dw_conn *)((char *)deadline - offsetof(struct dw_conn, deadline));
    bool is_tls_ready = !conn->tls || dw_tls_is_ready(conn->tls);

    if (conn->phase == DW_CONN_ANSWERING && conn->is_writing &&
        dw_conn_unsent_bytes(conn) < conn->unsent_at_deadline) {
        conn->unsent_at_deadline = dw_conn_unsent_bytes(conn); /* slow, but it takes bytes */
        set_deadline(conn, limits_of(conn)->write_timeout_ms);
        return;
    }
    if (is_tls_ready && ((conn->phase == DW_CONN_HEAD && conn->in.len) ||
                         (conn->phase == DW_CONN_BODY && !conn->is_writing))) {
        (void)refuse(conn, DW_TIMED_OUT, "the request did not arrive in time");
        process(conn);
        return;
    }
    dw_conn_close(conn);
}

/* ---- the beginning ---- */

static bool open_socket(struct dw_conn *conn, int fd, bool is_unix)
{
    uv_loop_t *uv = &conn->server->loop->uv;
    int status;

    if (is_unix) {
        uv_pipe_init(uv, &conn->uv.pipe, 0);
        status = uv_pipe_open(&conn->uv.pipe, fd);
    } else {
        uv_tcp_init(uv, &conn->uv.tcp);
        status = uv_tcp_open(&conn->uv.tcp, fd);
    }
    conn->uv.handle.data = conn;
    return status == 0;
}

bool dw_conn_open(struct dw_server_loop *server, struct dw_listener *listener, int fd, bool is_unix,
                  const char *peer, bool is_loopback)
{
    struct dw_conn *conn = dw_mem_new(sizeof *conn);
    struct dw_server_tls *tls = dw_listener_settings(listener)->tls;

    if (conn && tls)
        conn->tls = dw_tls_accept(tls);
    if (!conn || (tls && !conn->tls)) {
        dw_mem_free(conn);
        close(fd);
        return false;
    }
    conn->server = server;
    conn->listener = listener;
    conn->is_loopback = is_loopback;
    conn->exchange.conn = conn;
    memcpy(conn->peer, peer, strlen(peer) + 1);
    list_first(conn);
    dw_deadline_add(server->loop, &conn->deadline, on_deadline);
    /* The first request must come soon: whoever connects and says nothing is not kept. */
    set_deadline(conn, limits_of(conn)->head_timeout_ms);
    if (!open_socket(conn, fd, is_unix)) {
        close(fd);
        dw_conn_close(conn);
        return true;
    }
    start_reading(conn);
    return true;
}
