/* Custom claims: what an operator's seed metadata or Action may add to tokens, by Auth0's rules. A
 * claim that may not be added is dropped without a word, as Auth0 does. */
#ifndef DW_OAUTH_CUSTOM_CLAIMS_H
#define DW_OAUTH_CUSTOM_CLAIMS_H

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"

#define DW_CUSTOM_CLAIMS_MAX_BYTES (100 * 1024)

struct dw_custom_claims_rules {
    struct dw_slices scopes; /* granted: an OpenID Connect claim needs its scope */
    bool is_for_system_api;  /* the tenant's own API: namespaced claims only */
};

/* Whether a claim of this name may be added: it is not one that the protocols or Auth0 keep for
 * themselves, not in a namespace of Auth0's, and its scope (where it has one) was granted. */
bool dw_custom_claim_is_allowed(struct dw_slice name, const struct dw_custom_claims_rules *rules);

/* The members of the object `claims` that may be added, in their order; for dw_access_claims.custom
 * and dw_id_claims.custom.
 *
 * claims       NULL or no object: there are none
 * ret_claims   an object in `arena`, or NULL when nothing is left
 *
 * Fails with DW_TOO_LARGE over DW_CUSTOM_CLAIMS_MAX_BYTES. */
bool dw_must_check dw_custom_claims_merge(const struct dw_json *claims,
                                          const struct dw_custom_claims_rules *rules,
                                          struct dw_arena *arena, const struct dw_json **ret_claims,
                                          struct dw_error *reterr);

#endif
