/* Keys of the corpus, and every way to sign with them or to pretend to. */
#include <openssl/bio.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "corpus_internal.h"
#include "crypto/hmac.h"
#include "crypto/sign.h"

#define PEM_END "-----END PRIVATE KEY-----\n"

static const enum dw_key_type bundle[] = {DW_KEY_RSA,     DW_KEY_P256, DW_KEY_P384, DW_KEY_P521,
                                          DW_KEY_ED25519, DW_KEY_RSA,  DW_KEY_P256};
#define BUNDLE_SIZE (sizeof bundle / sizeof *bundle)
#define FIRST_OF_STRANGER 5

bool corpus_keys_generate(struct dw_arena *arena, struct dw_slice *ret_pem, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);

    for (size_t i = 0; i < BUNDLE_SIZE; i++) {
        dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(bundle[i], 0, reterr);
        struct dw_secret pem;

        if (!key || !dw_key_to_pem(key, arena, &pem, reterr))
            return false;
        dw_buf_add(&out, pem.hidden);
    }
    return dw_buf_finish(&out, ret_pem, reterr);
}

/* The next PEM text of a bundle. */
static struct dw_slice next_pem(struct dw_slice *rest)
{
    struct dw_slice end = DW_LIT(PEM_END);

    for (size_t at = 0; at + end.len <= rest->len; at++)
        if (dw_slice_eq(dw_slice_sub(*rest, at, end.len), end)) {
            struct dw_slice pem = dw_slice_sub(*rest, 0, at + end.len);

            *rest = dw_slice_sub(*rest, at + end.len, rest->len);
            return pem;
        }
    return DW_EMPTY;
}

static struct dw_signing_key *signing_key(struct dw_key *key, enum dw_jose_alg alg, const char *kid,
                                          struct dw_error *reterr)
{
    return dw_signing_key_new(key, alg, dw_slice_from_text(kid), DW_EMPTY, reterr);
}

bool corpus_keys_read(struct dw_slice pem, struct corpus_keys *ret_keys, struct dw_error *reterr)
{
    struct dw_key *keys[BUNDLE_SIZE] = {NULL};
    bool is_read = true;

    *ret_keys = (struct corpus_keys){.stranger_rsa = NULL};
    for (size_t i = 0; is_read && i < BUNDLE_SIZE; i++) {
        keys[i] = dw_key_from_pem(dw_secret_from(next_pem(&pem)), reterr);
        is_read = keys[i] != NULL;
    }
    for (enum dw_jose_alg alg = DW_ALG_RS256; is_read && alg < DW_ALG_COUNT; alg++) {
        size_t at = 0;

        while (bundle[at] != dw_jose_alg_key_type(alg))
            at++;
        ret_keys->issuer[alg] = signing_key(keys[at], alg, dw_jose_alg_name(alg), reterr);
        is_read = ret_keys->issuer[alg] != NULL;
    }
    if (is_read) {
        ret_keys->stranger_rsa =
            signing_key(keys[FIRST_OF_STRANGER], DW_ALG_RS256, "stranger", reterr);
        ret_keys->stranger_ec =
            signing_key(keys[FIRST_OF_STRANGER + 1], DW_ALG_ES256, "stranger", reterr);
    }
    for (size_t i = 0; i < BUNDLE_SIZE; i++)
        dw_key_unref(keys[i]);
    return is_read && ret_keys->stranger_rsa && ret_keys->stranger_ec;
}

void corpus_keys_free(struct corpus_keys *keys)
{
    for (size_t i = 0; i < DW_ALG_COUNT; i++)
        dw_signing_key_unref(keys->issuer[i]);
    dw_signing_key_unref(keys->stranger_rsa);
    dw_signing_key_unref(keys->stranger_ec);
}

bool corpus_jwks(const struct corpus_keys *keys, struct dw_arena *arena, struct dw_slice *ret_json,
                 struct dw_error *reterr)
{
    return dw_signing_keys_jwks(keys->issuer + DW_ALG_RS256, DW_ALG_COUNT - DW_ALG_RS256, arena,
                                ret_json, reterr);
}

bool corpus_jwk(struct dw_signing_key *key, struct dw_arena *arena, struct dw_slice *ret_json,
                struct dw_error *reterr)
{
    struct dw_slice set;

    if (!dw_signing_keys_jwks(&key, 1, arena, &set, reterr))
        return false;
    /* {"keys":[ ... ]} */
    *ret_json = dw_slice_sub(set, sizeof "{\"keys\":[" - 1, set.len - sizeof "{\"keys\":[]}" + 1);
    return true;
}

/* The bytes of a BIO that holds what `write` wrote. */
static struct dw_slice bio_bytes(BIO *bio, struct dw_arena *arena)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    struct dw_slice copy = dw_arena_copy(arena, dw_slice_from(bytes, (size_t)len));

    BIO_free(bio);
    return copy;
}

/* The issuer's RSA public key as somebody might feed it to an HMAC. */
static bool hmac_secret(struct dw_slice form, struct dw_signing_key *key, struct dw_arena *arena,
                        struct dw_slice *ret_secret, struct dw_error *reterr)
{
    struct dw_key_parts parts;
    struct dw_secret pem;
    BIO *in, *out = BIO_new(BIO_s_mem());
    OSSL_ENCODER_CTX *pkcs1;
    EVP_PKEY *pkey;

    if (!dw_signing_key_pem(key, arena, &pem, reterr) ||
        !dw_key_parts(dw_signing_key_key(key), arena, &parts, reterr))
        return false;
    in = BIO_new_mem_buf(pem.hidden.ptr, (int)pem.hidden.len);
    pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free(in);
    if (dw_slice_starts_with(form, DW_LIT("spki-pem")))
        PEM_write_bio_PUBKEY(out, pkey);
    else if (dw_slice_eq(form, DW_LIT("spki-der")))
        i2d_PUBKEY_bio(out, pkey);
    pkcs1 = OSSL_ENCODER_CTX_new_for_pkey(pkey, EVP_PKEY_PUBLIC_KEY, "PEM", "pkcs1", NULL);
    if (dw_slice_eq(form, DW_LIT("pkcs1-pem")))
        OSSL_ENCODER_to_bio(pkcs1, out);
    OSSL_ENCODER_CTX_free(pkcs1);
    EVP_PKEY_free(pkey);
    *ret_secret = bio_bytes(out, arena);
    if (dw_slice_eq(form, DW_LIT("spki-pem-trimmed")))
        ret_secret->len--;
    else if (dw_slice_eq(form, DW_LIT("n")))
        *ret_secret = parts.n;
    else if (dw_slice_eq(form, DW_LIT("nul")))
        *ret_secret = DW_LIT("\0");
    else if (dw_slice_eq(form, DW_LIT("jwk")))
        return corpus_jwk(key, arena, ret_secret, reterr);
    return ret_secret->len > 0 || dw_fail(reterr, DW_USAGE, "hs256:%.*s?", DW_PRINT(form));
}

static bool sign_hmac(struct dw_slice form, const struct corpus_keys *keys,
                      struct dw_slice signed_part, struct dw_arena *arena,
                      struct dw_slice *ret_signature, struct dw_error *reterr)
{
    unsigned char mac[DW_HMAC_SHA256_BYTES];
    struct dw_slice secret;

    if (!hmac_secret(form, keys->issuer[DW_ALG_RS256], arena, &secret, reterr) ||
        !dw_hmac_sha256(dw_secret_from(secret), signed_part, mac, reterr))
        return false;
    *ret_signature = dw_arena_copy(arena, dw_slice_from((const char *)mac, sizeof mac));
    return true;
}

static bool sign_well(struct dw_signing_key *key, enum dw_jose_alg alg, struct dw_slice signed_part,
                      struct dw_arena *arena, struct dw_slice *ret_signature,
                      struct dw_error *reterr)
{
    static const enum dw_digest_alg digests[] = {DW_SHA256, DW_SHA384, DW_SHA512};
    struct dw_sign_scheme scheme = {.digest = digests[(alg - DW_ALG_RS256) % 3],
                                    .padding = alg < DW_ALG_PS256   ? DW_SIGN_PKCS1
                                               : alg < DW_ALG_ES256 ? DW_SIGN_PSS
                                                                    : DW_SIGN_PLAIN};

    return dw_sign_make(dw_signing_key_key(key), scheme, signed_part, arena, ret_signature, reterr);
}

/* SEQUENCE of two INTEGERs of 33 bytes; a reader of BER takes the zero before small ones too. */
static struct dw_slice der_of(const char *numbers, struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_add(&out, dw_slice_from("\x30\x46", 2));
    for (size_t i = 0; i < 2; i++) {
        dw_buf_add(&out, dw_slice_from("\x02\x21\x00", 3));
        dw_buf_add(&out, dw_slice_from(numbers + 32 * i, 32));
    }
    return dw_buf_view(&out);
}

/* A good ES256 signature, made crooked. */
static struct dw_slice bend(struct dw_slice form, struct dw_slice signature, struct dw_arena *arena)
{
    static const unsigned char order[] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                          0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    char *bytes = dw_arena_text(arena, signature);

    if (dw_slice_eq(form, DW_LIT("short")))
        return dw_slice_from(bytes, 63);
    if (dw_slice_eq(form, DW_LIT("r0")))
        memset(bytes, 0, 32);
    if (dw_slice_eq(form, DW_LIT("s0")))
        memset(bytes + 32, 0, 32);
    if (dw_slice_eq(form, DW_LIT("n"))) {
        memcpy(bytes, order, 32);
        memcpy(bytes + 32, order, 32);
    }
    if (!dw_slice_eq(form, DW_LIT("der")))
        return dw_slice_from(bytes, 64);
    return der_of(bytes, arena);
}

bool corpus_sign(struct dw_slice signed_by, const struct corpus_keys *keys,
                 struct dw_slice signed_part, struct dw_arena *arena,
                 struct dw_slice *ret_signature, struct dw_error *reterr)
{
    enum dw_jose_alg alg = dw_jose_alg_from(signed_by);
    struct dw_slice form = signed_by;
    int64_t zeros;

    *ret_signature = DW_EMPTY;
    if (alg != DW_ALG_UNKNOWN)
        return sign_well(keys->issuer[alg], alg, signed_part, arena, ret_signature, reterr);
    if (dw_slice_eq(signed_by, DW_LIT("none")))
        return true;
    if (dw_slice_eq(signed_by, DW_LIT("attacker:RS256")))
        return sign_well(keys->stranger_rsa, DW_ALG_RS256, signed_part, arena, ret_signature,
                         reterr);
    if (dw_slice_eq(signed_by, DW_LIT("attacker:ES256")))
        return sign_well(keys->stranger_ec, DW_ALG_ES256, signed_part, arena, ret_signature,
                         reterr);
    if (dw_slice_eat(&form, DW_LIT("hs256:")))
        return sign_hmac(form, keys, signed_part, arena, ret_signature, reterr);
    if (corpus_number_after(signed_by, DW_LIT("zeros:"), &zeros)) {
        *ret_signature = dw_slice_from(dw_arena_new_array(arena, (size_t)zeros, 1), (size_t)zeros);
        return true;
    }
    if (!dw_slice_eat(&form, DW_LIT("es256:")))
        return dw_fail(reterr, DW_USAGE, "signed-by \"%.*s\"?", DW_PRINT(signed_by));
    if (!sign_well(keys->issuer[DW_ALG_ES256], DW_ALG_ES256, signed_part, arena, ret_signature,
                   reterr))
        return false;
    *ret_signature = bend(form, *ret_signature, arena);
    return true;
}
