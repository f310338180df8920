/* Tokens that were judged before: a map for finding, a ring for forgetting the oldest. */
#include "guard/token_cache_internal.h"

#include "base/mem.h"

struct dw_token_cache {
    struct dw_map *map;
    struct dw_verdict ring; /* .older is the newest, .newer the oldest */
    size_t max_entries;
};

struct dw_verdict *dw_verdict_new(void)
{
    struct dw_verdict *verdict = dw_mem_new(sizeof *verdict);

    if (!verdict)
        return NULL;
    verdict->arena = dw_arena_new(DW_VERDICT_ARENA_BYTES);
    if (!verdict->arena) {
        dw_mem_free(verdict);
        return NULL;
    }
    verdict->references = 1;
    verdict->principal.token = &verdict->token;
    return verdict;
}

struct dw_verdict *dw_verdict_ref(struct dw_verdict *verdict)
{
    verdict->references++;
    return verdict;
}

void dw_verdict_unref(struct dw_verdict *verdict)
{
    if (!verdict || --verdict->references)
        return;
    dw_arena_free(verdict->arena);
    dw_mem_free(verdict);
}

static struct dw_slice key_of(const struct dw_verdict *verdict)
{
    return dw_slice_from((const char *)verdict->digest, sizeof verdict->digest);
}

static void unlink_verdict(struct dw_verdict *verdict)
{
    verdict->newer->older = verdict->older;
    verdict->older->newer = verdict->newer;
}

static void link_newest(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    verdict->newer = &cache->ring;
    verdict->older = cache->ring.older;
    verdict->older->newer = verdict;
    cache->ring.older = verdict;
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
    cache->ring.newer = cache->ring.older = &cache->ring;
    return cache;
}

void dw_token_cache_free(struct dw_token_cache *cache)
{
    if (!cache)
        return;
    while (cache->ring.older != &cache->ring)
        dw_token_cache_drop(cache, cache->ring.older);
    dw_map_free(cache->map);
    dw_mem_free(cache);
}

struct dw_verdict *dw_token_cache_find(struct dw_token_cache *cache,
                                       const unsigned char digest[static DW_SHA256_BYTES])
{
    struct dw_verdict *verdict =
        dw_map_get(cache->map, dw_slice_from((const char *)digest, DW_SHA256_BYTES));

    if (verdict && cache->ring.older != verdict) {
        unlink_verdict(verdict);
        link_newest(cache, verdict);
    }
    return verdict;
}

void dw_token_cache_put(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    struct dw_verdict *old = dw_map_get(cache->map, key_of(verdict));

    if (old)
        dw_token_cache_drop(cache, old);
    if (dw_map_count(cache->map) >= cache->max_entries && cache->ring.newer != &cache->ring)
        dw_token_cache_drop(cache, cache->ring.newer);
    if (!dw_map_put(cache->map, key_of(verdict), verdict))
        return;
    link_newest(cache, dw_verdict_ref(verdict));
}

void dw_token_cache_drop(struct dw_token_cache *cache, struct dw_verdict *verdict)
{
    (void)dw_map_take(cache->map, key_of(verdict));
    unlink_verdict(verdict);
    dw_verdict_unref(verdict);
}

size_t dw_token_cache_count(const struct dw_token_cache *cache)
{
    return dw_map_count(cache->map);
}
