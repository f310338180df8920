/* Any bytes as a custom_password_hash: what is taken can be verified, and no password of nothing is
 * right. */
#include <stdlib.h>

#include "oauth/imported_password.h"

/* Hashes that are slow on purpose would only slow the search down; their readers run all the same.
 */
static bool is_quick(const struct dw_imported_hash *hash)
{
    return hash->alg != DW_IMPORT_ARGON2 && hash->alg != DW_IMPORT_BCRYPT &&
           hash->alg != DW_IMPORT_PBKDF2 && hash->alg != DW_IMPORT_SCRYPT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(8 << 20);
    struct dw_error error = {.code = DW_OK};
    struct dw_imported_hash hash;
    bool is_right = false;

    if (!arena)
        abort();
    if (!dw_imported_password_parse(dw_slice_from((const char *)data, size), arena, &hash,
                                    &error)) {
        if (error.code != DW_INVALID_REQUEST && error.code != DW_NO_MEMORY)
            abort();
        return 0;
    }
    if (!dw_imported_hash_check(&hash, arena, &error) ||
        !dw_imported_hash_verify(&hash, dw_secret_from(DW_LIT("")), arena, &is_right, &error) ||
        is_right)
        abort();
    if (is_quick(&hash) && !dw_imported_hash_verify(&hash, dw_secret_from(DW_LIT("a password")),
                                                    arena, &is_right, &error))
        abort();
    return 0;
}
