/* What the files of net/ share about loops: the libuv loop itself, the read buffer, work put off to
 * the end of the turn, coarse deadlines, and what a drain waits for. Only inside net/. */
#ifndef DW_NET_NET_INTERNAL_H
#define DW_NET_NET_INTERNAL_H

#include <stdatomic.h>
#include <uv.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/loop.h"

#define DW_LOOP_READ_BYTES ((size_t)64 * 1024)
#define DW_LOOP_SWEEP_MS 250
#define DW_NET_MAX_HOOKS 32
#define DW_LOG_BATCH_LINES 64
#define DW_LOG_BATCH_BYTES ((size_t)48 * 1024) /* more than the longest line */

struct dw_jobs;

/* A task for a loop, in the caller's storage: posting it needs no memory. Untouched until it runs;
 * may be posted again from its own task. */
struct dw_post {
    struct dw_post *next;
    void (*task)(void *user);
    void *user;
};

/* A point in time, looked at every DW_LOOP_SWEEP_MS: setting it is one store, no timer is touched.
 */
struct dw_deadline {
    struct dw_deadline *next, *previous;
    void (*expired)(struct dw_deadline *deadline); /* at_ms is 0 again */
    int64_t at_ms;                                 /* 0: none */
};

/* Told, on its loop, when a drain begins and when the loop ends. */
struct dw_drainable {
    struct dw_drainable *next, *previous;
    void (*drain)(struct dw_drainable *drainable, bool is_final);
};

/* The request lines of one turn: they leave in one system call. */
struct dw_log_batch {
    struct dw_log log; /* write to this, at DW_LOG_INFO */
    struct dw_slice lines[DW_LOG_BATCH_LINES];
    size_t count, used_bytes;
    char bytes[DW_LOG_BATCH_BYTES];
};

struct dw_loop {
    struct dw_net *net;
    unsigned index;
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    uv_timer_t sweep;
    bool is_ready; /* the handles above are open */
    uv_thread_t thread;
    bool has_thread;
    uv_mutex_t lock; /* guards first_post, last_post */
    struct dw_post *first_post, *last_post;
    struct dw_post drain_post, end_post;
    struct dw_deferred deferred;   /* ring head */
    struct dw_deadline deadlines;  /* ring head */
    struct dw_deadline *sweep_at;  /* next to look at while sweeping */
    struct dw_drainable drainable; /* ring head */
    int64_t wall_offset_ms;        /* Unix time minus uv_now */
    int64_t wall_synced_at_ms;
    _Atomic int64_t holds; /* what a drain waits for */
    _Atomic bool is_draining;
    uint64_t random_state[2];
    char *read_buffer; /* DW_LOOP_READ_BYTES; valid inside one read callback */
    char http_date[DW_TEXT_HTTP_DATE_SIZE];
    int64_t http_date_at_s;
    struct dw_log_batch *log_batch; /* NULL: nothing was logged yet */
    void *server;                   /* of server.c: what connections of this loop share */
};

struct dw_hook {
    void (*run)(void *user);
    void *user;
};

struct dw_net {
    const struct dw_log *log;
    struct dw_metrics *metrics;
    struct dw_loop *loops;
    unsigned loop_count;
    struct dw_hook reload_hooks[DW_NET_MAX_HOOKS], stop_hooks[DW_NET_MAX_HOOKS];
    size_t reload_count, stop_count;
    _Atomic bool is_draining;
    _Atomic int64_t drain_until_ms; /* uv_hrtime / 1e6 */
    _Atomic bool is_stop_posted;
    struct dw_post stop_post;
    uv_timer_t drain_timer;
    uv_signal_t signals[3];
    bool leaves_signals;
    struct dw_jobs *jobs;
    void *listeners; /* of listener.c */
};

/* ---- loop.c ---- */
bool dw_must_check dw_loop_init(struct dw_loop *loop, struct dw_net *net, unsigned index,
                                struct dw_error *reterr);
/* Closes what is still open and frees what the loop owns. The loop does not run. */
void dw_loop_done(struct dw_loop *loop);
/* Sets dw_loop_here() of this thread. */
void dw_loop_enter(struct dw_loop *loop);
/* Any thread. */
void dw_loop_post_node(struct dw_loop *loop, struct dw_post *post);
bool dw_loop_has_posts(struct dw_loop *loop);
void dw_deadline_add(struct dw_loop *loop, struct dw_deadline *deadline,
                     void (*expired)(struct dw_deadline *deadline));
void dw_deadline_remove(struct dw_loop *loop, struct dw_deadline *deadline);
/* after_ms 0: no deadline. */
static inline void dw_deadline_set(const struct dw_loop *loop, struct dw_deadline *deadline,
                                   int64_t after_ms)
{
    deadline->at_ms = after_ms ? (int64_t)uv_now(&loop->uv) + after_ms : 0;
}
void dw_drainable_add(struct dw_loop *loop, struct dw_drainable *drainable,
                      void (*drain)(struct dw_drainable *drainable, bool is_final));
void dw_drainable_remove(struct dw_drainable *drainable);
void dw_loop_drain(struct dw_loop *loop, bool is_final);
/* While held, a drain waits for the loop (until its time is over). Any thread. */
static inline void dw_loop_hold(struct dw_loop *loop)
{
    atomic_fetch_add_explicit(&loop->holds, 1, memory_order_relaxed);
}
static inline void dw_loop_release(struct dw_loop *loop)
{
    atomic_fetch_sub_explicit(&loop->holds, 1, memory_order_release);
}
/* Where a request's line goes. */
const struct dw_log *dw_loop_request_log(struct dw_loop *loop);
void dw_loop_flush_log(struct dw_loop *loop);
/* Unguessable by nobody: for trace ids, not for secrets. */
uint64_t dw_loop_random(struct dw_loop *loop);
/* "Mon, 23 Nov 2026 07:25:00 GMT", made once a second. */
const char *dw_loop_http_date(struct dw_loop *loop);
bool dw_must_check dw_net_fail_uv(struct dw_error *reterr, int status, const char *what);

/* ---- job.c ---- */
struct dw_jobs *dw_jobs_new(void) dw_must_check;
/* Ends the workers: what runs is waited for, what is queued is dropped. */
void dw_jobs_stop(struct dw_jobs *jobs);
void dw_jobs_free(struct dw_jobs *jobs);
/* On a worker: whether the process that asked for this work is about to stop. Elsewhere false. */
bool dw_job_is_draining(void);

#endif
