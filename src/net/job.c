/* Worker threads: each pool has its own bounded queue and starts threads when they are needed. */
#include "net/job.h"

#include <pthread.h>
#include <stdlib.h>

#include "net/net_internal.h"

#define QUEUE_LIMIT 256
#define MAX_THREADS DW_JOB_TOOL_THREADS /* no pool has more */
#define WORKER_STACK_BYTES ((size_t)1024 * 1024)

static const struct {
    const char *name; /* at most 15 bytes: the kernel's limit */
    unsigned threads;
} pool_rows[DW_POOL_COUNT] = {
    [DW_POOL_STORE] = {"dw-store", 8},
    [DW_POOL_PASSWORD] = {"dw-password", 2},
    [DW_POOL_FETCH] = {"dw-fetch", 4},
    [DW_POOL_TOOL] = {"dw-tool", MAX_THREADS},
};

struct job {
    struct job *next;
    struct dw_post post;
    struct dw_loop *loop;
    void (*work)(void *user);
    void (*done)(void *user);
    void *user;
};

struct pool {
    uv_mutex_t lock; /* guards all below */
    uv_cond_t has_work;
    struct job *first, *last;
    size_t queued;
    unsigned idle, started;
    bool is_waking; /* a worker was called and has not come yet; who comes calls the next */
    bool is_stopping;
    uv_thread_t threads[MAX_THREADS];
    const char *name;
};

struct dw_jobs {
    struct pool pools[DW_POOL_COUNT];
};

struct dw_jobs *dw_jobs_new(void)
{
    struct dw_jobs *jobs = dw_mem_new(sizeof *jobs);

    if (!jobs)
        return NULL;
    for (size_t i = 0; i < DW_POOL_COUNT; i++) {
        jobs->pools[i].name = pool_rows[i].name;
        if (uv_mutex_init(&jobs->pools[i].lock) || uv_cond_init(&jobs->pools[i].has_work))
            abort(); /* cannot fail with glibc and default attributes */
    }
    return jobs;
}

static void finish(void *user)
{
    struct job job = *(struct job *)user;

    dw_mem_free(user);
    job.done(job.user);
    dw_loop_release(job.loop);
}

/* With the lock held: whether to signal has_work, once the lock is free. One worker at a time: who
 * is up takes many short jobs before the next one is, and to wake and to switch to another for each
 * would cost more than the jobs. */
static bool must_call(struct pool *pool)
{
    bool must = pool->first && pool->idle > 0 && !pool->is_waking;

    pool->is_waking = pool->is_waking || must;
    return must;
}

/* With the lock held. NULL: the pool is stopping. */
static struct job *take(struct pool *pool)
{
    struct job *job;

    pool->idle++;
    while (!pool->first && !pool->is_stopping) {
        uv_cond_wait(&pool->has_work, &pool->lock);
        pool->is_waking = false;
    }
    pool->idle--;
    job = pool->first;
    if (pool->is_stopping || !job)
        return NULL;
    pool->first = job->next;
    pool->queued--;
    return job;
}

static _Thread_local const struct dw_loop *asking; /* whose job this worker does now */

bool dw_job_is_draining(void)
{
    return asking && dw_net_is_draining(asking->net);
}

static void work(void *user)
{
    struct pool *pool = user;
    struct job *job;

    pthread_setname_np(pthread_self(), pool->name);
    uv_mutex_lock(&pool->lock);
    while ((job = take(pool)) != NULL) {
        bool calls = must_call(pool);

        uv_mutex_unlock(&pool->lock);
        if (calls)
            uv_cond_signal(&pool->has_work);
        asking = job->loop;
        job->work(job->user);
        asking = NULL;
        job->post = (struct dw_post){NULL, finish, job};
        dw_loop_post_node(job->loop, &job->post);
        uv_mutex_lock(&pool->lock);
    }
    uv_mutex_unlock(&pool->lock);
}

/* With the lock held. One thread that does not start is no failure while another works. */
static bool has_worker(struct pool *pool, unsigned most)
{
    uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
                                   .stack_size = WORKER_STACK_BYTES};

    if (pool->idle <= pool->queued && pool->started < most &&
        uv_thread_create_ex(&pool->threads[pool->started], &options, work, pool) == 0)
        pool->started++;
    return pool->started > 0;
}

static bool enqueue(struct pool *pool, unsigned most, struct job *job)
{
    bool is_taken = false, calls = false;

    uv_mutex_lock(&pool->lock);
    if (!pool->is_stopping && pool->queued < QUEUE_LIMIT && has_worker(pool, most)) {
        if (pool->first)
            pool->last->next = job;
        else
            pool->first = job;
        pool->last = job;
        pool->queued++;
        is_taken = true;
        calls = must_call(pool);
    }
    uv_mutex_unlock(&pool->lock);
    if (calls)
        uv_cond_signal(&pool->has_work);
    return is_taken;
}

bool dw_job_run(struct dw_loop *loop, enum dw_job_pool pool, void (*to_work)(void *user),
                void (*done)(void *user), void *user, struct dw_error *reterr)
{
    struct job *job = dw_mem_new(sizeof *job);

    if (!job)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    job->loop = loop;
    job->work = to_work;
    job->done = done;
    job->user = user;
    dw_loop_hold(loop);
    if (enqueue(&loop->net->jobs->pools[pool], pool_rows[pool].threads, job))
        return true;
    dw_loop_release(loop);
    dw_mem_free(job);
    dw_metrics_add(loop->net->metrics, DW_METRIC_JOBS_REFUSED, 1);
    return dw_fail(reterr, DW_BUSY, "too many requests wait for the same work; try again soon");
}

static void stop_pool(struct pool *pool)
{
    unsigned started;

    uv_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    started = pool->started;
    pool->started = 0;
    uv_cond_broadcast(&pool->has_work);
    uv_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < started; i++)
        uv_thread_join(&pool->threads[i]);
    while (pool->first) {
        struct job *job = pool->first;

        pool->first = job->next;
        dw_mem_free(job);
    }
}

void dw_jobs_stop(struct dw_jobs *jobs)
{
    for (size_t i = 0; i < DW_POOL_COUNT; i++)
        stop_pool(&jobs->pools[i]);
}

void dw_jobs_free(struct dw_jobs *jobs)
{
    if (!jobs)
        return;
    dw_jobs_stop(jobs);
    for (size_t i = 0; i < DW_POOL_COUNT; i++) {
        uv_cond_destroy(&jobs->pools[i].has_work);
        uv_mutex_destroy(&jobs->pools[i].lock);
    }
    dw_mem_free(jobs);
}
