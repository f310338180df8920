/* The MCP sessions of legacy peers: which principal each belongs to, and how long it has been idle.
 * A session id is never authentication: it opens nothing but for the principal that made it. One
 * table a gateway, for all loops; any thread. */
#ifndef DW_GATEWAY_SESSION_H
#define DW_GATEWAY_SESSION_H

#include "base/error.h"
#include "base/metrics.h"
#include "base/slice.h"

struct dw_sessions;

/* max_sessions  of all principals; one principal may have a tenth of them, but at least 16
 * metrics       may be NULL */
struct dw_sessions *dw_sessions_new(size_t max_sessions, struct dw_metrics *metrics,
                                    struct dw_error *reterr) dw_must_check;
void dw_sessions_free(struct dw_sessions *sessions);

/* Fails with DW_BUSY (the table is full), DW_TOO_MANY (this principal has too many), DW_CONFLICT
 * (there is such an id) or DW_NO_MEMORY. */
bool dw_must_check dw_sessions_add(struct dw_sessions *sessions, struct dw_slice id,
                                   struct dw_slice principal, int64_t now_ms,
                                   struct dw_error *reterr);
/* A request begins in the session, which is then not idle. False: there is no such session of this
 * principal. A true needs one dw_sessions_leave. */
bool dw_must_check dw_sessions_enter(struct dw_sessions *sessions, struct dw_slice id,
                                     struct dw_slice principal, int64_t now_ms);
void dw_sessions_leave(struct dw_sessions *sessions, struct dw_slice id, int64_t now_ms);
void dw_sessions_remove(struct dw_sessions *sessions, struct dw_slice id);
/* Removes those without a request for idle_ms. on_reaped may be NULL; it must not call back. */
void dw_sessions_reap(struct dw_sessions *sessions, int64_t now_ms, int64_t idle_ms,
                      void (*on_reaped)(void *user, struct dw_slice id), void *user);
size_t dw_sessions_count(struct dw_sessions *sessions);

#endif
