/* DPoP proofs at the protected resource (RFC 9449 section 7): judged by oauth/dpop.h, and
 * remembered while they could be sent again. One memory for all loops of the process; another
 * process of the same resource has its own. Only inside guard/. */
#ifndef DW_GUARD_PROOFS_INTERNAL_H
#define DW_GUARD_PROOFS_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "http/message.h"
#include "oauth/access_token.h"

/* Proofs remembered at once; with more no request that needs one passes, for a minute or so. */
#define DW_PROOFS_MAX ((size_t)1024 * 1024)
/* Of one user or application, once half of that is used: 67 requests a second, for four minutes. */
#define DW_PROOFS_SHARE (DW_PROOFS_MAX / 64)

struct dw_proofs;

struct dw_proofs *dw_proofs_new(const struct dw_hash_seed *seed)
    dw_must_check;                             /* NULL: no memory */
void dw_proofs_free(struct dw_proofs *proofs); /* NULL is fine */

struct dw_proof_question {
    const struct dw_http_request *request;
    struct dw_slice protected_resource;  /* the URL that proofs must name */
    struct dw_slice text;                /* the access token, as it came */
    const struct dw_access_token *token; /* what it says */
    bool is_dpop;                        /* it came with the DPoP scheme */
    int64_t now_s;
};

/* Whether the token may be used this way: as a bearer token when it is bound to no key, else with a
 * proof of its key that was not seen before. Any thread. Fails with DW_INVALID_TOKEN for the wrong
 * scheme, DW_DPOP_PROOF_REFUSED, DW_BUSY when too many proofs have to be remembered. */
bool dw_must_check dw_proofs_check(struct dw_proofs *proofs,
                                   const struct dw_proof_question *question, struct dw_arena *arena,
                                   struct dw_error *reterr);

/* The memory alone: fails with DW_DPOP_PROOF_REFUSED when the key was seen before, DW_BUSY when the
 * owner, or everybody, has too many.
 *
 * owner  who holds the token; shorter than 64 bytes */
bool dw_must_check dw_proofs_remember(struct dw_proofs *proofs, struct dw_slice owner,
                                      struct dw_slice key, int64_t now_s, struct dw_error *reterr);

#endif
