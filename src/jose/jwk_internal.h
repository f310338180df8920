/* The inside of struct dw_jwks, for verifying. */
#ifndef DW_JOSE_JWK_INTERNAL_H
#define DW_JOSE_JWK_INTERNAL_H

#include "crypto/key.h"
#include "jose/jwk.h"

struct dw_jwk {
    struct dw_key *key;
    struct dw_slice kid; /* empty: none */
    dw_jose_algs algs;   /* what it may verify: its type's, or the one its `alg` names */
};

/* They live as long as the set. */
const struct dw_jwk *dw_jwks_items(const struct dw_jwks *keys, size_t *ret_count);

#endif
