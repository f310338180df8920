/* Requests to an HTTP upstream: the same body bytes go out, the answer is streamed back as it
 * comes. Lists are the exception, they are filtered on the way.
 *
 * When a modern client leaves, its request is cancelled upstream (MCP 2026-07-28: closing the
 * stream is the cancellation). When a legacy client leaves, it is not (2025-11-25 transports: a
 * disconnect SHOULD NOT be taken for a cancellation): the answer is read and thrown away,
 * "unattended", for a while. */
#include "gateway/gateway_internal.h"
#include "gateway/identity.h"
#include "gateway/list_filter.h"
#include "gateway/task_watch.h"
#include "guard/origin.h"

#include "base/mem.h"
#include "http/field.h"
#include "mcp/header.h"
#include "sys/sys.h"

#define MAX_SPARE 256
#define MAX_IDLE 256 /* connections kept to the upstream, a loop */
/* Long enough for a lost SYN to be sent a third time: a busy server drops some. */
#define CONNECT_MS 10000
#define MAX_UNATTENDED 1024
/* Bodies that are kept for requests without a client, a loop: one client could make many. */
#define MAX_UNATTENDED_BYTES ((size_t)64 * 1024 * 1024)
#define UNATTENDED_MS (10 * 60 * 1000)
#define SWEEP_MS 5000
/* Own copies of a legacy request, and lists being filtered. */
#define ARENA_BYTES ((size_t)160 * 1024 * 1024)
/* An answer with a known length up to this goes out with its head, in one write. */
#define HOLD_BYTES (64 * 1024)

enum phase {
    WAITING,    /* for the head */
    HOLDING,    /* the head, until the body comes, to send both at once */
    STREAMING,  /* bytes pass */
    COLLECTING, /* a list in a JSON body */
    FILTERING,  /* a list in an event stream */
    ANSWERED,   /* what still comes is thrown away */
};

struct dw_forward {
    struct dw_forward *next, *previous; /* spare (next only) or unattended */
    struct dw_forward *next_listening, *previous_listening;
    struct dw_gateway_loop *home;
    struct dw_passage *passage;    /* NULL: nobody waits for the answer */
    struct dw_upstream_call *call; /* NULL: it has ended */
    struct dw_arena *arena;        /* its own; reset between uses */
    struct dw_list_stream *list;
    struct dw_task_watch *watch; /* the answer may make a task */
    struct dw_buf collected;
    struct dw_http_fields fields; /* of the answer; in the exchange's arena */
    enum phase phase;
    int status;
    int64_t content_length;
    size_t kept_bytes; /* of its own copy of the request */
    int64_t sent_us;
    int64_t give_up_at_ms; /* unattended */
    bool is_unattended;
    bool is_stream_counted, is_listening;
    bool is_in_callback; /* of the upstream call: not to be released yet */
};

static struct dw_metrics *metrics_of(const struct dw_forward *forward)
{
    return dw_loop_metrics(forward->home->loop);
}

static struct dw_forward *take_spare(struct dw_gateway_loop *home)
{
    struct dw_forward *forward = home->spare;

    if (forward) {
        struct dw_arena *arena = forward->arena;

        home->spare = forward->next;
        home->spare_count--;
        *forward = (struct dw_forward){.home = home, .arena = arena};
        return forward;
    }
    forward = dw_mem_new(sizeof *forward);
    if (!forward)
        return NULL;
    forward->home = home;
    forward->arena = dw_arena_new(ARENA_BYTES);
    if (forward->arena)
        return forward;
    dw_mem_free(forward);
    return NULL;
}

static void free_forward(struct dw_forward *forward)
{
    dw_arena_free(forward->arena);
    dw_mem_free(forward);
}

static void leave_unattended(struct dw_forward *forward)
{
    struct dw_gateway_loop *home = forward->home;

    if (!forward->is_unattended)
        return;
    if (forward->previous)
        forward->previous->next = forward->next;
    else
        home->unattended = forward->next;
    if (forward->next)
        forward->next->previous = forward->previous;
    home->unattended_count--;
    home->unattended_bytes -= forward->kept_bytes;
    forward->is_unattended = false;
}

static void join_unattended(struct dw_forward *forward)
{
    struct dw_gateway_loop *home = forward->home;

    forward->previous = NULL;
    forward->next = home->unattended;
    if (forward->next)
        forward->next->previous = forward;
    home->unattended = forward;
    home->unattended_count++;
    home->unattended_bytes += forward->kept_bytes;
    forward->is_unattended = true;
    forward->give_up_at_ms = dw_loop_now_ms(home->loop) + UNATTENDED_MS;
}

/* When both sides are done with it. */
static void release(struct dw_forward *forward)
{
    struct dw_gateway_loop *home = forward->home;

    if (forward->passage || forward->call || forward->is_in_callback)
        return;
    leave_unattended(forward);
    if (home->spare_count >= MAX_SPARE) {
        free_forward(forward);
        return;
    }
    dw_arena_reset(forward->arena);
    forward->next = home->spare;
    home->spare = forward;
    home->spare_count++;
}

static void cancel(struct dw_forward *forward)
{
    struct dw_upstream_call *call = forward->call;

    forward->call = NULL;
    if (call)
        dw_upstream_call_cancel(call);
}

static bool is_without_end(const struct dw_passage *passage)
{
    return !passage->message.document ||
           dw_slice_eq(passage->message.method, DW_LIT("subscriptions/listen"));
}

static void start_listening(struct dw_forward *forward)
{
    struct dw_gateway_loop *home = forward->home;

    forward->is_listening = true;
    forward->previous_listening = NULL;
    forward->next_listening = home->listening;
    if (forward->next_listening)
        forward->next_listening->previous_listening = forward;
    home->listening = forward;
}

static void stop_listening(struct dw_forward *forward)
{
    forward->is_listening = false;
    if (forward->previous_listening)
        forward->previous_listening->next_listening = forward->next_listening;
    else
        forward->home->listening = forward->next_listening;
    if (forward->next_listening)
        forward->next_listening->previous_listening = forward->previous_listening;
}

static void count_stream(struct dw_forward *forward, bool is_open)
{
    if (forward->is_stream_counted == is_open)
        return;
    forward->is_stream_counted = is_open;
    if (forward->is_listening)
        stop_listening(forward);
    else if (is_open && is_without_end(forward->passage))
        start_listening(forward);
    dw_metrics_add(metrics_of(forward), DW_METRIC_STREAMS_OPEN, is_open ? 1 : -1);
}

/* The exchange is over: answered, or the client has left. */
static void passage_gone(struct dw_passage *passage, bool is_complete)
{
    struct dw_forward *forward = passage->carrier;
    bool outlives = passage->path != DW_MCP_PATH_MODERN && passage->message.document &&
                    forward->home->unattended_count < MAX_UNATTENDED &&
                    forward->home->unattended_bytes + forward->kept_bytes <= MAX_UNATTENDED_BYTES;

    forward->passage = NULL;
    if (forward->list)
        dw_list_stream_free(forward->list);
    forward->list = NULL;
    dw_task_watch_free(forward->watch);
    forward->watch = NULL;
    count_stream(forward, false);
    if (forward->call && forward->phase != ANSWERED) {
        if (is_complete || !outlives)
            cancel(forward);
        else
            dw_upstream_call_resume(forward->call);
    }
    forward->phase = ANSWERED;
    if (forward->call)
        join_unattended(forward);
    release(forward);
}

/* Ends it with an error: an answer when nothing was sent yet, else a cut that the client sees. */
static void fail(struct dw_forward *forward, const struct dw_error *error)
{
    struct dw_passage *passage = forward->passage;

    forward->phase = ANSWERED;
    cancel(forward);
    dw_metrics_add(metrics_of(forward), DW_METRIC_UPSTREAM_FAILURES, 1);
    if (dw_exchange_has_started(passage->exchange)) {
        dw_exchange_note(passage->exchange, "cause", dw_slice_from_text(error->cause));
        dw_exchange_abort(passage->exchange);
    } else {
        dw_passage_refuse(passage, error, (struct dw_slices){0}, DW_EMPTY);
    }
}

static void fail_with(struct dw_forward *forward, enum dw_code code, const char *text)
{
    struct dw_error error;

    dw_error_set(&error, code, __FILE__, __LINE__, "%s", text);
    fail(forward, &error);
}

static void on_drain(void *user)
{
    struct dw_forward *forward = user;

    if (forward->call)
        dw_upstream_call_resume(forward->call);
}

static void pass_on(struct dw_forward *forward, struct dw_slice bytes)
{
    struct dw_exchange *exchange = forward->passage->exchange;

    if (bytes.len > 0 && !dw_exchange_write(exchange, bytes) && forward->passage && forward->call) {
        dw_upstream_call_pause(forward->call);
        dw_exchange_on_drain(exchange, on_drain, forward);
    }
}

static void start_answer(struct dw_forward *forward, enum phase phase)
{
    forward->phase = phase;
    dw_exchange_start(forward->passage->exchange, forward->status, forward->fields,
                      phase == FILTERING ? -1 : forward->content_length);
}

/* What an upstream must not answer. Its 401 is about our credentials, not the client's. */
static bool check_head(const struct dw_http_response_head *head, struct dw_error *reterr)
{
    if (head->status == 401 || head->status == 407)
        return dw_fail(reterr, DW_BAD_GATEWAY,
                       "the MCP server behind the gateway wants credentials of its own (%d)",
                       head->status);
    if (head->status < 200 || (head->status >= 300 && head->status < 400))
        return dw_fail(reterr, DW_BAD_GATEWAY, "the MCP server answered with status %d",
                       head->status);
    return true;
}

/* Sessions that upstreams make and forget. *ret_session: the id the client may see. */
static bool follow_session(struct dw_passage *passage, const struct dw_http_response_head *head,
                           struct dw_slice *ret_session, struct dw_error *reterr)
{
    struct dw_owned *sessions = passage->gateway->sessions;
    bool is_delete = dw_exchange_request(passage->exchange)->method == DW_HTTP_DELETE;
    struct dw_mcp_headers headers;

    *ret_session = passage->session_id;
    if (passage->session_id.len > 0 && (head->status == 404 || (is_delete && head->status < 300)))
        dw_owned_remove(sessions, passage->session_id);
    if (passage->path != DW_MCP_PATH_LEGACY_HANDSHAKE || head->status >= 300)
        return true;
    if (!dw_mcp_headers_read(head->fields, &headers, NULL))
        return dw_fail(reterr, DW_BAD_GATEWAY, "the MCP server made a malformed session id");
    if (!headers.session_id.ptr)
        return true;
    *ret_session = headers.session_id;
    return dw_owned_add(sessions,
                        &(struct dw_owned_id){headers.session_id, passage->principal->key},
                        dw_loop_now_ms(dw_exchange_loop(passage->exchange)), reterr);
}

static bool make_fields(struct dw_forward *forward, const struct dw_http_response_head *head,
                        struct dw_slice session_id, bool is_stream, struct dw_error *reterr)
{
    struct dw_passage *passage = forward->passage;
    struct dw_field_list out =
        dw_field_list_in(passage->arena, head->fields.count + DW_CORS_FIELDS + 1);

    dw_answer_fields(head, session_id, passage->arena, &out);
    dw_cors_add(dw_exchange_request(passage->exchange)->fields, &out);
    if (is_stream && !dw_http_field(head->fields, "x-accel-buffering").ptr)
        dw_field_list_add(&out, DW_LIT("X-Accel-Buffering"), DW_LIT("no"));
    forward->fields = dw_field_list_view(&out);
    return !out.has_failed || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool start_watch(struct dw_forward *forward, bool is_stream, struct dw_error *reterr)
{
    if (!dw_passage_watches_tasks(forward->passage) || forward->status >= 300)
        return true;
    forward->watch = dw_task_watch_new(is_stream, dw_passage_own_task, forward->passage, reterr);
    return forward->watch;
}

static bool start_list(struct dw_forward *forward, const struct dw_http_response_head *head,
                       bool is_stream, struct dw_error *reterr)
{
    struct dw_list_filter filter = dw_passage_list_filter(forward->passage);
    struct dw_slice coding = dw_http_field(head->fields, "content-encoding");

    if (coding.len > 0 && !dw_slice_eq_nocase(coding, DW_LIT("identity")))
        return dw_fail(reterr, DW_BAD_GATEWAY, "the MCP server compressed a list unasked");
    if (!is_stream) {
        forward->phase = COLLECTING;
        forward->collected = dw_buf_in(forward->arena);
        forward->collected.limit_bytes = DW_LIST_MAX_BYTES;
        return true;
    }
    forward->list = dw_list_stream_new(&filter, reterr);
    if (!forward->list)
        return false;
    start_answer(forward, FILTERING);
    return true;
}

static void take_head(struct dw_forward *forward, const struct dw_http_response_head *head)
{
    struct dw_passage *passage = forward->passage;
    bool is_stream =
        dw_http_media_type_is(dw_http_field(head->fields, "content-type"), "text/event-stream");
    int64_t upstream_us = dw_sys_monotonic_us() - forward->sent_us;
    struct dw_slice session_id;
    struct dw_error error = {0};

    dw_metrics_observe_us(metrics_of(forward), DW_METRIC_UPSTREAM_SECONDS, upstream_us);
    if (!passage)
        return;
    dw_exchange_note_int(passage->exchange, "upstream_us", upstream_us);
    forward->status = head->status;
    forward->content_length = head->content_length;
    if (!check_head(head, &error) || !follow_session(passage, head, &session_id, &error) ||
        !make_fields(forward, head, session_id, is_stream, &error) ||
        !start_watch(forward, is_stream, &error)) {
        fail(forward, &error);
        return;
    }
    count_stream(forward, is_stream);
    if (dw_passage_filters_list(passage) && head->status < 300) {
        if (!start_list(forward, head, is_stream, &error))
            fail(forward, &error);
        return;
    }
    if (!is_stream && !head->is_chunked && head->content_length <= HOLD_BYTES)
        forward->phase = HOLDING;
    else
        start_answer(forward, STREAMING);
}

/* The whole answer is here. */
static void answer(struct dw_forward *forward, struct dw_slice body)
{
    forward->phase = ANSWERED;
    dw_exchange_respond(forward->passage->exchange, forward->status, forward->fields, body);
}

static void take_body(struct dw_forward *forward, struct dw_slice bytes)
{
    struct dw_error error = {0};

    if (forward->watch)
        dw_task_watch_feed(forward->watch, bytes);
    switch (forward->phase) {
    case HOLDING:
        if ((int64_t)bytes.len == forward->content_length) {
            if (forward->watch)
                dw_task_watch_end(forward->watch);
            answer(forward, bytes);
            return;
        }
        start_answer(forward, STREAMING);
        pass_on(forward, bytes);
        return;
    case STREAMING:
        pass_on(forward, bytes);
        return;
    case COLLECTING:
        dw_buf_add(&forward->collected, bytes);
        if (forward->collected.has_failed)
            fail_with(forward, DW_BAD_GATEWAY, "the MCP server's list is too large to be filtered");
        return;
    case FILTERING:
        if (dw_list_stream_feed(forward->list, bytes, &bytes, &error))
            pass_on(forward, bytes);
        else
            fail(forward, &error);
        return;
    case WAITING:
    case ANSWERED:
        return;
    }
}

static void answer_list(struct dw_forward *forward)
{
    struct dw_list_filter filter = dw_passage_list_filter(forward->passage);
    struct dw_error error = {0};
    struct dw_slice body;

    if (forward->collected.len == 0) /* 202, 204 */
        answer(forward, DW_EMPTY);
    else if (dw_list_filter_message(&filter, dw_buf_view(&forward->collected), forward->arena,
                                    &body, &error))
        answer(forward, body);
    else
        fail(forward, &error);
}

static void take_end(struct dw_forward *forward)
{
    if (forward->watch)
        dw_task_watch_end(forward->watch);
    switch (forward->phase) {
    case HOLDING:
        answer(forward, DW_EMPTY);
        break;
    case COLLECTING:
        answer_list(forward);
        break;
    case STREAMING:
    case FILTERING:
        forward->phase = ANSWERED;
        dw_exchange_end(forward->passage->exchange);
        break;
    case WAITING:
    case ANSWERED:
        break;
    }
}

/* What the upstream call calls. The forward stays until the callback is over, also when answering
 * ends the exchange at once. */
static void on_head(void *user, const struct dw_http_response_head *head)
{
    struct dw_forward *forward = user;

    forward->is_in_callback = true;
    take_head(forward, head);
    forward->is_in_callback = false;
    release(forward);
}

static void on_body(void *user, struct dw_slice bytes)
{
    struct dw_forward *forward = user;

    forward->is_in_callback = true;
    take_body(forward, bytes);
    forward->is_in_callback = false;
    release(forward);
}

static void on_end(void *user)
{
    struct dw_forward *forward = user;

    forward->call = NULL;
    forward->is_in_callback = true;
    take_end(forward);
    forward->is_in_callback = false;
    release(forward);
}

static void on_error(void *user, const struct dw_error *error)
{
    struct dw_forward *forward = user;

    forward->call = NULL;
    forward->is_in_callback = true;
    if (forward->passage && forward->phase != ANSWERED)
        fail(forward, error);
    forward->is_in_callback = false;
    release(forward);
}

static bool copy_fields(struct dw_http_fields *fields, struct dw_arena *arena,
                        struct dw_error *reterr)
{
    struct dw_http_field *items = dw_arena_new_array(arena, fields->count + 1, sizeof *items);

    for (size_t i = 0; items && i < fields->count; i++) {
        items[i].name = dw_arena_copy(arena, fields->items[i].name);
        items[i].value = dw_arena_copy(arena, fields->items[i].value);
        if (!items[i].name.ptr || !items[i].value.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    fields->items = items;
    return items || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool send_upstream(struct dw_forward *forward, struct dw_error *reterr)
{
    struct dw_passage *passage = forward->passage;
    struct dw_exchange *exchange = passage->exchange;
    const struct dw_upstream_handler handler = {on_head, on_body, on_end, on_error, forward};
    struct dw_slice body = dw_exchange_body(exchange);
    struct dw_http_fields fields;
    struct dw_upstream_request from = {
        .request = dw_exchange_request(exchange),
        .token = passage->principal->token,
        .peer_address = dw_exchange_peer_address(exchange),
        .trace_id = dw_exchange_trace_id(exchange),
        .span_id = dw_exchange_span_id(exchange),
        .is_tls = dw_exchange_is_tls(exchange),
        .keeps_session = passage->session_id.len > 0,
        .wants_plain = dw_passage_filters_list(passage) || dw_passage_watches_tasks(passage),
    };

    if (!dw_upstream_fields(&passage->gateway->rules, &from, passage->arena, &fields, reterr))
        return false;
    /* A legacy request may outlive its client, and so must its bytes. */
    if (passage->path != DW_MCP_PATH_MODERN) {
        if (!copy_fields(&fields, forward->arena, reterr))
            return false;
        forward->kept_bytes = body.len;
        body = dw_arena_copy(forward->arena, body);
        if (!body.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    forward->sent_us = dw_sys_monotonic_us();
    forward->call =
        dw_client_send(forward->home->client, from.request->method,
                       dw_client_path(forward->home->client), fields, body, &handler, reterr);
    return forward->call;
}

void dw_forward_start(struct dw_passage *passage)
{
    unsigned index = dw_loop_index(dw_exchange_loop(passage->exchange));
    struct dw_forward *forward = take_spare(&passage->gateway->loops[index]);
    struct dw_error error = {0};

    if (!forward) {
        dw_error_set(&error, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        dw_passage_refuse(passage, &error, (struct dw_slices){0}, DW_EMPTY);
        return;
    }
    forward->passage = passage;
    passage->carrier = forward;
    passage->on_gone = passage_gone;
    if (!send_upstream(forward, &error))
        fail(forward, &error);
}

/* Who only listens would hold up the end for as long as it may take; clients come back by
 * themselves. */
static void end_listening(void *user)
{
    struct dw_gateway_loop *home = user;

    while (home->listening) {
        struct dw_forward *forward = home->listening;

        count_stream(forward, false);
        forward->phase = ANSWERED;
        cancel(forward);
        dw_exchange_end(forward->passage->exchange);
    }
}

static void sweep(void *user)
{
    struct dw_gateway_loop *home = user;
    int64_t now_ms = dw_loop_now_ms(home->loop);
    struct dw_forward *forward = home->unattended;
    while (forward) {
        struct dw_forward *next = forward->next;

        if (forward->give_up_at_ms <= now_ms) {
            cancel(forward);
            release(forward);
        }
        forward = next;
    }
}

/* Without memory to say so, the drain takes the time it has. */
static void on_stop(void *user)
{
    struct dw_gateway *gateway = user;

    for (unsigned i = 0; i < gateway->loop_count; i++)
        (void)!dw_loop_post(gateway->loops[i].loop, end_listening, &gateway->loops[i]);
}

bool dw_forward_open(struct dw_gateway *gateway, struct dw_error *reterr)
{
    struct dw_client_config config = {
        .size = sizeof config,
        .url = gateway->config->upstream,
        .answer_timeout_ms = gateway->config->upstream_timeout_s * 1000,
        .max_idle = MAX_IDLE,
        .connect_timeout_ms = CONNECT_MS,
    };

    gateway->loops =
        dw_arena_new_array(gateway->arena, gateway->loop_count, sizeof *gateway->loops);
    if (!gateway->loops)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (unsigned i = 0; i < gateway->loop_count; i++) {
        struct dw_gateway_loop *home = &gateway->loops[i];

        home->loop = dw_net_loop(gateway->net, i);
        home->client = dw_client_new(home->loop, &config, reterr);
        if (!home->client)
            return false;
        home->sweep = dw_timer_new(home->loop, SWEEP_MS, SWEEP_MS, sweep, home);
        if (!home->sweep)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    return dw_net_on_stop(gateway->net, on_stop, gateway) ||
           dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

void dw_forward_close(struct dw_gateway *gateway)
{
    for (unsigned i = 0; gateway->loops && i < gateway->loop_count; i++) {
        struct dw_gateway_loop *home = &gateway->loops[i];

        while (home->unattended) {
            cancel(home->unattended);
            release(home->unattended);
        }
        while (home->spare) {
            struct dw_forward *forward = home->spare;

            home->spare = forward->next;
            free_forward(forward);
        }
        if (home->sweep)
            dw_timer_free(home->sweep);
        if (home->client)
            dw_client_free(home->client);
    }
}
