/* JSON Web Keys and sets of them (RFC 7517), ready to verify with. Immutable once made, safe to use
 * from any thread; reference counted. */
#ifndef DW_JOSE_JWK_H
#define DW_JOSE_JWK_H

#include "base/arena.h"
#include "base/error.h"
#include "crypto/key.h"
#include "jose/algorithm.h"
#include "json/json.h"

#define DW_JWKS_MAX_KEYS 64 /* those after are skipped */
#define DW_JWKS_MAX_BYTES (256 * 1024)

struct dw_jwks;

/* A bad or unknown key is skipped and counted, the set survives (RFC 7517 section 5). Fails with
 * DW_MALFORMED when it is no JWK Set at all. Of two keys with one kid the first counts. RSA keys
 * under 2,048 or over 8,192 bits, symmetric keys, `use` other than "sig", and keys published with
 * their private half (anyone can sign with those) are skipped. */
struct dw_jwks *dw_jwks_parse(struct dw_slice json, size_t *ret_skipped,
                              struct dw_error *reterr) dw_must_check;
/* The set of one key that somebody shows, such as the `jwk` of a DPoP proof, and its thumbprint.
 * Fails with DW_MALFORMED when dw_jwks_parse would skip it. */
struct dw_jwks *dw_jwks_of_one(const struct dw_json *jwk, struct dw_arena *arena,
                               struct dw_slice *ret_thumbprint,
                               struct dw_error *reterr) dw_must_check;
/* RFC 7638, with SHA-256, in base64url; in `arena`. */
bool dw_must_check dw_jwk_thumbprint(const struct dw_key *key, struct dw_arena *arena,
                                     struct dw_slice *ret_thumbprint, struct dw_error *reterr);
/* {"kty",...,"use":"sig","alg","kid"}: the public half of a key; in `arena`. */
bool dw_must_check dw_jwk_write(const struct dw_key *key, enum dw_jose_alg alg, struct dw_slice kid,
                                struct dw_arena *arena, struct dw_slice *ret_json,
                                struct dw_error *reterr);
struct dw_jwks *dw_jwks_ref(struct dw_jwks *keys);
void dw_jwks_unref(struct dw_jwks *keys); /* NULL is fine */
size_t dw_jwks_count(const struct dw_jwks *keys);
bool dw_jwks_has_kid(const struct dw_jwks *keys, struct dw_slice kid);

#endif
