/* Ids that belong to a principal, and how long each has been idle: the MCP sessions of legacy
 * peers, and tasks. An id is never authentication: it opens nothing but for the principal that made
 * it. One table a gateway and kind, for all loops; any thread. */
#ifndef DW_GATEWAY_OWNED_H
#define DW_GATEWAY_OWNED_H

#include "base/arena.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/slice.h"

struct dw_owned;

struct dw_owned_config {
    const char *what;           /* "MCP session": for messages */
    size_t max_ids;             /* of all principals; one may have a tenth, but at least 16 */
    struct dw_metrics *metrics; /* may be NULL */
    enum dw_metric gauge;       /* how many there are */
};
struct dw_owned *dw_owned_new(const struct dw_owned_config *config,
                              struct dw_error *reterr) dw_must_check;
void dw_owned_free(struct dw_owned *owned);

/* Fails with DW_BUSY (the table is full), DW_TOO_MANY (this principal has too many), DW_CONFLICT
 * (there is such an id) or DW_NO_MEMORY. */
struct dw_owned_id {
    struct dw_slice id;
    struct dw_slice principal; /* dw_principal.key */
    struct dw_slice about;     /* whatever the caller wants to read again; may be empty */
};
bool dw_must_check dw_owned_add(struct dw_owned *owned, const struct dw_owned_id *id,
                                int64_t now_ms, struct dw_error *reterr);
/* A request begins that uses the id, which is then not idle. False: there is no such id of this
 * principal. A true needs one dw_owned_leave. */
bool dw_must_check dw_owned_enter(struct dw_owned *owned, struct dw_slice id,
                                  struct dw_slice principal, int64_t now_ms);
void dw_owned_leave(struct dw_owned *owned, struct dw_slice id, int64_t now_ms);
/* Finds and touches an id of the principal: it has just been used. False: there is no such id of
 * this principal, or memory is short. *ret_about is in the arena. */
bool dw_must_check dw_owned_find(struct dw_owned *owned, struct dw_slice id,
                                 struct dw_slice principal, int64_t now_ms, struct dw_arena *arena,
                                 struct dw_slice *ret_about);
void dw_owned_remove(struct dw_owned *owned, struct dw_slice id);
/* Removes those without a request for idle_ms. on_reaped may be NULL; it must not call back. */
void dw_owned_reap(struct dw_owned *owned, int64_t now_ms, int64_t idle_ms,
                   void (*on_reaped)(void *user, struct dw_slice id), void *user);
size_t dw_owned_count(struct dw_owned *owned);

#endif
