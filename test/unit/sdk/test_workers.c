/* sdk/workers.c: slow tools delay neither the loop nor other callers, and what was left before its
 * turn does not run. */
#include "sdk/client.h"

#include <stdatomic.h>

#include "net/job.h"
#include "sdk/workers_internal.h"

#define MANY (DW_JOB_TOOL_THREADS + 10) /* of one caller, they would hold every worker */

static atomic_int running, ran;
static atomic_bool may_go_on;

static bool waits(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    atomic_fetch_add(&ran, 1);
    atomic_fetch_add(&running, 1);
    while (!atomic_load(&may_go_on))
        usleep(500);
    atomic_fetch_sub(&running, 1);
    dw_call_add_text(call, dw_text("waited"));
    return true;
}

static bool echo(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, dw_text("at once"));
    return true;
}

static struct dw_server *make(void)
{
    const struct dw_tool tools[] = {
        {.size = sizeof *tools, .name = "waits", .run = waits},
        {.size = sizeof *tools, .name = "echo", .run = echo},
        {.size = sizeof *tools, .name = "quick", .run = echo, .is_quick = true},
    };
    struct dw_server *made = server_with_tools(tools, sizeof tools / sizeof *tools);

    atomic_store(&running, 0);
    atomic_store(&ran, 0);
    atomic_store(&may_go_on, false);
    return made;
}

static int start(void **state)
{
    (void)state;
    server_open(make());
    return 0;
}

static int start_protected(void **state)
{
    (void)state;
    server_open_protected(make());
    return 0;
}

static int let_go_and_stop(void **state)
{
    atomic_store(&may_go_on, true);
    return stop(state);
}

/* The tool's answer within five seconds, and then leaves. */
static void assert_at_once(const char *method, const char *tool)
{
    char params[64] = "";
    struct reply *reply;
    bool has_ended = false;

    if (tool[0])
        snprintf(params, sizeof params, "\"name\":\"%s\"", tool);
    reply = modern_begin(method, tool, params);
    for (int i = 0; i < 5000 && !has_ended; i++) {
        usleep(1000);
        pthread_mutex_lock(&reply->lock);
        has_ended = reply->has_ended;
        pthread_mutex_unlock(&reply->lock);
    }
    if (!has_ended)
        fail_msg("%s %s has to wait", method, tool);
    assert_int_equal(reply->status, 200);
    leave(reply);
}

static void begin_many(struct reply **replies, int count, int expected)
{
    for (int i = 0; i < count; i++)
        replies[i] = modern_begin("tools/call", "waits", "\"name\":\"waits\"");
    for (int i = 0; i < 5000 && atomic_load(&running) < expected; i++)
        usleep(1000);
    assert_int_equal(atomic_load(&running), expected);
}

static void assert_all_answered(struct reply **replies, int first, int count)
{
    atomic_store(&may_go_on, true);
    for (int i = first; i < count; i++) {
        wait_for_end(replies[i]);
        assert_reply(replies[i], 200,
                     RESULT("\"content\":[{\"type\":\"text\",\"text\":\"waited\"}]"));
    }
}

static void slow_tools_of_one_caller_delay_nobody_else(void **state)
{
    struct reply *replies[MANY];

    (void)state;
    calls_as("user|1", "", "{}");
    begin_many(replies, MANY, DW_WORKERS_OF_ONE);
    assert_at_once("tools/list", "");
    assert_at_once("tools/call", "quick");
    calls_as("user|2", "", "{}");
    assert_at_once("tools/call", "echo");
    assert_int_equal(atomic_load(&running), DW_WORKERS_OF_ONE);
    assert_all_answered(replies, 0, MANY);
    assert_int_equal(atomic_load(&ran), MANY);
}

/* Without OAuth there are no callers to tell apart: they share all workers. */
static void without_oauth_all_workers_are_for_all(void **state)
{
    struct reply *replies[DW_JOB_TOOL_THREADS - 1];

    (void)state;
    begin_many(replies, DW_JOB_TOOL_THREADS - 1, DW_JOB_TOOL_THREADS - 1);
    assert_at_once("tools/call", "echo");
    assert_all_answered(replies, 0, DW_JOB_TOOL_THREADS - 1);
}

static void what_was_left_before_its_turn_does_not_run(void **state)
{
    struct reply *replies[MANY];

    (void)state;
    calls_as("user|1", "", "{}");
    begin_many(replies, DW_WORKERS_OF_ONE, DW_WORKERS_OF_ONE); /* these are the ones that run */
    for (int i = DW_WORKERS_OF_ONE; i < MANY; i++)
        replies[i] = modern_begin("tools/call", "waits", "\"name\":\"waits\"");
    assert_at_once("tools/list", "");
    for (int i = DW_WORKERS_OF_ONE; i < MANY - 1; i++)
        leave(replies[i]);
    assert_at_once("tools/list", "");               /* the loop has heard of it */
    replies[DW_WORKERS_OF_ONE] = replies[MANY - 1]; /* one stays */
    assert_all_answered(replies, 0, DW_WORKERS_OF_ONE + 1);
    assert_int_equal(atomic_load(&ran), DW_WORKERS_OF_ONE + 1);
}

static void a_caller_may_not_pile_up_calls_without_end(void **state)
{
    static struct reply *replies[DW_WORKERS_OF_ONE + DW_WORKERS_HELD_OF_ONE];
    const int count = DW_WORKERS_OF_ONE + DW_WORKERS_HELD_OF_ONE;

    (void)state;
    calls_as("user|1", "", "{}");
    begin_many(replies, count, DW_WORKERS_OF_ONE);
    assert_at_once("tools/list", ""); /* the loop has heard of all of them */
    assert_reply(call_tool("waits", ""), 200,
                 ERROR("-32600", "too many calls of yours wait already"));
    calls_as("user|2", "", "{}");
    assert_at_once("tools/call", "echo");
    assert_all_answered(replies, 0, count);
}

/* Some clients hold back everything else until they have a head, and leave after a minute without.
 */
static void the_head_of_a_slow_call_comes_before_its_answer(void **state)
{
    struct reply *plain, *stream;

    (void)state;
    plain = modern_begin("tools/call", "waits", "\"name\":\"waits\"");
    client_accept = "application/json, text/event-stream";
    stream = modern_begin("tools/call", "waits", "\"name\":\"waits\"");
    client_accept = NULL;
    pthread_mutex_lock(&stream->lock);
    while (stream->status == 0)
        pthread_cond_wait(&stream->change, &stream->lock);
    pthread_mutex_unlock(&stream->lock);
    assert_string_equal(stream->type, "text/event-stream");
    assert_string_equal(stream->body, "");
    assert_false(stream->has_ended);
    assert_int_equal(plain->status, 0); /* it takes no events */
    atomic_store(&may_go_on, true);
    wait_for_end(stream);
    assert_reply(stream, 200,
                 "data: " RESULT("\"content\":[{\"type\":\"text\",\"text\":\"waited\"}]") "\n\n");
    wait_for_end(plain);
    assert_string_equal(plain->type, "application/json");
    assert_reply(plain, 200, RESULT("\"content\":[{\"type\":\"text\",\"text\":\"waited\"}]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name, begins) cmocka_unit_test_setup_teardown(name, begins, let_go_and_stop)
        WITH(slow_tools_of_one_caller_delay_nobody_else, start_protected),
        WITH(without_oauth_all_workers_are_for_all, start),
        WITH(what_was_left_before_its_turn_does_not_run, start_protected),
        WITH(a_caller_may_not_pile_up_calls_without_end, start_protected),
        WITH(the_head_of_a_slow_call_comes_before_its_answer, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
