/* Judging the claims of a verified JWT access token (RFC 7519, RFC 9068, RFC 8707, RFC 8725):
 * issuer, audience, times, type, and what it lets its bearer do. Pure: the caller brings the time.
 */
#ifndef DW_OAUTH_ACCESS_TOKEN_H
#define DW_OAUTH_ACCESS_TOKEN_H

#include "base/arena.h"
#include "base/error.h"
#include "jose/jwt.h"
#include "oauth/provider.h"

struct dw_access_token_rules {
    struct dw_slice issuer;     /* byte-equal to `iss` */
    struct dw_slices audiences; /* one of them must be in `aud`; never empty */
    const struct dw_provider *provider;
    struct dw_slices client_ids; /* Cognito: tokens without aud need one of these; may be empty */
    int64_t leeway_s;            /* 60 */
    bool is_typ_required;        /* only "at+jwt" (RFC 9068 section 4) */
    /* A token that is bound to a key by DPoP is taken, and dpop_jkt says to which: then the caller
     * MUST check the proof. False: every bound token is refused. */
    bool takes_dpop;
};

struct dw_access_token {
    struct dw_slice issuer, subject, client_id, organization_id, token_id;
    struct dw_slices audiences;
    struct dw_slices scopes; /* scope + scp + what the provider's row adds, without doubles */
    int64_t expires_at_s, issued_at_s; /* issued_at_s 0: absent */
    struct dw_slice dpop_jkt;          /* RFC 9449 section 6; empty: a bearer token */
    const struct dw_json *claims;
};

/* Everything in *ret_token lives in `arena`. Fails with DW_INVALID_TOKEN and one sentence that says
 * why: the wrong audience with both values, an expired token with the time. */
bool dw_must_check dw_access_token_check(const struct dw_jwt *jwt,
                                         const struct dw_access_token_rules *rules, int64_t now_s,
                                         struct dw_arena *arena, struct dw_access_token *ret_token,
                                         struct dw_error *reterr);

/* Whether the granted scopes cover the wanted one: equal, or a granted "admin:*" covers "admin:x".
 */
bool dw_scopes_cover(struct dw_slices granted, struct dw_slice wanted);

#endif
