/* The steps of making a certificate, for self-signed ones (x509.c) and an authority's
 * (authority.c). */
#ifndef DW_CRYPTO_X509_INTERNAL_H
#define DW_CRYPTO_X509_INTERNAL_H

#include <openssl/x509.h>

#include "crypto/x509.h"

DW_AUTO_FREE(dw_x509_auto_free, X509, X509_free)

/* Version, serial, subject, validity and public key; no issuer, no extensions, no signature. NULL:
 * DW_CONFIG (the request is crooked) or DW_UNAVAILABLE. */
X509 *dw_x509_begin(const struct dw_key *key, const struct dw_x509_request *request,
                    struct dw_error *reterr) dw_must_check;
/* issuer  for the identifiers of keys; `certificate` itself when it signs itself
 * value   as in OpenSSL's configuration files: never a peer's text */
bool dw_must_check dw_x509_add_extension(X509 *certificate, X509 *issuer, int nid,
                                         const char *value);
/* For a TLS server of these names; empty: no name, and no TLS server. */
bool dw_must_check dw_x509_add_end_entity(X509 *certificate, X509 *issuer, struct dw_slices names);
bool dw_must_check dw_x509_sign(X509 *certificate, const struct dw_key *signer,
                                struct dw_error *reterr);
bool dw_must_check dw_x509_to_der(X509 *certificate, struct dw_arena *arena,
                                  struct dw_slice *ret_der, struct dw_error *reterr);

#endif
