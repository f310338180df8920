/* A certificate authority for development: it may certify the names of one machine only (RFC 5280
 * section 4.2.1.10, name constraints), so whoever steals its key gains little elsewhere. Immutable;
 * any thread. */
#ifndef DW_CRYPTO_AUTHORITY_H
#define DW_CRYPTO_AUTHORITY_H

#include "crypto/x509.h"

struct dw_authority;

/* A fresh one, EC P-256.
 *
 * request  common_name, life and serial; names: what it may certify besides localhost, *.localhost,
 *          *.localtest, *.test, 127.0.0.0/8 and ::1. A name covers those below it.
 *
 * NULL: DW_CONFIG (a name is neither a host name nor an address), DW_UNAVAILABLE, DW_NO_MEMORY. */
struct dw_authority *dw_authority_make(const struct dw_x509_request *request,
                                       struct dw_error *reterr) dw_must_check;
/* One that was kept. NULL: DW_MALFORMED (no certificate of an authority, or not of this key). */
struct dw_authority *dw_authority_open(struct dw_slice certificate_pem, struct dw_secret key_pem,
                                       struct dw_error *reterr) dw_must_check;
void dw_authority_free(struct dw_authority *authority); /* NULL is fine */
DW_AUTO_FREE(dw_authority_auto_free, struct dw_authority, dw_authority_free)

/* What is to be kept: the certificate, for everyone to trust, and the key, for nobody to see. */
bool dw_must_check dw_authority_pem(const struct dw_authority *authority, struct dw_arena *arena,
                                    struct dw_slice *ret_certificate_pem,
                                    struct dw_secret *ret_key_pem, struct dw_error *reterr);
int64_t dw_authority_not_after_s(const struct dw_authority *authority);

/* A certificate for a TLS server, PEM, in `arena`.
 *
 * key      the server's, private
 * request  names: what it is for
 *
 * Fails with DW_FORBIDDEN when the authority may not certify one of the names. */
bool dw_must_check dw_authority_issue(const struct dw_authority *authority,
                                      const struct dw_key *key,
                                      const struct dw_x509_request *request, struct dw_arena *arena,
                                      struct dw_slice *ret_pem, struct dw_error *reterr);

#endif
