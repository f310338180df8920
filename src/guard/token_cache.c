/* Tokens that were judged before: good ones in a map for finding and a ring for forgetting the
 * oldest, refused ones in a table where each digest has one place. */
#include "guard/token_cache_internal.h"

#include "base/mem.h"

struct refusal {
    unsigned char digest[DW_SHA256_BYTES];
    int64_t forget_at_ms; /* 0: empty */
    uint64_t generation;
    struct dw_error error;
};

struct dw_token_cache {
    struct dw_map *map;
    struct dw_verdict *newest, *oldest;
    size_t max_entries;
    struct refusal *refusals; /* DW_REFUSALS of them, from the first one on */
};

static struct dw_slice key_of(const struct dw_verdict *verdict)
{
    return dw_slice_from((const char *)verdict->digest, sizeof verdict->digest);
}

static void unlink_verdict(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    *(verdict->newer ? &verdict->newer->older : &cache->newest) = verdict->older;
    *(verdict->older ? &verdict->older->newer : &cache->oldest) = verdict->newer;
}

static void link_newest(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    verdict->newer = NULL;
    verdict->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = verdict;
    cache->newest = verdict;
}

struct dw_token_cache *dw_token_cache_new(const struct dw_hash_seed *seed, size_t max_entries)
{
    struct dw_token_cache *cache = dw_mem_new(sizeof *cache);

    if (!cache)
        return NULL;
    cache->map = dw_map_new(seed, max_entries);
    if (!cache->map) {
        dw_mem_free(cache);
        return NULL;
    }
    cache->max_entries = max_entries;
    return cache;
}

void dw_token_cache_free(struct dw_token_cache *cache)
{
    if (!cache)
        return;
    while (cache->newest)
        dw_token_cache_drop(cache, cache->newest);
    dw_map_free(cache->map);
    dw_mem_free(cache->refusals);
    dw_mem_free(cache);
}

struct dw_verdict *dw_token_cache_find(struct dw_token_cache *cache,
                                       const unsigned char digest[static DW_SHA256_BYTES])
{
    struct dw_verdict *verdict =
        dw_map_get(cache->map, dw_slice_from((const char *)digest, DW_SHA256_BYTES));

    if (verdict && cache->newest != verdict) {
        unlink_verdict(cache, verdict);
        link_newest(cache, verdict);
    }
    return verdict;
}

void dw_token_cache_put(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    struct dw_verdict *old = dw_map_get(cache->map, key_of(verdict));

    if (old)
        dw_token_cache_drop(cache, old);
    if (dw_map_count(cache->map) >= cache->max_entries && cache->oldest)
        dw_token_cache_drop(cache, cache->oldest);
    if (!dw_map_put(cache->map, key_of(verdict), verdict))
        return;
    link_newest(cache, dw_verdict_ref(verdict));
}

void dw_token_cache_drop(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    (void)dw_map_take(cache->map, key_of(verdict));
    unlink_verdict(cache, verdict);
    dw_verdict_unref(verdict);
}

size_t dw_token_cache_count(const struct dw_token_cache *cache)
{
    return dw_map_count(cache->map);
}

static size_t place_of(const unsigned char digest[static DW_SHA256_BYTES])
{
    return ((size_t)digest[0] << 8 | digest[1]) % DW_REFUSALS;
}

const struct dw_error *dw_token_cache_refusal(const struct dw_token_cache *cache,
                                              const unsigned char digest[static DW_SHA256_BYTES],
                                              int64_t now_ms, uint64_t generation)
{
    const struct refusal *refusal = cache->refusals ? &cache->refusals[place_of(digest)] : NULL;

    if (!refusal || refusal->forget_at_ms <= now_ms || refusal->generation != generation ||
        memcmp(refusal->digest, digest, DW_SHA256_BYTES) != 0)
        return NULL;
    return &refusal->error;
}

void dw_token_cache_refuse(struct dw_token_cache *cache,
                           const unsigned char digest[static DW_SHA256_BYTES],
                           const struct dw_error *error, int64_t now_ms, uint64_t generation)
{
    struct refusal *refusal;

    if (!cache->refusals)
        cache->refusals = dw_mem_new(DW_REFUSALS * sizeof *cache->refusals);
    if (!cache->refusals)
        return; /* the next time it is judged again */
    refusal = &cache->refusals[place_of(digest)];
    memcpy(refusal->digest, digest, DW_SHA256_BYTES);
    refusal->forget_at_ms = now_ms + DW_REFUSAL_MS;
    refusal->generation = generation;
    refusal->error = *error;
}
