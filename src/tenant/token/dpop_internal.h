/* DPoP (RFC 9449) at the tenant's own endpoints. */
#ifndef DW_TENANT_DPOP_INTERNAL_H
#define DW_TENANT_DPOP_INTERNAL_H

#include "tenant/tenant_internal.h"

/* Takes the DPoP proof of a request to the endpoint at `path`, where there is one: call->dpop_jkt
 * is then the key it proves, and the answer carries a fresh DPoP-Nonce. Public clients must have a
 * nonce, as at Auth0: their proofs could have been made in advance. Fails with
 * DW_INVALID_DPOP_PROOF, also for a proof that was used before, or DW_USE_DPOP_NONCE. */
bool dw_must_check dw_dpop_take(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                                const char *path, struct dw_error *reterr);
/* The same at a protected resource of ours, where a proof must be there, and be for the access
 * token. */
bool dw_must_check dw_dpop_take_with_token(struct dw_tenant_call *call, struct dw_slice token,
                                           const char *path, struct dw_error *reterr);

#endif
