/* gateway/task_watch.h: the ids of tasks are found in answers, however they come. */
#include "test.h"

#include <stdio.h>

#include "gateway/task_watch.h"

#define MODERN                                                                                     \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"task\",\"taskId\":\"t-1\"}}"
#define LEGACY                                                                                     \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"task\":{\"taskId\":\"t-2\",\"status\":"           \
    "\"working\"}}}"

static char found[64];

static void note(void *user, struct dw_slice task_id)
{
    assert_ptr_equal(user, found);
    snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s ", DW_PRINT(task_id));
}

/* Feeds the bytes in pieces of `step`. */
static const char *watch(bool is_stream, struct dw_slice bytes, size_t step)
{
    struct dw_error error = {0};
    struct dw_task_watch *watching = dw_task_watch_new(is_stream, note, found, &error);

    assert_non_null(watching);
    found[0] = '\0';
    for (size_t at = 0; at < bytes.len; at += step)
        dw_task_watch_feed(
            watching, dw_slice_from(bytes.ptr + at, bytes.len - at < step ? bytes.len - at : step));
    dw_task_watch_end(watching);
    dw_task_watch_end(watching); /* twice is once */
    dw_task_watch_free(watching);
    return found;
}

static void a_task_is_found_in_bodies_and_streams_of_both_eras(void **state)
{
    static const struct {
        bool is_stream;
        const char *bytes, *found;
    } cases[] = {
        {false, MODERN, "t-1 "},
        {false, LEGACY, "t-2 "},
        {true, "event: message\ndata: " MODERN "\n\n", "t-1 "},
        {true, ": hello\n\nid: 4\ndata: " LEGACY "\n\ndata: " MODERN "\n\n", "t-2 t-1 "},
        /* cut off: the stream ended in it */
        {true, "data: " MODERN "\n", ""},
        /* no task is made by these */
        {false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"taskId\":\"t\"}}", ""},
        {false,
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"complete\",\"taskId\":\"t\"}}",
         ""},
        {false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\"}}", ""},
        {false,
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks\",\"params\":{\"taskId\":\"t\"}}",
         ""},
        {false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"task\",\"taskId\":7}}",
         ""},
        {false, "not JSON", ""},
        {false, "", ""},
        {true, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 300; step += 60)
            assert_string_equal(watch(cases[i].is_stream, S(cases[i].bytes), step), cases[i].found);
}

static void what_is_too_large_makes_no_task_and_takes_no_memory(void **state)
{
    static char large[DW_TASK_ANSWER_MAX_BYTES + sizeof MODERN + 64];
    size_t head = (size_t)snprintf(large, sizeof large, "data: ");

    (void)state;
    memset(large + head, ' ', sizeof large - head);
    memcpy(large + sizeof large - sizeof MODERN - 2, MODERN "\n\n", sizeof MODERN + 1);
    assert_string_equal(watch(true, dw_slice_from(large, sizeof large), 1000), "");
    assert_string_equal(watch(false, dw_slice_from(large + head, sizeof large - head), 1000), "");
}

static void only_who_can_take_a_task_may_get_one(void **state)
{
#define META "\"_meta\":{\"io.modelcontextprotocol/clientCapabilities\":"
    static const struct {
        const char *params;
        bool may_come;
    } cases[] = {
        {"{\"name\":\"x\"}", false},
        {"{\"name\":\"x\",\"task\":{\"ttl\":1000}}", true},
        {"{\"name\":\"x\"," META "{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}}}", true},
        {"{\"name\":\"x\"," META "{\"extensions\":{}}}}", false},
        {"{\"name\":\"x\"," META "[]}}", false},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_mcp_message message;
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice body = dw_arena_printf(
            arena, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":%s}",
            cases[i].params);

        assert_done(dw_mcp_message_parse(body, arena, &message, &error), error);
        assert_int_equal(dw_task_may_come(&message), cases[i].may_come);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_found_in_bodies_and_streams_of_both_eras),
        cmocka_unit_test(what_is_too_large_makes_no_task_and_takes_no_memory),
        cmocka_unit_test(only_who_can_take_a_task_may_get_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
