/* The signature algorithms (RFC 7518 section 3.1, RFC 8037), one row each in algorithm.c. There is
 * no "none" and no HMAC here: a key of a JWK Set can never be used as a MAC key. */
#ifndef DW_JOSE_ALGORITHM_H
#define DW_JOSE_ALGORITHM_H

#include "base/slice.h"

enum dw_jose_alg {
    DW_ALG_UNKNOWN,
    DW_ALG_RS256,
    DW_ALG_RS384,
    DW_ALG_RS512,
    DW_ALG_PS256,
    DW_ALG_PS384,
    DW_ALG_PS512,
    DW_ALG_ES256,
    DW_ALG_ES384,
    DW_ALG_ES512,
    DW_ALG_EDDSA,
    DW_ALG_COUNT
};

/* A set of algorithms: bit 1 << DW_ALG_x. */
typedef unsigned dw_jose_algs;
#define DW_ALGS_ALL ((dw_jose_algs)((1u << DW_ALG_COUNT) - 2u))

/* DW_ALG_UNKNOWN for every other text; case matters. */
enum dw_jose_alg dw_jose_alg_from(struct dw_slice name);
const char *dw_jose_alg_name(enum dw_jose_alg alg);

#endif
