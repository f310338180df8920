/* A private key with what JOSE needs to know about it: algorithm, kid, certificate. Immutable,
 * reference counted, safe from any thread. */
#ifndef DW_JOSE_SIGNING_KEY_H
#define DW_JOSE_SIGNING_KEY_H

#include "crypto/key.h"
#include "jose/algorithm.h"

#define DW_KID_MAX_BYTES 256

struct dw_signing_key;

/* key              private, of a type that fits alg; a reference is taken
 * kid              empty: its thumbprint (RFC 7638)
 * certificate_der  for x5c and x5t; may be empty
 * Fails with DW_CONFIG when they do not fit together. */
struct dw_signing_key *dw_signing_key_new(struct dw_key *key, enum dw_jose_alg alg,
                                          struct dw_slice kid, struct dw_slice certificate_der,
                                          struct dw_error *reterr) dw_must_check;
/* The type of key to generate for an algorithm (dw_key_generate). */
enum dw_key_type dw_jose_alg_key_type(enum dw_jose_alg alg);
struct dw_signing_key *dw_signing_key_ref(struct dw_signing_key *key);
void dw_signing_key_unref(struct dw_signing_key *key); /* NULL is fine */
DW_AUTO_FREE(dw_signing_key_auto_unref, struct dw_signing_key, dw_signing_key_unref)

struct dw_slice dw_signing_key_kid(const struct dw_signing_key *key);
enum dw_jose_alg dw_signing_key_alg(const struct dw_signing_key *key);
/* The key itself; lives as long as `key`. */
const struct dw_key *dw_signing_key_key(const struct dw_signing_key *key);
/* DER; empty: it has none. Lives as long as `key`. */
struct dw_slice dw_signing_key_certificate(const struct dw_signing_key *key);
/* To store: PKCS #8, in `arena`. Seal it. */
bool dw_must_check dw_signing_key_pem(const struct dw_signing_key *key, struct dw_arena *arena,
                                      struct dw_secret *ret_pem, struct dw_error *reterr);

/* {"keys":[{"kty","use":"sig","alg","kid",...,"x5t","x5c"}]}: the public halves, in that order;
 * what the tenant serves at /.well-known/jwks.json and what dw_jwks_parse reads. */
bool dw_must_check dw_signing_keys_jwks(struct dw_signing_key *const *keys, size_t count,
                                        struct dw_arena *arena, struct dw_slice *ret_json,
                                        struct dw_error *reterr);

#endif
