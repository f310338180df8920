/* Filtering list results, in JSON bodies and in event streams. */
#include "gateway/list_filter.h"

#include "base/mem.h"
#include "http/sse.h"
#include "json/json_writer.h"

/* A tree of small items takes far more memory than its text. */
#define ARENA_BYTES (DW_LIST_MAX_BYTES * 24)

/* Which member of a result is a list of what, and which member of an item is its name. */
struct shape {
    enum dw_mcp_kind kind;
    struct dw_slice list;
    const char *name;
};

static const struct shape shapes[] = {
    {DW_MCP_TOOL, {"tools", 5}, "name"},
    {DW_MCP_PROMPT, {"prompts", 7}, "name"},
    {DW_MCP_RESOURCE, {"resources", 9}, "uri"},
    {DW_MCP_RESOURCE_TEMPLATE, {"resourceTemplates", 17}, "uriTemplate"},
    {DW_MCP_TASK, {"tasks", 5}, "taskId"},
};

static const struct shape *find_shape(const struct dw_list_filter *filter, struct dw_slice key)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (dw_slice_eq(shapes[i].list, key) &&
            (!filter->method || filter->method->kind == shapes[i].kind))
            return &shapes[i];
    return NULL;
}

static void write_items(const struct dw_list_filter *filter, const struct dw_json *list,
                        const struct shape *shape, struct dw_json_writer *writer)
{
    dw_json_write_array_start(writer);
    for (size_t i = 0; i < list->array.count; i++) {
        const struct dw_json *item = &list->array.items[i];
        struct dw_slice name = dw_json_text(item, shape->name);

        if (name.len > 0 && filter->may_see(filter->user, shape->kind, name))
            dw_json_write_raw(writer, item->raw);
    }
    dw_json_write_array_end(writer);
}

static bool write_result(const struct dw_list_filter *filter, const struct dw_json *result,
                         struct dw_json_writer *writer, struct dw_error *reterr)
{
    if (result->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_BAD_GATEWAY, "the MCP server's list is not one we understand");
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < result->object.count; i++) {
        const struct dw_json_member *member = &result->object.members[i];
        const struct shape *shape = find_shape(filter, member->key);

        if (filter->is_modern && dw_slice_eq(member->key, DW_LIT("cacheScope")))
            continue;
        dw_json_write_key(writer, member->key);
        if (!shape)
            dw_json_write_raw(writer, member->value.raw);
        else if (member->value.type == DW_JSON_ARRAY)
            write_items(filter, &member->value, shape, writer);
        else
            return dw_fail(reterr, DW_BAD_GATEWAY, "the MCP server's \"%.*s\" is no list",
                           DW_PRINT(member->key));
    }
    /* MCP 2026-07-28 caching: what depends on the principal is for this principal only. */
    if (filter->is_modern)
        dw_json_put_text(writer, "cacheScope", DW_LIT("private"));
    dw_json_write_object_end(writer);
    return true;
}

bool dw_list_filter_message(const struct dw_list_filter *filter, struct dw_slice message,
                            struct dw_arena *arena, struct dw_slice *ret_message,
                            struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_mcp_message parsed;
    struct dw_error wrong = {0};

    if (!dw_mcp_message_parse(message, arena, &parsed, &wrong))
        return dw_fail_because(reterr, DW_BAD_GATEWAY, NULL, 0, "a list could not be read: %s",
                               wrong.message);
    *ret_message = message;
    if (!parsed.result)
        return true;
    dw_json_write_object_start(&writer);
    for (size_t i = 0; i < parsed.document->object.count; i++) {
        const struct dw_json_member *member = &parsed.document->object.members[i];

        dw_json_write_key(&writer, member->key);
        if (&member->value != parsed.result)
            dw_json_write_raw(&writer, member->value.raw);
        else if (!write_result(filter, parsed.result, &writer, reterr))
            return false;
    }
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_message, reterr);
}

struct dw_list_stream {
    struct dw_list_filter filter;
    struct dw_sse_parser *parser;
    struct dw_arena *arena;
};

struct dw_list_stream *dw_list_stream_new(const struct dw_list_filter *filter,
                                          struct dw_error *reterr)
{
    struct dw_list_stream *stream = dw_mem_new(sizeof *stream);

    if (stream) {
        stream->filter = *filter;
        stream->parser = dw_sse_parser_new(DW_LIST_MAX_BYTES);
        stream->arena = dw_arena_new(ARENA_BYTES);
    }
    if (stream && stream->parser && stream->arena)
        return stream;
    dw_list_stream_free(stream);
    dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
    return NULL;
}

void dw_list_stream_free(struct dw_list_stream *stream)
{
    if (!stream)
        return;
    if (stream->parser)
        dw_sse_parser_free(stream->parser);
    if (stream->arena)
        dw_arena_free(stream->arena);
    dw_mem_free(stream);
}

bool dw_list_stream_feed(struct dw_list_stream *stream, struct dw_slice bytes,
                         struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    struct dw_sse_event event;
    struct dw_buf out;

    dw_arena_reset(stream->arena);
    out = dw_buf_in(stream->arena);
    for (;;) {
        switch (dw_sse_next(stream->parser, &bytes, &event, reterr)) {
        case DW_HTTP_FAILED:
            return dw_fail(reterr, DW_BAD_GATEWAY, "the MCP server's event is too large");
        case DW_HTTP_MORE:
            return dw_buf_finish(&out, ret_bytes, reterr);
        case DW_HTTP_DONE:
            break;
        }
        if (event.data.len > 0 && !dw_list_filter_message(&stream->filter, event.data,
                                                          stream->arena, &event.data, reterr))
            return false;
        dw_sse_write(&out, &event);
    }
}
