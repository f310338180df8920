/* What a call was asked: checking the arguments, and handing them to the author. */
#include <math.h>

#include "sdk/sdk_internal.h"

static const struct dw_json no_arguments = {.type = DW_JSON_OBJECT, .raw = {"{}", 2}};

/* The object that dw_call_text and its like look into. */
static const struct dw_json *arguments_of(const struct dw_call *call)
{
    const struct dw_json *arguments =
        call->item ? call->arguments
                   : dw_json_get(call->message.params, "argument"); /* completion/complete */

    return arguments ? arguments : &no_arguments;
}

/* ---- checking ---- */

/* A tool's result that tells the model which arguments are wrong (SEP-1303). */
static bool write_report(const struct dw_schema_report *report, struct dw_arena *arena,
                         struct dw_slice *ret_report, struct dw_error *reterr)
{
    struct dw_buf text = dw_buf_in(arena), out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice message;

    dw_buf_add(&text, DW_LIT("The arguments do not fit the tool's input schema:"));
    for (size_t i = 0; i < report->fault_count; i++) {
        const struct dw_schema_fault *fault = &report->faults[i];

        dw_buf_add(&text, DW_LIT("\n- "));
        dw_buf_add(&text, fault->instance_path.len ? fault->instance_path : DW_LIT("the whole"));
        dw_buf_add(&text, DW_LIT(": "));
        dw_buf_add(&text, fault->message);
    }
    if (!dw_buf_finish(&text, &message, reterr))
        return false;
    dw_json_write_object_start(&writer);
    dw_json_write_key(&writer, DW_LIT("content"));
    dw_json_write_array_start(&writer);
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "type", DW_LIT("text"));
    dw_json_put_text(&writer, "text", message);
    dw_json_write_object_end(&writer);
    dw_json_write_array_end(&writer);
    dw_json_put_bool(&writer, "isError", true);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_report, reterr);
}

static bool check_tool(struct dw_call *call, struct dw_slice *ret_report, struct dw_error *reterr)
{
    struct dw_schema_report *report = DW_ARENA_NEW(call->arena, struct dw_schema_report);

    if (!report)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!call->item->input)
        return true;
    if (!dw_schema_validate(call->item->input, arguments_of(call), call->arena, report, reterr))
        return false;
    if (report->is_valid)
        return true;
    /* MCP tools, "Error Handling": shown to the model, which can do better next time. */
    if (!write_report(report, call->arena, ret_report, reterr))
        return false;
    return dw_fail(reterr, DW_INVALID_PARAMS, "the arguments do not fit the tool's input schema");
}

static bool check_prompt(struct dw_call *call, struct dw_error *reterr)
{
    const struct dw_json *arguments = arguments_of(call);

    for (size_t i = 0; i < call->item->argument_count; i++) {
        const struct dw_item_argument *argument = &call->item->arguments[i];

        if (argument->is_required && !dw_json_get_slice(arguments, argument->name))
            return dw_fail(reterr, DW_INVALID_PARAMS, "the prompt needs the argument \"%.*s\"",
                           DW_PRINT(argument->name));
    }
    for (size_t i = 0; i < arguments->object.count; i++)
        if (arguments->object.members[i].value.type != DW_JSON_TEXT)
            return dw_fail(reterr, DW_INVALID_PARAMS, "the prompt's argument \"%.*s\" is no string",
                           DW_PRINT(arguments->object.members[i].key));
    return true;
}

bool dw_call_check_arguments(struct dw_call *call, struct dw_slice *ret_report,
                             struct dw_error *reterr)
{
    *ret_report = DW_EMPTY;
    if (arguments_of(call)->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_PARAMS, "params.arguments must be an object");
    if (!call->item)
        return true;
    if (call->item->kind == DW_MCP_TOOL)
        return check_tool(call, ret_report, reterr);
    return call->item->kind != DW_MCP_PROMPT || check_prompt(call, reterr);
}

/* ---- what the author sees ---- */

struct dw_slice dw_call_arguments(const struct dw_call *call)
{
    return arguments_of(call)->raw;
}

bool dw_call_text(const struct dw_call *call, const char *name, struct dw_slice *ret_text)
{
    const struct dw_json *value = dw_json_get(arguments_of(call), name);

    if (!value || value->type != DW_JSON_TEXT)
        return false;
    *ret_text = value->text;
    return true;
}

bool dw_call_int(const struct dw_call *call, const char *name, int64_t *ret_number)
{
    const struct dw_json *value = dw_json_get(arguments_of(call), name);
    const double most = 9007199254740992.0; /* 2^53: beyond it a double is no exact integer */

    if (value && value->type == DW_JSON_INT)
        *ret_number = value->integer;
    else if (value && value->type == DW_JSON_DOUBLE && fabs(value->number) <= most &&
             trunc(value->number) >= value->number && trunc(value->number) <= value->number)
        *ret_number = (int64_t)value->number; /* 1.0 is an integer of JSON Schema */
    else
        return false;
    return true;
}

bool dw_call_double(const struct dw_call *call, const char *name, double *ret_number)
{
    const struct dw_json *value = dw_json_get(arguments_of(call), name);

    if (value && value->type == DW_JSON_INT)
        *ret_number = (double)value->integer;
    else if (value && value->type == DW_JSON_DOUBLE)
        *ret_number = value->number;
    else
        return false;
    return true;
}

bool dw_call_bool(const struct dw_call *call, const char *name, bool *ret_value)
{
    return dw_json_bool(arguments_of(call), name, ret_value);
}

bool dw_call_json(const struct dw_call *call, const char *name, struct dw_slice *ret_json)
{
    const struct dw_json *value = dw_json_get(arguments_of(call), name);

    if (value)
        *ret_json = value->raw;
    return value != NULL;
}

struct dw_slice dw_call_uri(const struct dw_call *call)
{
    return dw_json_text(call->message.params, "uri");
}

struct dw_slice dw_call_ref(const struct dw_call *call)
{
    return call->item ? DW_EMPTY : call->message.name;
}

/* MCP completion: params.context.arguments */
bool dw_call_completed(const struct dw_call *call, const char *name, struct dw_slice *ret_text)
{
    const struct dw_json *value =
        call->item ? NULL : dw_json_path(call->message.params, "context", "arguments", name, NULL);

    if (!value || value->type != DW_JSON_TEXT)
        return false;
    *ret_text = value->text;
    return true;
}

bool dw_call_variable(const struct dw_call *call, const char *name, struct dw_slice *ret_text)
{
    for (size_t i = 0; i < call->variable_count; i++)
        if (dw_slice_eq(call->variables[i].name, dw_slice_from_text(name))) {
            *ret_text = call->variables[i].value;
            return true;
        }
    return false;
}

struct dw_slice dw_call_meta(const struct dw_call *call)
{
    return call->message.meta ? call->message.meta->raw : no_arguments.raw;
}
