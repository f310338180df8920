/* The signing secrets of HS256 APIs, sealed in their records. */
#include "crypto/seal.h"
#include "jose/jwt_secret.h"
#include "sys/sys.h"
#include "tenant/token/own_token_internal.h"

static struct dw_slice seal_context(struct dw_arena *arena, const struct dw_api *api)
{
    return dw_arena_printf(arena, "api-secret:%.*s", DW_PRINT(api->id));
}

static struct dw_secret master_key(const struct dw_tenant *tenant)
{
    return dw_secret_from(
        dw_slice_from((const char *)tenant->master_key, sizeof tenant->master_key));
}

bool dw_api_secret_open(struct dw_tenant *tenant, const struct dw_api *api, struct dw_arena *arena,
                        struct dw_secret *ret_secret, struct dw_error *reterr)
{
    return dw_unseal(master_key(tenant), seal_context(arena, api), api->sealed_signing_secret,
                     arena, ret_secret, reterr);
}

bool dw_api_secret_seal(struct dw_tenant *tenant, struct dw_secret secret, struct dw_arena *arena,
                        struct dw_api *api, struct dw_error *reterr)
{
    unsigned char nonce[DW_SEAL_NONCE_BYTES];

    if (secret.hidden.len < DW_JWT_SECRET_MIN_BYTES || secret.hidden.len > DW_JWT_SECRET_MAX_BYTES)
        return dw_fail(reterr, DW_USAGE, "a signing secret has %d to %d bytes",
                       DW_JWT_SECRET_MIN_BYTES, DW_JWT_SECRET_MAX_BYTES);
    dw_sys_random(nonce, sizeof nonce);
    api->signing_alg = DW_ALG_UNKNOWN;
    return dw_seal(master_key(tenant), nonce, seal_context(arena, api), secret, arena,
                   &api->sealed_signing_secret, reterr);
}
