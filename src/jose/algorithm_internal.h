/* The row of an algorithm. */
#ifndef DW_JOSE_ALGORITHM_INTERNAL_H
#define DW_JOSE_ALGORITHM_INTERNAL_H

#include "crypto/sign.h"
#include "jose/algorithm.h"

struct dw_jose_alg_row {
    const char *name;
    enum dw_key_type key_type;
    struct dw_sign_scheme scheme;
};

/* That of DW_ALG_UNKNOWN has no key type: it fits no key. */
const struct dw_jose_alg_row *dw_jose_alg_row(enum dw_jose_alg alg);

#endif
