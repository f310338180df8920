/* gateway/stdio_message.h: names that are ours inside and theirs outside. */
#include "test.h"

#include "gateway/stdio_message.h"

static struct dw_mcp_message parse(const char *text, struct dw_arena *arena)
{
    struct dw_mcp_message message;
    struct dw_error error = {0};

    assert_done(dw_mcp_message_parse(S(text), arena, &message, &error), error);
    return message;
}

static void requests_go_in_under_our_id_and_on_one_line(void **state)
{
    static const struct {
        const char *request;
        bool is_bridged;
        const char *line;
    } cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"tools/list\"}", false,
         "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"tools/list\"}"},
        {"{ \"id\": 1, \"method\": \"tools/call\",\r\n \"params\": {\n  \"name\": \"a\\nb\",\n"
         "  \"_meta\": {\"progressToken\": \"p\", \"keep\": [1,\n2]}},\n \"jsonrpc\": \"2.0\"}",
         false,
         "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"tools/call\",\"params\":{\"name\":\"a\\nb\","
         "\"_meta\":{\"progressToken\":77,\"keep\":[1, 2]}}}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\n}}", false,
         "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"ping\",\"params\":{ }}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\","
         "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
         "\"io.modelcontextprotocol/clientCapabilities\":{},"
         "\"io.modelcontextprotocol/clientInfo\":{},\"io.modelcontextprotocol/logLevel\":\"info\","
         "\"traceparent\":\"t\"}}}",
         true,
         "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"tools/call\",\"params\":{\"name\":\"a\","
         "\"_meta\":{\"traceparent\":\"t\"}}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_mcp_message message = parse(cases[i].request, arena);
        struct dw_slice line;
        struct dw_error error = {0};

        assert_done(dw_stdio_request_line(&message, 77, cases[i].is_bridged, arena, &line, &error),
                    error);
        assert_slice(line, cases[i].line);
    }
}

static void messages_come_out_under_the_clients_names(void **state)
{
    static const struct {
        const char *message;
        int64_t related; /* -1: to nothing */
        const char *restored;
    } cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{\"id\":77}}", 77,
         "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"id\":77}}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":77,\"error\":{\"code\":-32601,\"message\":\"\"}}", 77,
         "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"error\":{\"code\":-32601,\"message\":\"\"}}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"77\",\"result\":{}}", -1, NULL},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
         "{\"progressToken\":77,\"progress\":1}}",
         77,
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
         "{\"progressToken\":{\"t\":1},\"progress\":1}}"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/"
         "list_changed\",\"params\":{\"_meta\":"
         "{\"io.modelcontextprotocol/subscriptionId\":77,\"a\":1}}}",
         77,
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/"
         "list_changed\",\"params\":{\"_meta\":"
         "{\"io.modelcontextprotocol/subscriptionId\":\"x\",\"a\":1}}}"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/"
         "list_changed\",\"params\":{\"_meta\":"
         "{\"io.modelcontextprotocol/subscriptionId\":\"77\"}}}",
         77,
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/"
         "list_changed\",\"params\":{\"_meta\":"
         "{\"io.modelcontextprotocol/subscriptionId\":\"x\"}}}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{\"resultType\":\"complete\",\"_meta\":"
         "{\"io.modelcontextprotocol/subscriptionId\":77}}}",
         77,
         "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"resultType\":\"complete\",\"_meta\":"
         "{\"io.modelcontextprotocol/subscriptionId\":\"x\"}}}"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
         "{\"requestId\":77}}",
         77,
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
         "{\"requestId\":\"x\"}}"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
         "message\",\"params\":{\"level\":\"info\"}}",
         -1, NULL},
        {"{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"roots/list\"}", -1, NULL},
    };
    static const struct dw_stdio_names names = {{"\"x\"", 3}, {"{\"t\":1}", 7}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_mcp_message message = parse(cases[i].message, arena);
        struct dw_slice restored;
        struct dw_error error = {0};
        int64_t id = -1;

        assert_int_equal(dw_stdio_related_id(&message, &id), cases[i].related >= 0);
        assert_int_equal(id, cases[i].related);
        if (!cases[i].restored)
            continue;
        assert_done(dw_stdio_restore(&message, &names, arena, &restored, &error), error);
        assert_slice(restored, cases[i].restored);
    }
}

static void a_legacy_answer_becomes_a_modern_one(void **state)
{
    static const struct {
        const char *method, *answer, *bridged;
    } cases[] = {
        {"tools/call",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"_meta\":{\"a\":1}}}",
         "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"content\":[],\"resultType\":\"complete\","
         "\"_meta\":{\"a\":1,\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\"}}}}"},
        {"tools/list", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[],\"ttlMs\":-1}}",
         "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"tools\":[],\"resultType\":\"complete\","
         "\"ttlMs\":0,\"cacheScope\":\"private\","
         "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\"}}}}"},
        {"resources/read",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32002,\"message\":\"no\","
         "\"data\":{\"uri\":\"a:b\"}}}",
         "{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32602,\"message\":\"no\","
         "\"data\":{\"uri\":\"a:b\"}}}"},
        {"tools/call",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":\"no\"}}",
         "{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32603,\"message\":\"no\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_mcp_message message = parse(cases[i].answer, arena);
        struct dw_slice bridged;
        struct dw_error error = {0};

        assert_done(dw_stdio_bridge_answer(&message, S(cases[i].method), S("5"),
                                           S("{\"name\":\"s\"}"), arena, &bridged, &error),
                    error);
        assert_slice(bridged, cases[i].bridged);
    }
}

static void discovery_promises_only_what_a_bridge_can_keep(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    const struct dw_json *greeting;
    struct dw_slice message;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_json_parse(S("{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":"
                                "{\"listChanged\":true},\"resources\":{\"subscribe\":true},"
                                "\"logging\":{},\"tasks\":{}},\"serverInfo\":{\"name\":\"s\"},"
                                "\"instructions\":\"do\"}"),
                              arena, &greeting, &error),
                error);
    assert_done(dw_stdio_bridge_discover(greeting, S("\"d\""), arena, &message, &error), error);
    assert_slice(message,
                 "{\"jsonrpc\":\"2.0\",\"id\":\"d\",\"result\":{\"resultType\":\"complete\","
                 "\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"tools\":{},"
                 "\"resources\":{}},\"instructions\":\"do\",\"ttlMs\":0,\"cacheScope\":\"private\","
                 "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\"}}}}");
}

static void a_process_that_asks_a_modern_client_is_told_no(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_mcp_message ping =
        parse("{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}", arena);
    struct dw_mcp_message roots =
        parse("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"roots/list\"}", arena);
    struct dw_slice line;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_stdio_answer_line(&ping, arena, &line, &error), error);
    assert_slice(line, "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"result\":{}}");
    assert_done(dw_stdio_answer_line(&roots, arena, &line, &error), error);
    assert_slice(line, "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32601,\"message\":"
                       "\"this client takes no requests\"}}");
}

static void an_answer_too_long_to_read_is_known_by_its_ends(void **state)
{
    static const struct {
        const char *begin, *end;
        int64_t id; /* 0: not known */
    } cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"a\":\"", "xxx\"}}", 7},
        {"{\"id\":7,\"jsonrpc\":\"2.0\",\"result\":{\"a\":\"", "xxx\"}}", 7},
        {" { \"jsonrpc\" : \"2.0\" , \"id\" : 7 , \"result\" : \"", "\"}", 7},
        {"{\"result\":{\"a\":\"", "x\"},\"jsonrpc\":\"2.0\",\"id\":7}", 7},
        {"{\"result\":{\"method\":\"", "x\"},\"jsonrpc\":\"2.0\", \"id\" : 7 } ", 7},
        {"{\"jsonrpc\":\"2.0\",\"result\":\"", "x\",\"id\":7}", 7},
        /* a member of the result, or a text that looks like one */
        {"{\"jsonrpc\":\"2.0\",\"result\":{\"a\":\"", "x\",\"id\":7}}", 0},
        {"{\"jsonrpc\":\"2.0\",\"result\":\"", "\\\"id\\\":7}\"}", 0},
        {"{\"jsonrpc\":\"2.0\",\"result\":\"", "x\",\"id\":\"7\"}", 0},
        {"{\"jsonrpc\":\"2.0\",\"result\":\"", "x\",\"id\":7.5}", 0},
        {"{\"jsonrpc\":\"2.0\",\"result\":\"", "x\",\"xid\":7}", 0},
        /* requests and notifications of the process */
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"sampling/createMessage\"", "x\"}}", 0},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"roots/list\",\"params\":{", "},\"id\":7}", 0},
        {"{\"method\":\"notifications/message\"", "x\"}}", 0},
        {"", "", 0},
        {"xxxx", "xxxx", 0},
        {"{\"id\":", "}", 0},
        {"{\"id\":7", ":7}", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t id = 0;
        bool is_known = dw_stdio_long_answer_id(S(cases[i].begin), S(cases[i].end), &id);

        if (is_known != (cases[i].id != 0) || (is_known && id != cases[i].id))
            fail_msg("case %zu: %s %lld", i, is_known ? "known" : "not known", (long long)id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_go_in_under_our_id_and_on_one_line),
        cmocka_unit_test(messages_come_out_under_the_clients_names),
        cmocka_unit_test(a_legacy_answer_becomes_a_modern_one),
        cmocka_unit_test(discovery_promises_only_what_a_bridge_can_keep),
        cmocka_unit_test(a_process_that_asks_a_modern_client_is_told_no),
        cmocka_unit_test(an_answer_too_long_to_read_is_known_by_its_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
