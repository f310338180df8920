/* Certificates that are made when a client asks for a name; only inside net/. */
#ifndef DW_NET_TLS_ISSUER_INTERNAL_H
#define DW_NET_TLS_ISSUER_INTERNAL_H

#include <openssl/ssl.h>

#include "net/server.h"

struct dw_tls_issuer;

/* Makes the certificate for clients that name no host at once, so that a source that cannot is seen
 * early. */
struct dw_tls_issuer *dw_tls_issuer_new(const struct dw_certificate_source *source,
                                        struct dw_error *reterr) dw_must_check;
void dw_tls_issuer_free(struct dw_tls_issuer *issuer); /* NULL is fine */
/* Handshakes of this context ask the issuer, which must live as long. */
void dw_tls_issuer_install(struct dw_tls_issuer *issuer, SSL_CTX *context);

#endif
