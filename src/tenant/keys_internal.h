/* The signing keys of the tenant, out of the store: made at first start, sealed at rest, reloaded
 * when another process has rotated them. */
#ifndef DW_TENANT_KEYS_INTERNAL_H
#define DW_TENANT_KEYS_INTERNAL_H

#include "jose/jwk.h"
#include "jose/signing_key.h"
#include "store/store.h"

struct dw_keyring;

/* master_key  32 bytes; must live as long as the ring
 * host        the common name of certificates
 * Makes the first key when there is none. Fails with DW_CONFIG when the keys were sealed with
 * another master key. */
struct dw_keyring *dw_keyring_open(struct dw_store *store, struct dw_secret master_key,
                                   struct dw_slice host, int64_t now_s,
                                   struct dw_error *reterr) dw_must_check;
void dw_keyring_free(struct dw_keyring *ring);
/* Reads the store again; on failure what was there stays. */
bool dw_must_check dw_keyring_reload(struct dw_keyring *ring, struct dw_error *reterr);
/* A new current key; the old one stays published, so that its tokens stay good. */
bool dw_must_check dw_keyring_rotate(struct dw_keyring *ring, int64_t now_s,
                                     struct dw_error *reterr);

/* These three: any thread. */
struct dw_signing_key *dw_keyring_current(struct dw_keyring *ring); /* a new reference */
struct dw_jwks *dw_keyring_jwks(struct dw_keyring *ring);           /* a new reference */
/* The document of /.well-known/jwks.json, copied to `arena`. */
bool dw_must_check dw_keyring_json(struct dw_keyring *ring, struct dw_arena *arena,
                                   struct dw_slice *ret_json, struct dw_error *reterr);

#endif
