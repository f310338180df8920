/* guard/policy.c: one decision for every era and transport. */
#include "test.h"

#include "guard/policy_internal.h"

#define LIST(...)                                                                                  \
    ((struct dw_slices){(const struct dw_slice[]){__VA_ARGS__},                                    \
                        sizeof((const struct dw_slice[]){__VA_ARGS__}) / sizeof(struct dw_slice)})
#define NONE ((struct dw_slices){NULL, 0})

static struct dw_slices words(struct dw_arena *arena, const char *text)
{
    struct dw_slice rest = S(text), word, *items = dw_arena_new_array(arena, 8, sizeof *items);
    size_t count = 0;

    while (dw_slice_split(&rest, ' ', &word))
        items[count++] = word;
    return (struct dw_slices){items, count};
}

static struct dw_slice join(struct dw_arena *arena, struct dw_slices list)
{
    struct dw_slice text = DW_EMPTY;

    for (size_t i = 0; i < list.count; i++)
        text = dw_arena_printf(arena, "%.*s%s%.*s", DW_PRINT(text), i ? " " : "",
                               DW_PRINT(list.items[i]));
    return text;
}

/* The rows of the seed's five permissions, with a forbidden tool and alternatives. */
static const struct dw_slice read_tools[] = {{"read:tools", 10}};
static const struct dw_slice execute_tools[] = {{"execute:tools", 13}};
static const struct dw_slice read_resources[] = {{"read:resources", 14}};
static const struct dw_slice admin_or_write[] = {{"admin", 5}, {"write:resources", 15}};
static const struct dw_policy_row seed_rows[] = {
    {.name = {"listing", 7}, .method = {"tools/list", 10}, .all_scopes = {read_tools, 1}},
    {.name = {"never", 5}, .tool = {"printEnv", 8}, .is_deny = true},
    {.tool = {"get_*", 5}, .all_scopes = {read_tools, 1}},
    {.name = {"either", 6},
     .tool = {"mixed", 5},
     .all_scopes = {execute_tools, 1},
     .any_scopes = {admin_or_write, 2}},
    {.name = {"tools", 5}, .tool = {"*", 1}, .all_scopes = {execute_tools, 1}},
    {.name = {"resources", 9}, .resource = {"test://*", 8}, .all_scopes = {read_resources, 1}},
    {.name = {"tasks", 5}, .method = {"tasks/*", 7}, .all_scopes = {execute_tools, 1}},
};

static void seed_policy(struct dw_policy *policy, struct dw_arena *arena)
{
    struct dw_error error;

    assert_done(
        dw_policy_init(policy, seed_rows, sizeof seed_rows / sizeof *seed_rows, arena, &error),
        error);
}

static void each_message_meets_its_row(void **state)
{
    static const struct {
        const char *granted, *body;
        enum dw_code code; /* DW_OK: allowed */
        const char *needed, *rule;
    } cases[] = {
        {"", "{\"method\":\"initialize\",\"id\":1}", DW_OK, "", "every session"},
        {"", "{\"method\":\"server/discover\",\"id\":1}", DW_OK, "", "every session"},
        {"", "{\"method\":\"notifications/initialized\"}", DW_OK, "", "every session"},
        {"", "{\"id\":1,\"result\":{}}", DW_OK, "", "every session"},
        {"", "{\"method\":\"prompts/list\",\"id\":1}", DW_OK, "", "every session"},
        {"", "{\"method\":\"tools/list\",\"id\":1}", DW_INSUFFICIENT_SCOPE, "read:tools",
         "listing"},
        {"read:tools", "{\"method\":\"tools/list\",\"id\":1}", DW_OK, "read:tools", "listing"},
        {"read:tools", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"get_x\"}}",
         DW_OK, "read:tools", "policy[3]"},
        {"read:tools", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"echo\"}}",
         DW_INSUFFICIENT_SCOPE, "execute:tools", "tools"},
        {"execute:tools", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"echo\"}}",
         DW_OK, "execute:tools", "tools"},
        {"execute:*", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"echo\"}}", DW_OK,
         "execute:tools", "tools"},
        {"execute:toolsmith", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"echo\"}}",
         DW_INSUFFICIENT_SCOPE, "execute:tools", "tools"},
        {"execute:tools admin",
         "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"printEnv\"}}", DW_FORBIDDEN,
         "", "never"},
        {"execute:tools", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"mixed\"}}",
         DW_INSUFFICIENT_SCOPE, "execute:tools admin", "either"},
        {"write:resources", "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"mixed\"}}",
         DW_INSUFFICIENT_SCOPE, "execute:tools write:resources", "either"},
        {"execute:tools write:resources",
         "{\"method\":\"tools/call\",\"id\":1,\"params\":{\"name\":\"mixed\"}}", DW_OK,
         "execute:tools write:resources", "either"},
        {"execute:tools", "{\"method\":\"prompts/get\",\"id\":1,\"params\":{\"name\":\"get_x\"}}",
         DW_FORBIDDEN, "", "default deny"},
        {"execute:tools", "{\"method\":\"some/extension\",\"id\":1}", DW_FORBIDDEN, "",
         "default deny"},
        {"read:resources",
         "{\"method\":\"resources/read\",\"id\":1,\"params\":{\"uri\":\"test://a\"}}", DW_OK,
         "read:resources", "resources"},
        {"read:resources",
         "{\"method\":\"resources/read\",\"id\":1,\"params\":{\"uri\":\"file:///a\"}}",
         DW_FORBIDDEN, "", "default deny"},
        {"execute:tools", "{\"method\":\"tasks/get\",\"id\":1,\"params\":{\"taskId\":\"t\"}}",
         DW_OK, "execute:tools", "tasks"},
        {"",
         "{\"method\":\"subscriptions/listen\",\"id\":1,\"params\":{\"notifications\":{"
         "\"toolsListChanged\":true}}}",
         DW_OK, "", "every session"},
        {"",
         "{\"method\":\"subscriptions/listen\",\"id\":1,\"params\":{\"notifications\":{"
         "\"resourceSubscriptions\":[\"test://a\"]}}}",
         DW_INSUFFICIENT_SCOPE, "read:resources", "resources"},
        {"read:resources",
         "{\"method\":\"subscriptions/listen\",\"id\":1,\"params\":{\"notifications\":{"
         "\"resourceSubscriptions\":[\"test://a\",\"file:///etc\"]}}}",
         DW_FORBIDDEN, "", "default deny"},
        {"",
         "{\"method\":\"subscriptions/listen\",\"id\":1,\"params\":{\"notifications\":{"
         "\"taskIds\":[\"t1\"]}}}",
         DW_INSUFFICIENT_SCOPE, "execute:tools", "tasks"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_arena *arena = dw_arena_new(1 << 16);
        struct dw_policy policy;
        struct dw_mcp_message message;
        struct dw_slices needed;
        struct dw_slice rule, body;
        struct dw_error error = {0};

        seed_policy(&policy, arena);
        body = dw_arena_printf(arena, "{\"jsonrpc\":\"2.0\",%s", cases[i].body + 1);
        assert_done(dw_mcp_message_parse(body, arena, &message, &error), error);
        error.code = DW_OK;
        assert_int_equal(dw_policy_decide(&policy, words(arena, cases[i].granted), &message, arena,
                                          &needed, &rule, &error),
                         cases[i].code == DW_OK);
        assert_string_equal(dw_code_row(error.code)->name, dw_code_row(cases[i].code)->name);
        assert_slice(join(arena, needed), cases[i].needed);
        assert_slice(rule, cases[i].rule);
        dw_arena_free(arena);
    }
}

static void lists_show_what_may_be_used(void **state)
{
    static const struct {
        const char *granted;
        enum dw_mcp_kind kind;
        const char *name;
        bool is_seen;
    } cases[] = {
        {"read:tools", DW_MCP_TOOL, "get_x", true},
        {"read:tools", DW_MCP_TOOL, "echo", false},
        {"execute:tools", DW_MCP_TOOL, "echo", true},
        {"execute:tools", DW_MCP_TOOL, "get_x", false},
        {"execute:tools admin", DW_MCP_TOOL, "printEnv", false},
        {"execute:tools", DW_MCP_TOOL, "", false},
        {"execute:tools", DW_MCP_PROMPT, "echo", false},
        {"read:resources", DW_MCP_RESOURCE, "test://a", true},
        {"read:resources", DW_MCP_RESOURCE_TEMPLATE, "test://{id}/x", true},
        {"read:resources", DW_MCP_RESOURCE_TEMPLATE, "file://{id}", false},
        {"execute:tools", DW_MCP_TASK, "t", false},
        {"execute:tools", DW_MCP_OTHER, "t", false},
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_policy policy;

    (void)state;
    seed_policy(&policy, arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(dw_policy_may_see(&policy, words(arena, cases[i].granted), cases[i].kind,
                                           S(cases[i].name)),
                         cases[i].is_seen);
    dw_arena_free(arena);
}

/* A row for all of "test://a/" must not open what the server would resolve to something else. */
static void a_uri_that_servers_may_read_differently_is_refused(void **state)
{
    static const struct {
        const char *uri;
        bool is_allowed;
    } cases[] = {
        {"test://a/..", false},
        {"test://a/../b", false},
        {"test://a/./b", false},
        {"test://a/%2e%2E/b", false},
        {"test://a/.%2e/b", false},
        {"test://a\\..\\b", false},
        {"test://a/..%2fb", false},
        {"test://a%2F..%2Fb", false},
        {"test://a%5c..%5Cb", false},
        {"test://a/.\t./b", false},
        {"test://a/\n../b", false},
        {"test://a/.. ", false},
        {"test://a/..?b", false},
        {"test://a/%73ecret", false}, /* "secret" to whoever decodes, not to a deny row */
        {"test://a/\x7f", false},
        {"test://a/secret%00.txt", false},
        {"test://a/...", true},
        {"test://a/..b/.c", true},
        {"test://a/b%2fc%20d", true},
        {"test://a/b c", true},
        {"test://a/100%", true},
        {"test://a/J\xc3\xbcrgen", true},
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_policy policy;

    (void)state;
    seed_policy(&policy, arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const struct dw_json id = {.type = DW_JSON_INT};
        struct dw_mcp_message message = {.id = &id,
                                         .method = S("resources/read"),
                                         .kind = DW_MCP_RESOURCE,
                                         .name = S(cases[i].uri)};
        struct dw_slices granted = words(arena, "read:resources"), needed;
        struct dw_slice rule;
        struct dw_error error = {0};

        if (dw_policy_decide(&policy, granted, &message, arena, &needed, &rule, &error) !=
                cases[i].is_allowed ||
            dw_policy_may_see(&policy, granted, DW_MCP_RESOURCE, S(cases[i].uri)) !=
                cases[i].is_allowed)
            fail_msg("%s", cases[i].uri);
        if (!cases[i].is_allowed)
            assert_slice(rule, "crooked URI");
    }
    dw_arena_free(arena);
}

static void a_catch_all_row_lets_everybody_connect(void **state)
{
    const struct dw_policy_row rows[] = {
        {.method = DW_LIT("*"), .all_scopes = LIST(DW_LIT("mcp"))},
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_policy policy;
    struct dw_mcp_message message;
    struct dw_slices needed;
    struct dw_slice rule;
    struct dw_error error;

    (void)state;
    assert_done(dw_policy_init(&policy, rows, 1, arena, &error), error);
    assert_done(dw_mcp_message_parse(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"),
                                     arena, &message, &error),
                error);
    assert_done(dw_policy_decide(&policy, NONE, &message, arena, &needed, &rule, &error), error);
    assert_false(dw_policy_may_see(&policy, NONE, DW_MCP_TOOL, S("x")));
    assert_done(dw_mcp_message_parse(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x/y\"}"), arena,
                                     &message, &error),
                error);
    assert_fails(dw_policy_decide(&policy, NONE, &message, arena, &needed, &rule, &error), error,
                 DW_INSUFFICIENT_SCOPE);
    dw_arena_free(arena);
}

static void without_rows_everything_is_allowed(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_policy policy;
    struct dw_mcp_message message;
    struct dw_slices needed;
    struct dw_slice rule;
    struct dw_error error;

    (void)state;
    assert_done(dw_policy_init(&policy, NULL, 0, arena, &error), error);
    assert_done(dw_mcp_message_parse(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
                                       "call\",\"params\":{\"name\":\"x\"}}"),
                                     arena, &message, &error),
                error);
    assert_done(dw_policy_decide(&policy, NONE, &message, arena, &needed, &rule, &error), error);
    assert_true(dw_policy_may_see(&policy, NONE, DW_MCP_TOOL, S("x")));
    dw_arena_free(arena);
}

static void rows_that_cannot_be_meant_are_refused(void **state)
{
    const struct dw_policy_row bad[] = {
        {.tool = DW_LIT("a"), .prompt = DW_LIT("b")},
        {.tool = DW_LIT("a"), .resource = DW_LIT("b")},
        {.is_deny = true, .all_scopes = LIST(DW_LIT("x"))},
        {.all_scopes = LIST(DW_LIT("a b"))},
        {.any_scopes = LIST(DW_LIT("a\""))},
        {.any_scopes = LIST(DW_EMPTY)},
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_policy policy;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(dw_policy_init(&policy, &bad[i], 1, arena, &error), error, DW_CONFIG);
    dw_arena_free(arena);
}

static void the_policy_knows_all_its_scopes(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_policy policy;
    struct dw_slices scopes;
    struct dw_error error;

    (void)state;
    seed_policy(&policy, arena);
    assert_done(dw_policy_scopes(&policy, arena, &scopes, &error), error);
    assert_slice(join(arena, scopes),
                 "read:tools execute:tools admin write:resources read:resources");
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_meets_its_row),
        cmocka_unit_test(lists_show_what_may_be_used),
        cmocka_unit_test(a_uri_that_servers_may_read_differently_is_refused),
        cmocka_unit_test(a_catch_all_row_lets_everybody_connect),
        cmocka_unit_test(without_rows_everything_is_allowed),
        cmocka_unit_test(rows_that_cannot_be_meant_are_refused),
        cmocka_unit_test(the_policy_knows_all_its_scopes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
