/* One event loop: posting from other threads, work put off to the end of the turn, coarse
 * deadlines, timers. What the process is (threads, signals, the drain) is in net.c. */
#include <stdlib.h>

#include "net/net_internal.h"

#define WALL_SYNC_MS 500 /* how soon a clock that was set is noticed */

static _Thread_local struct dw_loop *here;

struct owned_post {
    struct dw_post post;
    void (*task)(void *user);
    void *user;
};

struct dw_timer {
    uv_timer_t uv;
    void (*fire)(void *user);
    void *user;
};

bool dw_net_fail_uv(struct dw_error *reterr, int status, const char *what)
{
    return dw_fail_because(reterr, status == UV_ENOMEM ? DW_NO_MEMORY : DW_IO, "libuv", status,
                           "%s: %s", what, uv_strerror(status));
}

struct dw_loop *dw_loop_here(void)
{
    return here;
}

void dw_loop_enter(struct dw_loop *loop)
{
    here = loop;
}

/* ---- posting ---- */

void dw_loop_post_node(struct dw_loop *loop, struct dw_post *post)
{
    bool was_empty;

    post->next = NULL;
    uv_mutex_lock(&loop->lock);
    was_empty = !loop->first_post;
    if (was_empty)
        loop->first_post = post;
    else
        loop->last_post->next = post;
    loop->last_post = post;
    uv_mutex_unlock(&loop->lock);
    if (was_empty)
        uv_async_send(&loop->wake);
}

bool dw_loop_has_posts(struct dw_loop *loop)
{
    bool has_posts;

    uv_mutex_lock(&loop->lock);
    has_posts = loop->first_post != NULL;
    uv_mutex_unlock(&loop->lock);
    return has_posts;
}

static struct dw_post *take_posts(struct dw_loop *loop)
{
    struct dw_post *posts;

    uv_mutex_lock(&loop->lock);
    posts = loop->first_post;
    loop->first_post = loop->last_post = NULL;
    uv_mutex_unlock(&loop->lock);
    return posts;
}

static void on_wake(uv_async_t *wake)
{
    struct dw_post *post = take_posts(wake->data);

    while (post) {
        struct dw_post *next = post->next; /* the task may free or post it again */

        post->task(post->user);
        post = next;
    }
}

static void run_owned_post(void *user)
{
    struct owned_post owned = *(struct owned_post *)user;

    dw_mem_free(user);
    owned.task(owned.user);
}

bool dw_loop_post(struct dw_loop *loop, void (*task)(void *user), void *user)
{
    struct owned_post *owned = dw_mem_alloc(sizeof *owned);

    if (!owned)
        return false;
    *owned = (struct owned_post){{NULL, run_owned_post, owned}, task, user};
    dw_loop_post_node(loop, &owned->post);
    return true;
}

/* ---- the end of the turn ---- */

void dw_loop_defer(struct dw_loop *loop, struct dw_deferred *deferred,
                   void (*run)(struct dw_deferred *deferred))
{
    if (deferred->next)
        return;
    deferred->run = run;
    deferred->next = &loop->deferred;
    deferred->previous = loop->deferred.previous;
    deferred->previous->next = loop->deferred.previous = deferred;
}

void dw_loop_undefer(struct dw_deferred *deferred)
{
    if (!deferred->next)
        return;
    deferred->next->previous = deferred->previous;
    deferred->previous->next = deferred->next;
    deferred->next = deferred->previous = NULL;
}

static void run_deferred(struct dw_loop *loop)
{
    while (loop->deferred.next != &loop->deferred) {
        struct dw_deferred *first = loop->deferred.next;

        dw_loop_undefer(first);
        first->run(first);
    }
}

static void add_to_batch(void *user, enum dw_log_level level, struct dw_slice line)
{
    struct dw_loop *loop = user;
    struct dw_log_batch *batch = loop->log_batch;

    if (batch->count == DW_LOG_BATCH_LINES || line.len > sizeof batch->bytes - batch->used_bytes)
        dw_loop_flush_log(loop);
    if (level != DW_LOG_INFO || line.len > sizeof batch->bytes) {
        loop->net->log->write(loop->net->log->user, level, line);
        return;
    }
    memcpy(batch->bytes + batch->used_bytes, line.ptr, line.len);
    batch->lines[batch->count++] = dw_slice_from(batch->bytes + batch->used_bytes, line.len);
    batch->used_bytes += line.len;
}

const struct dw_log *dw_loop_request_log(struct dw_loop *loop)
{
    const struct dw_log *log = loop->net->log;

    if (!log || !log->write_lines)
        return log;
    if (!loop->log_batch) {
        loop->log_batch = dw_mem_new(sizeof *loop->log_batch);
        if (!loop->log_batch)
            return log;
        loop->log_batch->log =
            (struct dw_log){.threshold = log->threshold, .write = add_to_batch, .user = loop};
    }
    return &loop->log_batch->log;
}

void dw_loop_flush_log(struct dw_loop *loop)
{
    const struct dw_log *log = loop->net->log;
    struct dw_log_batch *batch = loop->log_batch;

    if (!batch || !batch->count)
        return;
    log->write_lines(log->user, DW_LOG_INFO, batch->lines, batch->count);
    batch->count = batch->used_bytes = 0;
}

static void sync_wall(struct dw_loop *loop)
{
    uv_timeval64_t wall;

    uv_gettimeofday(&wall);
    loop->wall_synced_at_ms = dw_loop_now_ms(loop);
    loop->wall_offset_ms = wall.tv_sec * 1000 + wall.tv_usec / 1000 - loop->wall_synced_at_ms;
}

static void on_before_poll(uv_prepare_t *before_poll)
{
    run_deferred(before_poll->data);
    dw_loop_flush_log(before_poll->data);
}

static void on_after_poll(uv_check_t *after_poll)
{
    struct dw_loop *loop = after_poll->data;

    if (dw_loop_now_ms(loop) - loop->wall_synced_at_ms >= WALL_SYNC_MS)
        sync_wall(loop);
    run_deferred(loop);
    dw_loop_flush_log(loop);
}

/* ---- deadlines ---- */

static void on_sweep(uv_timer_t *sweep)
{
    struct dw_loop *loop = sweep->data;
    int64_t now_ms = dw_loop_now_ms(loop);

    loop->sweep_at = loop->deadlines.next;
    while (loop->sweep_at != &loop->deadlines) {
        struct dw_deadline *deadline = loop->sweep_at;

        loop->sweep_at = deadline->next;
        if (deadline->at_ms == 0 || deadline->at_ms > now_ms)
            continue;
        deadline->at_ms = 0;
        deadline->expired(deadline);
    }
}

void dw_deadline_add(struct dw_loop *loop, struct dw_deadline *deadline,
                     void (*expired)(struct dw_deadline *deadline))
{
    if (loop->deadlines.next == &loop->deadlines)
        uv_timer_start(&loop->sweep, on_sweep, DW_LOOP_SWEEP_MS, DW_LOOP_SWEEP_MS);
    deadline->expired = expired;
    deadline->at_ms = 0;
    deadline->next = &loop->deadlines;
    deadline->previous = loop->deadlines.previous;
    deadline->previous->next = loop->deadlines.previous = deadline;
}

void dw_deadline_remove(struct dw_loop *loop, struct dw_deadline *deadline)
{
    if (!deadline->next)
        return;
    if (loop->sweep_at == deadline)
        loop->sweep_at = deadline->next;
    deadline->next->previous = deadline->previous;
    deadline->previous->next = deadline->next;
    deadline->next = deadline->previous = NULL;
    if (loop->deadlines.next == &loop->deadlines)
        uv_timer_stop(&loop->sweep);
}

/* ---- draining ---- */

void dw_drainable_add(struct dw_loop *loop, struct dw_drainable *drainable,
                      void (*drain)(struct dw_drainable *drainable, bool is_final))
{
    drainable->drain = drain;
    drainable->next = &loop->drainable;
    drainable->previous = loop->drainable.previous;
    drainable->previous->next = loop->drainable.previous = drainable;
}

void dw_drainable_remove(struct dw_drainable *drainable)
{
    if (!drainable->next)
        return;
    drainable->next->previous = drainable->previous;
    drainable->previous->next = drainable->next;
    drainable->next = drainable->previous = NULL;
}

void dw_loop_drain(struct dw_loop *loop, bool is_final)
{
    struct dw_drainable *at = loop->drainable.next;

    while (at != &loop->drainable) {
        struct dw_drainable *next = at->next;

        at->drain(at, is_final);
        at = next;
    }
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *uv)
{
    struct dw_timer *timer = uv->data;

    timer->fire(timer->user);
}

struct dw_timer *dw_timer_new(struct dw_loop *loop, int64_t delay_ms, int64_t repeat_ms,
                              void (*fire)(void *user), void *user)
{
    struct dw_timer *timer = dw_mem_new(sizeof *timer);

    if (!timer)
        return NULL;
    timer->fire = fire;
    timer->user = user;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    uv_timer_start(&timer->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0,
                   repeat_ms > 0 ? (uint64_t)repeat_ms : 0);
    return timer;
}

static void free_timer(uv_handle_t *handle)
{
    dw_mem_free(handle->data);
}

void dw_timer_free(struct dw_timer *timer)
{
    if (timer)
        uv_close((uv_handle_t *)&timer->uv, free_timer);
}

/* ---- the loop itself ---- */

unsigned dw_loop_index(const struct dw_loop *loop)
{
    return loop->index;
}

const struct dw_log *dw_loop_log(const struct dw_loop *loop)
{
    return loop->net->log;
}

struct dw_metrics *dw_loop_metrics(const struct dw_loop *loop)
{
    return loop->net->metrics;
}

int64_t dw_loop_now_ms(const struct dw_loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

int64_t dw_loop_wall_s(const struct dw_loop *loop)
{
    return (dw_loop_now_ms(loop) + loop->wall_offset_ms) / 1000;
}

const char *dw_loop_http_date(struct dw_loop *loop)
{
    int64_t now_s = dw_loop_wall_s(loop);

    if (loop->http_date_at_s != now_s) {
        dw_text_http_date(now_s, loop->http_date);
        loop->http_date_at_s = now_s;
    }
    return loop->http_date;
}

/* xoroshiro128+: fast, well spread. */
uint64_t dw_loop_random(struct dw_loop *loop)
{
    uint64_t a = loop->random_state[0], b = loop->random_state[1], sum = a + b;

    b ^= a;
    loop->random_state[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    loop->random_state[1] = (b << 37) | (b >> 27);
    return sum;
}

static bool open_handles(struct dw_loop *loop, struct dw_error *reterr)
{
    int status = uv_async_init(&loop->uv, &loop->wake, on_wake);

    if (status)
        return dw_net_fail_uv(reterr, status, "making an event loop");
    loop->is_ready = true;
    loop->wake.data = loop;
    uv_prepare_init(&loop->uv, &loop->before_poll);
    loop->before_poll.data = loop;
    uv_prepare_start(&loop->before_poll, on_before_poll);
    uv_check_init(&loop->uv, &loop->after_poll);
    loop->after_poll.data = loop;
    uv_check_start(&loop->after_poll, on_after_poll);
    uv_timer_init(&loop->uv, &loop->sweep);
    loop->sweep.data = loop;
    return true;
}

bool dw_loop_init(struct dw_loop *loop, struct dw_net *net, unsigned index, struct dw_error *reterr)
{
    int status = uv_loop_init(&loop->uv);

    if (status)
        return dw_net_fail_uv(reterr, status, "making an event loop");
    loop->net = net; /* set: dw_loop_done has something to undo */
    loop->index = index;
    loop->deferred.next = loop->deferred.previous = &loop->deferred;
    loop->deadlines.next = loop->deadlines.previous = &loop->deadlines;
    loop->sweep_at = &loop->deadlines;
    loop->drainable.next = loop->drainable.previous = &loop->drainable;
    if (uv_mutex_init(&loop->lock))
        abort(); /* pthread_mutex_init of glibc cannot fail */
    loop->read_buffer = dw_mem_alloc(DW_LOOP_READ_BYTES);
    if (!loop->read_buffer)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    status = uv_random(NULL, NULL, loop->random_state, sizeof loop->random_state, 0, NULL);
    if (status)
        return dw_net_fail_uv(reterr, status, "asking the kernel for random bytes");
    loop->random_state[0] |= 1; /* all zero would stay zero */
    sync_wall(loop);
    return open_handles(loop, reterr);
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void drop_posts(struct dw_loop *loop)
{
    struct dw_post *post = take_posts(loop);

    while (post) {
        struct dw_post *next = post->next;

        if (post->task == run_owned_post)
            dw_mem_free(post->user);
        post = next;
    }
}

void dw_loop_done(struct dw_loop *loop)
{
    struct dw_loop *before = here;

    if (!loop->net)
        return;
    here = loop;
    drop_posts(loop); /* whoever they were for may be gone */
    uv_walk(&loop->uv, close_handle, NULL);
    while (uv_run(&loop->uv, UV_RUN_NOWAIT))
        continue;
    uv_loop_close(&loop->uv);
    uv_mutex_destroy(&loop->lock);
    dw_mem_free(loop->read_buffer);
    dw_mem_free(loop->log_batch);
    here = before == loop ? NULL : before;
}
