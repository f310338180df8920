/* The inside of struct dw_key. */
#ifndef DW_CRYPTO_KEY_INTERNAL_H
#define DW_CRYPTO_KEY_INTERNAL_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "crypto/key.h"

struct dw_key {
    atomic_uint references;
    uint64_t id; /* never used twice in a process; from 1 */
    enum dw_key_type type;
    bool is_private;
    EVP_PKEY *pkey;
};

/* One row a type. */
struct dw_key_type_row {
    const char *group;       /* OpenSSL's name of the curve */
    size_t coordinate_bytes; /* EC: of x, y, r and s; Ed25519: of x */
};

/* A constant. */
const struct dw_key_type_row *dw_key_type_row(enum dw_key_type type);

#endif
