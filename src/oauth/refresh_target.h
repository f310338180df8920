/* What a refresh token may be exchanged for: the API it was made for, and what the application's
 * policies add (Auth0 "multi-resource refresh tokens", client.refresh_token.policies). */
#ifndef DW_OAUTH_REFRESH_TARGET_H
#define DW_OAUTH_REFRESH_TARGET_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

#define DW_REFRESH_POLICIES_MAX 32

struct dw_refresh_policy_row {
    struct dw_slice audience;
    struct dw_slices scopes;
};

/* [{"audience":"https://api","scope":["read:x"]}], or empty for none. Fails with
 * DW_INVALID_REQUEST: not of that form, an audience twice, over DW_REFRESH_POLICIES_MAX. */
bool dw_must_check dw_refresh_policies_parse(struct dw_slice json, struct dw_arena *arena,
                                             struct dw_refresh_policy_row **ret_rows,
                                             size_t *ret_count, struct dw_error *reterr);

struct dw_refresh_target {
    struct dw_slice audience;
    struct dw_slices standard; /* the scopes when the request names none */
    struct dw_slices ceiling;  /* the most it may name; for dw_grant_question.original */
    bool is_another_api;       /* not the one the user logged in for: needs its consent */
};

/* requested_audience: empty: the family's own. Fails with DW_INVALID_TARGET for an API that neither
 * the family nor a policy names; third parties have no policies. */
bool dw_must_check dw_refresh_target_choose(const struct dw_refresh_family *family,
                                            const struct dw_oauth_client *client,
                                            struct dw_slice requested_audience,
                                            struct dw_arena *arena,
                                            struct dw_refresh_target *ret_target,
                                            struct dw_error *reterr);

#endif
