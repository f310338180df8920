/* Which calls have a worker of the pool. One caller has at most a share of them: what he asks
 * beyond it waits until a call of his own has ended, so that his slow tools delay nobody else.
 * Where there is no OAuth callers cannot be told apart, and nothing is held back. On the loop. */
#ifndef DW_SDK_WORKERS_INTERNAL_H
#define DW_SDK_WORKERS_INTERNAL_H

#include "sdk/sdk_internal.h"

#define DW_WORKERS_OF_ONE 24       /* workers of one caller; DW_JOB_TOOL_THREADS are there */
#define DW_WORKERS_HELD_OF_ONE 128 /* calls of one caller that wait for that */

enum dw_workers_answer {
    DW_WORKERS_GO,   /* to the pool, now */
    DW_WORKERS_HELD, /* dw_workers_leave gives it back when its turn has come */
    DW_WORKERS_FULL, /* refused */
};

enum dw_workers_answer dw_workers_enter(struct dw_call *call);
/* It has ended, or the pool has refused it. The next call that may go, or NULL. */
struct dw_call *dw_workers_leave(struct dw_call *call);

#endif
