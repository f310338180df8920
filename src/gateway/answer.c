/* Answers of the gateway's own: refusals with their challenge, and whole bodies. */
#include "gateway/gateway_internal.h"
#include "gateway/list_filter.h"
#include "guard/origin.h"

#include "json/json_writer.h"

/* {"error","error_description"}: for peers that have not sent a JSON-RPC request yet. */
static struct dw_slice oauth_error(const struct dw_error *error, struct dw_arena *arena)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice bytes;

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "error",
                     row->oauth_error ? dw_slice_from_text(row->oauth_error)
                                      : DW_LIT("unauthorized"));
    dw_json_put_text(&writer, "error_description",
                     dw_slice_from_text(error->message[0] ? error->message : row->text));
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, &bytes, NULL) ? bytes : DW_EMPTY;
}

static void respond(struct dw_exchange *exchange, int status, struct dw_field_list *out,
                    struct dw_slice body)
{
    if (body.len > 0) {
        dw_field_list_add(out, DW_LIT("Content-Type"), DW_LIT("application/json"));
        dw_field_list_add(out, DW_LIT("Cache-Control"), DW_LIT("no-store"));
    }
    if (out->has_failed) /* memory is short: the status alone is the answer */
        dw_exchange_respond(exchange, 503, (struct dw_http_fields){0}, DW_EMPTY);
    else
        dw_exchange_respond(exchange, status, dw_field_list_view(out), body);
}

void dw_passage_answer(struct dw_passage *passage, int status, struct dw_field_list *out,
                       struct dw_slice body)
{
    dw_cors_add(dw_exchange_request(passage->exchange)->fields, out);
    respond(passage->exchange, status, out, body);
}

static void note_refusal(struct dw_exchange *exchange, const struct dw_error *error)
{
    dw_exchange_note(exchange, "error", dw_slice_from_text(dw_code_row(error->code)->name));
    dw_exchange_note(exchange, "reason", dw_slice_from_text(error->message));
    dw_exchange_note(exchange, "cause", dw_slice_from_text(error->cause));
}

void dw_passage_refuse(struct dw_passage *passage, const struct dw_error *error,
                       struct dw_slices needed, struct dw_slice data)
{
    struct dw_field_list out = dw_field_list_in(passage->arena, DW_ANSWER_FIELDS);
    struct dw_slice challenge =
        dw_guard_challenge(passage->gateway->guard, error, needed, passage->arena);
    struct dw_slice body;

    note_refusal(passage->exchange, error);
    if (!challenge.ptr || challenge.len > 0)
        dw_field_list_add(&out, DW_LIT("WWW-Authenticate"), challenge);
    if (error->code == DW_METHOD_NOT_ALLOWED)
        dw_field_list_add(&out, DW_LIT("Allow"), DW_LIT(DW_ENDPOINT_METHODS));
    if (passage->principal)
        body = dw_mcp_error(passage->message.id, error, data, passage->arena);
    else
        body = oauth_error(error, passage->arena);
    dw_passage_answer(passage, dw_code_row(error->code)->http_status, &out,
                      body.ptr ? body : DW_EMPTY);
}

void dw_answer_error(struct dw_exchange *exchange, const struct dw_error *error,
                     struct dw_slice allow)
{
    struct dw_arena *arena = dw_exchange_arena(exchange);
    struct dw_field_list out = dw_field_list_in(arena, DW_ANSWER_FIELDS);

    note_refusal(exchange, error);
    if (allow.len > 0)
        dw_field_list_add(&out, DW_LIT("Allow"), allow);
    respond(exchange, dw_code_row(error->code)->http_status, &out, oauth_error(error, arena));
}

bool dw_passage_filters_list(const struct dw_passage *passage)
{
    /* GET: it may replay the answer to a list. */
    bool is_stream = dw_exchange_request(passage->exchange)->method == DW_HTTP_GET;
    bool is_list = passage->method && passage->method->is_list;

    return (passage->gateway->filters_lists && (is_stream || is_list)) ||
           (is_list && passage->method->kind == DW_MCP_TASK);
}

static bool may_see(void *user, enum dw_mcp_kind kind, struct dw_slice name)
{
    const struct dw_passage *passage = user;
    struct dw_slice about;

    if (kind == DW_MCP_TASK)
        return dw_owned_find(passage->gateway->tasks, name, passage->principal->key,
                             dw_loop_now_ms(dw_exchange_loop(passage->exchange)), passage->arena,
                             &about);
    return dw_guard_may_see(passage->gateway->guard, passage->principal, kind, name);
}

struct dw_list_filter dw_passage_list_filter(struct dw_passage *passage)
{
    return (struct dw_list_filter){
        .method = passage->method,
        .is_modern = passage->path == DW_MCP_PATH_MODERN,
        .may_see = may_see,
        .user = passage,
    };
}
