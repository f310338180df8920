/* Signatures over OpenSSL. The two costs that are avoided here (docs/performance.md): fetching the
 * digest, and setting up an EVP_PKEY_CTX; both survive from one token to the next. */
#include "crypto/sign.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/key_internal.h"
#include "crypto/thread_internal.h"

#define ED25519_SIGNATURE_BYTES 64
/* SEQUENCE of two INTEGERs of P-521: 3 + 2 * (2 + 1 + 66) */
#define MAX_ECDSA_DER_BYTES 144

DW_AUTO_FREE(free_ecdsa_sig, ECDSA_SIG, ECDSA_SIG_free)
DW_AUTO_FREE(free_md_context, EVP_MD_CTX, EVP_MD_CTX_free)

static bool scheme_fits(const struct dw_key *key, struct dw_sign_scheme scheme)
{
    if (scheme.digest == DW_SHA1 || (unsigned)scheme.digest >= DW_DIGEST_COUNT)
        return false;
    return key->type == DW_KEY_RSA
               ? scheme.padding == DW_SIGN_PKCS1 || scheme.padding == DW_SIGN_PSS
               : scheme.padding == DW_SIGN_PLAIN;
}

static bool set_up(EVP_PKEY_CTX *context, const struct dw_key *key, struct dw_sign_scheme scheme,
                   bool is_for_signing, const EVP_MD *md)
{
    if ((is_for_signing ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)) != 1)
        return false;
    if (key->type == DW_KEY_RSA &&
        EVP_PKEY_CTX_set_rsa_padding(context, scheme.padding == DW_SIGN_PSS
                                                  ? RSA_PKCS1_PSS_PADDING
                                                  : RSA_PKCS1_PADDING) != 1)
        return false;
    /* RFC 7518 3.5: the salt is as long as the digest; MGF1 takes the same digest by itself */
    if (scheme.padding == DW_SIGN_PSS &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) != 1)
        return false;
    return EVP_PKEY_CTX_set_signature_md(context, md) == 1;
}

/* This thread's context for the key and the scheme; it stays the thread's. */
static EVP_PKEY_CTX *context_for(const struct dw_key *key, struct dw_sign_scheme scheme,
                                 bool is_for_signing, struct dw_error *reterr)
{
    struct dw_crypto_thread *thread = dw_crypto_thread(reterr);
    const EVP_MD *md = thread ? dw_crypto_md(scheme.digest, reterr) : NULL;
    struct dw_crypto_slot *slot;

    if (!md)
        return NULL;
    for (size_t i = 0; i < DW_CRYPTO_SLOTS; i++) {
        slot = &thread->slots[i];
        if (slot->key_id == key->id && slot->is_for_signing == is_for_signing &&
            slot->scheme.digest == scheme.digest && slot->scheme.padding == scheme.padding)
            return slot->context;
    }
    slot = &thread->slots[thread->next_slot++ % DW_CRYPTO_SLOTS];
    EVP_PKEY_CTX_free(slot->context);
    *slot = (struct dw_crypto_slot){0};
    slot->context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!slot->context || !set_up(slot->context, key, scheme, is_for_signing, md)) {
        EVP_PKEY_CTX_free(slot->context);
        slot->context = NULL;
        dw_crypto_fail(reterr, "setting up a signature");
        return NULL;
    }
    slot->key_id = key->id;
    slot->scheme = scheme;
    slot->is_for_signing = is_for_signing;
    return slot->context;
}

/* A DER INTEGER of an unsigned big-endian number. Returns how many bytes it took. */
static size_t add_integer(unsigned char *to, const unsigned char *number, size_t len)
{
    size_t sign_byte;

    while (len > 1 && *number == 0) {
        number++;
        len--;
    }
    sign_byte = *number >> 7;
    to[0] = 0x02;
    to[1] = (unsigned char)(len + sign_byte);
    to[2] = 0;
    memcpy(to + 2 + sign_byte, number, len);
    return 2 + sign_byte + len;
}

/* r and s one after the other (RFC 7518 3.4) as the SEQUENCE that OpenSSL wants. */
static size_t ecdsa_der(struct dw_slice signature, unsigned char der[static MAX_ECDSA_DER_BYTES])
{
    const unsigned char *numbers = (const unsigned char *)signature.ptr;
    size_t half = signature.len / 2;
    unsigned char body[MAX_ECDSA_DER_BYTES];
    size_t len = add_integer(body, numbers, half);
    size_t head = 2;

    len += add_integer(body + len, numbers + half, half);
    der[0] = 0x30;
    if (len < 0x80) {
        der[1] = (unsigned char)len;
    } else {
        der[1] = 0x81;
        der[2] = (unsigned char)len;
        head = 3;
    }
    memcpy(der + head, body, len);
    return head + len;
}

/* OpenSSL says "no" and "could not" with the same numbers; only running out of memory is told
 * apart. Everything else is a signature that is not good. */
static bool judge(int openssl_answer, bool *ret_is_valid, struct dw_error *reterr)
{
    *ret_is_valid = openssl_answer == 1;
    if (!*ret_is_valid && ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE)
        return dw_crypto_fail(reterr, "verifying");
    if (!*ret_is_valid)
        ERR_clear_error();
    return true;
}

static bool verify_ed25519(const struct dw_key *key, struct dw_slice bytes,
                           struct dw_slice signature, bool *ret_is_valid, struct dw_error *reterr)
{
    dw_auto(free_md_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (signature.len != ED25519_SIGNATURE_BYTES)
        return true;
    if (!context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) != 1)
        return dw_crypto_fail(reterr, "verifying");
    return judge(EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                                  (const unsigned char *)bytes.ptr, bytes.len),
                 ret_is_valid, reterr);
}

bool dw_sign_verify(const struct dw_key *key, struct dw_sign_scheme scheme, struct dw_slice bytes,
                    struct dw_slice signature, bool *ret_is_valid, struct dw_error *reterr)
{
    unsigned char digest[DW_DIGEST_MAX_BYTES];
    unsigned char der[MAX_ECDSA_DER_BYTES];
    EVP_PKEY_CTX *context;
    size_t wanted_len;

    *ret_is_valid = false;
    if (!scheme_fits(key, scheme))
        return dw_fail(reterr, DW_INTERNAL, "the signature scheme does not fit the key");
    if (key->type == DW_KEY_ED25519)
        return verify_ed25519(key, bytes, signature, ret_is_valid, reterr);
    wanted_len = key->type == DW_KEY_RSA ? (size_t)EVP_PKEY_get_size(key->pkey)
                                         : 2 * dw_key_type_row(key->type)->coordinate_bytes;
    if (signature.len != wanted_len)
        return true;
    context = context_for(key, scheme, false, reterr);
    if (!context || !dw_digest(scheme.digest, bytes, digest, reterr))
        return false;
    if (key->type != DW_KEY_RSA)
        signature = dw_slice_from((const char *)der, ecdsa_der(signature, der));
    return judge(EVP_PKEY_verify(context, (const unsigned char *)signature.ptr, signature.len,
                                 digest, dw_digest_size(scheme.digest)),
                 ret_is_valid, reterr);
}

/* The other way round: a DER signature as r and s, in place. */
static bool ecdsa_raw(unsigned char *signature, size_t der_len, size_t half,
                      struct dw_error *reterr)
{
    const unsigned char *at = signature;
    dw_auto(free_ecdsa_sig) ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)der_len);

    if (!numbers || BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, (int)half) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + half, (int)half) < 0)
        return dw_crypto_fail(reterr, "signing");
    return true;
}

static bool sign_ed25519(const struct dw_key *key, struct dw_slice bytes, unsigned char *signature,
                         size_t *len, struct dw_error *reterr)
{
    dw_auto(free_md_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) != 1 ||
        EVP_DigestSign(context, signature, len, (const unsigned char *)bytes.ptr, bytes.len) != 1)
        return dw_crypto_fail(reterr, "signing");
    return true;
}

static bool sign_digest(const struct dw_key *key, struct dw_sign_scheme scheme,
                        struct dw_slice bytes, unsigned char *signature, size_t *len,
                        struct dw_error *reterr)
{
    EVP_PKEY_CTX *context = context_for(key, scheme, true, reterr);
    size_t half = dw_key_type_row(key->type)->coordinate_bytes;
    unsigned char digest[DW_DIGEST_MAX_BYTES];

    if (!context || !dw_digest(scheme.digest, bytes, digest, reterr))
        return false;
    if (EVP_PKEY_sign(context, signature, len, digest, dw_digest_size(scheme.digest)) != 1)
        return dw_crypto_fail(reterr, "signing");
    if (key->type == DW_KEY_RSA)
        return true;
    if (!ecdsa_raw(signature, *len, half, reterr))
        return false;
    *len = 2 * half;
    return true;
}

bool dw_sign_make(const struct dw_key *key, struct dw_sign_scheme scheme, struct dw_slice bytes,
                  struct dw_arena *arena, struct dw_slice *ret_signature, struct dw_error *reterr)
{
    size_t len = DW_SIGNATURE_MAX_BYTES;
    unsigned char *signature;
    bool is_made;

    if (!key->is_private || !scheme_fits(key, scheme))
        return dw_fail(reterr, DW_INTERNAL, "the signature scheme does not fit the key");
    signature = dw_arena_alloc(arena, len);
    if (!signature)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    is_made = key->type == DW_KEY_ED25519
                  ? sign_ed25519(key, bytes, signature, &len, reterr)
                  : sign_digest(key, scheme, bytes, signature, &len, reterr);
    *ret_signature = dw_slice_from((const char *)signature, is_made ? len : 0);
    return is_made;
}
