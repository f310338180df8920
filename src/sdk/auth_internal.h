/* Callers and issuers inside the library. Only inside sdk/. */
#ifndef DW_SDK_AUTH_INTERNAL_H
#define DW_SDK_AUTH_INTERNAL_H

#include <doorward/auth.h>

#include "guard/guard.h"

/* Who calls. One made for a call borrows the principal's token and owns nothing. */
struct dw_auth {
    const struct dw_access_token *token; /* NULL or without an issuer: nobody */
    struct dw_arena *arena;              /* what dw_auth_free frees, with this struct in it */
};

static inline struct dw_auth dw_auth_of(const struct dw_principal *principal)
{
    return (struct dw_auth){.token = principal ? principal->token : NULL};
}

/* The scopes that a failed dw_auth_require function asked for, "a b"; empty for every other error.
 * A view into *error. */
struct dw_slice dw_auth_needed_scopes(const struct dw_error *error);

/* What dw_server_with_oauth_from_env means. *ret_is_set false: the environment says nothing about
 * OAuth. Fails with DW_CONFIG, naming the variable. */
bool dw_must_check dw_auth_config_from_env(struct dw_jwt_validator_config *ret_config,
                                           bool *ret_is_set, struct dw_error *reterr);

/* A validator's configuration, checked, in the guard's words. Stays where it is until done: the
 * guard's key source points into it. */
struct dw_auth_issuer {
    struct dw_issuer_config config;
    int64_t leeway_s;
    struct dw_jwks *keys; /* the configured ones; NULL: fetched */
    struct dw_key_source source;
};

/* Everything is copied into `arena`. Fails with DW_CONFIG. */
bool dw_must_check dw_auth_issuer_init(struct dw_auth_issuer *issuer,
                                       const struct dw_jwt_validator_config *config,
                                       struct dw_arena *arena, struct dw_error *reterr);
void dw_auth_issuer_done(struct dw_auth_issuer *issuer);

#endif
