/* Between imported_hash.c (digests) and imported_kdf.c (hashes that are slow on purpose). */
#ifndef DW_CRYPTO_IMPORTED_HASH_INTERNAL_H
#define DW_CRYPTO_IMPORTED_HASH_INTERNAL_H

#include <openssl/evp.h>

#include "crypto/imported_hash.h"

#define DW_IMPORT_MAX_BYTES 1024 /* a text, a raw hash, a salt, a key */

/* A digest by any of the names that OpenSSL had for it, also those that are in its legacy provider
 * alone; NULL: none. */
const EVP_MD *dw_import_md(struct dw_slice name);
/* Where those digests are: what computes with them has to be fetched from there. */
OSSL_LIB_CTX *dw_import_context(void);

/* Each checks its limits; with `password` it also computes. ret_is_right is written then. */
struct dw_import_run {
    const struct dw_imported_hash *hash;
    const struct dw_secret *password; /* in its encoding; NULL: only look at the hash */
    struct dw_arena *arena;
    bool is_right;
};
typedef bool dw_import_function(struct dw_import_run *run, struct dw_error *reterr);
dw_import_function dw_import_argon2, dw_import_bcrypt, dw_import_pbkdf2, dw_import_scrypt;

/* Salt and password in their order; in the arena. */
bool dw_must_check dw_import_join(const struct dw_import_run *run, struct dw_slice *ret_bytes,
                                  struct dw_error *reterr);
/* In constant time, and never right when empty. */
bool dw_import_equal(struct dw_slice expected, const void *made, size_t len);

#endif
