/* The store, continued: who may vouch for our users, and for whom. Rules as in store.h. */
#ifndef DW_STORE_TRUST_H
#define DW_STORE_TRUST_H

#include "oauth/token_exchange.h"
#include "store/store.h"

bool dw_must_check dw_store_trusted_issuer(struct dw_store *store, struct dw_slice issuer,
                                           struct dw_arena *arena,
                                           struct dw_trusted_issuer **ret_issuer,
                                           struct dw_error *reterr);
/* Adds, or replaces the one of that issuer; its id stays. */
bool dw_must_check dw_store_put_trusted_issuer(struct dw_store *store,
                                               const struct dw_trusted_issuer *issuer,
                                               struct dw_error *reterr);
/* With its mappings. Fails with DW_NOT_FOUND, and with DW_CONFLICT while a profile names it. */
bool dw_must_check dw_store_delete_trusted_issuer(struct dw_store *store, struct dw_slice issuer,
                                                  struct dw_error *reterr);
bool dw_must_check dw_store_trusted_issuers(struct dw_store *store, struct dw_page page,
                                            struct dw_arena *arena,
                                            struct dw_trusted_issuer **ret_issuers,
                                            size_t *ret_count, int64_t *ret_total,
                                            struct dw_error *reterr);

/* By the kind of token it takes. */
bool dw_must_check dw_store_token_exchange_profile(struct dw_store *store,
                                                   struct dw_slice subject_token_type,
                                                   struct dw_arena *arena,
                                                   struct dw_token_exchange_profile **ret_profile,
                                                   struct dw_error *reterr);
bool dw_must_check dw_store_token_exchange_profile_by_id(
    struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
    struct dw_token_exchange_profile **ret_profile, struct dw_error *reterr);
/* Adds, or replaces the one with that id. Fails with DW_CONFLICT when another takes the same kind
 * of token. */
bool dw_must_check dw_store_put_token_exchange_profile(
    struct dw_store *store, const struct dw_token_exchange_profile *profile,
    struct dw_error *reterr);
/* With its mappings. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_token_exchange_profile(struct dw_store *store,
                                                          struct dw_slice id,
                                                          struct dw_error *reterr);
bool dw_must_check dw_store_token_exchange_profiles(struct dw_store *store, struct dw_page page,
                                                    struct dw_arena *arena,
                                                    struct dw_token_exchange_profile **ret_profiles,
                                                    size_t *ret_count, int64_t *ret_total,
                                                    struct dw_error *reterr);

/* A mapping row: `owner` (the id of a trusted issuer or of a profile) calls this user of ours so.
 * Only the digest of the subject is kept: for a profile without an issuer it is a secret. Replaces
 * what was mapped before. Fails with DW_NOT_FOUND when there is no such user. */
bool dw_must_check dw_store_put_external_subject(struct dw_store *store, struct dw_slice owner,
                                                 struct dw_slice subject_digest,
                                                 struct dw_slice user_id, int64_t now_s,
                                                 struct dw_error *reterr);
/* The user's id, in the arena; empty: not mapped. */
bool dw_must_check dw_store_external_subject(struct dw_store *store, struct dw_slice owner,
                                             struct dw_slice subject_digest, struct dw_arena *arena,
                                             struct dw_slice *ret_user_id, struct dw_error *reterr);
/* Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_external_subject(struct dw_store *store, struct dw_slice owner,
                                                    struct dw_slice subject_digest,
                                                    struct dw_error *reterr);

#endif
