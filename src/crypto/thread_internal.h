/* What each thread keeps of OpenSSL so that a hash or a verification allocates nothing: a digest
 * context, one for each HMAC, and the contexts of the keys it used last. Freed when the thread
 * ends.
 */
#ifndef DW_CRYPTO_THREAD_INTERNAL_H
#define DW_CRYPTO_THREAD_INTERNAL_H

#include <openssl/evp.h>

#include "crypto/sign.h"

/* Two issuers with a few keys each, and our own signing keys. A key that is not in use any more is
 * pushed out by the next ones; until then the slot keeps it alive. */
#define DW_CRYPTO_SLOTS 16

struct dw_crypto_slot {
    uint64_t key_id; /* 0: empty */
    struct dw_sign_scheme scheme;
    bool is_for_signing;
    EVP_PKEY_CTX *context;
};

struct dw_crypto_thread {
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *hmacs[DW_DIGEST_COUNT]; /* NULL until one is needed; with the last key */
    struct dw_crypto_slot slots[DW_CRYPTO_SLOTS];
    unsigned next_slot;
};

/* NULL with DW_NO_MEMORY. */
struct dw_crypto_thread *dw_crypto_thread(struct dw_error *reterr) dw_must_check;
/* Fetched once a process. NULL with DW_UNAVAILABLE. */
const EVP_MD *dw_crypto_md(enum dw_digest_alg alg, struct dw_error *reterr) dw_must_check;
/* This thread's for the digest, to be started with a key; it stays the thread's. */
EVP_MAC_CTX *dw_crypto_hmac(enum dw_digest_alg alg, struct dw_error *reterr) dw_must_check;
/* Takes OpenSSL's oldest error as the cause and empties its queue; always false. */
bool dw_crypto_fail(struct dw_error *reterr, const char *what);

#endif
