/* net/job.h: bounded pools, answers on the loop that asked. */
#include "test.h"

#include <stdatomic.h>

#include "net/job.h"
#include "net/net_internal.h"

#define QUEUE_LIMIT 256

static struct dw_net *net;
static struct dw_metrics *metrics;
static uv_sem_t gate;
static _Atomic int worked;
static _Atomic int done_count;
static int wanted;
static struct dw_loop *_Atomic done_on;
static _Atomic bool was_on_a_loop;

static int set_up(void **state)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 2};
    struct dw_error error;

    (void)state;
    worked = done_count = 0;
    was_on_a_loop = false;
    metrics = config.metrics = dw_metrics_new();
    uv_sem_init(&gate, 0);
    net = dw_net_new(&config, &error);
    return net && metrics ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_net_free(net);
    dw_metrics_free(metrics);
    uv_sem_destroy(&gate);
    return 0;
}

static void work(void *user)
{
    (void)user;
    was_on_a_loop = was_on_a_loop || dw_loop_here() != NULL;
    atomic_fetch_add(&worked, 1);
}

static void wait_at_gate(void *user)
{
    (void)user;
    uv_sem_wait(&gate);
    atomic_fetch_add(&worked, 1);
}

static void done(void *user)
{
    (void)user;
    done_on = dw_loop_here();
    if (atomic_fetch_add(&done_count, 1) + 1 == wanted)
        dw_net_stop(net, 0);
}

static void ask_from_loop_1(void *user)
{
    struct dw_error error;

    (void)user;
    assert_done(dw_job_run(dw_loop_here(), DW_POOL_PASSWORD, work, done, NULL, &error), error);
}

static void a_full_queue_is_refused_at_once(void **state)
{
    struct dw_loop *loop = dw_net_loop(net, 0);
    struct dw_error error;
    int taken = 0;

    (void)state;
    while (taken < 2 * QUEUE_LIMIT &&
           dw_job_run(loop, DW_POOL_PASSWORD, wait_at_gate, done, NULL, &error))
        taken++;
    assert_int_equal(error.code, DW_BUSY);
    /* What the two threads took before it was full is no longer in the queue. */
    assert_in_range(taken, QUEUE_LIMIT, QUEUE_LIMIT + 2);
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_JOBS_REFUSED), 1);
    assert_done(dw_job_run(loop, DW_POOL_FETCH, work, done, NULL, &error), error);
    wanted = taken + 1;
    for (int i = 0; i < taken; i++)
        uv_sem_post(&gate);
    assert_done(dw_net_run(net, &error), error);
    assert_int_equal(worked, taken + 1);
    assert_int_equal(done_count, taken + 1);
}

static void work_is_on_a_worker_and_done_on_the_loop_that_asked(void **state)
{
    struct dw_error error;

    (void)state;
    wanted = 1;
    assert_true(dw_loop_post(dw_net_loop(net, 1), ask_from_loop_1, NULL));
    assert_done(dw_net_run(net, &error), error);
    assert_false(was_on_a_loop);
    assert_ptr_equal(done_on, dw_net_loop(net, 1));
}

static void stop_now(void *user)
{
    (void)user;
    dw_net_stop(net, 30);
    for (int i = 0; i < 20; i++)
        uv_sem_post(&gate);
}

static void a_drain_waits_for_jobs(void **state)
{
    struct dw_error error;

    (void)state;
    wanted = -1;
    for (int i = 0; i < 20; i++)
        assert_done(dw_job_run(dw_net_loop(net, i % 2 ? 1 : 0), DW_POOL_STORE, wait_at_gate, done,
                               NULL, &error),
                    error);
    assert_true(dw_loop_post(dw_net_loop(net, 0), stop_now, NULL));
    assert_done(dw_net_run(net, &error), error);
    assert_int_equal(worked, 20);
}

static void without_memory_nothing_runs(void **state)
{
    struct dw_error error;
    bool is_taken;

    (void)state;
    dw_mem_fail_nth(1);
    is_taken = dw_job_run(dw_net_loop(net, 0), DW_POOL_STORE, work, done, NULL, &error);
    dw_mem_fail_nth(0);
    assert_false(is_taken);
    assert_int_equal(error.code, DW_NO_MEMORY);
}

static void jobs_after_the_end_are_refused(void **state)
{
    struct dw_error error;

    (void)state;
    dw_net_stop(net, 0);
    assert_done(dw_net_run(net, &error), error);
    assert_fails(dw_job_run(dw_net_loop(net, 0), DW_POOL_STORE, work, done, NULL, &error), error,
                 DW_BUSY);
}

int main(void)
{
#define JOB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        JOB_TEST(a_full_queue_is_refused_at_once),
        JOB_TEST(work_is_on_a_worker_and_done_on_the_loop_that_asked),
        JOB_TEST(a_drain_waits_for_jobs),
        JOB_TEST(without_memory_nothing_runs),
        JOB_TEST(jobs_after_the_end_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
