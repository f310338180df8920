/* net/loop.h: posting, timers, signals, the drain. */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "net/net_internal.h"

static struct dw_net *net;
static int calls[8];
static size_t call_count;

static int set_up(void **state)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 2};
    struct dw_error error;

    (void)state;
    call_count = 0;
    net = dw_net_new(&config, &error);
    return net ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_net_free(net);
    return 0;
}

static void note_and_stop(void *user)
{
    calls[call_count++] = *(int *)user;
    dw_net_stop(net, 0);
}

static void note(void *user)
{
    calls[call_count++] = *(int *)user;
}

static void run(void)
{
    struct dw_error error;

    assert_done(dw_net_run(net, &error), error);
}

static struct dw_loop *seen_here;

static void look_here(void *user)
{
    (void)user;
    seen_here = dw_loop_here();
    dw_net_stop(net, 0);
}

static void posts_run_in_order_on_the_loop_they_were_posted_to(void **state)
{
    static int numbers[] = {1, 2, 3};

    (void)state;
    assert_null(dw_loop_here());
    for (size_t i = 0; i < 3; i++)
        assert_true(dw_loop_post(dw_net_loop(net, 0), note, &numbers[i]));
    assert_true(dw_loop_post(dw_net_loop(net, 1), look_here, NULL));
    run();
    assert_int_equal(call_count, 3);
    assert_int_equal(calls[0], 1);
    assert_int_equal(calls[2], 3);
    assert_ptr_equal(seen_here, dw_net_loop(net, 1));
    assert_int_equal(dw_loop_index(seen_here), 1);
}

#define POSTERS 4
#define POSTS_EACH 2000
static _Atomic int arrived;

static void arrive(void *user)
{
    (void)user;
    if (atomic_fetch_add(&arrived, 1) + 1 == POSTERS * POSTS_EACH)
        dw_net_stop(net, 0);
}

static void *post_many(void *loop)
{
    for (int i = 0; i < POSTS_EACH; i++)
        if (!dw_loop_post(loop, arrive, NULL))
            return NULL;
    return loop;
}

static void no_post_of_many_threads_is_lost(void **state)
{
    pthread_t threads[POSTERS];

    (void)state;
    arrived = 0;
    for (unsigned i = 0; i < POSTERS; i++)
        pthread_create(&threads[i], NULL, post_many, dw_net_loop(net, i % 2));
    run();
    for (size_t i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(arrived, POSTERS * POSTS_EACH);
}

static struct dw_timer *repeating;
static int fired;

static void fire(void *user)
{
    (void)user;
    if (++fired < 3)
        return;
    dw_timer_free(repeating);
    dw_net_stop(net, 0);
}

static void a_timer_repeats_until_it_is_freed_even_from_its_own_call(void **state)
{
    (void)state;
    fired = 0;
    repeating = dw_timer_new(dw_net_loop(net, 0), 1, 1, fire, NULL);
    assert_non_null(repeating);
    run();
    assert_int_equal(fired, 3);
}

static void a_freed_timer_never_fires(void **state)
{
    static int one = 1, two = 2;
    struct dw_timer *later = dw_timer_new(dw_net_loop(net, 0), 5, 0, note_and_stop, &one);
    struct dw_timer *never = dw_timer_new(dw_net_loop(net, 0), 1, 0, note, &two);

    (void)state;
    dw_timer_free(never);
    run();
    assert_int_equal(call_count, 1);
    assert_int_equal(calls[0], 1);
    dw_timer_free(later);
}

static void send_signal(void *user)
{
    kill(getpid(), *(int *)user);
}

static void sighup_reloads_and_sigterm_stops(void **state)
{
    static int hup = SIGHUP, term = SIGTERM, ten = 10, eleven = 11;
    struct dw_timer *first = dw_timer_new(dw_net_loop(net, 0), 1, 0, send_signal, &hup);
    struct dw_timer *second = dw_timer_new(dw_net_loop(net, 0), 30, 0, send_signal, &term);

    (void)state;
    assert_true(dw_net_on_reload(net, note, &ten));
    assert_true(dw_net_on_stop(net, note, &eleven));
    run();
    assert_int_equal(call_count, 2);
    assert_int_equal(calls[0], 10);
    assert_int_equal(calls[1], 11);
    assert_true(dw_net_is_draining(net));
    dw_timer_free(first);
    dw_timer_free(second);
}

static int64_t held_for_ms;
static struct dw_timer *releasing;

static void let_go(void *user)
{
    held_for_ms = dw_loop_now_ms(user);
    dw_loop_release(user);
}

static void stop_in_a_minute(void *user)
{
    (void)user;
    dw_net_stop(net, 60);
}

static void a_drain_waits_for_what_is_held_and_no_longer(void **state)
{
    struct dw_loop *loop = dw_net_loop(net, 0);
    int64_t start_ms = dw_loop_now_ms(loop);

    (void)state;
    dw_loop_hold(loop);
    assert_true(dw_loop_post(loop, stop_in_a_minute, NULL));
    releasing = dw_timer_new(loop, 40, 0, let_go, loop);
    run();
    assert_true(held_for_ms - start_ms >= 40);
    assert_true(dw_loop_now_ms(loop) - start_ms < 5000);
    dw_timer_free(releasing);
}

static void a_drain_ends_when_its_time_is_over(void **state)
{
    struct dw_loop *loop = dw_net_loop(net, 1);

    (void)state;
    dw_loop_hold(loop);
    dw_net_stop(net, 0);
    run(); /* returns */
    dw_loop_release(loop);
}

static struct dw_deadline soon, removed, unset;
static int expired_count;

static void on_expired(struct dw_deadline *deadline)
{
    assert_ptr_equal(deadline, &soon);
    expired_count++;
    dw_deadline_remove(dw_net_loop(net, 0), &removed);
    dw_deadline_remove(dw_net_loop(net, 0), &unset);
    dw_deadline_remove(dw_net_loop(net, 0), &soon);
    dw_net_stop(net, 0);
}

static void a_deadline_expires_once_and_may_remove_others(void **state)
{
    struct dw_loop *loop = dw_net_loop(net, 0);

    (void)state;
    expired_count = 0;
    dw_deadline_add(loop, &unset, on_expired);
    dw_deadline_add(loop, &soon, on_expired);
    dw_deadline_add(loop, &removed, on_expired);
    dw_deadline_set(loop, &soon, 1);
    dw_deadline_set(loop, &removed, 1);
    run();
    assert_int_equal(expired_count, 1);
}

static void what_was_posted_and_never_ran_is_not_run_by_free(void **state)
{
    static int one = 1;

    (void)state;
    assert_true(dw_loop_post(dw_net_loop(net, 0), note, &one));
    dw_net_free(net);
    assert_int_equal(call_count, 0);
    assert_int_equal(set_up(state), 0); /* for tear_down */
}

static bool make_a_net(void)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 2};
    struct dw_error error;
    struct dw_net *made = dw_net_new(&config, &error);

    if (!made)
        assert_int_equal(error.code, DW_NO_MEMORY);
    dw_net_free(made);
    return made != NULL;
}

static void any_allocation_of_dw_net_new_may_fail(void **state)
{
    (void)state;
    torture(make_a_net);
}

int main(void)
{
#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(posts_run_in_order_on_the_loop_they_were_posted_to),
        LOOP_TEST(no_post_of_many_threads_is_lost),
        LOOP_TEST(a_timer_repeats_until_it_is_freed_even_from_its_own_call),
        LOOP_TEST(a_freed_timer_never_fires),
        LOOP_TEST(sighup_reloads_and_sigterm_stops),
        LOOP_TEST(a_drain_waits_for_what_is_held_and_no_longer),
        LOOP_TEST(a_drain_ends_when_its_time_is_over),
        LOOP_TEST(a_deadline_expires_once_and_may_remove_others),
        LOOP_TEST(what_was_posted_and_never_ran_is_not_run_by_free),
        cmocka_unit_test(any_allocation_of_dw_net_new_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
