/* sdk/event_log.c: what a client may ask for again, and how much of it is kept. */
#include "test.h"

#include <stdio.h>

#include "sdk/sdk_internal.h"

static char seen[4096];
static size_t seen_count;

static void note(void *user, struct dw_slice id, struct dw_slice message, bool is_last)
{
    size_t at = strlen(seen);

    (void)user;
    seen_count++;
    if (at < sizeof seen - 200)
        snprintf(seen + at, sizeof seen - at, "%.*s=%.*s%s ", DW_PRINT(id),
                 DW_PRINT(dw_slice_sub(message, 0, 20)), is_last ? "!" : "");
}

static void replay(const struct dw_event_log *log, int64_t stream, int64_t number)
{
    seen[0] = '\0';
    seen_count = 0;
    dw_event_log_replay(log, stream, number, note, NULL);
}

static void a_stream_is_replayed_alone_and_from_where_it_was_left(void **state)
{
    struct dw_event_log *log = dw_event_log_new();
    char id[DW_EVENT_ID_SIZE];

    (void)state;
    dw_event_log_add(log, 1, DW_EMPTY, false, id); /* a priming event: an id and nothing else */
    assert_string_equal(id, "1-1");
    dw_event_log_add(log, 1, S("a"), false, id);
    dw_event_log_add(log, 2, S("other"), false, id);
    dw_event_log_add(log, 1, S("b"), true, id);
    assert_string_equal(id, "1-4");
    replay(log, 1, 1);
    assert_string_equal(seen, "1-2=a 1-4=b! ");
    replay(log, 1, 2);
    assert_string_equal(seen, "1-4=b! ");
    replay(log, 1, 4);
    assert_string_equal(seen, "");
    replay(log, 3, 0);
    assert_string_equal(seen, "");
    dw_event_log_free(log);
}

static void the_oldest_events_give_way(void **state)
{
    static char message[64 * 1024];
    struct dw_event_log *log = dw_event_log_new();
    char id[DW_EVENT_ID_SIZE];

    (void)state;
    memset(message, 'x', sizeof message);
    for (int i = 0; i < 100; i++)
        dw_event_log_add(log, 1, dw_slice_from(message, sizeof message), false, id);
    replay(log, 1, 0);
    assert_int_equal(seen_count, DW_EVENT_LOG_BYTES / (sizeof message + 64));
    replay(log, 1, 99);
    assert_int_equal(seen_count, 1);
    dw_event_log_free(log);
}

static void only_our_ids_are_ids(void **state)
{
    static const char *const wrong[] = {"",     "-",     "1",    "1-",
                                        "-1",   "a-1",   "1-b",  "-1-1",
                                        "1--1", "1-2-3", "1 -2", "99999999999999999999-1"};
    int64_t stream = 0, number = 0;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(dw_event_id_read(S(wrong[i]), &stream, &number));
    assert_true(dw_event_id_read(S("12-34"), &stream, &number));
    assert_int_equal(stream, 12);
    assert_int_equal(number, 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_replayed_alone_and_from_where_it_was_left),
        cmocka_unit_test(the_oldest_events_give_way),
        cmocka_unit_test(only_our_ids_are_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
