/* sdk/call_arguments.c: what an author is told of the arguments, by type; prompts, templates and
 * completions too. */
#include "sdk/client.h"

/* Says of each argument what every accessor makes of it. */
static bool tells(void *user, struct dw_call *call, struct dw_error *reterr)
{
    static const char *const names[] = {"a", "b", NULL};
    struct dw_slice text, json;
    int64_t number;
    double real;
    bool is;

    (void)user;
    (void)reterr;
    for (size_t i = 0; names[i]; i++) {
        if (dw_call_text(call, names[i], &text))
            dw_call_add_text(call, dw_call_printf(call, "text %.*s", DW_PRINT(text)));
        if (dw_call_int(call, names[i], &number))
            dw_call_add_text(call, dw_call_printf(call, "int %lld", (long long)number));
        if (dw_call_double(call, names[i], &real))
            dw_call_add_text(call, dw_call_printf(call, "double %.17g", real));
        if (dw_call_bool(call, names[i], &is))
            dw_call_add_text(call, dw_text(is ? "bool true" : "bool false"));
        if (dw_call_json(call, names[i], &json))
            dw_call_add_text(call, dw_call_printf(call, "json %.*s", DW_PRINT(json)));
    }
    dw_call_add_text(call, dw_call_arguments(call));
    return true;
}

static bool tells_variables(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice id = dw_text("none"), no = dw_text("none");

    (void)user;
    (void)reterr;
    (void)dw_call_variable(call, "id", &id);
    (void)dw_call_variable(call, "no", &no);
    dw_call_add_resource_text(call, "test://x", NULL,
                              dw_call_printf(call, "%.*s|%.*s|%.*s", DW_PRINT(dw_call_uri(call)),
                                             DW_PRINT(id), DW_PRINT(no)));
    return true;
}

static bool completes(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice name = DW_EMPTY, value = DW_EMPTY, other = dw_text("none");

    (void)user;
    (void)reterr;
    (void)dw_call_text(call, "name", &name);
    (void)dw_call_text(call, "value", &value);
    (void)dw_call_completed(call, "other", &other);
    dw_call_add_completion(call, dw_call_ref(call));
    dw_call_add_completion(call, name);
    dw_call_add_completion(call, value);
    dw_call_add_completion(call, other);
    return true;
}

static int start(void **state)
{
    static const struct dw_prompt_argument arguments[] = {
        {"a", NULL, NULL, true}, {"b", NULL, NULL, false}, {NULL, NULL, NULL, false}};
    const struct dw_tool tool = {.size = sizeof tool,
                                 .name = "tells",
                                 .input_schema = "{\"type\":\"object\"}",
                                 .run = tells};
    const struct dw_prompt prompt = {
        .size = sizeof prompt, .name = "p", .arguments = arguments, .get = tells};
    const struct dw_resource resource = {.size = sizeof resource,
                                         .uri = "test://{id}/x",
                                         .is_template = true,
                                         .read = tells_variables};
    struct dw_server *made = server_new();

    (void)state;
    dw_server_with_tool(made, &tool);
    dw_server_with_prompt(made, &prompt);
    dw_server_with_resource(made, &resource);
    dw_server_with_completion(made, completes, NULL);
    server_open(made);
    return 0;
}

#define T(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

static void an_argument_is_what_its_type_says(void **state)
{
    static const struct {
        const char *arguments, *content;
    } cases[] = {
        {"{\"a\":\"x\\ny\"}",
         T("text x\\ny") "," T("json \\\"x\\\\ny\\\"") "," T("{\\\"a\\\":\\\"x\\\\ny\\\"}")},
        {"{\"a\":\"\"}", T("text ") "," T("json \\\"\\\"") "," T("{\\\"a\\\":\\\"\\\"}")},
        {"{\"a\":5}", T("int 5") "," T("double 5") "," T("json 5") "," T("{\\\"a\\\":5}")},
        {"{\"a\":-9223372036854775808}",
         T("int -9223372036854775808") "," T("double -9.2233720368547758e+18") "," T(
             "json -9223372036854775808") "," T("{\\\"a\\\":-9223372036854775808}")},
        {"{\"a\":5.0}", T("int 5") "," T("double 5") "," T("json 5.0") "," T("{\\\"a\\\":5.0}")},
        {"{\"a\":0.5}", T("double 0.5") "," T("json 0.5") "," T("{\\\"a\\\":0.5}")},
        {"{\"a\":1e300}",
         T("double 1.0000000000000001e+300") "," T("json 1e300") "," T("{\\\"a\\\":1e300}")},
        {"{\"a\":true,\"b\":false}", T("bool true") "," T("json true") "," T("bool false") "," T(
                                         "json false") "," T("{\\\"a\\\":true,\\\"b\\\":false}")},
        {"{\"a\":null}", T("json null") "," T("{\\\"a\\\":null}")},
        {"{\"a\":[1, 2]}", T("json [1, 2]") "," T("{\\\"a\\\":[1, 2]}")},
        {"{\"c\":1}", T("{\\\"c\\\":1}")},
        {"{}", T("{}")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char more[256], body[1024];

        snprintf(more, sizeof more, ",\"arguments\":%s", cases[i].arguments);
        snprintf(body, sizeof body, RESULT("\"content\":[%s]"), cases[i].content);
        assert_reply(call_tool("tells", more), 200, body);
    }
    assert_reply(call_tool("tells", ""), 200, RESULT("\"content\":[" T("{}") "]"));
}

static void a_prompt_takes_texts_and_what_it_requires(void **state)
{
    static const struct {
        const char *arguments, *body;
    } cases[] = {
        {"", ERROR("-32602", "the prompt needs the argument \\\"a\\\"")},
        {",\"arguments\":{\"b\":\"x\"}",
         ERROR("-32602", "the prompt needs the argument \\\"a\\\"")},
        {",\"arguments\":{\"a\":1}",
         ERROR("-32602", "the prompt's argument \\\"a\\\" is no string")},
        {",\"arguments\":{\"a\":\"x\",\"b\":null}",
         ERROR("-32602", "the prompt's argument \\\"b\\\" is no string")},
        {",\"arguments\":\"a\"", ERROR("-32602", "params.arguments must be an object")},
        {",\"arguments\":{\"a\":\"x\"}",
         RESULT("\"messages\":[{\"role\":\"user\",\"content\":" T(
             "text x") "},{\"role\":\"user\",\"content\":" T("json \\\"x\\\"") "},{\"role\":"
                                                                               "\"user\","
                                                                               "\"content\":" T(
                                                                                   "{\\\"a\\\":"
                                                                                   "\\\"x\\\"}") "}"
                                                                                                 "]")},
    };
    char params[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(params, sizeof params, "\"name\":\"p\"%s", cases[i].arguments);
        assert_reply(modern("prompts/get", "p", params), 200, cases[i].body);
    }
}

static void variables_of_a_template_are_decoded(void **state)
{
    (void)state;
    assert_reply(modern("resources/read", "test://a%2F..%2Fb/x", "\"uri\":\"test://a%2F..%2Fb/x\""),
                 200,
                 RESULT("\"ttlMs\":0,\"cacheScope\":\"public\",\"contents\":[{\"uri\":\"test://x\","
                        "\"text\":\"test://a%2F..%2Fb/x|a/../b|none\"}]"));
}

#define COMPLETES(values)                                                                          \
    RESULT("\"completion\":{\"values\":[" values "],\"total\":4,\"hasMore\":false}")

static void a_completion_knows_what_is_typed_and_what_was(void **state)
{
    static const struct {
        const char *params, *values;
    } cases[] = {
        {"\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":\"a\",\"value\":"
         "\"x\"},\"context\":{\"arguments\":{\"other\":\"y\"}}",
         COMPLETES("\"p\",\"a\",\"x\",\"y\"")},
        {"\"ref\":{\"type\":\"ref/resource\",\"uri\":\"test://{id}/x\"},\"argument\":{\"name\":"
         "\"id\",\"value\":\"\"}",
         COMPLETES("\"test://{id}/x\",\"id\",\"\",\"none\"")},
        {"\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":\"a\",\"value\":"
         "\"x\"},\"context\":{\"arguments\":{\"other\":7}}",
         COMPLETES("\"p\",\"a\",\"x\",\"none\"")},
        {"\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":\"a\",\"value\":"
         "\"x\"},\"context\":[]",
         COMPLETES("\"p\",\"a\",\"x\",\"none\"")},
        {"\"ref\":{\"type\":\"ref/prompt\",\"name\":\"q\"},\"argument\":{\"name\":\"a\",\"value\":"
         "\"x\"}",
         ERROR("-32602", "there is no prompt or template \\\"q\\\"")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_reply(modern("completion/complete", "", cases[i].params), 200, cases[i].values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name) cmocka_unit_test_setup_teardown(name, start, stop)
        WITH(an_argument_is_what_its_type_says),
        WITH(a_prompt_takes_texts_and_what_it_requires),
        WITH(variables_of_a_template_are_decoded),
        WITH(a_completion_knows_what_is_typed_and_what_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
