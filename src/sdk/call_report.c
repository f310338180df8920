/* What a call tells its client while it runs: progress, log messages, and to come back later. */
#include <math.h>

#include <doorward/call.h>

#include "sdk/sdk_internal.h"

static struct dw_json_writer open_notification(struct dw_buf *out, const char *method)
{
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "jsonrpc", DW_LIT("2.0"));
    dw_json_put_text(&writer, "method", dw_slice_from_text(method));
    dw_json_write_key(&writer, DW_LIT("params"));
    dw_json_write_object_start(&writer);
    return writer;
}

/* Notifications may be lost: without memory this one is. */
static void send_notification(struct dw_call *call, struct dw_json_writer *writer)
{
    struct dw_slice message;

    dw_json_write_object_end(writer);
    dw_json_write_object_end(writer);
    if (dw_buf_finish(writer->out, &message, NULL))
        (void)dw_call_send(call, message);
}

void dw_call_progress(struct dw_call *call, double progress, double total, const char *message)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer;

    if (!call->progress_token || !isfinite(progress) || !isfinite(total))
        return;
    /* MCP progress MUST: it grows from one notification to the next. */
    if (call->has_progress && progress <= call->progress)
        return;
    call->has_progress = true;
    call->progress = progress;
    writer = open_notification(&out, "notifications/progress");
    dw_json_put_raw(&writer, "progressToken", call->progress_token->raw);
    dw_json_write_key(&writer, DW_LIT("progress"));
    dw_json_write_double(&writer, progress);
    if (total > 0) {
        dw_json_write_key(&writer, DW_LIT("total"));
        dw_json_write_double(&writer, total);
    }
    if (message)
        dw_json_put_text(&writer, "message", dw_slice_from_text(message));
    send_notification(call, &writer);
}

void dw_call_log(struct dw_call *call, const char *level, const char *logger, struct dw_slice json)
{
    struct dw_buf out = dw_buf_in(call->arena);
    const struct dw_json *data;
    struct dw_json_writer writer;
    int rank;

    if (call->log_level == DW_MCP_LOG_NONE ||
        !dw_mcp_log_level_read(dw_slice_from_text(level), &rank) || rank < call->log_level ||
        !dw_json_parse(json, call->arena, &data, NULL))
        return;
    writer = open_notification(&out, "notifications/message");
    dw_json_put_text(&writer, "level", dw_slice_from_text(level));
    if (logger)
        dw_json_put_text(&writer, "logger", dw_slice_from_text(logger));
    dw_json_put_raw(&writer, "data", data->raw);
    send_notification(call, &writer);
}

static void close_stream(void *user)
{
    struct dw_call *call = user;

    if (!call->is_cancelled)
        call->outlet.close_stream(&call->outlet);
}

void dw_call_close_stream(struct dw_call *call)
{
    if (call->era != DW_MCP_ERA_LEGACY)
        return;
    if (dw_loop_here() == call->server->loop)
        close_stream(call);
    else
        (void)!dw_loop_post(call->server->loop, close_stream, call); /* before the job is done */
}
