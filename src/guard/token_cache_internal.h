/* Tokens that were judged before, one cache a loop: a hit costs a SHA-256 and a look-up instead of
 * a signature. Keyed by the digest, so it holds no bearer token. Bounded; the least recently used
 * goes first. Refusals are kept apart, so that made-up tokens push out no good one. Not
 * thread-safe. Only inside guard/. */
#ifndef DW_GUARD_TOKEN_CACHE_INTERNAL_H
#define DW_GUARD_TOKEN_CACHE_INTERNAL_H

#include <stdalign.h>

#include "base/map.h"
#include "crypto/digest.h"
#include "guard/guard.h"

#define DW_REFUSAL_MS (10 * 1000) /* how long a refusal is remembered */
#define DW_REFUSALS 1024          /* a loop */

/* One good token: a principal, and under which circumstances it was found. Counted references;
 * whoever holds one keeps it alive when the cache has dropped it. One allocation. */
struct dw_verdict {
    struct dw_principal principal; /* first: a principal handed out is the verdict's address */
    struct dw_access_token token;
    struct dw_verdict *newer, *older;
    unsigned char digest[DW_SHA256_BYTES];
    size_t references;
    size_t issuer_index;
    uint64_t generation;                /* of the issuer's keys it was verified under */
    int64_t forget_at_s;                /* the token's expiry with the leeway */
    alignas(max_align_t) char packed[]; /* everything the principal points to */
};

/* A deep copy with one reference. key: struct dw_principal's. NULL: out of memory. */
struct dw_verdict *dw_verdict_new(const struct dw_access_token *token,
                                  struct dw_slice key) dw_must_check;
struct dw_verdict *dw_verdict_ref(struct dw_verdict *verdict);
void dw_verdict_unref(struct dw_verdict *verdict); /* NULL is fine */

struct dw_token_cache;

/* NULL: out of memory. */
struct dw_token_cache *dw_token_cache_new(const struct dw_hash_seed *seed,
                                          size_t max_entries) dw_must_check;
void dw_token_cache_free(struct dw_token_cache *cache);
/* Borrowed until the cache is next changed; NULL when there is none. Whether it still counts is the
 * caller's to say; if not, it calls dw_token_cache_drop. */
struct dw_verdict *dw_token_cache_find(struct dw_token_cache *cache,
                                       const unsigned char digest[static DW_SHA256_BYTES]);
/* Takes a reference of its own. Does nothing when memory is short: the next request verifies again.
 */
void dw_token_cache_put(struct dw_token_cache *cache, struct dw_verdict *verdict);
void dw_token_cache_drop(struct dw_token_cache *cache, struct dw_verdict *verdict);
size_t dw_token_cache_count(const struct dw_token_cache *cache);

/* Why a token was refused a moment ago; NULL when it was not, or longer than DW_REFUSAL_MS ago, or
 * under another `generation` (of all issuers' keys). Borrowed until the next _refuse. */
const struct dw_error *dw_token_cache_refusal(const struct dw_token_cache *cache,
                                              const unsigned char digest[static DW_SHA256_BYTES],
                                              int64_t now_ms, uint64_t generation);
/* A newer refusal may take the place of an older one. */
void dw_token_cache_refuse(struct dw_token_cache *cache,
                           const unsigned char digest[static DW_SHA256_BYTES],
                           const struct dw_error *error, int64_t now_ms, uint64_t generation);

#endif
