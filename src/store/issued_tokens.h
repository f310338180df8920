/* The store, continued: access tokens that are remembered. Opaque ones, which mean nothing without
 * their row, and the families whose signed ones must not be believed any more. Rules as in store.h.
 */
#ifndef DW_STORE_ISSUED_TOKENS_H
#define DW_STORE_ISSUED_TOKENS_H

#include "store/store.h"

/* An access token for /userinfo alone; found by its digest. */
struct dw_opaque_token {
    struct dw_slice token_digest;
    struct dw_slice client_id;
    struct dw_slice user_id;
    struct dw_slice session_id;
    struct dw_slice organization;
    struct dw_slice family_id; /* of the refresh tokens of the same authorization; may be empty */
    struct dw_slices scopes;
    struct dw_slice dpop_jkt; /* RFC 9449: the key it is bound to; empty: a bearer token */
    int64_t created_at_s;
    int64_t expires_at_s;
};

/* A signed access token lives at most so long (Auth0's limit), so a dead family is remembered for
 * that time. */
#define DW_ACCESS_TOKEN_MAX_LIFETIME_S ((int64_t)30 * 86400)

#define DW_STORE_MAX_OPAQUE_TOKENS 1000 /* of one user; the oldest go */

bool dw_must_check dw_store_add_opaque_token(struct dw_store *store,
                                             const struct dw_opaque_token *token,
                                             struct dw_error *reterr);
/* NULL also when it has expired at now_s. */
bool dw_must_check dw_store_opaque_token(struct dw_store *store, struct dw_slice token_digest,
                                         int64_t now_s, struct dw_arena *arena,
                                         struct dw_opaque_token **ret_token,
                                         struct dw_error *reterr);

/* Whether the authorization code that began the family came twice, or one of its refresh tokens
 * did: dw_store_take_authorization_code and dw_store_use_refresh_token note that. */
bool dw_must_check dw_store_family_is_dead(struct dw_store *store, struct dw_slice family_id,
                                           bool *ret_is_dead, struct dw_error *reterr);
/* Whether a refresh token is the one of its family that has not been exchanged yet. Says nothing
 * about the family: dw_store_refresh_family_of. */
bool dw_must_check dw_store_refresh_token_is_current(struct dw_store *store,
                                                     struct dw_slice token_digest,
                                                     bool *ret_is_current, struct dw_error *reterr);

/* The newest `limit` of those noted since: expires_at_s of the newest that was seen (0: none); what
 * was noted in that second comes again. ret_newest_at_s: that of the newest of these. */
bool dw_must_check dw_store_dead_families(struct dw_store *store, int64_t expires_at_s,
                                          int64_t limit, struct dw_arena *arena,
                                          struct dw_slices *ret_ids, int64_t *ret_newest_at_s,
                                          struct dw_error *reterr);

#endif
