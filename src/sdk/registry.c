/* Tools, resources, templates and prompts: checked, copied and found again. An item's entry in the
 * lists is written once, here. */
#include "sdk/sdk_internal.h"

#include "mcp/param_header.h"

#include "base/text.h"
#include "http/url.h"

#define MAX_TOOL_NAME_BYTES 128 /* MCP 2026-07-28 server/tools, "Tool Names" */
#define MAX_VARIABLES 32

static const char no_arguments[] = "{\"type\":\"object\",\"additionalProperties\":false}";

/* ---- copying ---- */

static bool copy_scopes(struct dw_server *server, const char *const *scopes, struct dw_item *item,
                        struct dw_error *reterr)
{
    struct dw_slice *items;
    size_t count = 0;

    while (scopes && scopes[count])
        count++;
    items = dw_arena_new_array(server->arena, count + 1, sizeof *items);
    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        items[i] = dw_arena_copy(server->arena, dw_slice_from_text(scopes[i]));
        if (!items[i].ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (items[i].len == 0 || !dw_text_is_printable_ascii(items[i]) ||
            strpbrk(scopes[i], " \"\\")) /* RFC 6749 section 3.3 */
            return dw_fail(reterr, DW_CONFIG, "\"%.*s\": \"%.40s\" is no scope",
                           DW_PRINT(dw_slice_sub(item->name, 0, 60)), scopes[i]);
    }
    item->scopes = (struct dw_slices){items, count};
    return true;
}

/* ---- the entry in lists ---- */

static void put(struct dw_json_writer *writer, const char *key, const char *text)
{
    if (text)
        dw_json_put_text(writer, key, dw_slice_from_text(text));
}

/* A member the author wrote as JSON; must be of the type. */
static bool put_json(struct dw_json_writer *writer, const char *key, const char *json,
                     enum dw_json_type type, const struct dw_item *item, struct dw_error *reterr)
{
    struct dw_arena *arena = writer->out->arena;
    const struct dw_json *value;
    struct dw_error wrong = {0};

    if (!json)
        return true;
    if (!dw_json_parse(dw_slice_from_text(json), arena, &value, &wrong))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\": %s: %.80s",
                       DW_PRINT(dw_slice_sub(item->name, 0, 40)), key, wrong.message);
    if (value->type != type)
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\": %s must be a JSON %s",
                       DW_PRINT(dw_slice_sub(item->name, 0, 60)), key,
                       type == DW_JSON_OBJECT ? "object" : "array");
    dw_json_put_raw(writer, key, value->raw);
    return true;
}

struct common {
    const char *title, *description, *annotations, *icons, *meta;
};

static bool put_common(struct dw_json_writer *writer, const struct common *common,
                       const struct dw_item *item, struct dw_error *reterr)
{
    put(writer, "title", common->title);
    put(writer, "description", common->description);
    return put_json(writer, "annotations", common->annotations, DW_JSON_OBJECT, item, reterr) &&
           put_json(writer, "icons", common->icons, DW_JSON_ARRAY, item, reterr) &&
           put_json(writer, "_meta", common->meta, DW_JSON_OBJECT, item, reterr);
}

/* ---- adding ---- */

static bool add(struct dw_server *server, struct dw_items *items, struct dw_item *item,
                struct dw_buf *entry, struct dw_error *reterr)
{
    if (!dw_buf_finish(entry, &item->entry, reterr))
        return false;
    if (dw_map_get(items->by_name, item->name))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\" is registered twice",
                       DW_PRINT(dw_slice_sub(item->name, 0, 80)));
    if (!item->run)
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\" has no function that does the work",
                       DW_PRINT(dw_slice_sub(item->name, 0, 80)));
    if (!dw_map_put(items->by_name, item->name, item))
        return dw_fail(reterr, DW_NO_MEMORY, "more than %d of a kind, or out of memory",
                       DW_SDK_MAX_ITEMS);
    if (items->last)
        items->last->next = item;
    else
        items->first = item;
    items->last = item;
    items->count++;
    return server->is_built ? dw_fail(reterr, DW_CONFIG, "the server is built already") : true;
}

static struct dw_item *item_new(struct dw_server *server, enum dw_mcp_kind kind, const char *name,
                                const char *const *scopes, struct dw_error *reterr)
{
    struct dw_item *item = DW_ARENA_NEW(server->arena, struct dw_item);

    if (item)
        item->name = dw_arena_copy(server->arena, dw_slice_from_text(name));
    if (!item || !item->name.ptr) {
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    item->kind = kind;
    if (item->name.len == 0) {
        dw_error_set(reterr, DW_CONFIG, __FILE__, __LINE__,
                     "a tool or prompt needs a name, a resource a URI");
        return NULL;
    }
    return copy_scopes(server, scopes, item, reterr) ? item : NULL;
}

static bool check_tool_name(struct dw_slice name, struct dw_error *reterr)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.ptr[i];
        bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');

        if (!is_letter && !(byte >= '0' && byte <= '9') && !strchr("_.-", byte))
            return dw_fail(reterr, DW_CONFIG,
                           "the tool name \"%.*s\" has other characters than A-Z a-z 0-9 _ . -",
                           DW_PRINT(dw_slice_sub(name, 0, 60)));
    }
    return name.len <= MAX_TOOL_NAME_BYTES ||
           dw_fail(reterr, DW_CONFIG, "a tool name has at most %d characters", MAX_TOOL_NAME_BYTES);
}

static bool compile(struct dw_server *server, const struct dw_item *item, const char *what,
                    const char *text, const struct dw_json **ret_json,
                    struct dw_schema **ret_schema, struct dw_error *reterr)
{
    struct dw_error wrong = {0};

    if (dw_json_parse(dw_slice_from_text(text), server->arena, ret_json, &wrong) &&
        dw_schema_compile(*ret_json, NULL, 0, server->arena, ret_schema, &wrong))
        return true;
    return dw_fail(reterr, DW_CONFIG, "\"%.*s\": %s: %.90s",
                   DW_PRINT(dw_slice_sub(item->name, 0, 40)), what, wrong.message);
}

static bool check_param_headers(struct dw_item *item, struct dw_error *reterr)
{
    struct dw_error wrong = {0};

    if (!dw_mcp_param_headers_check(item->input_json, &item->has_param_headers, &wrong))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\": input_schema: %.90s",
                       DW_PRINT(dw_slice_sub(item->name, 0, 40)), wrong.message);
    return true;
}

static bool read_schemas(struct dw_server *server, const struct dw_tool *tool, struct dw_item *item,
                         struct dw_json_writer *writer, struct dw_error *reterr)
{
    const struct dw_json *output;

    if (!compile(server, item, "input_schema",
                 tool->input_schema ? tool->input_schema : no_arguments, &item->input_json,
                 &item->input, reterr))
        return false;
    if (!dw_slice_eq(dw_json_text(item->input_json, "type"), DW_LIT("object")))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\": input_schema must have \"type\":\"object\"",
                       DW_PRINT(dw_slice_sub(item->name, 0, 60)));
    if (!check_param_headers(item, reterr))
        return false;
    dw_json_put_raw(writer, "inputSchema", item->input_json->raw);
    if (!tool->output_schema)
        return true;
    if (!compile(server, item, "output_schema", tool->output_schema, &output, &item->output,
                 reterr))
        return false;
    dw_json_put_raw(writer, "outputSchema", output->raw);
    return true;
}

static bool add_tool(struct dw_server *server, const struct dw_tool *tool, struct dw_error *reterr)
{
    struct dw_item *item = item_new(server, DW_MCP_TOOL, tool->name, tool->scopes, reterr);
    struct common common = {tool->title, tool->description, tool->annotations, tool->icons,
                            tool->meta};
    struct dw_buf entry = dw_buf_in(server->arena);
    struct dw_json_writer writer = dw_json_writer_to(&entry);

    if (!item || !check_tool_name(item->name, reterr))
        return false;
    item->run = tool->run;
    item->user = tool->user;
    item->is_quick = tool->is_quick;
    item->task_support = tool->task_support;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "name", item->name);
    if (!read_schemas(server, tool, item, &writer, reterr) ||
        !put_common(&writer, &common, item, reterr))
        return false;
    dw_json_write_object_end(&writer);
    return add(server, &server->tools, item, &entry, reterr);
}

static bool add_resource(struct dw_server *server, const struct dw_resource *resource,
                         struct dw_error *reterr)
{
    enum dw_mcp_kind kind = resource->is_template ? DW_MCP_RESOURCE_TEMPLATE : DW_MCP_RESOURCE;
    struct dw_item *item = item_new(server, kind, resource->uri, resource->scopes, reterr);
    struct common common = {resource->title, resource->description, resource->annotations,
                            resource->icons, resource->meta};
    struct dw_buf entry = dw_buf_in(server->arena);
    struct dw_json_writer writer = dw_json_writer_to(&entry);

    if (!item)
        return false;
    item->run = resource->read;
    item->user = resource->user;
    item->is_quick = resource->is_quick;
    item->mime_type = dw_arena_copy(server->arena, dw_slice_from_text(resource->mime_type));
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, resource->is_template ? "uriTemplate" : "uri", item->name);
    put(&writer, "name", resource->name ? resource->name : resource->uri);
    put(&writer, "mimeType", resource->mime_type);
    if (!put_common(&writer, &common, item, reterr))
        return false;
    dw_json_write_object_end(&writer);
    return add(server, resource->is_template ? &server->templates : &server->resources, item,
               &entry, reterr);
}

static bool add_prompt_arguments(struct dw_server *server, const struct dw_prompt *prompt,
                                 struct dw_item *item, struct dw_json_writer *writer,
                                 struct dw_error *reterr)
{
    const struct dw_prompt_argument *from = prompt->arguments;
    struct dw_item_argument *to;

    while (from && from[item->argument_count].name)
        item->argument_count++;
    to = dw_arena_new_array(server->arena, item->argument_count + 1, sizeof *to);
    if (!to)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    item->arguments = to;
    if (item->argument_count == 0)
        return true;
    dw_json_write_key(writer, DW_LIT("arguments"));
    dw_json_write_array_start(writer);
    for (size_t i = 0; i < item->argument_count; i++) {
        to[i].name = dw_arena_copy(server->arena, dw_slice_from_text(from[i].name));
        to[i].is_required = from[i].is_required;
        if (!to[i].name.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_json_write_object_start(writer);
        dw_json_put_text(writer, "name", to[i].name);
        put(writer, "title", from[i].title);
        put(writer, "description", from[i].description);
        dw_json_put_bool(writer, "required", from[i].is_required);
        dw_json_write_object_end(writer);
    }
    dw_json_write_array_end(writer);
    return true;
}

static bool add_prompt(struct dw_server *server, const struct dw_prompt *prompt,
                       struct dw_error *reterr)
{
    struct dw_item *item = item_new(server, DW_MCP_PROMPT, prompt->name, prompt->scopes, reterr);
    struct common common = {prompt->title, prompt->description, NULL, prompt->icons, prompt->meta};
    struct dw_buf entry = dw_buf_in(server->arena);
    struct dw_json_writer writer = dw_json_writer_to(&entry);

    if (!item)
        return false;
    item->run = prompt->get;
    item->user = prompt->user;
    item->is_quick = prompt->is_quick;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "name", item->name);
    if (!add_prompt_arguments(server, prompt, item, &writer, reterr) ||
        !put_common(&writer, &common, item, reterr))
        return false;
    dw_json_write_object_end(&writer);
    return add(server, &server->prompts, item, &entry, reterr);
}

/* A struct of a caller built with an older header is shorter; it is copied over zeros. A longer one
 * comes from a newer header: what we do not know must not be ignored. */
bool dw_take_struct(void *to, size_t size, const void *from, size_t from_size,
                    struct dw_error *reterr)
{
    if (from_size == 0 || from_size > size)
        return dw_fail(reterr, DW_CONFIG, "a struct has the wrong size: set .size = sizeof it");
    memset(to, 0, size);
    memcpy(to, from, from_size);
    return true;
}

void dw_server_with_tool(struct dw_server *server, const struct dw_tool *tool)
{
    struct dw_error error = {0};
    struct dw_tool copy;

    if (server && (!dw_take_struct(&copy, sizeof copy, tool, tool->size, &error) ||
                   !add_tool(server, &copy, &error)))
        dw_server_note(server, &error);
}

void dw_server_with_resource(struct dw_server *server, const struct dw_resource *resource)
{
    struct dw_error error = {0};
    struct dw_resource copy;

    if (server && (!dw_take_struct(&copy, sizeof copy, resource, resource->size, &error) ||
                   !add_resource(server, &copy, &error)))
        dw_server_note(server, &error);
}

void dw_server_with_prompt(struct dw_server *server, const struct dw_prompt *prompt)
{
    struct dw_error error = {0};
    struct dw_prompt copy;

    if (server && (!dw_take_struct(&copy, sizeof copy, prompt, prompt->size, &error) ||
                   !add_prompt(server, &copy, &error)))
        dw_server_note(server, &error);
}

/* ---- finding ---- */

const struct dw_item *dw_items_find(const struct dw_items *items, struct dw_slice name)
{
    return dw_map_get(items->by_name, name);
}

/* RFC 6570 3.2.2 read backwards: what the template's expansion has encoded. A value that is no text
 * is none that the template could have made. */
static bool read_value(struct dw_slice encoded, struct dw_arena *arena, struct dw_slice *ret_value)
{
    return encoded.len > 0 && !dw_slice_contains(encoded, '/') &&
           dw_url_decode(encoded, arena, ret_value, NULL) && dw_text_is_utf8(*ret_value);
}

/* RFC 6570 level 1 read backwards: {name} is a run of bytes without '/', not empty. */
static bool match(struct dw_slice pattern, struct dw_slice uri, struct dw_arena *arena,
                  struct dw_variable *variables, size_t *count)
{
    *count = 0;
    while (pattern.len > 0) {
        size_t close;
        struct dw_slice encoded = uri, value;

        if (pattern.ptr[0] != '{') {
            if (uri.len == 0 || uri.ptr[0] != pattern.ptr[0])
                return false;
            pattern = dw_slice_sub(pattern, 1, pattern.len);
            uri = dw_slice_sub(uri, 1, uri.len);
            continue;
        }
        close = dw_slice_index(pattern, '}');
        if (close == pattern.len || *count == MAX_VARIABLES)
            return false;
        encoded.len = dw_slice_index(uri, close + 1 < pattern.len ? pattern.ptr[close + 1] : '/');
        if (!read_value(encoded, arena, &value))
            return false;
        variables[(*count)++] = (struct dw_variable){dw_slice_sub(pattern, 1, close - 1), value};
        pattern = dw_slice_sub(pattern, close + 1, pattern.len);
        uri = dw_slice_sub(uri, encoded.len, uri.len);
    }
    return uri.len == 0;
}

const struct dw_item *dw_templates_match(const struct dw_server *server, struct dw_slice uri,
                                         struct dw_arena *arena,
                                         const struct dw_variable **ret_variables,
                                         size_t *ret_count)
{
    struct dw_variable *variables =
        dw_arena_new_array(arena, MAX_VARIABLES, sizeof(struct dw_variable));

    *ret_variables = variables;
    for (const struct dw_item *item = server->templates.first; variables && item; item = item->next)
        if (match(item->name, uri, arena, variables, ret_count))
            return item;
    *ret_count = 0;
    return NULL;
}
