/* The table of signature algorithms. */
#include "jose/algorithm_internal.h"

#include "jose/signing_key.h"

static const struct dw_jose_alg_row rows[DW_ALG_COUNT] = {
    [DW_ALG_UNKNOWN] = {"unknown", DW_KEY_UNKNOWN, {DW_SHA256, DW_SIGN_PLAIN}},
    [DW_ALG_RS256] = {"RS256", DW_KEY_RSA, {DW_SHA256, DW_SIGN_PKCS1}},
    [DW_ALG_RS384] = {"RS384", DW_KEY_RSA, {DW_SHA384, DW_SIGN_PKCS1}},
    [DW_ALG_RS512] = {"RS512", DW_KEY_RSA, {DW_SHA512, DW_SIGN_PKCS1}},
    [DW_ALG_PS256] = {"PS256", DW_KEY_RSA, {DW_SHA256, DW_SIGN_PSS}},
    [DW_ALG_PS384] = {"PS384", DW_KEY_RSA, {DW_SHA384, DW_SIGN_PSS}},
    [DW_ALG_PS512] = {"PS512", DW_KEY_RSA, {DW_SHA512, DW_SIGN_PSS}},
    [DW_ALG_ES256] = {"ES256", DW_KEY_P256, {DW_SHA256, DW_SIGN_PLAIN}},
    [DW_ALG_ES384] = {"ES384", DW_KEY_P384, {DW_SHA384, DW_SIGN_PLAIN}},
    [DW_ALG_ES512] = {"ES512", DW_KEY_P521, {DW_SHA512, DW_SIGN_PLAIN}},
    [DW_ALG_EDDSA] = {"EdDSA", DW_KEY_ED25519, {DW_SHA512, DW_SIGN_PLAIN}},
};

const struct dw_jose_alg_row *dw_jose_alg_row(enum dw_jose_alg alg)
{
    return &rows[(unsigned)alg < DW_ALG_COUNT ? alg : DW_ALG_UNKNOWN];
}

enum dw_jose_alg dw_jose_alg_from(struct dw_slice name)
{
    for (enum dw_jose_alg alg = DW_ALG_UNKNOWN + 1; alg < DW_ALG_COUNT; alg++)
        if (dw_slice_eq(name, dw_slice_from_text(rows[alg].name)))
            return alg;
    return DW_ALG_UNKNOWN;
}

const char *dw_jose_alg_name(enum dw_jose_alg alg)
{
    return dw_jose_alg_row(alg)->name;
}

enum dw_key_type dw_jose_alg_key_type(enum dw_jose_alg alg)
{
    return dw_jose_alg_row(alg)->key_type;
}
