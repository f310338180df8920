/* sdk/call_report.c: progress that only grows and only goes to who asked for it; log messages by
 * level, of sessions and of single requests. */
#include "sdk/client.h"

static const char *const levels[] = {"debug", "info",     "notice", "warning",
                                     "error", "critical", "alert",  "emergency"};

static bool says_all(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        dw_call_log(call, levels[i], i % 2 ? "lo\"g" : NULL, dw_text("{\"a\": 1}"));
    dw_call_log(call, "loud", NULL, dw_text("1"));      /* no such level */
    dw_call_log(call, "emergency", NULL, dw_text("{")); /* no JSON */
    return true;
}

static bool steps(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_progress(call, 1, 0, NULL);
    dw_call_progress(call, 1, 10, "again");
    dw_call_progress(call, 0.5, 10, "back");
    dw_call_progress(call, 1.0 / 0.0, 10, "endless");
    dw_call_progress(call, 2.5, 10, "on\n");
    return true;
}

static int start(void **state)
{
    const struct dw_tool tools[] = {
        {.size = sizeof *tools, .name = "says_all", .run = says_all},
        {.size = sizeof *tools, .name = "steps", .run = steps},
    };
    struct dw_server *made = server_with_tools(tools, sizeof tools / sizeof *tools);

    (void)state;
    server_open(made);
    return 0;
}

/* The levels in the body, in order. */
static void assert_levels(const struct reply *reply, size_t first)
{
    const char *at = reply->body;

    for (size_t i = first; i < sizeof levels / sizeof *levels; i++) {
        char message[256];

        snprintf(message, sizeof message,
                 "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{"
                 "\"level\":\"%s\",%s\"data\":{\"a\": 1}}}\n",
                 levels[i], i % 2 ? "\"logger\":\"lo\\\"g\"," : "");
        at = strstr(at, message);
        if (!at)
            fail_msg("no %s in %s", message, reply->body);
        at += strlen(message);
    }
    assert_null(strstr(at, "notifications/message"));
    at = strstr(reply->body, "notifications/message");
    for (size_t i = 0; i < first; i++) {
        char level[32];

        snprintf(level, sizeof level, "\"level\":\"%s\"", levels[i]);
        assert_null(strstr(reply->body, level));
    }
}

static void a_request_of_2026_hears_from_its_own_level_on(void **state)
{
    (void)state;
    assert_reply(call_tool("says_all", ""), 200, RESULT("\"content\":[]")); /* none was asked for */
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        char meta[64];
        struct reply *reply;

        snprintf(meta, sizeof meta, "\"io.modelcontextprotocol/logLevel\":\"%s\",", levels[i]);
        client_meta = meta;
        reply = call_tool("says_all", "");
        assert_levels(reply, i);
        leave(reply);
    }
    client_meta = "\"io.modelcontextprotocol/logLevel\":\"loud\",";
    assert_reply(call_tool("says_all", ""), 200,
                 ERROR("-32602", "params._meta: there is no such log level"));
    client_meta = "\"io.modelcontextprotocol/logLevel\":3,";
    assert_reply(call_tool("says_all", ""), 200,
                 ERROR("-32602", "params._meta: there is no such log level"));
}

static void a_session_hears_from_the_level_it_has_set(void **state)
{
    static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\","
                               "\"params\":{\"name\":\"says_all\"}}";
    char session[64], other[64], body[128];
    struct reply *reply;

    (void)state;
    open_session("{}", session);
    open_session("{}", other);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"logging/setLevel\",\"params\":{"
                 "\"level\":\"%s\"}}",
                 levels[i]);
        assert_reply(legacy(session, body), 200, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}");
        reply = legacy(session, call);
        assert_levels(reply, i);
        leave(reply);
        reply = legacy(other, call); /* it has set none: it hears all */
        assert_levels(reply, 0);
        leave(reply);
    }
    assert_reply(legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"logging/setLevel\","
                                 "\"params\":{\"level\":\"Debug\"}}"),
                 200,
                 ERROR("-32602", "level must be debug, info, notice, warning, error, critical, "
                                 "alert or emergency"));
}

#define STEP(token, rest)                                                                          \
    "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"                \
    "\"progressToken\":" token "," rest "}}\n\n"

static void progress_grows_and_goes_to_who_asked(void **state)
{
    static const char *const tokens[] = {"\"p\\\"1\"", "17"};

    (void)state;
    assert_reply(call_tool("steps", ""), 200, RESULT("\"content\":[]"));
    for (size_t i = 0; i < 2; i++) {
        char meta[64];

        snprintf(meta, sizeof meta, "\"progressToken\":%s,", tokens[i]);
        client_meta = meta;
        assert_reply(
            call_tool("steps", ""), 200,
            i ? STEP("17", "\"progress\":1.0")
                    STEP("17", "\"progress\":2.5,\"total\":10.0,"
                               "\"message\":\"on\\n\"") "data: " RESULT("\"content\":[]") "\n\n"
              : STEP("\"p\\\"1\"", "\"progress\":1.0")
                    STEP("\"p\\\"1\"", "\"progress\":2.5,\"total\":10.0,\"message\":"
                                       "\"on\\n\"") "data: " RESULT("\"content\":[]") "\n\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name) cmocka_unit_test_setup_teardown(name, start, stop)
        WITH(a_request_of_2026_hears_from_its_own_level_on),
        WITH(a_session_hears_from_the_level_it_has_set),
        WITH(progress_grows_and_goes_to_who_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
