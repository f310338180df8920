/* One event loop a thread, libuv's, and what belongs to it: timers, posting from other threads, and
 * the shared state of one process (struct dw_net). Everything in net/ is used on the loop it was
 * made on, unless its comment says "any thread". */
#ifndef DW_NET_LOOP_H
#define DW_NET_LOOP_H

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/slice.h"

struct dw_net;  /* the process: its loops, pools, log, metrics */
struct dw_loop; /* one thread */

struct dw_net_config {
    size_t size;
    unsigned loop_count; /* 0: one a core */
    const struct dw_log *log;
    struct dw_metrics *metrics;
    bool leaves_signals; /* they are the program's: none is listened for, SIGPIPE stays as it is */
};

/* Makes the loops; their threads start in dw_net_run. */
struct dw_net *dw_net_new(const struct dw_net_config *config,
                          struct dw_error *reterr) dw_must_check;
/* Runs until dw_net_stop; the calling thread is loop 0. SIGTERM and SIGINT drain and stop; SIGHUP
 * calls the reload hooks. False when a thread could not start. */
bool dw_must_check dw_net_run(struct dw_net *net, struct dw_error *reterr);
/* Any thread. Stops accepting, lets requests finish for at most drain_s, then ends dw_net_run. */
void dw_net_stop(struct dw_net *net, int64_t drain_s);
void dw_net_free(struct dw_net *net);
bool dw_net_is_draining(const struct dw_net *net);
/* Called on loop 0 at each SIGHUP; before dw_net_run. */
bool dw_must_check dw_net_on_reload(struct dw_net *net, void (*hook)(void *user), void *user);
/* Called on loop 0 once, when the drain begins: stop processes, close streams. */
bool dw_must_check dw_net_on_stop(struct dw_net *net, void (*hook)(void *user), void *user);

unsigned dw_net_loop_count(const struct dw_net *net);
struct dw_loop *dw_net_loop(struct dw_net *net, unsigned index);
/* The loop of the calling thread, or NULL on a worker. */
struct dw_loop *dw_loop_here(void);
unsigned dw_loop_index(const struct dw_loop *loop);
const struct dw_log *dw_loop_log(const struct dw_loop *loop);
struct dw_metrics *dw_loop_metrics(const struct dw_loop *loop);
/* Cached once a turn of the loop. */
int64_t dw_loop_now_ms(const struct dw_loop *loop); /* monotonic */
int64_t dw_loop_wall_s(const struct dw_loop *loop); /* Unix seconds */

/* Any thread: runs task(user) soon on the loop. False when out of memory. */
bool dw_must_check dw_loop_post(struct dw_loop *loop, void (*task)(void *user), void *user);

/* Work for the end of this turn of the loop, so that no callback runs inside a caller's call. In
 * the caller's storage, zeroed at first. Deferring what is deferred changes nothing. */
struct dw_deferred {
    struct dw_deferred *next, *previous;
    void (*run)(struct dw_deferred *deferred);
};
void dw_loop_defer(struct dw_loop *loop, struct dw_deferred *deferred,
                   void (*run)(struct dw_deferred *deferred));
/* Takes it off again when it has not run. */
void dw_loop_undefer(struct dw_deferred *deferred);

struct dw_timer;
/* Fires once after delay_ms, then again every repeat_ms (0: never). */
struct dw_timer *dw_timer_new(struct dw_loop *loop, int64_t delay_ms, int64_t repeat_ms,
                              void (*fire)(void *user), void *user) dw_must_check;
void dw_timer_free(struct dw_timer *timer);

#endif
