/* What the author of a tool, prompt or resource answers with, and the result made of it. */
#include <stdarg.h>
#include <stdio.h>

#include <doorward/call.h>

#include "sdk/content_internal.h"
#include "sdk/sdk_internal.h"

#define RESULT_BYTES 512 /* what a small result needs: it is not moved while it grows */

/* ---- memory ---- */

void *dw_call_alloc(struct dw_call *call, size_t size)
{
    return dw_arena_alloc(call->arena, size);
}

struct dw_slice dw_call_printf(struct dw_call *call, const char *format, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = len < 0 ? NULL : dw_arena_alloc(call->arena, (size_t)len + 1);
    if (!text)
        return dw_slice_from(NULL, 0);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return dw_slice_from(text, (size_t)len);
}

/* ---- what is added ---- */

/* NULL: the call fails for want of memory. */
static struct dw_content *content_of(struct dw_call *call)
{
    if (!call->content) {
        call->content = DW_ARENA_NEW(call->arena, struct dw_content);
        if (call->content)
            dw_content_init(call->content, call->arena);
        else
            call->has_memory_failed = true;
    }
    return call->content;
}

void dw_call_add_text(struct dw_call *call, struct dw_slice text)
{
    struct dw_content *content = content_of(call);

    /* dw_call_printf gives NULL when memory is short: that must not become an empty answer. */
    if (!text.ptr)
        call->has_memory_failed = true;
    else if (content)
        dw_content_add_text(content, text);
}

void dw_call_add_image(struct dw_call *call, struct dw_slice data, const char *mime_type)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_add_media(content, "image", data, mime_type);
}

void dw_call_add_audio(struct dw_call *call, struct dw_slice data, const char *mime_type)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_add_media(content, "audio", data, mime_type);
}

/* The registered type stands for one that was not said. */
static const char *type_of(struct dw_call *call, const char *mime_type)
{
    if (mime_type || !call->item || !call->item->mime_type.len)
        return mime_type;
    return dw_arena_text(call->arena, call->item->mime_type);
}

void dw_call_add_resource_text(struct dw_call *call, const char *uri, const char *mime_type,
                               struct dw_slice text)
{
    struct dw_content *content = content_of(call);

    if (!text.ptr)
        call->has_memory_failed = true;
    else if (content)
        dw_content_add_resource(content, uri, type_of(call, mime_type), "text", text);
}

void dw_call_add_resource_blob(struct dw_call *call, const char *uri, const char *mime_type,
                               struct dw_slice data)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_add_resource_blob(content, uri, type_of(call, mime_type), data);
}

void dw_call_add_resource_link(struct dw_call *call, const char *uri, const char *name,
                               const char *mime_type)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_add_link(content, uri, name, mime_type);
}

void dw_call_set_structured(struct dw_call *call, struct dw_slice json)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_set_structured(content, json);
}

void dw_call_annotate(struct dw_call *call, struct dw_slice json)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_annotate(content, json);
}

void dw_call_set_meta(struct dw_call *call, struct dw_slice json)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_set_meta(content, json);
}

void dw_call_set_is_error(struct dw_call *call)
{
    struct dw_content *content = content_of(call);

    if (content)
        content->is_error = true;
}

void dw_call_message(struct dw_call *call, const char *role)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_set_role(content, role);
}

void dw_call_add_completion(struct dw_call *call, struct dw_slice value)
{
    struct dw_content *content = content_of(call);

    if (content)
        dw_content_add_completion(content, value);
}

/* ---- the result ---- */

/* MCP tools, "Output Schema" MUST: structured results conform to it. */
static bool check_output(const struct dw_call *call, struct dw_error *reterr)
{
    const struct dw_json *structured = call->content->structured;
    struct dw_schema_report *report;

    if (!call->item->output || call->content->is_error)
        return true;
    if (!structured && call->content->fault.code == DW_OK)
        return dw_fail(reterr, DW_INTERNAL,
                       "the tool promises structured results and has given none");
    if (!structured)
        return true; /* it was no JSON: dw_content_write_tool says so */
    report = DW_ARENA_NEW(call->arena, struct dw_schema_report);
    if (!report)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_schema_validate(call->item->output, structured, call->arena, report, reterr))
        return false;
    if (report->is_valid)
        return true;
    return dw_fail(reterr, DW_INTERNAL,
                   "the tool's structured result does not fit its output schema at \"%.*s\": %.*s",
                   DW_PRINT(report->faults[0].instance_path), DW_PRINT(report->faults[0].message));
}

/* A failed tool tells the model why; what it had added before stays in front. */
static void add_failure(struct dw_call *call)
{
    dw_content_add_text(call->content, dw_slice_from_text(call->error.message));
    call->content->structured = NULL;
    call->content->is_error = true;
}

static bool write_result(struct dw_call *call, struct dw_json_writer *writer,
                         struct dw_error *reterr)
{
    const enum dw_mcp_kind kind = call->item ? call->item->kind : DW_MCP_OTHER;

    if (!call->is_done && kind != DW_MCP_TOOL) {
        *reterr = call->error;
        return false;
    }
    switch (kind) {
    case DW_MCP_TOOL:
        if (!call->is_done)
            add_failure(call);
        return check_output(call, reterr) && dw_content_write_tool(call->content, writer, reterr);
    case DW_MCP_PROMPT:
        return dw_content_write_prompt(call->content, DW_EMPTY, writer, reterr);
    case DW_MCP_RESOURCE:
    case DW_MCP_RESOURCE_TEMPLATE:
        dw_call_put_caching(call, call->server->issuer_count > 0, writer);
        return dw_content_write_resource(call->content, writer, reterr);
    case DW_MCP_OTHER:
    case DW_MCP_TASK:
        break;
    }
    return dw_content_write_completion(call->content, writer, reterr);
}

bool dw_call_result(struct dw_call *call, struct dw_slice *ret_result, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    if (!content_of(call) || call->has_memory_failed)
        return dw_fail(reterr, DW_NO_MEMORY, "the answer needs more memory than a call may use");
    (void)dw_buf_reserve(&out, RESULT_BYTES);
    dw_json_write_object_start(&writer);
    if (!write_result(call, &writer, reterr))
        return false;
    if (call->content->meta)
        dw_call_put_meta(call, &writer, call->content->meta->raw);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_result, reterr);
}
