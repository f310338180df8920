/* How one HTTP request is answered: as JSON, or as a stream of events when something must be said
 * before the answer; and the streams a session's client may resume. */
#include "sdk/http_internal.h"

#include "base/mem.h"
#include "http/field_list.h"
#include "http/sse.h"

#define RETRY_MS 1000 /* when a client told to come back should */
/* A call that takes longer is answered as a stream, so that the client has the head: some clients
 * hold everything else back until then, and give up after a minute without a byte. */
#define PATIENCE_MS 500

/* ---- events ---- */

static void link_stream(struct dw_stream *stream)
{
    if (stream->is_in_list)
        return;
    stream->next = stream->http->first_stream;
    stream->previous = NULL;
    if (stream->next)
        stream->next->previous = stream;
    stream->http->first_stream = stream;
    stream->is_in_list = true;
}

static void unlink_stream(struct dw_stream *stream)
{
    if (!stream->is_in_list)
        return;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        stream->http->first_stream = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    stream->is_in_list = false;
}

static void write_event(struct dw_stream *stream, struct dw_slice id, struct dw_slice message,
                        int64_t retry_ms)
{
    struct dw_sse_event event = {
        .data = message, .id = id, .has_id = id.len > 0, .retry_ms = retry_ms};
    struct dw_arena *arena = dw_arena_new(2 * message.len + 4096);
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice bytes;

    if (!arena || !stream->exchange) {
        if (arena)
            dw_arena_free(arena);
        return;
    }
    dw_sse_write(&out, &event);
    if (dw_buf_finish(&out, &bytes, NULL))
        (void)dw_exchange_write(stream->exchange, bytes);
    dw_arena_free(arena);
}

/* MCP 2025-11-25 transports: an event is kept, then sent; the id leads back to it. */
static void send_event(struct dw_stream *stream, struct dw_slice message, bool is_last,
                       int64_t retry_ms)
{
    char id[DW_EVENT_ID_SIZE];

    id[0] = '\0';
    if (stream->session && stream->session->events)
        dw_event_log_add(stream->session->events, stream->number, message, is_last, id);
    write_event(stream, dw_slice_from_text(id), message, retry_ms);
}

static void start_sse(struct dw_stream *stream)
{
    struct dw_exchange *exchange = stream->exchange;
    struct dw_field_list out = dw_field_list_in(dw_exchange_arena(exchange), DW_SDK_ANSWER_FIELDS);

    dw_field_list_add(&out, DW_LIT("Content-Type"), DW_LIT("text/event-stream"));
    dw_field_list_add(&out, DW_LIT("Cache-Control"), DW_LIT("no-cache, no-transform"));
    dw_field_list_add(&out, DW_LIT("X-Accel-Buffering"), DW_LIT("no"));
    if (stream->is_new_session)
        dw_field_list_add(&out, DW_LIT("Mcp-Session-Id"), stream->session->id);
    dw_cors_add(dw_exchange_request(exchange)->fields, &out);
    dw_exchange_start(exchange, 200, dw_field_list_view(&out), -1);
    stream->is_sse = true;
    link_stream(stream);
}

/* "Priming": an id at once, so that the client can resume from the very beginning. */
static void prime(struct dw_stream *stream)
{
    if (stream->session && stream->session->is_primed)
        send_event(stream, DW_EMPTY, false, RETRY_MS);
}

static void begin(struct dw_stream *stream)
{
    if (!stream->is_sse && stream->exchange) {
        start_sse(stream);
        prime(stream);
    }
}

/* ---- the heads of slow calls ---- */

static bool takes_events(const struct dw_stream *stream)
{
    return dw_slice_has(dw_http_field(dw_exchange_request(stream->exchange)->fields, "accept"),
                        DW_LIT("text/event-stream"));
}

static void lose_patience(void *user)
{
    struct dw_http *http = user;
    struct dw_server *server = http->server;
    struct dw_stream *stream, *next;
    bool has_waiting = false;

    for (stream = http->first_stream; stream; stream = next) {
        next = stream->next;
        if (stream->is_sse || !stream->exchange || !takes_events(stream))
            continue;
        if (dw_loop_now_ms(server->loop) - stream->came_at_ms >= PATIENCE_MS)
            begin(stream);
        else
            has_waiting = true;
    }
    if (has_waiting)
        return;
    dw_timer_free(server->patience);
    server->patience = NULL;
}

/* Without memory for the timer the call is only answered later. */
static void be_patient(struct dw_stream *stream)
{
    struct dw_server *server = stream->http->server;

    stream->came_at_ms = dw_loop_now_ms(server->loop);
    link_stream(stream);
    if (!server->patience)
        server->patience =
            dw_timer_new(server->loop, PATIENCE_MS, PATIENCE_MS, lose_patience, stream->http);
}

/* ---- the outlet of a call ---- */

static void stream_send(struct dw_outlet *outlet, struct dw_slice message)
{
    struct dw_stream *stream = outlet->user;

    begin(stream);
    send_event(stream, message, false, -1);
}

/* JSON-RPC errors are 200 for clients that would take a 404 for a lost session; what HTTP must
 * know (MCP 2026-07-28 "Error Codes", RFC 6750) keeps its status. */
static int error_status(const struct dw_stream *stream, const struct dw_error *error)
{
    int status = dw_code_row(error->code)->http_status;
    bool is_modern = stream->call->era == DW_MCP_ERA_MODERN;

    if (status == 404 && !is_modern)
        return 200;
    return status == 400 || status == 401 || status == 403 || status == 404 || status == 503
               ? status
               : 200;
}

static void respond(struct dw_stream *stream, struct dw_slice message, const struct dw_error *error,
                    struct dw_slices needed)
{
    struct dw_exchange *exchange = stream->exchange;
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct dw_field_list out = dw_field_list_in(arena, DW_SDK_ANSWER_FIELDS);
    int status = error ? error_status(stream, error) : message.len > 0 ? 200 : 202;

    if (message.len > 0)
        dw_field_list_add(&out, DW_LIT("Content-Type"), DW_LIT("application/json"));
    dw_field_list_add(&out, DW_LIT("Cache-Control"), DW_LIT("no-store"));
    if (stream->is_new_session && !error)
        dw_field_list_add(&out, DW_LIT("Mcp-Session-Id"), stream->session->id);
    if (error) {
        struct dw_slice challenge =
            dw_guard_challenge(stream->http->server->guard, error, needed, arena);

        dw_exchange_note(exchange, "error", dw_slice_from_text(dw_code_row(error->code)->name));
        if (!challenge.ptr || challenge.len > 0)
            dw_field_list_add(&out, DW_LIT("WWW-Authenticate"), challenge);
    }
    dw_cors_add(dw_exchange_request(exchange)->fields, &out);
    if (out.has_failed)
        dw_exchange_respond(exchange, 503, (struct dw_http_fields){0}, DW_EMPTY);
    else
        dw_exchange_respond(exchange, status, dw_field_list_view(&out), message);
}

static void stream_finish(struct dw_outlet *outlet, struct dw_slice message,
                          const struct dw_error *error, struct dw_slices needed)
{
    struct dw_stream *stream = outlet->user;
    struct dw_exchange *exchange = stream->exchange;
    bool was_sse = stream->is_sse;

    unlink_stream(stream);
    if (was_sse && message.len > 0)
        send_event(stream, message, true, -1); /* kept also when nobody is there */
    if (!exchange)
        return;
    dw_exchange_set_user(exchange, NULL, NULL);
    if (was_sse)
        dw_exchange_end(exchange);
    else
        respond(stream, message, error, needed);
}

static void stream_close(struct dw_outlet *outlet)
{
    struct dw_stream *stream = outlet->user;
    struct dw_exchange *exchange = stream->exchange;

    if (!exchange || !stream->session || !stream->session->is_primed)
        return;
    begin(stream);
    unlink_stream(stream);
    stream->exchange = NULL;
    dw_exchange_set_user(exchange, NULL, NULL);
    dw_exchange_end(exchange);
}

/* MCP 2026-07-28: closing the response stream is a cancellation; before, it is none, and the
 * answer waits in the event log. */
static void gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    struct dw_stream *stream = user;

    (void)exchange;
    (void)is_complete;
    unlink_stream(stream);
    stream->exchange = NULL;
    if (stream->session && stream->session->is_primed)
        stream->is_sse = true;
    else if (stream->call->era == DW_MCP_ERA_MODERN)
        dw_call_cancel(stream->call);
}

struct dw_stream *dw_stream_new(struct dw_http *http, struct dw_exchange *exchange,
                                struct dw_call *call)
{
    struct dw_stream *stream = DW_ARENA_NEW(call->arena, struct dw_stream);

    if (!stream)
        return NULL;
    stream->http = http;
    stream->exchange = exchange;
    stream->call = call;
    if (call->session && call->session->id.len > 0) {
        stream->session = call->session;
        stream->number = call->session->next_stream++;
    }
    call->outlet = (struct dw_outlet){stream_send, stream_finish, stream_close, stream};
    dw_exchange_set_user(exchange, stream, gone);
    be_patient(stream);
    return stream;
}

/* ---- the standalone stream ---- */

static void free_standalone(struct dw_stream *stream)
{
    unlink_stream(stream);
    if (stream->session->stream == stream)
        stream->session->stream = NULL;
    dw_session_unref(stream->session);
    dw_mem_free(stream);
}

static void standalone_gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    (void)exchange;
    (void)is_complete;
    free_standalone(user);
}

void dw_http_end_stream(struct dw_session *session)
{
    struct dw_stream *stream = session->stream;
    struct dw_exchange *exchange = stream->exchange;

    free_standalone(stream);
    dw_exchange_set_user(exchange, NULL, NULL);
    dw_exchange_end(exchange);
}

void dw_http_session_send(struct dw_session *session, struct dw_slice message)
{
    struct dw_stream *stream = session->stream;
    char id[DW_EVENT_ID_SIZE];

    if (stream)
        send_event(stream, message, false, -1);
    else
        dw_event_log_add(session->events, 0, message, false, id);
}

struct replay {
    struct dw_stream *stream;
    bool is_complete;
};

static void replay_event(void *user, struct dw_slice id, struct dw_slice message, bool is_last)
{
    struct replay *replay = user;

    write_event(replay->stream, id, message, -1);
    replay->is_complete = replay->is_complete || is_last;
}

/* The call whose stream it was, if it still runs and nobody reads it. */
static struct dw_stream *find_interrupted(struct dw_session *session, int64_t number)
{
    for (struct dw_call *call = session->first_call; call; call = call->next) {
        struct dw_stream *stream = call->outlet.user;

        if (stream->number == number && !stream->exchange)
            return stream;
    }
    return NULL;
}

/* The exchange carries on with the stream of a call. */
static void resume_call(struct dw_exchange *exchange, struct dw_stream *stream, int64_t number)
{
    struct replay replay = {.stream = stream};

    stream->exchange = exchange;
    dw_exchange_set_user(exchange, stream, gone);
    start_sse(stream);
    dw_event_log_replay(stream->session->events, stream->number, number, replay_event, &replay);
}

static void end_replay(struct dw_http *http, struct dw_exchange *exchange,
                       struct dw_session *session, int64_t number, int64_t after)
{
    struct dw_stream stream = {
        .http = http, .exchange = exchange, .session = session, .number = number};
    struct replay replay = {.stream = &stream};

    start_sse(&stream);
    dw_event_log_replay(session->events, number, after, replay_event, &replay);
    unlink_stream(&stream);
    dw_exchange_end(exchange);
}

static void open_standalone(struct dw_http *http, struct dw_exchange *exchange,
                            struct dw_session *session, int64_t after, int64_t expires_at_s)
{
    struct dw_stream *stream = dw_mem_new(sizeof *stream);
    struct replay replay = {.stream = stream};
    struct dw_error error;

    if (!stream) {
        dw_error_set(&error, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        dw_exchange_respond_error(exchange, &error);
        return;
    }
    if (session->stream) /* the newer one is the one that is read */
        dw_http_end_stream(session);
    stream->http = http;
    stream->exchange = exchange;
    stream->session = dw_session_ref(session);
    stream->expires_at_s = expires_at_s;
    session->stream = stream;
    dw_exchange_set_user(exchange, stream, standalone_gone);
    start_sse(stream);
    if (after < 0)
        prime(stream);
    else
        dw_event_log_replay(session->events, 0, after, replay_event, &replay);
}

void dw_stream_open(struct dw_http *http, struct dw_exchange *exchange, struct dw_session *session,
                    int64_t expires_at_s)
{
    struct dw_slice last = dw_http_field(dw_exchange_request(exchange)->fields, "last-event-id");
    int64_t number = 0, after = -1;
    struct dw_stream *stream;

    if (last.ptr && !dw_event_id_read(last, &number, &after)) {
        number = 0;
        after = -1;
    }
    stream = number > 0 ? find_interrupted(session, number) : NULL;
    if (stream)
        resume_call(exchange, stream, after);
    else if (number > 0)
        end_replay(http, exchange, session, number, after);
    else
        open_standalone(http, exchange, session, after, expires_at_s);
}

void dw_streams_expire(struct dw_http *http, int64_t now_s)
{
    struct dw_stream *stream, *next;

    for (stream = http->first_stream; stream; stream = next) {
        next = stream->next;
        if (!stream->call && stream->expires_at_s > 0 &&
            now_s >= stream->expires_at_s + http->server->leeway_s)
            dw_http_end_stream(stream->session);
    }
}

void dw_streams_keep_alive(struct dw_http *http)
{
    struct dw_stream *stream, *next;

    for (stream = http->first_stream; stream; stream = next) {
        next = stream->next;
        if (stream->is_sse && stream->exchange && dw_exchange_unsent_bytes(stream->exchange) == 0)
            (void)dw_exchange_write(stream->exchange, DW_SSE_COMMENT);
    }
}
