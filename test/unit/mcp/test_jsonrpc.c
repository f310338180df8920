/* mcp/jsonrpc.h and mcp/method.h: one message, decoded strictly. */
#include "test.h"

#include "mcp/jsonrpc.h"
#include "mcp/method.h"

struct bad_message {
    const char *body;
    enum dw_code code;
};

static void assert_refused(const struct bad_message *bad)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_mcp_message message;
    struct dw_error error = {0};

    assert_fails(dw_mcp_message_parse(S(bad->body), arena, &message, &error), error, bad->code);
}

static void bad_messages_are_refused(void **state)
{
    static const struct bad_message cases[] = {
        {"", DW_MALFORMED},
        {"{", DW_MALFORMED},
        {"{}{}", DW_MALFORMED},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", DW_MALFORMED},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"x\"}", DW_MALFORMED},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
         "{\"name\":\"a\",\"name\":\"b\"}}",
         DW_MALFORMED},
        {"[]", DW_INVALID_JSONRPC},
        {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", DW_INVALID_JSONRPC},
        {"7", DW_INVALID_JSONRPC},
        {"null", DW_INVALID_JSONRPC},
        {"{}", DW_INVALID_JSONRPC},
        {"{\"id\":1,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"JSONRPC\":\"2.0\",\"id\":1,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"Method\":\"ping\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\"}}",
         DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"vendor/run\"}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notifications/initialized\"}",
         DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"result\":{}}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":1}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"result\":{}}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":7}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}", DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"\"}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":[\"a\"]}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"Name\":\"a\"}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"name\":\"a\"}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tasks/get\",\"params\":{}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":"
         "{\"ref\":{\"type\":\"ref/other\",\"name\":\"a\"}}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\",\"params\":"
         "{\"notifications\":{\"resourceSubscriptions\":[1]}}}",
         DW_INVALID_PARAMS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(&cases[i]);
}

/* Go's encoding/json takes any of these spellings for the name itself, the last one wins: an
 * upstream would run another method or tool than the one that was judged. */
static void a_second_spelling_of_a_member_is_refused(void **state)
{
    static const struct bad_message cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Method\":\"tools/call\"}",
         DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"METHO\\u0044\":\"tools/call\"}",
         DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Params\":{}}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"param\xc5\xbf\":{}}",
         DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"ID\":2}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"Method\":\"tools/call\"}",
         DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"Id\":2}", DW_INVALID_JSONRPC},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
         "{\"name\":\"a\",\"Name\":\"b\"}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":"
         "{\"uri\":\"a:b\",\"URI\":\"c:d\"}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tasks/get\",\"params\":"
         "{\"taskId\":\"a\",\"tas\xe2\x84\xaaid\":\"b\"}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
         "{\"name\":\"a\",\"_Meta\":{}}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":"
         "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\",\"NAME\":\"q\"}}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":"
         "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"Ref\":{}}}",
         DW_INVALID_PARAMS},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\",\"params\":"
         "{\"notifications\":{\"resourcesubscriptions\":[\"a:b\"]}}}",
         DW_INVALID_PARAMS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(&cases[i]);
}

static void the_subject_comes_from_the_table(void **state)
{
    static const struct {
        const char *body;
        enum dw_mcp_kind kind;
        const char *name;
        bool is_for_every_session;
    } cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"}}",
         DW_MCP_TOOL, "echo", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"prompts/get\",\"params\":"
         "{\"name\":\"\\u0065cho\"}}",
         DW_MCP_PROMPT, "echo", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"a://"
         "b\"}}",
         DW_MCP_RESOURCE, "a://b", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tasks/cancel\",\"params\":{\"taskId\":\"t\"}}",
         DW_MCP_TASK, "t", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":"
         "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"}}}",
         DW_MCP_PROMPT, "p", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":"
         "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"a://{x}\"}}}",
         DW_MCP_RESOURCE, "a://{x}", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", DW_MCP_TOOL, "", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}", DW_MCP_OTHER, "", true},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}", DW_MCP_OTHER, "", true},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vendor/run\"}", DW_MCP_OTHER, "", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/anything\"}", DW_MCP_OTHER, "", true},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", DW_MCP_OTHER, "", true},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"error\":{\"code\":1}}", DW_MCP_OTHER, "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_mcp_message message;
        struct dw_error error = {0};

        assert_done(dw_mcp_message_parse(S(cases[i].body), arena, &message, &error), error);
        assert_int_equal(message.kind, cases[i].kind);
        assert_slice(message.name, cases[i].name);
        assert_int_equal(dw_mcp_is_for_every_session(&message), cases[i].is_for_every_session);
    }
}

static void a_listen_request_names_what_it_touches(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_mcp_message message;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_mcp_message_parse(
                    S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\","
                      "\"params\":{\"notifications\":{\"toolsListChanged\":true,"
                      "\"resourceSubscriptions\":[\"a://1\",\"a://2\"],\"taskIds\":[\"t\"]}}}"),
                    arena, &message, &error),
                error);
    assert_int_equal(message.kind, DW_MCP_RESOURCE);
    assert_int_equal(message.names.count, 2);
    assert_slice(message.names.items[1], "a://2");
    assert_int_equal(message.task_ids.count, 1);
    assert_slice(message.task_ids.items[0], "t");
}

static void an_error_answer_echoes_the_id_as_written(void **state)
{
    static const struct {
        const char *body;
        const char *answer;
    } cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\"}",
         "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,\"message\":"
         "\"tools/call needs the text \\\"name\\\" in its params\",\"data\":{\"a\":1}}}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"tools/call\"}",
         "{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"error\":{\"code\":-32602,\"message\":"
         "\"tools/call needs the text \\\"name\\\" in its params\",\"data\":{\"a\":1}}}"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"x\"}",
         "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
         "\"a request needs an id: a string or an integer\",\"data\":{\"a\":1}}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_mcp_message message;
        struct dw_error error = {0};

        assert_false(dw_mcp_message_parse(S(cases[i].body), arena, &message, &error));
        assert_slice(dw_mcp_error(message.id, &error, DW_LIT("{\"a\":1}"), arena), cases[i].answer);
    }
}

static bool parse_and_free(void)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_mcp_message message;
    struct dw_error error = {0};
    bool is_done;

    if (!arena)
        return false;
    is_done = dw_mcp_message_parse(
        S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\",\"params\":"
          "{\"notifications\":{\"resourceSubscriptions\":[\"a://1\"]}}}"),
        arena, &message, &error);
    if (!is_done)
        assert_int_equal(error.code, DW_NO_MEMORY);
    dw_arena_free(arena);
    return is_done;
}

static void running_out_of_memory_is_a_refusal(void **state)
{
    (void)state;
    torture(parse_and_free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_messages_are_refused),
        cmocka_unit_test(a_second_spelling_of_a_member_is_refused),
        cmocka_unit_test(the_subject_comes_from_the_table),
        cmocka_unit_test(a_listen_request_names_what_it_touches),
        cmocka_unit_test(an_error_answer_echoes_the_id_as_written),
        cmocka_unit_test(running_out_of_memory_is_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
