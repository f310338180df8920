/* Shares of the worker pool; the pool itself is net/job.c. */
#include "sdk/workers_internal.h"

#include "net/job.h"

_Static_assert(2 * DW_WORKERS_OF_ONE < DW_JOB_TOOL_THREADS, "two callers leave workers to others");

static bool is_same_caller(const struct dw_call *one, const struct dw_call *other)
{
    return dw_slice_eq(one->principal_key, other->principal_key);
}

static size_t count(const struct dw_call *first, const struct dw_call *like)
{
    size_t found = 0;

    for (const struct dw_call *call = first; call; call = call->next_working)
        found += is_same_caller(call, like);
    return found;
}

static void link_working(struct dw_call *call)
{
    struct dw_server *server = call->server;

    call->next_working = server->first_working;
    call->previous_working = NULL;
    if (call->next_working)
        call->next_working->previous_working = call;
    server->first_working = call;
    server->working_count++;
}

static void unlink_working(struct dw_call *call)
{
    struct dw_server *server = call->server;

    if (call->previous_working)
        call->previous_working->next_working = call->next_working;
    else
        server->first_working = call->next_working;
    if (call->next_working)
        call->next_working->previous_working = call->previous_working;
    server->working_count--;
}

enum dw_workers_answer dw_workers_enter(struct dw_call *call)
{
    struct dw_server *server = call->server;

    if (!call->auth.token || server->working_count < DW_WORKERS_OF_ONE ||
        count(server->first_working, call) < DW_WORKERS_OF_ONE) {
        link_working(call);
        return DW_WORKERS_GO;
    }
    if (count(server->first_held, call) >= DW_WORKERS_HELD_OF_ONE)
        return DW_WORKERS_FULL;
    call->next_working = NULL;
    if (server->first_held)
        server->last_held->next_working = call;
    else
        server->first_held = call;
    server->last_held = call;
    return DW_WORKERS_HELD;
}

/* The oldest held one of the same caller, taken out. */
static struct dw_call *take_held(const struct dw_call *like)
{
    struct dw_server *server = like->server;
    struct dw_call *previous = NULL, *call = server->first_held;

    while (call && !is_same_caller(call, like)) {
        previous = call;
        call = call->next_working;
    }
    if (!call)
        return NULL;
    if (previous)
        previous->next_working = call->next_working;
    else
        server->first_held = call->next_working;
    if (server->last_held == call)
        server->last_held = previous;
    return call;
}

struct dw_call *dw_workers_leave(struct dw_call *call)
{
    struct dw_call *next;

    unlink_working(call);
    next = take_held(call);
    if (next)
        link_working(next);
    return next;
}
