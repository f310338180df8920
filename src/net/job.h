/* Blocking work on worker threads: named pools with bounded queues, so that slow password hashes
 * never starve key fetches. */
#ifndef DW_NET_JOB_H
#define DW_NET_JOB_H

#include "net/loop.h"

#define DW_JOB_TOOL_THREADS 64 /* tools may wait for users; threads start when they are needed */

enum dw_job_pool {
    DW_POOL_STORE,    /* the tenant's endpoints and the store */
    DW_POOL_PASSWORD, /* argon2id and its like */
    DW_POOL_FETCH,    /* libcurl */
    DW_POOL_TOOL,     /* an SDK user's tools */
    DW_POOL_COUNT
};

/* Any loop thread. work(user) runs on a worker of the pool, then done(user) on the loop that asked.
 * False with DW_BUSY when the queue is full: neither runs. */
bool dw_must_check dw_job_run(struct dw_loop *loop, enum dw_job_pool pool, void (*work)(void *user),
                              void (*done)(void *user), void *user, struct dw_error *reterr);

#endif
