/* The keyring; see keys_internal.h. Readers take references under a lock that is never held while
 * something slow happens. */
#include "tenant/keys_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/seal.h"
#include "crypto/x509.h"
#include "sys/sys.h"

/* More are never published at once: previous, current, next, and a few in between. */
#define MAX_KEYS 16
#define RSA_BITS 2048
#define CERTIFICATE_LIFETIME_S ((int64_t)10 * 365 * 86400)
#define KID_BYTES 16
#define KEYRING_ARENA_BYTES ((size_t)1024 * 1024)

struct dw_keyring {
    struct dw_store *store;
    struct dw_secret master_key;
    char host[65];        /* X.520 ub-common-name: 64 */
    pthread_mutex_t lock; /* guards what follows */
    struct dw_signing_key *current;
    struct dw_jwks *jwks;
    char *json;
    size_t json_len;
};

static struct dw_slice seal_context(struct dw_arena *arena, struct dw_slice kid)
{
    return dw_arena_printf(arena, "signing-key:%.*s", DW_PRINT(kid));
}

/* The one member of {"keys":[...]}. */
static bool public_jwk(struct dw_signing_key *key, struct dw_arena *arena,
                       struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_slice set;
    const struct dw_json *document, *keys;

    if (!dw_signing_keys_jwks(&key, 1, arena, &set, reterr) ||
        !dw_json_parse(set, arena, &document, reterr))
        return false;
    keys = dw_json_get(document, "keys");
    if (!keys || keys->type != DW_JSON_ARRAY || keys->array.count != 1)
        return dw_fail(reterr, DW_INTERNAL, "a JWK Set of one key has another form");
    *ret_json = keys->array.items[0].raw;
    return true;
}

static bool self_sign(const struct dw_keyring *ring, const struct dw_key *key, int64_t now_s,
                      struct dw_arena *arena, struct dw_slice *ret_der, struct dw_error *reterr)
{
    struct dw_x509_request request = {
        .common_name = dw_slice_from_text(ring->host),
        .not_before_s = now_s - 3600,
        .not_after_s = now_s + CERTIFICATE_LIFETIME_S,
    };

    dw_sys_random(request.serial, sizeof request.serial);
    return dw_x509_self_sign(key, &request, arena, ret_der, reterr);
}

static bool make_record(const struct dw_keyring *ring, int64_t now_s, struct dw_arena *arena,
                        struct dw_signing_key_record *ret_record, struct dw_error *reterr)
{
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_RSA, RSA_BITS, reterr);
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *signing_key = NULL;
    unsigned char kid[KID_BYTES], nonce[DW_SEAL_NONCE_BYTES];
    struct dw_secret pem;

    if (!key)
        return false;
    dw_sys_random(kid, sizeof kid);
    dw_sys_random(nonce, sizeof nonce);
    *ret_record = (struct dw_signing_key_record){
        .kid = dw_text_base64url(arena, dw_slice_from((const char *)kid, sizeof kid)),
        .alg = DW_ALG_RS256,
        .phase = DW_SIGNING_KEY_CURRENT,
        .created_at_s = now_s,
        .current_since_s = now_s,
    };
    if (!ret_record->kid.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!self_sign(ring, key, now_s, arena, &ret_record->certificate_der, reterr))
        return false;
    signing_key =
        dw_signing_key_new(key, DW_ALG_RS256, ret_record->kid, ret_record->certificate_der, reterr);
    return signing_key && public_jwk(signing_key, arena, &ret_record->public_jwk_json, reterr) &&
           dw_signing_key_pem(signing_key, arena, &pem, reterr) &&
           dw_seal(ring->master_key, nonce, seal_context(arena, ret_record->kid), pem, arena,
                   &ret_record->sealed_private_key, reterr);
}

static struct dw_signing_key *open_record(const struct dw_keyring *ring,
                                          const struct dw_signing_key_record *record,
                                          struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_secret pem;
    struct dw_key *key;
    struct dw_signing_key *signing_key;

    if (!dw_unseal(ring->master_key, seal_context(arena, record->kid), record->sealed_private_key,
                   arena, &pem, reterr)) {
        (void)dw_fail(reterr, DW_CONFIG,
                      "the signing keys in the store were sealed under another key; start with the "
                      "DOORWARD_KEY or key file it was made with");
        return NULL;
    }
    key = dw_key_from_pem(pem, reterr);
    if (!key)
        return NULL;
    signing_key =
        dw_signing_key_new(key, record->alg, record->kid, record->certificate_der, reterr);
    dw_key_unref(key);
    return signing_key;
}

/* Takes over the references. */
static void swap(struct dw_keyring *ring, struct dw_signing_key *current, struct dw_jwks *jwks,
                 char *json, size_t json_len)
{
    struct dw_signing_key *old_current;
    struct dw_jwks *old_jwks;
    char *old_json;

    pthread_mutex_lock(&ring->lock);
    old_current = ring->current;
    old_jwks = ring->jwks;
    old_json = ring->json;
    ring->current = current;
    ring->jwks = jwks;
    ring->json = json;
    ring->json_len = json_len;
    pthread_mutex_unlock(&ring->lock);
    dw_signing_key_unref(old_current);
    dw_jwks_unref(old_jwks);
    dw_mem_free(old_json);
}

static bool publish(struct dw_keyring *ring, struct dw_signing_key *const *keys, size_t count,
                    struct dw_signing_key *current, struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice json;
    struct dw_jwks *jwks;
    size_t skipped;
    char *copy;

    if (!current)
        return dw_fail(reterr, DW_CONFIG, "the store has no current signing key");
    if (!dw_signing_keys_jwks(keys, count, arena, &json, reterr))
        return false;
    jwks = dw_jwks_parse(json, &skipped, reterr);
    if (!jwks)
        return false;
    copy = dw_mem_alloc(json.len + 1);
    if (!copy) {
        dw_jwks_unref(jwks);
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    memcpy(copy, json.ptr, json.len);
    swap(ring, dw_signing_key_ref(current), jwks, copy, json.len);
    return true;
}

bool dw_keyring_reload(struct dw_keyring *ring, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key *keys[MAX_KEYS], *current = NULL;
    struct dw_signing_key_record *records;
    size_t count, opened = 0;
    bool is_done = false;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_signing_keys(ring->store, false, arena, &records, &count, reterr))
        return false;
    if (count > MAX_KEYS)
        count = MAX_KEYS;
    while (opened < count &&
           (keys[opened] = open_record(ring, &records[opened], arena, reterr)) != NULL) {
        if (records[opened].phase == DW_SIGNING_KEY_CURRENT)
            current = keys[opened];
        opened++;
    }
    if (opened == count)
        is_done = publish(ring, keys, count, current, arena, reterr);
    while (opened > 0)
        dw_signing_key_unref(keys[--opened]);
    return is_done;
}

bool dw_keyring_rotate(struct dw_keyring *ring, int64_t now_s, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key_record record;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return make_record(ring, now_s, arena, &record, reterr) &&
           dw_store_add_signing_key(ring->store, &record, reterr) &&
           dw_keyring_reload(ring, reterr);
}

static bool make_first(struct dw_keyring *ring, int64_t now_s, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(KEYRING_ARENA_BYTES);
    struct dw_signing_key_record *records, record;
    size_t count;
    bool was_added;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_signing_keys(ring->store, false, arena, &records, &count, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if (records[i].phase == DW_SIGNING_KEY_CURRENT)
            return true;
    return make_record(ring, now_s, arena, &record, reterr) &&
           dw_store_add_first_signing_key(ring->store, &record, &was_added, reterr);
}

struct dw_keyring *dw_keyring_open(struct dw_store *store, struct dw_secret master_key,
                                   struct dw_slice host, int64_t now_s, struct dw_error *reterr)
{
    struct dw_keyring *ring = dw_mem_new(sizeof *ring);

    if (!ring) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    ring->store = store;
    ring->master_key = master_key;
    host = dw_slice_sub(host, 0, sizeof ring->host - 1);
    memcpy(ring->host, host.ptr, host.len);
    pthread_mutex_init(&ring->lock, NULL);
    if (!make_first(ring, now_s, reterr) || !dw_keyring_reload(ring, reterr)) {
        dw_keyring_free(ring);
        return NULL;
    }
    return ring;
}

void dw_keyring_free(struct dw_keyring *ring)
{
    if (!ring)
        return;
    swap(ring, NULL, NULL, NULL, 0);
    pthread_mutex_destroy(&ring->lock);
    dw_mem_free(ring);
}

struct dw_signing_key *dw_keyring_current(struct dw_keyring *ring)
{
    struct dw_signing_key *key;

    pthread_mutex_lock(&ring->lock);
    key = ring->current ? dw_signing_key_ref(ring->current) : NULL;
    pthread_mutex_unlock(&ring->lock);
    return key;
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
