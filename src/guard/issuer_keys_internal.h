/* The verification keys of one issuer, kept fresh: fetched through discovery or from a URL, or
 * asked of a source in this process. One object for all loops. Only inside guard/.
 *
 * Fetches are single: whoever needs keys while one is under way waits for it. A token with an
 * unknown `kid` causes a fetch at most once a cool-down, so that made-up tokens cannot make us
 * hammer the issuer. While the issuer is down the old keys serve on, for a day. */
#ifndef DW_GUARD_ISSUER_KEYS_INTERNAL_H
#define DW_GUARD_ISSUER_KEYS_INTERNAL_H

#include <stdatomic.h>

#include "guard/guard.h"
#include "guard/key_fetch.h"

#define DW_KEYS_REFRESH_MS (10 * 60 * 1000)
#define DW_KEYS_COOLDOWN_MS (10 * 1000)
#define DW_KEYS_STALE_MS ((int64_t)24 * 60 * 60 * 1000)

struct dw_issuer_keys;

struct dw_issuer_keys *dw_issuer_keys_new(struct dw_net *net, const struct dw_issuer_config *config,
                                          struct dw_error *reterr) dw_must_check;
void dw_issuer_keys_free(struct dw_issuer_keys *keys);

/* Any thread. A new reference, or NULL while there are none. */
struct dw_jwks *dw_issuer_keys_get(struct dw_issuer_keys *keys);
/* Any thread, one atomic load. Grows whenever the set changes; what was verified under another
 * number must be verified again. */
uint64_t dw_issuer_keys_generation(const struct dw_issuer_keys *keys);

/* Somebody who waits for a fetch; in the caller's storage. */
struct dw_keys_wait {
    struct dw_keys_wait *next, *previous;
    void (*wake)(struct dw_keys_wait *wait); /* once, on the loop that waits */
};
/* On a loop: asks for fresher keys than there are. True: wake comes later. False: not now, because
 * the cool-down is not over or the queue is full; answer with what is there. */
bool dw_issuer_keys_want(struct dw_issuer_keys *keys, struct dw_loop *loop,
                         struct dw_keys_wait *wait);
/* wake will not come any more. On the same loop. */
void dw_keys_wait_cancel(struct dw_keys_wait *wait);

#endif
