/* gateway/owned.h: sessions and tasks belong to principals. */
#include "test.h"

#include <stdio.h>

#include "gateway/owned.h"

static void a_session_opens_for_its_principal_only(void **state)
{
    struct dw_error error = {0};
    struct dw_owned *sessions = dw_owned_new(&(struct dw_owned_config){"MCP session", 100}, &error);

    (void)state;
    assert_non_null(sessions);
    assert_false(dw_owned_enter(sessions, S("s1"), S("alice"), 0));
    assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S("s1"), S("alice")}, 0, &error),
                error);
    assert_false(dw_owned_enter(sessions, S("s1"), S("bob"), 0));
    assert_false(dw_owned_enter(sessions, S("s1"), S("alic"), 0));
    assert_false(dw_owned_enter(sessions, S("s"), S("alice"), 0));
    assert_true(dw_owned_enter(sessions, S("s1"), S("alice"), 0));
    dw_owned_leave(sessions, S("s1"), 0);
    assert_fails(dw_owned_add(sessions, &(struct dw_owned_id){S("s1"), S("bob")}, 0, &error), error,
                 DW_CONFLICT);
    dw_owned_remove(sessions, S("s1"));
    assert_false(dw_owned_enter(sessions, S("s1"), S("alice"), 0));
    dw_owned_leave(sessions, S("s1"), 0); /* of a session that has gone meanwhile */
    dw_owned_free(sessions);
}

static void what_an_id_is_about_is_for_its_principal_only(void **state)
{
    struct dw_error error = {0};
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_owned *tasks = dw_owned_new(&(struct dw_owned_config){"task", 100}, &error);
    struct dw_slice about;

    (void)state;
    assert_done(
        dw_owned_add(tasks, &(struct dw_owned_id){S("t1"), S("alice"), S("slow")}, 0, &error),
        error);
    assert_true(dw_owned_find(tasks, S("t1"), S("alice"), 500, arena, &about));
    assert_slice(about, "slow");
    assert_false(dw_owned_find(tasks, S("t1"), S("bob"), 900, arena, &about));
    assert_slice(about, "");
    assert_false(dw_owned_find(tasks, S("t2"), S("alice"), 900, arena, &about));
    dw_owned_reap(tasks, 1400, 1000, NULL, NULL); /* bob's question was no use of it */
    assert_int_equal(dw_owned_count(tasks), 1);
    dw_owned_reap(tasks, 1500, 1000, NULL, NULL);
    assert_int_equal(dw_owned_count(tasks), 0);
    dw_owned_free(tasks);
}

static void idle_sessions_are_reaped_and_busy_ones_are_not(void **state)
{
    struct dw_error error = {0};
    struct dw_owned *sessions = dw_owned_new(&(struct dw_owned_config){"MCP session", 100}, &error);

    (void)state;
    assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S("idle"), S("a")}, 0, &error), error);
    assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S("busy"), S("a")}, 0, &error), error);
    assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S("used"), S("a")}, 0, &error), error);
    assert_true(dw_owned_enter(sessions, S("busy"), S("a"), 0));
    assert_true(dw_owned_enter(sessions, S("used"), S("a"), 500));
    dw_owned_leave(sessions, S("used"), 600);
    dw_owned_reap(sessions, 999, 1000, NULL, NULL);
    assert_int_equal(dw_owned_count(sessions), 3);
    dw_owned_reap(sessions, 1000, 1000, NULL, NULL);
    assert_int_equal(dw_owned_count(sessions), 2);
    assert_false(dw_owned_enter(sessions, S("idle"), S("a"), 1000));
    dw_owned_leave(sessions, S("busy"), 1500);
    dw_owned_reap(sessions, 1600, 1000, NULL, NULL);
    assert_int_equal(dw_owned_count(sessions), 1);
    assert_true(dw_owned_enter(sessions, S("busy"), S("a"), 1600));
    dw_owned_free(sessions);
}

static void nobody_can_fill_the_table(void **state)
{
    struct dw_error error = {0};
    struct dw_owned *sessions = dw_owned_new(&(struct dw_owned_config){"MCP session", 20}, &error);
    char id[16];

    (void)state;
    for (int i = 0; i < 16; i++) {
        snprintf(id, sizeof id, "a%d", i);
        assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S(id), S("greedy")}, 0, &error),
                    error);
    }
    assert_fails(dw_owned_add(sessions, &(struct dw_owned_id){S("more"), S("greedy")}, 0, &error),
                 error, DW_TOO_MANY);
    for (int i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "b%d", i);
        assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S(id), S("modest")}, 0, &error),
                    error);
    }
    assert_fails(dw_owned_add(sessions, &(struct dw_owned_id){S("full"), S("late")}, 0, &error),
                 error, DW_BUSY);
    dw_owned_remove(sessions, S("a3"));
    assert_done(dw_owned_add(sessions, &(struct dw_owned_id){S("full"), S("late")}, 0, &error),
                error);
    dw_owned_free(sessions);
}

static bool open_two_sessions(void)
{
    struct dw_error error = {0};
    struct dw_owned *sessions = dw_owned_new(&(struct dw_owned_config){"MCP session", 20}, &error);
    bool is_done;

    if (!sessions)
        return false;
    is_done = dw_owned_add(sessions, &(struct dw_owned_id){S("s1"), S("a")}, 0, &error) &&
              dw_owned_add(sessions, &(struct dw_owned_id){S("s2"), S("b")}, 0, &error);
    assert_int_equal(dw_owned_enter(sessions, S("s2"), S("b"), 0), is_done);
    dw_owned_free(sessions);
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
        cmocka_unit_test(what_an_id_is_about_is_for_its_principal_only),
        cmocka_unit_test(idle_sessions_are_reaped_and_busy_ones_are_not),
        cmocka_unit_test(nobody_can_fill_the_table),
        cmocka_unit_test(running_out_of_memory_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
