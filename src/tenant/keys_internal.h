/* The signing keys of the tenant, out of the store: for each algorithm one that signs, one that is
 * published before it signs, and some that signed before. Made when they are first needed, sealed
 * at rest, read again when another process has changed them. */
#ifndef DW_TENANT_KEYS_INTERNAL_H
#define DW_TENANT_KEYS_INTERNAL_H

#include "jose/jwk.h"
#include "jose/signing_key.h"
#include "store/store.h"

/* So many keys that signed before stay published for each algorithm; a further rotation revokes the
 * oldest. */
#define DW_KEYRING_MAX_PREVIOUS 3

struct dw_keyring;

/* The algorithms that an API may sign with, each with keys of its own: RS256, PS256, ES256. */
bool dw_keyring_has_alg(enum dw_jose_alg alg);
#define DW_KEYRING_ALGS ((1u << DW_ALG_RS256) | (1u << DW_ALG_PS256) | (1u << DW_ALG_ES256))

/* master_key  32 bytes; must live as long as the ring
 * host        the common name of certificates
 * Makes the first RS256 keys when there are none. Fails with DW_CONFIG when the keys were sealed
 * with another master key. */
struct dw_keyring *dw_keyring_open(struct dw_store *store, struct dw_secret master_key,
                                   struct dw_slice host, int64_t now_s,
                                   struct dw_error *reterr) dw_must_check;
void dw_keyring_free(struct dw_keyring *ring);
/* Reads the store again when its keys are others than those read last: else one short query. On
 * failure what was there stays. */
bool dw_must_check dw_keyring_watch(struct dw_keyring *ring, struct dw_error *reterr);
/* The next key of every algorithm in use signs from now on, and a new one is published. The old one
 * stays published, so that its tokens stay good. */
bool dw_must_check dw_keyring_rotate(struct dw_keyring *ring, int64_t now_s,
                                     struct dw_error *reterr);
/* Publishes the key no more: what it signed is worthless at once. Fails with DW_NOT_FOUND, and with
 * DW_CONFLICT for the key that signs. */
bool dw_must_check dw_keyring_revoke(struct dw_keyring *ring, struct dw_slice kid, int64_t now_s,
                                     struct dw_error *reterr);

/* These: any thread. */
/* The key that signs, a new reference; makes the algorithm's keys when there are none yet. */
bool dw_must_check dw_keyring_signer(struct dw_keyring *ring, enum dw_jose_alg alg, int64_t now_s,
                                     struct dw_signing_key **ret_key, struct dw_error *reterr);
struct dw_jwks *dw_keyring_jwks(struct dw_keyring *ring); /* a new reference */
/* The document of /.well-known/jwks.json, copied to `arena`. */
bool dw_must_check dw_keyring_json(struct dw_keyring *ring, struct dw_arena *arena,
                                   struct dw_slice *ret_json, struct dw_error *reterr);

/* ---- key_records.c: between a key and its record ---- */
struct dw_key_sealer {
    struct dw_secret master_key;
    struct dw_slice host;
};
/* A fresh key; about 80 ms for RSA. */
bool dw_must_check dw_key_record_make(const struct dw_key_sealer *sealer, enum dw_jose_alg alg,
                                      enum dw_signing_key_phase phase, int64_t now_s,
                                      struct dw_arena *arena,
                                      struct dw_signing_key_record *ret_record,
                                      struct dw_error *reterr);
/* NULL: DW_CONFIG when it was sealed with another key. */
struct dw_signing_key *dw_key_record_open(const struct dw_key_sealer *sealer,
                                          const struct dw_signing_key_record *record,
                                          struct dw_arena *arena,
                                          struct dw_error *reterr) dw_must_check;

#endif
