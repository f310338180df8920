/* A handful of key sets, found by the digest of their URL; see client_keys_internal.h. What was
 * fetched from a URL is the same for every client that names it. */
#include "tenant/client_keys_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "crypto/digest.h"

struct entry {
    unsigned char url_digest[DW_SHA256_BYTES];
    struct dw_jwks *keys; /* NULL: a free place */
    int64_t fetched_at_s;
};

struct dw_client_keys_cache {
    pthread_mutex_t lock;
    struct entry entries[DW_CLIENT_KEYS_MAX];
};

struct dw_client_keys_cache *dw_client_keys_cache_new(struct dw_error *reterr)
{
    struct dw_client_keys_cache *cache = dw_mem_new(sizeof *cache);

    if (cache)
        pthread_mutex_init(&cache->lock, NULL);
    else
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return cache;
}

void dw_client_keys_cache_free(struct dw_client_keys_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < DW_CLIENT_KEYS_MAX; i++)
        dw_jwks_unref(cache->entries[i].keys);
    pthread_mutex_destroy(&cache->lock);
    dw_mem_free(cache);
}

/* The entry of the URL, or the one to give up for it. Under the lock. */
static struct entry *find(struct dw_client_keys_cache *cache, const unsigned char *digest)
{
    struct entry *oldest = &cache->entries[0];

    for (size_t i = 0; i < DW_CLIENT_KEYS_MAX; i++) {
        struct entry *entry = &cache->entries[i];

        if (entry->keys && memcmp(entry->url_digest, digest, DW_SHA256_BYTES) == 0)
            return entry;
        if (oldest->keys && (!entry->keys || entry->fetched_at_s < oldest->fetched_at_s))
            oldest = entry;
    }
    return oldest;
}

bool dw_client_keys_cache_get(struct dw_client_keys_cache *cache, struct dw_slice url,
                              int64_t now_s, struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];
    const struct entry *entry;

    *ret_keys = NULL;
    if (!dw_sha256(url, digest, reterr))
        return false;
    pthread_mutex_lock(&cache->lock);
    entry = find(cache, digest);
    if (entry->keys && memcmp(entry->url_digest, digest, sizeof digest) == 0 &&
        now_s >= entry->fetched_at_s && now_s - entry->fetched_at_s < DW_CLIENT_KEYS_AGE_S)
        *ret_keys = dw_jwks_ref(entry->keys);
    pthread_mutex_unlock(&cache->lock);
    return true;
}

bool dw_client_keys_cache_put(struct dw_client_keys_cache *cache, struct dw_slice url,
                              int64_t now_s, struct dw_jwks *keys, struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];
    struct entry *entry;
    struct dw_jwks *old;

    if (!dw_sha256(url, digest, reterr))
        return false;
    pthread_mutex_lock(&cache->lock);
    entry = find(cache, digest);
    old = entry->keys;
    memcpy(entry->url_digest, digest, sizeof digest);
    entry->keys = dw_jwks_ref(keys);
    entry->fetched_at_s = now_s;
    pthread_mutex_unlock(&cache->lock);
    dw_jwks_unref(old);
    return true;
}
