/* Rewriting MCP messages for processes that are shared. */
#include "gateway/stdio_message.h"

#include "base/text.h"
#include "mcp/method.h"
#include "mcp/version.h"
#include "json/json_writer.h"

#define CODE_RESOURCE_NOT_FOUND_LEGACY (-32002)

/* JSON text has line ends between tokens only, where a space is as good. */
static bool finish_line(struct dw_buf *out, struct dw_slice *ret_line, struct dw_error *reterr)
{
    for (size_t i = 0; !out->has_failed && i < out->len; i++)
        if (out->ptr[i] == '\n' || out->ptr[i] == '\r')
            out->ptr[i] = ' ';
    return dw_buf_finish(out, ret_line, reterr);
}

static bool is_key(const struct dw_json_member *member, const char *key)
{
    return dw_slice_eq(member->key, dw_slice_from_text(key));
}

static bool is_modern_key(const struct dw_json_member *member)
{
    return is_key(member, DW_MCP_META_VERSION) || is_key(member, DW_MCP_META_CAPABILITIES) ||
           is_key(member, DW_MCP_META_CLIENT_INFO) || is_key(member, DW_MCP_META_LOG_LEVEL);
}

static void write_request_meta(struct dw_json_writer *writer, const struct dw_json *meta,
                               int64_t id, bool is_bridged)
{
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < meta->object.count; i++) {
        const struct dw_json_member *member = &meta->object.members[i];

        if (is_bridged && is_modern_key(member))
            continue;
        dw_json_write_key(writer, member->key);
        if (is_key(member, "progressToken"))
            dw_json_write_int(writer, id);
        else
            dw_json_write_raw(writer, member->value.raw);
    }
    dw_json_write_object_end(writer);
}

static void write_request_params(struct dw_json_writer *writer,
                                 const struct dw_mcp_message *message, int64_t id, bool is_bridged)
{
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < message->params->object.count; i++) {
        const struct dw_json_member *member = &message->params->object.members[i];

        dw_json_write_key(writer, member->key);
        if (&member->value == message->meta)
            write_request_meta(writer, message->meta, id, is_bridged);
        else
            dw_json_write_raw(writer, member->value.raw);
    }
    dw_json_write_object_end(writer);
}

bool dw_stdio_request_line(const struct dw_mcp_message *message, int64_t id, bool is_bridged,
                           struct dw_arena *arena, struct dw_slice *ret_line,
                           struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "jsonrpc", DW_LIT("2.0"));
    dw_json_put_int(&writer, "id", id);
    dw_json_put_text(&writer, "method", message->method);
    if (message->params && message->meta) {
        dw_json_write_key(&writer, DW_LIT("params"));
        write_request_params(&writer, message, id, is_bridged);
    } else if (message->params) {
        dw_json_put_raw(&writer, "params", message->params->raw);
    }
    dw_json_write_object_end(&writer);
    return finish_line(&out, ret_line, reterr);
}

bool dw_stdio_plain_line(const struct dw_mcp_message *message, struct dw_arena *arena,
                         struct dw_slice *ret_line, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_add(&out, message->document->raw);
    return finish_line(&out, ret_line, reterr);
}

struct dw_slice dw_stdio_cancel_line(int64_t id, bool is_modern, struct dw_arena *arena)
{
    static const char meta[] = ",\"_meta\":{\"" DW_MCP_META_VERSION "\":\"" DW_MCP_VERSION_MODERN
                               "\",\"" DW_MCP_META_CAPABILITIES "\":{}}";

    return dw_arena_printf(arena,
                           "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                           "\"params\":{\"requestId\":%lld,\"reason\":\"the client left\"%s}}",
                           (long long)id, is_modern ? meta : "");
}

/* Where a subscription id may stand. */
static const struct dw_json *subscription_of(const struct dw_mcp_message *message)
{
    const struct dw_json *meta =
        message->result ? dw_json_get(message->result, "_meta") : message->meta;

    return dw_json_get(meta, DW_MCP_META_SUBSCRIPTION);
}

/* Some servers write subscription ids as texts, whatever they were given. */
static bool read_id(const struct dw_json *value, int64_t *ret_id)
{
    if (value && value->type == DW_JSON_INT) {
        *ret_id = value->integer;
        return true;
    }
    return value && value->type == DW_JSON_TEXT && dw_text_to_int(value->text, ret_id);
}

bool dw_stdio_related_id(const struct dw_mcp_message *message, int64_t *ret_id)
{
    if (message->method.len == 0)
        return message->id && message->id->type == DW_JSON_INT && read_id(message->id, ret_id);
    if (message->id)
        return false;
    if (dw_slice_eq(message->method, DW_LIT("notifications/progress")))
        return read_id(dw_json_get(message->params, "progressToken"), ret_id);
    if (dw_slice_eq(message->method, DW_LIT("notifications/cancelled")))
        return read_id(dw_json_get(message->params, "requestId"), ret_id);
    return read_id(subscription_of(message), ret_id);
}

/* What to write in place of some values; each is told by its address in the tree. */
struct substitutes {
    const struct dw_json *value[2];
    struct dw_slice raw[2];
    size_t count;
};

static void substitute(struct substitutes *substitutes, const struct dw_json *value,
                       struct dw_slice raw)
{
    if (!value || raw.len == 0)
        return;
    substitutes->value[substitutes->count] = value;
    substitutes->raw[substitutes->count++] = raw;
}

static bool holds(const struct dw_json *outer, const struct dw_json *inner)
{
    return inner->raw.ptr >= outer->raw.ptr &&
           inner->raw.ptr + inner->raw.len <= outer->raw.ptr + outer->raw.len;
}

/* Writes the value; objects on the way to something to replace are written member by member. Their
 * depth is the parser's, so the recursion is bounded. */
static void write_with(struct dw_json_writer *writer, const struct dw_json *value,
                       const struct substitutes *substitutes)
{
    bool is_touched = false;

    for (size_t i = 0; i < substitutes->count; i++) {
        if (substitutes->value[i] == value) {
            dw_json_write_raw(writer, substitutes->raw[i]);
            return;
        }
        is_touched = is_touched || holds(value, substitutes->value[i]);
    }
    if (!is_touched || value->type != DW_JSON_OBJECT) {
        dw_json_write_raw(writer, value->raw);
        return;
    }
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < value->object.count; i++) {
        dw_json_write_key(writer, value->object.members[i].key);
        write_with(writer, &value->object.members[i].value, substitutes);
    }
    dw_json_write_object_end(writer);
}

bool dw_stdio_restore(const struct dw_mcp_message *message, const struct dw_stdio_names *names,
                      struct dw_arena *arena, struct dw_slice *ret_message, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct substitutes substitutes = {.count = 0};

    if (message->method.len == 0)
        substitute(&substitutes, message->id, names->client_id);
    if (dw_slice_eq(message->method, DW_LIT("notifications/progress")))
        substitute(&substitutes, dw_json_get(message->params, "progressToken"),
                   names->progress_token);
    else if (dw_slice_eq(message->method, DW_LIT("notifications/cancelled")))
        substitute(&substitutes, dw_json_get(message->params, "requestId"), names->client_id);
    else
        substitute(&substitutes, subscription_of(message), names->client_id);
    write_with(&writer, message->document, &substitutes);
    return dw_buf_finish(&out, ret_message, reterr);
}

static bool is_cacheable(struct dw_slice method)
{
    const struct dw_mcp_method *row = dw_mcp_method_find(method);

    return (row && row->is_list) || dw_slice_eq(method, DW_LIT("resources/read"));
}

static void write_server_info(struct dw_json_writer *writer, const struct dw_json *meta,
                              struct dw_slice server_info)
{
    dw_json_write_key(writer, DW_LIT("_meta"));
    dw_json_write_object_start(writer);
    for (size_t i = 0; meta && meta->type == DW_JSON_OBJECT && i < meta->object.count; i++) {
        if (is_key(&meta->object.members[i], DW_MCP_META_SERVER_INFO))
            continue;
        dw_json_write_key(writer, meta->object.members[i].key);
        dw_json_write_raw(writer, meta->object.members[i].value.raw);
    }
    if (server_info.len > 0)
        dw_json_put_raw(writer, DW_MCP_META_SERVER_INFO, server_info);
    dw_json_write_object_end(writer);
}

static void write_bridged_result(struct dw_json_writer *writer, const struct dw_json *result,
                                 struct dw_slice method, struct dw_slice server_info)
{
    static const char *const ours[] = {"resultType", "ttlMs", "cacheScope", "_meta"};

    dw_json_write_object_start(writer);
    for (size_t i = 0; result->type == DW_JSON_OBJECT && i < result->object.count; i++) {
        bool is_ours = false;

        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            is_ours = is_ours || is_key(&result->object.members[i], ours[k]);
        if (is_ours)
            continue;
        dw_json_write_key(writer, result->object.members[i].key);
        dw_json_write_raw(writer, result->object.members[i].value.raw);
    }
    dw_json_put_text(writer, "resultType", DW_LIT("complete"));
    if (is_cacheable(method)) {
        dw_json_put_int(writer, "ttlMs", 0);
        dw_json_put_text(writer, "cacheScope", DW_LIT("private"));
    }
    write_server_info(writer, dw_json_get(result, "_meta"), server_info);
    dw_json_write_object_end(writer);
}

/* MCP 2026-07-28 MUST NOT: -32002 is not emitted any more; it is -32602 now. */
static void write_bridged_error(struct dw_json_writer *writer, const struct dw_json *error)
{
    int64_t code = 0;

    dw_json_write_object_start(writer);
    for (size_t i = 0; i < error->object.count; i++) {
        const struct dw_json_member *member = &error->object.members[i];

        dw_json_write_key(writer, member->key);
        if (is_key(member, "code") && dw_json_int(error, "code", &code) &&
            code == CODE_RESOURCE_NOT_FOUND_LEGACY)
            dw_json_write_int(writer, -32602);
        else
            dw_json_write_raw(writer, member->value.raw);
    }
    dw_json_write_object_end(writer);
}

static void start_answer(struct dw_json_writer *writer, struct dw_slice id)
{
    dw_json_write_object_start(writer);
    dw_json_put_text(writer, "jsonrpc", DW_LIT("2.0"));
    dw_json_put_raw(writer, "id", id);
}

bool dw_stdio_bridge_answer(const struct dw_mcp_message *message, struct dw_slice method,
                            struct dw_slice client_id, struct dw_slice server_info,
                            struct dw_arena *arena, struct dw_slice *ret_message,
                            struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    start_answer(&writer, client_id);
    if (message->result) {
        dw_json_write_key(&writer, DW_LIT("result"));
        write_bridged_result(&writer, message->result, method, server_info);
    } else {
        dw_json_write_key(&writer, DW_LIT("error"));
        write_bridged_error(&writer, message->error);
    }
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_message, reterr);
}

/* What a bridged server can do: requests and answers. Nothing that needs it to speak first. */
static void write_bridged_capabilities(struct dw_json_writer *writer,
                                       const struct dw_json *capabilities)
{
    static const char *const kept[] = {"tools", "prompts", "resources", "completions"};

    dw_json_write_key(writer, DW_LIT("capabilities"));
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (dw_json_get(capabilities, kept[i]))
            dw_json_put_raw(writer, kept[i], DW_LIT("{}"));
    dw_json_write_object_end(writer);
}

bool dw_stdio_bridge_discover(const struct dw_json *initialize_result, struct dw_slice client_id,
                              struct dw_arena *arena, struct dw_slice *ret_message,
                              struct dw_error *reterr)
{
    static const struct dw_slice version = {DW_MCP_VERSION_MODERN,
                                            sizeof DW_MCP_VERSION_MODERN - 1};
    const struct dw_json *info = dw_json_get(initialize_result, "serverInfo");
    struct dw_slice instructions = dw_json_text(initialize_result, "instructions");
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    start_answer(&writer, client_id);
    dw_json_write_key(&writer, DW_LIT("result"));
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "resultType", DW_LIT("complete"));
    dw_json_put_texts(&writer, "supportedVersions", (struct dw_slices){&version, 1});
    write_bridged_capabilities(&writer, dw_json_get(initialize_result, "capabilities"));
    if (instructions.len > 0)
        dw_json_put_text(&writer, "instructions", instructions);
    dw_json_put_int(&writer, "ttlMs", 0);
    dw_json_put_text(&writer, "cacheScope", DW_LIT("private"));
    write_server_info(&writer, NULL, info ? info->raw : DW_EMPTY);
    dw_json_write_object_end(&writer);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_message, reterr);
}

bool dw_stdio_answer_line(const struct dw_mcp_message *message, struct dw_arena *arena,
                          struct dw_slice *ret_line, struct dw_error *reterr)
{
    struct dw_error refusal;

    if (dw_slice_eq(message->method, DW_LIT("ping"))) {
        *ret_line = dw_arena_printf(arena, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{}}",
                                    DW_PRINT(message->id->raw));
    } else {
        dw_error_set(&refusal, DW_METHOD_UNKNOWN, __FILE__, __LINE__,
                     "this client takes no requests");
        *ret_line = dw_mcp_error(message->id, &refusal, DW_EMPTY, arena);
    }
    return ret_line->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool eat_token(struct dw_slice *text, const char *token)
{
    *text = dw_slice_trim(*text);
    return dw_slice_eat(text, dw_slice_from_text(token));
}

/* {"jsonrpc":"2.0","id":7,"result": ...: what stands before the first member that may be long. */
static bool id_at_begin(struct dw_slice begin, int64_t *ret_id, bool *ret_is_request)
{
    *ret_is_request = false;
    if (!eat_token(&begin, "{"))
        return false;
    do {
        if (eat_token(&begin, "\"jsonrpc\"")) {
            if (!eat_token(&begin, ":") || !eat_token(&begin, "\"2.0\""))
                return false;
        } else if (eat_token(&begin, "\"id\"")) {
            size_t comma;

            if (!eat_token(&begin, ":"))
                return false;
            comma = dw_slice_index(begin, ',');
            if (comma == begin.len ||
                !dw_text_to_int(dw_slice_trim(dw_slice_sub(begin, 0, comma)), ret_id))
                return false;
            begin = dw_slice_sub(begin, comma, begin.len);
            *ret_is_request = eat_token(&begin, ",") && eat_token(&begin, "\"method\"");
            return !*ret_is_request;
        } else {
            *ret_is_request = eat_token(&begin, "\"method\"");
            return false;
        }
    } while (eat_token(&begin, ","));
    return false;
}

/* ..., "id":7}: one brace after a number ends the outermost object, so this is its own member. */
static bool id_at_end(struct dw_slice end, int64_t *ret_id)
{
    static const char name[] = "\"id\"";
    size_t colon;

    end = dw_slice_trim(end);
    if (!dw_slice_ends_with(end, DW_LIT("}")))
        return false;
    end.len--;
    for (colon = end.len; colon > 0 && end.ptr[colon - 1] != ':'; colon--)
        ;
    if (colon == 0 || !dw_text_to_int(dw_slice_trim(dw_slice_sub(end, colon, end.len)), ret_id))
        return false;
    return dw_slice_ends_with(dw_slice_trim(dw_slice_sub(end, 0, colon - 1)),
                              dw_slice_from(name, sizeof name - 1));
}

bool dw_stdio_long_answer_id(struct dw_slice begin, struct dw_slice end, int64_t *ret_id)
{
    bool is_request;

    return id_at_begin(begin, ret_id, &is_request) || (!is_request && id_at_end(end, ret_id));
}
