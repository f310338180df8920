/* Mcp-Param-* fields: what schemas may ask for, and whether a request keeps to it. */
#include "mcp/param_header.h"

#include "mcp/header.h"

#define ANNOTATION "x-mcp-header"
#define PREFIX "Mcp-Param-"

/* ---- what a schema may ask for ---- */

struct seen {
    struct dw_slice names[DW_MCP_MAX_PARAM_HEADERS];
    size_t count;
};

static bool is_token(struct dw_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char byte = name.ptr[i];
        const bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');

        if (!is_letter && !(byte >= '0' && byte <= '9') &&
            !dw_slice_contains(DW_LIT("!#$%&'*+-.^_`|~"), byte))
            return false;
    }
    return name.len > 0;
}

static bool note_name(struct seen *seen, const struct dw_json *property, struct dw_error *reterr)
{
    const struct dw_json *annotation = dw_json_get(property, ANNOTATION);
    const struct dw_slice type = dw_json_text(property, "type");

    if (annotation->type != DW_JSON_TEXT || !is_token(annotation->text))
        return dw_fail(reterr, DW_CONFIG, ANNOTATION " must be a token of HTTP (RFC 9110 5.6.2)");
    if (!dw_slice_eq(type, DW_LIT("string")) && !dw_slice_eq(type, DW_LIT("integer")) &&
        !dw_slice_eq(type, DW_LIT("boolean")))
        return dw_fail(reterr, DW_CONFIG,
                       ANNOTATION " \"%.*s\" needs \"type\" string, integer or boolean",
                       DW_PRINT(annotation->text));
    for (size_t i = 0; i < seen->count; i++)
        if (dw_slice_eq_nocase(seen->names[i], annotation->text))
            return dw_fail(reterr, DW_CONFIG, ANNOTATION " \"%.*s\" stands in the schema twice",
                           DW_PRINT(annotation->text));
    if (seen->count == DW_MCP_MAX_PARAM_HEADERS)
        return dw_fail(reterr, DW_CONFIG, "more than %d " ANNOTATION " in one schema",
                       DW_MCP_MAX_PARAM_HEADERS);
    seen->names[seen->count++] = annotation->text;
    return true;
}

/* Every annotation in the JSON is counted, so that those out of reach are found. */
static size_t count_all(const struct dw_json *json, bool is_schema)
{
    size_t count = 0;

    if (json->type == DW_JSON_ARRAY)
        for (size_t i = 0; i < json->array.count; i++)
            count += count_all(&json->array.items[i], true);
    if (json->type != DW_JSON_OBJECT)
        return count;
    for (size_t i = 0; i < json->object.count; i++) {
        const struct dw_json_member *member = &json->object.members[i];

        /* a property may itself be named so */
        if (is_schema && dw_slice_eq(member->key, DW_LIT(ANNOTATION)))
            count++;
        else
            count += count_all(&member->value,
                               !is_schema || !dw_slice_eq(member->key, DW_LIT("properties")));
    }
    return count;
}

static bool check_properties(const struct dw_json *schema, struct seen *seen,
                             struct dw_error *reterr)
{
    const struct dw_json *properties = dw_json_get(schema, "properties");

    for (size_t i = 0;
         properties && properties->type == DW_JSON_OBJECT && i < properties->object.count; i++) {
        const struct dw_json *property = &properties->object.members[i].value;

        if (dw_json_get(property, ANNOTATION) && !note_name(seen, property, reterr))
            return false;
        if (!check_properties(property, seen, reterr))
            return false;
    }
    return true;
}

bool dw_mcp_param_headers_check(const struct dw_json *schema, bool *ret_has_any,
                                struct dw_error *reterr)
{
    struct seen seen = {.count = 0};

    if (!check_properties(schema, &seen, reterr))
        return false;
    *ret_has_any = seen.count > 0;
    if (count_all(schema, true) == seen.count)
        return true;
    return dw_fail(reterr, DW_CONFIG, ANNOTATION " must be in reach through \"properties\" alone");
}

/* ---- what a request has ---- */

static bool find(struct dw_http_fields fields, struct dw_slice name, struct dw_slice *ret_value,
                 struct dw_error *reterr)
{
    bool is_there = false;

    *ret_value = dw_slice_from(NULL, 0);
    for (size_t i = 0; i < fields.count; i++) {
        struct dw_slice rest = fields.items[i].name;

        if (!dw_slice_eat_nocase(&rest, DW_LIT(PREFIX)) || !dw_slice_eq_nocase(rest, name))
            continue;
        if (is_there)
            return dw_fail(reterr, DW_HEADER_MISMATCH, PREFIX "%.*s was sent twice",
                           DW_PRINT(name));
        is_there = true;
        *ret_value = dw_slice_trim(fields.items[i].value);
    }
    return true;
}

/* By value: "42.0" is 42. */
static bool is_same_number(struct dw_slice text, const struct dw_json *value,
                           struct dw_arena *arena)
{
    const struct dw_json *number;
    double a, b;

    if (dw_slice_eq(text, value->raw))
        return true;
    if (!dw_json_parse(text, arena, &number, NULL) ||
        (number->type != DW_JSON_INT && number->type != DW_JSON_DOUBLE))
        return false;
    if (number->type == DW_JSON_INT && value->type == DW_JSON_INT) /* doubles end at 2^53 */
        return number->integer == value->integer;
    a = number->type == DW_JSON_INT ? (double)number->integer : number->number;
    b = value->type == DW_JSON_INT ? (double)value->integer : value->number;
    return a >= b && a <= b;
}

static bool is_same(struct dw_slice text, const struct dw_json *value, struct dw_arena *arena)
{
    switch (value->type) {
    case DW_JSON_TEXT:
        return dw_slice_eq(text, value->text);
    case DW_JSON_INT:
    case DW_JSON_DOUBLE:
        return is_same_number(text, value, arena);
    case DW_JSON_BOOL:
        return dw_slice_eq(text, value->boolean ? DW_LIT("true") : DW_LIT("false"));
    case DW_JSON_NULL:
    case DW_JSON_ARRAY:
    case DW_JSON_OBJECT:
        break;
    }
    return false; /* the input schema refuses it, too */
}

static bool agrees(struct dw_http_fields fields, struct dw_slice name, const struct dw_json *value,
                   struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice field, text;

    if (!find(fields, name, &field, reterr))
        return false;
    if (!value || value->type == DW_JSON_NULL)
        return !field.ptr || dw_fail(reterr, DW_HEADER_MISMATCH,
                                     PREFIX "%.*s has no argument in the body", DW_PRINT(name));
    if (!field.ptr)
        return dw_fail(reterr, DW_HEADER_MISMATCH, PREFIX "%.*s is missing", DW_PRINT(name));
    if (!dw_mcp_header_decode(field, arena, &text, reterr))
        return false;
    return is_same(text, value, arena) ||
           dw_fail(reterr, DW_HEADER_MISMATCH, PREFIX "%.*s is not equal to the argument",
                   DW_PRINT(name));
}

bool dw_mcp_param_headers_agree(struct dw_http_fields fields, const struct dw_json *schema,
                                const struct dw_json *arguments, struct dw_arena *arena,
                                struct dw_error *reterr)
{
    const struct dw_json *properties = dw_json_get(schema, "properties");

    for (size_t i = 0;
         properties && properties->type == DW_JSON_OBJECT && i < properties->object.count; i++) {
        const struct dw_json_member *property = &properties->object.members[i];
        const struct dw_slice name = dw_json_text(&property->value, ANNOTATION);
        const struct dw_json *value = dw_json_get_slice(arguments, property->key);

        if (name.len && !agrees(fields, name, value, arena, reterr))
            return false;
        if (!dw_mcp_param_headers_agree(fields, &property->value, value, arena, reterr))
            return false;
    }
    return true;
}
