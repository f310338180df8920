/* Hashes (FIPS 180-4). SHA-1 is here for the x5t member of a JWK alone (RFC 7517 section 4.8). Any
 * thread; the algorithms are fetched once and each thread keeps its own context. */
#ifndef DW_CRYPTO_DIGEST_H
#define DW_CRYPTO_DIGEST_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

enum dw_digest_alg {
    DW_SHA256,
    DW_SHA384,
    DW_SHA512,
    DW_SHA1,
    DW_DIGEST_COUNT
};

#define DW_SHA256_BYTES 32
#define DW_DIGEST_MAX_BYTES 64

size_t dw_digest_size(enum dw_digest_alg alg);
/* ret_digest  dw_digest_size(alg) bytes. Fails with DW_UNAVAILABLE (OpenSSL) or DW_NO_MEMORY. */
bool dw_must_check dw_digest(enum dw_digest_alg alg, struct dw_slice bytes,
                             unsigned char *ret_digest, struct dw_error *reterr);
bool dw_must_check dw_sha256(struct dw_slice bytes,
                             unsigned char ret_digest[static DW_SHA256_BYTES],
                             struct dw_error *reterr);
/* The parts one after the other, each with its length (8 bytes) before it, so that ("ab", "c") and
 * ("a", "bc") differ. */
bool dw_must_check dw_sha256_parts(struct dw_slices parts,
                                   unsigned char ret_digest[static DW_SHA256_BYTES],
                                   struct dw_error *reterr);
/* The digest in base64url: PKCE S256 (RFC 7636 4.2), key thumbprints, tokens at rest. */
bool dw_must_check dw_sha256_base64url(struct dw_slice bytes, struct dw_arena *arena,
                                       struct dw_slice *ret_text, struct dw_error *reterr);

#endif
