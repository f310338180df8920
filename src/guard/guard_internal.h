/* The guard's own memory; only inside guard/. */
#ifndef DW_GUARD_GUARD_INTERNAL_H
#define DW_GUARD_GUARD_INTERNAL_H

#include "guard/challenge_internal.h"
#include "guard/issuer_keys_internal.h"
#include "guard/policy_internal.h"
#include "guard/presented_internal.h"
#include "guard/proofs_internal.h"
#include "guard/token_cache_internal.h"

struct dw_guard_issuer {
    struct dw_issuer_keys *keys;
    struct dw_access_token_rules rules;
    dw_jose_algs algorithms;
    struct dw_key_source source; /* zeroes: the keys are fetched */
};

struct dw_guard {
    struct dw_net *net;
    struct dw_metrics *metrics;
    struct dw_arena *arena; /* what lives as long as the guard */
    struct dw_guard_issuer *issuers;
    size_t issuer_count;
    struct dw_policy policy;
    struct dw_challenge challenge;
    struct dw_slice metadata, metadata_path;
    struct dw_token_cache **caches; /* one a loop */
    struct dw_slice protected_resource;
    struct dw_proofs *proofs;
    bool is_public;
};

/* Who calls when no token is asked for. */
extern const struct dw_principal dw_guard_anybody;

#endif
