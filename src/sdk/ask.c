/* Questions to the user and their answers, without the ways they travel. */
#include "sdk/ask_internal.h"

#include "mcp/schema.h"

static const struct {
    const char *method;
    const char *capability; /* of the client */
    const char *part;       /* of that capability; NULL: it is enough by itself */
    const char *required;   /* both as JSON */
} kinds[] = {
    [DW_ASK_FORM] = {"elicitation/create", "elicitation", NULL, "{\"elicitation\":{}}"},
    [DW_ASK_URL] = {"elicitation/create", "elicitation", "url", "{\"elicitation\":{\"url\":{}}}"},
    [DW_ASK_SAMPLE] = {"sampling/createMessage", "sampling", NULL, "{\"sampling\":{}}"},
    [DW_ASK_ROOTS] = {"roots/list", "roots", NULL, "{\"roots\":{}}"},
};

const char *dw_ask_method(enum dw_ask_kind kind)
{
    return kinds[kind].method;
}

bool dw_ask_is_possible(const struct dw_json *capabilities, enum dw_ask_kind kind,
                        struct dw_slice *ret_capability)
{
    const struct dw_json *capability = dw_json_get(capabilities, kinds[kind].capability);

    *ret_capability = dw_slice_from_text(kinds[kind].required);
    if (!capability || capability->type != DW_JSON_OBJECT)
        return false;
    /* MCP elicitation: {} means form mode only; {"url":{}} alone means no form mode. */
    if (kind == DW_ASK_FORM && capability->object.count)
        return dw_json_get(capability, "form") || !dw_json_get(capability, "url");
    return !kinds[kind].part || dw_json_get(capability, kinds[kind].part);
}

static bool fits_schema(const struct dw_json *schema, const struct dw_json *content,
                        struct dw_arena *arena)
{
    struct dw_schema_report *report = DW_ARENA_NEW(arena, struct dw_schema_report);
    struct dw_schema *compiled = NULL;
    bool fits;

    if (!report || !dw_schema_compile(schema, NULL, 0, arena, &compiled, NULL))
        return false;
    fits = dw_schema_validate(compiled, content, arena, report, NULL) && report->is_valid;
    dw_schema_free(compiled);
    return fits;
}

static bool fits_elicitation(const struct dw_ask *ask, const struct dw_json *answer,
                             struct dw_arena *arena)
{
    struct dw_slice action = dw_json_text(answer, "action");
    const struct dw_json *content = dw_json_get(answer, "content");

    if (dw_slice_eq(action, DW_LIT("decline")) || dw_slice_eq(action, DW_LIT("cancel")))
        return true;
    if (!dw_slice_eq(action, DW_LIT("accept")))
        return false;
    if (ask->kind == DW_ASK_URL)
        return true;
    return content && content->type == DW_JSON_OBJECT &&
           (!ask->schema || fits_schema(ask->schema, content, arena));
}

bool dw_ask_fits(const struct dw_ask *ask, const struct dw_json *answer, struct dw_arena *arena)
{
    const struct dw_json *roots = dw_json_get(answer, "roots");

    if (!answer || answer->type != DW_JSON_OBJECT)
        return false;
    switch (ask->kind) {
    case DW_ASK_FORM:
    case DW_ASK_URL:
        return fits_elicitation(ask, answer, arena);
    case DW_ASK_SAMPLE:
        return dw_json_text(answer, "role").len && dw_json_get(answer, "content");
    case DW_ASK_ROOTS:
        return roots && roots->type == DW_JSON_ARRAY;
    }
    return false;
}

/* ---- rounds ---- */

static bool is_asked(const struct dw_asks *asks, struct dw_slice key)
{
    for (size_t i = 0; i < asks->asked_count; i++)
        if (dw_slice_eq(asks->asked[i].key, key))
            return true;
    return false;
}

static bool is_answered(const struct dw_asks *asks, struct dw_slice key)
{
    for (size_t i = 0; i < asks->answer_count; i++)
        if (dw_slice_eq(asks->answers[i].key, key))
            return true;
    return false;
}

bool dw_asks_find(struct dw_asks *asks, const struct dw_ask *ask, const struct dw_json **ret_answer,
                  struct dw_error *reterr)
{
    const struct dw_json *answer = dw_json_get_slice(asks->given, ask->key);

    *ret_answer = NULL;
    if (ask->key.len == 0 || ask->key.len > DW_ASK_MAX_KEY_BYTES)
        return dw_fail(reterr, DW_INTERNAL, "the key of a question has 1 to %d bytes",
                       DW_ASK_MAX_KEY_BYTES);
    if (is_asked(asks, ask->key) || is_answered(asks, ask->key))
        return dw_fail(reterr, DW_INTERNAL, "the question \"%.*s\" is asked twice in one run",
                       DW_PRINT(ask->key));
    if (!dw_ask_fits(ask, answer, asks->arena))
        answer = dw_json_get_slice(asks->kept, ask->key);
    if (dw_ask_fits(ask, answer, asks->arena)) {
        if (asks->answer_count == DW_ASK_MAX_ANSWERS)
            return dw_fail(reterr, DW_INTERNAL, "more than %d questions in one call",
                           DW_ASK_MAX_ANSWERS);
        asks->answers[asks->answer_count++] = (struct dw_ask_answer){ask->key, answer};
        *ret_answer = answer;
        return true;
    }
    if (asks->asked_count == DW_ASK_MAX)
        return dw_fail(reterr, DW_INTERNAL, "more than %d questions in one round", DW_ASK_MAX);
    asks->asked[asks->asked_count++] = *ask;
    return true;
}

void dw_asks_write(const struct dw_asks *asks, struct dw_json_writer *writer)
{
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < asks->asked_count; i++) {
        dw_json_write_key(writer, asks->asked[i].key);
        dw_json_write_object_start(writer);
        dw_json_put_text(writer, "method", dw_slice_from_text(dw_ask_method(asks->asked[i].kind)));
        dw_json_put_raw(writer, "params", asks->asked[i].params);
        dw_json_write_object_end(writer);
    }
    dw_json_write_object_end(writer);
}

bool dw_asks_answers(const struct dw_asks *asks, struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(asks->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    *ret_json = DW_EMPTY;
    if (!asks->answer_count)
        return true;
    dw_json_write_object_start(&writer);
    for (size_t i = 0; i < asks->answer_count; i++) {
        dw_json_write_key(&writer, asks->answers[i].key);
        dw_json_write_raw(&writer, asks->answers[i].json->raw);
    }
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_json, reterr);
}

/* ---- making questions ---- */

static bool copy_key(struct dw_slice key, struct dw_arena *arena, struct dw_ask *ret_ask,
                     struct dw_error *reterr)
{
    ret_ask->key = dw_arena_copy(arena, key);
    return ret_ask->key.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_ask_form(struct dw_slice key, struct dw_slice message, struct dw_slice schema,
                 struct dw_arena *arena, struct dw_ask *ret_ask, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    const struct dw_json *document;

    *ret_ask = (struct dw_ask){.kind = DW_ASK_FORM};
    if (!dw_json_parse(schema, arena, &document, NULL) || document->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INTERNAL, "the schema of the question \"%.*s\" is no JSON object",
                       DW_PRINT(key));
    ret_ask->schema = document;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "mode", DW_LIT("form"));
    dw_json_put_text(&writer, "message", message);
    dw_json_put_raw(&writer, "requestedSchema", document->raw);
    dw_json_write_object_end(&writer);
    return copy_key(key, arena, ret_ask, reterr) && dw_buf_finish(&out, &ret_ask->params, reterr);
}

bool dw_ask_url(struct dw_slice key, struct dw_slice message, struct dw_slice url,
                struct dw_slice id, struct dw_arena *arena, struct dw_ask *ret_ask,
                struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    *ret_ask = (struct dw_ask){.kind = DW_ASK_URL};
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "mode", DW_LIT("url"));
    dw_json_put_text(&writer, "message", message);
    if (id.len)
        dw_json_put_text(&writer, "elicitationId", id);
    dw_json_put_text(&writer, "url", url);
    dw_json_write_object_end(&writer);
    return copy_key(key, arena, ret_ask, reterr) && dw_buf_finish(&out, &ret_ask->params, reterr);
}

bool dw_ask_sample(struct dw_slice key, struct dw_slice params, struct dw_arena *arena,
                   struct dw_ask *ret_ask, struct dw_error *reterr)
{
    const struct dw_json *document;

    *ret_ask = (struct dw_ask){.kind = DW_ASK_SAMPLE};
    if (!dw_json_parse(params, arena, &document, NULL) || document->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INTERNAL,
                       "the sampling parameters of \"%.*s\" are no JSON object", DW_PRINT(key));
    ret_ask->params = document->raw;
    return copy_key(key, arena, ret_ask, reterr);
}
