/* Issuers inside the library: configurations checked, and put into the guard's words. Only inside
 * sdk/. */
#ifndef DW_SDK_AUTH_INTERNAL_H
#define DW_SDK_AUTH_INTERNAL_H

#include "sdk/sdk_internal.h"

/* What dw_server_with_oauth_from_env means. *ret_is_set false: the environment says nothing about
 * OAuth. Fails with DW_CONFIG, naming the variable. */
bool dw_must_check dw_auth_config_from_env(struct dw_jwt_validator_config *ret_config,
                                           bool *ret_is_set, struct dw_error *reterr);

/* A validator's configuration, checked, in the guard's words. It must not move while the guard
 * lives: its key source points into it. */
struct dw_auth_issuer {
    struct dw_issuer_config config;
    int64_t leeway_s;
    struct dw_jwks *keys; /* the configured ones; NULL: fetched */
    struct dw_key_source source;
};

/* Everything is copied into `arena`. Fails with DW_CONFIG or DW_NO_MEMORY, and then needs no done.
 */
bool dw_must_check dw_auth_issuer_init(struct dw_auth_issuer *issuer,
                                       const struct dw_jwt_validator_config *config,
                                       struct dw_arena *arena, struct dw_error *reterr);
void dw_auth_issuer_done(struct dw_auth_issuer *issuer);

#endif
