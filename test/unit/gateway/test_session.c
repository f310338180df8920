/* gateway/session.h: sessions belong to principals. */
#include "test.h"

#include <stdio.h>

#include "gateway/session.h"

static void a_session_opens_for_its_principal_only(void **state)
{
    struct dw_error error = {0};
    struct dw_sessions *sessions = dw_sessions_new(100, NULL, &error);

    (void)state;
    assert_non_null(sessions);
    assert_false(dw_sessions_enter(sessions, S("s1"), S("alice"), 0));
    assert_done(dw_sessions_add(sessions, S("s1"), S("alice"), 0, &error), error);
    assert_false(dw_sessions_enter(sessions, S("s1"), S("bob"), 0));
    assert_false(dw_sessions_enter(sessions, S("s1"), S("alic"), 0));
    assert_false(dw_sessions_enter(sessions, S("s"), S("alice"), 0));
    assert_true(dw_sessions_enter(sessions, S("s1"), S("alice"), 0));
    dw_sessions_leave(sessions, S("s1"), 0);
    assert_fails(dw_sessions_add(sessions, S("s1"), S("bob"), 0, &error), error, DW_CONFLICT);
    dw_sessions_remove(sessions, S("s1"));
    assert_false(dw_sessions_enter(sessions, S("s1"), S("alice"), 0));
    dw_sessions_leave(sessions, S("s1"), 0); /* of a session that has gone meanwhile */
    dw_sessions_free(sessions);
}

static void idle_sessions_are_reaped_and_busy_ones_are_not(void **state)
{
    struct dw_error error = {0};
    struct dw_sessions *sessions = dw_sessions_new(100, NULL, &error);

    (void)state;
    assert_done(dw_sessions_add(sessions, S("idle"), S("a"), 0, &error), error);
    assert_done(dw_sessions_add(sessions, S("busy"), S("a"), 0, &error), error);
    assert_done(dw_sessions_add(sessions, S("used"), S("a"), 0, &error), error);
    assert_true(dw_sessions_enter(sessions, S("busy"), S("a"), 0));
    assert_true(dw_sessions_enter(sessions, S("used"), S("a"), 500));
    dw_sessions_leave(sessions, S("used"), 600);
    dw_sessions_reap(sessions, 999, 1000, NULL, NULL);
    assert_int_equal(dw_sessions_count(sessions), 3);
    dw_sessions_reap(sessions, 1000, 1000, NULL, NULL);
    assert_int_equal(dw_sessions_count(sessions), 2);
    assert_false(dw_sessions_enter(sessions, S("idle"), S("a"), 1000));
    dw_sessions_leave(sessions, S("busy"), 1500);
    dw_sessions_reap(sessions, 1600, 1000, NULL, NULL);
    assert_int_equal(dw_sessions_count(sessions), 1);
    assert_true(dw_sessions_enter(sessions, S("busy"), S("a"), 1600));
    dw_sessions_free(sessions);
}

static void nobody_can_fill_the_table(void **state)
{
    struct dw_error error = {0};
    struct dw_sessions *sessions = dw_sessions_new(20, NULL, &error);
    char id[16];

    (void)state;
    for (int i = 0; i < 16; i++) {
        snprintf(id, sizeof id, "a%d", i);
        assert_done(dw_sessions_add(sessions, S(id), S("greedy"), 0, &error), error);
    }
    assert_fails(dw_sessions_add(sessions, S("more"), S("greedy"), 0, &error), error, DW_TOO_MANY);
    for (int i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "b%d", i);
        assert_done(dw_sessions_add(sessions, S(id), S("modest"), 0, &error), error);
    }
    assert_fails(dw_sessions_add(sessions, S("full"), S("late"), 0, &error), error, DW_BUSY);
    dw_sessions_remove(sessions, S("a3"));
    assert_done(dw_sessions_add(sessions, S("full"), S("late"), 0, &error), error);
    dw_sessions_free(sessions);
}

static bool open_two_sessions(void)
{
    struct dw_error error = {0};
    struct dw_sessions *sessions = dw_sessions_new(20, NULL, &error);
    bool is_done;

    if (!sessions)
        return false;
    is_done = dw_sessions_add(sessions, S("s1"), S("a"), 0, &error) &&
              dw_sessions_add(sessions, S("s2"), S("b"), 0, &error);
    assert_int_equal(dw_sessions_enter(sessions, S("s2"), S("b"), 0), is_done);
    dw_sessions_free(sessions);
    return is_done;
}

static void running_out_of_memory_opens_nothing(void **state)
{
    (void)state;
    torture(open_two_sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_opens_for_its_principal_only),
        cmocka_unit_test(idle_sessions_are_reaped_and_busy_ones_are_not),
        cmocka_unit_test(nobody_can_fill_the_table),
        cmocka_unit_test(running_out_of_memory_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
