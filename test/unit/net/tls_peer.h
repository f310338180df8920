/* A peer that speaks TLS, with a certificate made for the test. */
#ifndef DW_TEST_TLS_PEER_H
#define DW_TEST_TLS_PEER_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "peer.h"

static char ca_file[64];

/* A certificate that signed itself, for `names` ("DNS:localhost"); ca_file trusts it. */
static inline void make_certificate(struct peer *server, const char *names, long ends_in_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    FILE *file;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), ends_in_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    server->tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server->tls, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->tls, key), 1);
    snprintf(ca_file, sizeof ca_file, "/tmp/doorward-test-ca-%d.pem", (int)getpid());
    file = fopen(ca_file, "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    X509_EXTENSION_free(extension);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

#endif
