/* What the hub has to say to the client of a call, and saying it over HTTP: one JSON body when the
 * answer is all there is, else an event stream. */
#include "gateway/list_filter.h"
#include "gateway/stdio_internal.h"
#include "gateway/task_watch.h"
#include "guard/origin.h"

#include "base/mem.h"
#include "sys/sys.h"

#define EVENT_START "event: message\ndata: "
#define EVENT_END "\n\n"

enum mail_kind {
    MAIL_EVENT,
    MAIL_RESULT,
    MAIL_ERROR,
    MAIL_ACCEPTED,
    MAIL_OPEN,
    MAIL_END,
};

struct mail {
    struct dw_stdio_call *call;
    enum mail_kind kind;
    struct dw_error error;
    struct dw_slice event;   /* the message framed as an event */
    struct dw_slice message; /* inside of it */
    char bytes[];
};

void dw_stdio_call_unref(struct dw_stdio_call *call)
{
    if (atomic_fetch_sub(&call->references, 1) == 1)
        dw_arena_free(call->arena); /* the call itself lies in it */
}

static void start_stream(struct dw_stdio_call *call)
{
    struct dw_passage *passage = call->passage;
    struct dw_field_list out = dw_field_list_in(passage->arena, DW_CORS_FIELDS + 4);

    if (dw_exchange_has_started(passage->exchange))
        return;
    dw_field_list_add(&out, DW_LIT("Content-Type"), DW_LIT("text/event-stream"));
    dw_field_list_add(&out, DW_LIT("Cache-Control"), DW_LIT("no-store"));
    dw_field_list_add(&out, DW_LIT("X-Accel-Buffering"), DW_LIT("no"));
    if (call->is_handshake)
        dw_field_list_add(&out, DW_LIT("Mcp-Session-Id"), call->session_id);
    dw_cors_add(dw_exchange_request(passage->exchange)->fields, &out);
    call->has_stream = true;
    dw_metrics_add(dw_loop_metrics(call->loop), DW_METRIC_STREAMS_OPEN, 1);
    dw_exchange_start(passage->exchange, 200, dw_field_list_view(&out), -1);
}

static void end_stream(struct dw_stdio_call *call)
{
    start_stream(call);
    if (call->passage)
        dw_exchange_end(call->passage->exchange);
}

/* The process does not wait for a client: one that takes nothing is cut off. A write that fails may
 * have ended the passage. */
static void write_event(struct dw_stdio_call *call, struct dw_slice event)
{
    start_stream(call);
    if (!call->passage)
        return;
    if (dw_exchange_unsent_bytes(call->passage->exchange) > DW_STDIO_MAX_UNSENT)
        dw_exchange_abort(call->passage->exchange);
    else
        (void)dw_exchange_write(call->passage->exchange, event);
}

/* MCP 2026-07-28 "Error Codes": some errors have a status of their own over HTTP. */
static int status_of(const struct dw_stdio_call *call, const struct dw_mcp_message *answer)
{
    int64_t code = 0;

    if (!call->is_modern || !answer->error || !dw_json_int(answer->error, "code", &code))
        return 200;
    switch (code) {
    case -32601:
        return 404;
    case -32020:
    case -32021:
    case -32022:
        return 400;
    default:
        return 200;
    }
}

static void answer_whole(struct dw_stdio_call *call, struct dw_slice message)
{
    struct dw_passage *passage = call->passage;
    struct dw_field_list out = dw_field_list_in(passage->arena, DW_ANSWER_FIELDS);
    struct dw_mcp_message answer = {0};
    int status = 200;

    if ((call->is_modern || call->is_handshake) &&
        dw_mcp_message_parse(message, passage->arena, &answer, NULL))
        status = status_of(call, &answer);
    if (call->is_handshake && answer.result)
        dw_field_list_add(&out, DW_LIT("Mcp-Session-Id"), call->session_id);
    dw_passage_answer(passage, status, &out, message);
}

static void deliver_result(struct dw_stdio_call *call, const struct mail *mail)
{
    struct dw_passage *passage = call->passage;
    struct dw_slice message = mail->message, event = mail->event;
    struct dw_error error = {0};

    dw_exchange_note_int(passage->exchange, "upstream_us",
                         dw_sys_monotonic_us() - passage->began_us);
    if (dw_passage_watches_tasks(passage)) {
        struct dw_slice task_id = dw_task_made_by(message, passage->arena);

        if (task_id.len > 0)
            dw_passage_own_task(passage, task_id);
    }
    if (dw_passage_filters_list(passage)) {
        struct dw_list_filter filter = dw_passage_list_filter(passage);

        if (!dw_list_filter_message(&filter, message, passage->arena, &message, &error))
            message = dw_mcp_error(passage->message.id, &error, DW_EMPTY, passage->arena);
        event = dw_arena_printf(passage->arena, EVENT_START "%.*s" EVENT_END, DW_PRINT(message));
    }
    if (!message.ptr || !event.ptr) {
        dw_exchange_abort(passage->exchange);
    } else if (dw_exchange_has_started(passage->exchange)) {
        write_event(call, event);
        if (call->passage)
            dw_exchange_end(call->passage->exchange);
    } else {
        answer_whole(call, message);
    }
}

static void deliver_error(struct dw_stdio_call *call, const struct dw_error *error)
{
    struct dw_passage *passage = call->passage;
    struct dw_slice message;

    if (!dw_exchange_has_started(passage->exchange)) {
        dw_passage_refuse(passage, error, (struct dw_slices){0}, DW_EMPTY);
        return;
    }
    dw_exchange_note(passage->exchange, "reason", dw_slice_from_text(error->message));
    message = dw_mcp_error(passage->message.id, error, DW_EMPTY, passage->arena);
    if (passage->message.id && message.ptr)
        write_event(
            call, dw_arena_printf(passage->arena, EVENT_START "%.*s" EVENT_END, DW_PRINT(message)));
    if (call->passage)
        dw_exchange_end(call->passage->exchange);
}

static bool takes_stream(const struct dw_passage *passage)
{
    return dw_slice_has(dw_http_field(dw_exchange_request(passage->exchange)->fields, "accept"),
                        DW_LIT("text/event-stream"));
}

static void deliver(const struct mail *mail)
{
    struct dw_stdio_call *call = mail->call;
    struct dw_field_list out;

    switch (mail->kind) {
    case MAIL_EVENT:
        write_event(call, mail->event);
        return;
    case MAIL_RESULT:
        deliver_result(call, mail);
        return;
    case MAIL_ERROR:
        deliver_error(call, &mail->error);
        return;
    case MAIL_ACCEPTED:
        out = dw_field_list_in(call->passage->arena, DW_ANSWER_FIELDS);
        /* A session that was ended needs no more work: the Python SDK warns of any 202 to DELETE.
         */
        dw_passage_answer(call->passage, call->kind == DW_STDIO_DELETE ? 204 : 202, &out, DW_EMPTY);
        return;
    case MAIL_OPEN:
        if (call->kind == DW_STDIO_STREAM || call->has_stream || takes_stream(call->passage))
            write_event(call, DW_LIT(": open\n\n"));
        return;
    case MAIL_END:
        end_stream(call);
        return;
    }
}

static void arrive(void *user)
{
    struct mail *mail = user;
    struct dw_stdio_call *call = mail->call;

    if (call->passage)
        deliver(mail);
    dw_mem_free(mail);
    dw_stdio_call_unref(call);
}

/* Without memory for a mail the client waits until it gives up; there is nothing to tell it with.
 */
static void post(struct dw_stdio_call *call, enum mail_kind kind, struct dw_slice message,
                 const struct dw_error *error)
{
    static const size_t start = sizeof EVENT_START - 1, end = sizeof EVENT_END - 1;
    struct mail *mail = dw_mem_alloc(sizeof *mail + start + message.len + end);

    if (!mail)
        return;
    *mail = (struct mail){.call = call, .kind = kind};
    if (error)
        mail->error = *error;
    memcpy(mail->bytes, EVENT_START, start);
    memcpy(mail->bytes + start, message.ptr, message.len);
    memcpy(mail->bytes + start + message.len, EVENT_END, end);
    mail->event = dw_slice_from(mail->bytes, start + message.len + end);
    mail->message = dw_slice_from(mail->bytes + start, message.len);
    atomic_fetch_add(&call->references, 1);
    if (dw_loop_post(call->loop, arrive, mail))
        return;
    dw_mem_free(mail);
    dw_stdio_call_unref(call);
}

void dw_stdio_mail_event(struct dw_stdio_call *call, struct dw_slice message)
{
    call->has_answer_begun = true;
    call->told_ms = dw_loop_now_ms(call->stdio->loop);
    post(call, MAIL_EVENT, message, NULL);
}

void dw_stdio_mail_result(struct dw_stdio_call *call, struct dw_slice message)
{
    post(call, MAIL_RESULT, message, NULL);
}

void dw_stdio_mail_error(struct dw_stdio_call *call, const struct dw_error *error)
{
    post(call, MAIL_ERROR, DW_EMPTY, error);
}

void dw_stdio_mail_accepted(struct dw_stdio_call *call)
{
    post(call, MAIL_ACCEPTED, DW_EMPTY, NULL);
}

void dw_stdio_mail_open(struct dw_stdio_call *call)
{
    call->told_ms = dw_loop_now_ms(call->stdio->loop);
    post(call, MAIL_OPEN, DW_EMPTY, NULL);
}

void dw_stdio_mail_end(struct dw_stdio_call *call)
{
    post(call, MAIL_END, DW_EMPTY, NULL);
}
