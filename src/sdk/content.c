/* Collecting what a call answers, and writing it as a result; not the sending of it. */
#include "sdk/content_internal.h"

#include "base/text.h"

void dw_content_init(struct dw_content *content, struct dw_arena *arena)
{
    *content = (struct dw_content){.arena = arena, .role = DW_LIT("user")};
}

static void fault(struct dw_content *content, enum dw_code code, const char *message)
{
    if (content->fault.code == DW_OK)
        (void)dw_fail(&content->fault, code, "%s", message);
}

/* ---- adding ---- */

/* Starts the members of a block; ended by add(). */
static struct dw_json_writer open_members(struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    return writer;
}

static void add(struct dw_content *content, enum dw_content_kind kind, struct dw_buf *out)
{
    struct dw_content_item *item = DW_ARENA_NEW(content->arena, struct dw_content_item);
    struct dw_slice json;

    if (!item || !dw_buf_finish(out, &json, NULL)) {
        fault(content, DW_NO_MEMORY, "the answer needs too much memory");
        return;
    }
    item->kind = kind;
    item->role = content->role;
    item->members = dw_slice_sub(json, 1, json.len); /* without the opening brace */
    if (content->last)
        content->last->next = item;
    else
        content->first = item;
    content->last = item;
}

void dw_content_add_text(struct dw_content *content, struct dw_slice text)
{
    struct dw_buf out = dw_buf_in(content->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    (void)dw_buf_reserve(&out, text.len + 64); /* what is around it, and some escapes */
    dw_buf_add(&out, DW_LIT("{\"type\":\"text\",\"text\":"));
    dw_json_write_text(&writer, text);
    add(content, DW_CONTENT_BLOCK, &out);
}

/* ptr NULL when memory is short; that sticks. */
static struct dw_slice base64(struct dw_content *content, struct dw_slice data)
{
    struct dw_slice text = dw_text_base64(content->arena, data);

    if (!text.ptr)
        fault(content, DW_NO_MEMORY, "the answer needs too much memory");
    return text.ptr ? text : DW_EMPTY;
}

void dw_content_add_media(struct dw_content *content, const char *type, struct dw_slice data,
                          const char *mime_type)
{
    struct dw_slice text = base64(content, data);
    struct dw_buf out = dw_buf_in(content->arena);
    struct dw_json_writer writer = open_members(&out);

    if (!mime_type)
        fault(content, DW_INTERNAL, "an image or a sound was added without its MIME type");
    dw_json_put_text(&writer, "type", dw_slice_from_text(type));
    dw_json_put_text(&writer, "data", text);
    dw_json_put_text(&writer, "mimeType", dw_slice_from_text(mime_type));
    add(content, DW_CONTENT_BLOCK, &out);
}

static void put_optional(struct dw_json_writer *writer, const char *key, const char *text)
{
    if (text)
        dw_json_put_text(writer, key, dw_slice_from_text(text));
}

void dw_content_add_resource(struct dw_content *content, const char *uri, const char *mime_type,
                             const char *member, struct dw_slice text)
{
    struct dw_buf out = dw_buf_in(content->arena);
    struct dw_json_writer writer = open_members(&out);

    if (!uri)
        fault(content, DW_INTERNAL, "a resource was added without its URI");
    put_optional(&writer, "uri", uri);
    put_optional(&writer, "mimeType", mime_type);
    dw_json_put_text(&writer, member, text);
    add(content, DW_CONTENT_RESOURCE, &out);
}

void dw_content_add_resource_blob(struct dw_content *content, const char *uri,
                                  const char *mime_type, struct dw_slice data)
{
    dw_content_add_resource(content, uri, mime_type, "blob", base64(content, data));
}

void dw_content_add_link(struct dw_content *content, const char *uri, const char *name,
                         const char *mime_type)
{
    struct dw_buf out = dw_buf_in(content->arena);
    struct dw_json_writer writer = open_members(&out);

    if (!uri || !name)
        fault(content, DW_INTERNAL, "a resource link was added without its URI or name");
    dw_json_put_text(&writer, "type", DW_LIT("resource_link"));
    put_optional(&writer, "uri", uri);
    put_optional(&writer, "name", name);
    put_optional(&writer, "mimeType", mime_type);
    add(content, DW_CONTENT_BLOCK, &out);
}

void dw_content_add_completion(struct dw_content *content, struct dw_slice value)
{
    content->completion_total++;
    if (content->completion_count == DW_CONTENT_MAX_COMPLETIONS)
        return;
    if (!content->completions)
        content->completions = dw_arena_new_array(content->arena, DW_CONTENT_MAX_COMPLETIONS,
                                                  sizeof(content->completions[0]));
    value = dw_arena_copy(content->arena, value);
    if (content->completions && value.ptr)
        content->completions[content->completion_count++] = value;
    else
        fault(content, DW_NO_MEMORY, "the answer needs too much memory");
}

/* NULL when it is no JSON; that sticks. */
static const struct dw_json *parse(struct dw_content *content, struct dw_slice text, bool is_object,
                                   const char *message)
{
    const struct dw_json *json = NULL;
    struct dw_error error = {0};

    if (!dw_json_parse(text, content->arena, &json, &error)) {
        fault(content, error.code == DW_NO_MEMORY ? DW_NO_MEMORY : DW_INTERNAL, message);
        return NULL;
    }
    if (is_object && json->type != DW_JSON_OBJECT) {
        fault(content, DW_INTERNAL, message);
        return NULL;
    }
    return json;
}

void dw_content_set_structured(struct dw_content *content, struct dw_slice json)
{
    content->structured = parse(content, json, false, "the structured result is not valid JSON");
}

void dw_content_set_meta(struct dw_content *content, struct dw_slice json)
{
    content->meta = parse(content, json, true, "the result's _meta is not a JSON object");
}

void dw_content_annotate(struct dw_content *content, struct dw_slice json)
{
    const struct dw_json *object =
        parse(content, json, true, "the annotations of a content are not a JSON object");

    if (!content->last)
        fault(content, DW_INTERNAL, "annotations were set before any content was added");
    else if (object)
        content->last->annotations = object->raw;
}

void dw_content_set_role(struct dw_content *content, const char *role)
{
    struct dw_slice text = dw_slice_from_text(role);

    if (dw_slice_eq(text, DW_LIT("user")))
        content->role = DW_LIT("user");
    else if (dw_slice_eq(text, DW_LIT("assistant")))
        content->role = DW_LIT("assistant");
    else
        fault(content, DW_INTERNAL, "a prompt's message is of \"user\" or \"assistant\"");
}

/* ---- writing ---- */

static bool has_fault(const struct dw_content *content, struct dw_error *reterr)
{
    if (content->fault.code == DW_OK)
        return false;
    if (reterr)
        *reterr = content->fault;
    return true;
}

/* The item as a ContentBlock. */
static void write_block(const struct dw_content_item *item, struct dw_json_writer *writer)
{
    dw_json_write_object_start(writer);
    if (item->kind == DW_CONTENT_RESOURCE) {
        dw_json_put_text(writer, "type", DW_LIT("resource"));
        dw_json_write_key(writer, DW_LIT("resource"));
        dw_json_write_object_start(writer);
        dw_json_write_raw(writer, item->members);
        dw_json_write_object_end(writer);
    } else {
        dw_json_write_raw(writer, item->members);
    }
    if (item->annotations.len)
        dw_json_put_raw(writer, "annotations", item->annotations);
    dw_json_write_object_end(writer);
}

bool dw_content_write_tool(const struct dw_content *content, struct dw_json_writer *writer,
                           struct dw_error *reterr)
{
    if (has_fault(content, reterr))
        return false;
    dw_json_write_key(writer, DW_LIT("content"));
    dw_json_write_array_start(writer);
    for (const struct dw_content_item *item = content->first; item; item = item->next)
        write_block(item, writer);
    /* MCP tools, "Structured Content" SHOULD: the same JSON as text, for older clients. */
    if (!content->first && content->structured) {
        dw_json_write_object_start(writer);
        dw_json_put_text(writer, "type", DW_LIT("text"));
        dw_json_put_text(writer, "text", content->structured->raw);
        dw_json_write_object_end(writer);
    }
    dw_json_write_array_end(writer);
    if (content->structured)
        dw_json_put_raw(writer, "structuredContent", content->structured->raw);
    if (content->is_error)
        dw_json_put_bool(writer, "isError", true);
    return true;
}

bool dw_content_write_prompt(const struct dw_content *content, struct dw_slice description,
                             struct dw_json_writer *writer, struct dw_error *reterr)
{
    if (has_fault(content, reterr))
        return false;
    if (description.len)
        dw_json_put_text(writer, "description", description);
    dw_json_write_key(writer, DW_LIT("messages"));
    dw_json_write_array_start(writer);
    for (const struct dw_content_item *item = content->first; item; item = item->next) {
        dw_json_write_object_start(writer);
        dw_json_put_text(writer, "role", item->role);
        dw_json_write_key(writer, DW_LIT("content"));
        write_block(item, writer);
        dw_json_write_object_end(writer);
    }
    dw_json_write_array_end(writer);
    return true;
}

bool dw_content_write_resource(const struct dw_content *content, struct dw_json_writer *writer,
                               struct dw_error *reterr)
{
    if (has_fault(content, reterr))
        return false;
    dw_json_write_key(writer, DW_LIT("contents"));
    dw_json_write_array_start(writer);
    for (const struct dw_content_item *item = content->first; item; item = item->next) {
        if (item->kind != DW_CONTENT_RESOURCE)
            return dw_fail(reterr, DW_INTERNAL,
                           "a resource answers with resource text or a resource blob only");
        dw_json_write_object_start(writer);
        dw_json_write_raw(writer, item->members);
        dw_json_write_object_end(writer);
    }
    dw_json_write_array_end(writer);
    return true;
}

bool dw_content_write_completion(const struct dw_content *content, struct dw_json_writer *writer,
                                 struct dw_error *reterr)
{
    if (has_fault(content, reterr))
        return false;
    dw_json_write_key(writer, DW_LIT("completion"));
    dw_json_write_object_start(writer);
    dw_json_write_key(writer, DW_LIT("values"));
    dw_json_write_array_start(writer);
    for (size_t i = 0; i < content->completion_count; i++)
        dw_json_write_text(writer, content->completions[i]);
    dw_json_write_array_end(writer);
    dw_json_put_int(writer, "total", (int64_t)content->completion_total);
    dw_json_put_bool(writer, "hasMore", content->completion_total > content->completion_count);
    dw_json_write_object_end(writer);
    return true;
}
