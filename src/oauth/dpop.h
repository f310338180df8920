/* DPoP (RFC 9449): the proof that whoever sends a request holds the key that a token is bound to.
 * Pure: the caller brings the time, and asks the store whether the proof is used for the first
 * time. */
#ifndef DW_OAUTH_DPOP_H
#define DW_OAUTH_DPOP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* A proof is good for so long after and before its `iat`; clocks differ. */
#define DW_DPOP_MAX_AGE_S 300
#define DW_DPOP_MAX_AHEAD_S 60
/* A server nonce is good for one to two of these. */
#define DW_DPOP_NONCE_WINDOW_S 150
#define DW_DPOP_JKT_BYTES 43 /* base64url of a SHA-256 */

/* The algorithms of proofs: for metadata and challenges (RFC 9449 sections 5.1 and 7.1). */
#define DW_DPOP_ALGS "ES256 ES384 ES512 RS256 PS256 EdDSA"

struct dw_dpop_rules {
    struct dw_slice method;       /* of the request, as written */
    struct dw_slice url;          /* of the request; its query and fragment are passed over */
    struct dw_slice access_token; /* at a protected resource, for `ath`; empty at the token
                                     endpoint, where a proof needs none */
    int64_t now_s;
    int64_t max_age_s; /* 0: DW_DPOP_MAX_AGE_S */
};

struct dw_dpop_proof {
    struct dw_slice jkt;        /* the thumbprint of its key */
    struct dw_slice nonce;      /* empty: none */
    struct dw_slice replay_key; /* 32 bytes: ask dw_store_first_use, space "dpop" */
    int64_t expires_at_s;       /* until when it has to be remembered */
};

/* RFC 9449 section 4.3, all but the nonce and the replay. Fails with DW_INVALID_DPOP_PROOF, or
 * DW_NO_MEMORY and DW_UNAVAILABLE. */
bool dw_must_check dw_dpop_check(struct dw_slice proof, const struct dw_dpop_rules *rules,
                                 struct dw_arena *arena, struct dw_dpop_proof *ret_proof,
                                 struct dw_error *reterr);

/* A nonce that proves nothing but that it was given out lately (RFC 9449 section 8): the window of
 * time it was made in, and a MAC of that. In `arena`.
 *
 * key  32 bytes that only the server has */
bool dw_must_check dw_dpop_nonce_make(struct dw_secret key, int64_t now_s, struct dw_arena *arena,
                                      struct dw_slice *ret_nonce, struct dw_error *reterr);
/* *ret_is_good: made with this key in this window or the one before. */
bool dw_must_check dw_dpop_nonce_check(struct dw_secret key, struct dw_slice nonce, int64_t now_s,
                                       struct dw_arena *arena, bool *ret_is_good,
                                       struct dw_error *reterr);

/* Whether a text can be a thumbprint: the parameter dpop_jkt (RFC 9449 section 10). */
bool dw_dpop_is_jkt(struct dw_slice text);

#endif
