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

#define DW_KEYS_UNKNOWN_KIDS 64

struct dw_issuer_keys;

/* How often the issuer is asked. */
struct dw_keys_pace {
    int64_t tick_ms;        /* how often it is looked whether something is due */
    int64_t refresh_ms;     /* in the background */
    int64_t cooldown_ms;    /* between fetches that tokens cause */
    int64_t early_ms;       /* the same for a few before it: keys may rotate just after a fetch */
    unsigned early_fetches; /* so many, until there was a cool-down without one */
    int64_t unknown_kid_ms; /* how long a `kid` that a fetch did not bring causes no other */
    int64_t stale_ms;       /* how long keys count while the issuer is silent */
};
extern const struct dw_keys_pace dw_keys_usual_pace;

/* The keys of one issuer. Copies the texts of `config`; the net must outlive it. */
struct dw_issuer_keys *dw_issuer_keys_new(struct dw_net *net, const struct dw_issuer_config *config,
                                          const struct dw_keys_pace *pace,
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
bool dw_issuer_keys_want(struct dw_issuer_keys *keys, struct dw_loop *loop, struct dw_slice kid,
                         struct dw_keys_wait *wait);
/* On a loop: a fetch was waited for and did not bring this `kid`, so for a while it causes none. Of
 * the last DW_KEYS_UNKNOWN_KIDS such ids that is known. Does nothing while the issuer is down. */
void dw_issuer_keys_lacks(struct dw_issuer_keys *keys, struct dw_loop *loop, struct dw_slice kid);
/* wake will not come any more. On the same loop. */
void dw_keys_wait_cancel(struct dw_keys_wait *wait);

#endif
