/* What remains of an exchange: trace ids, notes, its one log line, metrics, and giving back what it
 * held. */
#include "net/server_internal.h"

#define MAX_NOTES 32
#define OWN_FIELDS 12

struct dw_note {
    struct dw_note *next;
    struct dw_log_field field;
};

/* ---- trace ids ---- */

static bool is_lower_hex(struct dw_slice text)
{
    bool is_zero = true;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];

        if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f')))
            return false;
        is_zero = is_zero && byte == '0';
    }
    return !is_zero;
}

static void write_hex(char *text, uint64_t number)
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 15; i >= 0; i--, number >>= 4)
        text[i] = digits[number & 15];
    text[16] = '\0';
}

/* W3C Trace Context 3.2.2: version "-" trace-id "-" parent-id "-" flags. */
static void set_trace_of(struct dw_exchange *exchange)
{
    struct dw_slice parent = dw_http_field(exchange->request.fields, "traceparent");
    struct dw_slice trace_id = dw_slice_sub(parent, 3, 32);
    struct dw_loop *loop = dw_exchange_loop(exchange);

    if (exchange->trace_id[0])
        return;
    if (parent.len >= 55 && (parent.len == 55 || parent.ptr[55] == '-') && parent.ptr[2] == '-' &&
        parent.ptr[35] == '-' && parent.ptr[52] == '-' &&
        !dw_slice_starts_with(parent, DW_LIT("ff")) && is_lower_hex(trace_id) &&
        is_lower_hex(dw_slice_sub(parent, 36, 16)) &&
        dw_http_field_count(exchange->request.fields, "traceparent") == 1) {
        memcpy(exchange->trace_id, trace_id.ptr, trace_id.len);
        exchange->trace_id[32] = '\0';
    } else {
        write_hex(exchange->trace_id, dw_loop_random(loop) | 1);
        write_hex(exchange->trace_id + 16, dw_loop_random(loop));
    }
    write_hex(exchange->span_id, dw_loop_random(loop) | 1);
}

/* The same one, where it is not const. */
static void set_trace(const struct dw_exchange *exchange)
{
    set_trace_of(exchange->outside ? dw_outside_exchange(exchange) : &exchange->conn->exchange);
}

struct dw_slice dw_exchange_trace_id(const struct dw_exchange *exchange)
{
    set_trace(exchange);
    return dw_slice_from(exchange->trace_id, 32);
}

struct dw_slice dw_exchange_span_id(const struct dw_exchange *exchange)
{
    set_trace(exchange);
    return dw_slice_from(exchange->span_id, 16);
}

/* ---- notes and the log line ---- */

static struct dw_log_field *add_note(struct dw_exchange *exchange, const char *name)
{
    struct dw_note *note;

    if (!exchange->arena || exchange->note_count == MAX_NOTES)
        return NULL;
    note = DW_ARENA_NEW(exchange->arena, struct dw_note);
    if (!note)
        return NULL;
    note->field.name = name;
    *exchange->last_note = note;
    exchange->last_note = &note->next;
    exchange->note_count++;
    return &note->field;
}

static bool is_logged(const struct dw_exchange *exchange)
{
    const struct dw_log *log;

    if (exchange->outside) /* the server that has read it keeps its own log */
        return false;
    log = exchange->conn->server->loop->net->log;
    return log && log->threshold <= DW_LOG_INFO &&
           dw_listener_settings(exchange->conn->listener)->log_event;
}

void dw_exchange_note(struct dw_exchange *exchange, const char *name, struct dw_slice value)
{
    struct dw_log_field *field = is_logged(exchange) ? add_note(exchange, name) : NULL;

    if (!field)
        return;
    field->kind = DW_LOG_TEXT;
    field->text = dw_arena_copy(exchange->arena, value);
}

void dw_exchange_note_int(struct dw_exchange *exchange, const char *name, int64_t value)
{
    struct dw_log_field *field = is_logged(exchange) ? add_note(exchange, name) : NULL;

    if (!field)
        return;
    field->kind = DW_LOG_INT;
    field->number = value;
}

static void write_log_line(struct dw_exchange *exchange, int64_t duration_us, bool is_complete)
{
    const struct dw_http_request *request = &exchange->request;
    struct dw_log_field fields[1 + OWN_FIELDS + MAX_NOTES] = {
        {0},
        DW_S("http_method", request->method_text),
        DW_S("path", request->path), /* a query may hold codes and tokens: never */
        DW_I("http_status", exchange->status),
        DW_I("duration_us", duration_us),
        DW_I("body_bytes", (int64_t)exchange->body.len),
        DW_I("answer_bytes", exchange->answer_bytes),
        DW_S("peer", dw_exchange_peer_address(exchange)),
        DW_S("trace_id", dw_exchange_trace_id(exchange)),
        DW_B("is_complete", is_complete),
    };
    size_t count = 9;

    for (const struct dw_note *note = exchange->first_note; note; note = note->next)
        fields[++count] = note->field;
    dw_log_write(dw_loop_request_log(exchange->conn->server->loop), DW_LOG_INFO,
                 dw_listener_settings(exchange->conn->listener)->log_event, fields, count);
}

static void count_request(const struct dw_exchange *exchange, int64_t duration_us)
{
    static const enum dw_metric by_class[] = {DW_METRIC_REQUESTS_2XX, DW_METRIC_REQUESTS_3XX,
                                              DW_METRIC_REQUESTS_4XX, DW_METRIC_REQUESTS_5XX};
    struct dw_metrics *metrics = exchange->conn->server->loop->net->metrics;

    if (exchange->status >= 200 && exchange->status < 600)
        dw_metrics_add(metrics, by_class[exchange->status / 100 - 2], 1);
    dw_metrics_observe_us(metrics, DW_METRIC_REQUEST_SECONDS, duration_us);
}

/* ---- the end ---- */

static void give_back(struct dw_exchange *exchange)
{
    struct dw_server_loop *server = exchange->conn->server;
    struct dw_arena *arena = exchange->arena;
    struct dw_conn *conn = exchange->conn;

    if (exchange->body_bytes.ptr)
        dw_bytes_release(server, &exchange->body_bytes);
    memset(exchange, 0, offsetof(struct dw_exchange, span_id));
    exchange->conn = conn;
    if (server->free_arena_count < DW_SERVER_KEPT_ARENAS) {
        dw_arena_reset(arena);
        server->free_arenas[server->free_arena_count++] = arena;
    } else {
        dw_arena_free(arena);
    }
}

void dw_exchange_finish(struct dw_exchange *exchange, bool is_complete)
{
    int64_t duration_us = (int64_t)(uv_hrtime() - exchange->started_ns) / 1000;

    if (exchange->on_gone)
        exchange->on_gone(exchange->user, exchange, is_complete);
    count_request(exchange, duration_us);
    if (is_logged(exchange))
        write_log_line(exchange, duration_us, is_complete);
    give_back(exchange);
}
