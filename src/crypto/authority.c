/* The development authority with OpenSSL. */
#include "crypto/authority.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/key_internal.h"
#include "crypto/thread_internal.h"
#include "crypto/x509_internal.h"

#define CONSTRAINTS_BYTES ((size_t)16 * 1024)

/* Names that lead to this machine or are set aside for tests (RFC 6761, RFC 2606). */
#define MACHINE_NAMES                                                                              \
    "permitted;DNS:localhost,permitted;DNS:localtest,permitted;DNS:test,"                          \
    "permitted;IP:127.0.0.0/255.0.0.0,"                                                            \
    "permitted;IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

struct dw_authority {
    struct dw_key *key;
    X509 *certificate;
    NAME_CONSTRAINTS *constraints;
};

DW_AUTO_FREE(free_bio, BIO, BIO_free)
DW_AUTO_FREE(free_time, ASN1_TIME, ASN1_TIME_free)

static bool is_host_char(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.';
}

/* Only what cannot be mistaken for OpenSSL's own syntax gets into its configuration text. */
static bool add_constraint(struct dw_buf *out, struct dw_slice name, struct dw_error *reterr)
{
    ASN1_OCTET_STRING *address;
    char text[254];
    bool is_v6, is_host = name.len > 0 && name.len < sizeof text;

    if (is_host) {
        memcpy(text, name.ptr, name.len);
        text[name.len] = 0;
        address = a2i_IPADDRESS(text);
        if (address) {
            is_v6 = ASN1_STRING_length(address) == 16;
            ASN1_OCTET_STRING_free(address);
            dw_buf_printf(out, ",permitted;IP:%s/%s", text,
                          is_v6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255");
            return true;
        }
        ERR_clear_error();
    }
    for (size_t i = 0; is_host && i < name.len; i++)
        is_host = is_host_char((unsigned char)name.ptr[i]);
    if (!is_host)
        return dw_fail(reterr, DW_CONFIG,
                       "\"%.*s\" is neither a host name in lower case nor an address",
                       DW_PRINT(dw_slice_sub(name, 0, 64)));
    dw_buf_printf(out, ",permitted;DNS:%.*s", DW_PRINT(name));
    return true;
}

static bool constraints_text(struct dw_slices names, struct dw_arena *arena, char **ret_text,
                             struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    dw_buf_add(&out, DW_LIT("critical," MACHINE_NAMES));
    for (size_t i = 0; i < names.count; i++)
        if (!add_constraint(&out, names.items[i], reterr))
            return false;
    dw_buf_add_byte(&out, 0);
    if (!dw_buf_finish(&out, &text, reterr))
        return false;
    *ret_text = dw_arena_text(arena, dw_slice_sub(text, 0, text.len - 1));
    return *ret_text || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool certify_itself(const struct dw_key *key, const struct dw_x509_request *request,
                           X509 **ret_certificate, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(CONSTRAINTS_BYTES);
    dw_auto(dw_x509_auto_free) X509 *certificate = dw_x509_begin(key, request, reterr);
    char *constraints;

    if (!certificate)
        return false;
    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!constraints_text(request->names, arena, &constraints, reterr))
        return false;
    if (X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
        !dw_x509_add_extension(certificate, certificate, NID_basic_constraints,
                               "critical,CA:TRUE,pathlen:0") ||
        !dw_x509_add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign") ||
        !dw_x509_add_extension(certificate, certificate, NID_subject_key_identifier, "hash") ||
        !dw_x509_add_extension(certificate, certificate, NID_name_constraints, constraints))
        return dw_crypto_fail(reterr, "making the certificate of an authority");
    if (!dw_x509_sign(certificate, key, reterr))
        return false;
    *ret_certificate = certificate;
    certificate = NULL;
    return true;
}

/* Takes key and certificate, also when it fails. */
static struct dw_authority *wrap(struct dw_key *key, X509 *certificate, struct dw_error *reterr)
{
    struct dw_authority *authority = dw_mem_new(sizeof *authority);

    if (!authority) {
        X509_free(certificate);
        dw_key_unref(key);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    authority->key = key;
    authority->certificate = certificate;
    authority->constraints = X509_get_ext_d2i(certificate, NID_name_constraints, NULL, NULL);
    if (authority->constraints)
        return authority;
    ERR_clear_error();
    dw_authority_free(authority);
    (void)dw_fail(reterr, DW_MALFORMED, "this authority may certify any name at all");
    return NULL;
}

struct dw_authority *dw_authority_make(const struct dw_x509_request *request,
                                       struct dw_error *reterr)
{
    struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, reterr);
    X509 *certificate = NULL;

    if (!key)
        return NULL;
    if (certify_itself(key, request, &certificate, reterr))
        return wrap(key, certificate, reterr);
    dw_key_unref(key);
    return NULL;
}

struct dw_authority *dw_authority_open(struct dw_slice certificate_pem, struct dw_secret key_pem,
                                       struct dw_error *reterr)
{
    struct dw_key *key = dw_key_from_pem(key_pem, reterr);
    dw_auto(free_bio) BIO *bio = NULL;
    X509 *certificate = NULL;

    if (!key)
        return NULL;
    if (certificate_pem.len <= INT32_MAX)
        bio = BIO_new_mem_buf(certificate_pem.ptr, (int)certificate_pem.len);
    if (bio)
        certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (certificate && X509_check_ca(certificate) == 1 && dw_key_is_private(key) &&
        X509_check_private_key(certificate, key->pkey) == 1)
        return wrap(key, certificate, reterr);
    ERR_clear_error();
    X509_free(certificate);
    dw_key_unref(key);
    (void)dw_fail(reterr, DW_MALFORMED,
                  "the certificate is not that of an authority with this key");
    return NULL;
}

void dw_authority_free(struct dw_authority *authority)
{
    if (!authority)
        return;
    NAME_CONSTRAINTS_free(authority->constraints);
    X509_free(authority->certificate);
    dw_key_unref(authority->key);
    dw_mem_free(authority);
}

bool dw_authority_pem(const struct dw_authority *authority, struct dw_arena *arena,
                      struct dw_slice *ret_certificate_pem, struct dw_secret *ret_key_pem,
                      struct dw_error *reterr)
{
    struct dw_slice der;

    if (!dw_x509_to_der(authority->certificate, arena, &der, reterr) ||
        !dw_key_to_pem(authority->key, arena, ret_key_pem, reterr))
        return false;
    *ret_certificate_pem = dw_x509_pem(der, arena);
    return ret_certificate_pem->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

int64_t dw_authority_not_after_s(const struct dw_authority *authority)
{
    dw_auto(free_time) ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;

    if (!epoch ||
        ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(authority->certificate)) != 1)
        return 0; /* cannot tell: it has ended */
    return (int64_t)days * 86400 + seconds;
}

/* As whoever verifies would see it: OpenSSL finds names only in a certificate that was read. */
static bool is_permitted(const struct dw_authority *authority, X509 *certificate)
{
    dw_auto(dw_x509_auto_free) X509 *read = X509_dup(certificate);
    bool is_good = read && X509_check_purpose(read, -1, 0) == 1 &&
                   NAME_CONSTRAINTS_check(read, authority->constraints) == X509_V_OK;

    ERR_clear_error();
    return is_good;
}

bool dw_authority_issue(const struct dw_authority *authority, const struct dw_key *key,
                        const struct dw_x509_request *request, struct dw_arena *arena,
                        struct dw_slice *ret_pem, struct dw_error *reterr)
{
    dw_auto(dw_x509_auto_free) X509 *certificate = dw_x509_begin(key, request, reterr);
    struct dw_slice der;

    if (!certificate)
        return false;
    if (X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate)) != 1 ||
        !dw_x509_add_end_entity(certificate, authority->certificate, request->names) ||
        !dw_x509_add_extension(certificate, authority->certificate, NID_subject_key_identifier,
                               "hash") ||
        !dw_x509_add_extension(certificate, authority->certificate, NID_authority_key_identifier,
                               "keyid:always"))
        return dw_crypto_fail(reterr, "making a certificate");
    if (!dw_x509_sign(certificate, authority->key, reterr))
        return false;
    if (!is_permitted(authority, certificate))
        return dw_fail(reterr, DW_FORBIDDEN,
                       "the development authority may not certify one of these names");
    if (!dw_x509_to_der(certificate, arena, &der, reterr))
        return false;
    *ret_pem = dw_x509_pem(der, arena);
    return ret_pem->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
