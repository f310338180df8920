/* Self-signed certificates: the x5c and x5t members of a JWK, and TLS for development. */
#ifndef DW_CRYPTO_X509_H
#define DW_CRYPTO_X509_H

#include "crypto/key.h"

#define DW_X509_SERIAL_BYTES 16

struct dw_x509_request {
    struct dw_slice common_name; /* 1 to 64 bytes of UTF-8 */
    struct dw_slices names;      /* host names and IP addresses it is for; may be empty */
    int64_t not_before_s;        /* Unix seconds, up to the year 9999 */
    int64_t not_after_s;
    unsigned char serial[DW_X509_SERIAL_BYTES]; /* random */
};

/* X.509 v3, signed with SHA-256 (Ed25519: with itself) by the private key it certifies; DER, in
 * `arena`. */
bool dw_must_check dw_x509_self_sign(const struct dw_key *key,
                                     const struct dw_x509_request *request, struct dw_arena *arena,
                                     struct dw_slice *ret_der, struct dw_error *reterr);
/* "-----BEGIN CERTIFICATE-----" ... ptr NULL when memory is short. */
struct dw_slice dw_x509_pem(struct dw_slice der, struct dw_arena *arena);

/* The certificate alone in a PKCS #7 file without signatures ("certs-only", RFC 2315), DER, in
 * `arena`. Fails with DW_MALFORMED when it is no certificate. */
bool dw_must_check dw_x509_pkcs7(struct dw_slice der, struct dw_arena *arena,
                                 struct dw_slice *ret_der, struct dw_error *reterr);

#endif
