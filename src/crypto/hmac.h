/* HMAC (RFC 2104). With SHA-256: signed cookies and form tokens, and keys for one purpose made from
 * a master key of 32 random bytes (the purpose is the message; NIST SP 800-108). With others: what
 * foreign formats ask for, such as the one-time passwords of RFC 6238. */
#ifndef DW_CRYPTO_HMAC_H
#define DW_CRYPTO_HMAC_H

#include "base/error.h"
#include "base/slice.h"
#include "crypto/digest.h"

#define DW_HMAC_SHA256_BYTES 32

/* Compare results with dw_secret_eq only. Fails with DW_UNAVAILABLE. */
bool dw_must_check dw_hmac_sha256(struct dw_secret key, struct dw_slice bytes,
                                  unsigned char ret_mac[static DW_HMAC_SHA256_BYTES],
                                  struct dw_error *reterr);

/* ret_mac  dw_digest_size(alg) bytes. Fails with DW_UNAVAILABLE. */
bool dw_must_check dw_hmac(enum dw_digest_alg alg, struct dw_secret key, struct dw_slice bytes,
                           unsigned char *ret_mac, struct dw_error *reterr);

#endif
