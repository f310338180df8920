/* Making, reading and writing keys with OpenSSL. */
#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "crypto/key_internal.h"
#include "crypto/thread_internal.h"

#define MAX_PEM_BYTES (64 * 1024)

DW_AUTO_FREE(free_bn, BIGNUM, BN_free)
DW_AUTO_FREE(free_bio, BIO, BIO_free)
DW_AUTO_FREE(free_params, OSSL_PARAM, OSSL_PARAM_free)
DW_AUTO_FREE(free_builder, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
DW_AUTO_FREE(free_context, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

static const struct dw_key_type_row rows[DW_KEY_TYPE_COUNT] = {
    [DW_KEY_P256] = {"prime256v1", 32},
    [DW_KEY_P384] = {"secp384r1", 48},
    [DW_KEY_P521] = {"secp521r1", 66},
    [DW_KEY_ED25519] = {NULL, 32},
};

static atomic_uint_fast64_t last_id;

const struct dw_key_type_row *dw_key_type_row(enum dw_key_type type)
{
    return &rows[(unsigned)type < DW_KEY_TYPE_COUNT ? type : DW_KEY_UNKNOWN];
}

/* Takes pkey, also when it fails. */
static struct dw_key *wrap(EVP_PKEY *pkey, enum dw_key_type type, bool is_private,
                           struct dw_error *reterr)
{
    struct dw_key *key = dw_mem_new(sizeof *key);

    if (!key) {
        EVP_PKEY_free(pkey);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    atomic_init(&key->references, 1);
    key->id = atomic_fetch_add(&last_id, 1) + 1;
    key->type = type;
    key->is_private = is_private;
    key->pkey = pkey;
    return key;
}

struct dw_key *dw_key_ref(struct dw_key *key)
{
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void dw_key_unref(struct dw_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(key->pkey);
    dw_mem_free(key);
}

enum dw_key_type dw_key_type(const struct dw_key *key)
{
    return key->type;
}

bool dw_key_is_private(const struct dw_key *key)
{
    return key->is_private;
}

/* RFC 7518 3.3 MUST: 2,048 bits or more. The rest keeps out keys that no honest issuer makes: an
 * even modulus or exponent, exponent 1, and numbers whose size only costs time. */
static bool check_rsa(const BIGNUM *n, const BIGNUM *e, struct dw_error *reterr)
{
    int bits = BN_num_bits(n);

    if (bits < DW_RSA_MIN_BITS || bits > DW_RSA_MAX_BITS)
        return dw_fail(reterr, DW_MALFORMED, "an RSA key must have %d to %d bits, this one has %d",
                       DW_RSA_MIN_BITS, DW_RSA_MAX_BITS, bits);
    if (!BN_is_odd(n))
        return dw_fail(reterr, DW_MALFORMED, "the modulus of this RSA key is even");
    if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 32)
        return dw_fail(reterr, DW_MALFORMED,
                       "the exponent of an RSA key must be odd, at least 3 and at most 32 bits");
    return true;
}

static EVP_PKEY *pkey_from(const char *type, OSSL_PARAM *params, struct dw_error *reterr)
{
    dw_auto(free_context) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!context || !params || EVP_PKEY_fromdata_init(context) != 1) {
        dw_crypto_fail(reterr, "making a key");
        return NULL;
    }
    if (EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        ERR_clear_error();
        EVP_PKEY_free(pkey);
        dw_fail(reterr, DW_MALFORMED, "the parameters are not a key of its type");
        return NULL;
    }
    return pkey;
}

static EVP_PKEY *rsa_from(struct dw_slice n_bytes, struct dw_slice e_bytes, struct dw_error *reterr)
{
    dw_auto(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    dw_auto(free_params) OSSL_PARAM *params = NULL;
    dw_auto(free_bn) BIGNUM *n = NULL;
    dw_auto(free_bn) BIGNUM *e = NULL;

    if (n_bytes.len > 2 * DW_RSA_MAX_BITS / 8 || e_bytes.len > 64) {
        dw_fail(reterr, DW_MALFORMED, "the numbers of this RSA key are too long");
        return NULL;
    }
    n = BN_bin2bn((const unsigned char *)n_bytes.ptr, (int)n_bytes.len, NULL);
    e = BN_bin2bn((const unsigned char *)e_bytes.ptr, (int)e_bytes.len, NULL);
    if (!builder || !n || !e) {
        dw_crypto_fail(reterr, "making an RSA key");
        return NULL;
    }
    if (!check_rsa(n, e, reterr))
        return NULL;
    if (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    return pkey_from("RSA", params, reterr);
}

static EVP_PKEY *ec_from(const struct dw_key_parts *parts, struct dw_error *reterr)
{
    const struct dw_key_type_row *row = dw_key_type_row(parts->type);
    unsigned char point[1 + 2 * 66] = {4}; /* uncompressed (SEC 1 section 2.3.3) */
    char group[16];
    OSSL_PARAM params[3];

    /* RFC 7518 6.2.1.2 MUST: the full size of a coordinate */
    if (parts->x.len != row->coordinate_bytes || parts->y.len != row->coordinate_bytes) {
        dw_fail(reterr, DW_MALFORMED, "the coordinates of this curve must have %zu bytes",
                row->coordinate_bytes);
        return NULL;
    }
    memcpy(point + 1, parts->x.ptr, parts->x.len);
    memcpy(point + 1 + parts->x.len, parts->y.ptr, parts->y.len);
    memcpy(group, row->group, strlen(row->group) + 1);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                                  1 + 2 * row->coordinate_bytes);
    params[2] = OSSL_PARAM_construct_end();
    return pkey_from("EC", params, reterr);
}

static EVP_PKEY *ed25519_from(struct dw_slice x, struct dw_error *reterr)
{
    EVP_PKEY *pkey;

    if (x.len != 32) {
        dw_fail(reterr, DW_MALFORMED, "an Ed25519 key must have 32 bytes");
        return NULL;
    }
    pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.ptr, x.len);
    if (!pkey)
        dw_crypto_fail(reterr, "making an Ed25519 key");
    return pkey;
}

struct dw_key *dw_key_from_parts(const struct dw_key_parts *parts, struct dw_error *reterr)
{
    EVP_PKEY *pkey = NULL;

    switch (parts->type) {
    case DW_KEY_RSA:
        pkey = rsa_from(parts->n, parts->e, reterr);
        break;
    case DW_KEY_P256:
    case DW_KEY_P384:
    case DW_KEY_P521:
        pkey = ec_from(parts, reterr);
        break;
    case DW_KEY_ED25519:
        pkey = ed25519_from(parts->x, reterr);
        break;
    case DW_KEY_UNKNOWN:
    case DW_KEY_TYPE_COUNT:
    default:
        dw_fail(reterr, DW_MALFORMED, "this type of key is not known");
        break;
    }
    return pkey ? wrap(pkey, parts->type, false, reterr) : NULL;
}

struct dw_key *dw_key_generate(enum dw_key_type type, unsigned rsa_bits, struct dw_error *reterr)
{
    unsigned bits = rsa_bits ? rsa_bits : DW_RSA_MIN_BITS;
    EVP_PKEY *pkey = NULL;

    if (type == DW_KEY_RSA && (bits < DW_RSA_MIN_BITS || bits > DW_RSA_MAX_BITS)) {
        dw_fail(reterr, DW_CONFIG, "an RSA key must have %d to %d bits", DW_RSA_MIN_BITS,
                DW_RSA_MAX_BITS);
        return NULL;
    }
    if (type == DW_KEY_RSA)
        pkey = EVP_RSA_gen(bits);
    else if (type == DW_KEY_ED25519)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (dw_key_type_row(type)->group)
        pkey = EVP_EC_gen(dw_key_type_row(type)->group);
    if (!pkey) {
        dw_crypto_fail(reterr, "generating a key");
        return NULL;
    }
    return wrap(pkey, type, true, reterr);
}

static enum dw_key_type type_of(const EVP_PKEY *pkey)
{
    char group[64];

    if (EVP_PKEY_is_a(pkey, "RSA"))
        return DW_KEY_RSA;
    if (EVP_PKEY_is_a(pkey, "ED25519"))
        return DW_KEY_ED25519;
    if (!EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1)
        return DW_KEY_UNKNOWN;
    for (enum dw_key_type type = DW_KEY_P256; type <= DW_KEY_P521; type++)
        if (strcmp(rows[type].group, group) == 0)
            return type;
    return DW_KEY_UNKNOWN;
}

/* Type and strength of a key that came as PEM; a private key must belong to its public half. */
static bool check_pkey(EVP_PKEY *pkey, bool is_private, struct dw_error *reterr)
{
    dw_auto(free_context) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    dw_auto(free_bn) BIGNUM *n = NULL;
    dw_auto(free_bn) BIGNUM *e = NULL;
    enum dw_key_type type = type_of(pkey);

    if (type == DW_KEY_UNKNOWN)
        return dw_fail(reterr, DW_MALFORMED,
                       "the PEM text holds a key that is not RSA, P-256, P-384, P-521 or Ed25519");
    if (type == DW_KEY_RSA && (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
                               EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1))
        return dw_crypto_fail(reterr, "reading an RSA key");
    if (type == DW_KEY_RSA && !check_rsa(n, e, reterr))
        return false;
    if (!context)
        return dw_crypto_fail(reterr, "checking a key");
    if (is_private && EVP_PKEY_pairwise_check(context) != 1) {
        ERR_clear_error();
        return dw_fail(reterr, DW_MALFORMED, "the private and the public half do not match");
    }
    return true;
}

static int no_passphrase(char *text, int size, int is_writing, void *user)
{
    (void)text;
    (void)size;
    (void)is_writing;
    (void)user;
    return -1; /* or OpenSSL would ask at the terminal */
}

static EVP_PKEY *read_pem(struct dw_slice pem, bool is_private)
{
    dw_auto(free_bio) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);

    if (!bio)
        return NULL;
    return is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                      : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
}

struct dw_key *dw_key_from_pem(struct dw_secret pem, struct dw_error *reterr)
{
    EVP_PKEY *pkey = NULL;
    bool is_private = false;

    if (pem.hidden.len > 0 && pem.hidden.len <= MAX_PEM_BYTES) {
        pkey = read_pem(pem.hidden, true);
        is_private = pkey != NULL;
        if (!pkey)
            pkey = read_pem(pem.hidden, false);
    }
    ERR_clear_error();
    if (!pkey) {
        dw_fail(reterr, DW_MALFORMED, "this is not an unencrypted key in PEM form");
        return NULL;
    }
    if (!check_pkey(pkey, is_private, reterr)) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return wrap(pkey, type_of(pkey), is_private, reterr);
}

bool dw_key_to_pem(const struct dw_key *key, struct dw_arena *arena, struct dw_secret *ret_pem,
                   struct dw_error *reterr)
{
    dw_auto(free_bio) BIO *bio = BIO_new(BIO_s_secmem());
    char *bytes = NULL;
    long len;

    if (!key->is_private)
        return dw_fail(reterr, DW_MALFORMED, "this key has no private half");
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
        return dw_crypto_fail(reterr, "writing a key");
    len = BIO_get_mem_data(bio, &bytes);
    ret_pem->hidden = dw_arena_copy(arena, dw_slice_from(bytes, (size_t)len));
    if (!ret_pem->hidden.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return true;
}

/* A number of the key as big-endian bytes: `size` of them, or as few as it needs when size is 0. */
static bool number(const struct dw_key *key, const char *name, size_t size, struct dw_arena *arena,
                   struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    dw_auto(free_bn) BIGNUM *value = NULL;
    unsigned char *bytes;

    if (EVP_PKEY_get_bn_param(key->pkey, name, &value) != 1)
        return dw_crypto_fail(reterr, "reading a key");
    if (size == 0)
        size = (size_t)BN_num_bytes(value);
    bytes = dw_arena_alloc(arena, size);
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (BN_bn2binpad(value, bytes, (int)size) < 0)
        return dw_crypto_fail(reterr, "reading a key");
    *ret_bytes = dw_slice_from((const char *)bytes, size);
    return true;
}

static bool ed25519_x(const struct dw_key *key, struct dw_arena *arena, struct dw_slice *ret_x,
                      struct dw_error *reterr)
{
    size_t len = 32;
    unsigned char *bytes = dw_arena_alloc(arena, len);

    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (EVP_PKEY_get_raw_public_key(key->pkey, bytes, &len) != 1)
        return dw_crypto_fail(reterr, "reading a key");
    *ret_x = dw_slice_from((const char *)bytes, len);
    return true;
}

bool dw_key_parts(const struct dw_key *key, struct dw_arena *arena, struct dw_key_parts *ret_parts,
                  struct dw_error *reterr)
{
    size_t size = dw_key_type_row(key->type)->coordinate_bytes;

    *ret_parts = (struct dw_key_parts){.type = key->type};
    if (key->type == DW_KEY_RSA)
        return number(key, OSSL_PKEY_PARAM_RSA_N, 0, arena, &ret_parts->n, reterr) &&
               number(key, OSSL_PKEY_PARAM_RSA_E, 0, arena, &ret_parts->e, reterr);
    if (key->type == DW_KEY_ED25519)
        return ed25519_x(key, arena, &ret_parts->x, reterr);
    return number(key, OSSL_PKEY_PARAM_EC_PUB_X, size, arena, &ret_parts->x, reterr) &&
           number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size, arena, &ret_parts->y, reterr);
}
