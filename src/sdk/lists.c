/* The four lists: pages with opaque cursors, only what the caller may use, and how long a client
 * may keep them. */
#include "sdk/sdk_internal.h"

#include "base/text.h"

static const struct {
    struct dw_slice method;
    const char *member;
    size_t offset; /* of the items in the server */
} lists[] = {
    {{"tools/list", 10}, "tools", offsetof(struct dw_server, tools)},
    {{"prompts/list", 12}, "prompts", offsetof(struct dw_server, prompts)},
    {{"resources/list", 14}, "resources", offsetof(struct dw_server, resources)},
    {{"resources/templates/list", 24}, "resourceTemplates", offsetof(struct dw_server, templates)},
};

/* A cursor is the name of the last item of the page before: it stays good when the caller's scopes
 * change, and it opens nothing. */
static bool read_cursor(struct dw_call *call, const struct dw_items *items,
                        const struct dw_item **ret_first, struct dw_error *reterr)
{
    const struct dw_json *cursor = dw_json_get(call->message.params, "cursor");
    const struct dw_item *last;
    struct dw_slice name;

    *ret_first = items->first;
    if (!cursor)
        return true;
    if (cursor->type != DW_JSON_TEXT ||
        !dw_text_unbase64url(cursor->text, call->arena, &name, NULL) || name.len == 0)
        return dw_fail(reterr, DW_INVALID_PARAMS, "the cursor is none of ours");
    last = dw_items_find(items, name);
    if (!last)
        return dw_fail(reterr, DW_INVALID_PARAMS, "the cursor is none of ours");
    *ret_first = last->next;
    return true;
}

static void put_page(struct dw_call *call, const struct dw_item *item, const char *member,
                     struct dw_json_writer *writer)
{
    const struct dw_item *last = NULL;
    size_t count = 0;

    dw_json_write_key(writer, dw_slice_from_text(member));
    dw_json_write_array_start(writer);
    for (; item; item = item->next) {
        if (!dw_call_may_use(call, item))
            continue;
        if (count == call->server->page_size)
            break;
        dw_json_write_raw(writer, item->entry);
        last = item;
        count++;
    }
    dw_json_write_array_end(writer);
    if (item && last)
        dw_json_put_text(writer, "nextCursor", dw_text_base64url(call->arena, last->name));
}

void dw_call_put_caching(const struct dw_call *call, bool is_private, struct dw_json_writer *writer)
{
    if (call->era != DW_MCP_ERA_MODERN)
        return;
    dw_json_put_int(writer, "ttlMs", call->server->cache_ttl_ms);
    dw_json_put_text(writer, "cacheScope", is_private ? DW_LIT("private") : DW_LIT("public"));
}

void dw_call_list(struct dw_call *call)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    const struct dw_item *first = NULL;
    struct dw_error error = {0};
    struct dw_slice result;
    size_t i = 0;

    while (!dw_slice_eq(lists[i].method, call->message.method)) /* dispatch.c knows the same ones */
        i++;
    if (!read_cursor(call, (const struct dw_items *)((const char *)call->server + lists[i].offset),
                     &first, &error)) {
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    dw_json_write_object_start(&writer);
    put_page(call, first, lists[i].member, &writer);
    dw_call_put_caching(call, call->server->issuer_count > 0, &writer);
    dw_json_write_object_end(&writer);
    if (dw_buf_finish(&out, &result, &error))
        dw_call_finish(call, result);
    else
        dw_call_fail(call, &error, DW_EMPTY);
}
