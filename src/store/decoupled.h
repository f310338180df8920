/* The store, continued: requests that wait for a user on another device (oauth/decoupled.h), and
 * authorization requests that a client has pushed (RFC 9126). The rules of store.h hold. */
#ifndef DW_STORE_DECOUPLED_H
#define DW_STORE_DECOUPLED_H

#include "oauth/decoupled.h"
#include "store/store.h"

/* Fails with DW_CONFLICT when the user_code is in use: make another. */
bool dw_must_check dw_store_add_decoupled(struct dw_store *store,
                                          const struct dw_decoupled_request *request,
                                          struct dw_error *reterr);
/* What a user may decide about: NULL also when it has expired at now_s or was decided. */
bool dw_must_check dw_store_decoupled_by_approval(struct dw_store *store,
                                                  enum dw_decoupled_kind kind,
                                                  struct dw_slice approval_digest, int64_t now_s,
                                                  struct dw_arena *arena,
                                                  struct dw_decoupled_request **ret_request,
                                                  struct dw_error *reterr);
/* By its id, whatever its state. */
bool dw_must_check dw_store_decoupled(struct dw_store *store, struct dw_slice id,
                                      struct dw_arena *arena,
                                      struct dw_decoupled_request **ret_request,
                                      struct dw_error *reterr);
/* Stores the decision: phase, user_id, session_id, organization, granted, family_id,
 * authenticated_at_s and mfa_at_s of `decided`. Of several deciders one wins; the others, and those
 * who come after it has expired, fail with DW_CONFLICT. */
bool dw_must_check dw_store_decide_decoupled(struct dw_store *store,
                                             const struct dw_decoupled_request *decided,
                                             int64_t now_s, struct dw_error *reterr);
/* A client asks whether there are tokens: judges by dw_decoupled_judge and applies the verdict in
 * one step. GIVE: the request is used from now on, so of several callers one gets it. WAIT and
 * SLOW_DOWN note the time.
 *
 * ret_request  NULL when it is unknown */
bool dw_must_check dw_store_poll_decoupled(struct dw_store *store, enum dw_decoupled_kind kind,
                                           struct dw_slice poll_digest, struct dw_slice client_id,
                                           int64_t now_s, struct dw_arena *arena,
                                           enum dw_decoupled_verdict *ret_verdict,
                                           struct dw_decoupled_request **ret_request,
                                           struct dw_error *reterr);
/* The oldest first. */
bool dw_must_check dw_store_decoupled_list(struct dw_store *store, enum dw_decoupled_kind kind,
                                           struct dw_page page, struct dw_arena *arena,
                                           struct dw_decoupled_request **ret_requests,
                                           size_t *ret_count, int64_t *ret_total,
                                           struct dw_error *reterr);

struct dw_pushed_request {
    struct dw_slice uri_digest; /* of the request_uri */
    struct dw_slice client_id;
    struct dw_slice parameters; /* a form */
    int64_t expires_at_s;
};

bool dw_must_check dw_store_add_pushed_request(struct dw_store *store,
                                               const struct dw_pushed_request *request,
                                               struct dw_error *reterr);
/* Ends it: of several callers one gets it, the others NULL, as does a caller for another client,
 * who ends nothing. NULL also when it has expired at now_s. */
bool dw_must_check dw_store_take_pushed_request(struct dw_store *store, struct dw_slice uri_digest,
                                                struct dw_slice client_id, int64_t now_s,
                                                struct dw_arena *arena,
                                                struct dw_pushed_request **ret_request,
                                                struct dw_error *reterr);

#endif
