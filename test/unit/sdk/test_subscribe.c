/* sdk/subscribe.c: who hears that a list or a resource has changed, of clients of both revisions,
 * and who does not. */
#include "sdk/client.h"

#include "sdk/http_internal.h"
#include "sys/sys.h"

#define LIST_CHANGED(list)                                                                         \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/" list "/list_changed\"}"
#define UPDATED(uri)                                                                               \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/"                                   \
    "updated\",\"params\":{\"uri\":\"" uri "\"}}"
#define SUBSCRIPTION "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":7}"
#define EVENT(method, members)                                                                     \
    "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/" method "\",\"params\":{" members      \
    "" SUBSCRIPTION "}}\n\n"
#define ACKNOWLEDGED(honoured)                                                                     \
    EVENT("subscriptions/acknowledged", "\"notifications\":{" honoured "},")

static const char *const hidden[] = {"secret", NULL};

static bool run(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    (void)reterr;
    return true;
}

static struct dw_server *make(bool has_prompts)
{
    const struct dw_tool tool = {.size = sizeof tool, .name = "t", .run = run};
    const struct dw_prompt prompt = {.size = sizeof prompt, .name = "p", .get = run};
    const struct dw_resource resources[] = {
        {.size = sizeof *resources, .uri = "test://a", .read = run},
        {.size = sizeof *resources, .uri = "test://b/{id}", .is_template = true, .read = run},
        {.size = sizeof *resources, .uri = "test://secret", .read = run, .scopes = hidden},
    };
    struct dw_server *made = server_new();

    dw_server_with_tool(made, &tool);
    if (has_prompts)
        dw_server_with_prompt(made, &prompt);
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
        dw_server_with_resource(made, &resources[i]);
    return made;
}

static int start(void **state)
{
    (void)state;
    server_open(make(true));
    return 0;
}

static int start_without_prompts(void **state)
{
    (void)state;
    server_open(make(false));
    return 0;
}

static int start_protected(void **state)
{
    (void)state;
    server_open_protected(make(true));
    return 0;
}

/* A stream that listens; what it was told first is checked and forgotten. */
static struct reply *listen_to(const char *wanted, const char *acknowledged)
{
    struct reply *reply;
    char params[512];

    snprintf(params, sizeof params, "\"notifications\":%s", wanted);
    reply = modern_begin("subscriptions/listen", "", params);
    assert_true(hears(reply, "\n\n"));
    assert_string_equal(reply->type, "text/event-stream");
    assert_string_equal(reply->body, acknowledged);
    forget(reply);
    return reply;
}

/* Everything, then one thing that all hear: what came before it is all that came. */
static void change_everything(void)
{
    dw_server_tools_changed(server);
    dw_server_prompts_changed(server);
    dw_server_resources_changed(server);
    dw_server_resource_updated(server, "test://a");
    dw_server_resource_updated(server, "test://b/1");
    dw_server_resource_updated(server, "test://secret");
    dw_server_resource_updated(server, "test://b/2");
    dw_server_resource_updated(server, "test://no\"body");
}

/* ---- 2026-07-28 ---- */

static void a_listener_hears_what_it_asked_for_and_nothing_else(void **state)
{
    static const struct {
        const char *wanted, *acknowledged, *heard;
    } cases[] = {
        {"{}", ACKNOWLEDGED(""), ""},
        {"{\"toolsListChanged\":true}", ACKNOWLEDGED("\"toolsListChanged\":true"),
         EVENT("tools/list_changed", "")},
        {"{\"promptsListChanged\":true,\"toolsListChanged\":false}",
         ACKNOWLEDGED("\"promptsListChanged\":true"), EVENT("prompts/list_changed", "")},
        {"{\"resourcesListChanged\":true,\"promptsListChanged\":\"yes\"}",
         ACKNOWLEDGED("\"resourcesListChanged\":true"), EVENT("resources/list_changed", "")},
        {"{\"resourceSubscriptions\":[\"test://b/1\",\"test://nothing\",\"test://a\"]}",
         ACKNOWLEDGED("\"resourceSubscriptions\":[\"test://b/1\",\"test://a\"]"),
         EVENT("resources/updated", "\"uri\":\"test://a\",")
             EVENT("resources/updated", "\"uri\":\"test://b/1\",")},
        {"{\"resourceSubscriptions\":[\"test://secret\"]}", ACKNOWLEDGED(""), ""},
    };
    const size_t count = sizeof cases / sizeof *cases;
    struct reply *listeners[sizeof cases / sizeof *cases], *last;

    (void)state;
    for (size_t i = 0; i < count; i++)
        listeners[i] = listen_to(cases[i].wanted, cases[i].acknowledged);
    last = listen_to("{\"resourceSubscriptions\":[\"test://b/2\"]}",
                     ACKNOWLEDGED("\"resourceSubscriptions\":[\"test://b/2\"]"));
    change_everything();
    assert_true(hears(last, EVENT("resources/updated", "\"uri\":\"test://b/2\",")));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(listeners[i]->body, cases[i].heard);
        leave(listeners[i]);
    }
    leave(last);
}

static void what_is_not_served_is_not_listened_to(void **state)
{
    (void)state;
    leave(listen_to("{\"promptsListChanged\":true,\"toolsListChanged\":true}",
                    ACKNOWLEDGED("\"toolsListChanged\":true")));
}

static void a_resource_that_the_caller_may_not_read_is_not_listened_to(void **state)
{
    const char *wanted = "{\"resourceSubscriptions\":[\"test://secret\",\"test://a\"]}";
    struct reply *plain, *trusted;

    (void)state;
    calls_as("user|1", "", "{}");
    plain = listen_to(wanted, ACKNOWLEDGED("\"resourceSubscriptions\":[\"test://a\"]"));
    calls_as("user|2", "secret", "{}");
    trusted = listen_to(wanted,
                        ACKNOWLEDGED("\"resourceSubscriptions\":[\"test://secret\",\"test://a\"]"));
    dw_server_resource_updated(server, "test://secret");
    dw_server_resource_updated(server, "test://a");
    assert_true(hears(trusted, "test://a"));
    assert_true(hears(plain, "test://a"));
    assert_string_equal(plain->body, EVENT("resources/updated", "\"uri\":\"test://a\","));
    assert_string_equal(trusted->body, EVENT("resources/updated", "\"uri\":\"test://secret\",")
                                           EVENT("resources/updated", "\"uri\":\"test://a\","));
    leave(plain);
    leave(trusted);
}

/* The id comes back as what it was. */
static void the_subscription_has_the_id_of_the_request(void **state)
{
    struct fields fields = {.count = 0};
    struct reply *reply;

    (void)state;
    add_field(&fields, "MCP-Protocol-Version", "2026-07-28");
    add_field(&fields, "Mcp-Method", "subscriptions/listen");
    reply = request("POST", fields,
                    "{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"subscriptions/listen\","
                    "\"params\":{\"notifications\":{},\"_meta\":{"
                    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}");
    assert_true(hears(reply, "\"io.modelcontextprotocol/subscriptionId\":\"7\""));
    leave(reply);
}

static void a_stream_ends_with_its_result_when_the_server_stops(void **state)
{
    struct reply *reply = listen_to("{}", ACKNOWLEDGED(""));

    (void)state;
    dw_server_stop(server);
    wait_for_end(reply);
    assert_string_equal(reply->body, "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{"
                                     "\"resultType\":\"complete\"," SUBSCRIPTION "}}\n\n");
    leave(reply);
}

static void listeners_may_leave_in_any_order(void **state)
{
    struct reply *all[3];

    (void)state;
    for (int first = 0; first < 3; first++) {
        for (int i = 0; i < 3; i++)
            all[i] =
                listen_to("{\"toolsListChanged\":true}", ACKNOWLEDGED("\"toolsListChanged\":true"));
        leave(all[first]);
        dw_server_tools_changed(server);
        for (int i = 0; i < 3; i++)
            if (i != first) {
                assert_true(hears(all[i], EVENT("tools/list_changed", "")));
                leave(all[i]);
            }
    }
}

/* ---- 2025-11-25 ---- */

static struct reply *open_stream(const char *session)
{
    struct reply *reply = legacy_begin("GET", session, "");

    assert_true(hears(reply, "id: ")); /* primed */
    forget(reply);
    return reply;
}

static void in_session(const char *session, const char *method, const char *uri, const char *body)
{
    char message[256];

    snprintf(message, sizeof message,
             "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":{\"uri\":\"%s\"}}", method,
             uri);
    assert_reply(legacy(session, message), 200, body);
}

#define DONE "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}"

/* How often the text stands in the body. */
static int count(const struct reply *reply, const char *text)
{
    int found = 0;

    for (const char *at = reply->body; (at = strstr(at, text)); at += strlen(text))
        found++;
    return found;
}

static void a_session_hears_of_lists_and_of_what_it_subscribed_to(void **state)
{
    char mine[64], other[64];
    struct reply *my_stream, *other_stream;

    (void)state;
    open_session("{}", mine);
    open_session("{}", other);
    my_stream = open_stream(mine);
    other_stream = open_stream(other);
    in_session(mine, "resources/subscribe", "test://a", DONE);
    in_session(mine, "resources/subscribe", "test://b/1", DONE);
    in_session(mine, "resources/subscribe", "test://b/2", DONE);
    in_session(mine, "resources/unsubscribe", "test://b/1", DONE);
    in_session(other, "resources/subscribe", "test://b/2", DONE);
    change_everything();
    assert_true(hears(my_stream, UPDATED("test://b/2")));
    assert_true(hears(other_stream, UPDATED("test://b/2")));
    for (size_t i = 0; i < 2; i++) {
        const struct reply *stream = i ? other_stream : my_stream;

        assert_int_equal(count(stream, "data: "), i ? 4 : 5);
        assert_int_equal(count(stream, "data: " LIST_CHANGED("tools") "\n"), 1);
        assert_int_equal(count(stream, "data: " LIST_CHANGED("prompts") "\n"), 1);
        assert_int_equal(count(stream, "data: " LIST_CHANGED("resources") "\n"), 1);
        assert_int_equal(count(stream, "data: " UPDATED("test://a") "\n"), i ? 0 : 1);
        assert_int_equal(count(stream, "data: " UPDATED("test://b/2") "\n"), 1);
    }
    leave(my_stream);
    leave(other_stream);
}

static void only_a_resource_that_may_be_read_is_subscribed_to(void **state)
{
    char session[64];

    (void)state;
    calls_as("user|1", "", "{}");
    open_session("{}", session);
    in_session(session, "resources/subscribe", "test://nothing",
               ERROR("-32002", "there is no such resource"));
    in_session(session, "resources/subscribe", "test://secret",
               ERROR("-32002", "there is no such resource"));
    in_session(session, "resources/subscribe", "",
               ERROR("-32602", "resources/subscribe needs to say what it is about"));
}

/* ---- tokens that end ---- */

static int64_t later_s;

static void sweep(void *user)
{
    (void)user;
    dw_listens_expire(server, dw_sys_wall_s() + later_s);
    dw_streams_expire(server->http, dw_sys_wall_s() + later_s);
}

/* What was opened with a token is not open for longer than it. */
static void a_stream_ends_with_the_token_that_opened_it(void **state)
{
    char session[64];
    struct reply *listener, *stream, *kept;

    (void)state;
    calls_as("user|1", "", "{}"); /* for five minutes, and a minute of leeway */
    open_session("{}", session);
    stream = open_stream(session);
    listener = listen_to("{\"toolsListChanged\":true}", ACKNOWLEDGED("\"toolsListChanged\":true"));
    calls_as("user|2", "", "{\"exp\":9000000000}");
    kept = listen_to("{\"toolsListChanged\":true}", ACKNOWLEDGED("\"toolsListChanged\":true"));

    later_s = 340;
    assert_true(dw_loop_post(server->loop, sweep, NULL));
    dw_server_tools_changed(server);
    assert_true(hears(stream, "list_changed"));
    assert_true(hears(listener, "list_changed"));
    assert_true(hears(kept, "list_changed"));
    forget(stream);
    forget(listener);
    forget(kept);

    later_s = 400;
    assert_true(dw_loop_post(server->loop, sweep, NULL));
    dw_server_tools_changed(server);
    wait_for_end(stream);
    wait_for_end(listener);
    assert_string_equal(stream->body, "");
    assert_string_equal(listener->body, "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{"
                                        "\"resultType\":\"complete\"," SUBSCRIPTION "}}\n\n");
    assert_true(hears(kept, "list_changed"));
    assert_false(kept->has_ended);
    leave(stream);
    leave(listener);
    leave(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name, begin) cmocka_unit_test_setup_teardown(name, begin, stop)
        WITH(a_listener_hears_what_it_asked_for_and_nothing_else, start),
        WITH(what_is_not_served_is_not_listened_to, start_without_prompts),
        WITH(a_resource_that_the_caller_may_not_read_is_not_listened_to, start_protected),
        WITH(the_subscription_has_the_id_of_the_request, start),
        WITH(a_stream_ends_with_its_result_when_the_server_stops, start),
        WITH(listeners_may_leave_in_any_order, start),
        WITH(a_session_hears_of_lists_and_of_what_it_subscribed_to, start),
        WITH(a_stream_ends_with_the_token_that_opened_it, start_protected),
        WITH(only_a_resource_that_may_be_read_is_subscribed_to, start_protected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
