/* Decoding one JSON-RPC message (JSON-RPC 2.0 with MCP's narrowing) and writing error answers. */
#include "mcp/jsonrpc.h"

#include "base/text.h"
#include "mcp/method.h"
#include "json/json_writer.h"

static bool is_id(const struct dw_json *value)
{
    return value->type == DW_JSON_TEXT || value->type == DW_JSON_INT;
}

/* One character of a name without regard to case; 0 at its end. U+017F and U+212A are the two that
 * Unicode folds to ASCII letters. */
static char fold(struct dw_slice *rest)
{
    char byte;

    if (rest->len == 0)
        return 0;
    byte = *rest->ptr;
    if ((unsigned char)byte >= 0x80) { /* every message comes by here, nearly none has these */
        if (dw_slice_eat(rest, DW_LIT("\xc5\xbf")))
            return 's';
        if (dw_slice_eat(rest, DW_LIT("\xe2\x84\xaa")))
            return 'k';
    }
    rest->ptr++;
    rest->len--;
    return dw_char_lower(byte);
}

static bool folds_alike(struct dw_slice key, struct dw_slice name)
{
    char one;

    do {
        one = fold(&key);
        if (one != fold(&name))
            return false;
    } while (one);
    return true;
}

/* Some readers (Go's encoding/json) take "Method" for "method", and the last of both wins: they
 * would act upon another message than the one that is judged here.
 *
 * ret_values  one for each name, NULL where there is none; or NULL: only look at the spellings */
static bool take_members(const struct dw_json *object, struct dw_slices names,
                         const struct dw_json **ret_values, enum dw_code code,
                         struct dw_error *reterr)
{
    for (size_t i = 0; object && object->type == DW_JSON_OBJECT && i < object->object.count; i++) {
        const struct dw_json_member *member = &object->object.members[i];
        char first = member->key.len > 0 ? (char)(member->key.ptr[0] | 0x20) : '\0';
        bool is_ascii = !(first & 0x80);

        for (size_t k = 0; k < names.count; k++) {
            if (is_ascii && first != (names.items[k].ptr[0] | 0x20)) /* most pairs */
                continue;
            if (dw_slice_eq(member->key, names.items[k])) {
                if (ret_values)
                    ret_values[k] = &member->value;
                break;
            }
            if (member->key.len >= names.items[k].len && /* folding makes it shorter */
                folds_alike(member->key, names.items[k]))
                return dw_fail(reterr, code, "the member \"%.*s\" must be spelled like this",
                               DW_PRINT(names.items[k]));
        }
    }
    return true;
}

static bool check_params_spellings(const struct dw_json *params, struct dw_error *reterr)
{
    enum {
        REF,
        NOTIFICATIONS
    };
    static const struct dw_slice names[] = {
        DW_LIT("ref"), DW_LIT("notifications"), DW_LIT("name"),
        DW_LIT("uri"), DW_LIT("taskId"),        DW_LIT("_meta"),
    };
    static const struct dw_slice of_ref[] = {DW_LIT("type"), DW_LIT("name"), DW_LIT("uri")};
    static const struct dw_slice of_notifications[] = {DW_LIT("resourceSubscriptions"),
                                                       DW_LIT("taskIds")};
    const struct dw_json *values[6] = {NULL};

    return take_members(params, (struct dw_slices){names, 6}, values, DW_INVALID_PARAMS, reterr) &&
           take_members(values[REF], (struct dw_slices){of_ref, 3}, NULL, DW_INVALID_PARAMS,
                        reterr) &&
           take_members(values[NOTIFICATIONS], (struct dw_slices){of_notifications, 2}, NULL,
                        DW_INVALID_PARAMS, reterr);
}

/* A member that must be a non-empty text. Methods that modern peers have no more are let through
 * without it: dw_mcp_dispatch answers those with "method not found", or misses the name itself. */
static bool read_name(const struct dw_json *object, const char *key, struct dw_mcp_message *message,
                      struct dw_error *reterr)
{
    message->name = dw_json_text(object, key);
    if (message->name.len > 0 || message->known->era == DW_MCP_ERA_LEGACY)
        return true;
    return dw_fail(reterr, DW_INVALID_PARAMS, "%.*s needs the text \"%s\" in its params",
                   DW_PRINT(message->method), key);
}

/* completion/complete: {"ref":{"type":"ref/prompt","name"} or {"type":"ref/resource","uri"}}. */
static bool read_reference(struct dw_mcp_message *message, struct dw_error *reterr)
{
    const struct dw_json *ref = dw_json_get(message->params, "ref");
    struct dw_slice type = dw_json_text(ref, "type");

    if (dw_slice_eq(type, DW_LIT("ref/prompt"))) {
        message->kind = DW_MCP_PROMPT;
        return read_name(ref, "name", message, reterr);
    }
    if (dw_slice_eq(type, DW_LIT("ref/resource"))) {
        message->kind = DW_MCP_RESOURCE;
        return read_name(ref, "uri", message, reterr);
    }
    return dw_fail(reterr, DW_INVALID_PARAMS,
                   "params.ref.type of completion/complete must be ref/prompt or ref/resource");
}

/* subscriptions/listen: what it wants to hear about. */
static bool read_listen(struct dw_mcp_message *message, struct dw_arena *arena,
                        struct dw_error *reterr)
{
    const struct dw_json *wanted = dw_json_get(message->params, "notifications");
    struct dw_error wrong;

    if (!dw_json_texts(wanted, "resourceSubscriptions", arena, &message->names, &wrong) ||
        !dw_json_texts(wanted, "taskIds", arena, &message->task_ids, &wrong)) {
        if (wrong.code == DW_NO_MEMORY)
            return dw_fail(reterr, DW_NO_MEMORY, "%s", wrong.message);
        return dw_fail(reterr, DW_INVALID_PARAMS,
                       "resourceSubscriptions and taskIds must be lists of texts");
    }
    if (message->names.count > 0)
        message->kind = DW_MCP_RESOURCE;
    return true;
}

static bool read_subject(struct dw_mcp_message *message, struct dw_arena *arena,
                         struct dw_error *reterr)
{
    if (!message->known)
        return true;
    if (!check_params_spellings(message->params, reterr))
        return false;
    message->kind = message->known->kind;
    switch (message->known->name_in) {
    case DW_MCP_NAME_IN_NOWHERE:
        return true;
    case DW_MCP_NAME_IN_NAME:
        return read_name(message->params, "name", message, reterr);
    case DW_MCP_NAME_IN_URI:
        return read_name(message->params, "uri", message, reterr);
    case DW_MCP_NAME_IN_TASK_ID:
        return read_name(message->params, "taskId", message, reterr);
    case DW_MCP_NAME_IN_REF:
        return read_reference(message, reterr);
    case DW_MCP_NAME_IN_LISTEN:
        return read_listen(message, arena, reterr);
    }
    return dw_fail(reterr, DW_INTERNAL, "a method without a rule for its name");
}

static bool check_call(struct dw_mcp_message *message, struct dw_arena *arena,
                       struct dw_error *reterr)
{
    bool is_notification = dw_slice_starts_with(message->method, DW_LIT("notifications/"));

    if (message->result || message->error)
        return dw_fail(reterr, DW_INVALID_JSONRPC,
                       "a message with a method has no result or error");
    if (is_notification && message->id)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "a notification has no id");
    if (!is_notification && !message->id)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "a request needs an id: a string or an integer");
    if (message->params && message->params->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "params must be an object");
    message->meta = dw_json_get(message->params, "_meta");
    if (message->meta && message->meta->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_PARAMS, "params._meta must be an object");
    return read_subject(message, arena, reterr);
}

static bool check_response(const struct dw_mcp_message *message, struct dw_error *reterr)
{
    if (!message->id)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "a response needs the id of its request");
    if (!message->result == !message->error)
        return dw_fail(reterr, DW_INVALID_JSONRPC,
                       "a message needs either a method, or one of result and error");
    if (message->error && message->error->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "error must be an object");
    return true;
}

bool dw_mcp_message_parse(struct dw_slice body, struct dw_arena *arena,
                          struct dw_mcp_message *ret_message, struct dw_error *reterr)
{
    enum {
        JSONRPC,
        ID,
        METHOD,
        PARAMS,
        RESULT,
        ERROR
    };
    static const struct dw_slice names[] = {DW_LIT("jsonrpc"), DW_LIT("id"),     DW_LIT("method"),
                                            DW_LIT("params"),  DW_LIT("result"), DW_LIT("error")};
    const struct dw_json *document, *values[6] = {NULL};

    *ret_message = (struct dw_mcp_message){0};
    if (!dw_json_parse(body, arena, &document, reterr))
        return false;
    ret_message->document = document;
    /* 2025-06-18 removed batches. Refused for older peers too: every element would have to be
     * authorized. */
    if (document->type == DW_JSON_ARRAY)
        return dw_fail(reterr, DW_INVALID_JSONRPC,
                       "JSON-RPC batches are not supported: send one message a request");
    if (document->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "a JSON-RPC message is an object");
    if (!take_members(document, (struct dw_slices){names, 6}, values, DW_INVALID_JSONRPC, reterr))
        return false;
    if (values[ID] && !is_id(values[ID]))
        return dw_fail(reterr, DW_INVALID_JSONRPC, "id must be a string or an integer");
    ret_message->id = values[ID];
    if (!values[JSONRPC] || values[JSONRPC]->type != DW_JSON_TEXT ||
        !dw_slice_eq(values[JSONRPC]->text, DW_LIT("2.0")))
        return dw_fail(reterr, DW_INVALID_JSONRPC, "jsonrpc must be \"2.0\"");
    ret_message->params = values[PARAMS];
    ret_message->result = values[RESULT];
    ret_message->error = values[ERROR];
    if (!values[METHOD])
        return check_response(ret_message, reterr);
    if (values[METHOD]->type != DW_JSON_TEXT || values[METHOD]->text.len == 0)
        return dw_fail(reterr, DW_INVALID_JSONRPC, "method must be a text that is not empty");
    ret_message->method = values[METHOD]->text;
    ret_message->known = dw_mcp_method_find(ret_message->method);
    return check_call(ret_message, arena, reterr);
}

struct dw_slice dw_mcp_error(const struct dw_json *id, const struct dw_error *error,
                             struct dw_slice data, struct dw_arena *arena)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice bytes;

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "jsonrpc", DW_LIT("2.0"));
    if (id)
        dw_json_put_raw(&writer, "id", id->raw);
    dw_json_write_key(&writer, DW_LIT("error"));
    dw_json_write_object_start(&writer);
    dw_json_put_int(&writer, "code", row->jsonrpc_code);
    dw_json_put_text(&writer, "message",
                     dw_slice_from_text(error->message[0] ? error->message : row->text));
    if (data.len > 0)
        dw_json_put_raw(&writer, "data", data);
    dw_json_write_object_end(&writer);
    dw_json_write_object_end(&writer);
    if (!dw_buf_finish(&out, &bytes, NULL))
        return (struct dw_slice){NULL, 0};
    return bytes;
}
