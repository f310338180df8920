/* Signatures over bytes, in the raw forms of RFC 7518 section 3: RSA as a number of the modulus'
 * length, ECDSA as r and s of the curve's length one after the other, Ed25519 as 64 bytes. Any
 * thread: each keeps the contexts of the keys it used last, which makes an RS256 verification as
 * fast as OpenSSL's own. */
#ifndef DW_CRYPTO_SIGN_H
#define DW_CRYPTO_SIGN_H

#include "crypto/digest.h"
#include "crypto/key.h"

enum dw_sign_padding {
    DW_SIGN_PLAIN, /* EC and Ed25519 keys */
    DW_SIGN_PKCS1, /* RSASSA-PKCS1-v1_5 */
    DW_SIGN_PSS,   /* RSASSA-PSS: salt as long as the digest, MGF1 with the same digest */
};

struct dw_sign_scheme {
    enum dw_digest_alg digest; /* not used by Ed25519 */
    enum dw_sign_padding padding;
};

#define DW_SIGNATURE_MAX_BYTES (DW_RSA_MAX_BITS / 8)

/* *ret_is_valid is true for a good signature only. False is returned when it could not be found
 * out: DW_UNAVAILABLE, DW_NO_MEMORY, or DW_INTERNAL for a scheme that does not fit the key. */
bool dw_must_check dw_sign_verify(const struct dw_key *key, struct dw_sign_scheme scheme,
                                  struct dw_slice bytes, struct dw_slice signature,
                                  bool *ret_is_valid, struct dw_error *reterr);
/* The signature lives in `arena`. ECDSA and PSS draw OpenSSL's own random numbers. */
bool dw_must_check dw_sign_make(const struct dw_key *key, struct dw_sign_scheme scheme,
                                struct dw_slice bytes, struct dw_arena *arena,
                                struct dw_slice *ret_signature, struct dw_error *reterr);

#endif
