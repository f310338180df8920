/* sdk/registry.c and server.c: what may be registered, and what is found again. */
#include "test.h"

#include "sdk/sdk_internal.h"

static bool run(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    (void)reterr;
    return true;
}

static struct dw_tool tool(const char *name, const char *input, const char *annotations)
{
    return (struct dw_tool){.size = sizeof(struct dw_tool),
                            .name = name,
                            .input_schema = input,
                            .annotations = annotations,
                            .run = run};
}

static void a_wrong_tool_is_named_with_what_is_wrong(void **state)
{
    static const char *const bad_scopes[] = {"a b", NULL};
    struct dw_tool scoped = tool("x", NULL, NULL), idle = tool("x", NULL, NULL);
    struct dw_tool short_struct = tool("x", NULL, NULL);

    (void)state;
    scoped.scopes = bad_scopes;
    idle.run = NULL;
    short_struct.size = 0;
    const struct {
        struct dw_tool tool;
        const char *message;
    } cases[] = {
        {tool("", NULL, NULL), "a tool or prompt needs a name, a resource a URI"},
        {tool("a b", NULL, NULL),
         "the tool name \"a b\" has other characters than A-Z a-z 0-9 _ . -"},
        {tool("x", "{", NULL), NULL},
        {tool("x", "{\"type\":\"string\"}", NULL),
         "\"x\": input_schema must have \"type\":\"object\""},
        {tool("x", NULL, "[]"), "\"x\": annotations must be a JSON object"},
        {scoped, "\"x\": \"a b\" is no scope"},
        {idle, "\"x\" has no function that does the work"},
        {short_struct, "a struct has the wrong size: set .size = sizeof it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_server *server = dw_server_new("s", "1");
        struct dw_error error = {0};

        dw_server_with_tool(server, &cases[i].tool);
        assert_fails(dw_server_build(server, &error), error, DW_CONFIG);
        if (cases[i].message)
            assert_string_equal(error.message, cases[i].message);
        dw_server_free(server);
    }
}

static void the_first_mistake_is_the_one_that_is_reported(void **state)
{
    struct dw_server *server = dw_server_new("s", "");
    struct dw_tool wrong = tool("a b", NULL, NULL);
    struct dw_error error = {0};

    (void)state;
    dw_server_with_tool(server, &wrong);
    assert_fails(dw_server_build(server, &error), error, DW_CONFIG);
    assert_string_equal(error.message, "a server needs a name and a version");
    dw_server_free(server);
}

static void a_name_is_registered_once(void **state)
{
    struct dw_server *server = dw_server_new("s", "1");
    struct dw_tool one = tool("one", NULL, NULL);
    struct dw_error error = {0};

    (void)state;
    dw_server_with_tool(server, &one);
    dw_server_with_tool(server, &one);
    assert_fails(dw_server_build(server, &error), error, DW_CONFIG);
    assert_string_equal(error.message, "\"one\" is registered twice");
    dw_server_free(server);
}

static void an_entry_has_what_the_author_wrote(void **state)
{
    struct dw_server *server = dw_server_new("s", "1");
    struct dw_tool one = tool("one", "{ \"type\": \"object\" }", "{\"readOnlyHint\":true}");

    (void)state;
    one.title = "One";
    one.description = "The \"first\".";
    dw_server_with_tool(server, &one);
    assert_int_equal(server->error.code, DW_OK);
    assert_slice(dw_items_find(&server->tools, S("one"))->entry,
                 "{\"name\":\"one\",\"inputSchema\":{ \"type\": \"object\" },\"title\":\"One\","
                 "\"description\":\"The \\\"first\\\".\","
                 "\"annotations\":{\"readOnlyHint\":true}}");
    assert_null(dw_items_find(&server->tools, S("two")));
    dw_server_free(server);
}

static void a_template_covers_what_it_says(void **state)
{
    static const struct {
        const char *uri;
        const char *first, *second; /* NULL: it is not covered */
    } cases[] = {
        {"test://a/12/data/x", "12", "x"},
        {"test://a/12/data/", NULL, NULL},
        {"test://a//data/x", NULL, NULL},
        {"test://a/1/2/data/x", NULL, NULL},
        {"test://b/12/data/x", NULL, NULL},
        {"test://a/12/data/x/y", NULL, NULL},
        {"test://a/a%20b/data/%C3%BC+%2f", "a b", "\303\274+/"},
        {"test://a/%/data/x", NULL, NULL},
        {"test://a/%zz/data/x", NULL, NULL},
        {"test://a/%00/data/x", NULL, NULL},
        {"test://a/%FF/data/x", NULL, NULL},
        {"", NULL, NULL},
    };
    struct dw_server *server = dw_server_new("s", "1");
    struct dw_resource resource = {.size = sizeof resource,
                                   .uri = "test://a/{id}/data/{part}",
                                   .is_template = true,
                                   .name = "t",
                                   .read = run};

    (void)state;
    dw_server_with_resource(server, &resource);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dw_variable *variables = NULL;
        size_t count = 0;
        const struct dw_item *item =
            dw_templates_match(server, S(cases[i].uri), server->arena, &variables, &count);

        assert_int_equal(item != NULL, cases[i].first != NULL);
        if (!item)
            continue;
        assert_int_equal(count, 2);
        assert_slice(variables[0].name, "id");
        assert_slice(variables[0].value, cases[i].first);
        assert_slice(variables[1].value, cases[i].second);
    }
    dw_server_free(server);
}

static void a_public_address_needs_oauth(void **state)
{
    struct dw_server *server = dw_server_new("s", "1");
    struct dw_error error = {0};

    (void)state;
    dw_server_with_listen(server, "0.0.0.0:0");
    dw_server_with_public_url(server, "https://mcp.example.com/mcp");
    assert_fails(dw_server_build(server, &error), error, DW_CONFIG);
    assert_non_null(strstr(error.message, "is not a loopback address, and there is no OAuth"));
    dw_server_free(server);
}

static void without_a_server_nothing_happens(void **state)
{
    struct dw_tool one = tool("one", NULL, NULL);
    struct dw_error error = {0};

    (void)state;
    dw_server_with_tool(NULL, &one);
    dw_server_with_title(NULL, "x");
    dw_server_with_listen(NULL, "x");
    dw_server_tools_changed(NULL);
    dw_server_stop(NULL);
    dw_server_free(NULL);
    assert_int_equal(dw_server_port(NULL), 0);
    assert_fails(dw_server_build(NULL, &error), error, DW_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_tool_is_named_with_what_is_wrong),
        cmocka_unit_test(the_first_mistake_is_the_one_that_is_reported),
        cmocka_unit_test(a_name_is_registered_once),
        cmocka_unit_test(an_entry_has_what_the_author_wrote),
        cmocka_unit_test(a_template_covers_what_it_says),
        cmocka_unit_test(a_public_address_needs_oauth),
        cmocka_unit_test(without_a_server_nothing_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
