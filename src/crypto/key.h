/* Asymmetric keys: RSA, ECDSA on the NIST curves, Ed25519. Immutable, reference counted, safe to
 * use from any thread. A key that is too weak cannot be made: whoever holds one may use it. */
#ifndef DW_CRYPTO_KEY_H
#define DW_CRYPTO_KEY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_RSA_MIN_BITS 2048 /* RFC 7518 3.3 MUST */
#define DW_RSA_MAX_BITS 8192 /* a verification stays under a millisecond */

enum dw_key_type {
    DW_KEY_UNKNOWN,
    DW_KEY_RSA,
    DW_KEY_P256,
    DW_KEY_P384,
    DW_KEY_P521,
    DW_KEY_ED25519,
    DW_KEY_TYPE_COUNT
};

struct dw_key;

/* The public half as big-endian bytes, as a JWK has them (RFC 7518 section 6, RFC 8037 section 2).
 * EC coordinates and Ed25519 keys have the exact length of their curve. */
struct dw_key_parts {
    enum dw_key_type type;
    struct dw_slice n, e; /* RSA */
    struct dw_slice x, y; /* EC; Ed25519 has x alone */
};

/* A public key. Fails with DW_MALFORMED and the reason: RSA modulus outside DW_RSA_MIN_BITS to
 * DW_RSA_MAX_BITS or even, exponent even, under 3 or over 32 bits, a point that is not on the
 * curve, a wrong length. */
struct dw_key *dw_key_from_parts(const struct dw_key_parts *parts,
                                 struct dw_error *reterr) dw_must_check;
/* A fresh private key with OpenSSL's own random numbers (docs/adr). rsa_bits counts for DW_KEY_RSA
 * only; 0: 2,048. About 80 ms for RSA: call it on a worker. */
struct dw_key *dw_key_generate(enum dw_key_type type, unsigned rsa_bits,
                               struct dw_error *reterr) dw_must_check;
/* "-----BEGIN PRIVATE KEY-----" (PKCS #8, not encrypted), the older RSA and EC forms, or a public
 * "-----BEGIN PUBLIC KEY-----". Fails with DW_MALFORMED. */
struct dw_key *dw_key_from_pem(struct dw_secret pem, struct dw_error *reterr) dw_must_check;
/* PKCS #8 of a private key, in `arena`: seal it before it is stored. DW_MALFORMED: it is public. */
bool dw_must_check dw_key_to_pem(const struct dw_key *key, struct dw_arena *arena,
                                 struct dw_secret *ret_pem, struct dw_error *reterr);

struct dw_key *dw_key_ref(struct dw_key *key);
void dw_key_unref(struct dw_key *key); /* NULL is fine */
DW_AUTO_FREE(dw_key_auto_unref, struct dw_key, dw_key_unref)

enum dw_key_type dw_key_type(const struct dw_key *key);
bool dw_key_is_private(const struct dw_key *key);
/* Everything in *ret_parts lives in `arena`. */
bool dw_must_check dw_key_parts(const struct dw_key *key, struct dw_arena *arena,
                                struct dw_key_parts *ret_parts, struct dw_error *reterr);

#endif
