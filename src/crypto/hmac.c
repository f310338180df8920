/* HMAC over OpenSSL. */
#include "crypto/hmac.h"

#include <openssl/hmac.h>

#include "crypto/thread_internal.h"

bool dw_hmac_sha256(struct dw_secret key, struct dw_slice bytes,
                    unsigned char ret_mac[static DW_HMAC_SHA256_BYTES], struct dw_error *reterr)
{
    return dw_hmac(DW_SHA256, key, bytes, ret_mac, reterr);
}

bool dw_hmac(enum dw_digest_alg alg, struct dw_secret key, struct dw_slice bytes,
             unsigned char *ret_mac, struct dw_error *reterr)
{
    const EVP_MD *md = dw_crypto_md(alg, reterr);

    if (!md)
        return false;
    if (key.hidden.len == 0 || key.hidden.len > 4096)
        return dw_fail(reterr, DW_INTERNAL, "an HMAC key must have 1 to 4,096 bytes");
    if (!HMAC(md, key.hidden.ptr, (int)key.hidden.len, (const unsigned char *)bytes.ptr, bytes.len,
              ret_mac, NULL))
        return dw_crypto_fail(reterr, "HMAC");
    return true;
}
