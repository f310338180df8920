/* sdk/lists.c: what an entry of each list looks like, pages and their cursors, and how long clients
 * may keep what they got. */
#include "sdk/client.h"

#define ICONS                                                                                      \
    "[{\"src\":\"https://i.example/a.png\",\"mimeType\":\"image/png\",\"sizes\":[\"48x48\"]}]"
#define META_OF_ALL "{\"example.com/key\":{\"a\":[1,2]}}"

static const char *const hidden[] = {"secret", NULL};
static bool is_protected;
static size_t page_size;

static bool run(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_resource_text(call, "test://a", NULL, dw_text("in"));
    return true;
}

static void add_tool(struct dw_server *to, const char *name, const char *const *scopes)
{
    const struct dw_tool tool = {.size = sizeof tool, .name = name, .run = run, .scopes = scopes};

    dw_server_with_tool(to, &tool);
}

/* Entries with all that an author may say, and many tools. */
static struct dw_server *make(void)
{
    static const struct dw_prompt_argument arguments[] = {
        {"who", "Who", "A name", true}, {"how", NULL, NULL, false}, {NULL, NULL, NULL, false}};
    const struct dw_tool tool = {
        .size = sizeof tool,
        .name = "t1",
        .title = "One",
        .description = "Does.",
        .input_schema = "{\"type\":\"object\", \"properties\":{}}",
        .output_schema = "{\"type\":\"array\"}",
        .annotations = "{\"readOnlyHint\":true}",
        .icons = ICONS,
        .meta = META_OF_ALL,
        .run = run,
    };
    struct dw_resource resource = {
        .size = sizeof resource,
        .uri = "test://a",
        .name = "a",
        .title = "A",
        .description = "The first.",
        .mime_type = "text/plain",
        .annotations = "{\"audience\":[\"user\"],\"priority\":1}",
        .icons = ICONS,
        .meta = META_OF_ALL,
        .read = run,
    };
    const struct dw_prompt prompt = {
        .size = sizeof prompt,
        .name = "p",
        .title = "P",
        .description = "Says.",
        .arguments = arguments,
        .icons = ICONS,
        .meta = META_OF_ALL,
        .get = run,
    };
    struct dw_server *made = server_new();

    dw_server_with_title(made, "The Server");
    dw_server_with_page_size(made, page_size);
    dw_server_with_cache_ttl(made, 1500);
    dw_server_with_tool(made, &tool);
    add_tool(made, "t2", hidden);
    add_tool(made, "t3", NULL);
    add_tool(made, "t4", hidden);
    add_tool(made, "t5", NULL);
    add_tool(made, "t6", NULL);
    dw_server_with_resource(made, &resource);
    resource.uri = "test://a/{id}";
    resource.is_template = true;
    dw_server_with_resource(made, &resource);
    dw_server_with_prompt(made, &prompt);
    return made;
}

static int start(void **state)
{
    (void)state;
    (is_protected ? server_open_protected : server_open)(make());
    return 0;
}

static int start_open(void **state)
{
    is_protected = false;
    page_size = 0;
    return start(state);
}

static int start_pages_of_two(void **state)
{
    is_protected = false;
    page_size = 2;
    return start(state);
}

static int start_protected_pages(void **state)
{
    is_protected = true;
    page_size = 2;
    return start(state);
}

/* ---- entries ---- */

#undef INFO
#define INFO                                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\","         \
    "\"title\":\"The Server\"}}"
#define CACHE "\"ttlMs\":1500,\"cacheScope\":\"public\""
#define PROMPTS                                                                                    \
    "\"prompts\":[{\"name\":\"p\",\"arguments\":[{\"name\":\"who\",\"title\":\"Who\","             \
    "\"description\":\"A name\",\"required\":true},{\"name\":\"how\",\"required\":false}],"        \
    "\"title\":\"P\",\"description\":\"Says.\",\"icons\":" ICONS ",\"_meta\":" META_OF_ALL "}]"
#define REST_OF_RESOURCE                                                                           \
    "\"name\":\"a\",\"mimeType\":\"text/plain\",\"title\":\"A\",\"description\":\"The first.\","   \
    "\"annotations\":{\"audience\":[\"user\"],\"priority\":1},\"icons\":" ICONS                    \
    ",\"_meta\":" META_OF_ALL

static void entries_have_all_that_their_author_said(void **state)
{
    struct reply *reply = modern("tools/list", "", "");

    (void)state;
    assert_non_null(
        strstr(reply->body,
               "\"tools\":[{\"name\":\"t1\",\"inputSchema\":{\"type\":\"object\", "
               "\"properties\":{}},\"outputSchema\":{\"type\":\"array\"},\"title\":\"One\","
               "\"description\":\"Does.\",\"annotations\":{\"readOnlyHint\":true},\"icons\":" ICONS
               ",\"_meta\":" META_OF_ALL "},{\"name\":\"t3\",\"inputSchema\":{\"type\":\"object\","
               "\"additionalProperties\":false}},"));
    leave(reply);
    assert_reply(modern("prompts/list", "", ""), 200, RESULT(PROMPTS "," CACHE));
    assert_reply(modern("resources/list", "", ""), 200,
                 RESULT("\"resources\":[{\"uri\":\"test://a\"," REST_OF_RESOURCE "}]," CACHE));
    assert_reply(
        modern("resources/templates/list", "", ""), 200,
        RESULT("\"resourceTemplates\":[{\"uriTemplate\":\"test://a/{id}\"," REST_OF_RESOURCE "}],"
               "" CACHE));
}

static void a_session_sees_the_same_without_what_is_of_2026(void **state)
{
    char session[64];

    (void)state;
    open_session("{}", session);
    assert_reply(legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"prompts/list\"}"), 200,
                 "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{" PROMPTS "}}");
}

/* ---- caching ---- */

static void only_what_may_be_kept_says_for_how_long(void **state)
{
    static const struct {
        const char *method, *name, *params;
        bool may_be_kept;
    } cases[] = {
        {"server/discover", "", "", true},
        {"tools/list", "", "", true},
        {"resources/read", "test://a", "\"uri\":\"test://a\"", true},
        {"tools/call", "t3", "\"name\":\"t3\"", false},
        {"prompts/get", "p", "\"name\":\"p\",\"arguments\":{\"who\":\"x\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply *reply = modern(cases[i].method, cases[i].name, cases[i].params);

        assert_int_equal(reply->status, 200);
        assert_int_equal(strstr(reply->body, CACHE) != NULL, cases[i].may_be_kept);
        assert_int_equal(strstr(reply->body, "ttlMs") != NULL, cases[i].may_be_kept);
        leave(reply);
    }
}

/* What one caller sees is not for others: lists differ by scope. Discovery does not. */
static void what_a_caller_was_given_is_kept_for_him_alone(void **state)
{
    static const struct {
        const char *method, *name, *params, *scope;
    } cases[] = {
        {"server/discover", "", "", "public"},
        {"tools/list", "", "", "private"},
        {"prompts/list", "", "", "private"},
        {"resources/read", "test://a", "\"uri\":\"test://a\"", "private"},
    };

    (void)state;
    calls_as("user|1", "", "{}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply *reply = modern(cases[i].method, cases[i].name, cases[i].params);
        char scope[16];

        copy_member(reply, "cacheScope", scope, sizeof scope);
        assert_string_equal(scope, cases[i].scope);
        leave(reply);
    }
}

/* ---- pages ---- */

/* The names of a page; the cursor of the next one, "" at the end. */
static void page(const char *cursor, char names[64], char next[64])
{
    char params[128] = "";
    struct reply *reply;
    const char *at;

    if (cursor)
        snprintf(params, sizeof params, "\"cursor\":\"%s\"", cursor);
    reply = modern("tools/list", "", params);
    assert_int_equal(reply->status, 200);
    names[0] = next[0] = '\0';
    at = strstr(reply->body, "\"tools\":[");
    assert_non_null(at);
    while ((at = strstr(at, "{\"name\":\"t"))) {
        at += strlen("{\"name\":\"");
        snprintf(names + strlen(names), 64 - strlen(names), "%.2s", at);
    }
    if (strstr(reply->body, "\"nextCursor\""))
        copy_member(reply, "nextCursor", next, 64);
    leave(reply);
}

static void pages_lead_through_all_and_are_the_same_each_time(void **state)
{
    char names[64], next[64], third[64];

    (void)state;
    for (int round = 0; round < 3; round++) {
        page(NULL, names, next);
        assert_string_equal(names, "t1t3");
        page(next, names, third);
        assert_string_equal(names, "t5t6");
        assert_string_equal(third, "");
        page(next, names, third); /* the same cursor again */
        assert_string_equal(names, "t5t6");
    }
}

/* It names a place, not what was to be seen from there. */
static void a_cursor_stays_good_when_scopes_change_and_opens_nothing(void **state)
{
    char names[64], next[64], other[64];

    (void)state;
    calls_as("user|1", "secret", "{}");
    page(NULL, names, next);
    assert_string_equal(names, "t1t2");
    page(next, names, other);
    assert_string_equal(names, "t3t4");
    calls_as("user|2", "", "{}");
    page(next, names, other);
    assert_string_equal(names, "t3t5");
    page(other, names, next);
    assert_string_equal(names, "t6");
    assert_string_equal(next, "");
}

static void altered_and_foreign_cursors_are_refused(void **state)
{
    static const char *const cursors[] = {
        "\"\"",
        "\"x\"",
        "\"dDM=\"",
        "\"dDMx\"",
        "\" dDM\"",
        "\"dD\"",
        "\"dDN\"",
        "\"t3\"",
        "\"bm9wZQ\"",
        "3",
        "null",
        "{}",
        "[]",
        "true",
        "\"dDM\\u0000\"",
        "\"cA\"",          /* p, of the prompts */
        "\"dGVzdDovL2E\"", /* test://a, of the resources */
        "\"../../etc/passwd\"",
    };
    char params[128];

    (void)state;
    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
        snprintf(params, sizeof params, "\"cursor\":%s", cursors[i]);
        assert_reply(modern("tools/list", "", params), 200,
                     ERROR("-32602", "the cursor is none of ours"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name, begin) cmocka_unit_test_setup_teardown(name, begin, stop)
        WITH(entries_have_all_that_their_author_said, start_open),
        WITH(a_session_sees_the_same_without_what_is_of_2026, start_open),
        WITH(only_what_may_be_kept_says_for_how_long, start_open),
        WITH(what_a_caller_was_given_is_kept_for_him_alone, start_protected_pages),
        WITH(pages_lead_through_all_and_are_the_same_each_time, start_pages_of_two),
        WITH(a_cursor_stays_good_when_scopes_change_and_opens_nothing, start_protected_pages),
        WITH(altered_and_foreign_cursors_are_refused, start_pages_of_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
