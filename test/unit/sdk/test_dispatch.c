/* sdk/dispatch.c: what scopes open, declared or asked for inside; what the refusals look like when
 * nothing was sent yet, and after. */
#include "sdk/client.h"

static const char *const admin_users[] = {"admin:users", NULL};
static const char *const two[] = {"read:tools", "write:tools", NULL};

/* Asks inside for what the argument says. */
static bool asks_inside(void *user, struct dw_call *call, struct dw_error *reterr)
{
    const struct dw_auth *auth = dw_call_auth(call);
    struct dw_slice how = DW_EMPTY;

    (void)user;
    (void)dw_call_text(call, "how", &how);
    dw_call_progress(call, 1, 2, "begun"); /* heard by those who want progress */
    if (dw_slice_eq(how, S("one")) && !dw_auth_require_scope(auth, "admin:users", reterr))
        return false;
    if (dw_slice_eq(how, S("any")) && !dw_auth_require_any_scope(auth, two, reterr))
        return false;
    if (dw_slice_eq(how, S("all")) && !dw_auth_require_all_scopes(auth, two, reterr))
        return false;
    dw_call_add_text(call, dw_text("in"));
    return true;
}

static bool text(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, dw_text("in"));
    return true;
}

static bool read_it(void *user, struct dw_call *call, struct dw_error *reterr)
{
    const char *uri = dw_call_alloc(call, 64);

    (void)user;
    (void)reterr;
    snprintf((char *)(uintptr_t)uri, 64, "%.*s", DW_PRINT(dw_call_uri(call)));
    dw_call_add_resource_text(call, uri, "text/plain", dw_text("in"));
    return true;
}

static bool read_nothing(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)call;
    return DW_ERROR(reterr, *(enum dw_code *)user, "no such page");
}

static bool complete(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_completion(call, dw_text("x"));
    return true;
}

static enum dw_code not_found = DW_NOT_FOUND, unknown_resource = DW_UNKNOWN_RESOURCE,
                    forbidden = DW_FORBIDDEN;

static struct dw_server *make(void)
{
    const struct dw_tool tools[] = {
        {.size = sizeof *tools, .name = "open", .run = text},
        {.size = sizeof *tools,
         .name = "inside",
         .input_schema = "{\"type\":\"object\"}",
         .run = asks_inside},
        {.size = sizeof *tools,
         .name = "inside_quick",
         .input_schema = "{\"type\":\"object\"}",
         .run = asks_inside,
         .is_quick = true},
        {.size = sizeof *tools, .name = "admin", .run = text, .scopes = admin_users},
        {.size = sizeof *tools, .name = "two", .run = text, .scopes = two},
    };
    const struct dw_resource resources[] = {
        {.size = sizeof *resources, .uri = "test://open", .name = "open", .read = read_it},
        {.size = sizeof *resources,
         .uri = "test://admin",
         .name = "admin",
         .read = read_it,
         .scopes = admin_users},
        {.size = sizeof *resources,
         .uri = "test://users/{id}",
         .is_template = true,
         .name = "users",
         .read = read_it,
         .scopes = admin_users},
        {.size = sizeof *resources,
         .uri = "test://missing/{id}",
         .is_template = true,
         .name = "missing",
         .read = read_nothing,
         .user = &not_found},
        {.size = sizeof *resources,
         .uri = "test://unknown/{id}",
         .is_template = true,
         .name = "unknown",
         .read = read_nothing,
         .user = &unknown_resource},
        {.size = sizeof *resources,
         .uri = "test://forbidden/{id}",
         .is_template = true,
         .name = "forbidden",
         .read = read_nothing,
         .user = &forbidden},
    };
    const struct dw_prompt prompts[] = {
        {.size = sizeof *prompts, .name = "open", .get = text},
        {.size = sizeof *prompts, .name = "admin", .get = text, .scopes = admin_users},
    };
    struct dw_server *made = server_with_tools(tools, sizeof tools / sizeof *tools);

    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
        dw_server_with_resource(made, &resources[i]);
    for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++)
        dw_server_with_prompt(made, &prompts[i]);
    dw_server_with_completion(made, complete, NULL);
    return made;
}

static int start_protected(void **state)
{
    (void)state;
    server_open_protected(make());
    return 0;
}

static int start_open(void **state)
{
    (void)state;
    server_open(make());
    return 0;
}

static void assert_challenge(const struct reply *reply, const char *challenge)
{
    assert_string_equal(reply->challenge, challenge);
}

#define LACKS(description, scopes)                                                                 \
    "Bearer error=\"insufficient_scope\", error_description=\"" description "\", scope=\"" scopes  \
    "\", " CHALLENGE_END

/* ---- refusals ---- */

static void a_caller_without_a_token_gets_nowhere(void **state)
{
    struct reply *reply = call_tool("open", "");

    (void)state;
    assert_challenge(reply, "Bearer scope=\"admin:users read:tools write:tools\", " CHALLENGE_END);
    assert_reply(reply, 401,
                 "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"an access token is "
                 "needed\"}}");
}

/* On a worker and on the loop, one scope, any and all: 403 and the scopes to ask for. */
static void a_scope_that_a_running_tool_misses_is_403_and_named(void **state)
{
    static const struct {
        const char *how, *challenge, *message;
    } cases[] = {
        {"one", LACKS("this needs the scope 'admin:users'", "admin:users"),
         "this needs the scope \\\"admin:users\\\""},
        {"any", LACKS("this needs one of the scopes 'read:tools', 'write:tools'", "read:tools"),
         "this needs one of the scopes \\\"read:tools\\\", \\\"write:tools\\\""},
        {"all", LACKS("this needs the scope 'read:tools'", "read:tools write:tools"),
         "this needs the scope \\\"read:tools\\\""},
    };
    static const char *const tools[] = {"inside", "inside_quick"};

    (void)state;
    calls_as("user|1", "other", "{}");
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        char arguments[64], body[256];
        struct reply *reply;

        snprintf(arguments, sizeof arguments, ",\"arguments\":{\"how\":\"%s\"}", cases[i / 2].how);
        snprintf(body, sizeof body, ERROR("-32600", "%s"), cases[i / 2].message);
        reply = call_tool(tools[i % 2], arguments);
        assert_string_equal(reply->type, "application/json");
        assert_challenge(reply, cases[i / 2].challenge);
        assert_reply(reply, 403, body);
    }
}

static void the_same_in_a_session_is_403_too(void **state)
{
    char session[64];
    struct reply *reply;

    (void)state;
    calls_as("user|1", "other", "{}");
    open_session("{}", session);
    reply = legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{"
                            "\"name\":\"inside\",\"arguments\":{\"how\":\"one\"}}}");
    assert_challenge(reply, LACKS("this needs the scope 'admin:users'", "admin:users"));
    assert_reply(reply, 403, ERROR("-32600", "this needs the scope \\\"admin:users\\\""));
    reply = legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}");
    assert_reply(reply, 200, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}");
}

/* The status has left by then: the JSON-RPC error says it. */
static void once_something_was_sent_the_refusal_is_in_the_stream(void **state)
{
    struct reply *reply;

    (void)state;
    calls_as("user|1", "other", "{}");
    client_meta = "\"progressToken\":\"p\",";
    reply = call_tool("inside", ",\"arguments\":{\"how\":\"one\"}");
    assert_string_equal(reply->type, "text/event-stream");
    assert_challenge(reply, "");
    assert_reply(
        reply, 200,
        "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
        "\"progressToken\":\"p\",\"progress\":1.0,\"total\":2.0,\"message\":\"begun\"}}\n\n"
        "data: " ERROR("-32600", "this needs the scope \\\"admin:users\\\"") "\n\n");
    client_meta = "";
}

static void declared_scopes_are_asked_before_anything_runs(void **state)
{
    static const struct {
        const char *method, *name, *params, *challenge, *message;
    } cases[] = {
        {"tools/call", "admin", "\"name\":\"admin\"",
         LACKS("'admin' needs the scope admin:users", "admin:users"),
         "\\\"admin\\\" needs the scope admin:users"},
        {"tools/call", "two", "\"name\":\"two\",\"arguments\":{\"wrong\":1}",
         LACKS("'two' needs the scope write:tools", "read:tools write:tools"),
         "\\\"two\\\" needs the scope write:tools"},
        {"prompts/get", "admin", "\"name\":\"admin\"",
         LACKS("'admin' needs the scope admin:users", "admin:users"),
         "\\\"admin\\\" needs the scope admin:users"},
        {"resources/read", "test://admin", "\"uri\":\"test://admin\"",
         LACKS("'test://admin' needs the scope admin:users", "admin:users"),
         "\\\"test://admin\\\" needs the scope admin:users"},
        {"resources/read", "test://users/1", "\"uri\":\"test://users/1\"",
         LACKS("'test://users/{id}' needs the scope admin:users", "admin:users"),
         "\\\"test://users/{id}\\\" needs the scope admin:users"},
        {"completion/complete", "",
         "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"admin\"},\"argument\":{\"name\":\"a\","
         "\"value\":\"\"}",
         LACKS("'admin' needs the scope admin:users", "admin:users"),
         "\\\"admin\\\" needs the scope admin:users"},
        {"completion/complete", "",
         "\"ref\":{\"type\":\"ref/resource\",\"uri\":\"test://users/{id}\"},\"argument\":{"
         "\"name\":\"id\",\"value\":\"\"}",
         LACKS("'test://users/{id}' needs the scope admin:users", "admin:users"),
         "\\\"test://users/{id}\\\" needs the scope admin:users"},
    };

    (void)state;
    calls_as("user|1", "read:tools", "{}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply *reply = modern(cases[i].method, cases[i].name, cases[i].params);
        char body[256];

        snprintf(body, sizeof body, ERROR("-32600", "%s"), cases[i].message);
        assert_challenge(reply, cases[i].challenge);
        assert_reply(reply, 403, body);
    }
}

/* ---- who is let in ---- */

static void scopes_permissions_and_wildcards_open(void **state)
{
    static const struct {
        const char *scope, *claims;
        bool is_in;
    } cases[] = {
        {"admin:users", "{}", true},
        {"admin:*", "{}", true},
        {"openid admin:*", "{}", true},
        {"", "{\"permissions\":[\"admin:*\"]}", true},
        {"", "{\"permissions\":[\"admin:users\"]}", true},
        {"", "{\"scp\":[\"admin:users\"]}", true},
        {"*", "{}", false},
        {"admin", "{}", false},
        {"admin:", "{}", false},
        {"admin:user", "{}", false},
        {"admin:users:all", "{}", false},
        {"ADMIN:*", "{}", false},
        {"admin:*:*", "{}", false},
        {"admi*", "{}", false},
        {"", "{\"permissions\":[]}", false},
        {"", "{\"roles\":[\"admin:users\"]}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char *const names[] = {"admin", "inside"};

        calls_as("user|1", cases[i].scope, cases[i].claims);
        for (size_t j = 0; j < 2; j++) {
            struct reply *reply = call_tool(names[j], j ? ",\"arguments\":{\"how\":\"one\"}" : "");

            if (reply->status != (cases[i].is_in ? 200 : 403))
                fail_msg("%s %s: %d", cases[i].scope, cases[i].claims, reply->status);
            leave(reply);
        }
    }
}

/* ---- lists ---- */

static void assert_names(const char *method, const char *names)
{
    struct reply *reply = modern(method, "", "");
    char seen[512] = "";
    const char *at = strstr(reply->body, "\"result\":");
    const char *end = at ? strstr(at, "\"ttlMs\"") : NULL;

    assert_int_equal(reply->status, 200);
    assert_non_null(end);
    while ((at = strstr(at, "\"name\":\"")) && at < end) {
        at += strlen("\"name\":\"");
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%.*s", seen[0] ? " " : "",
                 (int)strcspn(at, "\""), at);
    }
    assert_string_equal(seen, names);
    assert_non_null(strstr(reply->body, "\"cacheScope\":\"private\""));
    leave(reply);
}

static void lists_show_what_the_caller_may_use(void **state)
{
    (void)state;
    calls_as("user|1", "read:tools", "{}");
    assert_names("tools/list", "open inside inside_quick");
    assert_names("prompts/list", "open");
    assert_names("resources/list", "open");
    assert_names("resources/templates/list", "missing unknown forbidden");
    calls_as("user|1", "admin:*", "{}");
    assert_names("tools/list", "open inside inside_quick admin");
    assert_names("prompts/list", "open admin");
    assert_names("resources/list", "open admin");
    assert_names("resources/templates/list", "users missing unknown forbidden");
    calls_as("user|1", "read:tools write:tools", "{}");
    assert_names("tools/list", "open inside inside_quick two");
}

/* ---- a resource that its author does not find ---- */

static void a_resource_its_author_does_not_find_is_no_lost_session(void **state)
{
    static const char *const names[] = {"missing", "unknown"};
    char session[64], params[128], body[256];

    (void)state;
    calls_as("user|1", "", "{}");
    open_session("{}", session);
    for (size_t i = 0; i < 2; i++) {
        snprintf(params, sizeof params, "test://%s/1", names[i]);
        snprintf(body, sizeof body, "\"uri\":\"%s\"", params);
        {
            struct reply *reply = modern("resources/read", params, body);

            snprintf(body, sizeof body,
                     "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,\"message\":\"no "
                     "such page\",\"data\":{\"uri\":\"test://%s/1\"}}}",
                     names[i]);
            assert_reply(reply, 200, body);
        }
        snprintf(params, sizeof params,
                 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"resources/read\",\"params\":{\"uri\":"
                 "\"test://%s/1\"}}",
                 names[i]);
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32002,\"message\":\"no such "
                 "page\",\"data\":{\"uri\":\"test://%s/1\"}}}",
                 names[i]);
        assert_reply(legacy(session, params), 200, body);
    }
    assert_reply(modern("resources/read", "test://forbidden/1", "\"uri\":\"test://forbidden/1\""),
                 403, ERROR("-32600", "no such page"));
}

/* ---- without OAuth ---- */

/* No token can be had for such a server: a 401 would send clients to look for one. */
static void without_oauth_what_needs_a_scope_is_for_nobody(void **state)
{
    struct reply *reply;

    (void)state;
    assert_reply(call_tool("open", ""), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"in\"}]"));
    reply = call_tool("admin", "");
    assert_challenge(reply, "");
    assert_reply(reply, 403,
                 ERROR("-32600", "\\\"admin\\\" is for callers with a token, and this server runs "
                                 "without OAuth"));
    reply = call_tool("inside", ",\"arguments\":{\"how\":\"one\"}");
    assert_challenge(reply, "");
    assert_reply(reply, 403,
                 ERROR("-32600", "this needs an access token with the scope \\\"admin:users\\\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name, begin) cmocka_unit_test_setup_teardown(name, begin, stop)
        WITH(a_caller_without_a_token_gets_nowhere, start_protected),
        WITH(a_scope_that_a_running_tool_misses_is_403_and_named, start_protected),
        WITH(the_same_in_a_session_is_403_too, start_protected),
        WITH(once_something_was_sent_the_refusal_is_in_the_stream, start_protected),
        WITH(declared_scopes_are_asked_before_anything_runs, start_protected),
        WITH(scopes_permissions_and_wildcards_open, start_protected),
        WITH(lists_show_what_the_caller_may_use, start_protected),
        WITH(a_resource_its_author_does_not_find_is_no_lost_session, start_protected),
        WITH(without_oauth_what_needs_a_scope_is_for_nobody, start_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
