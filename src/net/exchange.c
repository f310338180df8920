/* One request and its answer as handlers see them; the answer's head. What is logged and counted of
 * it is in exchange_end.c, bytes and phases in conn.c. */
#include "http/render.h"
#include "net/server_internal.h"

#define ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define UNSENT_BYTES ((size_t)1024 * 1024) /* beyond it a handler is to wait */
#define MOST_UNSENT_BYTES                                                                          \
    ((size_t)8 * 1024 * 1024)             /* beyond it the next part cuts the peer off             \
                                           */
#define SEND_NOW_BYTES ((size_t)8 * 1024) /* smaller writes of one turn leave together */

/* ---- the request ---- */

bool dw_exchange_begin(struct dw_conn *conn)
{
    struct dw_exchange *exchange = &conn->exchange;
    struct dw_server_loop *server = conn->server;
    struct dw_http_fields *fields = &exchange->request.fields;
    struct dw_http_field *copy;

    if (server->free_arena_count)
        exchange->arena = server->free_arenas[--server->free_arena_count];
    else
        exchange->arena = dw_arena_new(ARENA_BYTES);
    if (!exchange->arena)
        return false;
    if (!conn->is_held)
        dw_loop_hold(server->loop);
    conn->is_held = true;
    exchange->started_ns = uv_hrtime();
    exchange->last_note = &exchange->first_note;
    exchange->announced_bytes = -1;
    copy = dw_arena_alloc(exchange->arena, fields->count * sizeof *copy);
    if (!copy) {
        fields->count = 0;
        return false;
    }
    if (fields->count)
        memcpy(copy, fields->items, fields->count * sizeof *copy);
    fields->items = copy;
    exchange->keeps_alive = exchange->request.is_keep_alive;
    return true;
}

const struct dw_http_request *dw_exchange_request(const struct dw_exchange *exchange)
{
    return &exchange->request;
}

struct dw_slice dw_exchange_body(const struct dw_exchange *exchange)
{
    return exchange->body;
}

struct dw_arena *dw_exchange_arena(struct dw_exchange *exchange)
{
    return exchange->arena;
}

struct dw_loop *dw_exchange_loop(const struct dw_exchange *exchange)
{
    return exchange->outside ? dw_outside_loop(exchange) : exchange->conn->server->loop;
}

struct dw_slice dw_exchange_peer_address(const struct dw_exchange *exchange)
{
    return exchange->outside ? dw_outside_peer(exchange) : dw_slice_from_text(exchange->conn->peer);
}

bool dw_exchange_is_loopback(const struct dw_exchange *exchange)
{
    return exchange->outside ? dw_outside_is_loopback(exchange) : exchange->conn->is_loopback;
}

bool dw_exchange_is_tls(const struct dw_exchange *exchange)
{
    return exchange->conn && exchange->conn->tls;
}

struct dw_kept *dw_exchange_kept(struct dw_exchange *exchange)
{
    return exchange->conn ? &exchange->conn->kept : NULL;
}

void dw_exchange_set_user(struct dw_exchange *exchange, void *user,
                          void (*on_gone)(void *user, struct dw_exchange *exchange,
                                          bool is_complete))
{
    exchange->user = user;
    exchange->on_gone = on_gone;
}

void *dw_exchange_user(const struct dw_exchange *exchange)
{
    return exchange->user;
}

/* ---- the answer's head ---- */

/* False: there is nobody to answer, or the answer has begun. */
static bool begin_answer(struct dw_exchange *exchange, int status, int64_t content_length)
{
    struct dw_conn *conn = exchange->conn;

    if (conn->phase == DW_CONN_CLOSED || exchange->answer != DW_ANSWER_NONE || !exchange->arena)
        return false;
    exchange->status = status;
    exchange->announced_bytes = content_length;
    exchange->has_no_body =
        exchange->request.method == DW_HTTP_HEAD || status == 204 || status == 304;
    exchange->keeps_alive = exchange->keeps_alive && dw_conn_can_stay(conn) &&
                            !dw_net_is_draining(conn->server->loop->net);
    exchange->is_chunked =
        content_length < 0 && exchange->request.version_minor > 0 && !exchange->has_no_body;
    if (content_length < 0 && !exchange->is_chunked && !exchange->has_no_body)
        exchange->keeps_alive = false; /* HTTP/1.0: the end of the connection ends the body */
    if (conn->phase == DW_CONN_BODY)
        conn->phase = DW_CONN_ANSWERING;
    return true;
}

static bool has_date(struct dw_http_fields fields)
{
    for (size_t i = 0; i < fields.count; i++)
        if (dw_slice_eq_nocase(fields.items[i].name, DW_LIT("Date")))
            return true;
    return false;
}

static void write_framing(struct dw_http_writer *writer, const struct dw_exchange *exchange)
{
    /* RFC 9110 8.6 MUST NOT: no Content-Length with 204; a 304 has no body to measure. */
    if (exchange->announced_bytes >= 0 && exchange->status != 204 && exchange->status != 304)
        dw_http_write_field_int(writer, DW_LIT("Content-Length"), exchange->announced_bytes);
    else if (exchange->is_chunked)
        dw_http_write_raw(writer, DW_LIT("Transfer-Encoding: chunked\r\n"));
    if (!exchange->keeps_alive)
        dw_http_write_raw(writer, DW_LIT("Connection: close\r\n"));
    else if (exchange->request.version_minor == 0)
        dw_http_write_raw(writer, DW_LIT("Connection: keep-alive\r\n"));
}

static bool write_head(struct dw_exchange *exchange, struct dw_http_fields fields,
                       struct dw_slice *ret_head, struct dw_error *reterr)
{
    struct dw_server_loop *server = exchange->conn->server;
    struct dw_http_writer writer =
        dw_http_writer_into(server->write_buffer, sizeof server->write_buffer);

    dw_http_write_status(&writer, exchange->status);
    if (!has_date(fields)) {
        dw_http_write_raw(&writer, DW_LIT("Date: "));
        dw_http_write_raw(
            &writer, dw_slice_from(dw_loop_http_date(server->loop), DW_TEXT_HTTP_DATE_SIZE - 1));
        dw_http_write_raw(&writer, DW_LIT("\r\n"));
    }
    dw_http_write_fields(&writer, fields);
    write_framing(&writer, exchange);
    dw_http_write_end(&writer);
    return dw_http_writer_finish(&writer, ret_head, reterr);
}

/* A field that must not be sent is our fault: the peer gets 500 and nothing of the answer. */
static struct dw_slice head_or_500(struct dw_exchange *exchange, struct dw_http_fields fields)
{
    static const struct dw_http_fields none;
    struct dw_slice head = DW_EMPTY;
    struct dw_error error;

    if (write_head(exchange, fields, &head, &error))
        return head;
    dw_log_error(exchange->conn->server->loop->net->log, "answer_head_refused", &error);
    exchange->status = 500;
    exchange->announced_bytes = 0;
    exchange->is_chunked = false;
    exchange->has_no_body = true;
    exchange->answer = DW_ANSWER_ENDED;
    if (!write_head(exchange, none, &head, &error))
        dw_conn_close(exchange->conn);
    return head;
}

/* ---- the answer ---- */

void dw_exchange_respond(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                         struct dw_slice body)
{
    struct dw_slice parts[2];

    if (exchange->outside) {
        dw_outside_respond(exchange, status, fields, body);
        return;
    }
    if (!begin_answer(exchange, status, (int64_t)body.len))
        return;
    parts[0] = head_or_500(exchange, fields);
    parts[1] = exchange->has_no_body ? DW_EMPTY : body;
    exchange->answer = DW_ANSWER_ENDED;
    exchange->answer_bytes = (int64_t)parts[1].len;
    if (dw_conn_send(exchange->conn, parts, 2))
        dw_conn_schedule(exchange->conn);
}

/* JSON text without quotes: the messages of errors have no control bytes. */
static void add_json_text(struct dw_buf *out, struct dw_slice text)
{
    bool is_utf8 = dw_text_is_utf8(text);

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        if (byte == '"' || byte == '\\')
            dw_buf_add_byte(out, '\\');
        dw_buf_add_byte(
            out, byte < 0x20 || byte == 0x7f || (byte > 0x7f && !is_utf8) ? '?' : text.ptr[i]);
    }
}

void dw_exchange_respond_error(struct dw_exchange *exchange, const struct dw_error *error)
{
    static const struct dw_http_field fields[] = {
        {DW_LIT("Content-Type"), DW_LIT("application/json")},
        {DW_LIT("Cache-Control"), DW_LIT("no-store")},
    };
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_buf out = dw_buf_in(exchange->arena);
    struct dw_slice body = DW_EMPTY;

    if (!exchange->arena)
        return;
    dw_buf_add(&out, DW_LIT("{"));
    if (row->oauth_error)
        dw_buf_printf(&out, "\"error\":\"%s\",", row->oauth_error);
    dw_buf_add(&out, DW_LIT("\"error_description\":\""));
    add_json_text(&out, dw_slice_from_text(error->message[0] ? error->message : row->text));
    dw_buf_add(&out, DW_LIT("\"}"));
    if (!dw_buf_finish(&out, &body, NULL))
        body = DW_LIT("{}");
    if (row->log_level >= DW_LOG_WARN)
        dw_log_error(dw_exchange_loop(exchange)->net->log, "request_failed", error);
    dw_exchange_note(exchange, "error", dw_slice_from_text(row->name));
    dw_exchange_respond(exchange, row->http_status, (struct dw_http_fields){fields, 2}, body);
}

void dw_exchange_start(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                       int64_t content_length)
{
    struct dw_slice head;

    if (exchange->outside) {
        dw_outside_start(exchange, status, fields, content_length);
        return;
    }
    if (!begin_answer(exchange, status, content_length))
        return;
    exchange->answer = DW_ANSWER_STREAMING;
    head = head_or_500(exchange, fields);
    if (dw_conn_send_soon(exchange->conn, &head, 1))
        dw_conn_schedule(exchange->conn);
}

static bool send_part(struct dw_exchange *exchange, struct dw_slice bytes)
{
    struct dw_conn *conn = exchange->conn;
    char line[DW_HTTP_CHUNK_LINE_SIZE];
    struct dw_slice parts[3] = {DW_EMPTY, bytes, DW_EMPTY};
    bool is_last = exchange->answer_bytes == exchange->announced_bytes;

    if (exchange->is_chunked) {
        parts[0] = dw_slice_from(line, dw_http_chunk_line(line, bytes.len));
        parts[2] = DW_HTTP_CHUNK_END;
    }
    if (is_last || bytes.len >= SEND_NOW_BYTES)
        return dw_conn_send(conn, parts, 3);
    return dw_conn_send_soon(conn, parts, 3);
}

bool dw_exchange_write(struct dw_exchange *exchange, struct dw_slice bytes)
{
    struct dw_conn *conn = exchange->conn;
    size_t unsent_bytes;

    if (exchange->outside)
        return dw_outside_write(exchange, bytes);
    if (conn->phase == DW_CONN_CLOSED || exchange->answer != DW_ANSWER_STREAMING)
        return false;
    /* More than was announced would be read as the next answer. */
    if (exchange->announced_bytes >= 0 &&
        (int64_t)bytes.len > exchange->announced_bytes - exchange->answer_bytes) {
        dw_exchange_abort(exchange);
        return false;
    }
    exchange->answer_bytes += (int64_t)bytes.len;
    unsent_bytes = dw_conn_unsent_bytes(conn);
    if (bytes.len && !exchange->has_no_body && !send_part(exchange, bytes))
        return false;
    dw_conn_schedule(conn);
    if (dw_conn_unsent_bytes(conn) <= UNSENT_BYTES)
        return true;
    exchange->waits_for_drain = true;
    if (unsent_bytes > MOST_UNSENT_BYTES) /* before: one large part is nobody's fault */
        dw_exchange_abort(exchange);
    return false;
}

void dw_exchange_end(struct dw_exchange *exchange)
{
    static const struct dw_slice last = DW_HTTP_LAST_CHUNK;
    struct dw_conn *conn = exchange->conn;

    if (exchange->outside) {
        dw_outside_end(exchange);
        return;
    }
    if (conn->phase == DW_CONN_CLOSED || exchange->answer != DW_ANSWER_STREAMING)
        return;
    if (exchange->announced_bytes > exchange->answer_bytes && !exchange->has_no_body) {
        dw_exchange_abort(exchange); /* the peer must not take it for whole */
        return;
    }
    exchange->answer = DW_ANSWER_ENDED;
    if (dw_conn_send(conn, &last, exchange->is_chunked ? 1 : 0))
        dw_conn_schedule(conn);
}

void dw_exchange_abort(struct dw_exchange *exchange)
{
    if (exchange->outside)
        dw_outside_abort(exchange);
    else
        dw_conn_close(exchange->conn);
}

void dw_exchange_on_drain(struct dw_exchange *exchange, void (*on_drain)(void *user), void *user)
{
    exchange->on_drain = on_drain;
    exchange->on_drain_user = user;
}

void dw_exchange_drained(struct dw_exchange *exchange)
{
    if (!exchange->waits_for_drain)
        return;
    exchange->waits_for_drain = false;
    if (exchange->on_drain && exchange->answer == DW_ANSWER_STREAMING)
        exchange->on_drain(exchange->on_drain_user);
}

size_t dw_exchange_unsent_bytes(const struct dw_exchange *exchange)
{
    return exchange->outside ? 0 : dw_conn_unsent_bytes(exchange->conn);
}

bool dw_exchange_has_started(const struct dw_exchange *exchange)
{
    return exchange->answer != DW_ANSWER_NONE;
}
