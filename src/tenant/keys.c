/* The keyring; see keys_internal.h. Readers take references under a lock that is never held while
 * something slow happens. */
#include "tenant/keys_internal.h"

#include <pthread.h>

#include "base/mem.h"

/* Every algorithm's current, next and previous keys. */
#define MAX_KEYS 24
#define KEYRING_ARENA_BYTES ((size_t)1024 * 1024)

static const enum dw_jose_alg algs[] = {DW_ALG_RS256, DW_ALG_PS256, DW_ALG_ES256};
#define ALG_COUNT (sizeof algs / sizeof *algs)

struct dw_keyring {
    struct dw_store *store;
    struct dw_key_sealer sealer;
    char host[65];               /* X.520 ub-common-name: 64 */
    pthread_mutex_t change_lock; /* one change at a time; guards stamp */
    char stamp[DW_STORE_KEYS_STAMP_SIZE];
    pthread_mutex_t lock; /* guards what follows */
    struct dw_signing_key *current[DW_ALG_COUNT];
    struct dw_jwks *jwks;
    char *json;
    size_t json_len;
};

bool dw_keyring_has_alg(enum dw_jose_alg alg)
{
    return (unsigned)alg < DW_ALG_COUNT && (DW_KEYRING_ALGS & (1u << alg)) != 0;
}

/* ---- what is published ---- */

struct published {
    struct dw_signing_key *current[DW_ALG_COUNT];
    struct dw_jwks *jwks;
    char *json;
    size_t json_len;
};

static void drop(struct published *published)
{
    for (size_t at = 0; at < DW_ALG_COUNT; at++)
        dw_signing_key_unref(published->current[at]);
    dw_jwks_unref(published->jwks);
    dw_mem_free(published->json);
}

/* Takes over the references. */
static void swap(struct dw_keyring *ring, const struct published *fresh)
{
    struct published old;

    pthread_mutex_lock(&ring->lock);
    memcpy(old.current, ring->current, sizeof old.current);
    old.jwks = ring->jwks;
    old.json = ring->json;
    memcpy(ring->current, fresh->current, sizeof ring->current);
    ring->jwks = fresh->jwks;
    ring->json = fresh->json;
    ring->json_len = fresh->json_len;
    pthread_mutex_unlock(&ring->lock);
    drop(&old);
}

static bool fill(struct published *published, struct dw_signing_key *const *keys, size_t count,
                 struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice json;
    size_t skipped;

    if (!dw_signing_keys_jwks(keys, count, arena, &json, reterr))
        return false;
    published->jwks = dw_jwks_parse(json, &skipped, reterr);
    if (!published->jwks)
        return false;
    published->json = dw_mem_alloc(json.len + 1);
    if (!published->json)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    memcpy(published->json, json.ptr, json.len);
    published->json_len = json.len;
    return true;
}

/* Opens all keys, then publishes them together or not at all. */
static bool publish(struct dw_keyring *ring, const struct dw_signing_key_record *records,
                    size_t count, struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_signing_key *keys[MAX_KEYS];
    struct published fresh = {0};
    size_t opened = 0;
    bool is_done;

    while (opened < count && (keys[opened] = dw_key_record_open(&ring->sealer, &records[opened],
                                                                arena, reterr)) != NULL) {
        if (records[opened].phase == DW_SIGNING_KEY_CURRENT && !fresh.current[records[opened].alg])
            fresh.current[records[opened].alg] = dw_signing_key_ref(keys[opened]);
        opened++;
    }
    is_done = opened == count && fill(&fresh, keys, count, arena, reterr);
    while (opened > 0)
        dw_signing_key_unref(keys[--opened]);
    if (!is_done)
        drop(&fresh);
    else
        swap(ring, &fresh);
    return is_done;
}

static bool load(struct dw_keyring *ring, struct dw_arena *arena,
                 struct dw_signing_key_record **ret_records, size_t *ret_count,
                 struct dw_error *reterr)
{
    if (!dw_store_signing_keys(ring->store, false, arena, ret_records, ret_count, reterr))
        return false;
    if (*ret_count > MAX_KEYS)
        *ret_count = MAX_KEYS;
    return true;
}

/* With change_lock held; on failure what was there stays. */
static bool reload(struct dw_keyring *ring, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key_record *records;
    char stamp[DW_STORE_KEYS_STAMP_SIZE];
    size_t count;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    /* The stamp first: what changes in between is read twice, never missed. */
    if (!dw_store_signing_keys_stamp(ring->store, stamp, reterr) ||
        !load(ring, arena, &records, &count, reterr) ||
        !publish(ring, records, count, arena, reterr))
        return false;
    memcpy(ring->stamp, stamp, sizeof stamp);
    return true;
}

bool dw_keyring_watch(struct dw_keyring *ring, struct dw_error *reterr)
{
    char stamp[DW_STORE_KEYS_STAMP_SIZE];
    bool is_done;

    pthread_mutex_lock(&ring->change_lock);
    is_done = dw_store_signing_keys_stamp(ring->store, stamp, reterr) &&
              (memcmp(stamp, ring->stamp, sizeof stamp) == 0 || reload(ring, reterr));
    pthread_mutex_unlock(&ring->change_lock);
    return is_done;
}

/* ---- changes; all with change_lock held ---- */

static bool has_phase(const struct dw_signing_key_record *records, size_t count,
                      enum dw_jose_alg alg, enum dw_signing_key_phase phase)
{
    for (size_t at = 0; at < count; at++)
        if (records[at].alg == alg && records[at].phase == phase)
            return true;
    return false;
}

/* A current and a next key of the algorithm, where they are missing. Another process may do the
 * same: the store keeps the first of each. */
static bool make_missing(struct dw_keyring *ring, enum dw_jose_alg alg, int64_t now_s,
                         struct dw_error *reterr)
{
    static const enum dw_signing_key_phase phases[] = {DW_SIGNING_KEY_CURRENT, DW_SIGNING_KEY_NEXT};
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key_record *records, record;
    size_t count;
    bool was_added;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!load(ring, arena, &records, &count, reterr))
        return false;
    for (size_t at = 0; at < 2; at++)
        if (!has_phase(records, count, alg, phases[at]) &&
            (!dw_key_record_make(&ring->sealer, alg, phases[at], now_s, arena, &record, reterr) ||
             !dw_store_add_first_signing_key(ring->store, &record, &was_added, reterr)))
            return false;
    return true;
}

static bool revoke_oldest(struct dw_keyring *ring, enum dw_jose_alg alg, int64_t now_s,
                          struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_signing_key_record *records; /* newest first */
    size_t count, previous = 0;

    if (!dw_store_signing_keys(ring->store, false, arena, &records, &count, reterr))
        return false;
    for (size_t at = 0; at < count; at++)
        if (records[at].alg == alg && records[at].phase == DW_SIGNING_KEY_PREVIOUS &&
            ++previous > DW_KEYRING_MAX_PREVIOUS &&
            !dw_store_revoke_signing_key(ring->store, records[at].kid, now_s, reterr))
            return false;
    return true;
}

static bool rotate_alg(struct dw_keyring *ring, enum dw_jose_alg alg, int64_t now_s,
                       struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key_record *records, next;
    size_t count;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!load(ring, arena, &records, &count, reterr))
        return false;
    if (!has_phase(records, count, alg, DW_SIGNING_KEY_CURRENT))
        return true; /* nothing signs with it */
    return make_missing(ring, alg, now_s, reterr) &&
           dw_key_record_make(&ring->sealer, alg, DW_SIGNING_KEY_NEXT, now_s, arena, &next,
                              reterr) &&
           dw_store_rotate_signing_keys(ring->store, &next, now_s, reterr) &&
           revoke_oldest(ring, alg, now_s, arena, reterr);
}

bool dw_keyring_rotate(struct dw_keyring *ring, int64_t now_s, struct dw_error *reterr)
{
    bool is_done = true;

    pthread_mutex_lock(&ring->change_lock);
    for (size_t at = 0; is_done && at < ALG_COUNT; at++)
        is_done = rotate_alg(ring, algs[at], now_s, reterr);
    is_done = is_done && reload(ring, reterr);
    pthread_mutex_unlock(&ring->change_lock);
    return is_done;
}

/* A next key that was revoked has a successor at once. */
static bool revoke(struct dw_keyring *ring, struct dw_slice kid, int64_t now_s,
                   struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key_record *records;
    size_t count;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!load(ring, arena, &records, &count, reterr) ||
        !dw_store_revoke_signing_key(ring->store, kid, now_s, reterr))
        return false;
    for (size_t at = 0; at < count; at++)
        if (dw_slice_eq(records[at].kid, kid) && records[at].phase == DW_SIGNING_KEY_NEXT &&
            !make_missing(ring, records[at].alg, now_s, reterr))
            return false;
    return reload(ring, reterr);
}

bool dw_keyring_revoke(struct dw_keyring *ring, struct dw_slice kid, int64_t now_s,
                       struct dw_error *reterr)
{
    bool is_done;

    pthread_mutex_lock(&ring->change_lock);
    is_done = revoke(ring, kid, now_s, reterr);
    pthread_mutex_unlock(&ring->change_lock);
    return is_done;
}

/* ---- opening ---- */

struct dw_keyring *dw_keyring_open(struct dw_store *store, struct dw_secret master_key,
                                   struct dw_slice host, int64_t now_s, struct dw_error *reterr)
{
    struct dw_keyring *ring = dw_mem_new(sizeof *ring);

    if (!ring) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    ring->store = store;
    host = dw_slice_sub(host, 0, sizeof ring->host - 1);
    memcpy(ring->host, host.ptr, host.len);
    ring->sealer = (struct dw_key_sealer){master_key, dw_slice_from(ring->host, host.len)};
    pthread_mutex_init(&ring->change_lock, NULL);
    pthread_mutex_init(&ring->lock, NULL);
    if (!make_missing(ring, DW_ALG_RS256, now_s, reterr) || !reload(ring, reterr)) {
        dw_keyring_free(ring);
        return NULL;
    }
    return ring;
}

void dw_keyring_free(struct dw_keyring *ring)
{
    static const struct published nothing;

    if (!ring)
        return;
    swap(ring, &nothing);
    pthread_mutex_destroy(&ring->lock);
    pthread_mutex_destroy(&ring->change_lock);
    dw_mem_free(ring);
}

/* ---- for every thread ---- */

static struct dw_signing_key *current_key(struct dw_keyring *ring, enum dw_jose_alg alg)
{
    struct dw_signing_key *key;

    pthread_mutex_lock(&ring->lock);
    key = ring->current[alg] ? dw_signing_key_ref(ring->current[alg]) : NULL;
    pthread_mutex_unlock(&ring->lock);
    return key;
}

static bool make_signer(struct dw_keyring *ring, enum dw_jose_alg alg, int64_t now_s,
                        struct dw_error *reterr)
{
    struct dw_signing_key *made_meanwhile;
    bool is_done;

    pthread_mutex_lock(&ring->change_lock);
    made_meanwhile = current_key(ring, alg);
    is_done = made_meanwhile || (make_missing(ring, alg, now_s, reterr) && reload(ring, reterr));
    pthread_mutex_unlock(&ring->change_lock);
    dw_signing_key_unref(made_meanwhile);
    return is_done;
}

bool dw_keyring_signer(struct dw_keyring *ring, enum dw_jose_alg alg, int64_t now_s,
                       struct dw_signing_key **ret_key, struct dw_error *reterr)
{
    if (!dw_keyring_has_alg(alg))
        return dw_fail(reterr, DW_CONFIG, "the tenant does not sign with %s",
                       dw_jose_alg_name(alg));
    *ret_key = current_key(ring, alg);
    if (*ret_key)
        return true;
    if (!make_signer(ring, alg, now_s, reterr))
        return false;
    *ret_key = current_key(ring, alg);
    return *ret_key || dw_fail(reterr, DW_UNAVAILABLE, "the tenant has no signing key");
}

struct dw_jwks *dw_keyring_jwks(struct dw_keyring *ring)
{
    struct dw_jwks *jwks;

    pthread_mutex_lock(&ring->lock);
    jwks = ring->jwks ? dw_jwks_ref(ring->jwks) : NULL;
    pthread_mutex_unlock(&ring->lock);
    return jwks;
}

bool dw_keyring_json(struct dw_keyring *ring, struct dw_arena *arena, struct dw_slice *ret_json,
                     struct dw_error *reterr)
{
    pthread_mutex_lock(&ring->lock);
    *ret_json = dw_arena_copy(arena, dw_slice_from(ring->json ? ring->json : "", ring->json_len));
    pthread_mutex_unlock(&ring->lock);
    return ret_json->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
