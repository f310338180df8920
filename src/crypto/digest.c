/* Hashes over OpenSSL. */
#include "crypto/digest.h"

#include "base/text.h"
#include "crypto/thread_internal.h"

static const size_t sizes[DW_DIGEST_COUNT] = {
    [DW_SHA256] = 32,
    [DW_SHA384] = 48,
    [DW_SHA512] = 64,
    [DW_SHA1] = 20,
};

size_t dw_digest_size(enum dw_digest_alg alg)
{
    return (unsigned)alg < DW_DIGEST_COUNT ? sizes[alg] : 0;
}

bool dw_digest(enum dw_digest_alg alg, struct dw_slice bytes, unsigned char *ret_digest,
               struct dw_error *reterr)
{
    const EVP_MD *md = dw_crypto_md(alg, reterr);
    struct dw_crypto_thread *thread = md ? dw_crypto_thread(reterr) : NULL;

    if (!thread)
        return false;
    if (EVP_DigestInit_ex2(thread->digest, md, NULL) != 1 ||
        EVP_DigestUpdate(thread->digest, bytes.ptr, bytes.len) != 1 ||
        EVP_DigestFinal_ex(thread->digest, ret_digest, NULL) != 1)
        return dw_crypto_fail(reterr, "hashing");
    return true;
}

bool dw_sha256(struct dw_slice bytes, unsigned char ret_digest[static DW_SHA256_BYTES],
               struct dw_error *reterr)
{
    return dw_digest(DW_SHA256, bytes, ret_digest, reterr);
}

bool dw_sha256_parts(struct dw_slices parts, unsigned char ret_digest[static DW_SHA256_BYTES],
                     struct dw_error *reterr)
{
    const EVP_MD *md = dw_crypto_md(DW_SHA256, reterr);
    struct dw_crypto_thread *thread = md ? dw_crypto_thread(reterr) : NULL;
    bool is_fed;

    if (!thread)
        return false;
    is_fed = EVP_DigestInit_ex2(thread->digest, md, NULL) == 1;
    for (size_t i = 0; is_fed && i < parts.count; i++) {
        uint64_t len = parts.items[i].len;
        unsigned char len_bytes[8];

        for (size_t at = 0; at < sizeof len_bytes; at++)
            len_bytes[at] = (unsigned char)(len >> (56 - 8 * at));
        is_fed = EVP_DigestUpdate(thread->digest, len_bytes, sizeof len_bytes) == 1 &&
                 EVP_DigestUpdate(thread->digest, parts.items[i].ptr, parts.items[i].len) == 1;
    }
    if (!is_fed || EVP_DigestFinal_ex(thread->digest, ret_digest, NULL) != 1)
        return dw_crypto_fail(reterr, "hashing");
    return true;
}

bool dw_sha256_base64url(struct dw_slice bytes, struct dw_arena *arena, struct dw_slice *ret_text,
                         struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256(bytes, digest, reterr))
        return false;
    *ret_text = dw_text_base64url(arena, dw_slice_from((const char *)digest, sizeof digest));
    if (!ret_text->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return true;
}
