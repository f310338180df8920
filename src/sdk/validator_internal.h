/* A validator's memory. Only inside sdk/, and for its tests, which bring their own clock. */
#ifndef DW_SDK_VALIDATOR_INTERNAL_H
#define DW_SDK_VALIDATOR_INTERNAL_H

#include <pthread.h>

#include "sdk/auth_internal.h"

#define DW_VALIDATOR_REFRESH_MS (10 * 60 * 1000)
#define DW_VALIDATOR_COOLDOWN_MS (10 * 1000) /* between fetches that unknown kids ask for */
#define DW_VALIDATOR_RETRY_MS 1000           /* after the first failed fetch; doubles */
#define DW_VALIDATOR_MAX_RETRY_MS (60 * 1000)
#define DW_VALIDATOR_STALE_MS ((int64_t)24 * 60 * 60 * 1000)

struct dw_jwt_validator {
    struct dw_arena *arena; /* the configuration */
    struct dw_auth_issuer issuer;
    struct dw_access_token_rules rules;
    dw_jose_algs algorithms;
    int64_t (*monotonic_ms)(void);
    int64_t (*wall_s)(void);

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t fetched;
    struct dw_jwks *keys;
    bool is_fetching;
    bool has_tried;
    bool has_failed;         /* the last fetch */
    int64_t fetched_at_ms;   /* of `keys` */
    int64_t attempted_at_ms; /* the last fetch began */
    int64_t retry_ms;
    struct dw_error failure; /* of the last fetch */
};

#endif
