/* A handful of key sets, found by the digest of their URL; see client_keys_internal.h. What was
 * fetched from a URL is the same for everybody who names it. */
#include "tenant/client_keys_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "crypto/digest.h"

struct dw_keys_place {
    unsigned char url_digest[DW_SHA256_BYTES];
    bool is_used;
    bool is_fetching;     /* by one call; the others wait, and the place stays its own */
    struct dw_jwks *keys; /* NULL: never had */
    int64_t fetched_at_s; /* when they were had */
    int64_t tried_at_s;   /* when a fetch last began; 0: never */
};

struct dw_client_keys_cache {
    pthread_mutex_t lock;
    pthread_cond_t has_fetched;
    struct dw_keys_place places[DW_CLIENT_KEYS_MAX];
};

struct dw_client_keys_cache *dw_client_keys_cache_new(struct dw_error *reterr)
{
    struct dw_client_keys_cache *cache = dw_mem_new(sizeof *cache);

    if (!cache) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->has_fetched, NULL);
    return cache;
}

void dw_client_keys_cache_free(struct dw_client_keys_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < DW_CLIENT_KEYS_MAX; i++)
        dw_jwks_unref(cache->places[i].keys);
    pthread_cond_destroy(&cache->has_fetched);
    pthread_mutex_destroy(&cache->lock);
    dw_mem_free(cache);
}

/* The place of the URL, or NULL. Under the lock. */
static struct dw_keys_place *find(struct dw_client_keys_cache *cache, const unsigned char *digest)
{
    for (size_t i = 0; i < DW_CLIENT_KEYS_MAX; i++)
        if (cache->places[i].is_used &&
            memcmp(cache->places[i].url_digest, digest, DW_SHA256_BYTES) == 0)
            return &cache->places[i];
    return NULL;
}

/* A place for a new URL: a free one, else that of the one that was fetched longest ago. NULL: all
 * are being fetched. Under the lock. */
static struct dw_keys_place *make(struct dw_client_keys_cache *cache, const unsigned char *digest)
{
    struct dw_keys_place *oldest = NULL;

    for (size_t i = 0; i < DW_CLIENT_KEYS_MAX; i++) {
        struct dw_keys_place *place = &cache->places[i];

        if (!place->is_fetching && (!oldest || (oldest->is_used && !place->is_used) ||
                                    (oldest->is_used && place->tried_at_s < oldest->tried_at_s)))
            oldest = place;
    }
    if (!oldest)
        return NULL;
    dw_jwks_unref(oldest->keys);
    *oldest = (struct dw_keys_place){.is_used = true};
    memcpy(oldest->url_digest, digest, DW_SHA256_BYTES);
    return oldest;
}

/* A clock that went back makes nothing young. */
static bool is_within(int64_t since_s, int64_t now_s, int64_t age_s)
{
    return since_s != 0 && now_s >= since_s && now_s - since_s < age_s;
}

/* What a call does next; true: it is served. Under the lock. */
static bool serve(struct dw_keys_place *place, int64_t now_s, enum dw_keys_need need,
                  bool has_waited, struct dw_jwks **ret_keys, struct dw_keys_place **ret_place)
{
    bool is_good =
        place->keys &&
        is_within(place->fetched_at_s, now_s,
                  place->is_fetching || is_within(place->tried_at_s, now_s, DW_CLIENT_KEYS_RETRY_S)
                      ? DW_CLIENT_KEYS_STALE_S
                      : DW_CLIENT_KEYS_AGE_S);

    if (is_good && (need == DW_KEYS_ANY || has_waited)) {
        *ret_keys = dw_jwks_ref(place->keys);
        return true;
    }
    if (place->is_fetching)
        return false;
    if (is_within(place->tried_at_s, now_s, DW_CLIENT_KEYS_RETRY_S))
        return true;
    place->is_fetching = true;
    place->tried_at_s = now_s;
    *ret_place = place;
    return true;
}

/* Waits while another call fetches them. *ret_keys: a new reference, or NULL: none are to be had
 * now (NEWER: no newer ones). *ret_place not NULL: then *ret_keys is, and this call fetches, and
 * says with `put` how that ended, whatever happens. */
static bool get(struct dw_client_keys_cache *cache, struct dw_slice url, int64_t now_s,
                enum dw_keys_need need, struct dw_jwks **ret_keys, struct dw_keys_place **ret_place,
                struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];
    struct dw_keys_place *place;
    bool has_waited = false;

    *ret_keys = NULL;
    *ret_place = NULL;
    if (!dw_sha256(url, digest, reterr))
        return false;
    pthread_mutex_lock(&cache->lock);
    for (;;) {
        place = find(cache, digest);
        if (!place)
            place = make(cache, digest);
        if (!place || serve(place, now_s, need, has_waited, ret_keys, ret_place))
            break;
        has_waited = true;
        pthread_cond_wait(&cache->has_fetched, &cache->lock);
    }
    pthread_mutex_unlock(&cache->lock);
    return true;
}

/* A reference to what counts now: `keys` with GOT; with FAILED what was known, if it is young
 * enough; else NULL. */
static struct dw_jwks *put(struct dw_client_keys_cache *cache, struct dw_keys_place *place,
                           int64_t now_s, enum dw_keys_fetched fetched, struct dw_jwks *keys)
{
    struct dw_jwks *old = NULL, *good = NULL;

    pthread_mutex_lock(&cache->lock);
    place->is_fetching = false;
    if (fetched == DW_KEYS_NOT_TRIED)
        place->tried_at_s = 0;
    if (fetched == DW_KEYS_GOT) {
        old = place->keys;
        place->keys = dw_jwks_ref(keys);
        place->fetched_at_s = now_s;
    }
    if (fetched != DW_KEYS_NOT_TRIED && place->keys &&
        is_within(place->fetched_at_s, now_s, DW_CLIENT_KEYS_STALE_S))
        good = dw_jwks_ref(place->keys);
    pthread_cond_broadcast(&cache->has_fetched);
    pthread_mutex_unlock(&cache->lock);
    dw_jwks_unref(old);
    return good;
}

bool dw_client_keys_fetch(struct dw_client_keys_cache *cache, struct dw_tenant_call *call,
                          struct dw_slice url, enum dw_keys_need need, dw_keys_download *download,
                          struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    enum dw_keys_fetched fetched;
    struct dw_keys_place *place;
    struct dw_jwks *keys = NULL;

    if (!get(cache, url, call->now_s, need, ret_keys, &place, reterr))
        return false;
    if (place) {
        fetched = download(call, url, &keys, reterr);
        *ret_keys = put(cache, place, call->now_s, fetched, keys);
        dw_jwks_unref(keys);
        return *ret_keys != NULL;
    }
    return *ret_keys || dw_fail(reterr, DW_UNAVAILABLE, "they could not be had a moment ago");
}
