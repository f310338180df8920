/* sdk/tasks.c: the tasks extension (SEP-2663). Whose a task is, what ends it, what it asks and
 * what comes of it. */
#include "sdk/client.h"

#include "sdk/sdk_internal.h"
#include "sdk/tasks_internal.h"

#define FOLLOWS "{\"elicitation\":{},\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}"
#define MISSING(text)                                                                              \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32021,\"message\":\"" text                 \
    "\",\"data\":{\"requiredCapabilities\":{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}" \
    "}}}}"
#define NO_TASK ERROR("-32602", "there is no such task")
#define ACKNOWLEDGED "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\"}}"

static const char *const writers[] = {"write", NULL};
static atomic_bool may_go_on, was_cancelled;
static atomic_int running;

static bool waits(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    atomic_fetch_add(&running, 1);
    while (!atomic_load(&may_go_on) && !dw_call_is_cancelled(call))
        usleep(500);
    atomic_store(&was_cancelled, dw_call_is_cancelled(call));
    dw_call_add_text(call, dw_text("waited"));
    atomic_fetch_sub(&running, 1);
    return true;
}

static bool fails(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    return DW_ERROR(reterr, DW_UNAVAILABLE, "no luck");
}

static bool lies(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_set_structured(call, dw_text("1"));
    return true;
}

#define QUESTION                                                                                   \
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}"

static bool asks(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice first, second;
    bool has_first = dw_call_elicit(call, "first", "1?", QUESTION, &first, reterr);

    (void)user;
    if (!has_first && reterr->code != DW_INPUT_REQUIRED)
        return false;
    if (!dw_call_elicit(call, "second", "2?", QUESTION, &second, reterr) || !has_first)
        return dw_call_ask_end(call, reterr);
    dw_call_add_text(call, first);
    dw_call_add_text(call, second);
    return true;
}

static bool becomes(void *user, struct dw_call *call, struct dw_error *reterr)
{
    dw_call_become_task(call);
    return waits(user, call, reterr);
}

static struct dw_server *make(void)
{
    const struct dw_tool tools[] = {
        {.size = sizeof *tools, .name = "plain", .run = waits},
        {.size = sizeof *tools, .name = "waits", .run = waits, .task_support = DW_TASK_OPTIONAL},
        {.size = sizeof *tools, .name = "needs", .run = waits, .task_support = DW_TASK_REQUIRED},
        {.size = sizeof *tools, .name = "fails", .run = fails, .task_support = DW_TASK_OPTIONAL},
        {.size = sizeof *tools, .name = "asks", .run = asks, .task_support = DW_TASK_OPTIONAL},
        {.size = sizeof *tools, .name = "becomes", .run = becomes, .task_support = DW_TASK_LATER},
        {.size = sizeof *tools,
         .name = "lies",
         .run = lies,
         .output_schema = "{\"type\":\"string\"}",
         .task_support = DW_TASK_OPTIONAL},
        {.size = sizeof *tools,
         .name = "writes",
         .run = waits,
         .scopes = writers,
         .task_support = DW_TASK_OPTIONAL},
    };
    struct dw_server *made = server_with_tools(tools, sizeof tools / sizeof *tools);

    atomic_store(&may_go_on, false);
    atomic_store(&was_cancelled, false);
    return made;
}

static int start(void **state)
{
    (void)state;
    server_open(make());
    client_capabilities = FOLLOWS;
    return 0;
}

static int start_protected(void **state)
{
    (void)state;
    server_open_protected(make());
    client_capabilities = FOLLOWS;
    return 0;
}

static int let_go_and_stop(void **state)
{
    atomic_store(&may_go_on, true);
    return stop(state);
}

/* A new task's id. */
static void begin(const char *tool, char id[64])
{
    struct reply *reply = call_tool(tool, "");
    char type[16];

    copy_member(reply, "resultType", type, sizeof type);
    assert_string_equal(type, "task");
    copy_member(reply, "taskId", id, 64);
    leave(reply);
}

static struct reply *of_task(const char *method, const char *id, const char *more)
{
    char params[1024];

    snprintf(params, sizeof params, "\"taskId\":\"%s\"%s", id, more);
    return modern(method, id, params);
}

static void assert_status(const char *id, const char *status)
{
    char seen[32];
    struct reply *reply = of_task("tasks/get", id, "");

    copy_member(reply, "status", seen, sizeof seen);
    assert_string_equal(seen, status);
    leave(reply);
}

/* The rest of a tasks/get after pollIntervalMs, once the task has left this status. */
static void assert_outcome(const char *id, const char *left, const char *outcome)
{
    for (int i = 0; i < 5000; i++) {
        struct reply *reply = of_task("tasks/get", id, "");
        char status[32];
        const char *at;

        copy_member(reply, "status", status, sizeof status);
        at = strstr(reply->body, "\"pollIntervalMs\":500");
        assert_non_null(at);
        if (strcmp(status, left) != 0) {
            assert_string_equal(at + strlen("\"pollIntervalMs\":500"), outcome);
            leave(reply);
            return;
        }
        leave(reply);
        usleep(1000);
    }
    fail_msg("it stays %s", left);
}

/* ---- who may ----*/

static void a_client_that_knows_no_tasks_gets_none(void **state)
{
    static const char *const capabilities[] = {
        "{}",
        "{\"tasks\":{}}",
        "{\"extensions\":{}}",
        "{\"extensions\":{\"io.modelcontextprotocol/tasks\":true}}",
    };
    char id[64], session[64];

    (void)state;
    begin("waits", id);
    atomic_store(&may_go_on, true);
    for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
        client_capabilities = capabilities[i];
        assert_reply(call_tool("waits", ""), 200,
                     RESULT("\"content\":[{\"type\":\"text\",\"text\":\"waited\"}]"));
        assert_reply(call_tool("needs", ""), 400,
                     MISSING("this tool needs a client that follows tasks"));
        assert_reply(of_task("tasks/get", id, ""), 400,
                     MISSING("declare the tasks extension to ask for tasks"));
        assert_reply(of_task("tasks/cancel", id, ""), 400,
                     MISSING("declare the tasks extension to ask for tasks"));
    }
    open_session(FOLLOWS, session);
    assert_reply(legacy(session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\","
                                 "\"params\":{\"name\":\"waits\",\"task\":{\"ttl\":1}}}"),
                 200,
                 "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[{\"type\":\"text\","
                 "\"text\":\"waited\"}]}}");
}

static void ids_are_128_random_bits(void **state)
{
    char ids[64][64];

    (void)state;
    atomic_store(&may_go_on, true);
    for (int i = 0; i < 64; i++) {
        begin("waits", ids[i]);
        assert_int_equal(strlen(ids[i]), 32);
        assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(ids[i], ids[j]);
            assert_true(strncmp(ids[i], ids[j], 12) != 0); /* nothing counts up */
            assert_true(strcmp(ids[i] + 20, ids[j] + 20) != 0);
        }
    }
}

static void a_task_is_its_makers(void **state)
{
    static const char *const methods[] = {"tasks/get", "tasks/update", "tasks/cancel"};
    char id[64], none[64];

    (void)state;
    calls_as("user|1", "", "{}");
    begin("waits", id);
    snprintf(none, sizeof none, "%s", id);
    none[31] = none[31] == '0' ? '1' : '0';
    for (size_t i = 0; i < 3; i++) {
        static const struct {
            const char *subject, *claims;
        } others[] = {{"user|2", "{}"},
                      {"user|1", "{\"azp\":\"another-app\"}"},
                      {"user|1", "{\"org_id\":\"org_2\"}"},
                      {"", "{}"}};

        for (size_t j = 0; j < 4; j++) {
            calls_as(others[j].subject, "write", others[j].claims);
            assert_reply(of_task(methods[i], id, ",\"inputResponses\":{}"), 200, NO_TASK);
        }
        calls_as("user|1", "", "{}");
        assert_reply(of_task(methods[i], none, ",\"inputResponses\":{}"), 200, NO_TASK);
    }
    assert_false(atomic_load(&was_cancelled));
    assert_status(id, "working");
    atomic_store(&may_go_on, true);
    assert_outcome(id, "working",
                   ",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"waited\"}]," INFO "}," INFO "}}");
}

/* What the tool needs, its task needs: a token that says less does not read the result. */
static void the_scope_of_the_tool_counts_for_its_task(void **state)
{
    static const char *const methods[] = {"tasks/get", "tasks/update", "tasks/cancel"};
    char id[64];

    (void)state;
    calls_as("user|1", "write", "{}");
    begin("writes", id);
    calls_as("user|1", "read", "{}");
    for (size_t i = 0; i < 3; i++) {
        struct reply *reply = of_task(methods[i], id, ",\"inputResponses\":{}");

        assert_string_equal(reply->challenge,
                            "Bearer error=\"insufficient_scope\", error_description=\"'writes' "
                            "needs the scope write\", scope=\"write\", " CHALLENGE_END);
        assert_reply(reply, 403, ERROR("-32600", "\\\"writes\\\" needs the scope write"));
    }
    calls_as("user|1", "read write", "{}");
    assert_status(id, "working");
}

/* ---- how they end ---- */

static void a_cancelled_task_stops_and_stays_cancelled(void **state)
{
    char id[64];

    (void)state;
    begin("waits", id);
    while (!atomic_load(&running))
        usleep(500);
    assert_reply(of_task("tasks/cancel", id, ""), 200, ACKNOWLEDGED);
    assert_status(id, "cancelled");
    while (atomic_load(&running))
        usleep(500);
    assert_true(atomic_load(&was_cancelled));
    assert_outcome(id, "working", "," INFO "}}");
    assert_reply(of_task("tasks/cancel", id, ""), 200, ACKNOWLEDGED);
    assert_reply(of_task("tasks/update", id, ",\"inputResponses\":{\"first\":{}}"), 200,
                 ACKNOWLEDGED);
    assert_status(id, "cancelled");
}

static void a_failed_tool_is_a_completed_task(void **state)
{
    char id[64];

    (void)state;
    begin("fails", id);
    assert_outcome(id, "working",
                   ",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"no luck\"}],\"isError\":true," INFO "}," INFO "}}");
    assert_reply(of_task("tasks/cancel", id, ""), 200, ACKNOWLEDGED);
    assert_status(id, "completed");
    begin("lies", id);
    assert_outcome(id, "working",
                   ",\"error\":{\"code\":-32603,\"message\":\"the tool's structured result does "
                   "not fit its output schema at \\\"\\\": must be of type \\\"string\\\"\"}," INFO
                   "}}");
    assert_status(id, "failed");
}

static void a_task_expires(void **state)
{
    char ended[64], runs[64], parked[64];

    (void)state;
    server->task_ttl_ms = 300;
    begin("fails", ended);
    begin("asks", parked);
    begin("waits", runs);
    assert_outcome(ended, "working",
                   ",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"no luck\"}],\"isError\":true," INFO "}," INFO "}}");
    usleep(310 * 1000);
    assert_reply(of_task("tasks/get", ended, ""), 200, NO_TASK);
    assert_reply(of_task("tasks/get", parked, ""), 200, NO_TASK);
    while (atomic_load(&running)) /* it was cancelled */
        usleep(500);
    assert_true(atomic_load(&was_cancelled));
    assert_reply(of_task("tasks/get", runs, ""), 200, NO_TASK);
}

/* ---- what they ask ---- */

#define ASKED(key, text)                                                                           \
    "\"" key "\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":"    \
    "\"" text "\",\"requestedSchema\":" QUESTION "}}"

static void a_task_asks_and_goes_on_with_the_answers(void **state)
{
    char id[64];

    (void)state;
    begin("asks", id);
    assert_outcome(id, "working",
                   ",\"inputRequests\":{" ASKED("first", "1?") "," ASKED("second", "2?") "}," INFO
                                                                                         "}}");
    assert_status(id, "input_required");
    assert_reply(of_task("tasks/update", id, ""), 200,
                 ERROR("-32602", "params.inputResponses must be an object"));
    assert_reply(of_task("tasks/update", id,
                         ",\"inputResponses\":{\"first\":{\"action\":\"accept\",\"content\":{"
                         "\"ok\":1}}}"),
                 200, ERROR("-32602", "the answer \\\"first\\\" does not fit its question"));
    assert_reply(of_task("tasks/update", id,
                         ",\"inputResponses\":{\"other\":{\"action\":\"accept\"},\"second\":{"
                         "\"action\":\"decline\"}}"),
                 200, ACKNOWLEDGED);
    assert_outcome(id, "working", ",\"inputRequests\":{" ASKED("first", "1?") "}," INFO "}}");
    assert_reply(of_task("tasks/update", id,
                         ",\"inputResponses\":{\"first\":{\"action\":\"accept\",\"content\":{"
                         "\"ok\":true}}}"),
                 200, ACKNOWLEDGED);
    assert_outcome(id, "working",
                   ",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"{\\\"action\\\":\\\"accept\\\",\\\"content\\\":{\\\"ok\\\":true}}\"}"
                   ",{\"type\":\"text\",\"text\":\"{\\\"action\\\":\\\"decline\\\"}\"}]," INFO
                   "}," INFO "}}");
}

static void a_task_that_waits_for_answers_is_cancelled_at_once(void **state)
{
    char id[64];

    (void)state;
    begin("asks", id);
    assert_outcome(id, "working",
                   ",\"inputRequests\":{" ASKED("first", "1?") "," ASKED("second", "2?") "}," INFO
                                                                                         "}}");
    assert_reply(of_task("tasks/cancel", id, ""), 200, ACKNOWLEDGED);
    assert_outcome(id, "input_required", "," INFO "}}");
    assert_status(id, "cancelled");
}

/* ---- becoming one ---- */

static void a_running_tool_becomes_a_task(void **state)
{
    char id[64];

    (void)state;
    begin("becomes", id);
    assert_status(id, "working");
    atomic_store(&may_go_on, true);
    assert_outcome(id, "working",
                   ",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"waited\"}]," INFO "}," INFO "}}");
    client_capabilities = "{}";
    assert_reply(call_tool("becomes", ""), 200,
                 RESULT("\"content\":[{\"type\":\"text\",\"text\":\"waited\"}]"));
}

static void a_caller_has_a_share_of_tasks(void **state)
{
    char id[64];

    (void)state;
    atomic_store(&may_go_on, true);
    calls_as("user|1", "", "{}");
    for (int i = 0; i < DW_TASKS_MAX_OF_ONE; i++)
        begin("waits", id);
    assert_reply(call_tool("waits", ""), 200,
                 ERROR("-32600", "too many tasks; try again when some have ended"));
    calls_as("user|2", "", "{}");
    begin("waits", id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name, begins) cmocka_unit_test_setup_teardown(name, begins, let_go_and_stop)
        WITH(a_client_that_knows_no_tasks_gets_none, start),
        WITH(ids_are_128_random_bits, start),
        WITH(a_task_is_its_makers, start_protected),
        WITH(the_scope_of_the_tool_counts_for_its_task, start_protected),
        WITH(a_cancelled_task_stops_and_stays_cancelled, start),
        WITH(a_failed_tool_is_a_completed_task, start),
        WITH(a_task_expires, start),
        WITH(a_task_asks_and_goes_on_with_the_answers, start),
        WITH(a_task_that_waits_for_answers_is_cancelled_at_once, start),
        WITH(a_running_tool_becomes_a_task, start),
        WITH(a_caller_has_a_share_of_tasks, start_protected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
