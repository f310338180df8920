/* AES-256-GCM. The sealed form: version (1), nonce (12), ciphertext, tag (16). */
#include "crypto/seal.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "crypto/thread_internal.h"

#define VERSION 1
#define TAG_BYTES 16
#define MAX_CONTEXT_BYTES 4096

DW_AUTO_FREE(free_cipher_context, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static bool check_sizes(struct dw_secret key, struct dw_slice context, size_t plain_len,
                        struct dw_error *reterr)
{
    if (key.hidden.len != DW_SEAL_KEY_BYTES)
        return dw_fail(reterr, DW_INTERNAL, "a sealing key must have %d bytes", DW_SEAL_KEY_BYTES);
    if (plain_len > DW_SEAL_MAX_BYTES || context.len > MAX_CONTEXT_BYTES)
        return dw_fail(reterr, DW_TOO_LARGE, "too large to be sealed");
    return true;
}

bool dw_seal(struct dw_secret key, const unsigned char nonce[static DW_SEAL_NONCE_BYTES],
             struct dw_slice context, struct dw_secret plain, struct dw_arena *arena,
             struct dw_slice *ret_sealed, struct dw_error *reterr)
{
    dw_auto(free_cipher_context) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    size_t len = plain.hidden.len + DW_SEAL_OVERHEAD_BYTES;
    unsigned char *sealed;
    int written = 0;

    if (!check_sizes(key, context, plain.hidden.len, reterr))
        return false;
    sealed = dw_arena_alloc(arena, len);
    if (!sealed || !cipher)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    sealed[0] = VERSION;
    memcpy(sealed + 1, nonce, DW_SEAL_NONCE_BYTES);
    /* the version is bound with the context, so that a later one cannot be passed off as this one
     */
    if (EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), (const unsigned char *)key.hidden.ptr, nonce,
                            NULL) != 1 ||
        EVP_EncryptUpdate(cipher, NULL, &written, sealed, 1) != 1 ||
        EVP_EncryptUpdate(cipher, NULL, &written, (const unsigned char *)context.ptr,
                          (int)context.len) != 1 ||
        EVP_EncryptUpdate(cipher, sealed + 1 + DW_SEAL_NONCE_BYTES, &written,
                          (const unsigned char *)plain.hidden.ptr, (int)plain.hidden.len) != 1 ||
        EVP_EncryptFinal_ex(cipher, sealed + 1 + DW_SEAL_NONCE_BYTES + written, &written) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, sealed + len - TAG_BYTES) !=
            1)
        return dw_crypto_fail(reterr, "sealing");
    *ret_sealed = dw_slice_from((const char *)sealed, len);
    return true;
}

bool dw_unseal(struct dw_secret key, struct dw_slice context, struct dw_slice sealed,
               struct dw_arena *arena, struct dw_secret *ret_plain, struct dw_error *reterr)
{
    dw_auto(free_cipher_context) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    const unsigned char *bytes = (const unsigned char *)sealed.ptr;
    unsigned char tag[TAG_BYTES];
    unsigned char *plain;
    size_t len;
    int written = 0;

    ret_plain->hidden = DW_EMPTY;
    if (sealed.len < DW_SEAL_OVERHEAD_BYTES || bytes[0] != VERSION)
        return dw_fail_because(reterr, DW_UNAVAILABLE, NULL, 0, "this is not a sealed secret");
    len = sealed.len - DW_SEAL_OVERHEAD_BYTES;
    if (!check_sizes(key, context, len, reterr))
        return false;
    plain = dw_arena_alloc(arena, len + 1);
    if (!plain || !cipher)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    memcpy(tag, bytes + sealed.len - TAG_BYTES, TAG_BYTES);
    if (EVP_DecryptInit_ex2(cipher, EVP_aes_256_gcm(), (const unsigned char *)key.hidden.ptr,
                            bytes + 1, NULL) != 1 ||
        EVP_DecryptUpdate(cipher, NULL, &written, bytes, 1) != 1 ||
        EVP_DecryptUpdate(cipher, NULL, &written, (const unsigned char *)context.ptr,
                          (int)context.len) != 1 ||
        EVP_DecryptUpdate(cipher, plain, &written, bytes + 1 + DW_SEAL_NONCE_BYTES, (int)len) !=
            1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1)
        return dw_crypto_fail(reterr, "unsealing");
    if (EVP_DecryptFinal_ex(cipher, plain + written, &written) != 1) {
        ERR_clear_error();
        dw_mem_wipe(plain, len + 1);
        return dw_fail_because(reterr, DW_UNAVAILABLE, NULL, 0,
                               "a sealed secret does not open: it was changed, or sealed with "
                               "another key or for another row");
    }
    plain[len] = 0;
    ret_plain->hidden = dw_slice_from((const char *)plain, len);
    return true;
}
