/* HMAC over OpenSSL. */
#include "crypto/hmac.h"

#include "crypto/thread_internal.h"

bool dw_hmac_sha256(struct dw_secret key, struct dw_slice bytes,
                    unsigned char ret_mac[static DW_HMAC_SHA256_BYTES], struct dw_error *reterr)
{
    return dw_hmac(DW_SHA256, key, bytes, ret_mac, reterr);
}

bool dw_hmac(enum dw_digest_alg alg, struct dw_secret key, struct dw_slice bytes,
             unsigned char *ret_mac, struct dw_error *reterr)
{
    EVP_MAC_CTX *context = dw_crypto_hmac(alg, reterr);
    size_t len;

    if (!context)
        return false;
    if (key.hidden.len == 0 || key.hidden.len > 4096)
        return dw_fail(reterr, DW_INTERNAL, "an HMAC key must have 1 to 4,096 bytes");
    if (EVP_MAC_init(context, (const unsigned char *)key.hidden.ptr, key.hidden.len, NULL) != 1 ||
        EVP_MAC_update(context, (const unsigned char *)bytes.ptr, bytes.len) != 1 ||
        EVP_MAC_final(context, ret_mac, &len, dw_digest_size(alg)) != 1)
        return dw_crypto_fail(reterr, "HMAC");
    return true;
}
