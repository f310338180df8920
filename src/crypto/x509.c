/* Self-signed certificates with OpenSSL. */
#include "crypto/x509.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/text.h"
#include "crypto/key_internal.h"
#include "crypto/thread_internal.h"
#include "crypto/x509_internal.h"

#define MAX_NAMES 32
#define MAX_NAME_BYTES 253
#define LATEST_S 253402300799 /* 9999-12-31T23:59:59Z */

DW_AUTO_FREE(free_bn, BIGNUM, BN_free)
DW_AUTO_FREE(free_asn1_integer, ASN1_INTEGER, ASN1_INTEGER_free)
DW_AUTO_FREE(free_general_names, GENERAL_NAMES, GENERAL_NAMES_free)
DW_AUTO_FREE(free_pkcs7, PKCS7, PKCS7_free)

static bool check_request(const struct dw_key *key, const struct dw_x509_request *request,
                          struct dw_error *reterr)
{
    if (!dw_key_is_private(key))
        return dw_fail(reterr, DW_CONFIG, "a certificate needs the private key to sign it");
    if (request->common_name.len == 0 || request->common_name.len > 64 ||
        !dw_text_is_utf8(request->common_name))
        return dw_fail(reterr, DW_CONFIG, "the name in a certificate must have 1 to 64 bytes");
    if (request->not_before_s < 0 || request->not_after_s > LATEST_S ||
        request->not_before_s >= request->not_after_s)
        return dw_fail(reterr, DW_CONFIG, "a certificate must end after it begins");
    if (request->names.count > MAX_NAMES)
        return dw_fail(reterr, DW_CONFIG, "a certificate may have at most %d names", MAX_NAMES);
    for (size_t i = 0; i < request->names.count; i++)
        if (request->names.items[i].len == 0 || request->names.items[i].len > MAX_NAME_BYTES ||
            !dw_text_is_printable_ascii(request->names.items[i]))
            return dw_fail(reterr, DW_CONFIG, "name %zu for the certificate is no host name",
                           i + 1);
    return true;
}

static bool set_serial(X509 *certificate, const unsigned char serial[static DW_X509_SERIAL_BYTES])
{
    unsigned char positive[DW_X509_SERIAL_BYTES];
    dw_auto(free_bn) BIGNUM *number = NULL;
    dw_auto(free_asn1_integer) ASN1_INTEGER *integer = NULL;

    /* RFC 5280 4.1.2.2 MUST: positive, at most 20 octets */
    memcpy(positive, serial, sizeof positive);
    positive[0] = (unsigned char)((positive[0] & 0x7f) | 0x40);
    number = BN_bin2bn(positive, sizeof positive, NULL);
    integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    return integer && X509_set_serialNumber(certificate, integer) == 1;
}

static bool set_name(X509 *certificate, struct dw_slice common_name)
{
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                      MBSTRING_UTF8, (const unsigned char *)common_name.ptr,
                                      (int)common_name.len, -1, 0) == 1;
}

X509 *dw_x509_begin(const struct dw_key *key, const struct dw_x509_request *request,
                    struct dw_error *reterr)
{
    X509 *certificate;

    if (!check_request(key, request, reterr))
        return NULL;
    certificate = X509_new();
    if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate, request->serial) && set_name(certificate, request->common_name) &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), request->not_before_s) &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), request->not_after_s) &&
        X509_set_pubkey(certificate, key->pkey) == 1)
        return certificate;
    X509_free(certificate);
    (void)dw_crypto_fail(reterr, "making a certificate");
    return NULL;
}

/* One host name or IP address; names goes on owning what was added. */
static bool add_name(GENERAL_NAMES *names, struct dw_slice name)
{
    GENERAL_NAME *entry = GENERAL_NAME_new();
    char text[MAX_NAME_BYTES + 1];
    ASN1_OCTET_STRING *address;
    ASN1_IA5STRING *host = NULL;

    if (!entry)
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    address = a2i_IPADDRESS(text);
    if (address) {
        GENERAL_NAME_set0_value(entry, GEN_IPADD, address);
    } else {
        ERR_clear_error();
        host = ASN1_IA5STRING_new();
        if (!host || ASN1_STRING_set(host, name.ptr, (int)name.len) != 1) {
            ASN1_IA5STRING_free(host);
            GENERAL_NAME_free(entry);
            return false;
        }
        GENERAL_NAME_set0_value(entry, GEN_DNS, host);
    }
    if (sk_GENERAL_NAME_push(names, entry) > 0)
        return true;
    GENERAL_NAME_free(entry);
    return false;
}

bool dw_x509_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool is_added;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    is_added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

bool dw_x509_add_end_entity(X509 *certificate, X509 *issuer, struct dw_slices host_names)
{
    dw_auto(free_general_names) GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

    if (!names ||
        !dw_x509_add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
        !dw_x509_add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature"))
        return false;
    if (host_names.count == 0)
        return true;
    for (size_t i = 0; i < host_names.count; i++)
        if (!add_name(names, host_names.items[i]))
            return false;
    return dw_x509_add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
           X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
}

bool dw_x509_sign(X509 *certificate, const struct dw_key *signer, struct dw_error *reterr)
{
    const EVP_MD *md = NULL;

    if (dw_key_type(signer) != DW_KEY_ED25519) {
        md = dw_crypto_md(DW_SHA256, reterr);
        if (!md)
            return false;
    }
    return X509_sign(certificate, signer->pkey, md) != 0 ||
           dw_crypto_fail(reterr, "signing a certificate");
}

bool dw_x509_to_der(X509 *certificate, struct dw_arena *arena, struct dw_slice *ret_der,
                    struct dw_error *reterr)
{
    int len = i2d_X509(certificate, NULL);
    unsigned char *bytes = len > 0 ? dw_arena_alloc(arena, (size_t)len) : NULL;
    unsigned char *at = bytes;

    if (len <= 0)
        return dw_crypto_fail(reterr, "writing a certificate");
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (i2d_X509(certificate, &at) != len)
        return dw_crypto_fail(reterr, "writing a certificate");
    *ret_der = dw_slice_from((const char *)bytes, (size_t)len);
    return true;
}

bool dw_x509_self_sign(const struct dw_key *key, const struct dw_x509_request *request,
                       struct dw_arena *arena, struct dw_slice *ret_der, struct dw_error *reterr)
{
    dw_auto(dw_x509_auto_free) X509 *certificate = dw_x509_begin(key, request, reterr);

    if (!certificate)
        return false;
    if (X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
        !dw_x509_add_end_entity(certificate, certificate, request->names))
        return dw_crypto_fail(reterr, "making a certificate");
    return dw_x509_sign(certificate, key, reterr) &&
           dw_x509_to_der(certificate, arena, ret_der, reterr);
}

struct dw_slice dw_x509_pem(struct dw_slice der, struct dw_arena *arena)
{
    struct dw_slice rest = dw_text_base64(arena, der);
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice pem = {NULL, 0};

    if (!rest.ptr)
        return pem;
    dw_buf_add(&out, DW_LIT("-----BEGIN CERTIFICATE-----\n"));
    for (size_t at = 0; at < rest.len; at += 64) {
        dw_buf_add(&out, dw_slice_sub(rest, at, 64));
        dw_buf_add_byte(&out, '\n');
    }
    dw_buf_add(&out, DW_LIT("-----END CERTIFICATE-----\n"));
    return dw_buf_finish(&out, &pem, NULL) ? pem : (struct dw_slice){NULL, 0};
}

bool dw_x509_pkcs7(struct dw_slice der, struct dw_arena *arena, struct dw_slice *ret_der,
                   struct dw_error *reterr)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    dw_auto(dw_x509_auto_free) X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    dw_auto(free_pkcs7) PKCS7 *file = PKCS7_new();
    unsigned char *bytes, *end;
    int len;

    ERR_clear_error();
    if (!certificate)
        return dw_fail(reterr, DW_MALFORMED, "this is no certificate");
    if (!file || PKCS7_set_type(file, NID_pkcs7_signed) != 1 ||
        PKCS7_content_new(file, NID_pkcs7_data) != 1 ||
        PKCS7_add_certificate(file, certificate) != 1 || PKCS7_set_detached(file, 1) != 1)
        return dw_crypto_fail(reterr, "making a PKCS #7 file");
    len = i2d_PKCS7(file, NULL);
    if (len <= 0)
        return dw_crypto_fail(reterr, "writing a PKCS #7 file");
    bytes = end = dw_arena_alloc(arena, (size_t)len);
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (i2d_PKCS7(file, &end) != len)
        return dw_crypto_fail(reterr, "writing a PKCS #7 file");
    *ret_der = dw_slice_from((const char *)bytes, (size_t)len);
    return true;
}
