/* sdk/call_ask.c: a tool asks the user once, and clients of both revisions answer it their way;
 * states that are not for this call, answers that are none, clients that cannot be asked. */
#include "sdk/client.h"

#define CAPABLE "{\"elicitation\":{\"form\":{},\"url\":{}},\"sampling\":{},\"roots\":{}}"
#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}"
#define FORM(message)                                                                              \
    "{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":\"" message      \
    "\",\"requestedSchema\":" SCHEMA "}}"
#define ASKS(questions)                                                                            \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"input_required\","                 \
    "\"inputRequests\":{" questions "}," INFO "}}"
#define STATE_REFUSED                                                                              \
    ERROR("-32602", "requestState is not one this server gave you for this call, or it has "       \
                    "expired")
#define NUMBER(n) "{\"action\":\"accept\",\"content\":{\"n\":" n "}}"

static bool one(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer, number;

    (void)user;
    if (!dw_call_elicit(call, "n", "How many?", SCHEMA, &answer, reterr))
        return false;
    if (!dw_call_answer_json(call, answer, "n", &number))
        number = dw_text("none");
    dw_call_add_text(call, number);
    return true;
}

/* Two rounds, and what is kept between them. */
static bool two(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice first, second;

    (void)user;
    if (!dw_call_elicit(call, "a", "First?", SCHEMA, &first, reterr)) {
        dw_call_set_state(call, dw_text("{\"step\":1}"));
        return false;
    }
    if (!dw_call_elicit(call, "b", "Second?", SCHEMA, &second, reterr)) {
        dw_call_set_state(call, dw_text("{\"step\":2}"));
        return false;
    }
    dw_call_add_text(call, dw_call_state(call));
    dw_call_add_text(call, first);
    return true;
}

static bool as_prompt(void *user, struct dw_call *call, struct dw_error *reterr)
{
    return two(user, call, reterr);
}

static bool by_url(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_elicit_url(call, "pay", "Pay", "https://p.example/", &answer, reterr))
        return false;
    dw_call_add_text(call, answer);
    return true;
}

static bool samples(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_sample(call, "s", dw_text("{\"messages\":[],\"maxTokens\":5}"), &answer, reterr))
        return false;
    dw_call_add_text(call, answer);
    return true;
}

static bool roots(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_roots(call, "r", &answer, reterr))
        return false;
    dw_call_add_text(call, answer);
    return true;
}

static bool all_at_once(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;
    struct dw_error ignored = {0};

    (void)user;
    (void)!dw_call_elicit(call, "n", "How many?", SCHEMA, &answer, &ignored);
    (void)!dw_call_sample(call, "s", dw_text("{\"messages\":[],\"maxTokens\":5}"), &answer,
                          &ignored);
    (void)!dw_call_roots(call, "r", &answer, &ignored);
    if (!dw_call_ask_end(call, reterr))
        return false;
    dw_call_add_text(call, dw_text("all"));
    return true;
}

static bool asks_nothing(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    return DW_ERROR(reterr, DW_INPUT_REQUIRED, "what?");
}

static struct dw_server *make(void)
{
    static const struct dw_prompt_argument arguments[] = {{"x", NULL, NULL, false},
                                                          {NULL, NULL, NULL, false}};
    static const struct {
        const char *name;
        dw_tool_run *run;
        bool is_quick;
    } tools[] = {{"one", one, false},         {"two", two, false},
                 {"other", two, false},       {"by_url", by_url, false},
                 {"samples", samples, false}, {"roots", roots, false},
                 {"all", all_at_once, false}, {"asks_nothing", asks_nothing, false},
                 {"quick", one, true}};
    const struct dw_prompt prompt = {
        .size = sizeof prompt, .name = "two", .arguments = arguments, .get = as_prompt};
    struct dw_server *made = server_new();

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        const struct dw_tool tool = {.size = sizeof tool,
                                     .name = tools[i].name,
                                     .input_schema = "{\"type\":\"object\"}",
                                     .is_quick = tools[i].is_quick,
                                     .run = tools[i].run};

        dw_server_with_tool(made, &tool);
    }
    dw_server_with_prompt(made, &prompt);
    return made;
}

static int start(void **state)
{
    (void)state;
    server_open(make());
    client_capabilities = CAPABLE;
    return 0;
}

static int start_protected(void **state)
{
    (void)state;
    server_open_protected(make());
    client_capabilities = CAPABLE;
    return 0;
}

/* ---- states ---- */

static void take_state(struct reply *reply, char state[2048])
{
    assert_int_equal(reply->status, 200);
    copy_member(reply, "requestState", state, 2048);
    leave(reply);
}

static struct reply *retry(const char *tool, const char *arguments, const char *state,
                           const char *answers)
{
    char more[4096];

    snprintf(more, sizeof more, "%s%s,\"requestState\":\"%s\",\"inputResponses\":{%s}",
             arguments[0] ? ",\"arguments\":" : "", arguments, state, answers);
    return call_tool(tool, more);
}

static void a_state_is_for_its_caller_method_and_arguments(void **test_state)
{
    char state[2048], altered[2100], params[4096];
    const char *answer = "\"a\":" NUMBER("1");

    (void)test_state;
    calls_as("user|1", "", "{}");
    take_state(call_tool("two", ",\"arguments\":{\"x\":\"1\"}"), state);

    calls_as("user|2", "", "{}");
    assert_reply(retry("two", "{\"x\":\"1\"}", state, answer), 200, STATE_REFUSED);
    calls_as("user|1", "", "{\"azp\":\"another-app\"}");
    assert_reply(retry("two", "{\"x\":\"1\"}", state, answer), 200, STATE_REFUSED);
    calls_as("user|1", "", "{\"org_id\":\"org_2\"}");
    assert_reply(retry("two", "{\"x\":\"1\"}", state, answer), 200, STATE_REFUSED);

    calls_as("user|1", "", "{}");
    assert_reply(retry("other", "{\"x\":\"1\"}", state, answer), 200, STATE_REFUSED);
    assert_reply(retry("two", "{\"x\":\"2\"}", state, answer), 200, STATE_REFUSED);
    assert_reply(retry("two", "", state, answer), 200, STATE_REFUSED);
    snprintf(params, sizeof params,
             "\"name\":\"two\",\"arguments\":{\"x\":\"1\"},\"requestState\":\"%s\","
             "\"inputResponses\":{%s}",
             state, answer);
    assert_reply(modern("prompts/get", "two", params), 200, STATE_REFUSED);
    snprintf(altered, sizeof altered, "%s-TAMPERED", state);
    assert_reply(retry("two", "{\"x\":\"1\"}", altered, answer), 200, STATE_REFUSED);
    snprintf(altered, sizeof altered, "%s", state);
    altered[20] = altered[20] == 'A' ? 'B' : 'A';
    assert_reply(retry("two", "{\"x\":\"1\"}", altered, answer), 200, STATE_REFUSED);
    assert_reply(retry("two", "{\"x\":\"1\"}", "", answer), 200, STATE_REFUSED);
    assert_reply(call_tool("two", ",\"requestState\":1"), 200,
                 ERROR("-32602", "params.requestState must be a string"));
    assert_reply(call_tool("two", ",\"inputResponses\":[]"), 200,
                 ERROR("-32602", "params.inputResponses must be an object"));

    take_state(retry("two", "{\"x\":\"1\"}", state, answer), params); /* for whom it was made */
    assert_string_not_equal(params, state);
}

/* Another process, or the same one started again: a state lives as long as the server. */
static void a_state_of_another_server_is_refused(void **test_state)
{
    char state[2048];

    (void)test_state;
    take_state(call_tool("two", ""), state);
    server_close();
    start(test_state);
    assert_reply(retry("two", "", state, "\"a\":" NUMBER("1")), 200, STATE_REFUSED);
}

static void rounds_lead_to_the_result(void **test_state)
{
    char first[2048], second[2048];

    (void)test_state;
    take_state(call_tool("two", ""), first);
    take_state(retry("two", "", first, "\"a\":" NUMBER("1")), second);
    assert_reply(retry("two", "", second, "\"b\":" NUMBER("2")), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"{\\\"step\\\":2}\"},{\"type\":"
                        "\"text\",\"text\":\"{\\\"action\\\":\\\"accept\\\",\\\"content\\\":{"
                        "\\\"n\\\":1}}\"}]"));
}

/* ---- questions to a client of 2026 ---- */

static void every_question_goes_out_as_a_result(void **state)
{
    static const struct {
        const char *tool, *asks;
    } cases[] = {
        {"one", ASKS("\"n\":" FORM("How many?"))},
        {"by_url", ASKS("\"pay\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"url\","
                        "\"message\":\"Pay\",\"url\":\"https://p.example/\"}}")},
        {"samples", ASKS("\"s\":{\"method\":\"sampling/createMessage\",\"params\":{\"messages\":[],"
                         "\"maxTokens\":5}}")},
        {"roots", ASKS("\"r\":{\"method\":\"roots/list\",\"params\":{}}")},
        {"all", ASKS("\"n\":" FORM(
                    "How many?") ",\"s\":{\"method\":\"sampling/createMessage\","
                                 "\"params\":{\"messages\":[],\"maxTokens\":5}},\"r\":{\"method\":"
                                 "\"roots/list\",\"params\":{}}")},
        {"quick", ASKS("\"n\":" FORM("How many?"))},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_reply(call_tool(cases[i].tool, ""), 200, cases[i].asks);
    assert_reply(call_tool("asks_nothing", ""), 200,
                 ERROR("-32603", "the tool wants answers and has asked no question"));
}

static void an_answer_that_does_not_fit_is_asked_for_again(void **state)
{
    static const char *const answers[] = {
        "{}",
        "\"m\":" NUMBER("1"),
        "\"n\":" NUMBER("\\\"1\\\""),
        "\"n\":{\"action\":\"accept\"}",
        "\"n\":{\"action\":\"maybe\"}",
        "\"n\":7",
    };
    char more[256];

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        snprintf(more, sizeof more, ",\"inputResponses\":{%s}", i == 0 ? "" : answers[i]);
        if (i == 2) /* a text where a number is wanted */
            snprintf(more, sizeof more, ",\"inputResponses\":{\"n\":" NUMBER("\"1\"") "}");
        assert_reply(call_tool("one", more), 200, ASKS("\"n\":" FORM("How many?")));
    }
    assert_reply(call_tool("one", ",\"inputResponses\":{\"n\":" NUMBER("5") ",\"x\":1}"), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"5\"}]"));
    assert_reply(call_tool("one", ",\"inputResponses\":{\"n\":{\"action\":\"decline\"}}"), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"none\"}]"));
}

static void a_client_that_cannot_be_asked_is_told_what_it_lacks(void **state)
{
    static const struct {
        const char *capabilities, *tool, *needed;
    } cases[] = {
        {"{}", "one", "{\"elicitation\":{}}"},
        {"{\"sampling\":{}}", "one", "{\"elicitation\":{}}"},
        {"{\"elicitation\":{\"url\":{}}}", "one", "{\"elicitation\":{}}"},
        {"{\"elicitation\":{}}", "by_url", "{\"elicitation\":{\"url\":{}}}"},
        {"{\"elicitation\":{}}", "samples", "{\"sampling\":{}}"},
        {"{\"sampling\":{}}", "roots", "{\"roots\":{}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char escaped[128] = "", body[512];

        for (const char *at = cases[i].needed; *at; at++)
            snprintf(escaped + strlen(escaped), sizeof escaped - strlen(escaped),
                     *at == '"' ? "\\%c" : "%c", *at);
        snprintf(
            body, sizeof body,
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32021,\"message\":\"this needs "
            "a client that offers %s\",\"data\":{\"requiredCapabilities\":%s}}}",
            escaped, cases[i].needed);
        client_capabilities = cases[i].capabilities;
        assert_reply(call_tool(cases[i].tool, ""), 400, body);
    }
}

/* ---- questions to a session ---- */

/* Calls the tool in the session and answers what it asks with `answer` ("result":... or
 * "error":...). */
static void assert_asked(const char *session, const char *tool, const char *method,
                         const char *answer, const char *result)
{
    char body[512];
    const char *at;
    struct reply *reply;
    int id = 0;

    snprintf(
        body, sizeof body,
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\"}}",
        tool);
    reply = legacy_begin("POST", session, body);
    assert_true(hears(reply, method));
    at = strstr(reply->body, "data: {\"jsonrpc\":\"2.0\",\"id\":");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "data: {\"jsonrpc\":\"2.0\",\"id\":%d,", &id), 1);
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%d,%s}", id, answer);
    assert_reply(legacy(session, body), 202, "");
    wait_for_end(reply);
    if (!strstr(reply->body, result))
        fail_msg("no %s in %s", result, reply->body);
    leave(reply);
}

#define SAID(text) "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]}}"
#define FAILED(text)                                                                               \
    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}],\"isError\":true}}"

static void a_session_is_asked_at_once_and_the_tool_waits(void **state)
{
    char session[64];

    (void)state;
    open_session(CAPABLE, session);
    assert_asked(session, "one", "\"method\":\"elicitation/create\"", "\"result\":" NUMBER("5"),
                 SAID("5"));
    assert_asked(session, "one", "\"method\":\"elicitation/create\"",
                 "\"result\":{\"action\":\"cancel\"}", SAID("none"));
    assert_asked(session, "one", "\"method\":\"elicitation/create\"", "\"result\":" NUMBER("\"5\""),
                 FAILED("the client's answer does not fit the question"));
    assert_asked(session, "one", "\"method\":\"elicitation/create\"",
                 "\"error\":{\"code\":-1,\"message\":\"no window\"}",
                 FAILED("the client could not answer: no window"));
    assert_asked(session, "by_url", "\"elicitationId\":\"", "\"result\":{\"action\":\"accept\"}",
                 SAID("{\\\"action\\\":\\\"accept\\\"}"));
    assert_asked(session, "samples", "\"method\":\"sampling/createMessage\"",
                 "\"result\":{\"role\":\"assistant\",\"content\":{}}",
                 SAID("{\\\"role\\\":\\\"assistant\\\",\\\"content\\\":{}}"));
    assert_asked(session, "roots", "\"method\":\"roots/list\"", "\"result\":{\"roots\":[]}",
                 SAID("{\\\"roots\\\":[]}"));
    assert_reply(legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\","
                                 "\"params\":{\"name\":\"quick\"}}"),
                 200,
                 "{\"jsonrpc\":\"2.0\",\"id\":7," FAILED(
                     "a quick tool cannot wait for an answer of the user"));
}

static void an_answer_counts_in_its_own_session_only(void **state)
{
    char session[64], other[64], body[256];
    struct reply *reply;
    int id = 0;

    (void)state;
    calls_as("user|1", "", "{}");
    open_session(CAPABLE, session);
    reply = legacy_begin("POST", session,
                         "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{"
                         "\"name\":\"one\"}}");
    assert_true(hears(reply, "elicitation/create"));
    assert_int_equal(
        sscanf(strstr(reply->body, "\"id\":"), "\"id\":%d,\"method\":\"elicitation", &id), 1);
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":" NUMBER("666") "}", id);
    calls_as("user|2", "", "{}");
    open_session(CAPABLE, other);
    assert_reply(legacy(other, body), 202, "");
    {
        struct reply *stolen = legacy(session, body); /* the session of user|1 */

        assert_int_equal(stolen->status, 404);
        leave(stolen);
    }
    calls_as("user|1", "", "{}");
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":" NUMBER("5") "}", id);
    assert_reply(legacy(session, body), 202, "");
    wait_for_end(reply);
    assert_non_null(strstr(reply->body, SAID("5")));
    leave(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name, begins) cmocka_unit_test_setup_teardown(name, begins, stop)
        WITH(a_state_is_for_its_caller_method_and_arguments, start_protected),
        WITH(a_state_of_another_server_is_refused, start),
        WITH(rounds_lead_to_the_result, start),
        WITH(every_question_goes_out_as_a_result, start),
        WITH(an_answer_that_does_not_fit_is_asked_for_again, start),
        WITH(a_client_that_cannot_be_asked_is_told_what_it_lacks, start),
        WITH(a_session_is_asked_at_once_and_the_tool_waits, start),
        WITH(an_answer_counts_in_its_own_session_only, start_protected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
