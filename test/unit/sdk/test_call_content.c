/* sdk/call_content.c and call_arguments.c: results that break their own promise, arguments that do
 * not fit, what stands in a result beside its content. */
#include "sdk/client.h"

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1}},"            \
    "\"required\":[\"n\"],\"additionalProperties\":false}"

static const char *structured; /* of the next result; NULL: none */
static bool is_error, fails;
static int runs;

static bool promised(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    runs++;
    if (structured)
        dw_call_set_structured(call, dw_text(structured));
    if (is_error)
        dw_call_set_is_error(call);
    return fails ? DW_ERROR(reterr, DW_UNAVAILABLE, "the \"sea\" is rough") : true;
}

/* All that an author can say of a result and of its content. */
static bool rich(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, dw_text("a"));
    dw_call_annotate(call, dw_text("{\"priority\":0.9,\"audience\":[\"assistant\"]}"));
    dw_call_add_image(call, dw_text("\1\2"), "image/png");
    dw_call_add_audio(call, dw_text("\3"), "audio/wav");
    dw_call_add_resource_text(call, "test://a", "text/plain", dw_text("t"));
    dw_call_add_resource_blob(call, "test://b", NULL, dw_text("b"));
    dw_call_add_resource_link(call, "test://c", "c", NULL);
    dw_call_set_meta(call, dw_text("{\"example.com/k\":1}"));
    return true;
}

static bool greedy(void *user, struct dw_call *call, struct dw_error *reterr)
{
    size_t had = 0;

    (void)user;
    (void)reterr;
    while (had < 100 && dw_call_alloc(call, 1 << 20))
        had++;
    assert_true(had >= 60 && had <= 64); /* 64 MiB */
    assert_null(dw_call_printf(call, "%1048576d", 1).ptr);
    dw_call_add_text(call, dw_text("none is left"));
    return true;
}

static bool nothing_in_memory(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, dw_slice_from(NULL, 0)); /* as dw_call_printf gives it */
    return true;
}

static int start(void **state)
{
    const struct dw_tool tools[] = {
        {.size = sizeof *tools, .name = "promised", .run = promised, .output_schema = SCHEMA},
        {.size = sizeof *tools, .name = "takes", .run = promised, .input_schema = SCHEMA},
        {.size = sizeof *tools, .name = "no_arguments", .run = promised},
        {.size = sizeof *tools, .name = "rich", .run = rich},
        {.size = sizeof *tools, .name = "large", .run = nothing_in_memory},
        {.size = sizeof *tools, .name = "greedy", .run = greedy},
    };
    struct dw_server *made = server_with_tools(tools, sizeof tools / sizeof *tools);

    (void)state;
    server_open(made);
    structured = NULL;
    is_error = fails = false;
    runs = 0;
    return 0;
}

static void a_result_that_breaks_its_output_schema_does_not_go_out(void **state)
{
    static const struct {
        const char *structured, *message;
    } cases[] = {
        {NULL, "the tool promises structured results and has given none"},
        {"{\"n\":0}", "the tool's structured result does not fit its output schema at \\\"/n\\\": "
                      "must be at least 1"},
        {"{}", "the tool's structured result does not fit its output schema at \\\"\\\": must have "
               "the property \\\"n\\\""},
        {"[1]", "the tool's structured result does not fit its output schema at \\\"\\\": must be "
                "of type \\\"object\\\""},
        {"{\"n\":1", "the structured result is not valid JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[512];

        structured = cases[i].structured;
        snprintf(body, sizeof body, ERROR("-32603", "%s"), cases[i].message);
        assert_reply(call_tool("promised", ""), 200, body);
    }
}

static void a_result_that_keeps_its_promise_goes_out(void **state)
{
    (void)state;
    structured = "{ \"n\": 1 }";
    assert_reply(call_tool("promised", ""), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"{ \\\"n\\\": 1 }\"}],"
                        "\"structuredContent\":{ \"n\": 1 }"));
}

/* An error needs no structure: the model reads the text. */
static void a_failed_tool_needs_no_structured_result(void **state)
{
    (void)state;
    is_error = true;
    assert_reply(call_tool("promised", ""), 200, RESULT("\"content\":[],\"isError\":true"));
    is_error = false;
    fails = true;
    structured = "{\"n\":0}";
    assert_reply(call_tool("promised", ""), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"the \\\"sea\\\" is rough\"}],"
                        "\"isError\":true"));
}

static void arguments_that_do_not_fit_are_told_to_the_model(void **state)
{
    static const struct {
        const char *tool, *arguments, *text;
    } cases[] = {
        {"takes", "", "\\n- the whole: must have the property \\\"n\\\""},
        {"takes", "{\"n\":0}", "\\n- /n: must be at least 1"},
        {"takes", "{\"n\":\"1\"}", "\\n- /n: must be of type \\\"integer\\\""},
        {"takes", "{\"n\":1.5}", "\\n- /n: must be of type \\\"integer\\\""},
        {"no_arguments", "{\"x\":1}", "\\n- the whole: must not have the property \\\"x\\\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char more[128] = "", body[512];

        if (cases[i].arguments[0])
            snprintf(more, sizeof more, ",\"arguments\":%s", cases[i].arguments);
        snprintf(body, sizeof body,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"The arguments do not fit the "
                        "tool's input schema:%s\"}],\"isError\":true"),
                 cases[i].text);
        assert_reply(call_tool(cases[i].tool, more), 200, body);
    }
    assert_reply(call_tool("takes", ",\"arguments\":[1]"), 200,
                 ERROR("-32602", "params.arguments must be an object"));
    assert_int_equal(runs, 0);
    assert_reply(call_tool("takes", ",\"arguments\":{\"n\":1.0}"), 200, RESULT("\"content\":[]"));
    assert_int_equal(runs, 1);
}

#define RICH                                                                                       \
    "\"content\":[{\"type\":\"text\",\"text\":\"a\",\"annotations\":{\"priority\":0.9,"            \
    "\"audience\":[\"assistant\"]}},{\"type\":\"image\",\"data\":\"AQI=\",\"mimeType\":"           \
    "\"image/png\"},{\"type\":\"audio\",\"data\":\"Aw==\",\"mimeType\":\"audio/wav\"},{\"type\":"  \
    "\"resource\",\"resource\":{\"uri\":\"test://a\",\"mimeType\":\"text/plain\",\"text\":\"t\"}}" \
    ",{\"type\":\"resource\",\"resource\":{\"uri\":\"test://b\",\"blob\":\"Yg==\"}},{\"type\":"    \
    "\"resource_link\",\"uri\":\"test://c\",\"name\":\"c\"}],\"_meta\":{\"example.com/k\":1"

static void every_kind_of_content_with_annotations_and_meta(void **state)
{
    char session[64];

    (void)state;
    assert_reply(call_tool("rich", ""), 200,
                 "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\"," RICH
                 ",\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}}");
    open_session("{}", session);
    assert_reply(legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\","
                                 "\"params\":{\"name\":\"rich\"}}"),
                 200, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{" RICH "}}}");
}

static void a_call_has_64_mib_and_the_next_one_too(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_reply(call_tool("greedy", ""), 200,
                     RESULT("\"content\":[{\"type\":\"text\",\"text\":\"none is left\"}]"));
}

static void what_had_no_memory_is_no_result(void **state)
{
    (void)state;
    assert_reply(call_tool("large", ""), 503,
                 ERROR("-32603", "the answer needs more memory than a call may use"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name) cmocka_unit_test_setup_teardown(name, start, stop)
        WITH(a_result_that_breaks_its_output_schema_does_not_go_out),
        WITH(a_result_that_keeps_its_promise_goes_out),
        WITH(a_failed_tool_needs_no_structured_result),
        WITH(arguments_that_do_not_fit_are_told_to_the_model),
        WITH(every_kind_of_content_with_annotations_and_meta),
        WITH(a_call_has_64_mib_and_the_next_one_too),
        WITH(what_had_no_memory_is_no_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
