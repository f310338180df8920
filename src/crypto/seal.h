/* Sealing secrets for storage: AES-256-GCM (NIST SP 800-38D). A sealed text says which version it
 * is, carries its nonce, and opens only with the same key and the same context. */
#ifndef DW_CRYPTO_SEAL_H
#define DW_CRYPTO_SEAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_SEAL_KEY_BYTES 32
#define DW_SEAL_NONCE_BYTES 12
#define DW_SEAL_OVERHEAD_BYTES (1 + DW_SEAL_NONCE_BYTES + 16)
#define DW_SEAL_MAX_BYTES (1024 * 1024)

/* key      DW_SEAL_KEY_BYTES bytes
 * nonce    fresh random bytes each time (up to 2^32 sealings a key)
 * context  what the secret is and whose, e.g. "signing-key:KID": a sealed text copied to another
 * row does not open there Fails with DW_INTERNAL (the key's length), DW_TOO_LARGE, DW_NO_MEMORY or
 * DW_UNAVAILABLE. */
bool dw_must_check dw_seal(struct dw_secret key,
                           const unsigned char nonce[static DW_SEAL_NONCE_BYTES],
                           struct dw_slice context, struct dw_secret plain, struct dw_arena *arena,
                           struct dw_slice *ret_sealed, struct dw_error *reterr);
/* Fails with DW_UNAVAILABLE when it was changed, or sealed with another key or context. */
bool dw_must_check dw_unseal(struct dw_secret key, struct dw_slice context, struct dw_slice sealed,
                             struct dw_arena *arena, struct dw_secret *ret_plain,
                             struct dw_error *reterr);

#endif
